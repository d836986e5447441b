"""Theorem 4: where KL-regularised training takes gold as the penalty vanishes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from overopt.lab.joints.independent import Independent, independent
from overopt.lab.marginals.light import Laplace, Normal
from overopt.lab.theorems.experiment import Experiment, Row, Table, beside
from overopt.lab.theorems.panels import Line, Panel, references
from overopt.lab.theorems.thresholds import gold_above
from overopt.pressure import KLTilt

__all__ = ["kl_optimum"]


def kl_optimum() -> Experiment:
    """Normal gold with normal and with Laplace error, tilted."""
    light = independent(gold=Normal(sd=2), error=Normal())
    edge = independent(gold=Normal(), error=Laplace())
    above = [2.0, 5.0, 10.0]
    gold = gold_above(edge, above).tolist()
    laplace = beside(
        _tilts(edge, [0.5, 0.9, 0.99]), gold=(None, 0.9, 0.99), kl=(None, 7.2706, 95.0755)
    )
    return Experiment(
        name="4",
        title="The KL-regularised optimum",
        statement="For independent gold and error the optimum's mean gold is K'(1 / beta), K the "
        "cumulant generating function of gold, whatever the error, wherever the error has that "
        "exponential moment. It never falls as beta does, and tends to gold's supremum if all "
        "exponential moments of both exist.",
        assumptions="Independence, and all exponential moments. As printed, independence is "
        "missing and light-tailed asks for some exponential moment only.",
        edge="Laplace error has the moments below 1: the optimum exists for 1 / beta below 1 alone "
        "and gold stays below 1, as it does above thresholds.",
        tables=(
            Table(
                title="normal gold of sd 2, normal error",
                rows=beside(
                    _tilts(light, [0.5, 1.0, 2.0]),
                    gold=(None, 4.0, None),
                    proxy=(None, 5.0, None),
                    kl=(None, 2.5, None),
                ),
            ),
            Table(title="normal gold, Laplace error", rows=laplace),
            Table(
                title="normal gold, Laplace error, above thresholds",
                rows=beside(
                    [{"t": t, "gold": value} for t, value in zip(above, gold, strict=True)],
                    gold=(0.941832, 0.999992, 1.0),
                ),
            ),
        ),
        panels=_panels(edge, laplace),
    )


def _panels(edge: Independent, laplace: Sequence[Row]) -> tuple[Panel, Panel]:
    """Standard normal gold with either error: the same gold at a beta, not at the same price."""
    shares = np.linspace(0.05, 0.99, 48)
    told = {
        "normal error": _tilts(independent(gold=Normal(), error=Normal()), 2 * shares),
        "Laplace error": _tilts(edge, shares),
    }

    def lines(x: str, y: str) -> tuple[Line, ...]:
        return tuple(
            Line(name=name, x=[row[x] for row in rows], y=[row[y] for row in rows])
            for name, rows in told.items()
        )

    return (
        Panel(
            x="1 / beta",
            y="mean gold",
            lines=lines("1 / beta", "gold"),
            points=(references("Laplace error", laplace, "1 / beta", "gold"),),
            levels=(1.0,),
        ),
        Panel(
            x="KL in nats",
            y="mean gold",
            lines=lines("kl", "gold"),
            points=(references("Laplace error", laplace, "kl (ref)", "gold"),),
            levels=(1.0,),
            x_scale="log",
        ),
    )


def _tilts(law: Independent, strengths: npt.ArrayLike) -> list[dict[str, float]]:
    curve = law.curve(KLTilt(), strengths)
    arrays = (curve.strength, curve.gold, curve.proxy, curve.kl)
    return [
        {"1 / beta": strength, "gold": gold, "proxy": proxy, "kl": kl}
        for strength, gold, proxy, kl in zip(*(a.tolist() for a in arrays), strict=True)
    ]
