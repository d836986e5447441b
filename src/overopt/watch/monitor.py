"""A monitor: the pure fold of batches and labels through every detector of a run.

A batch updates the amber detectors and is drawn from: the rows that get a gold label are chosen
with recorded chances before any label is known. Labels are consumed in the order of the draws, for
arrival order is not innocent: a slow label may be a bad one. After each consumed label the family
of red signals is judged once. The same batches and labels give the same state, bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Any, Literal, final

from overopt.errors import BadOption, BadSamples
from overopt.watch.bank import Bank, bank_for
from overopt.watch.batch import Batch
from overopt.watch.chances import label_draws
from overopt.watch.detectors.detector import GoldDetector, ProxyDetector, Reading
from overopt.watch.draw import Draw, LabelledDraw
from overopt.watch.family import family_verdict
from overopt.watch.options import WatchOptions, gold_detectors, proxy_detectors
from overopt.watch.saved_state import from_plain, read_state, state_text

__all__ = ["Alarm", "Monitor", "RunState"]

STEP_EVERY = 50  # consumed draws between two remembered steps


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A signal that fired, once and for all.

    ``step`` is the one that fired it (for red: the step of the label that did), ``label`` the
    number of labels used until then. A red signal probably ``began`` at an earlier step.
    """

    name: str
    tier: Literal["red", "amber"]
    step: int
    label: int
    began: int
    sentence: str


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """Everything that a run's past means for its future.

    ``signals`` and ``components`` are fixed by the first batch. The first ``used`` draws have been
    consumed, ``refused`` of them without gold; ``waiting`` are those after, in order. ``gold`` and
    ``proxies`` hold the detectors' states, ``label_steps`` the step of every 50th consumed draw.
    """

    batches: int = 0
    rows: int = 0
    step: int = 0
    signals: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    used: int = 0
    refused: int = 0
    waiting: tuple[Draw, ...] = ()
    gold: tuple[Any, ...] = ()
    proxies: tuple[Any, ...] = ()
    label_steps: tuple[int, ...] = ()
    alarms: tuple[Alarm, ...] = ()

    @property
    def fired(self) -> frozenset[str]:
        """Names of the signals that have fired."""
        return frozenset(alarm.name for alarm in self.alarms)


@final
class Monitor:
    """Detectors and options of a run; the run itself is a ``RunState`` that the caller keeps."""

    def __init__(self, options: WatchOptions | None = None) -> None:
        self.options = options or WatchOptions()
        self._by_signals: dict[tuple[str, ...], tuple[GoldDetector[Any], ...]] = {}
        self._by_components: dict[tuple[str, ...], tuple[ProxyDetector[Any], ...]] = {}

    def start(self) -> RunState:
        """State before the first batch."""
        return RunState()

    def observe(self, state: RunState, batch: Batch) -> tuple[RunState, tuple[Draw, ...]]:
        """State after a batch, and the rows of it that need a gold label, numbered on."""
        state = self.folded(state, batch)
        draws = label_draws(
            batch,
            Bank(signals=state.signals),
            expected=self.options.budget.expected(int(batch.finite.sum())),
            first_number=state.used + len(state.waiting),
            seed=self.options.seed,
        )
        return self.asked(state, draws), draws

    def folded(self, state: RunState, batch: Batch) -> RunState:
        """State after a batch from which nothing is drawn here."""
        if not state.batches:
            state = self._begun(state, batch)
        detectors = self._proxy_detectors(state.components)
        folded = zip(detectors, state.proxies, strict=True)
        proxies = tuple(detector.update(each, batch) for detector, each in folded)
        state = replace(
            state,
            batches=state.batches + 1,
            rows=state.rows + batch.rows,
            step=max(state.step, batch.step) if state.batches else batch.step,
            proxies=proxies,
        )
        signals = (each.fired(now) for each, now in zip(detectors, proxies, strict=True))
        fresh = [each for each in signals if each is not None and each.name not in state.fired]
        ambers = [
            Alarm(
                name=each.name,
                tier="amber",
                step=each.step,
                label=state.used,
                began=each.step,
                sentence=each.sentence,
            )
            for each in fresh
        ]
        return replace(state, alarms=(*state.alarms, *ambers)) if ambers else state

    def asked(self, state: RunState, draws: Sequence[Draw]) -> RunState:
        """State after draws whose labels will come."""
        return replace(state, waiting=(*state.waiting, *draws))

    def label(self, state: RunState, number: int, gold: float | None) -> RunState:
        """State after the gold of draw ``number``, in its own units, None for a final refusal.

        Raises BadOption when it is not the turn of this draw: labels are consumed in draw order.
        """
        if number != state.used or not state.waiting:
            raise BadOption(
                f"label of draw {number}, but the next to be consumed is draw {state.used} of "
                f"{state.used + len(state.waiting)}: hand labels over in the order of the draws"
            )
        label = LabelledDraw(draw=state.waiting[0], gold=self._scaled(gold))
        detectors = self._gold_detectors(state.signals)
        folded = zip(detectors, state.gold, strict=True)
        remembered = () if number % STEP_EVERY else (label.draw.step,)
        state = replace(
            state,
            gold=tuple(detector.update(each, label) for detector, each in folded),
            used=state.used + 1,
            refused=state.refused + (label.gold is None),
            waiting=state.waiting[1:],
            label_steps=(*state.label_steps, *remembered),
        )
        return self._judged(state, label)

    def readings(self, state: RunState) -> tuple[Reading, ...]:
        """What each red detector says, in the order of its states."""
        detectors = self._gold_detectors(state.signals)
        return tuple(each.reading(now) for each, now in zip(detectors, state.gold, strict=True))

    def alarms(self, state: RunState) -> tuple[Alarm, ...]:
        """Everything that has fired so far, in the order in which it did."""
        return state.alarms

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
            proxies=_revived(self._proxy_detectors(state.components), state.proxies),
        )

    def _begun(self, state: RunState, batch: Batch) -> RunState:
        """State with detectors that suit the run's first batch."""
        signals = bank_for(batch, self.options.signals).signals
        components = tuple(sorted(batch.components))
        gold = tuple(each.start() for each in self._gold_detectors(signals))
        proxies = tuple(each.start() for each in self._proxy_detectors(components))
        return replace(state, signals=signals, components=components, gold=gold, proxies=proxies)

    def _judged(self, state: RunState, label: LabelledDraw) -> RunState:
        """State with the alarms that the evidence at this label raises."""
        readings = self.readings(state)
        guilty = family_verdict(readings, self.options.false_alarm).guilty
        alarms = [
            self._alarm(state, label.draw.step, each)
            for each in readings
            if each.name in guilty and each.name not in state.fired
        ]
        return replace(state, alarms=(*state.alarms, *alarms)) if alarms else state

    def _alarm(self, state: RunState, step: int, reading: Reading) -> Alarm:
        began = state.label_steps[(reading.began or 0) // STEP_EVERY]
        return Alarm(
            name=reading.name,
            tier="red",
            step=step,
            label=state.used,
            began=began,
            sentence=self.options.red_sentence(reading.name),
        )

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
