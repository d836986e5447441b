"""Heavy, light, undecided or not applicable: what a ladder says about a tail, and how deep.

Heavy: some rung is significantly heavier than exponential and none lighter. Its reason is ``power``
where a generalised Pareto law fits a significant rung (p above .05) and no deeper rung leans light,
else ``mixture``: heavier, but not one law. Light: some rung is significantly lighter, none heavier,
and no deeper rung leans heavy. ``mixed``: rungs disagree, or a heavy tail may come from prompts of
different spread. Without a significant rung the verdict is undecided: ``near_exponential`` where
the limits of xi at some rung lie within .05 of 0, else ``too_few``. Scores with a cap that many
rows share are ``bounded``, scores with few values ``discrete``, and have no tail.

The verdict is about the depth ``reach``, never about rarer values, and changes with the unit of the
score under maps that are not straight lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from overopt.errors import BadOption
from overopt.findings import Finding
from overopt.samples.table import Samples
from overopt.stats.ladder import Rung, ladder, ladder_counts, outlier_p
from overopt.tails.doubts import doubts
from overopt.tails.sample import TailSample, tail_sample
from overopt.tails.sentences import tail_sentence
from overopt.tails.ties import is_coarse, spread_ties

__all__ = ["REASONS", "TailVerdict", "proxy_tail", "tail_verdict"]

REASONS = {
    "power": "heavy",
    "mixture": "heavy",
    "light": "light",
    "mixed": "undecided",
    "near_exponential": "undecided",
    "too_few": "undecided",
    "bounded": "not_applicable",
    "discrete": "not_applicable",
}
RUNG_FIELDS = (
    *("exceedances", "share", "threshold", "xi", "xi_lower", "xi_upper"),
    *("z", "critical_low", "critical_high", "fit_p", "prompts"),
)
FIT_P = 0.05
NEAR_EXPONENTIAL = 0.05
FEWEST_CAPPED, CAPPED_SHARE = 3, 0.005


@final
@dataclass(frozen=True, kw_only=True)
class TailVerdict:
    """A verdict with its reach.

    ``verdict`` is that of ``reason`` in REASONS. ``reach`` 20 means down to the top one in 20: the
    depth of the deepest significant rung, NaN where there is none. ``xi`` with its limits at
    ``level`` and ``depth`` (share of rows) are those of that rung, else of the deepest; NaN without
    rungs. ``rows`` different scores of ``prompts`` prompts were used, ``centred`` by group or not;
    ``outlier_p`` is the chance of so large a largest score. ``sentence`` says all this.
    """

    name: str
    verdict: str
    reason: str
    reach: float
    xi: float
    xi_lower: float
    xi_upper: float
    depth: float
    level: float
    rungs: tuple[Rung, ...]
    rows: int
    prompts: int
    centred: bool
    copies: int
    outlier_p: float
    sentence: str
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data; undefined numbers are None."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "reach": _defined(self.reach),
            "xi": _defined(self.xi),
            "xi_lower": _defined(self.xi_lower),
            "xi_upper": _defined(self.xi_upper),
            "depth": _defined(self.depth),
            "level": self.level,
            "rows": self.rows,
            "prompts": self.prompts,
            "centred": self.centred,
            "copies": self.copies,
            "outlier_p": _defined(self.outlier_p),
            "sentence": self.sentence,
            "rungs": [_plain(rung) for rung in self.rungs],
            "findings": [one.to_dict() for one in self.findings],
        }


def proxy_tail(samples: Samples, proxy: str, *, level: float = 0.95) -> TailVerdict:
    """Verdict on the upper tail of a proxy's scores; raises BadOption for an unknown proxy."""
    return tail_verdict(tail_sample(samples, proxy), proxy, level=level)


def tail_verdict(
    sample: TailSample, name: str, *, level: float = 0.95, extra: tuple[Finding, ...] = ()
) -> TailVerdict:
    """Verdict on a sample of values called ``name``; ``extra`` findings come first."""
    if not 0.5 <= level < 1:
        raise BadOption(f"--level {level:g} is outside [0.5, 1): give a confidence such as 0.95")
    rungs, reason = _judged(sample, level)
    significant = [rung for rung in rungs if rung.side]
    told = (significant or list(rungs))[-1:]
    numbers = {
        key: getattr(told[0], key) if told else np.nan for key in ("xi", "xi_lower", "xi_upper")
    }
    reach = 1 / significant[-1].share if significant else np.nan
    outlier = np.nan
    if told:
        outlier = outlier_p(spread_ties(sample.top, sample.fuzz), told[0].exceedances)
    return TailVerdict(
        name=name,
        verdict=REASONS[reason],
        reason=reason,
        reach=float(reach),
        depth=told[0].share if told else np.nan,
        level=level,
        rungs=rungs,
        rows=sample.rows,
        prompts=sample.prompts,
        centred=sample.centred,
        copies=sample.copies,
        outlier_p=float(outlier),
        sentence=tail_sentence(name, reason, rungs, sample.rows, level),
        findings=(*extra, *doubts(sample, name, reason, rungs)),
        **numbers,
    )


def _judged(sample: TailSample, level: float) -> tuple[tuple[Rung, ...], str]:
    """Rungs (none where the scores have no tail) and the reason of the verdict."""
    if sample.highest >= FEWEST_CAPPED and sample.capped > CAPPED_SHARE * sample.finite:
        return (), "bounded"
    counts = ladder_counts(sample.rows)
    if not len(counts):
        return (), "discrete" if sample.levels else "too_few"
    if sample.levels or is_coarse(sample.top, int(counts[0]), sample.fuzz):
        return (), "discrete"
    top = spread_ties(sample.top, sample.fuzz)
    rungs = ladder(top, sample.prompt, sample.rows, level)
    fine = [r for r in rungs if not is_coarse(sample.top, r.exceedances, sample.fuzz)]
    rungs = tuple(fine)
    reason = ladder_reason(rungs)
    if sample.above:
        reason = "mixture"
    elif REASONS[reason] == "heavy" and sample.spread is not None and sample.spread.uneven:
        reason = "mixed"
    return rungs, reason


def ladder_reason(rungs: tuple[Rung, ...]) -> str:
    """Reason of the verdict on rungs, first to deepest."""
    sides = [rung.side for rung in rungs]
    if 1 in sides and -1 in sides:
        return "mixed"
    deeper = rungs[len(sides) - sides[::-1].index(max(sides, key=abs)) :] if any(sides) else ()
    if 1 in sides:
        fits = any(rung.fit_p > FIT_P for rung in rungs if rung.side)
        return "power" if fits and all(rung.lean >= 0 for rung in deeper) else "mixture"
    if -1 in sides:
        return "light" if all(rung.lean <= 0 for rung in deeper) else "mixed"
    near = any(
        rung.xi_lower > -NEAR_EXPONENTIAL and rung.xi_upper < NEAR_EXPONENTIAL for rung in rungs
    )
    return "near_exponential" if near else "too_few"


def _plain(rung: Rung) -> dict[str, Any]:
    return {name: _defined(getattr(rung, name)) for name in RUNG_FIELDS}


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None
