"""Best-of-n and thresholds for the ten laws of the appendix of Kwa, Thomas and Garriga-Alonso.

The laws are theirs (2407.14503, best-of-N experiment); the values were computed independently, by
multiprecision quadrature, and agree with simulation.
"""

import numpy as np
import pytest

from overopt.lab import Independent, Levy, LogNormal, Normal, StudentT, independent
from overopt.pressure import BestOfN, Threshold

N = 4.0 ** np.array([1, 2, 3, 4, 5, 6, 7, 8, 10])
GOLDS = {"normal": Normal(sd=2), "t10": StudentT(df=10, sd=2)}
ERRORS = {
    "normal": Normal(),
    "lognormal": LogNormal(sigma=float(np.log(2)), shift=-1),
    "t3": StudentT(df=3, sd=1),
    "t5": StudentT(df=5, sd=1),
    "levy": Levy(),
}
GRID = """
normal normal    1.841403 3.159101 4.192598 5.056847 5.810628 6.486533 7.104168 7.676205 8.715824
normal lognormal 1.828754 2.894881 3.355740 3.257821 2.773430 2.239284 1.835998 1.539409 1.125059
normal t3        1.884020 3.146858 3.909973 4.052506 3.308344 1.936626 1.017829 0.608591 0.236612
normal t5        1.852650 3.131820 4.033046 4.603541 4.771731 4.388405 3.433180 2.348961 1.181480
normal levy      0.434337 0.063498 0.004395 0.000284 0.000018 0.000001 0 0 0
t10    normal    1.809054 3.264123 4.667276 6.127945 7.702665 9.429116 11.340365 13.471532 18.558467
t10    lognormal 1.797266 2.998942 3.854488 4.386679 4.551581 4.324487 3.777596 3.088901 1.936778
t10    t3        1.853024 3.247831 4.387043 5.191918 5.327398 4.321930 2.384501 0.927140 0.240497
t10    t5        1.820943 3.234728 4.516051 5.755533 6.964706 8.076931 8.912463 9.145682 6.506817
t10    levy      0.430079 0.064850 0.004396 0.000284 0.000018 0.000001 0 0 0
"""
PEAKS = {
    ("normal", "normal"): None,
    ("normal", "lognormal"): (98, 3.381628),
    ("normal", "t3"): (169, 4.091391),
    ("normal", "t5"): (832, 4.777809),
    ("normal", "levy"): (3, 0.490331),
    ("t10", "normal"): None,
    ("t10", "lognormal"): (914, 4.552936),
    ("t10", "t3"): (643, 5.387663),
    ("t10", "t5"): (48917, 9.167072),
    ("t10", "levy"): (3, 0.482505),
}
ABOVE = (2.0, 4.0, 6.0, 10.0, 20.0, 50.0, 100.0)
CONDITIONAL = """
normal normal    2.578185 3.913274 5.349412 8.367443 16.195287 40.079683
normal lognormal 2.416056 3.276128 3.417974 2.322567 1.331317 0.668045 0.389958
normal t3        2.671189 3.843741 4.150777 1.532892 0.625013 0.241480 0.120183
normal t5        2.603199 3.836638 4.767330 2.991327 1.060903 0.403493 0.200431
normal levy      0.717434 0.616101 0.393027 0.206444 0.099829 0.039829 0.019945
t10    normal    2.605684 4.213539 6.142593 10.518713 21.843119 55.394388 111.029854
t10    lognormal 2.420742 3.483765 4.252945 4.538699 2.534080 0.999264 0.720250
t10    t3        2.709901 4.131014 5.268470 4.691766 0.891644 0.244167 0.120367
t10    t5        2.633371 4.123561 5.719225 8.523732 6.352736 0.666313 0.218044
t10    levy      0.693341 0.605480 0.413368 0.216501 0.100591 0.039869 0.019950
"""
# Threshold with the most gold: at which proxy, how much, and the probability above.
THRESHOLDS = {
    ("normal", "lognormal"): (3.473467, 1.6349e-2),
    ("normal", "t3"): (4.243124, 8.0624e-3),
    ("normal", "t5"): (4.873474, 1.6844e-3),
    ("normal", "levy"): (0.725513, 0.5630),
    ("t10", "lognormal"): (4.621332, 1.6794e-3),
    ("t10", "t3"): (5.580551, 2.0646e-3),
    ("t10", "t5"): (9.339314, 2.8119e-5),
    ("t10", "levy"): (0.700492, 0.5587),
}


def rows(table: str) -> dict[tuple[str, str], list[float]]:
    split = [line.split() for line in table.strip().splitlines()]
    return {(gold, error): [float(value) for value in values] for gold, error, *values in split}


def law(names: tuple[str, str]) -> Independent:
    return independent(gold=GOLDS[names[0]], error=ERRORS[names[1]])


@pytest.mark.parametrize("names", rows(GRID), ids="-".join)
def test_best_of_n_to_six_digits_with_its_peak(names: tuple[str, str]) -> None:
    curve = law(names).curve(BestOfN(), N)
    np.testing.assert_allclose(curve.gold, rows(GRID)[names], rtol=0, atol=6e-7)
    assert (curve.error_bound <= 1e-6 * np.maximum(np.abs(curve.gold), 2)).all()
    peak, expected = curve.at(np.append(1.0, N)).peak(), PEAKS[names]
    if expected is None:
        assert peak is None
    else:
        assert peak is not None
        assert (peak.strength, round(peak.gold, 6)) == expected


@pytest.mark.parametrize("names", rows(CONDITIONAL), ids="-".join)
def test_gold_above_a_threshold_to_six_digits(names: tuple[str, str]) -> None:
    joint = law(names)
    expected = rows(CONDITIONAL)[names]  # the probability of the last of one law is no double
    curve = joint.curve(Threshold(), np.exp(-joint.logsf(ABOVE[: len(expected)])))
    np.testing.assert_allclose(curve.gold, expected, rtol=0, atol=6e-7)


@pytest.mark.parametrize("names", THRESHOLDS, ids="-".join)
def test_the_best_threshold(names: tuple[str, str]) -> None:
    gold, above = THRESHOLDS[names]
    peak = law(names).curve(Threshold(), [1, 1e5]).peak()
    assert peak is not None
    assert peak.gold == pytest.approx(gold, abs=6e-7)
    assert 1 / peak.strength == pytest.approx(above, rel=2e-3)
    assert peak.kl == pytest.approx(-np.log(above), abs=2e-3)
