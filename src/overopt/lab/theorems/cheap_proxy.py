"""Theorem 1 and what follows from it: under a heavy proxy, any mean is nearly free in KL."""

from __future__ import annotations

from collections.abc import Sequence

from overopt.lab.theorems.events import event_tilt_kl, mixture_kl, outlier_price
from overopt.lab.theorems.experiment import Experiment, Row, Table, beside
from overopt.lab.theorems.panels import Line, Panel, log_spread, references
from overopt.lab.theorems.student_three import mean_above, probability_above

__all__ = ["cheap_proxy", "heavy_ends", "price_of_an_outlier"]

BOUNDS = (2.0, 10.0, 1e2, 1e4, 1e6, 1e8)
FAST, FIXED = 0.8, 1.0  # mass t^-power given to what lies above t
TO_ONE_AND_A_HALF = (1.568918, 1.494471, 1.499926, 1.5, 1.5, 1.5)
TO_INFINITY = (1.83998, 2.37798, 3.767895, 9.46436, 23.7734, 59.71608)
KL_FIXED = (0.6750001, 0.3604286, 0.08118103, 0.001732301, 2.65333e-5, 3.574364e-7)
KL_FAST = (0.8788008, 0.6486835, 0.2272433, 0.01209251, 4.643168e-4, 1.569648e-5)


def cheap_proxy() -> Experiment:
    """Mean proxy and KL of giving the top of a t law with 3 degrees of freedom more mass."""
    tables = (
        Table(
            title="mass t^-0.8 above t",
            rows=beside(_reweighted(BOUNDS, FAST), mean=TO_INFINITY, kl=KL_FAST),
        ),
        Table(
            title="mass 1 / t above t",
            rows=beside(_reweighted(BOUNDS, FIXED), mean=TO_ONE_AND_A_HALF, kl=KL_FIXED),
        ),
    )
    return Experiment(
        name="1",
        title="A heavy proxy is cheap",
        statement="If the proxy is heavy-tailed, then for every bound M and every eps above 0 some "
        "policy has mean proxy above M at a KL divergence below eps.",
        assumptions="A proxy whose moment generating function is infinite on the right; nothing "
        "about gold, and no independence.",
        edge="How much mass the top gets matters: with mass 1 / t the KL vanishes as well, but the "
        "mean tends to 1.5 for this law (index / (index - 1)), not to infinity.",
        tables=tables,
        panels=(
            _reweighted_panel(tables, "mean", "mean proxy", levels=(1.5,)),
            _reweighted_panel(tables, "kl", "KL in nats"),
        ),
    )


def _reweighted_panel(
    tables: Sequence[Table], column: str, title: str, levels: tuple[float, ...] = ()
) -> Panel:
    """One column of both tables against t, at more bounds than the tables tell."""
    bounds = log_spread(BOUNDS[0], BOUNDS[-1])
    lines = [
        Line(name=table.title, x=bounds, y=[row[column] for row in _reweighted(bounds, power)])
        for table, power in zip(tables, (FAST, FIXED), strict=True)
    ]
    return Panel(
        x="t",
        y=title,
        lines=tuple(lines),
        points=tuple(references(table.title, table.rows, "t", column) for table in tables),
        levels=levels,
        x_scale="log",
        y_scale="log",
    )


def _reweighted(bounds: Sequence[float], power: float) -> list[dict[str, float]]:
    rows = []
    for t in bounds:
        mass, base = t**-power, probability_above(t)
        # The base mean is 0, so the mean below t is -base mean_above / (1 - base).
        mean = (mass - base) * mean_above(t) / (1 - base)
        rows.append({"t": t, "mean": mean, "kl": event_tilt_kl([mass], [base])})
    return rows


