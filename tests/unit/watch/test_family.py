"""The family's verdict: an average, names by e-BH, and an error that is shared over alarms."""

from __future__ import annotations

from math import inf, log

import pytest

from overopt.watch.detectors.detector import Reading
from overopt.watch.family import AVERAGE_RUN, RUN_LENGTH, family_verdict


def readings(*evidence: float) -> list[Reading]:
    return [
        Reading(
            name=f"s{place}",
            log_evidence=log(each) if each else -inf,
            began=0,
            labels_used=1,
            block=None,
        )
        for place, each in enumerate(evidence)
    ]


def test_red_is_the_average_at_its_threshold() -> None:
    assert not family_verdict(readings(395, 0, 0, 0), 0.01).red
    verdict = family_verdict(readings(0, 405, 0, 0), 0.01)
    assert verdict.red
    assert verdict.guilty == ("s1",)
    assert verdict.named_by_rule
    assert verdict.log_evidence == pytest.approx(log(405 / 4))


def test_names_are_those_of_e_bh() -> None:
    """K = 4 at 1 %: one name needs 400, two need 200 each, three 133 each, four 100 each."""
    assert family_verdict(readings(150, 1e4, 140, 30), 0.01).guilty == ("s1", "s0", "s2")
    assert family_verdict(readings(150, 1e4, 120, 30), 0.01).guilty == ("s1",)
    assert set(family_verdict(readings(101, 102, 103, 104), 0.01).guilty) == {
        "s0",
        "s1",
        "s2",
        "s3",
    }


def test_an_average_without_a_name_names_the_most_suspect_without_a_promise() -> None:
    verdict = family_verdict(readings(150, 190, 131, 10), 0.01)
    assert verdict.red
    assert verdict.guilty == ("s1",)
    assert not verdict.named_by_rule


def test_nobody_is_guilty_before_the_verdict() -> None:
    assert family_verdict(readings(3, 2), 0.01).guilty == ()
    assert family_verdict([], 0.01).log_evidence == 0
    assert family_verdict(readings(0, 0), 0.01).log_evidence == -inf


def test_the_amber_tier_has_its_own_betting() -> None:
    assert AVERAGE_RUN.weight(7) == 1
    assert family_verdict(readings(RUN_LENGTH), 1 / RUN_LENGTH).red
