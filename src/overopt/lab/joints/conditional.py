"""Error whose law depends on gold, and gold whose mean depends on the proxy.

``ErrorGivenGold``: error = centre(gold) + spread(gold) * noise, so the proxy may be any noisy
function of gold. ``GoldGivenProxy``: gold = mean(proxy) + noise, the form in which curves are often
assumed. ``Blend`` mixes joint laws: cases by gold are a blend of truncated ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.lab.joints.independent import combined, landmarks_of
from overopt.lab.joints.joint import FloatArray, Joint, Moments, ProxyAtoms, Regression
from overopt.lab.marginals.law import Law
from overopt.lab.quadrature import integrals

__all__ = ["Blend", "ErrorGivenGold", "GoldGivenProxy"]

Function = Callable[[FloatArray], FloatArray]
IntArray = npt.NDArray[np.int64]
NATS = np.concatenate([np.arange(0.7, 6.0, 0.5), [8.0, 11.0], 24.0 * 2.1 ** np.arange(9)])
BLOCK = 512


@final
@dataclass(frozen=True, kw_only=True)
class ErrorGivenGold(Joint):
    """error = centre(gold) + spread(gold) * noise, spread above 0, gold and noise continuous.

    ``tilt_limit`` is the KL tilt up to which the author of the law vouches for existence.
    """

    gold: Law
    noise: Law
    centre: Function = field(default=np.zeros_like)
    spread: Function = field(default=np.ones_like)
    tilt_limit: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gold", "noise"):
            if len(getattr(self, name).atoms[0]):
                raise BadOption(f"{name} {getattr(self, name)} has atoms: blend laws for its cases")

    def regression(self, proxy: FloatArray) -> Regression:
        """Integral over gold."""
        marks = self._marks()
        found = []
        for first in range(0, len(proxy), BLOCK):
            u = proxy[first : first + BLOCK]
            owner = np.repeat(np.arange(len(u)), len(marks) - 1)
            low, high = np.tile(marks[:-1], len(u)), np.tile(marks[1:], len(u))

            def log_integrand(
                panel: IntArray, gold: FloatArray, u: FloatArray = u, owner: IntArray = owner
            ) -> tuple[FloatArray, FloatArray]:
                return self._log_joint(u[owner[panel]][:, None], gold), gold

            found.append(integrals(log_integrand, owner, low, high, len(u), _unit(self.gold)))
        return Regression(
            log_density=np.concatenate([part.log_mass for part in found]),
            gold=np.concatenate([part.mean for part in found]),
            error=np.concatenate([part.error for part in found]),
        )

    def atoms(self) -> ProxyAtoms:
        """None."""
        return ProxyAtoms.none()

    def moments(self) -> Moments:
        """Those of gold; the proxy's by quadrature over gold."""
        marks = self._marks()
        owner = np.zeros(len(marks) - 1, dtype=np.int64)
        mean = integrals(
            lambda _, v: (self.gold.logpdf(v), self._proxy_at(v, self.noise.mean)),
            owner,
            marks[:-1],
            marks[1:],
            1,
            _unit(self.gold),
        ).mean[0]
        return Moments(
            gold_mean=self.gold.mean,
            gold_sd=self.gold.sd,
            proxy_mean=float(mean) if math.isfinite(self.noise.mean) else self.noise.mean,
            proxy_has_variance=math.isfinite(self.noise.sd) and math.isfinite(self.gold.sd),
            tilt_limit=self.tilt_limit,
            tilts_known=False,
        )

    def reach(self, nats: float) -> tuple[float, float]:
        """The extremes over gold within its reach."""
        inside = self._marks()
        inside = inside[(inside >= self.gold.lower(nats)) & (inside <= self.gold.upper(nats))]
        gold = np.concatenate([[self.gold.lower(nats), self.gold.upper(nats)], inside])
        low = self._proxy_at(gold, float(self.noise.lower(nats)))
        return float(low.min()), float(self._proxy_at(gold, float(self.noise.upper(nats))).max())

    def landmarks(self) -> FloatArray:
        """The proxy, without noise, at marks of gold."""
        return self._proxy_at(landmarks_of(self.gold), float(self.noise.upper(0.7)))

    def draws(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Gold first, then its error."""
        gold = self.gold.draws(shape, rng)
        error = self.centre(gold) + self.spread(gold) * self.noise.draws(shape, rng)
        return gold, gold + error

    def to_dict(self) -> dict[str, Any]:
        """Laws as specifications; functions have none."""
        return {"kind": "error given gold", "gold": str(self.gold), "noise": str(self.noise)}

    def _proxy_at(self, gold: FloatArray, noise: float) -> FloatArray:
        return np.asarray(gold + self.centre(gold) + self.spread(gold) * noise)

    def _log_joint(self, proxy: FloatArray, gold: FloatArray) -> FloatArray:
        spread = self.spread(gold)
        noise = (proxy - gold - self.centre(gold)) / spread
        return np.asarray(self.gold.logpdf(gold) + self.noise.logpdf(noise) - np.log(spread))

    def _marks(self) -> FloatArray:
        return np.unique(np.concatenate([self.gold.marks(NATS), self.gold.kinks]))


@final
@dataclass(frozen=True, kw_only=True)
class GoldGivenProxy(Joint):
    """gold = mean(proxy) + noise of mean 0: what a fitted curve assumes."""

    proxy: Law
    mean: Function
    noise: Law | None = None

    def regression(self, proxy: FloatArray) -> Regression:
        """As stated."""
        return Regression(
            log_density=self.proxy.logpdf(proxy),
            gold=self.mean(proxy),
            error=np.zeros(len(proxy)),
        )

    def atoms(self) -> ProxyAtoms:
        """Those of the proxy."""
        value, mass = self.proxy.atoms
        return ProxyAtoms(value=value, mass=mass, gold=self.mean(value))

    def moments(self) -> Moments:
        """Gold's by quadrature over the proxy."""
        mean = self._mean_of(self.mean)
        variance = self._mean_of(lambda u: (self.mean(u) - mean) ** 2)
        noise = self.noise.variance if self.noise else 0.0
        return Moments(
            gold_mean=mean,
            gold_sd=math.sqrt(variance + noise),
            proxy_mean=self.proxy.mean,
            proxy_has_variance=math.isfinite(self.proxy.sd),
            tilt_limit=self.proxy.tilt_limit,
        )

    def reach(self, nats: float) -> tuple[float, float]:
        """That of the proxy."""
        return float(self.proxy.lower(nats)), float(self.proxy.upper(nats))

    def landmarks(self) -> FloatArray:
        """Those of the proxy, and where its size says that functions like max(0, u) turn."""
        return np.append(landmarks_of(self.proxy), 0.0)

    def draws(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """The proxy first, then its gold."""
        proxy = self.proxy.draws(shape, rng)
        noise = self.noise.draws(shape, rng) if self.noise else 0.0
        return self.mean(proxy) + noise, proxy

    def to_dict(self) -> dict[str, Any]:
        """Laws as specifications; the function has none."""
        noise = str(self.noise) if self.noise else None
        return {"kind": "gold given proxy", "proxy": str(self.proxy), "noise": noise}

    def _mean_of(self, function: Function) -> float:
        values, masses = self.proxy.atoms
        marks = np.unique(np.concatenate([self.proxy.marks(NATS), self.proxy.kinks, [0.0]]))
        owner = np.zeros(len(marks) - 1, dtype=np.int64)
        found = integrals(
            lambda _, u: (self.proxy.logpdf(u), function(u)), owner, marks[:-1], marks[1:], 1, 1.0
        )
        return float(np.exp(found.log_mass[0]) * found.mean[0] + masses @ function(values))


@final
@dataclass(frozen=True, kw_only=True)
class Blend(Joint):
    """A candidate from ``joints[k]`` with chance ``weights[k]``."""

    joints: tuple[Joint, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        total = math.fsum(self.weights)
        if len(self.joints) != len(self.weights) or not self.joints:
            raise BadOption(f"{len(self.joints)} joint laws and {len(self.weights)} weights")
        if not (min(self.weights) > 0 and abs(total - 1) < 1e-9):
            raise BadOption(f"weights of a blend must be above 0 and add to 1, got {total:g}")

    def regression(self, proxy: FloatArray) -> Regression:
        """Densities add."""
        parts = []
        for weight, joint in self._parts():
            found = joint.regression(proxy)
            parts.append(
                Regression(
                    log_density=found.log_density + math.log(weight),
                    gold=found.gold,
                    error=found.error,
                )
            )
        return combined(parts, len(proxy))

    def atoms(self) -> ProxyAtoms:
        """Atoms add."""
        found = [(weight, joint.atoms()) for weight, joint in self._parts()]
        return ProxyAtoms.merged(
            np.concatenate([part.value for _, part in found]),
            np.concatenate([weight * part.mass for weight, part in found]),
            np.concatenate([part.gold for _, part in found]),
        )

    def moments(self) -> Moments:
        """Those of the mixture."""
        parts = [(weight, joint.moments()) for weight, joint in self._parts()]
        mean = sum(w * m.gold_mean for w, m in parts)
        square = sum(w * (m.gold_sd**2 + (m.gold_mean - mean) ** 2) for w, m in parts)
        return Moments(
            gold_mean=mean,
            gold_sd=math.sqrt(square),
            proxy_mean=sum(w * m.proxy_mean for w, m in parts),
            proxy_has_variance=all(m.proxy_has_variance for _, m in parts),
            tilt_limit=min(m.tilt_limit for _, m in parts),
            tilts_known=all(m.tilts_known for _, m in parts),
        )

    def reach(self, nats: float) -> tuple[float, float]:
        """The farthest."""
        ends = [joint.reach(nats) for joint in self.joints]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def landmarks(self) -> FloatArray:
        """All of them."""
        return np.concatenate([joint.landmarks() for joint in self.joints])

    def draws(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Each candidate from a part drawn by weight."""
        which = rng.choice(len(self.joints), size=shape, p=self.weights)
        drawn = [joint.draws(shape, rng) for joint in self.joints]
        gold, proxy = (np.choose(which, part) for part in zip(*drawn, strict=True))
        return gold, proxy

    def to_dict(self) -> dict[str, Any]:
        """The parts with their weights."""
        parts = [{"weight": weight, **joint.to_dict()} for weight, joint in self._parts()]
        return {"kind": "blend", "parts": parts}

    def _parts(self) -> list[tuple[float, Joint]]:
        return list(zip(self.weights, self.joints, strict=True))


def _unit(law: Law) -> float:
    return max(float(law.upper(1.4) - law.lower(1.4)), 1e-300)
