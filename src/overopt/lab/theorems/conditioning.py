"""Theorems 5 and 6, and the gap between them: gold given that the proxy is large."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from overopt.errors import BadOption
from overopt.lab.joints.independent import Independent, independent
from overopt.lab.limits.limit import limit
from overopt.lab.marginals.heavy import LogNormal, StudentT
from overopt.lab.marginals.light import Laplace, Normal
from overopt.lab.theorems.experiment import Experiment, Table, beside
from overopt.lab.theorems.panels import Line, Panel, log_spread, references
from overopt.lab.theorems.thresholds import gold_above
from overopt.pressure import Threshold

__all__ = ["exceedances_to_decide", "heavy_error", "light_error", "tail_gap"]


def heavy_error() -> Experiment:
    """Gold falls back under subexponential error, as the error's hazard says."""
    law = independent(gold=Normal(sd=2), error=StudentT(df=3, sd=1))
    above = [6.0, 10.0, 20.0, 50.0, 100.0]
    rows = [row | {"hazard law": _hazard_law(law, row["t"])} for row in _rows(law, above)]
    rows = beside(rows, gold=(4.150777, 1.532892, 0.625013, 0.24148, 0.120183))
    heavy = independent(gold=StudentT(df=10, sd=2), error=StudentT(df=5, sd=1))
    other = independent(gold=Normal(sd=2), error=LogNormal(sigma=math.log(2), shift=-1))
    return Experiment(
        name="5",
        title="Conditioning, heavy error",
        statement="If the error is subexponential and gold's tail is lighter by more than one "
        "power of the proxy, gold given a large proxy returns to its mean without pressure.",
        assumptions="Independence; gold has a mean; t^p P(gold > t) / P(error > t) tends to 0 for "
        "some p above 1.",
        edge="On the way gold rises first, to a peak that may lie far out; and the excess over "
        "the mean is asymptotically the variance of gold times the error's hazard, so it falls as "
        "slowly as 1 / t. A gap of one power or less is another matter (tail-gap).",
        tables=(
            Table(title="normal gold of sd 2, t error of 3 df and sd 1", rows=rows),
            Table(
                title="best threshold",
                rows=beside(
                    [
                        _peak("normal, t3", law),
                        _peak("normal, lognormal", other),
                        _peak("t10, t5", heavy),
                    ],
                    gold=(4.243124, 3.473467, 9.339314),
                    kept=(8.0624e-3, 1.6349e-2, 2.8119e-5),
                ),
            ),
        ),
        panels=(
            _above_panel(
                {
                    "gold normal, error t3": law,
                    "gold normal, error lognormal": other,
                    "gold t10, error t5": heavy,
                },
                log_spread(0.5, 100),
                points=(references("gold normal, error t3", rows, "t", "gold"),),
                levels=(0.0,),
            ),
        ),
    )


def light_error() -> Experiment:
    """Gold grows without bound where the error's hazard does, and stops where it does not."""
    normal = independent(gold=Normal(sd=2), error=Normal())
    heavier = independent(gold=StudentT(df=10, sd=2), error=Normal())
    plateau = independent(gold=Normal(), error=Laplace())
    above = [2.0, 4.0, 6.0, 10.0, 20.0, 50.0]
    rows = beside(
        _rows(normal, above),
        gold=(2.578185, 3.913274, 5.349412, 8.367443, 16.195287, 40.079683),
    )
    heavier_rows = beside(
        _rows(heavier, above),
        gold=(2.605684, 4.213539, 6.142593, 10.518713, 21.843119, 55.394388),
    )
    plateau_rows = beside(_rows(plateau, [2.0, 5.0, 10.0]), gold=(0.941832, 0.999992, 1.0))
    return Experiment(
        name="6",
        title="Conditioning, light error",
        statement="If P(error > t + 1) / P(error > t) tends to 0 and gold has a mean and no upper "
        "bound, gold given a large proxy grows without bound.",
        assumptions="Independence; the error's hazard grows without bound.",
        edge="A merely exponential error is light as well, but its hazard tends to a constant c "
        "and gold stops at K'(c): 1 for standard normal gold and Laplace error.",
        tables=(
            Table(title="normal gold of sd 2, normal error", rows=rows),
            Table(title="t gold of 10 df and sd 2, normal error", rows=heavier_rows),
            Table(title="normal gold, Laplace error", rows=plateau_rows),
        ),
        panels=(
            _above_panel(
                {
                    "gold normal, error normal": normal,
                    "gold t10, error normal": heavier,
                    "gold normal, error Laplace": plateau,
                },
                log_spread(0.5, 50),
                points=(
                    references("gold normal, error normal", rows, "t", "gold"),
                    references("gold t10, error normal", heavier_rows, "t", "gold"),
                    references("gold normal, error Laplace", plateau_rows, "t", "gold"),
                ),
                levels=(1.0,),
                y_scale="log",
            ),
        ),
    )


