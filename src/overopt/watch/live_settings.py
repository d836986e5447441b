"""What the wrapper and the callback of one run were told, joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, final

from overopt.errors import BadOption
from overopt.watch.chances import LabelBudget
from overopt.watch.judging import Judge, JudgeOptions
from overopt.watch.options import WatchOptions

__all__ = ["LiveSettings", "Tell", "live_settings"]

Tell = Callable[[Mapping[str, Any]], object]
"""What is done with an alarm: its run, tier, name, step, and what the store knows of it."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LiveSettings:
    """What a run's wrapper and callback were told; None, or empty, is not said.

    ``options`` are fields of ``WatchOptions``. ``collect`` False leaves collecting to a process of
    its own. ``keep_text`` keeps prompts and completions, which a judge needs.
    """

    gold: Judge | None = None
    judge: JudgeOptions | None = None
    keep_text: bool | None = None
    collect: bool | None = None
    on_alarm: Sequence[Tell] | None = None
    options: Mapping[str, Any] | None = None

    def joined(self, told: LiveSettings) -> LiveSettings:
        """Both; BadOption where they contradict each other."""
        values = {}
        for name in ("gold", "judge", "keep_text", "collect", "on_alarm"):
            values[name] = _agreed(name, getattr(self, name), getattr(told, name))
        options = dict(self.options or {})
        for name, value in (told.options or {}).items():
            options[name] = _agreed(name, options.get(name), value)
        return LiveSettings(**values, options=options)


def _agreed(name: str, before: Any, now: Any) -> Any:
    if before is not None and now is not None and before != now:
        raise BadOption(f"{name} is {before!r} and {now!r} for the same run: say it once")
    return before if now is None else now


def live_settings(
    *,
    gold: Judge | None = None,
    label_rate: float | None = None,
    gold_source: str | None = None,
    **told: Any,
) -> LiveSettings:
    """Settings from the arguments that wrappers and callbacks share."""
    names = {each.name for each in fields(LiveSettings)}
    options = {name: value for name, value in told.items() if name not in names}
    if label_rate is not None:
        options["budget"] = LabelBudget(label_rate=label_rate)
    if gold is not None and gold_source is None:
        gold_source = f"judge {getattr(gold, '__name__', type(gold).__name__)}"
    options["gold_source"] = gold_source
    options = {name: value for name, value in options.items() if value is not None}
    WatchOptions(**options)  # a mistake is told here, before training begins
    rest = {name: value for name, value in told.items() if name in names}
    return LiveSettings(gold=gold, options=options, **rest)
