"""The two forms of Gao, Schulman and Hilton (2210.10760), and a guarantee without any form."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from overopt.errors import BadOption
from overopt.lab.joints.independent import independent
from overopt.lab.marginals.discrete import Discrete
from overopt.lab.marginals.light import Normal
from overopt.lab.theorems.events import best_of_n_at
from overopt.lab.theorems.experiment import Experiment, Row, Table, beside
from overopt.lab.theorems.panels import Line, Panel, log_spread, references
from overopt.pressure import BestOfN

__all__ = ["best_of_n_form_peak", "certificate", "certified_gain", "gao", "learning_form_peak"]

COUNTS = (2, 3, 4, 6, 8, 12, 16, 32, 64)


def best_of_n_form_peak(alpha: float, beta: float) -> tuple[float, float]:
    """KL and gold at the peak of d (alpha - beta d), d = sqrt(KL): d = alpha / (2 beta)."""
    _check(alpha, beta)
    return (alpha / (2 * beta)) ** 2, alpha**2 / (4 * beta)


def learning_form_peak(alpha: float, beta: float) -> tuple[float, float]:
    """KL and gold at the peak of d (alpha - beta ln d): d = exp(alpha / beta - 1)."""
    _check(alpha, beta)
    distance = math.exp(alpha / beta - 1)
    return distance**2, beta * distance


def gao() -> Experiment:
    """Peaks of both forms at the same coefficients."""
    rows = []
    for alpha, beta in ((1.0, 0.2), (0.6, 0.1)):
        kl, gold = best_of_n_form_peak(alpha, beta)
        learned_kl, learned = learning_form_peak(alpha, beta)
        rows.append(
            {"alpha": alpha, "beta": beta, "kl": kl, "gold": gold, "n": round(best_of_n_at(kl))}
            | {"RL kl": learned_kl, "RL gold": learned}
        )
    references_told = {"kl": (6.25, 9.0), "gold": (1.25, None), "n": (1407.0, None)}
    learned_references = {"RL kl": (2980.96, None), "RL gold": (10.9196, None)}
    told = beside(rows, **references_told, **learned_references)
    return Experiment(
        name="gao",
        title="Fitted forms of overoptimisation",
        statement="With d the square root of the KL, gold under best-of-n is fitted by "
        "d (alpha - beta d) and under RL by d (alpha - beta ln d); both peak, and fall below 0.",
        assumptions="An empirical fit; coefficients differ between best-of-n and RL and between "
        "reward models.",
        edge="The same coefficients peak at 6 nats of best-of-n and at 3,000 of RL: a KL is no "
        "common currency of selection and learning. Neither form has a plateau, a second rise, or "
        "the power decay that theorem 5 implies. The slope of the RL form at 0 is infinite.",
        tables=(Table(title="peaks", rows=told),),
        panels=(_forms_panel(told[:1]),),
    )


def _forms_panel(told: Sequence[Row]) -> Panel:
    """Both forms at alpha 1 and beta 0.2, until best-of-n's has fallen as far as RL's rises."""
    nats = log_spread(0.01, 2e4, 120)
    distances = [(kl, math.sqrt(kl)) for kl in nats]
    selected = [(kl, d * (1 - 0.2 * d)) for kl, d in distances if kl <= 100]
    learned = [(kl, d * (1 - 0.2 * math.log(d))) for kl, d in distances]
    return Panel(
        x="KL in nats",
        y="gold gained",
        lines=tuple(
            Line(name=name, x=[kl for kl, _ in form], y=[gold for _, gold in form])
            for name, form in (("best-of-n", selected), ("RL", learned))
        ),
        points=(
            references("best-of-n", told, "kl (ref)", "gold"),
            references("RL", told, "RL kl (ref)", "RL gold"),
        ),
        levels=(0.0,),
        x_scale="log",
    )


def certified_gain(proxy_gain: float, chi_square: float, correlation: float) -> float:
    """Least gain of gold, in its sd, of a policy that gains ``proxy_gain`` sd of proxy.

    (proxy_gain - sqrt((1 - r^2) chi_square)) / r, by Cauchy and Schwarz on the part of the proxy
    that gold does not explain; a form of theorem 5.1 of Laidlaw, Singhal and Dragan (2403.03185).
    Assumes finite variances. Raises BadOption unless the correlation is in (0, 1].
    """
    if not 0 < correlation <= 1:
        raise BadOption(f"a correlation above 0 and up to 1 is needed, got {correlation:g}")
    return (proxy_gain - math.sqrt((1 - correlation**2) * chi_square)) / correlation


def certificate() -> Experiment:
    """Best-of-n of a normal proxy: how far a correlation alone certifies a gain."""
    nothing = Discrete(values=(0.0,), chances=(1.0,))
    curve = independent(gold=nothing, error=Normal()).curve(BestOfN(), np.array(COUNTS, float))
    rows, lines = [], []
    for r in (0.5, 0.7, 0.8, 0.9, 0.95, 0.99):
        gains = [
            certified_gain(float(gain), float(chi), r)
            for gain, chi in zip(curve.proxy, curve.chi_square, strict=True)
        ]
        best = int(np.argmax(gains))
        rows.append({"correlation": r, "n": float(COUNTS[best]), "certified gain": gains[best]})
        lines.append(Line(name=f"r = {r:g}", x=curve.strength.tolist(), y=gains))
    counts, gains_told = (3, 4, 6, 8, 16, 64), (0.1434, 0.3137, 0.4533, 0.7064, 0.9734, 1.5708)
    table = _certified(rows, counts, gains_told)
    return Experiment(
        name="certificate",
        title="What a correlation certifies",
        statement="With correlation r between proxy and gold under the reference, any policy gains "
        "at least (proxy gain - sqrt((1 - r^2) chi-square)) / r, all in standard deviations.",
        assumptions="Finite variances; no independence and no law.",
        edge="Empty under an error of infinite variance, and weak: at r = 0.9 and n = 8 it "
        "certifies 0.7064 where jointly normal gold gains 1.2812.",
        tables=(table,),
        panels=(
            Panel(
                x="n",
                y="certified gain of gold, in its sd",
                lines=tuple(lines),
                points=(references("", table.rows, "n", "certified gain"),),
                levels=(0.0,),
                x_scale="log",
            ),
        ),
    )


def _certified(
    rows: Sequence[dict[str, float]], counts: Sequence[float], gains: Sequence[float]
) -> Table:
    told = beside(rows, n=counts, **{"certified gain": gains})
    return Table(title="best n of 2, 3, 4, 6, 8, 12, 16, 32, 64, normal proxy", rows=told)


def _check(alpha: float, beta: float) -> None:
    if not (alpha > 0 and beta > 0):
        raise BadOption(f"alpha and beta must be above 0, got {alpha:g} and {beta:g}")
