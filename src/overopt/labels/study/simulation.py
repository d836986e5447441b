"""Studies that might have been: simulated tables through the estimator that audits real ones.

A study draws a table from a scenario, labels it by a recorded design, and is evaluated as an audit
would: label_probabilities, gold_curve, operating_point. So half-widths and decisions hold all that
the estimator does, the guards of few labels and of bounded gold included. Every call starts the
same random stream, so that designs are compared on the same draws where their shapes agree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.estimation import gold_curve
from overopt.curves.objective import within_spread
from overopt.curves.operating_point import DECISIONS, Tolerance, operating_point
from overopt.errors import BadOption
from overopt.labels.design import UNIFORM_SHARE, label_probabilities
from overopt.labels.study.scenarios import Scenario
from overopt.pressure import BestOfN
from overopt.samples import Samples

__all__ = ["Decided", "HalfWidths", "Study", "claim_holds", "decided", "doublings", "half_widths"]

FloatArray = npt.NDArray[np.floating[Any]]
FEWEST_PROMPTS, FEWEST_CANDIDATES, FEWEST_LABELS = 3, 2, 2
MOST_CANDIDATES, MOST_ROWS = 1024, 500_000
PROXY = "proxy"
ROUNDING = 1e-9  # of gold: a smaller true gain is none


@final
@dataclass(frozen=True, kw_only=True)
class Study:
    """``prompts`` of ``candidates`` each, an expected number of ``labels`` on them.

    ``uniform_share`` of the labels is spread evenly, the rest where best-of-n needs them; 1 is a
    uniform draw. As many labels as rows means that every row is labelled. Raises BadOption for a
    study that cannot be run or cannot tell anything.
    """

    prompts: int
    candidates: int
    labels: int
    uniform_share: float = UNIFORM_SHARE

    def __post_init__(self) -> None:
        if self.prompts < FEWEST_PROMPTS:
            raise BadOption(
                f"--prompts {self.prompts}: so few cannot tell what holds for others; give at "
                f"least {FEWEST_PROMPTS}"
            )
        if self.candidates < FEWEST_CANDIDATES:
            raise BadOption(
                f"--candidates {self.candidates}: with one candidate there is nothing to choose "
                f"from; give at least {FEWEST_CANDIDATES}"
            )
        if self.candidates > MOST_CANDIDATES:
            raise BadOption(
                f"--candidates {self.candidates:,}: more than is simulated; give at most "
                f"{MOST_CANDIDATES:,}"
            )
        if not FEWEST_LABELS <= self.labels <= self.rows:
            raise BadOption(
                f"--labels {self.labels}: {self.prompts} prompts of {self.candidates} candidates "
                f"can carry {FEWEST_LABELS} to {self.rows}"
            )
        if self.rows > MOST_ROWS:
            raise BadOption(
                f"--prompts {self.prompts} of {self.candidates} candidates are {self.rows:,} rows: "
                f"give at most {MOST_ROWS:,}; half-widths shrink with the root of prompts"
            )

    @property
    def rows(self) -> int:
        """Candidates in all."""
        return self.prompts * self.candidates

    def samples(self, scenario: Scenario, rng: np.random.Generator) -> Samples:
        """One table of this study, gold on the rows that were drawn for labelling."""
        proxies = rng.standard_normal((self.prompts, self.candidates))
        gold = scenario.gold(rng, proxies).ravel()
        prompt = np.repeat(np.arange(self.prompts), self.candidates)
        drawn = rng.random(self.rows)

        def table(labelled: FloatArray, chance: FloatArray | None) -> Samples:
            return Samples(
                prompt=prompt,
                group=prompt,
                proxies={PROXY: proxies.ravel()},
                prompt_ids=np.arange(self.prompts),
                row=np.arange(self.rows),
                gold=labelled,
                label_prob=chance,
                origin="a simulated study",
            )

        every = table(gold, None)
        if self.labels == self.rows:
            return every
        chance = label_probabilities(
            every, PROXY, BestOfN(), doublings(self.candidates), self.labels, self.uniform_share
        )
        return table(np.where(drawn < chance, gold, np.nan), chance)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class HalfWidths:
    """Mean half-widths at ``strength`` [S]: of ``gold``, and of its ``gain`` over no pressure [S].

    In units of gold; infinite where a study may end without any label.
    """

    strength: FloatArray
    gold: FloatArray
    gain: FloatArray

    @property
    def typical(self) -> float:
        """Mean half-width of the gain over all strengths that select."""
        return float(self.gain[1:].mean())


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """How ``studies`` ended: a count for each decision, and how many were ``wrong``.

    A decision is wrong when something it claims is untrue of the scenario. ``right`` counts the
    true ones but undecided, by decision; ``regret`` is the mean of best gold less gold at the
    strength that was recommended, in units of gold.
    """

    studies: int
    counts: Mapping[str, int]
    right: Mapping[str, int]
    wrong: int
    regret: float


def doublings(candidates: int) -> FloatArray:
    """1, 2, 4, ... and the number of candidates itself: what label plans for best-of-n aim at."""
    powers = 2.0 ** np.arange(int(math.log2(candidates)) + 1)
    return np.unique(np.append(powers, float(candidates)))


def half_widths(
    study: Study, scenario: Scenario, *, level: float, studies: int, seed: int
) -> HalfWidths:
    """Mean half-widths over simulated studies, at 1, 2, 4, ... candidates."""
    rng = np.random.default_rng(seed)
    grid = doublings(study.candidates)
    total = np.zeros((2, len(grid)))
    for _ in range(studies):
        samples = study.samples(scenario, rng)
        total += _widths(samples, grid, level)
    gold, gain = total / studies
    return HalfWidths(strength=grid, gold=gold, gain=gain)


def _widths(samples: Samples, grid: FloatArray, level: float) -> FloatArray:
    """Half-widths [2, S] of gold and gain in one study."""
    if not samples.labelled:
        return np.full((2, len(grid)), np.inf)
    curve = gold_curve(samples, PROXY, BestOfN(), strengths=grid, level=level)
    lower, upper = curve.interval()
    _, gain_lower, gain_upper = curve.gain()
    return np.stack([upper - lower, gain_upper - gain_lower]) / 2


def decided(study: Study, scenario: Scenario, *, level: float, studies: int, seed: int) -> Decided:
    """Decisions of simulated studies, judged by the scenario's exact truth."""
    rng = np.random.default_rng(seed)
    truth = scenario.truth(np.arange(1.0, study.candidates + 1))
    counts, right, wrong, regret = Counter[str](), Counter[str](), 0, 0.0
    for _ in range(studies):
        samples = study.samples(scenario, rng)
        decision, n = _decision(samples, level)
        counts[decision] += 1
        regret += float(truth.max() - truth[n - 1])
        if decision != "undecided":
            holds = claim_holds(decision, n, truth, scenario.spread)
            right[decision] += holds
            wrong += not holds
    return Decided(
        studies=studies,
        counts={decision: counts[decision] for decision in DECISIONS},
        right=dict(right),
        wrong=wrong,
        regret=regret / max(studies, 1),
    )