ENDS_REFERENCE = {
    "gold": (0.0, 2.0, 9.46436, 9.46436, 9.46436, -3.76783),
    "error": (9.46436, 9.46436, 0.0, 9.46436, -3.76783, 9.46436),
    "kl": (0.0120925, 0.0144407, 0.0120925, 0.0294648, 0.0277214, 0.0277214),
    "gold_far": (0.0, 2.0, 376.783, 376.783, 376.783, -23.7734),
    "error_far": (376.783, 376.783, 0.0, 376.783, -23.7734, 376.783),
    "kl_far": (1.50e-8, 1.51e-8, 1.50e-8, 3.58e-8, 3.37e-8, 3.37e-8),
}


def heavy_ends() -> Experiment:
    """Six ways for gold and error to end, all at arbitrarily low KL, when both are heavy."""
    near, far = _ends(1e4), _ends(1e12)
    near = beside(near, **{key: ENDS_REFERENCE[key] for key in ("gold", "error", "kl")})
    far = beside(far, **{key: ENDS_REFERENCE[f"{key}_far"] for key in ("gold", "error", "kl")})
    return Experiment(
        name="heavy-ends",
        title="Heavy gold and heavy error may end anywhere",
        statement="If gold and error are both heavy, policies of vanishing KL and unbounded proxy "
        "can take gold to any finite value, to plus or to minus infinity, or nowhere.",
        assumptions="Gold and error independent, each t with 3 degrees of freedom; some events "
        "get mass t^-0.8 and keep their law inside.",
        edge="With light gold only the first case with target 0 is left: bounded KL then bounds "
        "how far the mean of gold moves (theorem 2).",
        tables=(
            Table(title="t = 1e4", rows=near),
            Table(title="t = 1e12", rows=far),
            Table(
                title="neither converges: the top of error and of gold in turn",
                rows=beside(_alternating(), gold=(3.768, 0, 9.464, 0, 23.77, 0)),
            ),
        ),
        panels=_ends_panels(near, far),
    )


def _ends_panels(near: Sequence[Row], far: Sequence[Row]) -> tuple[Panel, ...]:
    """Where gold and error go as t grows, one line for each case, and what it costs."""
    bounds = log_spread(1e2, 1e12, 41)
    cases = list(zip(*map(_ends, bounds), strict=True))
    names = [str(case[0]["case"]) for case in cases]
    roads = [
        Line(name=name, x=[row["error"] for row in case], y=[row["gold"] for row in case])
        for name, case in zip(names, cases, strict=True)
    ]
    prices = [
        Line(name=name, x=bounds, y=[row["kl"] for row in case])
        for name, case in zip(names, cases, strict=True)
    ]
    turns = _alternating()
    for lines, x, y in ((roads, "error", "gold"), (prices, "t", "kl")):
        told_x, told_y = [row[x] for row in turns], [row[y] for row in turns]
        lines.append(Line(name="neither converges", x=told_x, y=told_y))
    told = (references("", rows, "error (ref)", "gold") for rows in (near, far))
    return (
        Panel(
            x="mean error",
            y="mean gold",
            lines=tuple(roads),
            points=tuple(told),
            x_scale="symlog",
            y_scale="symlog",
        ),
        Panel(x="t", y="KL in nats", lines=tuple(prices), x_scale="log", y_scale="log"),
    )


def _ends(t: float) -> list[dict[str, float | str]]:
    mass, base, high = t**-0.8, probability_above(t), mean_above(t)
    # One heavy event has conditional mean `high`; what is outside it has the mean that is left.
    gain = (mass - base) * high / (1 - base)
    both = (mass - base**2) * high / (1 - base**2)
    one = event_tilt_kl([mass], [base])
    finite = _with_finite_gold(t, mass, base, target=2.0)
    low = t**0.9
    mixed_base = base * probability_above(low)
    mixed = event_tilt_kl([mass], [mixed_base])
    up = (mass - mixed_base) * high / (1 - mixed_base)
    down = -(mass - mixed_base) * mean_above(low) / (1 - mixed_base)
    cases = [
        ("gold stays, error to infinity", 0.0, gain, one),
        ("gold to 2, error to infinity", *finite),
        ("gold to infinity, error stays", gain, 0.0, one),
        ("both to infinity", both, both, event_tilt_kl([mass], [base**2])),
        ("gold to infinity, error to minus infinity", up, down, mixed),
        ("gold to minus infinity, error to infinity", down, up, mixed),
    ]
    return [
        {"case": case, "gold": gold, "error": error, "proxy": gold + error, "kl": kl}
        for case, gold, error, kl in cases
    ]


