"""Laws written as text: ``t:df=3,sd=1``, as on the command line and in documents."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from overopt.errors import BadOption
from overopt.lab.marginals.heavy import Levy, LogNormal, Pareto, StudentT, Weibull
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Beta, Exponential, Gamma, Laplace, Normal

__all__ = ["FAMILIES", "law_of", "parameters_of"]

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
        StudentT,
        Weibull,
    )
}


def law_of(text: str) -> Law:
    """The law that ``text`` describes: NAME, or NAME:KEY=NUMBER,KEY=NUMBER.

    Raises BadOption, with the valid choices, for an unknown name or parameter, a parameter that is
    missing, repeated or no number, and values outside their range.
    """
    name, _, rest = text.strip().partition(":")
    family = FAMILIES.get(name.strip())
    if family is None:
        raise BadOption(f"no law {name.strip()!r}: choose from {', '.join(FAMILIES)}")
    given = _numbers(family, rest)
    missing = [item for item in parameters_of(family)[0] if item not in given]
    if missing:
        example = f"{family.name}:{','.join(f'{item}=NUMBER' for item in missing)}"
        raise BadOption(f"law {family.name} needs {' and '.join(missing)}: write {example}")
    return family(**given)


def parameters_of(family: type[Law]) -> tuple[list[str], list[str]]:
    """Names of the parameters that a family needs, and of those it also takes."""
    needed = [item.name for item in fields(family) if item.default is MISSING]
    return needed, [item.name for item in fields(family) if item.name not in needed]


def _numbers(family: type[Law], text: str) -> dict[str, Any]:
    needed, others = parameters_of(family)
    given: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if key not in (*needed, *others) or not equals:
            raise BadOption(
                f"law {family.name} cannot read {item!r}: it takes "
                f"{', '.join((*needed, *others))}, each as KEY=NUMBER"
            )
        if key in given:
            raise BadOption(f"law {family.name} is given {key} twice: give it once")
        given[key] = _number(family.name, key, value)
    return given


def _number(name: str, key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadOption(f"law {name}: {key}={text} is not a number") from None
    if value != value:
        raise BadOption(f"law {name}: {key}={text} is not a number")
    return value
