"""The tails behind one proxy together: the score's, and with labels the error's and gold's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from overopt.curves.completed_gold import CompletedGold
from overopt.curves.reach import REACH_SHARE, reach_in_kl
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples
from overopt.tails.labelled import error_tail, gold_tail
from overopt.tails.verdict import TailVerdict, proxy_tail

__all__ = ["Tails", "tails_of"]

UNIT = (
    "A proxy's tail depends on its unit (the exponential of a light score is heavy). It matters "
    "for pressures that act on raw scores, a KL tilt or an unclipped reward; best-of-n and "
    "thresholds see ranks only."
)
NEEDS_GOLD = "Whether the error or the quality makes the tail takes gold."


@final
@dataclass(frozen=True, kw_only=True)
class Tails:
    """Verdicts on a proxy, and on its ``error`` and ``gold``: None without labels for them."""

    proxy: TailVerdict
    error: TailVerdict | None
    gold: TailVerdict | None

    @property
    def meaning(self) -> str:
        """What these verdicts bear on."""
        return UNIT if self.error or self.gold else f"{UNIT} {NEEDS_GOLD}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The warning that a small KL proves nothing, where the error is heavy or may be."""
        error = self.error
        judged = error is not None and error.verdict != "not_applicable"
        heavy = error if error is not None and judged else self.proxy
        if heavy.verdict != "heavy" or not self.proxy.rows:
            return ()
        kl, name, rows = reach_in_kl(self.proxy.rows), self.proxy.name, self.proxy.rows
        said = (
            f"the error of {name} has a heavy tail"
            if heavy is error
            else f"{name} has a heavy tail, which may be its error's"
        )
        return (
            Finding(
                code="OV209",
                severity=Severity.CAUTION,
                message=f"{said}: a small KL proves nothing. What {rows:,} rows cannot show may "
                f"own {100 * REACH_SHARE:.0f} % of a policy from {kl:.2f} nats on",
                data={"kl": kl, "of_rows": rows, "share": REACH_SHARE},
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the verdicts, what they mean, and from which KL rows unseen matter."""
        rows = self.proxy.rows
        return {
            "proxy": self.proxy.to_dict(),
            "error": None if self.error is None else self.error.to_dict(),
            "gold": None if self.gold is None else self.gold.to_dict(),
            "reach": {
                "rows": rows,
                "share": REACH_SHARE,
                "kl": reach_in_kl(rows) if rows else None,
            },
            "meaning": self.meaning,
        }


def tails_of(
    samples: Samples, proxy: str, completed: CompletedGold | None, *, level: float = 0.95
) -> Tails:
    """Tails of a table scored by ``proxy`` throughout; ``completed`` is its completed gold, if any.

    Raises BadOption for an unknown proxy and for a level outside [0.5, 1).
    """
    score = proxy_tail(samples, proxy, level=level)
    if completed is None:
        return Tails(proxy=score, error=None, gold=None)
    return Tails(
        proxy=score,
        error=error_tail(samples, score, completed, level=level),
        gold=gold_tail(samples, completed, level=level),
    )
