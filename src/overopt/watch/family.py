"""One verdict over all red signals of a run, with one bound on its false alarms.

The average of e-processes is an e-process, however they depend on each other: red when it reaches
1 / false_alarm. The price of K signals is at most ln K nats. The chance that anything is ever named
stays below ``false_alarm`` where all nulls hold.

Who is guilty: e-BH (Wang and Ramdas 2022) names the k signals with the most evidence for the
largest k at which each has K / (k false_alarm). It needs no independence either; at the verdict's
time, of the names given, the expected share that is wrong is at most ``false_alarm``. The average
can be red while no name is: then the signal with the most evidence is named without that promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import final

from overopt.stats.e_process import Betting, log_mean
from overopt.watch.detectors.detector import Reading

__all__ = ["AVERAGE_RUN", "RUN_LENGTH", "FamilyVerdict", "family_verdict"]

# The amber tier: every label is a start of weight 1, so that false alarms come after 10,000 labels
# or more on average. Used as betting of the same detectors, red where evidence reaches RUN_LENGTH.
AVERAGE_RUN = Betting(block=1, whole_run=False)
RUN_LENGTH = 10_000


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyVerdict:
    """``log_evidence`` of the average; red once it reaches ``log_threshold``.

    ``guilty`` names signals in order of evidence, empty while not red; ``named_by_rule`` is whether
    e-BH names them.
    """

    log_evidence: float
    log_threshold: float
    guilty: tuple[str, ...]
    named_by_rule: bool

    @property
    def red(self) -> bool:
        """Whether the average has reached its threshold."""
        return self.log_evidence >= self.log_threshold


def family_verdict(readings: Sequence[Reading], false_alarm: float) -> FamilyVerdict:
    """Verdict over the signals of a run; the amber tier passes 1 / RUN_LENGTH."""
    ordered = sorted(readings, key=lambda reading: -reading.log_evidence)
    logs = [reading.log_evidence for reading in ordered]
    average, threshold = log_mean(logs), -log(false_alarm)
    named = 0
    if average >= threshold:
        named = max(
            (k for k, each in enumerate(logs, 1) if each >= log(len(logs) / k) + threshold),
            default=0,
        )
    return FamilyVerdict(
        log_evidence=average,
        log_threshold=threshold,
        guilty=tuple(reading.name for reading in ordered[: max(named, average >= threshold)]),
        named_by_rule=named > 0,
    )
