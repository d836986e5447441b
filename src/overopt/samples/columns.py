"""Which column plays which role: by name, or as the user says.

Roles that are not named are found by the names in ``KNOWN``, without regard to case, the first
match in the order given there. A column plays one role at most.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from overopt.errors import BadOption, BadSamples
from overopt.samples.arrow import is_number, shortened

__all__ = ["KNOWN", "ROW_NUMBER", "Roles", "Wanted", "clustering_columns", "roles_of"]

KNOWN: Mapping[str, tuple[str, ...]] = {
    "prompt_id": (
        "prompt_id",
        "task_id",
        "question_id",
        "problem_id",
        "query_id",
        "prompt",
        "question",
        "task",
        "problem",
        "query",
        "instruction",
        "input",
    ),
    "candidate_id": ("candidate_id", "completion_id", "response_id", "sample_id", "rollout_id"),
    "source": ("source", "model", "system"),
    "label_prob": ("label_prob",),
    "label_planned": ("label_planned",),
    "prediction": (),  # a guess of gold plays its role only where it is named
    "text": ("text", "completion", "response", "output"),
}
GROUPS = ("group",), ("step", "policy", "checkpoint")
PREFIXES = {"prediction": "proxy_"}  # a guess of gold is a score too, perhaps one that is audited
OPTIONS = {role: f"--{role.removesuffix('_id').replace('_', '-')}" for role in (*KNOWN, "group")}

PROXY_NAME = re.compile(r"proxy|proxy_.*|reward.*|score.*|.*_(reward|score)", re.IGNORECASE)
GOLD_NAME = re.compile(r"gold|gold_.*", re.IGNORECASE)
FEATURE_NAME = re.compile(
    r"(proxy_|text_|completion_|response_|output_|n_|num_)?(length|chars|tokens|words)",
    re.IGNORECASE,
)
TEXT_PROXY_NAME = re.compile(r"proxy|proxy_.*|reward|score", re.IGNORECASE)  # numbers as text

ROW_NUMBER = "__row"
"""Column in which a rewritten table keeps the row numbers of the table it came from."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the user named: proxies, gold, features, columns by role, columns that make groups.

    With ``lone_rows`` a table without a prompt column is one in which each row is its own prompt.
    """

    proxies: tuple[str, ...] = ()
    gold: str | None = None
    columns: Mapping[str, str]
    features: tuple[str, ...] = ()
    by: str | None = None
    lone_rows: bool = False

    def __post_init__(self) -> None:
        unknown = [role for role in self.columns if role not in OPTIONS]
        if unknown:
            raise BadOption(f"unknown column role {unknown[0]!r}; roles are {', '.join(OPTIONS)}")
        twice = [p for p in self.proxies if self.proxies.count(p) > 1]
        if twice:
            raise BadOption(f"proxy {twice[0]!r} is named twice: name each proxy once")


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The column of every role; ``proxies`` and ``features`` map their names to columns.

    Without ``prompt_id`` each row is its own prompt.
    """

    prompt_id: str | None
    proxies: Mapping[str, str]
    features: Mapping[str, str]
    gold: str | None
    gold_name: str | None
    candidate_id: str | None
    source: str | None
    label_prob: str | None
    label_planned: str | None
    prediction: str | None
    text: str | None
    group: tuple[str, ...]
    row: str | None

    @property
    def columns(self) -> list[str]:
        """All columns that must be read, each once."""
        single = (self.prompt_id, self.gold, self.candidate_id, self.source, self.text, self.row)
        labels = (self.label_prob, self.label_planned, self.prediction)
        numbers = (*self.proxies.values(), *self.features.values())
        every = (*single, *labels, *self.group, *numbers)
        return list(dict.fromkeys(name for name in every if name is not None))


def roles_of(schema: Mapping[str, Any], wanted: Wanted, origin: str) -> Roles:
    """Roles of the columns of a table, ``schema`` = name -> Arrow type.

    Raises BadSamples when a named column is missing (with close matches), when no prompt column is
    found, or when no proxy is named and none is recognised.
    """
    finder = _Finder(schema=schema, origin=origin)
    named_prompt = wanted.columns.get("prompt_id")
    lone = wanted.lone_rows and named_prompt is None and not finder.first(KNOWN["prompt_id"])
    prompt_id = None if lone else finder.prompt(named_prompt)
    gold = finder.gold(wanted.gold)
    named = {name: finder.column(name, "proxy_", "--proxy") for name in wanted.proxies}
    features = {name: finder.column(name, "proxy_", "--feature") for name in wanted.features}
    given: dict[str, Any] = {
        role: finder.column(name, PREFIXES.get(role, ""), OPTIONS[role])
        for role, name in wanted.columns.items()
    }
    given.pop("group", None)
    group = finder.group(wanted.by, wanted.columns.get("group"))
    taken = {prompt_id, gold, *named.values(), *given.values(), *group}
    for role in KNOWN:
        if role not in given:
            given[role] = finder.first(KNOWN[role], taken)
            taken.add(given[role])
    return Roles(
        **{**given, "prompt_id": prompt_id},
        proxies=named or finder.proxies(taken),
        features=features or finder.features(taken - set(named.values())),
        gold=gold,
        gold_name=wanted.gold or gold,
        group=group,
        row=ROW_NUMBER if ROW_NUMBER in schema else None,
    )


