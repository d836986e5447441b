"""The labelling loop: plan, fill in, merge, plan again, on tables as users have them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import overopt
from overopt.curves.estimation import gold_curve
from overopt.errors import BadOption, BadSamples
from overopt.labels.drawing import DrawOptions
from overopt.labels.joined import METADATA
from overopt.labels.ledger import Ledger
from overopt.labels.loop import (
    Campaign,
    Merged,
    PlannedRound,
    merged_labels,
    missing_sheet,
    planned_round,
)
from overopt.labels.promise import KnownSpread
from overopt.pressure import BestOfN
from overopt.samples import read_samples

PROMPTS, SIZE = 40, 8
RNG = np.random.default_rng(11)
PROXY = RNG.normal(size=PROMPTS * SIZE)
GOLD = PROXY + RNG.normal(size=PROMPTS * SIZE)


def frame(**more: Any) -> pa.Table:
    """320 rows, with a column that overopt does not know; ids with zeros in front."""
    columns: dict[str, Any] = {
        "prompt_id": [f"{i:03d}" for i in np.repeat(np.arange(PROMPTS), SIZE)],
        "candidate_id": [str(i) for i in np.tile(np.arange(SIZE), PROMPTS)],
        "proxy_rm": PROXY,
        "text": [f"=answer {i}" for i in range(PROMPTS * SIZE)],
        "remark": ["kept"] * (PROMPTS * SIZE),
        **more,
    }
    return pa.table({name: values for name, values in columns.items() if values is not None})


def planned(table: pa.Table, ledger: Ledger | None = None, budget: float = 60) -> PlannedRound:
    return planned_round(table, ledger, DrawOptions(budget=budget))


def filled(
    text: str,
    tmp_path: Path,
    keep: Callable[[dict[str, str]], bool] = lambda row: True,
    **cells: str,
) -> Path:
    """The sheet with gold of the truth on the lines to keep, and other cells as given."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    path = tmp_path / "labelled.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            if keep(row):
                row["gold"] = repr(float(GOLD[int(row["row"])]))
            writer.writerow({**row, **cells})
    return path


def merged(table: Any, found: PlannedRound, path: Path, **options: Any) -> Merged:
    return merged_labels(table, path, found.ledger, **options)


def summary(found: Merged) -> dict[str, Any]:
    told = json.loads(found.table.schema.metadata[METADATA])
    assert told == found.summary
    return dict(told)


def test_a_round_comes_back_and_the_table_keeps_its_columns(tmp_path: Path) -> None:
    table = frame()
    first = planned(table)
    found = merged(table, first, filled(first.sheet, tmp_path, annotator="Ann"))
    assert found.table.select(table.column_names).equals(table)
    rows = [row.row for row in first.rows]
    gold = np.array(found.table["gold"].to_pylist(), dtype=float)
    np.testing.assert_array_equal(np.flatnonzero(~np.isnan(gold)), sorted(rows))
    np.testing.assert_array_equal(gold[sorted(rows)], GOLD[sorted(rows)])
    assert np.flatnonzero(found.table["label_planned"].to_numpy()).tolist() == sorted(rows)
    assert sum(found.table["labels"].to_pylist()) == len(rows)
    assert np.sum(found.table["label_prob"].to_numpy()) == pytest.approx(60)
    assert summary(found) == {
        "schema": "overopt.labels/1", "round": 1, "looks": 1, "gold": "gold",
        "gold_source": None, "planned": len(rows), "returned": len(rows), "missing": 0,
        "aside": 0, "annotators": 1, "agreement": None,
    }  # fmt: skip


def test_what_was_merged_is_what_an_audit_reads(tmp_path: Path) -> None:
    first = planned(frame(), budget=200)
    found = merged(frame(), first, filled(first.sheet, tmp_path))
    samples = read_samples(found.table, proxies=["rm"])
    assert samples.labelled == len(first.rows)
    curve = gold_curve(samples, "rm", BestOfN())
    low, high = curve.interval()
    truth = gold_curve(replace(samples, gold=GOLD, label_prob=None), "rm", BestOfN()).gold
    assert np.all((low - 0.2 < truth) & (truth < high + 0.2))
    document = overopt.audit(samples, proxies=["rm"], pressures=("best_of_n",)).to_dict()
    assert document["proxies"][0]["operating_points"][0]["gain"] > 0


