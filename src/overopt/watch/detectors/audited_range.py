"""Has the policy gone further than the audit looked? No gold, no KL: win rates say it.

Best-of-n wins against a fresh sample of the same prompt with chance n / (n + 1), whatever the law
of the scores. So a policy that wins a share w of comparisons stands where best-of-n with
n = w / (1 - w) stands, and an audit that looked up to best-of-N knows nothing of it once n > N.

``reference`` holds scores of unselected candidates. By prompt: the run's prompts are taken to come
evenly from the reference's. Pooled, where prompts do not recur: a current score is compared with
those of all prompts, which can only understate n (given its prompt, the largest of N samples is
stochastically smaller in the pool than the largest of N unrelated ones, by Jensen's inequality).

Evidence is against "the loss rate 1 - w is not below that of best-of-N": z = (loss - allowed) /
(1 - allowed) for each prompt of a batch. ``allowed`` is 1/(N + 1) less what a reference of few
scores may mislead by: with k of them, of which U^N at uniform U is the chance to beat all, their
mean falls below 1/(N + 1) - t with chance at most exp(-k t^2 (2N + 1) / 2), the lower-tail bound of
averages that cannot be negative. Pooled, k counts prompts. A false alarm in a run of any length has
chance at most ``false_alarm``: half for the reference, half for what follows. Ties count half,
which only raises losses: for 0/1 rewards this hardly ever speaks.

Source: n / (n + 1) is the mean of the largest of n uniform draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf, log, sqrt
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.numerals import number, percent
from overopt.samples import Samples, scored
from overopt.stats.e_process import Betting
from overopt.watch.batch import Batch
from overopt.watch.detectors.dated_evidence import DatedEvidence, dated
from overopt.watch.detectors.detector import Amber, ProxyDetector
from overopt.watch.detectors.recent_mean import RecentMean, with_readings

__all__ = [
    "AuditedRange",
    "AuditedRangeState",
    "PooledScores",
    "PromptScores",
    "allowed_loss",
    "supported_best_of_n",
]

FloatArray = npt.NDArray[np.float64]
FloatVector = npt.NDArray[np.float64]

BLOCK = 200
VALUES = 8  # evidence takes at most so many values from a batch, means over its prompts


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PromptScores:
    """Reference ``scores`` [prompts, most], NaN where a prompt has fewer; ``place`` of each id."""

    scores: FloatArray
    place: Mapping[str, int]

    @classmethod
    def of(cls, by_prompt: Mapping[str, Sequence[float] | FloatVector]) -> PromptScores:
        """Scores by prompt id; non-finite ones are left out.

        Raises BadSamples without a finite score.
        """
        kept = {name: _finite(scores) for name, scores in by_prompt.items()}
        kept = {name: scores for name, scores in kept.items() if len(scores)}
        if not kept:
            raise BadSamples(
                f"no finite reference score for any of {len(by_prompt)} prompts: give scores of "
                "unselected candidates"
            )
        table = np.full((len(kept), max(map(len, kept.values()))), np.nan)
        for row, scores in zip(table, kept.values(), strict=True):
            row[: len(scores)] = scores
        return cls(scores=table, place={name: i for i, name in enumerate(kept)})

    @classmethod
    def of_samples(cls, samples: Samples, proxy: str) -> PromptScores:
        """Scores of a table of unselected candidates, such as the one that was audited."""
        table = scored(samples, proxy)
        parts: list[FloatVector] = np.split(
            table.proxies[proxy].astype(float), np.flatnonzero(np.diff(table.prompt)) + 1
        )
        return cls.of(dict(zip(map(str, table.prompt_ids), parts, strict=True)))

    @property
    def independent(self) -> int:
        """Scores that are independent of each other, measured within their prompt."""
        return int(np.isfinite(self.scores).sum())

    def losses(self, batch: Batch) -> FloatVector:
        """Share of comparisons lost [matched prompts], ties counting half."""
        place = np.array([self.place.get(name, -1) for name in batch.prompt_ids], dtype=np.int64)
        usable = batch.finite & (place[batch.group] >= 0)
        group = batch.group[usable]
        others, own = self.scores[place[group]], batch.proxy[usable, None]
        lost = (own < others).sum(axis=1) + (own == others).sum(axis=1) / 2
        return _by_group(lost / np.isfinite(others).sum(axis=1), group)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PooledScores:
    """Ascending ``points`` with the share ``up_to`` each, of ``independent`` reference prompts."""

    points: FloatVector
    up_to: FloatVector
    independent: int

    @classmethod
    def of(cls, by_prompt: Mapping[str, Sequence[float] | FloatVector]) -> PooledScores:
        """All scores of all prompts; non-finite ones are left out.

        Raises BadSamples without a finite score.
        """
        parts = [_finite(scores) for scores in by_prompt.values()]
        parts = [part for part in parts if len(part)]
        if not parts:
            raise BadSamples("no finite reference score: give scores of unselected candidates")
        points, counts = np.unique(np.concatenate(parts), return_counts=True)
        return cls(points=points, up_to=np.cumsum(counts) / counts.sum(), independent=len(parts))

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> PooledScores:
        """The quantiles of a validity card: between two of them every score is put on the upper."""
        rows = card["quantiles"]
        points = np.array([row["score"] for row in rows] + [card["score_range"]["max"]])
        shares = np.array([row["share"] for row in rows] + [1.0])
        points, first = np.unique(points[::-1], return_index=True)
        return cls(
            points=points,
            up_to=shares[::-1][first],
            independent=int(card["created_from"]["prompts"]),
        )

    def losses(self, batch: Batch) -> FloatVector:
        """Share of comparisons lost [prompts with a finite score], ties counting half."""
        usable = batch.finite
        up_to = np.concatenate(([0.0], self.up_to))
        own = batch.proxy[usable]
        below = up_to[np.searchsorted(self.points, own, side="left")]
        reached = up_to[np.searchsorted(self.points, own, side="right")]
        return _by_group(1 - below / 2 - reached / 2, batch.group[usable])


def allowed_loss(strength: float, independent: int, chance: float) -> float:
    """Loss rate that best-of-``strength`` does not fall below, but for the ``chance`` given.

    Raises BadOption when so few reference scores cannot tell it from endless selection.
    """
    if not 1 <= strength < inf:
        raise BadOption(f"an audit supported up to best-of-{strength}: give 1 or more")
    limit = 1 / (strength + 1)
    allowed = limit - sqrt(2 * log(1 / chance) / (2 * strength + 1) / independent)
    if allowed <= 0:
        enough = 2 * log(1 / chance) * (strength + 1) ** 2 / (2 * strength + 1)
        raise BadOption(
            f"{independent} independent reference scores cannot tell best-of-{strength:.4g} from "
            f"what lies beyond: give more than {enough:.0f} (prompts, when pooled)"
        )
    return allowed


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class AuditedRangeState:
    """``dated`` evidence from losses, their recent mean, and how many prompts were left out."""

    dated: DatedEvidence
    recent: RecentMean
    unmatched: int


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class AuditedRange(ProxyDetector[AuditedRangeState]):
    """Watches whether scores win more often than best-of-``supported`` would."""

    reference: PromptScores | PooledScores
    supported: float
    false_alarm: float = 0.01
    betting: Betting = field(default_factory=Betting)
    name: str = "audited_range"

    def __post_init__(self) -> None:
        _ = self.allowed  # says at once when the reference is too small

    @cached_property
    def allowed(self) -> float:
        """Loss rate below which the policy is out of range."""
        return allowed_loss(self.supported, self.reference.independent, self.false_alarm / 2)

    def start(self) -> AuditedRangeState:
        """State before the first batch."""
        return AuditedRangeState(
            dated=DatedEvidence.none(self.betting), recent=RecentMean.none(), unmatched=0
        )

    def update(self, state: AuditedRangeState, batch: Batch) -> AuditedRangeState:
        """State after one more batch; prompts without a reference are counted and left out."""
        losses = self.reference.losses(batch)
        unmatched = state.unmatched + len(batch.prompt_ids) - len(losses)
        if not len(losses):
            return replace(state, unmatched=unmatched)
        means = [float(part.mean()) for part in np.array_split(losses, min(VALUES, len(losses)))]
        readings = [((loss - self.allowed) / (1 - self.allowed), loss) for loss in means]
        return AuditedRangeState(
            dated=dated(state.dated, readings, batch.step, self.betting, self.false_alarm / 2),
            recent=with_readings(state.recent, losses.tolist(), batch.step, BLOCK),
            unmatched=unmatched,
        )

    def fired(self, state: AuditedRangeState) -> Amber | None:
        """The signal, with the n at which best-of-n stands where the policy does."""
        found, last = state.dated, state.recent.last
        if found.fired is None:
            return None
        pooled = isinstance(self.reference, PooledScores)
        whom = (
            "reference scores of all prompts, which understates it,"
            if pooled
            else ("reference scores of the same prompt")
        )
        lately = ""
        if last is not None:
            most, least = equivalent_n(last.lower), equivalent_n(last.upper)
            lately = f"; {last.count:,} prompts up to step {last.step:,}: n from {least} to {most}"
        left_out = f"; {state.unmatched:,} prompts had no reference" if state.unmatched else ""
        sentence = (
            f"the policy has left the range that was audited, probably since step "
            f"{found.origin.step:,}: it beats {whom} in {percent(1 - found.mean)} of "
            f"comparisons since, as best-of-{equivalent_n(found.mean)} would{lately}{left_out}. "
            f"The audit supports best-of-{number(self.supported)}, and its reference cannot tell "
            f"it from best-of-{equivalent_n(self.allowed)}. Spend labels on current candidates: "
            "gold out here was never measured"
        )
        return Amber(name=self.name, step=found.fired, sentence=sentence)


def equivalent_n(loss: float) -> str:
    """The n at which best-of-n loses that share of comparisons, in text."""
    return number((1 - loss) / loss) if loss > 1e-6 else "more than a million"


def supported_best_of_n(card: Mapping[str, Any]) -> float:
    """Largest n that the audit behind a validity card supports; BadOption without best-of-n."""
    for entry in card["pressures"]:
        if entry["pressure"] == "best_of_n":
            return float(entry["supported_to"])
    raise BadOption(f"the card of {card['proxy']!r} has no best-of-n: audit it with that pressure")


def _finite(scores: Sequence[float] | FloatVector) -> FloatVector:
    values = np.asarray(scores, dtype=float)
    return np.asarray(values[np.isfinite(values)])


def _by_group(values: FloatVector, group: npt.NDArray[np.int64]) -> FloatVector:
    """Mean of each group that is there, in order of their numbers."""
    counts = np.bincount(group)
    present = counts > 0
    return np.asarray(np.bincount(group, weights=values)[present] / counts[present])
