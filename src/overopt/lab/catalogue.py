"""What the lab offers: laws with an example of each, and pressures."""

from __future__ import annotations

import math
from typing import Any

from overopt.lab.document import SCHEMA
from overopt.lab.limits.upper_tail import upper_tail
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.specification import CUTS, FAMILIES, law_of, parameters_of
from overopt.lab.strengths import PRESSURES

__all__ = ["EXAMPLES", "catalogue"]

EXAMPLES = {
    "beta": "beta:a=2,b=5",
    "discrete": "discrete:0=0.3,1=0.7",
    "exponential": "exponential:scale=2",
    "gamma": "gamma:shape=3",
    "laplace": "laplace:sd=1",
    "levy": "levy",
    "lognormal": "lognormal:sigma=0.69,mean=0",
    "normal": "normal:sd=2",
    "pareto": "pareto:tail=3",
    "stable": "stable:alpha=1.5,beta=0",
    "t": "t:df=3,sd=1",
    "weibull": "weibull:power=0.5,sd=1",
}
MIXTURE = "0.9*normal + 0.1*normal:sd=10"
COPULAS = (
    "gaussian:rho=0.5",
    "t:rho=0.5,df=4",
    "clayton:theta=1",
    "clayton:theta=1,upper=1",
    "gumbel:theta=2",
)


def catalogue() -> dict[str, Any]:
    """Laws and pressures as plain data, schema overopt.lab/1."""
    common = parameters_of(FAMILIES["normal"])[1]
    return {
        "schema": SCHEMA,
        "kind": "list",
        "laws": [
            *(_entry(name) for name in (*FAMILIES, "discrete")),
            {
                "name": "empirical",
                "needs": [],
                "example": "empirical:FILE",
                "tail": "bounded, ends at the largest value",
            },
            {"name": "mixture", "needs": [], "example": MIXTURE, "tail": "the heaviest"},
        ],
        "common": [*common, *CUTS],
        "copulas": [{"name": text.partition(":")[0], "example": text} for text in COPULAS],
        "pressures": [
            {"id": family.id, "label": family.label, "knob": family.knob}
            for family in PRESSURES.values()
        ],
    }


def _entry(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "needs": parameters_of(FAMILIES[name])[0] if name in FAMILIES else [],
        "example": EXAMPLES[name],
        "tail": _tail(law_of(EXAMPLES[name])),
    }


def _tail(law: Law) -> str:
    """The upper tail of an example in a word or two."""
    tail = upper_tail(law)
    if tail is not None and tail.bounded:
        return f"bounded, ends at {tail.end:g}"
    if law.tilt_limit == 0:
        return "heavy"
    return "exponential" if law.tilt_limit < math.inf else "lighter than exponential"
