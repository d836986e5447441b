"""Laws of finitely many values: scores of a rubric, pass or fail, or a sample taken as the law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.lab.marginals.law import FloatArray, Law, log_of

__all__ = ["Discrete", "empirical"]


@final
@dataclass(frozen=True, kw_only=True)
class Discrete(Law):
    """``values[k]`` with chance ``chances[k]``."""

    values: tuple[float, ...]
    chances: tuple[float, ...]
    name: ClassVar[str] = "discrete"

    def _check(self) -> None:
        if len(self.values) != len(self.chances) or not self.values:
            raise BadOption(
                f"discrete: {len(self.values)} values and {len(self.chances)} chances: give one "
                "chance for each value"
            )
        if not np.isfinite(self.values).all():
            raise BadOption("discrete: every value must be a finite number")
        total = math.fsum(self.chances)
        if not (min(self.chances) >= 0 and abs(total - 1) < 1e-9):
            raise BadOption(
                f"discrete: chances must be at least 0 and add to 1, these add to {total:g}"
            )

    def _standard_moments(self) -> tuple[float, float]:
        mean = math.fsum(v * c for v, c in zip(self.values, self.chances, strict=True))
        spread = (c * (v - mean) ** 2 for v, c in zip(self.values, self.chances, strict=True))
        return mean, math.fsum(spread)

    def _log_density(self, z: FloatArray) -> FloatArray:
        return np.full(np.shape(z), -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        values, masses = self._standard_atoms()
        total = np.concatenate([[0.0], np.cumsum(masses)])
        return log_of(np.minimum(total[np.searchsorted(values, z, side="right")], 1.0))

    def _log_above(self, z: FloatArray) -> FloatArray:
        values, masses = self._standard_atoms()
        total = np.concatenate([np.cumsum(masses[::-1])[::-1], [0.0]])
        return log_of(np.minimum(total[np.searchsorted(values, z, side="right")], 1.0))

    def _upper(self, nats: FloatArray) -> FloatArray:
        values, masses = self._standard_atoms()
        above = np.cumsum(masses[::-1])  # of the largest 1, 2, ... values
        place = np.searchsorted(above, np.exp(-nats), side="right")
        return values[::-1][np.minimum(place, len(values) - 1)]

    def _lower(self, nats: FloatArray) -> FloatArray:
        values, masses = self._standard_atoms()
        place = np.searchsorted(np.cumsum(masses), np.exp(-nats))
        return values[np.minimum(place, len(values) - 1)]

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        values, masses = self._standard_atoms()
        return rng.choice(values, size=shape, p=masses / masses.sum())

    def _rates(self) -> tuple[float, float]:
        return math.inf, math.inf

    def _standard_atoms(self) -> tuple[FloatArray, FloatArray]:
        values, place = np.unique(self.values, return_inverse=True)
        masses = np.bincount(place, self.chances, len(values)).astype(float)
        return values[masses > 0], masses[masses > 0]

    def _text(self) -> str:
        pairs = zip(self.values, self.chances, strict=True)
        return "discrete:" + ",".join(f"{value:.10g}={chance:.10g}" for value, chance in pairs)


def empirical(values: npt.ArrayLike) -> Discrete:
    """The law of drawing one of ``values`` at random; ties add up.

    Raises BadOption when there are none, or one is not finite.
    """
    seen = np.asarray(values, dtype=float).ravel()
    if not len(seen) or not np.isfinite(seen).all():
        bad = int(np.count_nonzero(~np.isfinite(seen)))
        raise BadOption(
            f"empirical: {len(seen)} values, {bad} of them not finite: give finite numbers"
        )
    distinct, counts = np.unique(seen, return_counts=True)
    return Discrete(values=tuple(distinct.tolist()), chances=tuple((counts / len(seen)).tolist()))
