"""Verdicts on made tables: shapes, guards, copies, scales, groups."""

from __future__ import annotations

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.samples import Samples
from overopt.stats.ladder import Rung
from overopt.tails import proxy_tail
from overopt.tails.doubts import doubts
from overopt.tails.sample import tail_sample
from overopt.tails.verdict import REASONS, ladder_reason


def table(values: np.ndarray, size: int = 1, **more: object) -> Samples:
    """One proxy ``u``, ``size`` rows a prompt."""
    rows = len(values)
    prompt = np.arange(rows) // size
    return Samples(
        prompt=prompt,
        group=prompt,
        proxies={"u": np.asarray(values, dtype=float)},
        prompt_ids=np.arange(prompt[-1] + 1),
        row=np.arange(rows),
        **more,
    )


def normal(rows: int = 10_000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def student(rows: int = 10_000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(3, size=rows)


def test_a_normal_score_is_light_and_says_how_deep():
    found = proxy_tail(table(normal()), "u")
    assert (found.verdict, found.reason) == ("light", "light")
    assert found.reach == pytest.approx(1 / found.depth)
    assert found.xi_lower < found.xi < found.xi_upper < 0
    assert "Lighter than exponential down to the top 1 in" in found.sentence
    assert "1 in 3,333 cannot be seen" in found.sentence


def test_a_heavy_score_is_heavy_alone_or_within_groups():
    for size in (1, 4, 16):
        found = proxy_tail(table(student(), size), "u")
        assert found.verdict == "heavy", size
        assert found.centred == (size > 1)
        assert found.xi_lower > 0


def test_the_verdict_is_about_the_unit():
    assert proxy_tail(table(np.exp(normal())), "u").verdict == "heavy"


def rung(**changes: object) -> Rung:
    plain: dict[str, object] = {"exceedances": 100, "share": 0.1, "threshold": 0.0, "scale": 1.0}
    plain |= {"xi": 0.0, "xi_lower": -0.2, "xi_upper": 0.2, "z": 0.0, "critical_low": -2.0}
    plain |= {"critical_high": 2.0, "lean": 0, "fit_p": 0.5, "prompts": 100}
    return Rung(**(plain | changes))


HEAVY, LIGHT = rung(z=3.0, lean=1), rung(z=-3.0, lean=-1)
LEANS_HEAVY, LEANS_LIGHT, OPEN = rung(z=1.5, lean=1), rung(z=-1.5, lean=-1), rung()


@pytest.mark.parametrize(
    ("rungs", "reason"),
    [
        ((HEAVY, OPEN), "power"),
        ((OPEN, HEAVY, LEANS_HEAVY), "power"),
        ((LEANS_LIGHT, HEAVY), "power"),
        ((HEAVY, LEANS_LIGHT), "mixture"),
        ((rung(z=3.0, fit_p=0.01), OPEN), "mixture"),
        ((rung(z=3.0, fit_p=0.01), HEAVY), "power"),
        ((rung(z=3.0, fit_p=float("nan")),), "mixture"),
        ((LIGHT, OPEN), "light"),
        ((LEANS_HEAVY, LIGHT, LEANS_LIGHT), "light"),
        ((LIGHT, LEANS_HEAVY), "mixed"),
        ((LIGHT, HEAVY), "mixed"),
        ((HEAVY, LIGHT), "mixed"),
        ((OPEN, rung(xi_lower=-0.04, xi_upper=0.03)), "near_exponential"),
        ((OPEN, LEANS_HEAVY), "too_few"),
        ((), "too_few"),
    ],
)
def test_what_rungs_say_together(rungs, reason):
    assert ladder_reason(rungs) == reason


def test_a_heavy_tail_that_no_law_fits_names_its_rows():
    sample = tail_sample(table(normal(1000)), "u")
    found = doubts(sample, "u", "mixture", (rung(z=3.0, fit_p=0.01, threshold=4.5),))
    assert [one.code for one in found] == ["OV205"]
    assert "above 4.5" in found[0].message
    assert doubts(sample, "u", "power", (HEAVY,)) == ()


def test_few_rows_are_undecided():
    found = proxy_tail(table(normal(499)), "u")
    assert (found.verdict, found.reason, found.rungs) == ("undecided", "too_few", ())
    assert np.isnan(found.reach)
    assert np.isnan(found.xi)
    assert found.to_dict()["xi"] is None


def test_an_exponential_of_many_rows_is_near_exponential():
    values = np.random.default_rng(8).exponential(size=200_000)
    found = proxy_tail(table(values), "u")
    assert (found.verdict, found.reason) == ("undecided", "near_exponential")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros(2000), "bounded"),
        (np.arange(2000) % 2, "bounded"),
        (1 + np.arange(2000) % 5, "bounded"),
        (np.minimum(normal(4000), 1.5), "bounded"),
        (np.round(2 * normal(4000)) / 4, "discrete"),
        (np.round(np.exp(2 * normal(4000)) / 30), "discrete"),
    ],
)
@pytest.mark.parametrize("size", [1, 8])
def test_scores_with_levels_or_a_cap_have_no_tail(values, reason, size):
    found = proxy_tail(table(values, size), "u")
    assert (found.verdict, found.reason) == ("not_applicable", reason)
    assert "OV204" in {one.code for one in found.findings}
    assert found.rungs == ()


