"""Gold under pressure for a known law, exactly: the integral of m(q) w(q; strength) dq.

It is the integral that the audit estimates, by quadrature: the profile of the law gives mean gold m
at each proxy value, the pressure its density ratio w. Panels are cut until every strength's
integrand is resolved; ``error_bound`` adds what the quadrature may still miss to what the profile
may. A peak is looked for between the strengths asked for, on a grid of its own, because curves may
rise, fall and rise again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.gold_curve import Extremum, FloatArray, GoldCurve, Limits
from overopt.errors import BadOption, NotIdentified
from overopt.lab.existence import deep_profile, demand_existence
from overopt.lab.joints.joint import Joint
from overopt.lab.profile import LARGEST_DEFECT, RULE, Profile
from overopt.lab.softened import log_beaten
from overopt.pressure import Pressure, RankPressure

__all__ = ["ExactCurve", "exact_curve"]

RESOLVED = 1e-9  # error of one strength's integral, in units of the spread of gold
MOST_ROUNDS = 40
MOST_PANELS = 20_000  # a few thousand serve every law at n = 4^14 and thresholds of 1e-300
BLOCK = 32  # strengths evaluated at once
STEPS_TO_DOUBLING = 8
MOST_SEARCHED = 400  # strengths, beyond fifty doublings fewer to each
ZOOM, ZOOMS = 17, 4
STEP = 1e-3  # of ln strength, between which slopes are differences


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ExactCurve(GoldCurve):
    """Gold under one pressure at S strengths for a known law.

    ``error_bound`` [S] of gold, in its unit, gives every limit.
    """

    joint: Joint
    error_bound: FloatArray
    profile: Profile = field(repr=False)

    def at(self, strengths: npt.ArrayLike) -> ExactCurve:
        """The same curve at other ascending strengths; raises what ``exact_curve`` does."""
        return exact_curve(self.joint, self.pressure, strengths)

    def interval(self, joint: bool = False) -> tuple[FloatArray, FloatArray]:
        """Gold less and plus its error bound, which holds at all strengths at once."""
        return self.gold - self.error_bound, self.gold + self.error_bound

    def slope(self) -> Limits:
        """d gold / d ln(strength) with limits: three arrays [S], NaN at no pressure.

        A central difference; the limits add the error bounds to what doubling its step changes.
        """
        none = self.pressure.no_pressure
        ratio = np.exp(STEP * np.array([[1.0], [-1.0], [2.0], [-2.0]]))
        around = np.maximum(ratio * self.strength, none)
        found = self._at(around.ravel())
        up, down, far_up, far_down = found.gold.reshape(around.shape)
        bound = found.error_bound.reshape(around.shape)[:2].sum(axis=0)
        pressed = self.strength > none
        at = np.where(pressed, around, ratio)
        width = np.log(at[0] / at[1])
        slope = np.where(pressed, (up - down) / width, np.nan)
        half = bound / width + np.abs(slope - (far_up - far_down) / np.log(at[2] / at[3]))
        return slope, slope - half, slope + half

    def gain(self, cost: float = 0.0) -> Limits:
        """Gain against no pressure, net of ``cost`` per unit of strength, with its limits."""
        none = self.pressure.no_pressure
        start = self._at([none])
        gain = self.gold - start.gold - cost * (self.strength - none)
        half = np.where(self.strength > none, self.error_bound + start.error_bound, 0.0)
        return gain, gain - half, gain + half

    def extrema(self) -> tuple[Extremum, ...]:
        """Every inner peak and trough between the first and the last strength, ascending.

        Found on eight strengths to the doubling, then located to six digits (whole numbers where
        the pressure's strengths are). Changes below the error bound are none.
        """
        return _extrema(self)

    def peak(self) -> Extremum | None:
        """The strength of most gold, between those asked for too; None at the end of the curve.

        The first strength where every other loses.
        """
        ends = self._at(self.strength[[0, -1]])
        first = ends._extremum("peak", 0)
        best = max([first, *(e for e in self.extrema() if e.kind == "peak")], key=lambda e: e.gold)
        return best if best.gold > ends.gold[-1] + ends.error_bound[-1] else None

    def to_dict(self, cost: float = 0.0) -> dict[str, Any]:
        """Plain data: the fields of every gold curve, and the ``error_bound``."""
        return super().to_dict(cost) | {"error_bound": self.error_bound.tolist()}

    def _at(self, strengths: npt.ArrayLike) -> ExactCurve:
        """The curve at strengths in any order, hardly beyond the range of its own."""
        return _evaluated(self.joint, self.pressure, np.asarray(strengths, float), self.profile)

    def _located(self, grid: FloatArray, k: int, kind: str) -> Extremum:
        """The extremum near grid point ``k``, by zooming in on a bracket."""
        low, high = grid[k - 1], grid[k + 1]
        sign = 1 if kind == "peak" else -1
        for _ in range(ZOOMS):
            points = np.linspace(low, high, ZOOM)
            best = int(np.argmax(sign * self._at(points).gold))
            low, high = points[max(best - 1, 0)], points[min(best + 1, ZOOM - 1)]
        candidates = np.array([(low + high) / 2])
        if self.pressure.whole:
            candidates = np.unique(np.floor([low, low + 1, high, high + 1]))
        at = self._at(candidates)
        return at._extremum(kind, int(np.argmax(sign * at.gold)))


def exact_curve(joint: Joint, pressure: Pressure, strengths: npt.ArrayLike) -> ExactCurve:
    """Gold at ascending ``strengths`` [S] for a known law.

    Raises BadOption for strengths that the pressure cannot have, NotIdentified, with the reason,
    where mean gold under this pressure does not exist.
    """
    strength = _checked(pressure, strengths)
    demand_existence(joint, pressure, float(strength[-1]))
    profile = deep_profile(joint, pressure, float(strength[-1]))
    return _evaluated(joint, pressure, strength, profile)


def _checked(pressure: Pressure, strengths: npt.ArrayLike) -> FloatArray:
    strength = np.atleast_1d(np.asarray(strengths, dtype=float))
    least = pressure.no_pressure
    if not (strength.ndim == 1 and len(strength) and np.isfinite(strength).all()):
        raise BadOption(f"{pressure.label}: strengths must be a list of finite numbers")
    if (strength < least).any() or (np.diff(strength) <= 0).any():
        raise BadOption(
            f"{pressure.label}: strengths ({pressure.knob}) must ascend from {least:g} or more, "
            f"got {', '.join(f'{s:g}' for s in strength[:6])}"
        )
    return strength


def _evaluated(
    joint: Joint, pressure: Pressure, strength: FloatArray, profile: Profile
) -> ExactCurve:
    if isinstance(pressure, RankPressure):
        jumps = pressure.density(strength).jumps
        if len(jumps) and len(profile.half):
            profile = profile.at_edges(np.union1d(profile.edges, profile.tail_points(jumps)))
    parts = [
        _integrated(joint, pressure, strength[first : first + BLOCK], profile)
        for first in range(0, len(strength), BLOCK)
    ]
    return ExactCurve(
        joint=joint,
        pressure=pressure,
        strength=strength,
        profile=profile,
        **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
    )


def _integrated(
    joint: Joint, pressure: Pressure, strength: FloatArray, profile: Profile
) -> dict[str, FloatArray]:
    """The curve's arrays for a block of strengths."""
    for _ in range(MOST_ROUNDS):
        if len(profile.half) > MOST_PANELS:
            raise NotIdentified(
                f"{pressure.label} up to {pressure.knob} = {strength[-1]:g} takes more than "
                f"{MOST_PANELS:,} panels on this law: it cannot be computed here; ask for less "
                "pressure, or for the limit"
            )
        law = replace(profile.law(), softened=partial(log_beaten, joint))
        log_ratio = pressure.log_ratio(law, strength)
        share = np.exp(log_ratio + law.log_mass)
        missing = _missing(profile, share)
        unresolved = (missing > RESOLVED).any(axis=0)
        if not unresolved.any():
            break
        profile = profile.halved(np.asarray(unresolved))
    gold_at = np.concatenate([profile.gold.ravel(), profile.atoms.gold])
    gold = share @ gold_at
    total = share.sum(axis=1)
    _demand_whole(pressure, strength, total)
    unit = profile.gold_unit
    exact = np.zeros(len(profile.atoms.mass))
    error = np.concatenate([np.repeat(profile.error, RULE.size), exact])
    size = unit + np.abs(gold_at)
    bound = (missing.sum(axis=1) + np.abs(total - 1)) * unit + 3 * (share @ (error * size))
    moments = joint.moments()
    with np.errstate(over="ignore"):
        energy = np.where(share > 0, share * np.exp(np.where(share > 0, log_ratio, 0.0)), 0.0)
    has_proxy = np.isfinite(moments.proxy_mean)
    return {
        "gold": gold / total,
        "error_bound": bound,
        "proxy": share @ law.value / total if has_proxy else np.full(len(strength), np.nan),
        "kl": np.maximum(np.sum(share * np.where(share > 0, log_ratio, 0.0), axis=1), 0.0),
        "chi_square": np.maximum(energy.sum(axis=1) - 1, 0.0),
        "win_rate": share @ law.middle,
    }


def _demand_whole(pressure: Pressure, strength: FloatArray, total: FloatArray) -> None:
    """Raise NotIdentified where the selected do not add to 1: they lie where doubles end."""
    lost = ~(np.abs(total - 1) <= LARGEST_DEFECT)
    if lost.any():
        raise NotIdentified(
            f"{pressure.label} at {pressure.knob} = {strength[lost][0]:g} selects proxies that "
            "double precision cannot tell apart or hold: ask for less pressure, or for the limit"
        )


def _missing(profile: Profile, share: FloatArray) -> FloatArray:
    """Error [strengths, panels] of each panel's integral of gold, in units of its spread."""
    panels = len(profile.half)
    inside = share[:, : panels * RULE.size].reshape(len(share), panels, RULE.size)
    density = inside / RULE.weights
    size = 1 + np.abs(profile.gold) / profile.gold_unit
    value = density * size
    top = value.max(axis=2)
    rough = np.minimum(RULE.unresolved(value) / np.where(top > 0, top, 1.0), 1.0)
    narrow = 2 * profile.half <= 1e-13
    return np.asarray(np.where(narrow, 0.0, 2 * top * rough**1.5))


@lru_cache(maxsize=4)
def _extrema(curve: ExactCurve) -> tuple[Extremum, ...]:
    """Of one curve, searched for once."""
    grid = _search_grid(curve.pressure, curve.strength)
    if len(grid) < 3:
        return ()
    found = curve._at(grid)
    turning = _turning_points(found.gold, found.error_bound)
    return tuple(curve._located(grid, k, kind) for k, kind in turning)


def _search_grid(pressure: Pressure, strength: FloatArray) -> FloatArray:
    """Strengths on which turns are looked for: geometric, and whole where the pressure's are."""
    first, last = float(strength[0]), float(strength[-1])
    start = first if first > 0 else last / 4096
    if not last > start:
        return np.unique(strength)
    steps = min(int(np.ceil(STEPS_TO_DOUBLING * np.log2(last / start))) + 1, MOST_SEARCHED)
    grid = np.geomspace(start, last, steps)
    grid[[0, -1]] = start, last
    if pressure.whole:
        grid = np.unique(np.rint(grid))
    return np.unique(np.concatenate([[first], grid]))


def _turning_points(gold: FloatArray, bound: FloatArray) -> list[tuple[int, str]]:
    """Inner positions where gold turns by more than twice the bound, with their kinds."""
    found: list[tuple[int, str]] = []
    direction, best = 0, 0
    for k in range(1, len(gold)):
        change = gold[k] - gold[best]
        sure = 2 * (bound[k] + bound[best])
        if direction == 0:
            if abs(change) > sure:
                direction, best = int(np.sign(change)), k
        elif change * direction >= 0:
            best = k
        elif abs(change) > sure:
            found.append((best, "peak" if direction > 0 else "trough"))
            direction, best = -direction, k
    return found
