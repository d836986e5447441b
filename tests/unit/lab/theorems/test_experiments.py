"""Every experiment reproduces its reference values, and its page prints what it finds.

Reference values: Kwa, Thomas and Garriga-Alonso (2407.14503) with its theorems recomputed by
multiprecision quadrature and closed forms; Gao, Schulman and Hilton (2210.10760); Laidlaw, Singhal
and Dragan (2403.03185). Each has the digits that are told.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overopt import report
from overopt.errors import BadOption
from overopt.lab.theorems.catalogue import EXPERIMENTS, experiment_named
from overopt.lab.theorems.experiment import experiment_document

PAGES = Path(__file__).resolve().parents[4] / "docs" / "theory"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@cache
def document(name: str) -> dict[str, Any]:
    return experiment_document(experiment_named(name))


def rows(name: str) -> list[dict[str, Any]]:
    return [row for table in document(name)["tables"] for row in table["rows"]]


def half_a_digit(reference: float) -> float:
    """Half a unit of the last digit that a reference value tells."""
    exponent = Decimal(repr(reference)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return 0.5 * 10.0 ** min(exponent, 0)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_values_meet_their_references(name: str) -> None:
    compared = 0
    for row in rows(name):
        for key, reference in row.items():
            if key.endswith(" (ref)") and reference is not None:
                value = row[key.removesuffix(" (ref)")]
                tolerance = max(1.01 * half_a_digit(reference), 2e-8 * abs(reference))
                # The last digit of a short reference such as 1.5 says more than its length.
                tolerance = min(tolerance, 2e-3 * abs(reference) + 1e-9)
                assert value == pytest.approx(reference, rel=0, abs=tolerance), row
                compared += 1
    assert compared or name == "3"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_page_prints_what_the_experiment_finds(name: str) -> None:
    page = (PAGES / f"{name if not name.isdigit() else f'theorem-{name}'}.md").read_text("utf-8")
    told = report.theorem_page(document(name))
    head = page[: len(told) + 2000].splitlines()
    for printed, found in zip(head, told.splitlines(), strict=False):
        assert NUMBER.sub("#", printed) == NUMBER.sub("#", found)
        numbers = [list(map(float, NUMBER.findall(line))) for line in (printed, found)]
        assert numbers[0] == pytest.approx(numbers[1], rel=2e-5, abs=1e-9)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_terminal_shows_every_table(name: str) -> None:
    told = report.lab_theorem(document(name), width=80)
    for table in document(name)["tables"]:
        assert " ".join(table["title"].split()) in " ".join(told.split())


def scaled(values: list[float], kind: str) -> Any:
    """As an axis of this kind places them."""
    found = np.asarray(values)
    if kind == "log":
        return np.log(found)
    return np.sign(found) * np.log1p(np.abs(found)) if kind == "symlog" else found


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_reference_point_lies_on_a_line_of_its_picture(name: str) -> None:
    """Within a hundredth of the panel's size of the nearest stretch of a line."""
    panels = document(name)["panels"]
    assert panels
    for panel in panels:
        kinds = panel["x_scale"], panel["y_scale"]
        drawn = [
            np.stack([scaled(line[key], kind) for key, kind in zip("xy", kinds, strict=True)], 1)
            for line in panel["lines"]
        ]
        assert all(np.isfinite(line).all() and len(line) > 1 for line in drawn)
        size = np.ptp(np.concatenate(drawn), axis=0)
        starts = np.concatenate([line[:-1] for line in drawn]) / size
        steps = np.concatenate([np.diff(line, axis=0) for line in drawn]) / size
        for told in panel["points"]:
            for x, y in zip(told["x"], told["y"], strict=True):
                place = np.array([scaled([x], kinds[0])[0], scaled([y], kinds[1])[0]]) / size
                away = place - starts
                length = np.maximum(np.sum(steps * steps, axis=1), 1e-30)
                along = np.clip(np.sum(away * steps, axis=1) / length, 0, 1)
                distance = np.linalg.norm(away - along[:, None] * steps, axis=1).min()
                assert distance < 0.01, (name, panel["y"], x, y, distance)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_level_is_where_a_line_goes(name: str) -> None:
    """Some line ends nearer to a level than a tenth of the panel, or crosses it."""
    for panel in document(name)["panels"]:
        for level in panel["levels"]:
            lows, highs = zip(
                *((min(line["y"]), max(line["y"])) for line in panel["lines"]), strict=True
            )
            room = 0.1 * (max(highs) - min(lows))
            nearest = min(abs(line["y"][-1] - level) for line in panel["lines"])
            crossed = any(low <= level <= high for low, high in zip(lows, highs, strict=True))
            assert crossed or nearest < room


def test_trajectories_split_their_divergence_by_state() -> None:
    """Trajectory KL is return KL and the sum of state KLs; one state's mean is never larger."""
    for row in rows("3"):
        assert row["return kl"] == pytest.approx(row["trajectory kl"], rel=1e-10)
        assert row["sum of state kl"] == pytest.approx(row["trajectory kl"], rel=1e-9)
        assert row["mean state kl"] < row["trajectory kl"]
    heavy, light = (table["rows"] for table in document("3")["tables"])
    assert heavy[-1]["return"] > 2 > 1 > light[-1]["return"]
    assert heavy[-1]["trajectory kl"] < heavy[1]["trajectory kl"]


def test_the_tilt_spends_exactly_the_budget() -> None:
    exponential, normal = document("2")["tables"][1]["rows"]
    for row, shift in ((exponential, 2.1461932), (normal, 2**0.5)):
        assert (row["kl"], row["mean"]) == pytest.approx((1.0, shift), rel=1e-7)


def test_the_hazard_law_is_met_far_out() -> None:
    last = document("5")["tables"][0]["rows"][-1]
    assert last["hazard law"] == pytest.approx(0.11999, abs=5e-6)
    assert last["gold"] / last["hazard law"] == pytest.approx(1.0016, abs=5e-5)


def test_the_dependent_limits() -> None:
    tables = {table["title"]: table["rows"] for table in document("dependence")["tables"]}
    far = tables["above thresholds of probability below any double"][-1]
    # The tilt at the edge is the error's hazard over its sd, less gold: 1 - gold is its inverse.
    assert 1 - far["gold"] == pytest.approx(1 / 248.751, rel=1e-4)
    harmful = [row["gold"] for row in tables["noisy band from -2 to -1"]]
    assert harmful[-1] == pytest.approx(-1, abs=5e-3)
    assert harmful == sorted(harmful)


def test_another_name_is_refused_with_the_choices() -> None:
    with pytest.raises(BadOption, match="no theorem '7': choose from 1, 2, 3, "):
        experiment_named("7")
    assert experiment_named("Heavy_Ends").name == "heavy-ends"
