"""What a run is watched for: options, and the detectors that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from overopt.errors import BadOption
from overopt.stats.e_process import Betting
from overopt.watch.bank import DEFAULT_SIGNALS, Bank
from overopt.watch.block import BlockOptions
from overopt.watch.chances import LabelBudget
from overopt.watch.detectors.audited_range import AuditedRange, PooledScores, supported_best_of_n
from overopt.watch.detectors.component_share import ComponentShare
from overopt.watch.detectors.decoupled import Decoupled
from overopt.watch.detectors.detector import GoldDetector, ProxyDetector
from overopt.watch.detectors.fallen_from_best import FallenFromBest
from overopt.watch.detectors.gain import Gain
from overopt.watch.detectors.kl_budget import KLBudget
from overopt.watch.detectors.non_finite import NonFinite
from overopt.watch.detectors.score_meaning import ScoreMeaning
from overopt.watch.detectors.tail_shape import TailShape
from overopt.watch.family import AVERAGE_RUN
from overopt.watch.reference import REFERENCE_PART, card_reference

__all__ = [
    "WatchOptions",
    "early_detectors",
    "gold_detectors",
    "proxy_detectors",
    "why_no_audited_range",
]

GAIN_BLOCK, GUARD_BLOCK = 300, 200  # labels in the block that green rests on


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class WatchOptions:
    """Options of a run, fixed from its first batch to its last.

    ``signals`` the pressures whose gain is watched; ``budget`` how many labels are drawn;
    ``gold_range`` the least and the largest gold there can be, at which gold is clipped;
    ``gold_source`` whose judgement it is, for sentences; ``false_alarm`` the chance that any red
    signal of the run is false; ``level`` that of intervals; ``card`` a validity card, against which
    scores and pressure are held (none: the run's own beginning); ``kl_budget`` in nats, where KL is
    logged; ``realised``: red of a gain speaks of the gains that were, and supposes nothing of those
    to come, for a longer delay; ``burst`` labels drawn at ten times the rate after an amber signal;
    ``seed`` of the draws.
    """

    signals: tuple[str, ...] = DEFAULT_SIGNALS
    budget: LabelBudget = field(default_factory=LabelBudget)
    gold_range: tuple[float, float] = (0.0, 1.0)
    gold_source: str | None = None
    false_alarm: float = 0.01
    level: float = 0.95
    card: Mapping[str, Any] | None = None
    kl_budget: float | None = None
    realised: bool = False
    burst: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        Bank(signals=self.signals)
        low, high = self.gold_range
        if not (abs(low) < 1e300 and abs(high) < 1e300 and low < high):
            raise BadOption(
                f"gold range {low:g} to {high:g}: give two numbers, the lower one first"
            )
        if not 0 < self.false_alarm <= 0.5:
            raise BadOption(f"false alarm {self.false_alarm:g}: give a chance above 0, up to 0.5")
        if not 0 < self.level < 1:
            raise BadOption(f"level {self.level:g}: give a number between 0 and 1, such as 0.95")
        if self.burst < 0:
            raise BadOption(f"a burst of {self.burst} labels: give 0 for none, or more")
        if self.seed < 0:
            raise BadOption(f"seed {self.seed}: give a whole number, 0 or more")

    @property
    def block_error(self) -> float:
        """Error of either limit of a block."""
        return (1 - self.level) / 2


def gold_detectors(
    options: WatchOptions, signals: tuple[str, ...]
) -> tuple[GoldDetector[Any], ...]:
    """The red detectors of a run whose gains are ``signals``."""
    shared: dict[str, Any] = {
        "false_alarm": options.false_alarm,
        "block": BlockOptions(labels=GUARD_BLOCK, error=options.block_error),
    }
    if options.card is not None:
        error = REFERENCE_PART * options.false_alarm
        shared["reference"] = card_reference(options.card, options.gold_range, error)
    block = BlockOptions(labels=GAIN_BLOCK, error=options.block_error)
    betting = Betting(realised=options.realised)
    gains = (
        Gain(name=name, place=place, block=block, betting=betting)
        for place, name in enumerate(signals)
    )
    fallen = FallenFromBest(false_alarm=options.false_alarm)
    return (*gains, ScoreMeaning(**shared), fallen, Decoupled(**shared))


def early_detectors(signals: tuple[str, ...]) -> tuple[GoldDetector[Any], ...]:
    """The gains once more, bet on for an average run length instead of a whole run."""
    return tuple(
        Gain(name=name, place=place, betting=AVERAGE_RUN) for place, name in enumerate(signals)
    )


def proxy_detectors(
    options: WatchOptions, components: tuple[str, ...]
) -> tuple[ProxyDetector[Any], ...]:
    """The amber detectors of a run whose samples have ``components``."""
    found: list[ProxyDetector[Any]] = [TailShape(), NonFinite()]
    found += [ComponentShare(component=name) for name in components]
    if options.kl_budget is not None:
        found.append(KLBudget(budget=options.kl_budget))
    if options.card is not None and why_no_audited_range(options.card) is None:
        found.append(_audited_range(options.card))
    return tuple(found)


def why_no_audited_range(card: Mapping[str, Any]) -> str | None:
    """Why a run cannot be held against the range that a card supports; None where it can."""
    try:
        _audited_range(card)
    except BadOption as reason:
        return str(reason)
    return None


def _audited_range(card: Mapping[str, Any]) -> AuditedRange:
    return AuditedRange(reference=PooledScores.of_card(card), supported=supported_best_of_n(card))
