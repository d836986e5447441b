"""Results group by group, and opposite signs that pooling hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import normals
from tables import table

from overopt import audit, report
from overopt.auditing.proxy_audit import ProxyAudit
from overopt.curves.estimation import gold_curve
from overopt.pressure import BestOfN
from overopt.samples import Category, Samples


def in_domains(slopes: dict[str, float], prompts: int = 40, size: int = 8) -> Samples:
    """Each prompt belongs to one domain, where gold follows the score with the given slope."""
    score, noise = normals(np.random.default_rng(3), prompts * len(slopes), size)
    domain = np.repeat(np.arange(len(slopes)), prompts)
    gold = np.array(list(slopes.values()))[domain][:, None] * score + noise
    value = Category(codes=np.repeat(domain, size), names=tuple(slopes))
    return table(a=score, gold=gold, group_value=value)


def only(samples: Samples, **options: object) -> ProxyAudit:
    return audit(samples, pressures=["best_of_n"], **options).proxies[0]


def test_each_group_has_the_gain_of_its_own_curve() -> None:
    samples = in_domains({"math": 1.0, "code": 0.2})
    one = only(samples)
    assert [group.group for group in one.groups] == ["math", "code"]
    for code, group in enumerate(one.groups):
        assert samples.group_value is not None
        part = samples.take(samples.group_value.codes == code)
        curve = gold_curve(part, "a", BestOfN(), level=0.975)  # two groups share 0.95
        at = int(group.strength) - 1
        expected = [float(values[at]) for values in curve.gain()]
        assert [group.gain, group.lower, group.upper] == pytest.approx(expected)
        pair = [2 * float(values[1]) for values in curve.gain()]
        assert [group.pair_difference, group.pair_lower, group.pair_upper] == pytest.approx(pair)


def test_opposite_proven_signs_are_said() -> None:
    one = only(in_domains({"math": 1.0, "code": -1.0}))
    (found,) = [finding for finding in one.findings if finding.code == "OV328"]
    assert found.data == {"gaining": ["math"], "losing": ["code"]}
    assert "'math'" in found.message
    told = report.terminal(audit(in_domains({"math": 1.0, "code": -1.0})).to_dict())
    assert "pooling hides opposite signs" in told


@pytest.mark.parametrize("slopes", [{"math": 1.0, "code": 0.0}, {"math": -1.0, "code": -0.5}])
def test_groups_that_agree_or_do_not_tell_are_not(slopes: dict[str, float]) -> None:
    assert "OV328" not in [finding.code for finding in only(in_domains(slopes)).findings]


def test_an_undecided_pool_is_judged_at_the_end_of_its_curve() -> None:
    one = only(in_domains({"math": 0.8, "code": -0.8}))
    assert one.points["best_of_n"].strength == 1
    assert {group.strength for group in one.groups} == {8.0}


def test_few_prompts_and_a_single_group_have_no_results() -> None:
    assert only(in_domains({"math": 1.0})).groups == []
    assert only(in_domains({"math": 1.0, "code": 1.0}, prompts=9)).groups == []


def test_a_group_of_smaller_size_is_judged_at_its_own_largest_n() -> None:
    samples = in_domains({"math": 1.0, "code": 1.0})
    assert samples.group_value is not None
    kept = (samples.group_value.codes == 0) | (samples.row % 8 < 3)
    one = only(samples.take(kept))
    assert [group.strength for group in one.groups][1] <= 3


def test_twenty_groups_at_most() -> None:
    many = in_domains({f"d{i}": 1.0 for i in range(23)}, prompts=10, size=2)
    assert len(only(many).groups) == 20


def test_labels_of_unknown_choice_give_none() -> None:
    samples = in_domains({"math": 1.0, "code": -1.0})
    assert samples.gold is not None
    some = replace(samples, gold=np.where(samples.row % 3 == 0, samples.gold, np.nan))
    assert only(some).groups == []
    assert len(only(some, labels_drawn="uniform").groups) == 2
