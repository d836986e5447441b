"""Rows of followed files: which fields play which role, and their numbers.

A file that is still being written shows its columns one record at a time, and records of other
kinds (an evaluation, a saved checkpoint) may lie between. So roles are found by name for each set
of fields that occurs; only the name of the score is settled once for the whole run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, isfinite, nan
from typing import Any, final

from overopt.errors import BadSamples
from overopt.samples.arrow import WORDS, shortened, text_of
from overopt.samples.columns import FEATURE_NAME, GOLD_NAME, KNOWN, PROXY_NAME
from overopt.watch.log import KLS, RUNS, SCORES, STEPS, LogColumns

__all__ = ["Fields", "NotASample", "Row", "RowReader", "general_scores", "numeric"]

Fields = Mapping[str, Any]
LONGEST_NAME = 64  # characters; a longer prompt goes by its digest, so that no text is kept
LARGEST_STEP = 2**53
PARTS = ("components.", "rewards.")  # fields of a nested record of the reward's parts


class NotASample(Exception):
    """A record without score or step, or with text in their place; the message says which."""


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One scored sample: NaN where a number is not logged, ``components`` as (name, number)."""

    run: str
    step: int
    prompt: str | None
    proxy: float
    gold: float
    kl: float
    components: tuple[tuple[str, float], ...]


@final
@dataclass(frozen=True, kw_only=True)
class _Roles:
    """The fields that play a role among those of one kind of record."""

    proxy: tuple[str, ...]
    step: str | None
    gold: str | None
    prompt: str | None
    run: str | None
    kl: str | None
    components: tuple[str, ...]


class RowReader:
    """Turns records into rows; ``proxy`` is the score, once it is known.

    ``scores(fields)`` names the fields among which the score is looked for.
    """

    def __init__(
        self, wanted: LogColumns, scores: Callable[[Fields], Sequence[str]], proxy: str | None
    ) -> None:
        self.proxy = wanted.proxy or proxy
        self._wanted = wanted
        self._scores = scores
        self._known: dict[tuple[str, ...], _Roles | None] = {}

    def row(self, fields: Fields, *, run: str, step: int | None, origin: str) -> Row:
        """The sample in a record; ``run`` and ``step`` where the file tells them.

        Raises NotASample for a record of another kind or with text where a number must be, and
        BadSamples when several fields look like the score.
        """
        kind = tuple(fields)
        if kind not in self._known:
            self._known[kind] = self._roles(fields, step is None, origin)
        roles = self._known[kind]
        if roles is None:
            raise NotASample("")
        read = {name: _number(fields[name], name) for name in roles.proxy}
        named = fields[roles.run] if roles.run else run
        parts = {name: _number(fields[name], name) for name in roles.components}
        return Row(
            run="(no run)" if named is None else str(named),
            step=step if step is not None else _step(fields[roles.step or ""]),
            prompt=_prompt(fields[roles.prompt]) if roles.prompt else None,
            proxy=sum(read.values()),
            gold=_number(fields[roles.gold], roles.gold) if roles.gold else nan,
            kl=_number(fields[roles.kl], roles.kl) if roles.kl else nan,
            components=tuple((parts if len(read) < 2 else {**read, **parts}).items()),
        )

    def _roles(self, fields: Fields, needs_step: bool, origin: str) -> _Roles | None:
        """Roles in records of this kind, None when it holds no samples."""
        wanted = self._wanted
        step = _found(fields, wanted.step, STEPS)
        gold = _found(fields, wanted.gold, ("gold",))
        others = {
            "prompt": _found(fields, wanted.prompt, KNOWN["prompt_id"]),
            "run": _found(fields, wanted.run, RUNS),
            "kl": _found(fields, wanted.kl, KLS),
        }
        proxy = self._proxy(fields, {step, gold, *others.values()}, origin)
        if not proxy or (needs_step and step is None):
            return None
        taken = {step, gold, *proxy, *others.values()}
        if wanted.components is None:
            usual = [n for n in fields if FEATURE_NAME.fullmatch(n) or n.startswith(PARTS)]
            components = [n for n in usual if n not in taken and numeric(fields[n])]
        else:
            components = [name for name in wanted.components if name in fields]
        return _Roles(proxy=proxy, step=step, gold=gold, components=tuple(components), **others)

    def _proxy(self, fields: Fields, taken: set[str | None], origin: str) -> tuple[str, ...]:
        """Fields whose sum is the score: one, or several that the user joined by +."""
        if self.proxy is None:
            found = [name for name in self._scores(fields) if name not in taken]
            if len(found) > 1:
                raise BadSamples(
                    f"{origin} has {len(found)} scores, {', '.join(map(shortened, found))}: name "
                    f"the one that is optimised with --proxy, or their sum as {'+'.join(found[:2])}"
                )
            self.proxy = found[0] if found else None
        if self.proxy is None:
            return ()
        names = (self.proxy,) if self.proxy in fields else tuple(self.proxy.split("+"))
        return names if all(name in fields for name in names) else ()


def general_scores(fields: Fields) -> list[str]:
    """The field called proxy, reward or score, else all numbers that are named like one."""
    for name in SCORES:
        if name in fields and numeric(fields[name]):
            return [name]
    named = [n for n in fields if PROXY_NAME.fullmatch(n) and not GOLD_NAME.fullmatch(n)]
    return [name for name in named if numeric(fields[name])]


def _found(fields: Fields, wanted: str | None, usual: Sequence[str]) -> str | None:
    if wanted is not None:
        return wanted if wanted in fields else None
    by_name = {name.lower(): name for name in fields}
    return next((by_name[name] for name in usual if name in by_name), None)


def numeric(value: Any) -> bool:
    """Whether a field may hold numbers: it does, or is empty."""
    if isinstance(value, str):
        try:
            _number(value, "")
        except NotASample:
            return False
        return True
    return value is None or isinstance(value, float | int | Decimal)


def _number(value: Any, name: str) -> float:
    """A field as a number, NaN when empty; text only when it spells a number or a truth value."""
    if value is None:
        return nan
    try:
        if isinstance(value, str):
            word = value.strip().lower()
            return float(WORDS[word] if word in WORDS else float(word))
        if isinstance(value, float | int | Decimal):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise NotASample(f"{shortened(name)} is {shortened(value)}, no number")


def _step(value: Any) -> int:
    step = _number(value, "the step")
    if not (isfinite(step) and abs(step) < LARGEST_STEP):
        raise NotASample(f"the step is {shortened(value)}")
    return floor(step)


def _prompt(value: Any) -> str | None:
    """The name of a prompt: its text, or a digest of a long one."""
    if value is None:
        return None
    text = text_of(value)
    if len(text) <= LONGEST_NAME:
        return text
    # Lone surrogates may stand in JSON; they have no UTF-8.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12)
    return f"prompt {digest.hexdigest()}"
