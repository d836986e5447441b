"""Every field of a ledger and of a merge's summary is explained in docs/labels.md."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from tables import noise, table

from overopt.labels.drawing import DrawOptions, new_ledger, with_round
from overopt.labels.ledger import DrawnRow, Label, Ledger, Round, Target
from overopt.labels.returns import label_summary

PAGE = (Path(__file__).resolve().parents[2] / "docs/labels.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Ledger, Round, Target, DrawnRow, Label])
def test_fields_of_the_ledger(kind: type) -> None:
    section = PAGE.partition("## The ledger")[2]
    assert [field.name for field in fields(kind) if f"`{field.name}`" not in section] == []


def test_fields_of_the_summary() -> None:
    samples = table(a=noise(0))
    ledger = with_round(new_ledger(samples), samples, DrawOptions(budget=40))
    assert [name for name in label_summary(ledger) if f"`{name}`" not in PAGE] == []
