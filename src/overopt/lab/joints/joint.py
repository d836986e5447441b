"""What a joint law of gold and proxy is: two questions, from which every curve follows.

At each proxy value: how dense is the proxy there, and what is mean gold there? Selection looks only
at the proxy, so nothing else about the law matters to any pressure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from overopt.lab.exact_curve import ExactCurve
    from overopt.lab.joints.from_end import FromEnd
    from overopt.pressure import Pressure
    from overopt.samples import Samples

__all__ = ["FloatArray", "Joint", "Moments", "ProxyAtoms", "Regression"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Regression:
    """At proxy values [k]: ``log_density`` of the continuous part, mean ``gold``, and ``error``.

    ``error`` is the relative error of the density.
    """

    log_density: FloatArray
    gold: FloatArray
    error: FloatArray


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ProxyAtoms:
    """Point masses of the proxy, ascending: ``value``, ``mass``, mean ``gold``: [atoms] each."""

    value: FloatArray
    mass: FloatArray
    gold: FloatArray

    @classmethod
    def none(cls) -> ProxyAtoms:
        """No atoms."""
        return cls(value=np.empty(0), mass=np.empty(0), gold=np.empty(0))

    @classmethod
    def merged(cls, value: FloatArray, mass: FloatArray, gold: FloatArray) -> ProxyAtoms:
        """Atoms in any order, those of equal value made one."""
        values, place = np.unique(value, return_inverse=True)
        total = np.bincount(place, mass, len(values)).astype(float)
        kept = total > 0
        mean = np.bincount(place, mass * gold, len(values))[kept] / total[kept]
        return cls(value=values[kept], mass=total[kept], gold=mean)


@final
@dataclass(frozen=True, kw_only=True)
class Moments:
    """What exists: means and gold's standard deviation (inf or NaN where not), and which KL tilts.

    ``tilt_limit`` is a strength below which every KL tilt exists; ``tilts_known`` says whether none
    exists beyond it.
    """

    gold_mean: float
    gold_sd: float
    proxy_mean: float
    proxy_has_variance: bool
    tilt_limit: float
    tilts_known: bool = True


class Joint(ABC):
    """A joint law of gold and proxy."""

    @abstractmethod
    def regression(self, proxy: FloatArray) -> Regression:
        """Density of the proxy and mean gold at proxy values [k]."""

    @abstractmethod
    def atoms(self) -> ProxyAtoms:
        """Point masses of the proxy."""

    @abstractmethod
    def moments(self) -> Moments:
        """Which means, standard deviations and tilts exist."""

    @abstractmethod
    def reach(self, nats: float) -> tuple[float, float]:
        """Proxy values beyond which at most about exp(-nats) lies on either side."""

    @abstractmethod
    def landmarks(self) -> FloatArray:
        """Proxy values at which the density may not be smooth, with some in its bulk."""

    @abstractmethod
    def draws(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Gold and proxy of independent candidates."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What law this is, as plain data: its ``kind`` and its parts."""

    def from_end(self) -> FromEnd | None:
        """The law measured from the largest gold and proxy; None where it is not known so."""
        return None

    def curve(self, pressure: Pressure, strengths: npt.ArrayLike) -> ExactCurve:
        """Gold under ``pressure`` at ascending ``strengths``, exactly.

        Raises NotIdentified, with the reason, where the mean does not exist.
        """
        from overopt.lab.exact_curve import exact_curve

        return exact_curve(self, pressure, strengths)

    def logsf(self, proxy: npt.ArrayLike) -> FloatArray:
        """Log P(proxy above each value); minus it is the KL in nats of that threshold."""
        from overopt.lab.profile import DEEPEST, fine_profile

        return fine_profile(self, DEEPEST).log_above(np.atleast_1d(np.asarray(proxy, dtype=float)))

    def sample(self, prompts: int, candidates: int, rng: np.random.Generator) -> Samples:
        """A table of independent candidates, all labelled, as the audit reads it."""
        from overopt.samples import Samples

        gold, proxy = self.draws((prompts, candidates), rng)
        prompt = np.repeat(np.arange(prompts), candidates)
        return Samples(
            prompt=prompt,
            group=prompt,
            proxies={"proxy": proxy.ravel()},
            prompt_ids=np.arange(prompts),
            row=np.arange(prompts * candidates),
            gold=gold.ravel(),
            gold_name="gold",
            gold_source="the law",
            origin="a sample of a known law",
        )
