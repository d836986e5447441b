"""A batch: the scored samples of one step of one run, as a reward call or a log shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["Batch"]

FloatVector = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.int64]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Samples that were scored together, in the order in which they came.

    ``proxy`` [rows] in its own units, non-finite values kept; ``group`` [rows] numbers from 0 the
    prompts of the batch, candidates of one prompt sharing a number; ``prompt_ids`` [groups] their
    names. ``gold`` [rows] in its own units where it is at hand (a log with gold), NaN elsewhere,
    None when there is none at all. ``kl`` [rows] in nats, None when it is not logged.
    ``components`` other numbers of the sample [rows]: ``length``, parts of the reward.
    ``key`` names the batch within its run, for ever: ``writer:sequence number``.
    """

    run: str
    key: str
    step: int
    proxy: FloatVector
    group: IntVector
    prompt_ids: tuple[str, ...]
    gold: FloatVector | None = None
    kl: FloatVector | None = None
    components: Mapping[str, FloatVector] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Samples in the batch."""
        return len(self.proxy)

    @property
    def finite(self) -> npt.NDArray[np.bool_]:
        """Which rows have a finite proxy: only those can be ranked, drawn and tested."""
        return np.asarray(np.isfinite(self.proxy))

    def summary(self) -> dict[str, Any]:
        """Counts and mean proxy, for a page or a log."""
        usable = self.proxy[self.finite]
        return {
            "step": self.step,
            "rows": self.rows,
            "prompts": len(self.prompt_ids),
            "non_finite": self.rows - len(usable),
            "proxy": float(usable.mean()) if len(usable) else None,
        }
