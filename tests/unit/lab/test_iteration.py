"""A policy against a proxy fitted again and again: the closed form, simulated and at its limits."""

import math

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.lab import Landscape, iterated

MANY_ERRORS = 5.3  # standard errors: 1e-7 of normal means lie beyond
RUNS = 20_000


def simulated(
    landscape: Landscape, lengths: list[float], pairs: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Policies moved by proxies fitted on pairs of labels: gold, error and KL at the end [runs]."""
    c, d = landscape.curvature, landscape.directions

    def gold(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[..., 0] - c * (x**2).sum(axis=-1) / 2)

    mean = np.zeros((RUNS, d))
    before, promised = gold(mean), np.zeros(RUNS)
    for length in lengths:
        x, other = mean[:, None] + rng.standard_normal((2, RUNS, pairs, d))
        noise = landscape.noise * rng.standard_normal((2, RUNS, pairs))
        margin = gold(x) + noise[0] - gold(other) - noise[1]
        slope = ((x - other) * margin[..., None]).mean(axis=1) / 2
        before, promised = gold(mean), length * (slope**2).sum(axis=1)
        mean = mean + length * slope
    # Under N(mean, I) gold is less by the same constant everywhere: gains are those of the mean.
    gained = gold(mean)
    kl = (mean**2).sum(axis=1) / 2
    return {"gold": gained, "error": promised - (gained - before), "kl": kl}


@pytest.mark.parametrize(
    ("landscape", "every", "to", "pairs"),
    [
        (Landscape(curvature=0.5, directions=3, noise=0.7), 0.8, 2.1, 5),
        (Landscape(curvature=1.0, directions=1, noise=0.0), 0.6, 1.2, 4),
        (Landscape(curvature=0.2, directions=6, noise=2.0), math.inf, 1.5, 9),
    ],
)
def test_policies_moved_by_fitted_proxies_are_where_the_closed_form_says(
    landscape: Landscape, every: float, to: float, pairs: int
) -> None:
    fits = max(math.ceil(to / every), 1)
    expected = iterated(landscape, to=to, every=every, labels=pairs * fits)
    lengths = [stride.length for stride in expected.strides]
    assert math.isclose(sum(lengths), to)
    found = simulated(landscape, lengths, pairs, np.random.default_rng(0))
    for name, values in found.items():
        off = values.mean() - getattr(expected.reached(to), name)
        assert abs(off) < MANY_ERRORS * values.std() / math.sqrt(RUNS), (name, off)


def test_a_proxy_fitted_once_turns_where_its_error_meets_the_gold_gained() -> None:
    run = iterated(Landscape(curvature=0.05), to=64)
    peak = run.peak()
    assert peak is not None
    assert (peak.strength, peak.gold, peak.error) == pytest.approx((20, 10, 10))
    assert run.overtaken() == pytest.approx(20)
    assert run.reached(40).gold == pytest.approx(0, abs=1e-12)
    assert math.isnan(run.limit())


@pytest.mark.parametrize("every", [0.5, 5.0, 20.0])
def test_endless_labels_take_gold_to_the_top(every: float) -> None:
    run = iterated(Landscape(curvature=0.05), to=2000, every=every)
    assert run.overtaken() is None
    assert run.peak() is None
    assert run.reached(2000).gold == pytest.approx(10)
    assert run.limit() == pytest.approx(10)


def test_endless_labels_do_not_help_fits_too_far_apart() -> None:
    """Beyond one turn error wins for a while; beyond two the policy leaves for good."""
    late = iterated(Landscape(curvature=0.05), to=2400, every=30)
    assert late.overtaken() == pytest.approx(20)
    assert late.reached(2400).gold == pytest.approx(10)
    lost = iterated(Landscape(curvature=0.05), to=450, every=45)
    assert lost.growth() > 1
    assert math.isnan(lost.limit())
    assert lost.reached(450).gold < 0


@pytest.mark.parametrize("curvature", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("turned", [0.02, math.sqrt(2) - 1, 0.9])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_the_labels_needed_are_those_that_keep_error_below_gold(
    curvature: float, turned: float, noise: float
) -> None:
    landscape = Landscape(curvature=curvature, directions=4, noise=noise)
    every, fits = turned / curvature, 300
    needed = landscape.labels_needed(every)
    enough = iterated(landscape, to=fits * every, every=every, labels=fits * math.ceil(needed + 1))
    assert enough.overtaken() is None
    few = iterated(landscape, to=fits * every, every=every, labels=fits * math.floor(needed - 1))
    overtaken = few.overtaken()
    assert overtaken is not None
    assert overtaken < every


def test_the_fewest_labels_keep_error_below_gold_at_forty_one_hundredths_of_the_turn() -> None:
    landscape = Landscape(curvature=0.1, directions=3)
    strides = np.linspace(0.01, 9.99, 999)
    totals = [landscape.labels_needed(stride) / stride for stride in strides]
    assert strides[np.argmin(totals)] == pytest.approx(10 * (math.sqrt(2) - 1), abs=0.01)
    assert math.isnan(landscape.labels_needed(10.0))


def test_a_long_run_settles_at_its_limit() -> None:
    run = iterated(Landscape(), to=4000, every=8, labels=500 * 10)
    assert run.growth() < 1
    assert run.reached(4000).gold == pytest.approx(run.limit())
    assert run.limit() < run.landscape.most_gold


@pytest.mark.parametrize(
    ("every", "labels", "gold"), [(4.0, 2048, 9.85), (math.inf, 2048, -40.07), (1.0, 128, 7.27)]
)
def test_the_runs_that_the_docs_quote(every: float, labels: float, gold: float) -> None:
    run = iterated(Landscape(), to=64, every=every, labels=labels)
    assert run.reached(64).gold == pytest.approx(gold, abs=0.005)
    ends = [stride.reached(stride.length) for stride in run.strides]
    above = [end.error > end.gold for end in ends]
    assert all(above) if labels == 128 or math.isinf(every) else not any(above)


def test_few_labels_make_even_small_strides_diverge() -> None:
    few = iterated(Landscape(directions=100), to=400, every=20, labels=20 * 50)
    assert few.growth() > 1
    assert few.reached(400).gold < few.reached(200).gold < 0


@pytest.mark.parametrize(("every", "labels"), [(7.0, 300), (16.0, 512), (3.0, 900), (1.0, 2048)])
def test_peak_and_overtaking_are_those_of_a_fine_grid(every: float, labels: float) -> None:
    run = iterated(Landscape(), to=64, every=every, labels=labels)
    grid = np.linspace(0, 64, 6401)[1:]
    reached = [run.reached(float(strength)) for strength in grid]
    peak, best = run.peak(), max(reached, key=lambda one: one.gold)
    assert (peak or run.reached(64)).gold == pytest.approx(best.gold, abs=1e-4)
    above = [one.strength for one in reached if one.error > one.gold]
    overtaken = run.overtaken()
    assert overtaken is not None
    assert above[0] == pytest.approx(overtaken, abs=0.011)


def test_gold_is_continuous_where_the_proxy_is_fitted_and_error_starts_anew() -> None:
    run = iterated(Landscape(), to=20, every=7, labels=900)
    before, after = run.reached(7), run.reached(7 + 1e-9)
    assert after.gold == pytest.approx(before.gold)
    assert after.kl == pytest.approx(before.kl)
    assert before.error > 0.1 > after.error
    assert run.reached(0).gold == run.reached(0).kl == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"to": 0.0}, "the last strength must be above 0 and finite, got 0"),
        ({"to": math.nan}, "the last strength must be above 0 and finite, got nan"),
        ({"every": 0.0}, "the strength between fits must be above 0, got 0"),
        ({"every": 1e-9}, "a fit every 1e-09 to strength 64 makes more than 100,000"),
        ({"every": 1.0, "labels": 63}, "63 labelled pairs are fewer than one for each of 64 fits"),
        ({"labels": math.nan}, "nan labelled pairs are fewer than one"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(BadOption, match=said):
        iterated(Landscape(), **{"to": 64.0, **options})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"curvature": 0.0}, "curvature must be between 1e-6 and 1e6, got 0"),
        ({"directions": 0}, "directions must be between 1 and 1e6, got 0"),
        ({"noise": -1.0}, "noise must be between 0 and 1e6, got -1"),
        ({"noise": math.nan}, "noise must be between 0 and 1e6, got nan"),
    ],
)
def test_a_landscape_that_makes_no_sense_is_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(BadOption, match=said):
        Landscape(**options)  # type: ignore[arg-type]


def test_strengths_beyond_the_run_are_refused() -> None:
    with pytest.raises(BadOption, match="strength must be between 0 and 5, got 6"):
        iterated(Landscape(), to=5).reached(6)
