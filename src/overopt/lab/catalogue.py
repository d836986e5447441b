"""What the lab offers: laws with an example of each, and pressures."""

from __future__ import annotations

from typing import Any

from overopt.lab.document import SCHEMA
from overopt.lab.marginals.specification import FAMILIES, law_of, parameters_of
from overopt.lab.strengths import PRESSURES

__all__ = ["EXAMPLES", "catalogue"]

EXAMPLES = {
    "beta": "beta:a=2,b=5",
    "exponential": "exponential:scale=2",
    "gamma": "gamma:shape=3",
    "laplace": "laplace:sd=1",
    "levy": "levy",
    "lognormal": "lognormal:sigma=0.69,mean=0",
    "normal": "normal:sd=2",
    "pareto": "pareto:tail=3",
    "t": "t:df=3,sd=1",
    "weibull": "weibull:power=0.5,sd=1",
}


def catalogue() -> dict[str, Any]:
    """Laws and pressures as plain data, schema overopt.lab/1."""
    common = parameters_of(FAMILIES["normal"])[1]
    return {
        "schema": SCHEMA,
        "kind": "list",
        "laws": [_entry(name) for name in FAMILIES],
        "common": common,
        "pressures": [
            {"id": family.id, "label": family.label, "knob": family.knob}
            for family in PRESSURES.values()
        ],
    }


def _entry(name: str) -> dict[str, Any]:
    law = law_of(EXAMPLES[name])
    limit = law.tilt_limit
    heavy, bounded = limit == 0, limit == float("inf")
    return {
        "name": name,
        "needs": parameters_of(type(law))[0],
        "example": EXAMPLES[name],
        "tail": "heavy" if heavy else "lighter than exponential" if bounded else "exponential",
    }