def test_the_second_round_draws_only_what_is_new_and_keeps_the_labels(tmp_path: Path) -> None:
    table = frame()
    first = planned(table)
    one = merged(table, first, filled(first.sheet, tmp_path))
    second = planned(table, one.ledger)
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}
    two = merged(one.table, second, filled(second.sheet, tmp_path))
    told = summary(replace(two, ledger=second.ledger))
    assert (told["round"], told["looks"], told["missing"]) == (2, 2, 0)
    assert told["returned"] == len(first.rows) + len(second.rows)
    assert two.table.column_names == one.table.column_names
    assert np.sum(two.table["label_prob"].to_numpy()) == pytest.approx(120)


def test_a_round_that_is_still_out_changes_nothing(tmp_path: Path) -> None:
    """Rounds nest: labels of round 1 stand alone until one of round 2 is back."""
    table = frame()
    first = planned(table)
    path = filled(first.sheet, tmp_path)
    second = planned(table, first.ledger)
    early, late = merged(table, first, path), merged(table, second, path)
    assert early.table.equals(late.table)
    assert summary(late)["missing"] == 0


def test_labels_that_are_missing_stay_planned_and_may_come_later(tmp_path: Path) -> None:
    table = frame()
    first = planned(table)
    half = filled(first.sheet, tmp_path, keep=lambda row: int(row["row"]) % 2 == 0)
    one = merged(table, first, half)
    missing = sum(row.row % 2 for row in first.rows)
    assert summary(one)["missing"] == missing
    again = missing_sheet(table, one.ledger)
    assert again.count("\n") == missing + 1
    two = merged_labels(table, filled(again, tmp_path), one.ledger)
    assert (summary(two)["missing"], summary(two)["looks"]) == (0, 2)


def test_merging_a_sheet_twice_is_no_second_look(tmp_path: Path) -> None:
    first = planned(frame())
    path = filled(first.sheet, tmp_path)
    one = merged(frame(), first, path)
    two = merged_labels(one.table, path, one.ledger)
    assert two.ledger == one.ledger
    assert two.added == 0
    assert two.table.equals(one.table)


def test_readings_of_several_annotators_are_averaged(tmp_path: Path) -> None:
    options = DrawOptions(budget=60, repeats=0.5)
    found = planned_round(frame(), None, options)
    lines = list(csv.DictReader(io.StringIO(found.sheet)))
    twice = [line["label_id"] for line in lines if line["reading"] == "2"]
    assert 10 < len(twice) < 50
    for line in lines:
        line["annotator"] = "Ann" if line["reading"] == "1" else "Bob"
        line["gold"] = str(GOLD[int(line["row"])] + (line["annotator"] == "Bob"))
    path = tmp_path / "labelled.csv"
    path.write_text(_csv(lines))
    done = merged(frame(), found, path)
    told = summary(done)
    assert told["annotators"] == 2
    assert told["agreement"]["rows"] == len(twice)
    assert told["agreement"]["mean_difference"] == pytest.approx(1)
    assert 0 < told["agreement"]["alpha"] < 1
    rows = [row.row for row in found.rows if row.id in twice]
    gold = np.array(done.table["gold"].to_pylist(), dtype=float)
    np.testing.assert_allclose(gold[rows], GOLD[rows] + 0.5)
    assert {done.table["labels"][row].as_py() for row in rows} == {2}


