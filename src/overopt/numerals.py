"""How numbers are written wherever they are told: in sentences, tables and pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["ABSENT", "decimals", "estimate", "interval", "number", "percent", "spread_places"]

ABSENT = "–"
MOST_PLACES = 6  # beyond them small numbers are written with an exponent


def number(
    value: float | None, places: int | None = None, sign: bool = False, *, digits: int = 3
) -> str:
    """A number with ``places`` decimals, or with ``digits`` significant digits where None."""
    if value is None or not math.isfinite(value):
        return ABSENT
    plus = "+" if sign else ""
    if places is not None and 0 < abs(value) < 1e-4 and places > MOST_PLACES:
        return f"{value:{plus}.1e}"
    if places is not None:
        return f"{value:{plus}z,.{places}f}"
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        return f"{value:{plus}.{digits - 1}e}"
    if float(value).is_integer():
        return f"{value:{plus},.0f}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:{plus},.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def interval(lower: float | None, upper: float | None, places: int, sign: bool = False) -> str:
    """``[lower, upper]``, or a dash where there is no interval."""
    if lower is None or upper is None:
        return ABSENT
    return f"[{number(lower, places, sign)}, {number(upper, places, sign)}]"


def estimate(
    value: float | None,
    lower: float | None,
    upper: float | None,
    *,
    places: int | None = None,
    sign: bool = False,
) -> str:
    """``value [lower, upper]``, rounded so that half the interval keeps two digits.

    No interval where it is undefined, or a point by definition.
    """
    if lower is None or upper is None or not 0 < upper - lower < math.inf:
        return number(value, places, sign)
    shown = decimals([lower], [upper]) if places is None else places
    return f"{number(value, shown, sign)} {interval(lower, upper, shown, sign)}"


def decimals(lower: Iterable[float | None], upper: Iterable[float | None]) -> int:
    """Decimals that show the typical half-width of these intervals with two digits."""
    pairs = zip(lower, upper, strict=True)
    halves = sorted((b - a) / 2 for a, b in pairs if a is not None and b is not None and b > a)
    if not halves:
        return 3
    return min(8, max(0, 1 - math.floor(math.log10(halves[len(halves) // 2]))))


def spread_places(values: Iterable[float | None]) -> int:
    """Decimals that show the range of these values with three digits."""
    known = [value for value in values if value is not None]
    spread = max(known) - min(known) if known else 0.0
    return min(8, max(0, 2 - math.floor(math.log10(spread)))) if spread > 0 else 3


def percent(share: float | None) -> str:
    """A share as ``12 %``, with a decimal below ten per cent."""
    if share is None:
        return ABSENT
    places = 0 if share == 0 or abs(share) >= 0.1 else 1
    return f"{100 * share:.{places}f} %"
