"""What a pass is worth: the top score of a verifier, a judge or any score with a ceiling.

Selection by such a score ends at its cap: once a candidate that passes is served, nothing is left
to choose by, and the policy has moved by -ln(pass rate) nats. What is gained is the gold of passes,
which depends on how rare they are on the prompt: a false pass that slips through at a fixed small
rate outnumbers true ones where the task is hard. Hence gold among passes by the group's pass rate.

The pass rate is the one seen among the group's candidates; with few of them it is a noisy guide to
the true rate. Intervals: see ``binned_gold``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.binned_gold import MeanGold, mean_gold, or_none, row_sums
from overopt.curves.completed_gold import CompletedGold
from overopt.samples import Samples

__all__ = ["Passes", "passes"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
MOST_VALUES = 11
LEAST_AT_CAP = 0.05
RATES = np.array([0.0, 0.05, 0.2, 0.5, 1.0])


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Passes:
    """Rows at the top score ``cap``: their share ``mass`` and mean gold ``at_cap`` (one bin).

    ``first``, ``last`` [bins] are the edges of the group's pass rate (first excluded), in ``found``
    gold among passes; only bins that hold passes. ``groups`` [bins] counts comparison groups, and
    ``groups_without`` those in which nothing passes. ``kl`` is the mean of -ln(pass rate) over the
    others, in nats.
    """

    cap: float
    mass: float
    kl: float
    at_cap: MeanGold
    first: FloatArray
    last: FloatArray
    groups: IntArray
    groups_without: int
    found: MeanGold
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the audit document."""
        return {
            "cap": self.cap,
            "mass": self.mass,
            "kl": self.kl,
            "gold_at_cap": or_none(self.at_cap.gold[0]),
            "lower": or_none(self.at_cap.lower[0]),
            "upper": or_none(self.at_cap.upper[0]),
            "by_pass_rate": [
                {
                    "from": float(self.first[i]),
                    "to": float(self.last[i]),
                    "prompts": int(self.found.prompts[i]),
                    "passes": int(self.found.rows[i]),
                    "precision": or_none(self.found.gold[i]),
                    "lower": or_none(self.found.lower[i]),
                    "upper": or_none(self.found.upper[i]),
                }
                for i in range(len(self.first))
            ],
            "sentence": self.sentence,
        }


def passes(
    samples: Samples, proxy: str, completed: CompletedGold, level: float = 0.95
) -> Passes | None:
    """Gold among the rows at the top score; None for a score without a ceiling or variation.

    A score has a ceiling when it takes at most eleven values or a twentieth of the rows share its
    top. ``samples`` must be scored by ``proxy`` throughout and ``completed`` be its completed gold.
    """
    scores = samples.proxies[proxy]
    cap = float(scores.max())
    passed = scores == cap
    if not _has_ceiling(scores, passed):
        return None
    rate = np.add.reduceat(passed.astype(float), samples.group_starts[:-1]) / samples.group_sizes
    bin_of = np.searchsorted(RATES, rate, side="left") - 1  # -1 where nothing passes
    held, compact = np.unique(bin_of[rate > 0], return_inverse=True)
    bin_of[rate > 0] = compact
    by_row = np.where(passed, np.repeat(bin_of, samples.group_sizes), -1)
    one_bin = np.where(passed, 0, -1)
    groups = np.bincount(compact, minlength=len(held))
    at_cap = mean_gold(row_sums(samples, completed, one_bin, 1), completed.bounds, level)
    found = mean_gold(row_sums(samples, completed, by_row, len(held)), completed.bounds, level)
    first, last = RATES[held], RATES[held + 1]
    kl = float(-np.log(rate[rate > 0]).mean())
    sentences = [
        _rare_passes(_two_valued(samples), found, first, last),
        _ceiling(cap, kl, groups, samples.groups),
        _where_labels_pay(samples, found, groups, first, last),
    ]
    return Passes(
        cap=cap,
        mass=float(passed.mean()),
        kl=kl,
        at_cap=at_cap,
        first=first,
        last=last,
        groups=groups,
        groups_without=samples.groups - int(groups.sum()),
        found=found,
        sentence=" ".join(filter(None, sentences)),
    )