GAPS = (
    (3.5, 2.0, (1.80217, 0.54452, 0.16224, 0.0503, 0.01581)),
    (3.0, 2.0, (3.03274, 3.29855, 3.30676, 3.30785, 3.30796)),
    (2.5, 2.0, (5.36663, 21.034, 72.535, 236.38, 754.82)),
)
FAR = (10.0, 1e2, 1e3, 1e4, 1e5)


def tail_gap() -> Experiment:
    """Power tails of gold and error: a gap of one between their indices is the boundary."""
    tables, laws, points, levels = [], {}, [], []
    for gold, error, reference in GAPS:
        law = independent(gold=StudentT(df=gold), error=StudentT(df=error))
        end = limit(law, Threshold()).value
        told = "no bound" if math.isinf(end) else f"{end:.7g}"
        title = f"gold t of {gold:g} df, error t of {error:g} df: limit {told}"
        tables.append(Table(title=title, rows=beside(_rows(law, FAR), gold=reference)))
        name = f"gold t{gold:g}, error t{error:g}: {told}"
        laws[name] = law
        points.append(references(name, tables[-1].rows, "t", "gold"))
        levels += [end] if 0 < end < math.inf else []
    needed = [
        {"half-width of the gap": width, "labelled exceedances": exceedances_to_decide(3, 2, width)}
        for width in (1.0, 0.5, 0.25, 0.1)
    ]
    return Experiment(
        name="tail-gap",
        title="The tail gap",
        statement="With power tails of index a for gold and b for the error, gold given a large "
        "proxy tends to its mean if a - b > 1, to its mean plus a / (a - 1) times the ratio of "
        "the tails' constants if a - b = 1, and grows without bound if a - b < 1.",
        assumptions="Independence; both tails regularly varying.",
        edge="A heavy error is not enough for harm: gold's own tail decides with it. Data decide "
        "only where an interval for a - b leaves out 1.",
        tables=(
            *tables,
            Table(title="what would decide it: a near 3, b near 2, level 0.95", rows=needed),
        ),
        panels=(
            _above_panel(
                laws, log_spread(1.0, 1e5), tuple(points), levels=tuple(levels), y_scale="log"
            ),
        ),
    )


def exceedances_to_decide(
    gold_index: float, error_index: float, half_width: float, level: float = 0.95
) -> float:
    """Candidates with both labels in the tail that bring the gap within ``half_width``.

    Hill's estimator of an index a from k exceedances has standard error a / sqrt(k); both tails
    are read from k each. Raises BadOption unless all numbers are above 0 and the level below 1.
    """
    if not (min(gold_index, error_index, half_width) > 0 and 0 < level < 1):
        raise BadOption(
            f"indices and half-width must be above 0 and the level within (0, 1), got "
            f"{gold_index:g}, {error_index:g}, {half_width:g} and {level:g}"
        )
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    return float(math.ceil(z**2 * (gold_index**2 + error_index**2) / half_width**2))


def _above_panel(
    laws: Mapping[str, Independent],
    above: Sequence[float],
    points: tuple[Line, ...],
    levels: tuple[float, ...],
    y_scale: str = "linear",
) -> Panel:
    """Mean gold of each law, by its name, above values of the proxy."""
    lines = [Line(name=k, x=above, y=gold_above(law, above).tolist()) for k, law in laws.items()]
    return Panel(
        x="t",
        y="mean gold given proxy > t",
        lines=tuple(lines),
        points=points,
        levels=levels,
        x_scale="log",
        y_scale=y_scale,
    )


def _rows(law: Independent, above: Sequence[float]) -> list[dict[str, float]]:
    gold = gold_above(law, above).tolist()
    return [{"t": t, "gold": value} for t, value in zip(above, gold, strict=True)]


def _hazard_law(law: Independent, t: float) -> float:
    """Gold's mean plus its variance times the error's hazard at t."""
    hazard = math.exp(float(law.error.logpdf(t)) - float(law.error.logsf(t)))
    return law.gold.mean + law.gold.variance * hazard


def _peak(name: str, law: Independent) -> dict[str, float | str]:
    peak = law.curve(Threshold(), [1.0, 1e7]).peak()
    if peak is None:
        return {"law": name, "gold": math.nan, "kept": math.nan}
    return {"law": name, "gold": peak.gold, "kept": 1 / peak.strength}
