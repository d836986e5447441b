"""A joint law as any pressure sees it: the proxy's density and mean gold at each proxy value.

Both are held as polynomials on panels of the proxy axis, stretched by sinh so that tails of power
laws take few panels. What is expensive, an integral for each proxy value, is done once; cutting
panels finer afterwards is interpolation. Tail probabilities follow by integrating the polynomials
inward from either end, in logarithms, so each has the digits of its own size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import final

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

from overopt.errors import NotIdentified
from overopt.lab.joints.joint import FloatArray, Joint, ProxyAtoms
from overopt.lab.quadrature import LEAST_LOG, PanelRule
from overopt.pressure.proxy_law import ProxyLaw

__all__ = ["DEEPEST", "LARGEST_DEFECT", "RULE", "Profile", "fine_profile", "profile_of"]

RULE = PanelRule(16)
DEEPEST = 700.0  # nats: both tails down to probability 1e-304
TOLERANCE = 3e-9  # of log density, and of mean gold in units of its spread
WIDEST_PANEL, NARROWEST_PANEL = 1.5, 1e-12  # on the sinh axis
NOISE = 50 * float(np.finfo(float).eps)
SPARE = 50.0  # nats
MOST_NATS = 2.0  # by which the density changes over a panel that is integrated
MOST_PANELS = 20_000
LEAST_DISTANCE = 1e-304  # from the largest proxy
LARGEST_DEFECT = 1e-6  # of the total probability


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Panels [k] between ``edges`` [k + 1] on the axis s, proxy = offset + centre + unit * sinh(s).

    ``log_density`` [k, nodes] per unit of s, ``gold`` [k, nodes] its mean there; ``error`` [k] the
    relative error of either; ``gold_unit`` the spread by which errors of gold are judged. Atoms lie
    at edges. A proxy bounded above is measured from its largest value, the ``offset``, and centred
    there, so the axis is all but logarithmic in the distance; ``bulk`` is where most of it lies.
    """

    centre: float
    unit: float
    gold_unit: float
    edges: FloatArray
    log_density: FloatArray
    gold: FloatArray
    error: FloatArray
    atoms: ProxyAtoms
    bulk: float = 0.0
    offset: float = 0.0

    @property
    def half(self) -> FloatArray:
        """Half widths of the panels [k]."""
        return np.diff(self.edges) / 2

    def proxy(self) -> FloatArray:
        """Proxy values at the nodes [k, nodes]."""
        s = RULE.points(self.edges[:-1], self.edges[1:])
        return np.asarray(self.offset + (self.centre + self.unit * np.sinh(s)))

    def tails(self) -> tuple[FloatArray, FloatArray]:
        """Log probability below and above each panel, end points included: [k] each."""
        masses = np.concatenate([self._panel_masses()[:, None], self._edge_masses()[1:, None]], 1)
        run = np.concatenate([self._edge_masses()[:1], masses.ravel()])
        up = np.logaddexp.accumulate(run)
        down = np.logaddexp.accumulate(run[::-1])[::-1]
        return up[0:-1:2], down[2::2]

    def total(self) -> float:
        """Log of the total probability: 0 but for errors."""
        below, above = self.tails()
        return float(np.logaddexp(np.logaddexp(below[0], above[0]), self._panel_masses()[0]))

    def normalised(self) -> Profile:
        """The profile with the error of its total probability shared out.

        Raises NotIdentified when the total is far from 1.
        """
        total = self.total()
        if not abs(total) <= LARGEST_DEFECT:
            raise NotIdentified(
                f"the density of the proxy integrates to {np.exp(total):.9g}, not 1: the law is "
                "too rough or too wide for double precision; use a smoother one"
            )
        return replace(self, log_density=self.log_density - total, error=self.error + abs(total))

    def at_edges(self, edges: FloatArray) -> Profile:
        """The same polynomials on the panels between finer ``edges``, a superset of its own."""
        middle = (edges[1:] + edges[:-1]) / 2
        parent = np.clip(np.searchsorted(self.edges, middle) - 1, 0, len(self.half) - 1)
        log_density, gold = self.log_density[parent], self.gold[parent]
        low, high = self.edges[parent], self.edges[parent + 1]
        new = np.flatnonzero((edges[:-1] != low) | (edges[1:] != high))
        for first in range(0, len(new), 2048):
            part = new[first : first + 2048]
            s = RULE.points(edges[part], edges[part + 1])
            local = (2 * s - (low + high)[part, None]) / (high - low)[part, None]
            basis = legendre.legvander(local, RULE.size - 1) @ RULE.coefficients
            for values in (log_density, gold):
                values[part] = np.einsum("kij,kj->ki", basis, values[part])
        return replace(
            self, edges=edges, log_density=log_density, gold=gold, error=self.error[parent]
        )

    def halved(self, chosen: npt.NDArray[np.bool_]) -> Profile:
        """The profile with the ``chosen`` panels [k] cut in half."""
        middles = (self.edges[:-1] + self.edges[1:])[chosen] / 2
        return self.at_edges(np.union1d(self.edges, middles))

    def down_to(self, nats: float) -> Profile:
        """Without the outer panels beyond which, their own included, less than exp(-nats) lies."""
        masses = self._panel_masses()
        tails = np.minimum(*(np.logaddexp(tail, masses) for tail in self.tails()))
        first, last = np.flatnonzero(tails >= -nats)[[0, -1]]
        kept = slice(first, last + 1)
        return replace(
            self,
            edges=self.edges[first : last + 2],
            log_density=self.log_density[kept],
            gold=self.gold[kept],
            error=self.error[kept],
        )

    def fine(self, nats: float = np.inf) -> Profile:
        """Panels down to ``nats`` over each of which density and tails change by few nats."""
        found = self
        for _ in range(40):
            found = found.down_to(nats)
            change = np.ptp(found.log_density, axis=1)
            below, above = found.tails()
            rising = np.diff(below, append=0.0)
            falling = -np.diff(above, prepend=0.0)
            coarse = (change > MOST_NATS) & (found.log_density.max(axis=1) > LEAST_LOG / 2)
            coarse |= np.minimum(rising, falling) > MOST_NATS
            coarse &= 2 * found.half > NARROWEST_PANEL
            if not coarse.any() or len(found.half) > MOST_PANELS:
                break
            found = found.halved(coarse)
        return found.normalised()

    def log_above(self, proxy: FloatArray) -> FloatArray:
        """Log probability of a proxy above each value [j]; values within the panels."""
        s = np.arcsinh((proxy - self.offset - self.centre) / self.unit)
        cut = self.at_edges(np.union1d(self.edges, s))
        up = np.logaddexp(cut.tails()[1], cut._panel_masses())
        return np.asarray(np.append(up, -np.inf)[np.searchsorted(cut.edges, s)])

    def tail_points(self, log_above: FloatArray) -> FloatArray:
        """Where on the axis s the probability above is exp(log_above) [j], inside panels."""
        above = self.tails()[1]
        k = np.clip(np.searchsorted(-above, -log_above), 0, len(above) - 1)
        scale = self.log_density[k].max(axis=1)
        coefficients = np.exp(self.log_density[k] - scale[:, None]) @ RULE.coefficients.T
        ends = np.minimum(np.stack([log_above, above[k]]) - scale, 700.0)
        wanted = np.exp(ends[0]) - np.exp(ends[1])
        low, high = np.full(len(k), -1.0), np.ones(len(k))
        for _ in range(52):
            middle = (low + high) / 2
            # Integral of the panel's polynomial from the middle to its end.
            rest = self.half[k] * _integral_to_end(coefficients, middle)
            low, high = np.where(rest > wanted, middle, low), np.where(rest > wanted, high, middle)
        return np.asarray(self.edges[k] + self.half[k] * (1 + low))

    def law(self) -> ProxyLaw:
        """The proxy's law on the nodes, then the atoms."""
        below, above = self.tails()
        top = self.log_density.max(axis=1, keepdims=True, initial=LEAST_LOG)
        density = np.exp(self.log_density - top)
        scale = top + np.log(self.half)[:, None]
        rest = np.maximum(density @ RULE.to_end.T, 0)
        begun = np.maximum((density @ RULE.weights)[:, None] - rest, 0)
        node_below, node_above = _completed(
            _joined(below, begun, scale), _joined(above, rest, scale)
        )
        atom_below, atom_above = self._tails_of_atoms(below, above)
        return ProxyLaw(
            value=np.concatenate([self.proxy().ravel(), self.offset + self.atoms.value]),
            log_mass=np.concatenate(
                [
                    (self.log_density + np.log(self.half[:, None] * RULE.weights)).ravel(),
                    np.log(self.atoms.mass),
                ]
            ),
            log_below=np.concatenate([node_below, atom_below]),
            log_above=np.concatenate([node_above, atom_above]),
            atoms=len(self.atoms.mass),
        )

    def _panel_masses(self) -> FloatArray:
        top = self.log_density.max(axis=1, keepdims=True, initial=LEAST_LOG)
        inside = np.exp(self.log_density - top) @ RULE.weights
        return np.asarray(top[:, 0] + np.log(inside * self.half))

    def _edge_masses(self) -> FloatArray:
        """Log masses of atoms at the edges [k + 1], -inf where there is none."""
        masses = np.full(len(self.edges), -np.inf)
        masses[self._atom_edges()] = np.log(self.atoms.mass)
        return masses

    def _atom_edges(self) -> npt.NDArray[np.int64]:
        s = np.arcsinh((self.atoms.value - self.centre) / self.unit)
        return np.asarray(np.searchsorted(self.edges, s))

    def _tails_of_atoms(
        self, below: FloatArray, above: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log probability strictly below and strictly above each atom."""
        masses = self._panel_masses()
        outside = np.array([-np.inf])
        up = np.concatenate([outside, np.logaddexp(below, masses)])
        down = np.concatenate([np.logaddexp(above, masses), outside])
        at = self._atom_edges()
        return up[at], down[at]


def profile_of(joint: Joint, nats: float = DEEPEST) -> Profile:
    """The profile of a law with both tails down to exp(-nats)."""
    found = joint.from_end()
    if found is None:
        return _resolved(joint, _unresolved(joint, nats, bounded=False)).normalised()
    near = _resolved(found.joint, _unresolved(found.joint, nats, bounded=True)).normalised()
    atoms = replace(near.atoms, gold=near.atoms.gold + found.gold_end)
    return replace(near, gold=near.gold + found.gold_end, atoms=atoms, offset=found.proxy_end)


def _unresolved(joint: Joint, nats: float, bounded: bool) -> Profile:
    """Axis and first edges of a profile; of a ``bounded`` law the largest proxy is 0."""
    atoms = joint.atoms()
    low, high = joint.reach(nats)
    near_low, near_high = joint.reach(1.4)
    centre = near_low / 2 + near_high / 2
    spread = max(near_high / 2 - near_low / 2, 1e-12 * abs(centre), 1e-300)
    bulk, unit = 0.0, spread
    low = min(low, centre - spread, *atoms.value[:1])
    if bounded:
        if -high < 1e-14 * spread:  # less than a quantile far from 0 is exact to
            high = -LEAST_DISTANCE
        unit = max(-high, 1e-300 * -low)
        bulk, centre = float(np.arcsinh(centre / unit)), 0.0
        high = max([high, *atoms.value[-1:]])
    else:
        high = max(high, centre + spread, *atoms.value[-1:])
    marks = np.concatenate([[low, high], joint.landmarks(), atoms.value])
    marks = marks[(marks >= low) & (marks <= high)]
    edges = _spaced(np.unique(np.arcsinh((marks - centre) / unit)))
    gold_sd = joint.moments().gold_sd
    return Profile(
        centre=centre,
        unit=unit,
        gold_unit=gold_sd if np.isfinite(gold_sd) and gold_sd > 0 else spread,
        edges=edges,
        log_density=np.empty((0, RULE.size)),
        gold=np.empty((0, RULE.size)),
        error=np.empty(0),
        atoms=atoms,
        bulk=bulk,
    )


@lru_cache(maxsize=4)
def fine_profile(joint: Joint, nats: float) -> Profile:
    """The profile on panels fine enough to integrate over; the last few are remembered."""
    # Independent draws both at their reach are exp(-2 nats) rare; opposed ones may be far rarer.
    return profile_of(joint, nats).fine(np.inf if joint.from_end() else 2 * nats + SPARE)


def _resolved(joint: Joint, start: Profile) -> Profile:
    """Panels halved until density and gold are polynomials on each."""
    low, high = start.edges[:-1], start.edges[1:]
    kept: list[tuple[FloatArray, ...]] = []
    while len(low):
        s = RULE.points(low, high)
        proxy = start.centre + start.unit * np.sinh(s)
        found = joint.regression(proxy.ravel())
        jacobian = np.log(start.unit) + np.log(np.cosh(s))
        log_density = np.maximum(found.log_density.reshape(s.shape) + jacobian, LEAST_LOG)
        gold = np.where(log_density > LEAST_LOG, found.gold.reshape(s.shape), 0.0)
        scale = start.gold_unit + np.abs(gold).max(axis=1)
        rough = np.maximum(RULE.unresolved(log_density), RULE.unresolved(gold / scale[:, None]))
        # Far below the bulk only the mass matters, not the digits of the density.
        depth = np.log1p(np.maximum(start.bulk - low, 0))
        lightly = np.minimum(log_density.max(axis=1) + depth, 0)
        error = rough * np.exp(np.where(high <= start.bulk, lightly, 0.0))
        inner = found.error.reshape(s.shape).max(axis=1)
        # Near an end of the support the proxy's own rounding shows in its distance from there.
        rounding = NOISE * np.abs(proxy).max(axis=1) / np.maximum(np.ptp(proxy, axis=1), 1e-300)
        done = (error <= np.maximum(TOLERANCE, rounding)) | (high - low <= NARROWEST_PANEL)
        kept.append(tuple(a[done] for a in (low, high, log_density, gold, error + inner)))
        cut = ~done
        middle = (low + high)[cut] / 2
        low, high = np.concatenate([low[cut], middle]), np.concatenate([middle, high[cut]])
        if sum(len(part[0]) for part in kept) + len(low) > MOST_PANELS:
            raise NotIdentified(
                f"the law needs more than {MOST_PANELS} panels: it is too rough; use fewer atoms "
                "or a wider error"
            )
    low, high, log_density, gold, error = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.argsort(low)
    return replace(
        start,
        edges=np.append(low[order], start.edges[-1]),
        log_density=log_density[order],
        gold=gold[order],
        error=error[order],
    )


def _spaced(marks: FloatArray) -> FloatArray:
    """The marks, with evenly spaced edges between those far apart."""
    pieces = [
        np.linspace(a, b, int(np.ceil((b - a) / WIDEST_PANEL)) + 1)[:-1] for a, b in pairwise(marks)
    ]
    return np.concatenate([*pieces, marks[-1:]])


def _joined(tail: FloatArray, part: FloatArray, scale: FloatArray) -> FloatArray:
    """Log of a tail [k] plus a part [k, nodes] of the panel in units of exp(scale), flat."""
    log_part = np.log(part, out=np.full(part.shape, -np.inf), where=part > 0) + scale
    return np.asarray(np.minimum(np.logaddexp(tail[:, None], log_part), 0.0).ravel())


def _completed(below: FloatArray, above: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The larger of two tails as what the smaller leaves, so that both add to 1 exactly."""
    small = np.exp(np.minimum(np.minimum(below, above), -np.log(2)))
    rest = np.log1p(-small)
    return np.where(below > above, rest, below), np.where(below > above, above, rest)


def _integral_to_end(coefficients: FloatArray, at: FloatArray) -> FloatArray:
    """Integral of Legendre series [j, degree] from ``at`` [j] to 1."""
    degree = np.arange(1, coefficients.shape[1])
    values = legendre.legvander(at, coefficients.shape[1])
    steps = (values[:, :-2] - values[:, 2:]) / (2 * degree + 1)
    return np.asarray(coefficients[:, 0] * (1 - at) + np.sum(coefficients[:, 1:] * steps, axis=1))
