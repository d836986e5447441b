"""Does a proxy that is fitted again and again, on labels from the current policy, stay ahead of it?

Candidates are points x of d directions, standard normal under the reference. Gold is concave,
V(x) = x_1 - c |x|^2 / 2, in units of what it gains per unit of strength at first. The policy tilts:
over a strength r it goes from N(mu, I) to N(mu + r b, I), density times exp(r proxy). The proxy
const + b x is as strong as the policy, which it can steer in every direction. It is fitted every h
of strength on n pairs from the current policy, b the mean of z (y - y') / sqrt 2 with
z = (x - x') / sqrt 2, and each label y = V(x) + noise.

Everything is exact in the mean over labels. With g = gradient of V at mu, b has mean g and
variance (trace) T = (d (G + noise^2 + c^2 (1 + d / 2)) + G) / n, where G = E |g|^2. Over r the
policy gains r G - c r^2 (G + T) / 2 of gold, the proxy promises r (G + T), and G becomes
(1 - c r)^2 G + c^2 r^2 T. Error is promise less gain since the fit, when the proxy was right.

Fails to describe: proxies that cannot see where the policy goes, heavy-tailed labels, gold that is
not concave. Source: derived here; simulated in the tests.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from overopt.errors import BadOption

__all__ = ["Iteration", "Landscape", "Reached", "iterated"]

MOST_FITS = 100_000
LARGEST = 1e6  # beyond it products leave the range of floating point


@final
@dataclass(frozen=True, kw_only=True)
class Landscape:
    """Gold that turns at strength 1 / ``curvature`` when followed straight, and its labels.

    ``directions`` d in which the policy can move; ``noise`` standard deviation of a label, in units
    of gold's first slope. BadOption unless curvature is between 1e-6 and 1e6, directions between
    1 and 1e6 and noise between 0 and 1e6.
    """

    curvature: float = 0.05
    directions: int = 16
    noise: float = 1.0

    def __post_init__(self) -> None:
        if not 1 / LARGEST <= self.curvature <= LARGEST:
            raise BadOption(f"curvature must be between 1e-6 and 1e6, got {self.curvature:g}")
        if not 1 <= self.directions <= LARGEST:
            raise BadOption(f"directions must be between 1 and 1e6, got {self.directions}")
        if not 0 <= self.noise <= LARGEST:
            raise BadOption(f"noise must be between 0 and 1e6, got {self.noise:g}")

    @property
    def most_gold(self) -> float:
        """Gold that can be gained over the reference at all, 1 / (2 c)."""
        return 0.5 / self.curvature

    def scatter(self, gradient: float) -> float:
        """Variance n T of one pair's slope, summed over directions, where E |g|^2 = gradient."""
        d, c = self.directions, self.curvature
        return d * (gradient + self.noise * self.noise + c * c * (1 + d / 2)) + gradient

    def labels_needed(self, stride: float) -> float:
        """Pairs for each fit, such that error never exceeds the gold gained; NaN if none suffice.

        ``scatter`` at the reference times (1 + x) / (1 - x), with x = c ``stride``. With fewer,
        error exceeds gold within the first stride; with these, G never rises, so error stays below
        that of the first stride and gold above. The sum over a run is least at x = sqrt 2 - 1.
        """
        x = self.curvature * stride
        return self.scatter(1.0) * (1 + x) / (1 - x) if x < 1 else math.nan


@final
@dataclass(frozen=True, kw_only=True)
class Reached:
    """Where the policy is at a ``strength``, in the mean over labels.

    ``gold`` gained over the reference; ``error``, what the proxy promised since it was fitted less
    what gold gained since; ``kl`` nats from the reference.
    """

    strength: float
    gold: float
    error: float
    kl: float


