"""The only judge of counts: may a coverage or false-alarm count be called right?

A statistical test simulates, counts how often an interval covered or an alarm rang, and passes the
count here. Both assertions hold with probability at least 1 - FALSE_ALARM when the code is right,
so a red test is a fault, never bad luck, and is not to be run again.
"""

from __future__ import annotations

from scipy.stats import binom

__all__ = ["FALSE_ALARM", "assert_coverage", "assert_coverage_within"]

FALSE_ALARM = 1e-6  # chance that one such assertion fails although the code is right


def assert_coverage(hits: int, trials: int, nominal: float) -> None:
    """Fail when ``hits`` of ``trials`` cannot come from a rate of exactly ``nominal``."""
    assert_coverage_within(hits, trials, nominal, nominal)


def assert_coverage_within(hits: int, trials: int, low: float, high: float) -> None:
    """Fail when ``hits`` of ``trials`` cannot come from any rate in [low, high]."""
    fewest = binom.ppf(FALSE_ALARM / 2, trials, low)
    most = binom.ppf(1 - FALSE_ALARM / 2, trials, high)
    assert fewest <= hits <= most, (
        f"rate {hits / trials:.4f} ({hits} of {trials}) outside "
        f"[{fewest / trials:.4f}, {most / trials:.4f}], possible for rates in [{low}, {high}]"
    )
