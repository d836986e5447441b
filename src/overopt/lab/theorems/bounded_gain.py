"""Theorem 2: under a light proxy, bounded KL bounds the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from overopt.lab.joints.independent import independent
from overopt.lab.marginals.discrete import Discrete
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Exponential, Normal
from overopt.lab.theorems.experiment import Experiment, Row, Table, beside
from overopt.lab.theorems.panels import Line, Panel, log_spread, references
from overopt.pressure import KLTilt

__all__ = ["bounded_gain", "largest_exponential_shift", "largest_normal_shift"]

NATS = (1e-4, 0.01, 0.1, 1.0, 5.0, 10.0)
EXPONENTIAL = (0.014208881, 0.14816512, 0.51622116, 2.1461932, 7.0907174, 12.610869)
NORMAL = (0.0141421, 0.141421, 0.447214, 1.414214, 3.162278, 4.472136)


def bounded_gain() -> Experiment:
    """The largest mean shift at a KL budget, and the tilt that attains it."""
    shifts = [(largest_exponential_shift(d), largest_normal_shift(d)) for d in NATS]
    rows = [
        {"kl": d, "exponential": one, "normal": other}
        for d, (one, other) in zip(NATS, shifts, strict=True)
    ]
    rows = beside(rows, exponential=EXPONENTIAL, normal=NORMAL)
    return Experiment(
        name="2",
        title="A light proxy is not cheap",
        statement="If the proxy is light-tailed, bounded KL bounds its mean, and the shift of the "
        "mean vanishes with the KL: the largest is the infimum over l of (K(l) + d) / l.",
        assumptions="A moment generating function that is finite somewhere on the right; K is the "
        "cumulant generating function of the centred proxy (Donsker and Varadhan).",
        edge="An exponential tail is light in this sense, yet its mean grows linearly in the KL "
        "where that of a normal grows like a square root.",
        tables=(
            Table(title="largest shift of the mean at a KL budget", rows=rows),
            Table(title="the tilt that attains it", rows=_attained()),
        ),
        panels=(_shift_panel(rows),),
    )


def _shift_panel(rows: Sequence[Row]) -> Panel:
    """The largest shift against the budget, from a hundredth of the least told."""
    nats = log_spread(NATS[0] / 100, NATS[-1])
    laws = {"exponential": largest_exponential_shift, "normal": largest_normal_shift}
    return Panel(
        x="KL budget in nats",
        y="largest shift of the mean proxy",
        lines=tuple(Line(name=name, x=nats, y=[of(d) for d in nats]) for name, of in laws.items()),
        points=tuple(references(name, rows, "kl", name) for name in laws),
        x_scale="log",
        y_scale="log",
    )


def largest_normal_shift(kl: float) -> float:
    """Largest shift of the mean of a standard normal within ``kl`` nats: sqrt(2 kl)."""
    return math.sqrt(2 * kl)


def largest_exponential_shift(kl: float) -> float:
    """Largest shift of the mean of a standard exponential within ``kl`` nats.

    The tilted law is exponential of rate r with KL ln r + 1 / r - 1, so the shift s = 1 / r - 1
    solves s - ln(1 + s) = kl.
    """
    low, high = 0.0, 2 * (kl + math.sqrt(2 * kl)) + 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle - math.log1p(middle) < kl else (low, middle)
    return (low + high) / 2


def _attained() -> list[dict[str, float | str]]:
    """Exact tilts by quadrature, at the strengths that spend one nat."""
    shift = largest_exponential_shift(1.0)
    cases: list[tuple[str, Law, float]] = [
        ("exponential", Exponential(shift=-1.0), shift / (1 + shift)),
        ("normal", Normal(), math.sqrt(2.0)),
    ]
    return [
        {"proxy": name, "1 / beta": strength, **_tilted(law, strength)}
        for name, law, strength in cases
    ]


def _tilted(law: Law, strength: float) -> dict[str, float]:
    nothing = Discrete(values=(0.0,), chances=(1.0,))
    curve = independent(gold=nothing, error=law).curve(KLTilt(), np.array([strength]))
    return {"mean": float(curve.proxy[0]), "kl": float(curve.kl[0])}
