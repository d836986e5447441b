"""How fast does a tail fall? Generalised Pareto laws fitted to exceedances over a threshold.

The law has survival (1 + xi y / scale)^(-1/xi): xi > 0 is heavier than exponential, 0 exponential,
xi < 0 ends at -scale / xi. With theta = xi / scale both likelihoods have one dimension. For given
theta the best shape is xi = mean log(1 + theta y) (Grimshaw 1993), so the fit is a search over
theta; for given xi the best theta solves xi = (1 - w) / w with w = mean 1 / (1 + theta y), so theta
also runs along the profile likelihood of xi, one pass over the data per point.

Below xi = -1 the likelihood is unbounded at the end point. The fit is the largest likelihood with
xi >= -1; where that is at xi = -1 the law is uniform up to the largest exceedance. Below -1/2 the
likelihood has no information matrix and standard errors are NaN. With fewer than ten exceedances
there may be two maxima, and the fit is the one next to the shape of the quartiles.

Sums in theta lose digits near 0, but only eps / (theta mean y) of them; so theta is kept NEAREST
off 0 and no series is needed.

Assumes independent exceedances; ``cluster_inflation`` says how wrong that is. Estimates describe
the law at the depth of the threshold, not beyond. Point estimate of least bias: Zhang and
Stephens (2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "ParetoFit",
    "ParetoFits",
    "cluster_inflation",
    "pareto_fit",
    "pareto_fits",
    "profile_interval",
    "zhang_stephens_xi",
]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

NEAREST = 1e-6  # least |theta mean y|: xi is off by at most this, sums keep ten digits
SMALLEST_XI = -1.0
REGULAR_XI = -0.5  # below it the score has infinite variance
MOST_PASSES = 60
LONGEST_STEP = 1.5
PRECISE = 1e-6  # a Newton step this small leaves an error near its square
BLOCK = 1 << 20  # numbers held at once on the Zhang-Stephens grid


@final
@dataclass(frozen=True, kw_only=True)
class ParetoFit:
    """Largest likelihood of a generalised Pareto law and of an exponential one, same exceedances.

    ``xi_error`` and ``scale_error`` are standard errors from the observed information, NaN below
    xi = -1/2. ``scale`` has the unit of the exceedances; ``exceedances`` is their number. All NaN
    when no exceedance is above 0.
    """

    xi: float
    scale: float
    xi_error: float
    scale_error: float
    loglik: float
    loglik_exponential: float
    exceedances: int

    @property
    def z(self) -> float:
        """Signed root of the likelihood ratio against the exponential; its sign is that of xi."""
        return float(_signed_root(self.xi, self.loglik - self.loglik_exponential))

    @property
    def theta(self) -> float:
        """xi / scale, one over the unit of the exceedances."""
        return self.xi / self.scale


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ParetoFits:
    """Fits of many samples at once: arrays [replicates], named as in ``ParetoFit``."""

    xi: FloatArray
    scale: FloatArray
    loglik: FloatArray
    loglik_exponential: FloatArray

    @property
    def z(self) -> FloatArray:
        """Signed roots [replicates] of the likelihood ratios against the exponential."""
        return _signed_root(self.xi, self.loglik - self.loglik_exponential)


def pareto_fit(exceedances: FloatArray) -> ParetoFit:
    """Maximum-likelihood fit to ascending exceedances [count] above a threshold, each >= 0.

    >>> fit = pareto_fit(np.array([0.1, 0.3, 0.4, 0.8, 1.2, 1.9, 3.1, 7.0]))
    >>> round(fit.xi, 4), round(fit.scale, 4), round(fit.z, 4)
    (0.2833, 1.3625, 0.6012)
    """
    fits = pareto_fits(exceedances[None])
    xi, scale = float(fits.xi[0]), float(fits.scale[0])
    information = _information(exceedances, xi, scale)
    with np.errstate(invalid="ignore"):  # a handful of exceedances may have no maximum inside
        errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return ParetoFit(
        xi=xi,
        scale=scale,
        xi_error=float(errors[0]),
        scale_error=scale * float(errors[1]),
        loglik=float(fits.loglik[0]),
        loglik_exponential=float(fits.loglik_exponential[0]),
        exceedances=len(exceedances),
    )


def pareto_fits(exceedances: FloatArray) -> ParetoFits:
    """Maximum-likelihood fits to ascending exceedances [replicates, count], each row by itself.

    Safeguarded Newton steps in log(1 + theta * largest), about six passes over the data.
    """
    count = exceedances.shape[1]
    spread = exceedances[:, -1] > 0
    found = np.full((3, len(exceedances)), np.nan)
    if spread.any():
        found[:, spread] = _maximum(exceedances if spread.all() else exceedances[spread])
    with np.errstate(divide="ignore"):
        exponential = np.log(exceedances.mean(axis=1)) + 1
    return ParetoFits(
        xi=found[0],
        scale=found[1],
        loglik=-count * found[2],
        loglik_exponential=np.where(spread, -count * exponential, np.nan),
    )


def zhang_stephens_xi(exceedances: FloatArray) -> float:
    """Shape of a generalised Pareto law from ascending exceedances [count], after Zhang-Stephens.

    The posterior mean of theta under their data-driven prior, on 30 + sqrt(count) points, hence
    as many passes. NaN when the largest exceedance or the lower quartile is 0.
    """
    count = len(exceedances)
    largest = float(exceedances[-1])
    quartile = float(exceedances[max(int(count / 4 + 0.5), 1) - 1])
    if not largest > 0 or not quartile > 0:
        return float("nan")
    points = 30 + int(np.sqrt(count))
    grid = 1 / largest + (1 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3 * quartile)
    rows = max(BLOCK // count, 1)
    xi = np.concatenate(
        [
            np.log1p(-grid[i : i + rows, None] * exceedances).mean(axis=1)
            for i in range(0, points, rows)
        ]
    )
    likelihood = count * (np.log(-grid / xi) - xi - 1)
    weights = np.exp(likelihood - likelihood.max())
    theta = -float((grid * weights).sum() / weights.sum())
    return float(np.log1p(theta * exceedances).mean())


def cluster_inflation(exceedances: FloatArray, fit: ParetoFit, clusters: IntArray) -> float:
    """How many times the variance of xi exceeds that of independent exceedances.

    Sandwich variance with scores summed within ``clusters`` [count] (codes, any integers) over the
    inverse observed information; below xi = -1/2, where neither exists, the same for the score
    test of an exponential law. NaN for fewer than two clusters.
    """
    codes, number = np.unique(clusters, return_inverse=True)
    if len(codes) < 2 or not fit.scale > 0:
        return float("nan")
    if fit.xi > REGULAR_XI:
        inverse = np.linalg.inv(_information(exceedances, fit.xi, fit.scale))
        influence = _scores(exceedances, fit.theta, fit.xi) @ inverse[0]
        naive = float(inverse[0, 0])
    else:
        relative = exceedances / exceedances.mean()
        influence = relative**2 / 2 - 2 * relative + 1
        influence -= influence.mean()
        naive = float((influence**2).sum())
    sums = np.bincount(number, weights=influence)
    return float((sums**2).sum() * len(codes) / (len(codes) - 1) / naive)


def profile_interval(
    exceedances: FloatArray,
    fit: ParetoFit,
    level: float = 0.95,
    *,
    inflation: float = 1.0,
    critical: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """Profile-likelihood interval of xi from ascending exceedances [count] and their fit.

    All xi0 whose signed root, sign(xi - xi0) sqrt(2 (loglik - profile(xi0)) / inflation), lies
    between the two ``critical`` values: normal quantiles for ``level`` when none are given.
    ``inflation`` is that of ``cluster_inflation``, a vertical adjustment (Chandler and Bate 2007).
    The interval never leaves [-1, inf); (NaN, NaN) when the fit is NaN.
    """
    if not fit.scale > 0:
        return float("nan"), float("nan")
    if critical is None:
        from scipy.special import ndtri

        critical = (-float(ndtri((1 + level) / 2)), float(ndtri((1 + level) / 2)))
    low, high = critical
    root = np.sqrt(inflation)
    return (
        _profile_end(exceedances, fit, -1, root * high),
        _profile_end(exceedances, fit, 1, -root * low),
    )


def _signed_root(xi: FloatArray | float, gain: FloatArray | float) -> FloatArray:
    root: FloatArray = np.sign(xi) * np.sqrt(2 * np.maximum(gain, 0))
    return root


def _maximum(y: FloatArray) -> FloatArray:
    """xi, scale and mean negative log-likelihood at the maximum: [3, replicates]."""
    largest, nearest = y[:, -1], NEAREST / y.mean(axis=1)
    theta = _theta(_search(y, nearest), largest, nearest)
    xi, _, _ = _sums(y, theta)
    scale = xi / theta
    inside = xi > SMALLEST_XI
    value = np.where(inside, np.log(np.where(inside, scale, 1)) + 1 + xi, np.inf)
    inside &= value < np.log(largest)  # else the uniform law, -log(largest) per exceedance
    return np.stack(
        [
            np.where(inside, xi, SMALLEST_XI),
            np.where(inside, scale, largest),
            np.where(inside, value, np.log(largest)),
        ]
    )


def _search(y: FloatArray, nearest: FloatArray) -> FloatArray:
    """log(1 + theta * largest) at the local maximum of the likelihood in xi > -1: [replicates]."""
    place = _start(y)
    bounds = np.stack([np.full(len(y), -np.inf), np.full(len(y), np.inf)])
    active = np.arange(len(y))
    for _ in range(MOST_PASSES):
        rows = y if len(active) == len(y) else y[active]
        theta = _theta(place[active], rows[:, -1], nearest[active])
        step, left = _newton_step(rows, theta)
        at = place[active]
        bounds[np.where(left, 1, 0), active] = at
        low, high = bounds[:, active]
        moved = np.clip(at + step, at - LONGEST_STEP, at + LONGEST_STEP)
        middle = np.where(np.isfinite(low) & np.isfinite(high), (low + high) / 2, moved)
        place[active] = np.where((moved > low) & (moved < high), moved, middle)
        active = active[np.abs(place[active] - at) > PRECISE]
        if not len(active):
            break
    return place


def _start(y: FloatArray) -> FloatArray:
    """Where the quartiles put log(1 + theta * largest): the shape is log2((q75 - q50) / q50)."""
    count = y.shape[1]
    median, upper = y[:, (count - 1) // 2], y[:, 3 * count // 4]
    usable = (median > 0) & (upper > median)
    ratio = np.where(usable, upper - median, 1) / np.where(usable, median, 1)
    theta = (ratio - 1) / np.where(usable, median, 1)
    return np.log1p(np.maximum(theta * y[:, -1], -0.9))


def _theta(place: FloatArray, largest: FloatArray, nearest: FloatArray) -> FloatArray:
    """theta from log(1 + theta * largest), kept off 0."""
    theta = np.expm1(place) / largest
    return np.where(np.abs(theta) < nearest, np.where(theta < 0, -nearest, nearest), theta)


def _sums(y: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means over the last axis of log(1 + theta y), 1 / (1 + theta y) and its square."""
    product = theta[:, None] * y
    log = np.log1p(product).mean(axis=1)
    product += 1
    share = np.reciprocal(product, out=product)
    return log, share.mean(axis=1), np.einsum("ij,ij->i", share, share) / y.shape[1]