def _decision(samples: Samples, level: float) -> tuple[str, int]:
    """What an audit of the table decides for best-of-n, and its n."""
    if not samples.labelled:
        return "undecided", 1
    curve = gold_curve(samples, PROXY, BestOfN(), level=level)
    point = operating_point(curve, within_spread(samples))
    return point.decision, int(point.strength)


def claim_holds(decision: str, n: int, truth: FloatArray, spread: float) -> bool:
    """Whether all that a decision to serve the best of ``n`` claims is true.

    ``truth`` [candidates] is gold of the best of 1, 2, ...; ``spread`` the within-prompt sd of
    gold. push: n helps, and less is left at the end. no_peak: the end helps, and so does the last
    doubling. saturated: n helps, and up to the end gold stays within the tolerance. do_not_push: no
    n helps, and some harms. A difference that rounding may make is none.
    """
    gain = np.where(np.abs(truth - truth[0]) > ROUNDING * spread, truth - truth[0], 0.0)
    rest = gain[-1] - gain[n - 1]
    if decision == "do_not_push":
        return bool(gain.max() <= 0 and gain.min() < 0)
    if decision == "push":
        return bool(gain[n - 1] > 0 and rest < 0)
    if decision == "no_peak":
        return bool(gain[-1] > 0 and gain[-1] > gain[max(len(gain) // 2, 1) - 1])
    allowed = max(Tolerance().spread * spread, Tolerance().gain * gain[n - 1])
    return bool(gain[n - 1] > 0 and abs(rest) <= allowed)