def _with_finite_gold(
    t: float, mass: float, base: float, target: float
) -> tuple[float, float, float]:
    """Gold's mean near ``target``: {error > t} and, disjoint, {gold > t, error <= t}."""
    high = mean_above(t)
    second, second_base = 2 * target / (3 * t), base * (1 - base)
    rest = (1 - mass - second) / (1 - base - second_base)
    below = -base * high / (1 - base)  # mean of either, given that it is at most t
    gold = second * high + rest * (1 - base) ** 2 * below
    error = mass * high + second * below + rest * (1 - base) ** 2 * below
    return gold, error, event_tilt_kl([mass, second], [base, second_base])


def _alternating() -> list[dict[str, float]]:
    rows = []
    for k in range(6):
        t = 10.0 ** (k + 2)
        mass, base = t**-0.8, probability_above(t)
        gain = (mass - base) * mean_above(t) / (1 - base)
        kl = event_tilt_kl([mass], [base])
        gold, error = (0.0, gain) if k % 2 else (gain, 0.0)
        rows.append({"t": t, "gold": gold, "error": error, "proxy": gain, "kl": kl})
    return rows


ACG_SHARE, ACG_LOG_PROBABILITY, ACG_PROXY = 0.01, -1339.70, 2.2377
ACG_KL = 13.340998


def price_of_an_outlier() -> Experiment:
    """The arithmetic of one adversarial string served once in a hundred."""
    kl = mixture_kl(ACG_SHARE, ACG_LOG_PROBABILITY)
    rows = [
        {"mean of the reference": mean}
        | {"gain": outlier_price(ACG_SHARE, ACG_LOG_PROBABILITY, ACG_PROXY, mean).gain, "kl": kl}
        for mean in (0.3329, -0.3329)
    ]
    price = outlier_price(ACG_SHARE, ACG_LOG_PROBABILITY, ACG_PROXY, 0.3329)
    return Experiment(
        name="price",
        title="What one outlier costs",
        statement="Serving an outlier of log probability l with chance a costs "
        "a (ln a - l) + (1 - a) ln(1 - a) nats and gains a (outlier - mean) of proxy.",
        assumptions="The outlier's own probability is negligible beside its share.",
        edge="The printed price of the string found by search, a (ln a - 1339.70), has the sign of "
        "the log probability turned and would be negative; the printed gain 0.02571 is that of a "
        "reference mean of -0.3329.",
        tables=(
            Table(
                title="share 1 %, log probability -1339.70, proxy 2.2377",
                rows=beside(rows, gain=(0.019048, 0.025706), kl=(ACG_KL, ACG_KL)),
            ),
            Table(
                title="the same nats spent otherwise",
                rows=[{"threshold keeps": price.kept_share, "best of": price.n}],
            ),
        ),
        panels=(_price_panel(),),
    )


def _price_panel() -> Panel:
    """KL against the share served, for outliers of several log probabilities."""
    shares = log_spread(1e-4, 0.5)
    lines = [
        Line(name=f"log probability {low:g}", x=shares, y=[mixture_kl(a, low) for a in shares])
        for low in (-10.0, -100.0, ACG_LOG_PROBABILITY)
    ]
    point = Line(name=lines[-1].name, x=[ACG_SHARE], y=[ACG_KL])
    return Panel(
        x="share of the outlier",
        y="KL in nats",
        lines=tuple(lines),
        points=(point,),
        x_scale="log",
        y_scale="log",
    )
