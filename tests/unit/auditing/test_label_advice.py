"""What an audit says of its labels: missing ones, their worth, what to buy where there are none."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rollouts import DECIDED, rollouts, written
from tables import codes, noise, of, table

from overopt import audit, report
from overopt.auditing.data_checks.labels import disagreeing_annotators
from overopt.cli import run
from overopt.findings import Finding, Severity
from overopt.samples import Samples

QUICK: dict[str, Any] = {"proxies": ["a"], "pressures": ["best_of_n"]}


def study(lost: float) -> Samples:
    """60 prompts of 8, a third planned, a share of those labels lost."""
    rng = np.random.default_rng(4)
    proxy = noise(0, 60)
    planned = rng.random((60, 8)) < 1 / 3
    kept = planned & (rng.random((60, 8)) >= lost)
    gold = np.where(kept, proxy + noise(1, 60), np.nan)
    chance = np.full((60, 8), 1 / 3)
    return replace(
        table(a=proxy, gold=gold, label_prob=chance), label_planned=planned.ravel().astype(float)
    )


def proxy_findings(samples: Samples) -> list[Finding]:
    return list(audit(samples, **QUICK).proxies[0].findings)


@pytest.mark.parametrize(("lost", "severity"), [(0.1, Severity.CAUTION), (0.4, Severity.STOP)])
def test_missing_labels_are_a_finding_with_bounds(lost: float, severity: Severity) -> None:
    found = audit(study(lost), **QUICK)
    one = of("OV121", list(found.proxies[0].findings))
    assert one.severity is severity
    assert one.data["gain_lowest"] < one.data["gain_highest"]
    assert "its scale has none" in one.message
    assert found.to_dict()["proxies"][0]["labels"]["missing"] == one.data
    # The recorded chances are right once those that did not come back are reckoned with.
    assert "OV110" not in codes(list(found.findings))


def test_labels_that_all_came_back_are_no_finding() -> None:
    assert "OV121" not in codes(proxy_findings(study(0.0)))


def test_the_worth_of_labels_is_told_in_every_report() -> None:
    document = audit(study(0.0), **QUICK).to_dict()
    value = document["proxies"][0]["labels"]["value"]
    assert re.match(r"\d+ labels count for \d+ at n = \d", value["sentence"])
    assert value["sentence"] in " ".join(report.terminal(document).split())
    assert value["at"][0]["strength"] == document["proxies"][0]["operating_points"][0]["strength"]


def test_the_page_shows_the_worth_of_labels() -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("altair")
    document = audit(study(0.0), **QUICK).to_dict()
    page = report.html(document)
    assert "Labels worth buying" in page
    assert document["proxies"][0]["labels"]["value"]["sentence"] in page


def test_with_every_row_labelled_or_winners_only_nothing_is_to_be_said() -> None:
    every = audit(table(a=noise(0), gold=noise(1)), **QUICK).to_dict()
    assert every["proxies"][0]["labels"] is None
    best = np.where(noise(0) == noise(0).max(axis=1, keepdims=True), noise(1), np.nan)
    winners = audit(table(a=noise(0), gold=best), labels_drawn="winners", **QUICK).to_dict()
    assert winners["proxies"][0]["labels"] is None


@pytest.mark.parametrize("pressure", ["best_of_n", "kl_tilt", "soft_best_of_n"])
def test_without_gold_the_command_that_buys_labels_can_be_run(
    pressure: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = rollouts(shape=DECIDED["no_peak"])
    columns = {name: values for name, values in columns.items() if name != "human"}
    path = written({**columns, "my rm": columns["rm"]}, tmp_path / "rollouts.parquet")
    document = audit(path, proxies=["my rm"], pressures=[pressure]).to_dict()
    needs = document["proxies"][0]["operating_points"][0]["needs"]
    promised = re.search(r"120 of them would tell the gain at .* to about ±([\d.]+) sd", needs)
    assert promised is not None
    assert 0.05 < float(promised[1]) < 2
    command = re.search(r"\(overopt (labels plan .*) > to_label.csv\)", needs)
    assert command is not None
    words = shlex.split(command[1].replace("FILE", str(path)))
    words[words.index("labels.json")] = str(tmp_path / "labels.json")
    assert run(words) == 0
    assert capsys.readouterr().out.count("\n") > 80


def test_a_single_prompt_without_gold_needs_labels_without_a_promise() -> None:
    document = audit(table(a=noise(0, 1)), **QUICK).to_dict()
    needs = document["proxies"][0]["operating_points"][0]["needs"]
    assert needs.endswith("--budget 8 --ledger labels.json > to_label.csv)")


def test_annotators_who_disagree_are_a_caution() -> None:
    samples = study(0.0)

    def agreed(agreement: Any) -> Finding | None:
        return disagreeing_annotators(replace(samples, notes={"labels": {"agreement": agreement}}))

    found = agreed({"alpha": 0.31, "rows": 24})
    assert found is not None
    assert (found.code, found.severity) == ("OV122", Severity.CAUTION)
    assert "alpha 0.31 on 24 rows" in found.message
    for fine in ({"alpha": 0.4, "rows": 24}, {"alpha": None, "rows": 2}, None):
        assert agreed(fine) is None
    assert disagreeing_annotators(samples) is None
