"""Tables of the lab in a terminal of any width."""

import pytest

from overopt.report.lab_text import columns, folded

ROWS = [["law", "n = 1", "n = 4", "n = 16"], ["normal", "0.0", "1.8", "3.2"]]


@pytest.mark.parametrize(("width", "pieces"), [(80, 1), (21, 2), (13, 3), (1, 3)])
def test_a_table_is_folded_to_the_width_with_every_column_once(width: int, pieces: int) -> None:
    lines = folded(ROWS, width)
    assert sum(line.strip().startswith("law") for line in lines) == pieces
    assert "".join(lines).count("n = ") == 3
    told = [cell for line in lines if line.startswith("normal") for cell in line.split()[1:]]
    assert told == ROWS[1][1:]
    assert max(map(len, lines)) <= max(width, len("normal  n = 16"))


def test_a_table_that_fits_is_left_as_it_is() -> None:
    assert folded(ROWS, 80) == columns(ROWS)
