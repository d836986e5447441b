"""Best-of-n beyond the candidates at hand: a model, offered only where it can be believed.

Groups of m candidates say nothing certain about n > m. If proxies spread alike around every
prompt's median, the rows of all prompts, each proxy less its group's median, are one large group,
whose best-of-n curve reaches n = rows / 10. Only the change beyond m is taken from it; the level at
m stays the unbiased estimate within groups:

    gold(n) = within(m) + pooled(n) - pooled(m).

Gold may depend on the prompt in any way; only the law of the centred proxy may not. Two checks:
pooled less within at n <= m, paired by prompt, and whether prompts supply the top rows in equal
shares. Where one fails nothing is offered. What is offered is widened: each doubling beyond m may
add the bias seen for each doubling up to m. Small groups blur the tail by the noise of their
median, which the checks cannot see, hence a least size. Nothing shows a tail beyond the rows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.fold import largest_common_size, prompt_vectors
from overopt.curves.pooled_rows import Pool, imbalance, pool, pseudo_values
from overopt.errors import BadOption
from overopt.pressure import BestOfN
from overopt.samples import Samples
from overopt.stats.intervals import max_t_quantile, t_quantile, wilson_interval
from overopt.stats.moments import Moments

__all__ = ["ASSUMPTION", "Discrepancy", "PooledCurve", "pooled_curve"]

FloatArray = npt.NDArray[np.floating[Any]]
ASSUMPTION = "prompts are exchangeable after removing each prompt's median proxy"
ROWS_PER_DRAW = 10  # n stops at rows / 10, where some 20 rows still carry the estimate
SMALLEST_GROUP = 16  # below it the noise of the median blurs the tail by more than the intervals
TOLERATED_SHARE = 0.10  # of the largest gain within groups, for pooled less within
TOLERATED_IMBALANCE = 0.4  # prompts of equal scale mostly stay below .35
CHANCE_OF_IMBALANCE = 0.05
ROUNDING = 1e-9  # of gold: differences below it are arithmetic


@final
@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """Pooled less within at the n <= m where they agree worst.

    ``difference`` and its limits, joint over all n compared; ``tolerance`` in gold units;
    ``drift``, by how much the difference moves with each doubling of n. ``imbalance`` is the
    standard deviation between prompts of their share of the top rows, beyond chance and relative to
    an equal share; ``imbalance_p`` the chance of as much among equal prompts. ``verdict`` is
    "agrees within tolerance", "disagrees" or "undecided".
    """

    n: float
    difference: float
    lower: float
    upper: float
    tolerance: float
    drift: float
    imbalance: float
    imbalance_p: float
    verdict: str

    @property
    def unequal(self) -> bool:
        """Whether prompts supply the top rows in shares too unequal to pool them."""
        return self.imbalance > TOLERATED_IMBALANCE and self.imbalance_p < CHANCE_OF_IMBALANCE


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PooledCurve:
    """Modelled gold at ``strength`` [S]: n from m, the largest measured, to rows / 10 or ``to``.

    ``gold``, ``lower``, ``upper`` [S] are NaN where the model is not offered, and ``reason`` says
    why. ``change`` is gold at the last n less gold at m, with limits; ``shape`` is what is proven
    with one error rate over all n: rises, falls, or undecided. ``labels_effective`` [S] is the Kish
    number of labels behind the pooled value.
    """

    strength: FloatArray
    gold: FloatArray
    lower: FloatArray
    upper: FloatArray
    labels_effective: FloatArray
    change: tuple[float, float, float]
    shape: str
    discrepancy: Discrepancy | None
    reason: str | None
    level: float
    prompts: int
    rows: int

    def sentence(self) -> str:
        """What the model says and how far it goes, in plain words."""
        first, last = (f"n = {n:,.0f}" for n in self.strength[[0, -1]])
        if self.reason is not None or self.discrepancy is None:
            return f"No value beyond {first} is offered: {self.reason}."
        change = "{:+.3g} [{:+.3g}, {:+.3g}]".format(*self.change)
        seen = {
            "rises": f"it still rises there, and no peak is seen up to {last}",
            "falls": "it falls after its highest point",
            "undecided": f"whether it rises or falls towards {last} is undecided",
        }
        return (
            f"Extrapolation, not measurement: a model that pools {self.prompts:,} prompts puts "
            f"gold at {last} at {self.gold[-1]:.3g} [{self.lower[-1]:.3g}, {self.upper[-1]:.3g}], "
            f"{change} from {first}; {seen[self.shape]}. It assumes that {ASSUMPTION}; the check "
            f"against the measured curve: {self.discrepancy.verdict}. A peak beyond {last} is "
            f"invisible from {self.rows:,} rows."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data of an audit document's ``extrapolation``; undefined numbers are None."""
        return {
            "strength": self.strength.tolist(),
            "gold": _listed(self.gold),
            "lower": _listed(self.lower),
            "upper": _listed(self.upper),
            "model": f"prompts pooled, the level at m as measured; assumes that {ASSUMPTION}",
            "discrepancy": None if self.discrepancy is None else asdict(self.discrepancy),
            "sentence": self.sentence(),
        }