def _csv(lines: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("without", [None, "candidate_id"])
def test_rows_in_another_order_are_the_same_table(
    tmp_path: Path, shuffled: bool, without: str | None
) -> None:
    table = frame(**({without: None} if without else {}))
    first = planned(table)
    path = filled(first.sheet, tmp_path)
    order = np.random.default_rng(1).permutation(320) if shuffled else np.arange(320)
    found = merged(table.take(pa.array(order)), first, path)
    gold = np.array(found.table["gold"].to_pylist(), dtype=float)
    labelled = ~np.isnan(gold)
    assert labelled.sum() == len(first.rows)
    np.testing.assert_array_equal(gold[labelled], GOLD[order][labelled])


def test_labels_of_rows_that_were_never_drawn(tmp_path: Path) -> None:
    table = frame()
    first = planned(table)
    everything = planned(table, budget=320)
    path = filled(everything.sheet, tmp_path)
    with pytest.raises(BadSamples, match=r"line \d+ labels prompt '\d+', candidate '\d', which"):
        merged(table, first, path)
    found = merged(table, first, path, accept_unplanned=True)
    assert summary(found)["aside"] == 320 - len(first.rows)
    assert summary(found)["returned"] == len(first.rows)
    gold = np.array(found.table["gold"].to_pylist(), dtype=float)
    assert np.sum(~np.isnan(gold)) == len(first.rows)


def test_labels_set_aside_do_not_stand_in_the_way_of_a_later_draw(tmp_path: Path) -> None:
    table = frame()
    first = planned(table)
    everything = filled(planned(table, budget=320).sheet, tmp_path)
    aside = merged(table, first, everything, accept_unplanned=True)
    second = planned(table, aside.ledger, budget=100)
    found = merged(table, second, filled(second.sheet, tmp_path))
    assert found.added == len(second.rows)
    assert summary(found)["missing"] == 0


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ("label_id,gold", "r0,1", "has label_id 'r0', which no row of this table has"),
        ("label_id,prompt_id,gold", "{id},{other},1", "has prompt_id '.*' beside label_id"),
        ("prompt_id,gold", "{prompt},1", "has no column 'label_id'"),
        ("prompt_id,candidate_id,gold", "999,0,1", "line 2: no row '999', '0' in the table; keep"),
        ("prompt_id,candidate_id,gold", "{short},{candidate},1", "changed the format: import ids"),
    ],
)
def test_ids_that_fit_no_row(tmp_path: Path, header: str, line: str, message: str) -> None:
    first = planned(frame())
    row = next(row for row in first.rows if row.prompt_id != "000")
    told = line.format(
        id=row.id, prompt=row.prompt_id, candidate=row.candidate_id,
        other=f"{(int(row.prompt_id) + 1):03d}", short=int(row.prompt_id),
    )  # fmt: skip
    path = tmp_path / "labelled.csv"
    path.write_text(f"{header}\n{told}\n")
    with pytest.raises(BadSamples, match=message):
        merged(frame(), first, path)


def test_without_label_ids_names_will_do(tmp_path: Path) -> None:
    first = planned(frame())
    row = first.rows[0]
    path = tmp_path / "labelled.csv"
    path.write_text(f"prompt_id,candidate_id,gold\n{row.prompt_id},{row.candidate_id},4\n")
    assert merged(frame(), first, path).table["gold"][row.row].as_py() == 4


def test_spreadsheets_may_strip_zeros_where_the_label_id_is_kept(tmp_path: Path) -> None:
    first = planned(frame())
    row = next(row for row in first.rows if row.prompt_id != "000")
    path = tmp_path / "labelled.csv"
    path.write_text(f"label_id,prompt_id,gold\n{row.id},{int(row.prompt_id)},4\n")
    assert merged(frame(), first, path).added == 1


def test_two_readings_that_contradict_each_other(tmp_path: Path) -> None:
    first = planned(frame())
    name = first.rows[0].id
    path = tmp_path / "labelled.csv"
    path.write_text(f"label_id,gold\n{name},1\n{name},1\n{name},2\n")
    with pytest.raises(
        BadSamples, match="line 4: a nameless annotator read the row as 2, and as 1"
    ):
        merged(frame(), first, path)
    path.write_text(f"label_id,gold,annotator\n{name},1,x\n{name},1,x\n{name},2,y\n")
    assert merged(frame(), first, path).table["gold"][first.rows[0].row].as_py() == 1.5


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("gold", "already: name that of the labels to come, --gold NAME"),
        ("label_prob", "where merging labels would write: rename it"),
        ("labels", "where merging labels would write"),
    ],
)
def test_columns_that_labels_need_must_be_free_before_labels_are_paid_for(
    column: str, message: str
) -> None:
    with pytest.raises(BadOption, match=message):
        planned(frame(**{column: np.ones(320)}))


