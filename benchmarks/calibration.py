"""Print how often intervals hold the truth and decisions are right, by simulation.

``python benchmarks/calibration.py [TRIALS]`` (default 400 tables a cell; the tests use 4,000) walks
the cells of ``tests/statistical``: coverage of 90 % intervals (lowest and highest over all n), of
gains and of joint bands, the regret of serving the best estimate, and the table of decisions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from statistical.cells import (
    BINARY_LABELS,
    DECISION_LABELS,
    DECISION_REGIMES,
    LABELS,
    REGIMES,
    SUCCESS,
    Cell,
    Covered,
    binary_cell,
    covered,
    decided,
    regime_cell,
)

from overopt.curves.operating_point import DECISIONS


def cells() -> Iterator[Cell]:
    """Every cell whose coverage is promised."""
    for regime in REGIMES:
        for labels in LABELS:
            yield regime_cell(regime, labels)
    for prompts in (4, 40):
        yield regime_cell("light_ind", None, prompts)
    for success in SUCCESS:
        for few in BINARY_LABELS:
            for unequal in (False, True):
                yield binary_cell(success, few, unequal)


def coverage_line(cell: Cell, found: Covered) -> str:
    """One row: lowest and highest coverage over n of gold and of gains, the band, the regret."""
    gold, gain = found.gold / found.trials, found.gain[1:] / found.trials
    return (
        f"{cell.name:<36} {gold.min():.3f} {gold.max():.3f}   {gain.min():.3f} {gain.max():.3f}   "
        f"{found.band / found.trials:.3f}   {found.regret.mean():.4f}"
    )


def main(trials: int) -> None:
    """Both tables, row by row as they are ready."""
    print(f"{'share of 90 % intervals that hold':<36} gold min-max  gain min-max  band    regret")
    for cell in cells():
        print(coverage_line(cell, covered(cell, trials)), flush=True)
    print(f"\n{'decisions, share of tables':<36} {' '.join(DECISIONS)} wrong")
    for labels in DECISION_LABELS:
        for regime in DECISION_REGIMES:
            cell = regime_cell(regime, labels)
            found = decided(cell, max(trials // 4, 1))
            shares = (found[name] / max(trials // 4, 1) for name in (*DECISIONS, "wrong"))
            print(f"{cell.name:<36} {'  '.join(f'{share:.3f}' for share in shares)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