def clustering_columns(names: Iterable[str], wanted: Wanted, origin: str) -> tuple[str, ...]:
    """The prompt column and those that make groups, by which a table is sorted."""
    finder = _Finder(schema=dict.fromkeys(names), origin=origin)
    prompt = finder.prompt(wanted.columns.get("prompt_id"))
    return (prompt, *finder.group(wanted.by, wanted.columns.get("group")))


@dataclass(frozen=True, kw_only=True)
class _Finder:
    """Looks columns up in one table."""

    schema: Mapping[str, Any]
    origin: str

    def first(self, names: Iterable[str], taken: Iterable[str | None] = ()) -> str | None:
        """The first of ``names`` that is a column, without regard to case."""
        lower = {name.lower(): name for name in self.schema if name not in taken}
        return next((lower[name] for name in names if name in lower), None)

    def column(self, name: str, prefix: str, option: str) -> str:
        """The column called ``name``, else ``prefix + name``; BadSamples when there is neither."""
        if name in self.schema:
            return name
        if prefix and prefix + name in self.schema:
            return prefix + name
        close = difflib.get_close_matches(name, self.schema, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise BadSamples(
            f"no column {name!r} in {self.origin}: {hint}name one with {option} "
            f"(columns: {_listed(self.schema)})"
        )

    def prompt(self, named: str | None) -> str:
        """The column that tells prompts apart; BadSamples when none is named or known."""
        found = (
            self.first(KNOWN["prompt_id"]) if named is None else self.column(named, "", "--prompt")
        )
        if found is None:
            raise BadSamples(
                f"no prompt column in {self.origin}: name the column that tells prompts apart with "
                f"--prompt (columns: {_listed(self.schema)})"
            )
        return found

    def gold(self, name: str | None) -> str | None:
        """The gold column: as named, else one that is called exactly ``gold``."""
        return self.first(["gold"]) if name is None else self.column(name, "gold_", "--gold")

    def group(self, by: str | None, mapped: str | None) -> tuple[str, ...]:
        """The columns whose values separate what may not be compared."""
        if by is not None and mapped is not None and by != mapped:
            raise BadOption(f"--by {by} and --group {mapped} contradict each other: give one")
        if by is not None:
            return (self.column(by, "", "--by"),)
        if mapped is not None:
            return (self.column(mapped, "", "--group"),)
        found = [[self.first([name]) for name in names] for names in GROUPS]
        return next((tuple(c for c in columns if c) for columns in found if any(columns)), ())

    def proxies(self, taken: Iterable[str | None]) -> dict[str, str]:
        """Every number column that is named like a proxy; BadSamples when there is none."""
        free = {name: kind for name, kind in self.schema.items() if name not in taken}
        numeric = [n for n, kind in free.items() if is_number(kind) and not GOLD_NAME.fullmatch(n)]
        found = [n for n in numeric if PROXY_NAME.fullmatch(n)] or [
            n for n in free if TEXT_PROXY_NAME.fullmatch(n)
        ]
        if not found:
            raise BadSamples(
                f"no proxy column in {self.origin}: name one with --proxy "
                f"(number columns: {_listed(numeric)})"
            )
        return {name: name for name in found}

    def features(self, taken: Iterable[str | None]) -> dict[str, str]:
        """Every number column that is named like a length; a proxy may be one too."""
        free = {name: kind for name, kind in self.schema.items() if name not in taken}
        found = [n for n, kind in free.items() if is_number(kind) and FEATURE_NAME.fullmatch(n)]
        return {name: name for name in found}


def _listed(names: Iterable[str], most: int = 12) -> str:
    """Names for a message, at most ``most`` of them."""
    every = [n if n.isprintable() and len(n) <= 40 else shortened(n) for n in names]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return (", ".join(every[:most]) + more) or "none"
