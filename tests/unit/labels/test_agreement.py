"""Agreement of annotators: a published example, and what cannot be said."""

from __future__ import annotations

import itertools

import pytest

from overopt.labels.agreement import agreement

# Three coders on fifteen units, 0 = not coded (the example of the article on Krippendorff's alpha
# in Wikipedia: .811 for interval data).
CODERS = {
    "A": [0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3],
    "B": [1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0],
    "C": [0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4],
}
READINGS = {
    str(unit): {who: float(values[unit]) for who, values in CODERS.items() if values[unit]}
    for unit in range(15)
}


def test_the_published_example() -> None:
    found = agreement(READINGS)
    assert found is not None
    assert found["rows"] == 12
    assert found["labels"] == 26
    assert found["alpha"] == pytest.approx(0.811, abs=5e-4)


def test_alpha_by_its_definition_over_pairs() -> None:
    rows = [list(row.values()) for row in READINGS.values() if len(row) > 1]
    every = [value for row in rows for value in row]
    within = sum(
        sum((a - b) ** 2 for a, b in itertools.permutations(row, 2)) / (len(row) - 1)
        for row in rows
    ) / len(every)
    across = sum((a - b) ** 2 for a, b in itertools.permutations(every, 2))
    found = agreement(READINGS)
    assert found is not None
    assert found["alpha"] == pytest.approx(1 - within / (across / len(every) / (len(every) - 1)))


def test_who_reads_high_and_by_how_much_annotators_differ() -> None:
    found = agreement({"1": {"x": 1, "y": 2, "z": 3}, "2": {"x": 1, "y": 1}, "3": {"z": 9}})
    assert found is not None
    assert found["mean_difference"] == pytest.approx(((1 + 2 + 1) / 3 + 0) / 2)
    assert found["annotators"] == [
        {"annotator": "x", "rows": 2, "bias": pytest.approx(-0.75)},
        {"annotator": "y", "rows": 2, "bias": 0.0},
        {"annotator": "z", "rows": 1, "bias": pytest.approx(1.5)},
    ]


def test_without_a_second_reading_there_is_no_agreement_to_speak_of() -> None:
    assert agreement({}) is None
    assert agreement({"1": {"x": 1.0}, "2": {"y": 2.0}}) is None


def test_readings_that_are_all_equal_define_no_alpha() -> None:
    found = agreement({"1": {"x": 1.0, "y": 1.0}})
    assert found is not None
    assert found["alpha"] is None
    assert found["mean_difference"] == 0