def _newton_step(y: FloatArray, theta: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Newton step in log(1 + theta * largest), and whether the maximum lies to the left.

    The slope of the mean negative log-likelihood in theta is (1 - w (1 + xi)) / (theta xi).
    """
    xi, w, w2 = _sums(y, theta)
    numerator = 1 - w * (1 + xi)
    slope = numerator / (theta * xi)
    bend = (w - w2) * (1 + xi) - w * (1 - w) - numerator * (1 + (1 - w) / xi)
    jacobian = theta + 1 / y[:, -1]
    curvature = bend / xi * (jacobian / theta) ** 2 + slope * jacobian
    left = (slope > 0) & (xi > SMALLEST_XI)  # beyond -1 the way back is to the right
    towards = np.where(left, -LONGEST_STEP, LONGEST_STEP)
    convex = (curvature > 0) & (xi > SMALLEST_XI)
    step = np.where(convex, -slope * jacobian / np.where(convex, curvature, 1), towards)
    return step, left


def _information(y: FloatArray, xi: float, scale: float) -> FloatArray:
    """Observed information [2, 2] of (xi, log scale) at the maximum; NaN where it is not regular.

    There mean log(1 + theta y) = xi and w = 1 / (1 + xi), which leaves one sum over the data.
    """
    if not xi > REGULAR_XI:
        return np.full((2, 2), np.nan)
    square = float(np.mean((y / (scale + xi * y)) ** 2))
    second = np.empty((2, 2))
    second[0, 0] = (square - 2 / (1 + xi)) / xi + square
    second[0, 1] = second[1, 0] = 1 / (1 + xi) - (1 + xi) * square
    second[1, 1] = xi * (1 + xi) * square - 1
    return -len(y) * second


def _scores(y: FloatArray, theta: float, xi: float) -> FloatArray:
    """Derivatives [count, 2] of each exceedance's log-likelihood in (xi, log scale)."""
    share = theta * y / (1 + theta * y)
    in_xi = (np.log1p(theta * y) - share) / xi**2 - share / xi
    in_scale = (1 + 1 / xi) * share - 1
    return np.stack([in_xi, in_scale], axis=1)


def _profile_end(y: FloatArray, fit: ParetoFit, side: int, root: float) -> float:
    """xi on one ``side`` of the fit at which the root of the deviance reaches ``root``.

    Newton steps in log(1 + theta * largest), in which that root is nearly straight, kept within
    the bracket found so far. Towards xi = -1 the profile tends to the uniform law's.
    """
    largest, count = float(y[-1]), len(y)
    uniform = -count * float(np.log(largest))
    if not root > 0:
        return fit.xi
    if side < 0 and 2 * (fit.loglik - uniform) <= root**2:
        return SMALLEST_XI
    at_end = fit.xi == SMALLEST_XI
    near, far = -np.inf if at_end else float(np.log1p(fit.theta * largest)), side * np.inf
    place = -float(np.log(count)) if at_end else near + side * float(min(root, 3)) / count**0.5
    xi = fit.xi
    for _ in range(MOST_PASSES):
        xi, gap, rise = _profile(y, fit, place)
        near, far = (place, far) if gap < root else (near, place)
        step = side * LONGEST_STEP if rise * side <= 0 else (root - gap) / rise
        moved = place + min(max(step, -LONGEST_STEP), LONGEST_STEP)
        if not min(near, far) < moved < max(near, far):
            moved = (near + far) / 2
        if abs(moved - place) <= PRECISE:
            break
        place = moved
    return xi


def _profile(y: FloatArray, fit: ParetoFit, place: float) -> tuple[float, float, float]:
    """xi on its profile at log(1 + theta * largest), root of the deviance there, and its slope."""
    largest, count = y[-1:], len(y)
    theta = _theta(np.array([place]), largest, np.array([NEAREST / y.mean()]))
    log, w, w2 = (float(total[0]) for total in _sums(y[None], theta))
    at = float(theta[0])
    xi = (1 - w) / w
    loglik = count * (np.log(at / xi) - (1 + 1 / xi) * log)
    gap = float(np.sqrt(max(2 * (fit.loglik - loglik), 0)))
    by_xi = count * (log - xi) / xi**2
    by_place = by_xi * (w - w2) / (at * w**2) * (at + 1 / float(largest[0]))
    return xi, gap, -by_place / gap if gap > 0 else 0.0
