"""Laws with a largest value, measured from it.

Pressure on a bounded proxy ends within any distance of its largest value, where doubles that count
from elsewhere lie too far apart; distances from 0 have all their digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from overopt.lab.limits.upper_tail import upper_tail
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Beta

if TYPE_CHECKING:
    from overopt.lab.joints.joint import Joint

__all__ = ["FromEnd", "law_from_end"]


@final
@dataclass(frozen=True, kw_only=True)
class FromEnd:
    """``joint`` of gold - ``gold_end`` and proxy - ``proxy_end``, both at most 0."""

    joint: Joint
    gold_end: float
    proxy_end: float


def law_from_end(law: Law) -> tuple[Law, float] | None:
    """The law of X - end and the end; None where there is none, or none is known."""
    tail = upper_tail(law)
    if tail is None or not tail.bounded:
        return None
    if isinstance(law, Beta) and law.scale > 0:  # 1 - X is beta too
        return Beta(a=law.b, b=law.a, scale=-law.scale), tail.end
    return law.shifted(-tail.end), tail.end
