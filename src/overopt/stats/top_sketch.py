"""The largest values of a stream, exactly, in one pass and without sorting it.

A sketch holds the ``size`` largest finite values with the row and the prompt of each, ordered by
value and, among equals, by row: the smaller row id counts as larger. Every other row leaves only a
count. Once ``size`` values are held, a new part is compared with the smallest of them, and hardly
any of it passes; what passes waits until it is worth a partition. Merging is associative and
commutative, so ``top`` is bit for bit that of a full sort however the rows were spread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["Top", "TopSketch"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

SIZE = 100_000


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Top:
    """Values [count], their row ids and prompt codes, ascending where a sketch returns them."""

    values: FloatArray
    rows: IntArray
    prompts: IntArray

    def __len__(self) -> int:
        return len(self.values)

    def at(self, chosen: IntArray | BoolArray) -> Top:
        """The rows chosen by position or by mask."""
        return Top(values=self.values[chosen], rows=self.rows[chosen], prompts=self.prompts[chosen])

    @classmethod
    def joined(cls, parts: Iterable[Top]) -> Top:
        """All parts after each other; at least one."""
        held = list(parts)
        return cls(
            values=np.concatenate([part.values for part in held]),
            rows=np.concatenate([part.rows for part in held]),
            prompts=np.concatenate([part.prompts for part in held]),
        )

    def largest(self, size: int) -> Top:
        """The ``size`` largest, in no order; all when there are no more."""
        if len(self) <= size:
            return self
        least = np.partition(self.values, len(self) - size)[len(self) - size]
        above = np.flatnonzero(self.values > least)
        tied = np.flatnonzero(self.values == least)
        left = size - len(above)
        if left < len(tied):
            tied = tied[np.argpartition(self.rows[tied], left - 1)[:left]]
        return self.at(np.concatenate([above, tied]))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TopSketch:
    """The ``size`` largest finite values seen, and counts of everything seen.

    ``rows`` all rows; ``missing``, ``above``, ``below`` those that are NaN, inf, -inf; ``minimum``
    and ``maximum`` of the finite values, NaN when there are none. ``floor`` is a value below which
    no row can matter any more; ``held`` what may still matter, fewer than twice ``size`` rows.
    """

    size: int
    rows: int
    missing: int
    above: int
    below: int
    minimum: float
    maximum: float
    floor: float
    held: tuple[Top, ...]

    @classmethod
    def of(
        cls, values: FloatArray, rows: IntArray, prompts: IntArray, size: int = SIZE
    ) -> TopSketch:
        """Sketch of values [count] with their row ids, each given once, and prompt codes.

        The arrays may be kept rather than copied: do not change them afterwards.
        """
        if size < 1:
            raise ValueError(f"size = {size}: at least one value must be held")
        return cls._seen(values, rows, prompts, size)._trimmed()

    def add(self, values: FloatArray, rows: IntArray, prompts: IntArray) -> TopSketch:
        """Sketch of this and of more rows, as in ``of``; cheaper than to merge a sketch of them."""
        return self.merge(self._seen(values, rows, prompts, self.size))

    @property
    def finite(self) -> int:
        """Rows with a finite value."""
        return self.rows - self.missing - self.above - self.below

    def merge(self, other: TopSketch) -> TopSketch:
        """Sketch of both parts together, which must have one size and no row in common."""
        if self.size != other.size:
            raise ValueError(f"sketches of size {self.size} and {other.size} do not merge")
        floor = max(self.floor, other.floor)
        return TopSketch(
            size=self.size,
            rows=self.rows + other.rows,
            missing=self.missing + other.missing,
            above=self.above + other.above,
            below=self.below + other.below,
            minimum=float(np.fmin(self.minimum, other.minimum)),
            maximum=float(np.fmax(self.maximum, other.maximum)),
            floor=floor,
            held=(*self._held_from(floor), *other._held_from(floor)),
        )._trimmed()

    @classmethod
    def merged(cls, parts: Iterable[TopSketch]) -> TopSketch:
        """Sketch of all parts; at least one is needed."""
        first, *rest = parts
        for part in rest:
            first = first.merge(part)
        return first

    def top(self) -> Top:
        """The ``size`` largest finite values, or all there are, ascending."""
        if not self.held:
            none = np.empty(0, dtype=np.int64)
            return Top(values=np.empty(0), rows=none, prompts=none)
        kept = Top.joined(self.held).largest(self.size)
        return kept.at(np.lexsort((-kept.rows, kept.values)))

    @classmethod
    def _seen(cls, values: FloatArray, rows: IntArray, prompts: IntArray, size: int) -> TopSketch:
        """Everything held, as views of the arrays given."""
        part = Top(values=values, rows=rows, prompts=prompts)
        missing = above = below = 0
        finite = np.isfinite(values)
        if not finite.all():
            missing = int(np.isnan(values).sum())
            above, below = int((values == np.inf).sum()), int((values == -np.inf).sum())
            part = part.at(finite)
        return cls(
            size=size,
            rows=len(values),
            missing=missing,
            above=above,
            below=below,
            minimum=float(part.values.min()) if len(part) else float("nan"),
            maximum=float(part.values.max()) if len(part) else float("nan"),
            floor=-np.inf,
            held=(part,) if len(part) else (),
        )

    def _held_from(self, floor: float) -> tuple[Top, ...]:
        """What is held and not below ``floor``."""
        if floor <= self.floor:
            return self.held
        if not self.maximum >= floor:
            return ()
        parts = (part.at(np.flatnonzero(part.values >= floor)) for part in self.held)
        return tuple(part for part in parts if len(part))

    def _trimmed(self) -> TopSketch:
        """The same sketch with no more than ``size`` rows held once twice as many wait."""
        if sum(map(len, self.held)) < 2 * self.size:
            return self
        kept = Top.joined(self.held).largest(self.size)
        return replace(self, floor=float(kept.values.min()), held=(kept,))
