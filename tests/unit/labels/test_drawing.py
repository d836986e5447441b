"""Rounds: nested, exact in their chances, and no larger than paid for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calibrated import assert_coverage
from tables import noise, table

from overopt.errors import BadOption, BadSamples
from overopt.labels.design import label_probabilities
from overopt.labels.drawing import (
    DrawOptions,
    checked_keys,
    cumulative_chances,
    new_ledger,
    with_round,
)
from overopt.labels.ledger import Ledger
from overopt.labels.row_keys import row_keys
from overopt.labels.weights import planning_strengths
from overopt.pressure import BestOfN
from overopt.samples import Samples

SAMPLES = table(a=noise(0), b=noise(1))


def rounds(samples: Samples, *budgets: float, seed: int = 0, **options: object) -> Ledger:
    ledger = new_ledger(samples, seed)
    for budget in budgets:
        ledger = with_round(ledger, samples, DrawOptions(budget=budget, **options))  # type: ignore[arg-type]
    return ledger


def chances_of(ledger: Ledger, samples: Samples) -> np.ndarray:
    return cumulative_chances(ledger, samples, checked_keys(ledger, samples))


def test_the_first_round_has_the_chances_of_the_design() -> None:
    samples = table(a=noise(0))
    found = chances_of(rounds(samples, 60), samples)
    grid = planning_strengths(samples, "a", BestOfN())
    np.testing.assert_allclose(found, label_probabilities(samples, "a", BestOfN(), grid, 60))


def test_each_round_adds_its_budget_and_takes_no_chance_away() -> None:
    before = np.zeros(SAMPLES.rows)
    for k, kind in enumerate(["best_of_n", "threshold", "kl_tilt"], start=1):
        ledger = rounds(SAMPLES, *([40] * (k - 1)), pressures=["best_of_n"])
        ledger = with_round(ledger, SAMPLES, DrawOptions(budget=40, pressures=[kind]))
        after = chances_of(ledger, SAMPLES)
        assert (after - chances_of(rounds(SAMPLES, *([40] * (k - 1))), SAMPLES)).sum() == (
            pytest.approx(40)
        )
        assert np.all(after >= before * (k == 1))
        before = after


def test_a_row_is_drawn_once_and_exactly_when_its_number_is_below_its_chance() -> None:
    ledger = rounds(SAMPLES, 40, 40, 100)
    keys, chance = row_keys(SAMPLES, 0), chances_of(ledger, SAMPLES)
    drawn = [row.id for row in ledger.drawn]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == set(keys.id[keys.number < chance].tolist())
    assert {row.round for row in ledger.drawn} == {1, 2, 3}


def test_every_row_is_drawn_as_often_as_its_chance_says() -> None:
    """Over seeds, after two rounds whose recipes differ."""
    samples, trials = table(a=noise(2, 3, 8)), 500
    hits = np.zeros(24, dtype=int)
    chance = None
    for seed in range(trials):
        ledger = rounds(samples, 4, seed=seed)
        ledger = with_round(ledger, samples, DrawOptions(budget=3, up_to=2, uniform_share=0.5))
        chance = chances_of(ledger, samples) if chance is None else chance
        drawn = {row.row for row in ledger.drawn}
        hits += np.isin(samples.row, list(drawn))
    assert chance is not None
    for row in range(24):
        assert_coverage(int(hits[row]), trials, float(chance[row]))


def test_several_curves_share_the_budget_alike() -> None:
    both = chances_of(rounds(SAMPLES, 20), SAMPLES)
    one, two = (chances_of(rounds(table(a=noise(i)), 20), table(a=noise(i))) for i in (0, 1))
    np.testing.assert_allclose(both, (one + two) / 2, rtol=1e-9)


def test_a_later_round_may_be_for_one_of_the_proxies_only() -> None:
    ledger = with_round(new_ledger(SAMPLES), SAMPLES, DrawOptions(budget=20, proxies=["b"]))
    np.testing.assert_allclose(
        chances_of(ledger, SAMPLES), chances_of(rounds(table(a=noise(1)), 20), table(a=noise(1)))
    )
    with pytest.raises(BadOption, match="begun for a, b, not for c"):
        with_round(ledger, SAMPLES, DrawOptions(budget=20, proxies=["c"]))


def test_all_rows_can_be_drawn_and_then_no_more() -> None:
    ledger = rounds(SAMPLES, 320)
    assert len(ledger.drawn) == 320
    with pytest.raises(BadOption, match="only 0 of 320 rows are left"):
        with_round(ledger, SAMPLES, DrawOptions(budget=1))
    with pytest.raises(BadOption, match="only 20 of 320 rows are left"):
        with_round(rounds(SAMPLES, 300), SAMPLES, DrawOptions(budget=21))


def test_the_same_seed_draws_the_same_rows() -> None:
    assert rounds(SAMPLES, 40, 30) == rounds(SAMPLES, 40, 30)
    assert rounds(SAMPLES, 40).drawn != rounds(SAMPLES, 40, seed=1).drawn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget of 0 labels"),
        ({"budget": float("nan")}, "budget of nan"),
        ({"budget": 9, "uniform_share": 0.05}, "uniform share of 0.05"),
        ({"budget": 9, "repeats": 1.5}, "share of 1.5"),
    ],
)
def test_senseless_rounds_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        DrawOptions(**options)  # type: ignore[arg-type]


def test_pressures_that_cannot_be_planned_for() -> None:
    with pytest.raises(BadOption, match="'soft_best_of_n': choose from best_of_n"):
        rounds(SAMPLES, 9, pressures=["soft_best_of_n"])
    with pytest.raises(BadOption, match="no pressure to plan for"):
        rounds(SAMPLES, 9, pressures=[])
    with pytest.raises(BadOption, match="seed -1"):
        new_ledger(SAMPLES, -1)


def test_a_ledger_of_another_table_is_refused() -> None:
    ledger = rounds(SAMPLES, 40)
    with pytest.raises(BadSamples, match="with 320 rows, a table in memory has 160"):
        checked_keys(ledger, table(a=noise(0)[:20], b=noise(1)[:20]))
    with pytest.raises(BadSamples, match=r"ids or scores \(a, b\)"):
        checked_keys(ledger, table(a=noise(0), b=noise(3)))


def test_a_ledger_whose_recipe_gives_other_chances_is_refused() -> None:
    ledger = rounds(SAMPLES, 40)
    (recipe,) = ledger.rounds
    other = replace(ledger, rounds=(replace(recipe, total=recipe.total * 1.01),))
    with pytest.raises(BadSamples, match="use the version of overopt that planned it"):
        chances_of(other, SAMPLES)