def _has_ceiling(scores: FloatArray, passed: npt.NDArray[np.bool_]) -> bool:
    if passed.all() or passed.sum() < 2:
        return False
    if passed.mean() >= LEAST_AT_CAP:
        return True
    few = len(np.unique(scores[: 1 << 14])) <= MOST_VALUES  # cheap to rule out
    return few and len(np.unique(scores)) <= MOST_VALUES


def _two_valued(samples: Samples) -> bool:
    """Whether gold says right or wrong and nothing in between."""
    gold = samples.gold
    if gold is None:
        return False
    known = gold[~np.isnan(gold)]
    return bool(np.all((known == known.min()) | (known == known.max())))


def _rare_passes(two_valued: bool, found: MeanGold, first: FloatArray, last: FloatArray) -> str:
    """Gold where passes are rarest against where they are most common."""
    if len(first) < 2:
        return ""
    rare, common = (_estimate(found, i) for i in (0, -1))
    told = (
        f"gold among passes is {rare} where {_rates(first[0], last[0])} of a prompt's candidates "
        f"pass, against {common} where {_rates(first[-1], last[-1])} do"
    )
    if two_valued and found.upper[0] < 0.5:
        return f"Rare passes are mostly false: {told}."
    if found.upper[0] < found.lower[-1]:
        return f"Rare passes are worth less: {told}."
    if two_valued and found.lower[0] > 0.5:
        return f"Even the rarest passes are mostly right: {told}."
    return f"{told[0].upper()}{told[1:]}."


def _ceiling(cap: float, kl: float, groups: IntArray, total: int) -> str:
    """Where selection ends, and in how many groups."""
    some = int(groups.sum())
    rest = "" if some == total else f"; in the other {total - some} nothing does"
    return (
        f"Some candidate scores {cap:.6g} in {some} of {total} groups{rest}. Where one does, the "
        f"score has nothing more to choose by: beyond {kl:.2f} nats on average (-ln of the pass "
        "rate), more candidates buy nothing."
    )


def _where_labels_pay(
    samples: Samples, found: MeanGold, groups: IntArray, first: FloatArray, last: FloatArray
) -> str:
    """The pass rates whose passes carry most weight times uncertainty when pressure is high.

    Under high pressure every group with a pass serves one, so a bin's weight is its groups. Where
    there is no interval, gold may be anything in its range.
    """
    half = (found.upper - found.lower) / 2
    half = np.where(np.isnan(half), _gold_range(samples) / 2, half)
    if len(first) < 2 or not np.any(half > 0):
        return ""
    most = int(np.argmax(groups * half))
    what = "More prompts" if samples.labelled == samples.rows else "Labels on passes"
    return (
        f"{what} pay most where {_rates(first[most], last[most])} of a prompt's candidates pass "
        f"({groups[most]} of {groups.sum()} groups with a pass)."
    )


def _gold_range(samples: Samples) -> float:
    """Largest less smallest gold label."""
    assert samples.gold is not None
    return float(np.nanmax(samples.gold) - np.nanmin(samples.gold))


def _estimate(found: MeanGold, i: int) -> str:
    """Gold of a bin with its limits, two digits."""
    if np.isnan(found.gold[i]):
        return "unknown (no label)"
    if np.isnan(found.lower[i]):
        return f"{found.gold[i]:.2g} (no interval)"
    return f"{found.gold[i]:.2g} [{found.lower[i]:.2g}, {found.upper[i]:.2g}]"


def _rates(first: float, last: float) -> str:
    """A range of pass rates in words."""
    if first == 0:
        return f"at most {100 * last:.0f} %"
    if last == 1:
        return f"more than {100 * first:.0f} %"
    return f"{100 * first:.0f} to {100 * last:.0f} %"
