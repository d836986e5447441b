"""The proxy's law with Gumbel noise added: soft best-of-n is best-of-n on it.

A candidate drawn with probability proportional to exp(sharpness * proxy) is the one whose proxy
plus Gumbel noise of scale 1 / sharpness is highest. The law of that sum is a convolution like any
other, computed as deep and as wide as the proxy's own law reaches, however heavy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

from overopt.lab.joints.independent import independent
from overopt.lab.joints.joint import FloatArray, Joint
from overopt.lab.marginals.law import Law
from overopt.lab.profile import DEEPEST, RULE, Profile, fine_profile

__all__ = ["log_beaten"]

NATS = 150.0  # beyond which nobody among n candidates counts, up to n = 1e40
IntArray = npt.NDArray[np.int64]


@final
@dataclass(frozen=True, kw_only=True)
class _Gumbel(Law):
    """P(at most z) = exp(-exp(-z))."""

    name: ClassVar[str] = "gumbel noise"

    def _standard_moments(self) -> tuple[float, float]:
        return float(np.euler_gamma), math.pi**2 / 6

    def _log_density(self, z: FloatArray) -> FloatArray:
        return -z - np.exp(-np.maximum(z, -700.0))

    def _log_below(self, z: FloatArray) -> FloatArray:
        return -np.exp(-np.maximum(z, -700.0))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return np.asarray(np.log(-np.expm1(self._log_below(np.minimum(z, 700.0)))))

    def _upper(self, nats: FloatArray) -> FloatArray:
        near = np.minimum(nats, 30.0)
        return np.asarray(-np.log(-np.log1p(-np.exp(-near))) + nats - near)

    def _lower(self, nats: FloatArray) -> FloatArray:
        return -np.log(nats)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.gumbel(size=shape)


@final
@dataclass(frozen=True, kw_only=True)
class _Profiled(Law):
    """The proxy's law as its profile holds it; quantiles only as exact as edges of panels need."""

    profile: Profile
    name: ClassVar[str] = "profiled"

    def _standard_moments(self) -> tuple[float, float]:
        return math.nan, math.nan

    def _log_density(self, z: FloatArray) -> FloatArray:
        held = self.profile
        s = np.arcsinh((z - held.offset - held.centre) / held.unit)
        inside = (s >= held.edges[0]) & (s <= held.edges[-1])
        panel, place = _places(held, np.where(inside, s, held.edges[0]))
        value = _clenshaw(held.log_density @ RULE.coefficients.T, panel, place)
        return np.where(inside, value - math.log(held.unit) - np.log(np.cosh(s)), -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        return np.log1p(-np.exp(self._log_above(z)))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return _log_tails(self.profile, np.asarray(z, dtype=float).ravel())[1].reshape(np.shape(z))

    def _upper(self, nats: FloatArray) -> FloatArray:
        above = np.append(0.0, self.profile.tails()[1])
        return np.asarray(self._edges()[np.searchsorted(-above, nats).clip(0, len(above) - 1)])

    def _lower(self, nats: FloatArray) -> FloatArray:
        below = np.append(self.profile.tails()[0], 0.0)
        return np.asarray(self._edges()[np.searchsorted(below, -nats).clip(0, len(below) - 1)])

    def _edges(self) -> FloatArray:
        held = self.profile
        return np.asarray(held.offset + held.centre + held.unit * np.sinh(held.edges))

    def _standard_atoms(self) -> tuple[FloatArray, FloatArray]:
        atoms = self.profile.atoms
        return self.profile.offset + atoms.value, atoms.mass

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return self.ppf(rng.random(shape))


def log_beaten(joint: Joint, sharpness: float, proxy: FloatArray) -> FloatArray:
    """Log P(proxy + noise <= each value [k]), the noise Gumbel of scale 1 / sharpness."""
    below, above = _log_tails(_softened(joint, sharpness), proxy)
    near = above > -0.7
    return np.where(near, below, np.log1p(-np.exp(np.where(near, -1.0, above))))


@lru_cache(maxsize=4)
def _softened(joint: Joint, sharpness: float) -> Profile:
    own = _Profiled(profile=fine_profile(joint, DEEPEST))
    return fine_profile(independent(gold=own, error=_Gumbel(scale=1 / sharpness)), NATS)


def _log_tails(profile: Profile, proxy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log probability up to and above each value [k]."""
    top = profile.log_density.max(axis=1)
    coefficients = np.exp(profile.log_density - top[:, None]) @ RULE.coefficients.T
    # The integral of P_k is (P_(k+1) - P_(k-1)) / (2 k + 1).
    rising = np.stack([legendre.legint(row, lbnd=-1) for row in coefficients])
    below, above = (np.exp(tail - top) / profile.half for tail in profile.tails())
    s = np.arcsinh((proxy - profile.offset - profile.centre) / profile.unit)
    panel, place = _places(profile, np.clip(s, profile.edges[0], profile.edges[-1]))
    part = _clenshaw(rising, panel, place)
    whole = rising.sum(axis=1)[panel]  # every P_k is 1 at 1
    scale = top[panel] + np.log(profile.half[panel])
    with np.errstate(divide="ignore"):
        up = np.log(np.maximum(below[panel] + part, 0.0)) + scale
        down = np.log(np.maximum(above[panel] + whole - part, 0.0)) + scale
    return np.where(s > profile.edges[-1], 0.0, up), np.where(s > profile.edges[-1], -np.inf, down)


def _places(profile: Profile, s: FloatArray) -> tuple[IntArray, FloatArray]:
    panel = np.clip(np.searchsorted(profile.edges, s) - 1, 0, len(profile.half) - 1)
    low, high = profile.edges[panel], profile.edges[panel + 1]
    return panel, (2 * s - low - high) / (high - low)


def _clenshaw(coefficients: FloatArray, panel: IntArray, place: FloatArray) -> FloatArray:
    """Legendre series [panels, degrees], each of its own panel, at places in [-1, 1]."""
    last = coefficients.shape[1] - 1
    before, found = np.zeros(place.shape), coefficients[panel, last]
    for k in range(last - 1, -1, -1):
        before, found = (
            found,
            coefficients[panel, k]
            + (2 * k + 1) / (k + 1) * place * found
            - (k + 1) / (k + 2) * before,
        )
    return np.asarray(found)
