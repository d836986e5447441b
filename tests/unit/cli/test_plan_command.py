"""``overopt plan``: text in any width, strict JSON, one line for what cannot be planned."""

from __future__ import annotations

import pytest
from rollouts import strict

from overopt.cli import run
from overopt.report import plan_terminal

SMALL = ("plan", "--prompts", "30", "--candidates", "4", "--labels", "40", "--studies", "20")


def test_the_plan_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(SMALL) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 60
    for said in ("40 labels", "seed 0", "Half-width of 95 %", "keeps rising", "as planned"):
        assert said in " ".join(out.split())


def test_json_is_one_strict_line_that_renders_later(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SMALL, "--json", "--seed", "3", "--gold-kind", "binary"]) == 0
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    found = strict(out)
    assert (found["schema"], found["seed"]) == ("overopt.plan/1", 3)
    assert found["guess"]["base_rate"] == 0.5
    assert "right-or-wrong gold (base rate 0.5)" in plan_terminal(found, width=140)


def test_labels_default_to_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    size = ("--prompts", "10", "--candidates", "4", "--studies", "20")
    assert run(["plan", *size, "--json"]) == 0
    assert strict(capsys.readouterr().out)["labels"] == 40


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--labels", "121"), "--labels 121: 30 prompts of 4 candidates can carry 2 to 120"),
        (("--candidates", "1"), "nothing to choose from"),
        (("--prompts", "2"), "--prompts 2: so few cannot tell"),
        (("--correlation", "1.5"), "--correlation 1.5: give"),
        (("--correlation", "nan"), "--correlation nan: give"),
        (("--prompts", "-5"), "--prompts -5"),
        (("--base-rate", "0.2"), "--gold-kind binary"),
        (("--level", "95"), "--level 95: give"),
        (("--gold-kind", "ordinal"), "ordinal"),
        (("--labels", "many"), "valid integer"),
        (("--correlation", "0.95", "--gold-kind", "binary"), "cannot follow a score that closely"),
    ],
)
def test_impossible_plans_are_one_line_and_exit_2(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SMALL, *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_the_size_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--prompts", "30"]) == 2
    assert "--candidates" in capsys.readouterr().err
