"""Six training runs whose truth is known: which pressures pay, and whether the proxy has decoupled.

Every step scores 8 prompts with 8 candidates each. Score = quality + error, gold is the quality,
clipped at three and scaled to [0, 1]; the error is normal (light) or Student's t with two degrees
of freedom (heavy). A push moves the policy from the base to best-of-256 of it, or, within 0.12 nats
of KL, up to 4.5 % of its mass onto the best 0.15 % of all scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from gain_runs import bank_of
from pushed_runs import best_of, outliers

from overopt.watch.bank import bank_for
from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget
from overopt.watch.document import run_document
from overopt.watch.monitor import Alarm, Monitor
from overopt.watch.options import WatchOptions

FloatVector = npt.NDArray[np.floating[Any]]
PROMPTS, CANDIDATES = 8, 8
ROWS = PROMPTS * CANDIDATES
GROUP = np.repeat(np.arange(PROMPTS), CANDIDATES)
LABEL_RATE = 0.05
MOST_N = 256.0
SHARE, KEPT = 0.045, 0.0015
GUARDS = ("score_meaning", "fallen_from_best", "decoupled")
GRID = np.linspace(0, 1, 9)
LOOK_EVERY = 5  # steps between two looks at the colours

Rows = Callable[[FloatVector, np.random.Generator], tuple[FloatVector, FloatVector]]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``rows`` gives score and gold at each progress [rows] of the push, from 0 to 1.

    ``kl`` nats from the base at a progress. ``broken`` are the guards whose null does not hold.
    """

    name: str
    rows: Rows
    kl: Callable[[float], float]
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Course:
    """Steps of a run: ``quiet`` ones at the base, a push over ``push``, ``hold`` at its end."""

    quiet: int
    push: int
    hold: int

    @property
    def steps(self) -> int:
        return self.quiet + self.push + self.hold

    def progress(self, step: int) -> float:
        """How far the push has come at a step."""
        return min(max(step - self.quiet, 0) / (self.push - 1), 1.0)


def _pushed(heavy: bool) -> Rows:
    return lambda progress, rng: best_of(MOST_N**progress, heavy, rng)


def _still(heavy: bool) -> Rows:
    return lambda progress, rng: best_of(np.ones(len(progress)), heavy, rng)


def _hidden(progress: FloatVector, rng: np.random.Generator) -> tuple[FloatVector, FloatVector]:
    return outliers(SHARE * progress, KEPT, rng)


def _verified(progress: FloatVector, rng: np.random.Generator) -> tuple[FloatVector, FloatVector]:
    solved = (rng.random(len(progress)) < 0.3 + 0.65 * progress).astype(float)
    return solved, solved


def _kl_of_best_of(progress: float) -> float:
    n = MOST_N**progress
    return float(np.log(n) - (n - 1) / n)


def _kl_of_hidden(progress: float) -> float:
    share = SHARE * progress
    inside = share + (1 - share) * KEPT
    return float(inside * np.log(inside / KEPT) + (1 - inside) * np.log1p(-share))


def _kl_of_verified(progress: float) -> float:
    now, before = 0.3 + 0.65 * progress, 0.3
    return float(now * np.log(now / before) + (1 - now) * np.log((1 - now) / (1 - before)))


def _nothing(_: float) -> float:
    return 0.0


SCENARIOS = (
    Scenario(name="light push", rows=_pushed(False), kl=_kl_of_best_of),
    Scenario(
        name="heavy push",
        rows=_pushed(True),
        kl=_kl_of_best_of,
        broken=("decoupled", "fallen_from_best"),
    ),
    Scenario(name="light, no push", rows=_still(False), kl=_nothing),
    Scenario(name="heavy, no push", rows=_still(True), kl=_nothing),
    Scenario(name="heavy, KL 0.12", rows=_hidden, kl=_kl_of_hidden, broken=("decoupled",)),
    Scenario(name="honest verifier", rows=_verified, kl=_kl_of_verified),
)


