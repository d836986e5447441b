"""Light but dependent error: the limit is wherever the noise is largest, not gold's supremum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from overopt.lab.exact_curve import ExactCurve
from overopt.lab.joints.conditional import Blend
from overopt.lab.joints.independent import independent
from overopt.lab.joints.joint import FloatArray
from overopt.lab.marginals.derived import Mixture, Truncated
from overopt.lab.marginals.discrete import Discrete
from overopt.lab.marginals.light import Normal
from overopt.lab.quadrature import integrals
from overopt.lab.theorems.experiment import Cell, Experiment, Row, Table, beside
from overopt.lab.theorems.panels import Line, Panel, log_spread, references
from overopt.lab.theorems.thresholds import gold_above
from overopt.pressure import BestOfN, KLTilt

__all__ = ["dependence", "noisy_band", "noisy_zero"]

ABOVE = (1.0, 2.0, 4.0, 10.0, 20.0, 50.0)
GOLD = (0.7398417, 0.5698128, 0.32133522, 0.56914632, 0.76995912, 0.91293716)
FAR = (100.0, 1000.0)
GOLD_FAR = (0.95809696, None)
N = (2, 4, 8, 16, 32, 64, 128, 1024, 65536)
BEST = (0.330008, 0.571683, 0.602293, 0.495081, 0.385503, 0.337628, 0.339805, 0.406486, 0.506157)
TILTS = (0.5, 1.0, 2.0, 5.0, 10.0)
TILTED = (0.39726113, 0.45571316, 0.49316498, 0.77445307, 0.8914769)
TILT_KL = (0.46633, 2.0408, 8.8054, 51.732, 202.543)
ZERO_ABOVE = (2.0, 4.0, 6.0)
ZERO = (0.329563, 0.0288068, 1.06e-4)


def noisy_band(low: float, high: float, sd: float = 2.0) -> Blend:
    """Standard normal gold; error normal of ``sd`` where gold is in a band, none elsewhere."""
    gold = Normal()
    below, above = np.exp(float(gold.logcdf(low))), np.exp(float(gold.logsf(high)))
    outside = Mixture(
        laws=(Truncated(law=gold, high=low), Truncated(law=gold, low=high)),
        weights=(float(below / (below + above)), float(above / (below + above))),
    )
    nothing = Discrete(values=(0.0,), chances=(1.0,))
    inside = independent(gold=Truncated(law=gold, low=low, high=high), error=Normal(sd=sd))
    share = float(1 - below - above)
    return Blend(
        joints=(inside, independent(gold=outside, error=nothing)), weights=(share, 1 - share)
    )


def noisy_zero() -> Blend:
    """Gold -1, 0 or 1; error normal of sd 1, 2, 1."""
    parts = [
        independent(gold=Discrete(values=(value,), chances=(1.0,)), error=Normal(sd=sd))
        for value, sd in ((-1.0, 1.0), (0.0, 2.0), (1.0, 1.0))
    ]
    return Blend(joints=tuple(parts), weights=(0.25, 0.5, 0.25))


def dependence() -> Experiment:
    """Limits 1, 0 and -1 with light, unbiased, dependent errors."""
    band = noisy_band(-1, 1)
    curve = band.curve(BestOfN(), N)
    best = [{"n": n, "gold": g} for n, g in zip(map(float, N), curve.gold.tolist(), strict=True)]
    best = beside(best, gold=BEST)
    above = _above(band, ABOVE, GOLD)
    turns: list[dict[str, Cell]] = [
        {"turn": turn.kind, "n": turn.strength, "gold": turn.gold} for turn in curve.extrema()
    ]
    turns = beside(turns, gold=(0.613851, 0.334435))
    return Experiment(
        name="dependence",
        title="Light error that depends on gold",
        statement="Gold standard normal, error normal of variance 4 where |gold| <= 1 and none "
        "elsewhere: light tails and no bias at any gold. Gold given a large proxy tends to 1.",
        assumptions="A large proxy forces gold into the noisy band and then tilts it to the "
        "band's upper edge, at a distance of about 4 / t.",
        edge="The printed limit is 0. It is 0 in other examples: where the noise is largest at 0; "
        "and -1 where the noisy band is [-2, -1], so that pressure harms.",
        tables=(
            Table(title="above thresholds", rows=above),
            Table(
                title="above thresholds of probability below any double",
                rows=beside(_far_above(-1, 1), gold=GOLD_FAR),
            ),
            Table(title="best-of-n", rows=best),
            Table(title="turns of best-of-n", rows=turns),
            Table(title="KL tilt", rows=beside(_tilts(band), gold=TILTED, kl=TILT_KL)),
            Table(
                title="gold -1, 0, 1 with sd 1, 2, 1", rows=_above(noisy_zero(), ZERO_ABOVE, ZERO)
            ),
            Table(
                title="variance 4 (1 - gold^2) from -1 to 1",
                rows=beside(_far_above(-1, 1, _most_at_zero), gold=(0.00998406, None)),
            ),
            Table(
                title="noisy band from -2 to -1",
                rows=[*_above(noisy_band(-2, -1), (10.0, 50.0)), *_far_above(-2, -1)],
            ),
        ),
        panels=(_best_panel(curve, best, turns), _above_panel(band, above)),
    )


def _best_panel(curve: ExactCurve, rows: Sequence[Row], turns: Sequence[Row]) -> Panel:
    """Best-of-n: up, down and up again."""
    n = log_spread(N[0], N[-1], 100)
    line = Line(name="noisy from -1 to 1", x=n, y=curve.at(n).gold.tolist())
    points = tuple(references(line.name, told, "n", "gold") for told in (rows, turns))
    return Panel(x="n", y="mean gold of the best of n", lines=(line,), points=points, x_scale="log")


def _above_panel(band: Blend, rows: Sequence[Row]) -> Panel:
    """Three limits with light errors without bias, by where the error is largest."""
    cases = {
        "noisy from -1 to 1": (band, 50.0),
        "noisiest at 0": (noisy_zero(), 6.0),
        "noisy from -2 to -1": (noisy_band(-2, -1), 50.0),
    }
    lines = []
    for name, (joint, last) in cases.items():
        above = log_spread(1.0, last, 40)
        lines.append(Line(name=name, x=above, y=gold_above(joint, above).tolist()))
    return Panel(
        x="t",
        y="mean gold given proxy > t",
        lines=tuple(lines),
        points=(references("noisy from -1 to 1", rows, "t", "gold"),),
        levels=(-1.0, 0.0, 1.0),
        x_scale="log",
    )


def _above(
    joint: Blend, above: Sequence[float], reference: Sequence[float] | None = None
) -> list[dict[str, float]]:
    gold = gold_above(joint, above).tolist()
    rows = [{"t": t, "gold": value} for t, value in zip(above, gold, strict=True)]
    return beside(rows, gold=reference) if reference else rows


def _tilts(band: Blend) -> list[dict[str, float]]:
    curve = band.curve(KLTilt(), TILTS)
    pairs = zip(TILTS, curve.gold.tolist(), curve.kl.tolist(), strict=True)
    return [{"1 / beta": strength, "gold": gold, "kl": kl} for strength, gold, kl in pairs]


def _even(gold: FloatArray) -> FloatArray:
    """Variance 4 throughout."""
    return np.full_like(gold, 2.0)


def _most_at_zero(gold: FloatArray) -> FloatArray:
    """Variance 4 (1 - gold^2)."""
    return np.asarray(2 * np.sqrt(1 - gold * gold))


def _far_above(
    low: float, high: float, spread: Callable[[FloatArray], FloatArray] = _even
) -> list[dict[str, float]]:
    """As ``_above`` for a noisy band, where only the band matters: gold there, in logarithms.

    ``spread`` is the error's standard deviation at gold within the band.
    """
    gold, error = Normal(), Normal()
    edges = np.linspace(low, high, 33)
    owner = np.zeros(len(edges) - 1, dtype=np.int64)

    def mean_above(t: float) -> float:
        def log_integrand(_: object, v: FloatArray) -> tuple[FloatArray, FloatArray]:
            return gold.logpdf(v) + error.logsf((t - v) / spread(v)), v

        return float(integrals(log_integrand, owner, edges[:-1], edges[1:], 1, 1.0).mean[0])

    return [{"t": t, "gold": mean_above(t)} for t in FAR]