@final
@dataclass(frozen=True, kw_only=True)
class Stride:
    """From a fit on ``labels`` pairs to the next: mu has mean (``ahead``, 0, ...) at the fit.

    ``spread``: variance (trace) of mu there; ``length`` in units of strength.
    """

    landscape: Landscape
    labels: float
    start: float
    length: float
    ahead: float
    spread: float

    @property
    def gradient(self) -> float:
        """G at the fit: how steep gold is there, squared."""
        c, rest = self.landscape.curvature, 1 - self.landscape.curvature * self.ahead
        return rest * rest + c * c * self.spread

    @property
    def variance(self) -> float:
        """T of the fit."""
        return self.landscape.scatter(self.gradient) / self.labels

    def moved(self, since: float) -> tuple[float, float]:
        """Mean and variance of mu, ``since`` units of strength after the fit."""
        left = 1 - self.landscape.curvature * since
        ahead = self.ahead + since * (1 - self.landscape.curvature * self.ahead)
        return ahead, left * left * self.spread + since * since * self.variance

    def reached(self, since: float) -> Reached:
        """The policy ``since`` units of strength after the fit."""
        c, (ahead, spread) = self.landscape.curvature, self.moved(since)
        return Reached(
            strength=self.start + since,
            gold=ahead * (1 - c * ahead / 2) - c * spread / 2,
            error=since * self.variance + c * since * since * (self.gradient + self.variance) / 2,
            kl=(ahead * ahead + spread) / 2,
        )

    def summit(self) -> Reached:
        """Where gold is highest within the stride."""
        steep = self.landscape.curvature * (self.gradient + self.variance)
        since = min(self.gradient / steep, self.length) if steep > 0 else self.length
        return self.reached(since)

    def overtaken(self) -> float | None:
        """The strength from which error exceeds the gold gained, None if it does not in here."""
        gold, gradient, variance = self.reached(0.0).gold, self.gradient, self.variance
        if gold < 0:
            return self.start
        steep = self.landscape.curvature * (gradient + variance)
        if steep == 0:
            return None
        # The positive root of steep r^2 - lead r = gold, without cancellation.
        lead = gradient - variance
        root = math.sqrt(lead * lead + 4 * steep * gold)
        since = (lead + root) / (2 * steep) if lead >= 0 else 2 * gold / (root - lead)
        return self.start + since if since < self.length else None


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Iteration:
    """A run to strength ``to``, fitted every ``every``, with ``labels`` pairs in all."""

    landscape: Landscape
    to: float
    every: float
    labels: float
    strides: tuple[Stride, ...]

    @property
    def labels_per_fit(self) -> float:
        """Pairs that each fit had."""
        return self.strides[0].labels

    def reached(self, strength: float) -> Reached:
        """The policy at ``strength``, between 0 and ``to``; at a fit, just before it."""
        if not 0 <= strength <= self.to:
            raise BadOption(f"strength must be between 0 and {self.to:g}, got {strength:g}")
        after = bisect_left(self.strides, strength, key=lambda stride: stride.start)
        stride = self.strides[max(after - 1, 0)]
        return stride.reached(strength - stride.start)

    def peak(self) -> Reached | None:
        """Where gold is highest; None where that is at the end."""
        best = max((stride.summit() for stride in self.strides), key=lambda reached: reached.gold)
        last = self.strides[-1]
        # Not "greater": where the policy diverged beyond floating point, the end is not a number.
        return best if not best.gold <= last.reached(last.length).gold else None

    def overtaken(self) -> float | None:
        """The first strength from which error exceeds the gold gained; None if it never does."""
        found = (stride.overtaken() for stride in self.strides)
        return next((strength for strength in found if strength is not None), None)

    def growth(self) -> float:
        """Factor of E |g|^2 from fit to fit: the policy settles below 1 and diverges from 1 on."""
        if math.isinf(self.every):
            return math.inf
        x = self.landscape.curvature * self.every
        return (1 - x) * (1 - x) + x * x * (self.landscape.directions + 1) / self.labels_per_fit

    def limit(self) -> float:
        """Gold gained when such fits go on without end; NaN where the policy diverges."""
        growth = self.growth()
        if growth >= 1:
            return math.nan
        x = self.landscape.curvature * self.every
        added = x * x * self.landscape.scatter(0.0) / self.labels_per_fit
        return self.landscape.most_gold * (1 - added / (1 - growth))


def iterated(
    landscape: Landscape, *, to: float, every: float = math.inf, labels: float = math.inf
) -> Iteration:
    """A policy that grows to strength ``to`` against a proxy fitted every ``every`` of strength.

    Parameters
    ----------
    landscape : Landscape
        Gold, the directions and the noise of labels.
    to : float
        Strength at the end, above 0: the sum of 1 / beta over all rounds.
    every : float
        Strength between fits, above 0; infinity: only the first, on the reference.
    labels : float
        Labelled pairs in the whole run, shared evenly by the fits; infinity: endless.

    Returns
    -------
    Iteration
        Exact in the mean over labels.

    Raises
    ------
    BadOption
        No such strength, more than 100,000 fits, or fewer than one pair for each.

    Examples
    --------
    >>> run = iterated(Landscape(curvature=0.05), to=64, every=8)
    >>> round(run.reached(64).gold, 3), run.overtaken()
    (9.997, None)
    """
    if not 0 < to < math.inf:
        raise BadOption(f"the last strength must be above 0 and finite, got {to:g}")
    if not every > 0:
        raise BadOption(f"the strength between fits must be above 0, got {every:g}")
    fits = to / every
    if fits > MOST_FITS:
        raise BadOption(f"a fit every {every:g} to strength {to:g} makes more than {MOST_FITS:,}")
    fits = max(math.ceil(fits - 1e-9), 1)
    if not labels >= fits:
        raise BadOption(
            f"{labels:g} labelled pairs are fewer than one for each of {fits} fits (every "
            f"{every:g} to strength {to:g}): give more, or fit less often"
        )
    share = labels if math.isinf(labels) else float(labels // fits)
    strides = tuple(_strides(landscape, to, min(every, to), fits, share))
    return Iteration(landscape=landscape, to=to, every=every, labels=labels, strides=strides)


def _strides(
    landscape: Landscape, to: float, length: float, fits: int, labels: float
) -> Iterator[Stride]:
    ahead = spread = 0.0
    for k in range(fits):
        start = k * length
        stride = Stride(
            landscape=landscape,
            labels=labels,
            start=start,
            length=length if k < fits - 1 else to - start,
            ahead=ahead,
            spread=spread,
        )
        yield stride
        ahead, spread = stride.moved(length)