def test_gold_may_have_another_name_and_a_source(tmp_path: Path) -> None:
    table = frame(gold=np.ones(320))
    campaign = Campaign(gold="human", gold_source="two raters", seed=4)
    first = planned_round(table, None, DrawOptions(budget=60), campaign=campaign, show=["remark"])
    lines = list(csv.DictReader(io.StringIO(first.sheet)))
    assert {line["remark"] for line in lines} == {"kept"}
    assert all(line["text"].startswith("'=answer") for line in lines)
    for line in lines:
        line["human"] = "1"
    path = tmp_path / "labelled.csv"
    path.write_text(_csv(lines))
    found = merged(table, first, path)
    assert summary(found)["gold_source"] == "two raters"
    assert found.table["gold"].to_pylist() == [1.0] * 320
    assert read_samples(found.table, gold="human").labelled == len(first.rows)


def test_labels_of_another_ledger_are_in_the_way(tmp_path: Path) -> None:
    first = planned(frame())
    found = merged(frame(), first, filled(first.sheet, tmp_path))
    with pytest.raises(BadOption, match="labels of another ledger"):
        planned(found.table)


def test_a_ledger_of_another_table_is_told_as_such(tmp_path: Path) -> None:
    first = planned(frame())
    other = frame().rename_columns([n.replace("rm", "score") for n in frame().column_names])
    with pytest.raises(
        BadSamples, match="as the ledger was begun, with --proxy proxy_rm: no column"
    ):
        merged(other, first, filled(first.sheet, tmp_path))
    with pytest.raises(BadSamples, match=r"gone\.csv: No such file"):
        merged(frame(), first, tmp_path / "gone.csv")


def test_unknown_columns_to_show() -> None:
    with pytest.raises(BadOption, match="no column 'x' to show"):
        planned_round(frame(), None, DrawOptions(budget=9), show=["x"])


def test_promises_rest_on_what_is_known_of_gold(tmp_path: Path) -> None:
    table = frame()
    unit = planned(table, budget=80)
    known = KnownSpread(within=2, between=0, correlation=0.6)
    told = planned_round(table, None, DrawOptions(budget=80), known=known).promises[0]
    assert (unit.promises[0].spread_from, told.spread_from) == ("unit", "options")
    assert (told.residual_sd, told.between_sd) == (pytest.approx(1.6, rel=0.1), 0)
    np.testing.assert_allclose(told.even.labels, told.planned.labels)
    assert told.planned.gold[-1] < told.even.gold[-1]
    one = merged(table, unit, filled(unit.sheet, tmp_path))
    (learned,) = planned(table, one.ledger).promises
    assert learned.spread_from == "labels"
    total = np.hypot(learned.residual_sd, learned.between_sd)
    assert total == pytest.approx(1, rel=0.3)  # the noise around the score, in units of gold
    assert learned.planned.gold[-1] < unit.promises[0].planned.gold[-1]


@pytest.mark.parametrize("change", [{"within": -1.0}, {"between": np.inf}, {"correlation": 1.5}])
def test_spreads_that_cannot_be(change: dict[str, float]) -> None:
    with pytest.raises(BadOption, match=r"give (a standard deviation|-1 to 1)"):
        KnownSpread(**change)


def test_steps_in_file_names_stay_groups(tmp_path: Path) -> None:
    for step in (3, 4):
        part = frame().append_column("completion", pa.array([f"c{i}" for i in range(320)]))
        parquet.write_table(part, tmp_path / f"completions_{step}.parquet")
    files = [str(tmp_path / f"completions_{step}.parquet") for step in (3, 4)]
    campaign = Campaign(by="step")
    found = planned_round(files, None, DrawOptions(budget=100), campaign=campaign)
    lines = list(csv.DictReader(io.StringIO(found.sheet)))
    assert {line["group"] for line in lines} == {"3", "4"}
    for line in lines:
        line["gold"] = "1"
    path = tmp_path / "labelled.csv"
    path.write_text(_csv(lines))
    done = merged(files, found, path)
    assert done.table.num_rows == 640
    samples = read_samples(done.table, proxies=["rm"])
    assert samples.groups == 80
    assert samples.labelled == len(found.rows)
