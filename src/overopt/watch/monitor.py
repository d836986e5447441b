"""A monitor: the pure fold of batches and labels through every detector of a run.

A batch updates the amber detectors and is drawn from: the rows that get a gold label are chosen
with recorded chances before any label is known. Labels come in when they come in, and are consumed
in the order of the draws, for arrival order is not innocent: a slow label may be a bad one. After
each consumed label the family of red signals is judged once. The same batches and labels give the
same state, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Any, final

from overopt.errors import BadOption, BadSamples
from overopt.watch.bank import Bank, bank_for
from overopt.watch.batch import Batch
from overopt.watch.chances import label_draws
from overopt.watch.detectors.detector import Amber, GoldDetector, ProxyDetector, Reading
from overopt.watch.draw import Draw, LabelledDraw
from overopt.watch.family import RUN_LENGTH, family_verdict
from overopt.watch.options import (
    WatchOptions,
    early_detectors,
    gold_detectors,
    proxy_detectors,
)
from overopt.watch.questions import red_meaning
from overopt.watch.reference import EVIDENCE_PART
from overopt.watch.saved_state import from_plain, read_state, state_text

__all__ = ["STEP_EVERY", "Alarm", "Arrival", "Monitor", "RunState"]

WINDOW = 1024  # draws that may wait for a slow label before the oldest is given up
SAT_DOWN = 1 << 32  # added to the seed for draws that people ask for
EARLY = "early_gain"  # the amber signal that rests on labels
BURST_FACTOR = 10  # times as many labels of a batch while a burst lasts
STEP_EVERY = 50  # consumed draws between two remembered steps


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A red signal, once and for all.

    ``step`` is that of the label which raised it, ``label`` the number of labels used until then;
    what it tells of probably ``began`` at an earlier step.
    """

    signal: str
    step: int
    label: int
    began: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A label that has come back, in [0, 1], None when refused; it waits for those before it."""

    number: int
    gold: float | None


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """Everything that a run's past means for its future.

    ``signals`` and ``components`` are fixed by the first batch. ``drawn`` draws were made, the
    first ``consumed`` of them folded; ``waiting`` are the others and ``arrived`` their labels so
    far, both in order. ``refused`` labels and ``overdue`` ones (given up) were folded as whatever
    speaks least for an alarm. ``gold`` and ``proxies`` hold the detectors' states, ``label_steps``
    the step of every 50th consumed draw. ``early`` are the states behind the early warning,
    ``burst`` the labels still to be drawn at a higher rate because an amber signal has fired.
    """

    batches: int = 0
    rows: int = 0
    step: int = 0
    signals: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    drawn: int = 0
    consumed: int = 0
    refused: int = 0
    overdue: int = 0
    waiting: tuple[Draw, ...] = ()
    arrived: tuple[Arrival, ...] = ()
    gold: tuple[Any, ...] = ()
    proxies: tuple[Any, ...] = ()
    label_steps: tuple[int, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    ambers: tuple[Amber, ...] = ()
    early: tuple[Any, ...] = ()
    burst: int = 0

    @property
    def red(self) -> frozenset[str]:
        """Names of the signals that have alarmed."""
        return frozenset(alarm.signal for alarm in self.alarms)

    def step_of(self, draw: int) -> int:
        """Step of a consumed draw, or of one up to 49 before it."""
        return self.label_steps[draw // STEP_EVERY]


@final
class Monitor:
    """Detectors and options of a run; the run itself is a ``RunState`` that the caller keeps."""

    def __init__(self, options: WatchOptions | None = None, *, window: int = WINDOW) -> None:
        self.options, self.window = options or WatchOptions(), window
        self._by_signals: dict[tuple[str, ...], tuple[GoldDetector[Any], ...]] = {}
        self._early: dict[tuple[str, ...], tuple[GoldDetector[Any], ...]] = {}
        self._by_components: dict[tuple[str, ...], tuple[ProxyDetector[Any], ...]] = {}

    def start(self) -> RunState:
        """State before the first batch."""
        return RunState()

    def observe(self, state: RunState, batch: Batch) -> tuple[RunState, tuple[Draw, ...]]:
        """State after a batch, and the rows of it that need a gold label, numbered on."""
        state = self.folded(state, batch)
        expected = self.options.budget.expected(int(batch.finite.sum()))
        draws = label_draws(
            batch,
            Bank(signals=state.signals),
            expected=BURST_FACTOR * expected if state.burst else expected,
            first_number=state.drawn,
            seed=self.options.seed,
        )
        state = replace(state, burst=max(0, state.burst - len(draws)))
        return self.asked(state, draws), draws

    def folded(self, state: RunState, batch: Batch) -> RunState:
        """State after a batch from which nothing is drawn here."""
        if not state.batches:
            state = self._begun(state, batch)
        detectors = self._proxy_detectors(state.components)
        folded = zip(detectors, state.proxies, strict=True)
        proxies = tuple(detector.update(each, batch) for detector, each in folded)
        fired = [each.fired(now) for each, now in zip(detectors, proxies, strict=True)]
        before = {amber.name for amber in state.ambers}
        early = [amber for amber in state.ambers if amber.name == EARLY]
        ambers = (*early, *(each for each in fired if each is not None))
        fresh = any(amber.name not in before for amber in ambers)
        return replace(
            state,
            batches=state.batches + 1,
            rows=state.rows + batch.rows,
            step=max(state.step, batch.step) if state.batches else batch.step,
            proxies=proxies,
            ambers=ambers,
            burst=self.options.burst if fresh else state.burst,
        )

    def sat_down(
        self, state: RunState, batches: Sequence[Batch], rows: int
    ) -> tuple[RunState, tuple[Draw, ...]]:
        """State after about ``rows`` rows of past batches were drawn for people, and the draws.

        A batch must be given once only: its draws are the same whenever they are made. They are
        not those of ``observe``, which rest on another seed.
        """
        sizes = [int(batch.finite.sum()) for batch in batches]
        draws: list[Draw] = []
        for batch, size in zip(batches, sizes, strict=True):
            if size:
                draws += label_draws(
                    batch,
                    Bank(signals=state.signals),
                    expected=rows * size / sum(sizes),
                    first_number=state.drawn + len(draws),
                    seed=self.options.seed + SAT_DOWN,
                )
        return self.asked(state, draws), tuple(draws)

    def asked(self, state: RunState, draws: Sequence[Draw]) -> RunState:
        """State after draws whose labels will come, numbered from ``state.drawn`` on."""
        waiting = (*state.waiting, *draws)
        return self._settled(replace(state, drawn=state.drawn + len(draws), waiting=waiting))

    def labelled(self, state: RunState, labels: Iterable[tuple[int, float | None]]) -> RunState:
        """State after labels (draw number, gold in its own units or None when refused), any order.

        The first answer to a draw counts; one that comes after it was given up changes nothing.
        """
        arrived = {each.number: each for each in state.arrived}
        for number, gold in labels:
            if not 0 <= number < state.drawn:
                raise BadOption(f"label of draw {number}, but only {state.drawn} draws were made")
            if number >= state.consumed and number not in arrived:
                arrived[number] = Arrival(number=number, gold=self._scaled(gold))
        ordered = tuple(arrived[number] for number in sorted(arrived))
        return self._settled(replace(state, arrived=ordered))

    def readings(self, state: RunState) -> tuple[Reading, ...]:
        """What each red detector says, in the order of its states; none before the first batch."""
        if not state.batches:
            return ()
        detectors = self._gold_detectors(state.signals)
        return tuple(each.reading(now) for each, now in zip(detectors, state.gold, strict=True))

    def document(self, run: str, state: RunState) -> dict[str, Any]:
        """What the state says, as plain data: ``overopt.watch/1`` with this run alone."""
        # The document is written about monitors and imports this file.
        from overopt.watch.document import run_document, watch_document

        return watch_document([run_document(run, self, state)], self.options)

    def text(self, state: RunState) -> str:
        """The state as one line of JSON, floats exact."""
        return state_text(state)

    def read(self, text: str) -> RunState:
        """The state that ``text`` wrote; BadSamples when other detectors wrote it."""
        state = read_state(RunState, text)
        if not state.batches:
            return state
        return replace(
            state,
            gold=_revived(self._gold_detectors(state.signals), state.gold),
            early=_revived(self._early_detectors(state.signals), state.early),
            proxies=_revived(self._proxy_detectors(state.components), state.proxies),
        )

    def _begun(self, state: RunState, batch: Batch) -> RunState:
        """State with detectors that suit the run's first batch."""
        signals = bank_for(batch, self.options.signals).signals
        components = tuple(sorted(batch.components))
        gold = tuple(each.start() for each in self._gold_detectors(signals))
        return replace(
            state,
            signals=signals,
            components=components,
            gold=gold,
            early=tuple(each.start() for each in self._early_detectors(signals)),
            proxies=tuple(each.start() for each in self._proxy_detectors(components)),
        )

    def _settled(self, state: RunState) -> RunState:
        """State after all draws are consumed whose turn has come."""
        waiting, arrived = state.waiting, {each.number: each for each in state.arrived}
        place = 0
        while place < len(waiting):
            draw, overdue = waiting[place], len(waiting) - place > self.window
            if draw.number not in arrived and not overdue:
                break
            answer = arrived.pop(draw.number, None)
            if answer is None:
                state = replace(state, overdue=state.overdue + 1)
            gold = None if answer is None else answer.gold
            state = self._consumed(state, LabelledDraw(draw=draw, gold=gold))
            place += 1
        return replace(state, waiting=waiting[place:], arrived=tuple(arrived.values()))

    def _consumed(self, state: RunState, label: LabelledDraw) -> RunState:
        """State after one more labelled draw, and the alarms that it raises."""
        detectors = self._gold_detectors(state.signals)
        folded = zip(detectors, state.gold, strict=True)
        remembered = () if state.consumed % STEP_EVERY else (label.draw.step,)
        state = replace(
            state,
            gold=tuple(detector.update(each, label) for detector, each in folded),
            consumed=state.consumed + 1,
            refused=state.refused + (label.gold is None),
            label_steps=(*state.label_steps, *remembered),
        )
        readings = self.readings(state)
        guilty = family_verdict(readings, EVIDENCE_PART * self.options.false_alarm).guilty
        alarms = [
            Alarm(
                signal=each.name,
                step=label.draw.step,
                label=state.consumed,
                began=state.step_of(each.began or 0),
            )
            for each in readings
            if each.name in guilty and each.name not in state.red
        ]
        state = replace(state, alarms=(*state.alarms, *alarms)) if alarms else state
        return self._warned(state, label)

    def _warned(self, state: RunState, label: LabelledDraw) -> RunState:
        """State after the label for those who want to know early and bear false alarms."""
        if any(amber.name == EARLY for amber in state.ambers):
            return state
        detectors = self._early_detectors(state.signals)
        folded = zip(detectors, state.early, strict=True)
        early = tuple(detector.update(each, label) for detector, each in folded)
        state = replace(state, early=early)
        readings = [each.reading(now) for each, now in zip(detectors, early, strict=True)]
        verdict = family_verdict(readings, 1 / RUN_LENGTH)
        if not verdict.red:
            return state
        amber = Amber(
            name=EARLY,
            step=label.draw.step,
            sentence=(
                f"labels hint that {red_meaning(verdict.guilty[0])}; such a hint comes about once "
                f"in {RUN_LENGTH:,} labels when nothing is wrong. Spend labels here"
            ),
        )
        return replace(state, ambers=(*state.ambers, amber), burst=self.options.burst)

    def _scaled(self, gold: float | None) -> float | None:
        """Gold in [0, 1], clipped at the stated range; what is no number counts as refused."""
        if gold is None or isnan(gold):
            return None
        low, high = self.options.gold_range
        return min(max((gold - low) / (high - low), 0.0), 1.0)

    def _gold_detectors(self, signals: tuple[str, ...]) -> tuple[GoldDetector[Any], ...]:
        if signals not in self._by_signals:
            self._by_signals[signals] = gold_detectors(self.options, signals)
        return self._by_signals[signals]

    def _early_detectors(self, signals: tuple[str, ...]) -> tuple[GoldDetector[Any], ...]:
        if signals not in self._early:
            self._early[signals] = early_detectors(signals)
        return self._early[signals]

    def _proxy_detectors(self, components: tuple[str, ...]) -> tuple[ProxyDetector[Any], ...]:
        if components not in self._by_components:
            self._by_components[components] = proxy_detectors(self.options, components)
        return self._by_components[components]


def _revived(detectors: Sequence[Any], plain: Sequence[Any]) -> tuple[Any, ...]:
    """States of detectors from their plain form."""
    try:
        pairs = zip(detectors, plain, strict=True)
        return tuple(from_plain(type(each.start()), state) for each, state in pairs)
    except (TypeError, ValueError) as error:
        raise BadSamples(
            f"a saved run cannot go on with these detectors ({error}): use the options and the "
            "version that it was started with, or start it anew"
        ) from None