def pooled_curve(
    samples: Samples,
    proxy: str,
    completed: CompletedGold,
    within: EstimatedCurve,
    *,
    level: float,
    to: float | None = None,
) -> PooledCurve:
    """Modelled gold of best-of-n beyond the last n of ``within``, the best-of-n curve of the table.

    ``completed`` is the completed gold of the same rows; ``to`` the last n, a tenth of the rows
    unless given. Where the table cannot carry the model the curve holds NaN and its reason. Raises
    BadOption for ``to`` outside the range that could be modelled.
    """
    size, smallest = float(within.strength[-1]), largest_common_size(samples)
    rows = int(samples.group_sizes[samples.group_sizes >= smallest].sum())
    reach = float(rows // ROWS_PER_DRAW)
    nothing = _nothing(np.array([size]), level, within.prompts, rows)
    reason = _unsupported(within, size, reach, rows)
    if reason is not None:
        return replace(nothing, reason=reason)
    if to is not None and not size < to <= reach:
        raise BadOption(
            f"extrapolation to n = {to:g}: {rows:,} rows in groups of {size:g} support n above "
            f"{size:g} and up to {reach:g}"
        )
    checked, beyond = _strengths(size, reach if to is None else to)
    measured = prompt_vectors(
        samples, proxy, BestOfN(), checked, smallest=smallest, gold=completed.value
    )[1]
    together = pool(samples, proxy, completed, smallest)
    pooled, labels = pseudo_values(together, np.append(checked, beyond[1:]))
    known = len(checked)
    found = _discrepancy(
        together, checked, pooled[:, :known] - measured, within, labels[:known].min(), level
    )
    nothing = replace(
        _nothing(beyond, level, len(pooled), rows), discrepancy=found, reason=_refuted(found)
    )
    if nothing.reason is not None:
        return nothing
    return _offered(nothing, measured[:, -1], pooled[:, known - 1 :], labels[known - 1 :], within)


def _nothing(strength: FloatArray, level: float, prompts: int, rows: int) -> PooledCurve:
    """A curve without values, to be filled where the model is offered."""
    empty = np.full(len(strength), np.nan)
    return PooledCurve(
        strength=strength,
        gold=empty,
        lower=empty,
        upper=empty,
        labels_effective=empty,
        change=(math.nan, math.nan, math.nan),
        shape="undecided",
        discrepancy=None,
        reason=None,
        level=level,
        prompts=prompts,
        rows=rows,
    )


def _unsupported(within: EstimatedCurve, size: float, reach: float, rows: int) -> str | None:
    """Why the table cannot carry the model at all, or None."""
    if within.design not in ("all", "uniform", "recorded"):
        return f"it needs labels drawn by a known design, and theirs is '{within.design}'"
    if not within.kl[-1] > 0:
        return "all candidates of a prompt have the same score, so there is no pressure"
    if size < SMALLEST_GROUP:
        return (
            f"with {size:.0f} candidates per prompt each prompt's median is too uncertain to pool "
            f"prompts; sample at least {SMALLEST_GROUP}"
        )
    if reach < 2 * size:
        return (
            f"{rows:,} rows from {within.prompts} prompts support n up to a tenth of the rows, "
            f"less than one doubling; about {2 * ROWS_PER_DRAW} prompts are needed"
        )
    return None


def _strengths(size: float, last: float) -> tuple[FloatArray, FloatArray]:
    """n to compare (m / 4 to m) and n to model (m to last), in half doublings."""
    steps = max(1, round(2 * math.log2(last / size)))
    compared = np.rint(size / 2 ** (np.arange(4, -1, -1) / 2))
    return compared, np.unique(np.rint(np.geomspace(size, last, steps + 1)))


def _discrepancy(
    together: Pool,
    checked: FloatArray,
    differences: FloatArray,
    within: EstimatedCurve,
    labels: float,
    level: float,
) -> Discrepancy:
    """The two checks; ``differences`` [prompts, checked] are pooled less within."""
    moments = Moments.of(differences)
    mean, covariance = moments.mean, moments.covariance_of_mean()
    error = np.sqrt(np.diag(covariance))
    half = max_t_quantile(covariance, float(_degrees(moments.count, labels)), level) * error
    gain = np.interp(checked, within.strength, within.gold) - within.gold[0]
    rounding = ROUNDING * float(np.abs(within.gold).max())
    tolerance = max(TOLERATED_SHARE * float(np.abs(gain).max()), rounding)
    excess = np.abs(mean) - np.maximum(half, tolerance)
    furthest = np.abs(mean) + half
    differs = bool(np.any(excess > 0))
    worst = int(np.argmax(excess if differs else furthest))
    relative, chance = imbalance(together, checked[-1] / 2)
    found = Discrepancy(
        n=float(checked[worst]),
        difference=float(mean[worst]),
        lower=float(mean[worst] - half[worst]),
        upper=float(mean[worst] + half[worst]),
        tolerance=tolerance,
        drift=abs(float(mean[-1] - mean[0])) / math.log2(checked[-1] / checked[0]),
        imbalance=relative,
        imbalance_p=chance,
        verdict="agrees within tolerance" if np.all(furthest <= tolerance) else "undecided",
    )
    return replace(found, verdict="disagrees") if differs or found.unequal else found


def _refuted(found: Discrepancy) -> str | None:
    """Why the checks forbid the model, or None."""
    if found.verdict != "disagrees":
        return None
    if found.unequal:
        return (
            "prompts differ in how often they supply the highest scores above their median "
            f"(relative sd {found.imbalance:.2f} beyond chance), so their scales or tails differ "
            "and cannot be pooled; sample more candidates for each prompt instead"
        )
    return (
        f"at n = {found.n:.0f}, where both can be computed, the pooled value differs from the "
        f"measured one by {found.difference:+.3g} [{found.lower:+.3g}, {found.upper:+.3g}]; sample "
        "more candidates for each prompt instead"
    )


def _offered(
    nothing: PooledCurve,
    measured: FloatArray,
    pooled: FloatArray,
    labels: FloatArray,
    within: EstimatedCurve,
) -> PooledCurve:
    """Filled from pseudo-values ``measured`` at m [prompts] and ``pooled`` [prompts, S]."""
    assert nothing.discrepancy is not None
    moments = Moments.of(measured[:, None] + pooled - pooled[:, :1])
    degrees = _degrees(moments.count, labels)
    drift = nothing.discrepancy.drift * np.log2(nothing.strength)
    error = np.sqrt(np.diag(moments.covariance_of_mean()))
    half = t_quantile(nothing.level, degrees) * error + drift - drift[0]
    lower, upper = moments.mean - half, moments.mean + half
    if within.bounds is not None and within.bounds[1] > within.bounds[0]:
        low, high = within.bounds
        share = (pooled.mean(axis=0) - low) / (high - low)
        least, most = wilson_interval(share, labels, nothing.level)
        lower = np.clip(np.minimum(lower, low + (high - low) * least), low, high)
        upper = np.clip(np.maximum(upper, low + (high - low) * most), low, high)
    change, shape = _shape(moments, nothing.strength, drift, float(degrees.min()), nothing.level)
    return replace(
        nothing,
        gold=moments.mean,
        lower=lower,
        upper=upper,
        labels_effective=labels,
        change=change,
        shape=shape,
    )


def _shape(
    moments: Moments, strength: FloatArray, drift: FloatArray, df: float, level: float
) -> tuple[tuple[float, float, float], str]:
    """Change from m to the end, and what is proven, jointly over the changes from every n."""
    end = len(strength) - 1
    contrasts = np.eye(end, end + 1) * -1.0
    contrasts[:, end] = 1.0
    rest = moments.map(contrasts)
    covariance = rest.covariance_of_mean()
    half = max_t_quantile(covariance, df, level) * np.sqrt(np.diag(covariance))
    half = half + drift[end] - drift[:end]
    lower, upper = rest.mean - half, rest.mean + half
    change = (float(rest.mean[0]), float(lower[0]), float(upper[0]))
    peak = int(np.argmax(moments.mean))
    doubling = max(int(np.searchsorted(strength, strength[end] / 2 * 1.01, "right")) - 1, 0)
    rounding = ROUNDING * float(np.abs(moments.mean).max())
    if peak < end and upper[peak] < -rounding:
        return change, "falls"
    return change, "rises" if lower[doubling] > rounding else "undecided"


def _degrees(prompts: int, labels: FloatArray | float) -> FloatArray:
    """Prompts less one, or the effective labels less one where those are fewer."""
    return np.clip(np.asarray(labels) - 1.0, 1.0, prompts - 1.0)


def _listed(values: FloatArray) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
