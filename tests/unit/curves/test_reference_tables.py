"""Real tables: published values and decisions; skipped where the data are absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from overopt import BestOfN, read_samples
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.curves.objective import within_spread
from overopt.curves.operating_point import OperatingPoint, operating_point
from overopt.samples import scored
from overopt.stats.intervals import t_quantile

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared tables are not here")


def curve_and_point(table: str, proxy: str) -> tuple[EstimatedCurve, OperatingPoint]:
    name = f"proxy_{proxy}"
    samples = scored(read_samples(DATA / f"{table}.parquet", proxies=[name], gold="gold"), name)
    curve = gold_curve(samples, name, BestOfN())
    return curve, operating_point(curve, within_spread(samples))


def change(curve: EstimatedCurve, start: int, end: int) -> tuple[float, float, float]:
    """Gold at ``end`` less gold at ``start`` with its 95 % interval for this pair alone."""
    contrast = np.zeros((1, len(curve.strength)))
    contrast[0, [start - 1, end - 1]] = -1, 1
    estimate, covariance, df = curve.contrast(contrast)
    half = float(t_quantile(0.95, df)) * np.sqrt(covariance[0, 0])
    return float(estimate[0]), float(estimate[0] - half), float(estimate[0] + half)


def test_judge_saturates_at_12_of_24() -> None:
    curve, point = curve_and_point("judge_bon24", "judge")
    np.testing.assert_allclose(
        curve.gold[[0, 3, 15, 23]], [0.6684, 0.7667, 0.8286, 0.8315], atol=5e-5
    )
    assert (point.decision, point.strength) == ("saturated", 12)
    np.testing.assert_allclose(change(curve, 12, 24), [0.008, -0.012, 0.028], atol=5e-4)


def test_newsroom_chrf_is_worth_two_candidates() -> None:
    curve, point = curve_and_point("newsroom", "chrf")
    assert (point.decision, point.strength) == ("push", 2)
    np.testing.assert_allclose(change(curve, 1, 2), [0.111, 0.068, 0.155], atol=5e-4)
    assert curve.gold[6] == pytest.approx(3.108, abs=5e-4)


def test_avoiding_repetition_does_not_pay() -> None:
    _, point = curve_and_point("summeval", "repeat2")
    assert (point.decision, point.strength) == ("do_not_push", 1)


def test_copying_is_undecided_with_a_proven_gain() -> None:
    curve, point = curve_and_point("realsumm", "copy3")
    assert (point.decision, point.strength) == ("undecided", 12)
    assert curve.gold.max() - curve.gold[0] == pytest.approx(0.03, abs=0.006)
    assert point.gain_lower > 0
    assert point.needs


def test_realsumm_chrf_shows_no_peak() -> None:
    _, point = curve_and_point("realsumm", "chrf")
    assert (point.decision, point.strength) == ("no_peak", 24)


def test_summeval_rouge_is_undecided_with_a_proven_gain() -> None:
    _, point = curve_and_point("summeval", "rouge1")
    assert (point.decision, point.strength) == ("undecided", 16)
    assert point.gain == pytest.approx(0.18, abs=0.005)
    assert point.gain_lower > 0
    assert point.numbers["last_doubling_lower"] < 0