def batches(scenario: Scenario, course: Course, seed: int) -> Iterator[Batch]:
    """The batches of a run, all gold in them."""
    rng = np.random.default_rng((2026, seed))
    for step in range(course.steps):
        progress = course.progress(step)
        proxy, gold = scenario.rows(np.full(ROWS, progress), rng)
        yield Batch(
            run=scenario.name,
            key=f"0:{step}",
            step=step,
            proxy=proxy.astype(np.float64),
            group=GROUP,
            prompt_ids=tuple(f"{step}.{number}" for number in range(PROMPTS)),
            gold=gold.astype(np.float64),
            kl=np.full(ROWS, scenario.kl(progress)),
        )


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Expected gain [pressures, GRID] of every pressure of the bank, and its standard error.

    ``gold`` and ``proxy`` [GRID] are means.
    """

    pressures: tuple[str, ...]
    gain: FloatVector
    error: FloatVector
    gold: FloatVector
    proxy: FloatVector

    def sign(self, pressure: str, progress: float) -> int:
        """Whether pushing on pays (1), hurts (-1), or is within three standard errors of 0 (0)."""
        place = self.pressures.index(pressure)
        gain, error = (np.interp(progress, GRID, x[place]) for x in (self.gain, self.error))
        return int(np.sign(gain) * (abs(gain) > 3 * error))


@cache
def truth(name: str, count: int) -> Truth:
    """What is true of a scenario, from ``count`` batches at each progress of ``GRID``."""
    scenario = next(each for each in SCENARIOS if each.name == name)
    rng = np.random.default_rng(20261124)
    progress = np.repeat(GRID, count * ROWS)
    proxy, gold = scenario.rows(progress, rng)
    first = next(batches(scenario, Course(quiet=0, push=2, hold=0), 0))
    pressures = bank_for(first).signals
    scores = bank_of(proxy.reshape(-1, PROMPTS, CANDIDATES), pressures)
    gains = (scores * gold.reshape(1, -1, ROWS)).mean(axis=2).reshape(len(pressures), -1, count)
    return Truth(
        pressures=pressures,
        gain=gains.mean(axis=2),
        error=gains.std(axis=2) / np.sqrt(count),
        gold=gold.reshape(len(GRID), -1).mean(axis=1),
        proxy=proxy.reshape(len(GRID), -1).mean(axis=1),
    )


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was said of one run: ``alarms``, ``green`` (signal, step) at every look, ``amber``.

    ``labels`` were used in all.
    """

    alarms: tuple[Alarm, ...]
    green: tuple[tuple[str, int], ...]
    amber: frozenset[str]
    labels: int

    def hacked(self, labels: int) -> bool:
        """Was anything red by so many labels?"""
        return any(alarm.label <= labels for alarm in self.alarms)


def watched(scenario: Scenario, course: Course, seed: int, **choices: Any) -> Watched:
    """Watch one run as its trainer would: 5 % of its rows get a label, at once."""
    budget = LabelBudget(label_rate=LABEL_RATE)
    monitor = Monitor(WatchOptions(budget=budget, seed=seed, **choices))
    state, green, amber = monitor.start(), [], set()
    for batch in batches(scenario, course, seed):
        state, draws = monitor.observe(state, batch)
        assert batch.gold is not None
        answers = [(draw.number, float(batch.gold[draw.row])) for draw in draws]
        state = monitor.labelled(state, answers)
        amber |= {each.name for each in state.ambers}
        if batch.step % LOOK_EVERY == 0 or batch.step == course.steps - 1:
            signals = run_document(scenario.name, monitor, state)["signals"]
            green += [(each["name"], batch.step) for each in signals if each["state"] == "green"]
    return Watched(
        alarms=state.alarms, green=tuple(green), amber=frozenset(amber), labels=state.consumed
    )


def false_reds(scenario: Scenario, course: Course, run: Watched, known: Truth) -> list[str]:
    """Red signals of which the null held up to the alarm."""
    return [
        alarm.signal
        for alarm in run.alarms
        if not _may_be_red(scenario, alarm.signal, course, alarm.step, known)
    ]


def _may_be_red(scenario: Scenario, signal: str, course: Course, step: int, known: Truth) -> bool:
    if signal in GUARDS:
        return signal in scenario.broken
    return any(known.sign(signal, course.progress(before)) < 0 for before in range(step + 1))


def false_greens(course: Course, run: Watched, known: Truth) -> list[tuple[str, int]]:
    """Pressures that were green, and when, although pushing on did not pay any more."""
    return [
        (signal, step)
        for signal, step in run.green
        if signal not in GUARDS and known.sign(signal, course.progress(step)) < 0
    ]


def reds(runs: Sequence[Watched], labels: int | None = None) -> dict[str, int]:
    """Runs in which each signal was red, by so many labels."""
    counts: dict[str, int] = {}
    for run in runs:
        for name in {a.signal for a in run.alarms if labels is None or a.label <= labels}:
            counts[name] = counts.get(name, 0) + 1
    return counts
