"""What a user may decide about an audit, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from overopt.curves.looks import level_at_look
from overopt.curves.operating_point import Tolerance
from overopt.errors import BadOption
from overopt.pressure import Pressure

__all__ = ["AuditOptions"]

DECLARABLE = ("all", "uniform", "winners", "unknown")
PER_CANDIDATE = ("best_of_n", "soft_best_of_n", "best_of_poisson")


@final
@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """Options of ``audit``; the docstring there says what each one means."""

    level: float
    pressures: tuple[str, ...]
    labels_drawn: str | None
    objective: str
    tolerance_sd: float
    tolerance_gain: float
    cost: float
    soft_lambda: float | None
    looks: int = 0

    @property
    def decision_level(self) -> float:
        """Level of decisions: ``level``, or what is left of its error at this look."""
        return level_at_look(self.level, self.looks)

    def check(self, known: tuple[str, ...]) -> AuditOptions:
        """Itself, or BadOption for the first option that makes no sense."""
        if not 0 < self.level < 1:
            raise BadOption(f"level {self.level!r}: give a number between 0 and 1, such as 0.95")
        if not self.pressures:
            raise BadOption(f"no pressure to audit: choose from {', '.join(known)}")
        for name in self.pressures:
            if name not in known:
                raise BadOption(f"no pressure {name!r}: choose from {', '.join(known)}")
        if self.labels_drawn not in (None, *DECLARABLE):
            raise BadOption(
                f"labels drawn {self.labels_drawn!r}: choose from {', '.join(DECLARABLE)}"
            )
        if self.objective not in ("mean", "win-rate"):
            raise BadOption(f"objective {self.objective!r}: choose mean or win-rate")
        if self.soft_lambda is not None and not (
            np.isfinite(self.soft_lambda) and self.soft_lambda > 0
        ):
            raise BadOption(f"soft lambda {self.soft_lambda!r}: give a number above 0")
        if self.looks < 0:
            raise BadOption(f"looks {self.looks!r}: give the number of this look, 1 or more")
        Tolerance(spread=self.tolerance_sd, gain=self.tolerance_gain, cost=self.cost)
        return self

    def tolerance_for(self, pressure: Pressure) -> Tolerance:
        """Tolerance; candidates cost something only where the strength counts them."""
        cost = self.cost if pressure.id in PER_CANDIDATE else 0.0
        return Tolerance(spread=self.tolerance_sd, gain=self.tolerance_gain, cost=cost)

    def valued_for(self, pressure: Pressure) -> str:
        """What decisions on this pressure are about, in words."""
        name = "the win rate" if self.objective == "win-rate" else "gold"
        return f"{name} net of cost" if self.tolerance_for(pressure).cost else name
