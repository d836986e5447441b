"""What could a study of this size decide, before anything is generated?

Simulates studies of the planned size in a few worlds that agree with one guess (``scenarios``),
through the estimator and the decision rule that audit real tables (``simulation``), and changes one
thing at a time (``variants``). No formula stands between the plan and the audit, so what is
promised is what the audit will report, as far as the guess is right. It cannot know whether it is:
the worlds are normal within prompts, prompts differ by a constant, and labels come back as planned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from overopt.errors import BadOption
from overopt.labels.study.advice import Advice, advice
from overopt.labels.study.guess import Guess
from overopt.labels.study.scenarios import Scenario, scenarios
from overopt.labels.study.simulation import (
    ROUNDING,
    Decided,
    HalfWidths,
    Study,
    decided,
    half_widths,
)
from overopt.labels.study.variants import (
    CURVES,
    Question,
    Variant,
    label_ladder,
    question,
    variants,
)

__all__ = ["StudyPlan", "study_plan"]

SCHEMA = "overopt.plan/1"
FEWEST_STUDIES = 20
VARIANTS = 0.4  # of the studies: what a change brings need not be known as well
PART = {"half_widths": 0.05, "decisions": 0.5, "variants": 0.45}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StudyPlan:
    """A planned study: how narrow, how often decided, and what a change would bring.

    ``widths`` are half-widths by design of labels (tail, uniform, all); ``ended`` how simulated
    studies ended, one for each of ``worlds``; ``asked`` is what ``variants`` answer.
    """

    study: Study
    guess: Guess
    level: float
    studies: int
    seed: int
    widths: dict[str, HalfWidths]
    worlds: tuple[Scenario, ...]
    ended: tuple[Decided, ...]
    asked: Question
    variants: tuple[Variant, ...]
    advice: Advice

    def to_dict(self) -> dict[str, Any]:
        """Plain data, schema ``overopt.plan/1``; lengths in units of gold, undefined is None."""
        return {
            "schema": SCHEMA,
            "prompts": self.study.prompts,
            "candidates": self.study.candidates,
            "labels": self.study.labels,
            "level": self.level,
            "studies": self.studies,
            "seed": self.seed,
            "monte_carlo_error": 0.5 / math.sqrt(self.studies),
            "guess": {
                "correlation": self.guess.correlation,
                "gold_kind": self.guess.gold_kind,
                "base_rate": self.guess.mean if self.guess.binary else None,
                "spread": self.guess.sd_within,
                "between": self.guess.sd_between,
                "unit": self.guess.unit,
            },
            "recommendation": self.advice.sentence,
            "half_widths": self._half_widths(),
            "scenarios": [
                self._scenario(*one) for one in zip(self.worlds, self.ended, strict=True)
            ],
            "question": {"scenario": self.asked.scenario.name, "decision": self.asked.decision},
            "variants": [_variant(one) for one in self.variants],
            "enough_labels": self.advice.enough_labels,
            "enough_candidates": self.advice.enough_candidates,
            "change_first": self.advice.change_first,
        }

    def _half_widths(self) -> dict[str, Any]:
        columns = {
            f"{what}_{design}": _defined(getattr(found, what))
            for what in ("gold", "gain")
            for design, found in self.widths.items()
        }
        return {"n": self.widths["tail"].strength.astype(int).tolist(), **columns}

    def _scenario(self, world: Scenario, ended: Decided) -> dict[str, Any]:
        gain = world.truth(np.arange(1.0, self.study.candidates + 1))
        gain = np.where(np.abs(gain - gain[0]) > ROUNDING * world.spread, gain - gain[0], 0.0)
        best = int(np.argmax(gain))
        return {
            "name": world.name,
            "title": world.title,
            "slope_beyond": world.beyond,
            "best": best + 1,
            "best_gain": float(gain[best]),
            "end_gain": float(gain[-1]),
            "decisions": {name: count / ended.studies for name, count in ended.counts.items()},
            "wrong": ended.wrong / ended.studies,
            "regret": ended.regret,
        }


def study_plan(
    study: Study,
    guess: Guess | None = None,
    *,
    level: float = 0.95,
    studies: int = 200,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> StudyPlan:
    """What ``study`` could decide if ``guess`` is right, from ``studies`` simulations a world.

    Variants are judged on 40 % as many. The same seed gives the same plan. Raises BadOption for a
    level outside (0, 1), fewer than 20 studies or a negative seed.
    """
    _check(level, studies, seed)
    known = guess or Guess()
    tell = progress or (lambda stage, share: None)
    worlds = scenarios(known)
    asked = question(worlds, study.candidates)
    tell("half-widths", 0.0)
    precise: dict[str, Any] = {"level": level, "studies": min(studies, CURVES), "seed": seed}
    widths = _widths_by_design(study, asked, **precise)
    ladder = label_ladder(study, asked.scenario, **precise)
    ended = {}
    for done, world in enumerate(worlds):
        tell("decisions", PART["half_widths"] + PART["decisions"] * done / len(worlds))
        ended[world.name] = decided(study, world, level=level, studies=studies, seed=seed)
    changed = variants(
        study,
        asked,
        ended[asked.scenario.name],
        level=level,
        studies=max(round(VARIANTS * studies), FEWEST_STUDIES),
        seed=seed,
        progress=lambda share: tell("variants", 1 - PART["variants"] * (1 - share)),
    )
    return StudyPlan(
        study=study,
        guess=known,
        level=level,
        studies=studies,
        seed=seed,
        widths=widths,
        worlds=worlds,
        ended=tuple(ended.values()),
        asked=asked,
        variants=changed,
        advice=advice(changed, asked, ladder),
    )


def _widths_by_design(
    study: Study, asked: Question, *, level: float, studies: int, seed: int
) -> dict[str, HalfWidths]:
    designs = {
        "tail": study,
        "uniform": replace(study, uniform_share=1.0),
        "all": replace(study, labels=study.rows),
    }
    return {
        name: half_widths(design, asked.scenario, level=level, studies=studies, seed=seed)
        for name, design in designs.items()
    }


def _check(level: float, studies: int, seed: int) -> None:
    if not 0 < level < 1:
        raise BadOption(f"--level {level:g}: give a number between 0 and 1, such as 0.95")
    if studies < FEWEST_STUDIES:
        raise BadOption(
            f"--studies {studies}: give at least {FEWEST_STUDIES}, or shares are mere noise"
        )
    if seed < 0:
        raise BadOption(f"--seed {seed}: give a whole number, 0 or more")


def _defined(values: Any) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _variant(one: Variant) -> dict[str, Any]:
    return {
        "changed": one.changed,
        "prompts": one.study.prompts,
        "candidates": one.study.candidates,
        "labels": one.study.labels,
        "half_width": one.half_width if math.isfinite(one.half_width) else None,
        "answers": one.answers,
        "studies": one.studies,
        "monte_carlo_error": one.error,
    }
