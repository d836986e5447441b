"""What must be guessed before there are data: how proxy and gold vary and go together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from overopt.errors import BadOption

__all__ = ["GOLD_KINDS", "Guess"]

GOLD_KINDS = ("continuous", "binary")
BETWEEN = 0.5  # sd of prompt means over the sd within, where nothing is known
MOST_BETWEEN = 0.95  # of the sd of right-or-wrong gold: the rest varies within prompts


@final
@dataclass(frozen=True, kw_only=True)
class Guess:
    """A guessed table: ``correlation`` of proxy and gold within a prompt, above 0 and below 1.

    ``spread`` is the sd of gold within a prompt and ``between`` the sd of prompt means, both in
    units of gold; None for ``spread`` means that sd as the unit, None for ``between`` half the
    spread. With ``gold_kind`` binary gold is 0 or 1, ``base_rate`` is its mean without pressure
    (0.5 where None) and the spread follows. Raises BadOption for a guess no table can meet.
    """

    correlation: float = 0.5
    spread: float | None = None
    between: float | None = None
    gold_kind: str = "continuous"
    base_rate: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.correlation < 1:
            raise BadOption(
                f"--correlation {self.correlation:g}: give a correlation of proxy and gold above 0 "
                "and below 1 (a harmful and an unrelated proxy are simulated in any case)"
            )
        if self.gold_kind not in GOLD_KINDS:
            raise BadOption(
                f"--gold-kind {self.gold_kind!r}: choose one of {', '.join(GOLD_KINDS)}"
            )
        if self.between is not None and not 0 <= self.between < math.inf:
            raise BadOption(f"--between {self.between:g}: give an sd of prompt means, 0 or more")
        if self.gold_kind == "binary":
            self._check_binary()
        else:
            self._check_continuous()

    def _check_continuous(self) -> None:
        if self.base_rate is not None:
            raise BadOption(
                f"--base-rate {self.base_rate:g} is for right-or-wrong gold: "
                "add --gold-kind binary, or leave it out"
            )
        if self.spread is not None and not 0 < self.spread < math.inf:
            raise BadOption(f"--spread {self.spread:g}: give an sd of gold within a prompt above 0")

    def _check_binary(self) -> None:
        if self.spread is not None:
            raise BadOption(
                f"--spread {self.spread:g}: the spread of right-or-wrong gold follows from its "
                "base rate; leave it out"
            )
        if not 0 < self.mean < 1:
            raise BadOption(f"--base-rate {self.mean:g}: give a share above 0 and below 1")
        total = math.sqrt(self.mean * (1 - self.mean))
        if self.between is not None and self.between > MOST_BETWEEN * total:
            raise BadOption(
                f"--between {self.between:g}: at a base rate of {self.mean:g} the shares of "
                f"prompts can have an sd of at most {MOST_BETWEEN * total:.2g}"
            )

    @property
    def binary(self) -> bool:
        """Whether gold is right or wrong."""
        return self.gold_kind == "binary"

    @property
    def mean(self) -> float:
        """Mean gold without pressure; 0 for continuous gold, whose origin does not matter."""
        if not self.binary:
            return 0.0
        return 0.5 if self.base_rate is None else self.base_rate

    @property
    def sd_within(self) -> float:
        """Sd of gold within a prompt, in units of gold."""
        if not self.binary:
            return 1.0 if self.spread is None else self.spread
        total = self.mean * (1 - self.mean)
        part = total / (1 + BETWEEN**2) if self.between is None else total - self.between**2
        return math.sqrt(part)

    @property
    def sd_between(self) -> float:
        """Sd of prompt means, in units of gold."""
        return BETWEEN * self.sd_within if self.between is None else self.between

    @property
    def unit(self) -> str:
        """What gold is measured in: its own unit, or its sd where no spread was given."""
        return "gold" if self.binary or self.spread is not None else "sd of gold within a prompt"
