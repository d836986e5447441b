"""Numbers and text are written the same, and safely, in every report."""

import pytest
from hypothesis import given, strategies as st

from overopt.report import words


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ({"files": ["a.csv"]}, ""),
        ({"steps_read": [50], "steps_left_out": 0}, ""),
        (
            {"steps_read": [50], "steps_left_out": 1},
            "step 50 only; 1 earlier step left out (--window reads more)",
        ),
        (
            {"steps_read": ["30", "40", "50"], "steps_left_out": 2000},
            "steps 30 to 50 only; 2,000 earlier steps left out (--window reads more)",
        ),
    ],
)
def test_steps_that_were_not_read_are_told(notes: dict[str, object], told: str) -> None:
    assert words.steps_told(notes) == told


@given(st.text())
def test_text_from_data_becomes_one_line_without_control_characters(text: str) -> None:
    line = words.one_line(text, 50)
    assert len(line) <= 51
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in line


@given(st.integers(2, 3000), st.integers(4, 200))
def test_thinning_keeps_ends_and_the_chosen_strength(count: int, most: int) -> None:
    strengths = [float(n) for n in range(1, count + 1)]
    chosen = words.thinned(strengths, most, keep=strengths[count // 2])
    assert chosen == sorted(set(chosen))
    assert {0, count - 1, count // 2} <= set(chosen)
    assert len(chosen) <= most + 1


def test_sections_follow_the_ranking() -> None:
    audit = {"proxies": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "ranking": None}
    assert [one["name"] for one in words.best_first(audit)] == ["a", "b", "c"]
    ranked = {**audit, "ranking": {"rows": [{"name": "b"}, {"name": "c"}]}}
    assert [one["name"] for one in words.best_first(ranked)] == ["b", "c", "a"]
