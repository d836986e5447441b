"""Soft best-of-n: draw n candidates and serve one of them with probability ~ exp(lambda * proxy).

Between random choice (lambda = 0) and best-of-n (lambda -> infinity); for n -> infinity it becomes
the KL tilt at lambda (Verdun et al., 2505.03156). The weight of a candidate is its mean softmax
share over all subsets of n out of m. With 1/x = integral of exp(-t x) dt the mean over subsets
turns into symmetric means of exp(-t e_j), e_j = exp(lambda * proxy_j): one integral, no sampling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.pressure.base import FloatArray, ScorePressure, log_or_none
from overopt.pressure.proxy_law import ProxyLaw

__all__ = ["SoftBestOfN"]

IntArray = npt.NDArray[np.integer[Any]]
STEP = 0.42  # trapezoid step in ln t; its error falls like exp(-pi^2 / step), here below 1e-10
SMALLEST = 1e-5  # below t = SMALLEST / n the integrand is e^y times a constant, to 1e-10
LARGEST = 24.0  # above t = LARGEST / e_min it is below exp(-24)
NEVER = 40.0  # a candidate exp(40) times less likely than the next is served by chance never
BLOCK_ENTRIES = 1 << 19  # numbers held at once in each of two arrays, 4 MB
BLOCK_POINTS = 2048
LEAST_LOG = -1e6  # stands for the logarithm of 0
LEAST_NOISE = -4.0  # a Gumbel variable lies below with probability exp(-exp(4))
LARGEST_N = 64
MOST_NODES = 2000


@final
@dataclass(frozen=True, slots=True)
class SoftBestOfN(ScorePressure):
    """``strength`` is n; ``sharpness`` is lambda, per unit of proxy, fixed along the curve."""

    sharpness: float

    id: ClassVar[str] = "soft_best_of_n"
    label: ClassVar[str] = "soft best-of-n"
    knob: ClassVar[str] = "n"
    no_pressure: ClassVar[float] = 1.0
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (np.isfinite(self.sharpness) and self.sharpness >= 0):
            raise BadOption(f"soft best-of-n needs a sharpness >= 0, got {self.sharpness!r}")

    def weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """Weights [groups, strengths, m], accurate to about 1e-8; whole n between 1 and m."""
        n = np.asarray(strengths).astype(int)
        groups, size = proxies.shape
        log_gain = _log_gain(proxies, self.sharpness)
        # Each group's integral ends where its own worst candidate has vanished.
        last = np.log(LARGEST) - log_gain.min(axis=1) + STEP
        nodes = np.arange(np.log(SMALLEST / n.max()), last.max(), STEP)
        mixing = [_subset_split(size, int(k)) for k in n]
        # What the trapezoid sum would add below the first node, a geometric series.
        below = np.exp(log_gain + nodes[0]) * STEP / np.expm1(STEP)
        total = np.repeat(below[:, None, :], len(n), axis=1)
        width = max(1, BLOCK_ENTRIES // (size * int(n.max()) * len(nodes)))
        for first in range(0, groups, width):
            part = slice(first, first + width)
            used = nodes[nodes < last[part].max()]
            total[part] += _integrated(log_gain[part], used, n, mixing)
        return np.asarray(total / total.sum(axis=2, keepdims=True))

    def log_ratio(self, law: ProxyLaw, strengths: FloatArray) -> FloatArray:
        """ln of n E[e / (e + sum of n - 1 rivals' e)], e = exp(sharpness * proxy).

        With 1/x = integral of exp(-t x) dt the rivals enter as the power n - 1 of their Laplace
        transform at t. Raises BadOption where the law is too wide for the sharpness.
        """
        log_n = np.log(np.asarray(strengths, dtype=float))[:, None]
        log_gain = self.sharpness * law.value
        bulk = log_gain[law.log_mass > -(NEVER + log_n.max())]
        # Beyond the bulk nobody has a rival, so a still higher proxy gains nothing.
        log_gain = np.clip(log_gain, bulk.min() - NEVER, bulk.max())
        first, last = np.log(SMALLEST) - bulk.max() - log_n.max(), np.log(LARGEST) - bulk.min()
        if last - first > MOST_NODES * STEP:
            if law.softened is not None:
                return self._wide_log_ratio(law, log_n)
            raise BadOption(
                f"soft best-of-n with sharpness {self.sharpness:g}: proxies of this law lie "
                f"{np.ptp(bulk):.3g} units of ln probability apart, so it is all but best-of-n: "
                "ask for that, or for less sharpness"
            )
        nodes = np.arange(first, last + STEP, STEP)
        log_kept = np.empty(len(nodes))  # ln of the rivals' Laplace transform
        for k, y in enumerate(nodes):
            missed = log_or_none(-np.expm1(-np.exp(log_gain + y)))
            log_kept[k] = np.log1p(-min(float(np.exp(law.log_mean(missed))), 1 - 1e-16))
        kept = np.exp(np.expm1(log_n) * log_kept) * STEP
        # What the trapezoid sum would add below the first node, a geometric series.
        kept[:, 0] /= -np.expm1(-STEP)
        reach = np.minimum(nodes[:, None] + log_gain, NEVER)
        return np.asarray(log_n + log_or_none(kept @ np.exp(reach - np.exp(reach))))

    def _wide_log_ratio(self, law: ProxyLaw, log_n: FloatArray) -> FloatArray:
        """ln of n E[P(rival + noise < proxy + noise)^(n - 1)], for laws of any width.

        Soft best-of-n serves the candidate whose proxy plus Gumbel noise of scale 1 / sharpness is
        highest.
        """
        assert law.softened is not None
        noise = np.arange(LEAST_NOISE, NEVER, STEP)
        chance = -noise - np.exp(-noise) + np.log(STEP)
        found = np.empty((len(log_n), len(law.value)))
        for first in range(0, len(law.value), BLOCK_POINTS):
            part = slice(first, first + BLOCK_POINTS)
            reached = law.value[part, None] + noise / self.sharpness
            beaten = law.softened(self.sharpness, reached.ravel()).reshape(reached.shape)
            beaten = np.maximum(beaten, LEAST_LOG)
            for k, rivals in enumerate(np.expm1(log_n[:, 0])):
                found[k, part] = log_or_none(np.exp(chance + rivals * beaten).sum(axis=1))
        return np.asarray(log_n + found)

    def default_strengths(self, proxies: list[FloatArray], cap: int) -> FloatArray:
        """n = 1, 2, 3, 4, 6, 8, 12, ... up to ``cap``, at most 64."""
        last = min(cap, LARGEST_N)
        steps = {1, last, *(2**k for k in range(7)), *(3 * 2**k for k in range(6))}
        return np.array(sorted(n for n in steps if n <= last), dtype=float)

    def select(self, scores: FloatArray, strength: float, rng: np.random.Generator) -> int:
        """Draw ``strength`` candidates without replacement, then one of them by softmax."""
        drawn = rng.permutation(len(scores))[: int(strength)]
        gain = np.exp(self.sharpness * (scores[drawn] - np.max(scores[drawn])))
        return int(rng.choice(drawn, p=gain / gain.sum()))

    def parameters(self) -> dict[str, float]:
        """The sharpness lambda."""
        return {"sharpness": self.sharpness}


def _log_gain(proxies: FloatArray, sharpness: float) -> FloatArray:
    """sharpness * (proxy - best proxy) [groups, m], gaps between neighbours cut to NEVER.

    The cut keeps the range of the integral short when scores lie hundreds of units apart, and
    changes no weight by more than exp(-NEVER).
    """
    order = np.argsort(-proxies, axis=1)
    drops = -np.diff(np.take_along_axis(proxies, order, axis=1), axis=1).astype(float)
    below = np.zeros(proxies.shape)
    np.cumsum(np.minimum(sharpness * drops, NEVER), axis=1, out=below[:, 1:])
    log_gain = np.empty(proxies.shape)
    np.put_along_axis(log_gain, order, -below, axis=1)
    return log_gain


def _integrated(
    log_gain: FloatArray, nodes: FloatArray, n: IntArray, mixing: list[FloatArray]
) -> FloatArray:
    """Unnormalised weights [groups, strengths, m], integrated over ``nodes`` ln t."""
    groups, size = log_gain.shape
    largest = int(n.max())
    total = np.zeros((groups, len(n), size))
    chunk = max(1, BLOCK_ENTRIES // (groups * size * largest))
    for first in range(0, len(nodes), chunk):
        # [m, points]: a point is one node of one group
        rate = np.exp(log_gain.T[:, :, None] + nodes[first : first + chunk]).reshape(size, -1)
        decay = np.exp(-rate)
        both = _symmetric_means(np.stack([decay, decay[::-1]], axis=1), largest)
        before, after = both[:, 0], both[::-1, 1]
        density = rate * decay * STEP
        for s, (k, split) in enumerate(zip(n, mixing, strict=True)):
            # others [m, points]: mean over subsets of k - 1 of the other m - 1 candidates
            others = np.einsum("mpk,mpk,mk->mp", before[..., :k], after[..., k - 1 :: -1], split)
            total[:, s] += (density * others).reshape(size, groups, -1).sum(axis=2).T
    return total


def _symmetric_means(values: FloatArray, largest: int) -> FloatArray:
    """Symmetric means of the values [m, ...] before each position: [m, ..., largest].

    Entry k is the mean over subsets of k of the product of their values (0 when too few); building
    it by convex combinations keeps it in [0, 1] and free of cancellation.
    """
    means = np.zeros((*values.shape, largest))
    means[0, ..., 0] = 1.0
    for j in range(1, len(values)):
        share = np.arange(min(j + 1, largest)) / j
        previous, here = means[j - 1, ..., : len(share)], means[j, ..., : len(share)]
        np.multiply(previous, 1 - share, out=here)
        here[..., 1:] += share[1:] * values[j - 1, ..., None] * previous[..., :-1]
    return means


def _subset_split(size: int, n: int) -> FloatArray:
    """Chance that k of n - 1 rivals stand before position i, n - 1 - k after it: [size, n]."""
    from scipy.special import gammaln

    def log_choose(a: npt.NDArray[np.integer[Any]], b: npt.NDArray[np.integer[Any]]) -> FloatArray:
        possible = (b >= 0) & (b <= a)
        low = np.where(possible, b, 0)
        value = gammaln(a + 1) - gammaln(low + 1) - gammaln(np.where(possible, a - low, 0) + 1)
        return np.where(possible, value, -np.inf)

    before = np.arange(size)[:, None]
    k = np.arange(n)[None, :]
    log_chance = log_choose(before, k) + log_choose(size - 1 - before, n - 1 - k)
    return np.exp(log_chance - log_choose(np.array(size - 1), np.array(n - 1)))
