"""Laws written as text: ``t:df=3,sd=1``, as on the command line and in documents."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from overopt.errors import BadOption
from overopt.lab.marginals.derived import Clipped, Mixture, Truncated
from overopt.lab.marginals.discrete import Discrete, empirical
from overopt.lab.marginals.heavy import Levy, LogNormal, Pareto, StudentT, Weibull
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Beta, Exponential, Gamma, Laplace, Normal
from overopt.lab.marginals.stable import Stable

__all__ = ["CUTS", "FAMILIES", "NAMES", "law_of", "numbers_of", "parameters_of"]

FAMILIES: dict[str, type[Law]] = {
    family.name: family
    for family in (
        Beta,
        Exponential,
        Gamma,
        Laplace,
        Levy,
        LogNormal,
        Normal,
        Pareto,
        Stable,
        StudentT,
        Weibull,
    )
}
NAMES = (*FAMILIES, Discrete.name, "empirical")
CUTS = ("min", "max", "clip_min", "clip_max")
PLUS = re.compile(r"\+(?=[^+*]*\*)")  # between parts of a mixture, not inside 1e+3


def law_of(text: str) -> Law:
    """The law that ``text`` describes.

    NAME or NAME:KEY=NUMBER,...; any law may be cut (min, max: given that it lies between) or
    clipped (clip_min, clip_max: moved there). ``discrete:VALUE=CHANCE,...``, ``empirical:FILE`` of
    one number to a line, and mixtures ``0.9*LAW + 0.1*LAW``. Raises BadOption, with the valid
    choices, for an unknown name or parameter, a parameter that is missing, repeated or no number,
    and values outside their range.
    """
    parts = [part.strip() for part in PLUS.split(text.strip())]
    if "*" not in parts[0]:
        return _single(text)
    pairs = [part.partition("*") for part in parts]
    return Mixture(
        laws=tuple(_single(law) for _, _, law in pairs),
        weights=tuple(_number("law mixture", "weight", weight) for weight, _, _ in pairs),
    )


def _single(text: str) -> Law:
    name, _, rest = (part.strip() for part in text.partition(":"))
    if name == Discrete.name:
        return _discrete(rest)
    if name == "empirical":
        return _empirical(rest)
    family = FAMILIES.get(name)
    if family is None:
        raise BadOption(f"no law {name!r}: choose from {', '.join(NAMES)}, or a mixture of them")
    given = numbers_of(f"law {name}", family, rest, *CUTS)
    ends = {key: given.pop(key) for key in CUTS if key in given}
    return _cut(family(**given), ends)


def _cut(law: Law, ends: dict[str, float]) -> Law:
    infinity = float("inf")
    if "min" in ends or "max" in ends:
        law = Truncated(law=law, low=ends.get("min", -infinity), high=ends.get("max", infinity))
    if "clip_min" in ends or "clip_max" in ends:
        low, high = ends.get("clip_min", -infinity), ends.get("clip_max", infinity)
        law = Clipped(law=law, low=low, high=high)
    return law


def _discrete(text: str) -> Law:
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    if not pairs:
        raise BadOption("law discrete needs values: write discrete:VALUE=CHANCE,VALUE=CHANCE")
    values = tuple(_number("law discrete", "value", value) for value, _, _ in pairs)
    return Discrete(
        values=values, chances=tuple(_number("law discrete", v, c) for v, _, c in pairs)
    )


def _empirical(path: str) -> Law:
    try:
        lines = Path(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise BadOption(f"law empirical cannot read {path!r}: {error}") from None
    return empirical([_number(f"law empirical:{path}", "a line", line) for line in lines])


def parameters_of(family: type[Any]) -> tuple[list[str], list[str]]:
    """Names of the parameters that a family needs, and of those it also takes."""
    needed = [item.name for item in fields(family) if item.default is MISSING]
    return needed, [item.name for item in fields(family) if item.name not in needed]


def numbers_of(what: str, family: type[Any], text: str, *more: str) -> dict[str, Any]:
    """KEY=NUMBER,... for the parameters of ``family`` and ``more``; all that it needs."""
    needed, others = parameters_of(family)
    known = [*needed, *others, *more]
    given: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if key not in known or not equals:
            raise BadOption(
                f"{what} cannot read {item!r}: it takes {', '.join(known)}, each as KEY=NUMBER"
            )
        if key in given:
            raise BadOption(f"{what} is given {key} twice: give it once")
        given[key] = _number(what, key, value)
    missing = [name for name in needed if name not in given]
    if missing:
        example = f"{family.name}:{','.join(f'{name}=NUMBER' for name in missing)}"
        raise BadOption(f"{what} needs {' and '.join(missing)}: write {example}")
    return given


def _number(what: str, key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value != value:
        raise BadOption(f"{what}: {key}={text} is not a number")
    return value