@pytest.mark.parametrize("size", [1, 16])
def test_fine_rounding_changes_little(size):
    exact = proxy_tail(table(normal(40_000), size), "u")
    rounded = proxy_tail(table(np.round(normal(40_000) * 64) / 64, size), "u")
    assert rounded.verdict == exact.verdict == "light"
    for one, other in zip(exact.rungs[:4], rounded.rungs[:4], strict=True):
        assert other.xi == pytest.approx(one.xi, abs=0.02)


def test_infinite_scores_are_heavy_by_themselves():
    values = normal()
    values[7] = np.inf
    found = proxy_tail(table(values), "u")
    assert (found.verdict, found.reason) == ("heavy", "mixture")
    assert [one.code for one in found.findings] == ["OV201"]
    assert "+inf in 1 of 10,000 rows" in found.findings[0].message
    values[7] = -np.inf
    assert proxy_tail(table(values), "u").verdict == "light"


def test_missing_scores_are_as_if_not_there():
    values = normal()
    gaps = np.insert(values, np.arange(0, 10_000, 2), np.nan)
    assert proxy_tail(table(gaps), "u").rungs == proxy_tail(table(values), "u").rungs
    assert proxy_tail(table(np.full(30, np.nan)), "u").reason == "too_few"
    assert proxy_tail(table(np.full(32, np.nan), 4), "u").reason == "too_few"


def test_groups_are_centred_so_that_prompts_do_not_make_the_tail():
    prompts = np.repeat(student(625, seed=5) * 10, 16)
    found = proxy_tail(table(normal() + prompts, 16), "u")
    assert (found.verdict, found.centred) == ("light", True)


def test_copies_are_left_out_and_counted():
    values = normal(16_000).reshape(-1, 16)
    exact, near = values.copy(), values.copy()
    exact[:, 8:] = exact[:, :1]
    near[:, 8:] = near[:, :1] + np.random.default_rng(1).uniform(0, 1e-3, size=(1000, 8))
    plain = proxy_tail(table(values.ravel(), 16), "u")
    assert plain.copies == 0
    for copied in (exact, near):
        found = proxy_tail(table(copied.ravel(), 16), "u")
        assert found.copies == pytest.approx(8000, rel=0.02)
        assert found.rows + found.copies == 16_000
        assert "OV202" in {one.code for one in found.findings}


def test_a_verifier_has_no_copies_and_its_counts_add_up():
    passes = np.repeat([[1.0] * 8, [0.0] * 8, [0.0] * 3 + [1.0] * 5], [50, 10, 40], axis=0)
    found = proxy_tail(table(passes.ravel(), 8), "u")
    assert found.reason == "bounded"
    assert [one.code for one in found.findings] == ["OV204"]
    assert found.findings[0].data == {"highest": 600, "of_rows": 800}
    assert "600 of 800 values" in found.findings[0].message


def test_a_grade_that_few_rows_reach_is_no_cap():
    grades = np.minimum(np.round(70 + 10 * normal(3000, seed=3)), 100).reshape(-1, 24)
    found = proxy_tail(table(grades.ravel(), 24), "u")
    assert np.count_nonzero(grades == grades.max()) < 0.005 * 3000
    assert (found.verdict, found.reason) == ("not_applicable", "discrete")
    assert [one.code for one in found.findings] == ["OV204"]


@pytest.mark.parametrize("rows", [2, 8, 40])
def test_a_single_small_prompt_is_too_little_not_discrete(rows):
    assert proxy_tail(table(normal(rows), rows), "u").reason == "too_few"


def test_one_answer_told_often_is_no_cap():
    values = normal(1600).reshape(-1, 16)
    values[0] = 5.0
    assert proxy_tail(table(values.ravel(), 16), "u").reason != "bounded"


def test_prompts_of_different_spread_take_back_a_heavy_verdict():
    rng = np.random.default_rng(6)
    scale = np.repeat(np.exp(0.8 * rng.normal(size=1000)), 16)
    found = proxy_tail(table(normal(16_000) * scale, 16), "u")
    assert (found.verdict, found.reason) == ("undecided", "mixed")
    assert "OV203" in {one.code for one in found.findings}


def test_rows_alone_in_their_group_are_left_out_or_are_the_table():
    values = normal(6000)
    prompt = np.concatenate([np.repeat(np.arange(500), 10), np.arange(500, 1500)])
    samples = Samples(
        prompt=prompt,
        group=prompt,
        proxies={"u": values},
        prompt_ids=np.arange(1500),
        row=np.arange(6000),
    )
    found = proxy_tail(samples, "u")
    assert (found.rows, found.prompts, found.centred) == (5000, 500, True)
    assert not proxy_tail(table(values), "u").centred


def test_the_order_of_rows_does_not_matter():
    values = np.round(student(8000), 3).reshape(-1, 8)
    values[:, 3] = values[:, 2]
    shuffled = np.random.default_rng(2).permuted(values, axis=1)
    one, other = (proxy_tail(table(v.ravel(), 8), "u") for v in (values, shuffled))
    assert one == other


def test_bad_options_are_told():
    with pytest.raises(BadOption, match="no proxy 'v'"):
        proxy_tail(table(normal(100)), "v")
    with pytest.raises(BadOption, match="outside"):
        proxy_tail(table(normal(100)), "u", level=1.0)


def test_every_reason_has_a_verdict_of_the_contract():
    assert set(REASONS.values()) == {"heavy", "light", "undecided", "not_applicable"}
