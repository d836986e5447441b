"""A gold curve estimated from a table, with intervals that treat prompts as the sample.

gold(strength) is the mean over prompts of each prompt's weighted gold. The estimate is exactly
unbiased for rank pressures within groups; for score pressures the target is the policy that tilts
the m candidates at hand. Intervals: Student t over prompts, with fewer degrees of freedom where a
few labels carry the estimate; on a bounded scale the union with a Wilson interval on the effective
number of labels, because near a limit the sample spread can vanish by luck. Bands hold at all
strengths at once (max-t).

Assumes independent prompts, like those the policy will meet. See theory of the estimator in
``completed_gold`` and of ties in ``stats.order``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.gold_curve import Extremum, FloatArray, GoldCurve, Limits
from overopt.stats.intervals import max_t_quantile, t_quantile, wilson_interval
from overopt.stats.moments import Moments

__all__ = ["ROUNDING", "EstimatedCurve"]

BoolArray = npt.NDArray[np.bool_]
JOINT_STRENGTHS = 64  # strengths that enter joint critical values; neighbours are near copies
FEWEST_EXPECTED = 10.0
LEAST_VARIANCE = 1e-9  # of a mean on a scale from 0 to 1
ROUNDING = 1e-13  # of gold: a smaller difference is arithmetic, not a gain


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class EstimatedCurve(GoldCurve):
    """Gold under one pressure at S strengths, the first of which is no pressure.

    All arrays are [S] unless said otherwise; gold fields are NaN without labels, intervals NaN with
    a single prompt. ``ess`` mean effective candidates per group; ``pareto_k`` of score pressures,
    NaN otherwise; ``labels_effective`` the Kish number of labels behind each value; ``grey`` marks
    strengths not to be trusted. ``moments`` are those of the prompt vectors (gold [S], then slopes
    [S] where the pressure has slope weights); ``label_products`` [S, S] those of label weights;
    ``bounds`` and ``extremeness`` are those of ``GoldScale``. ``identified`` is False where no
    number of labels drawn like these could tell gold; gold is NaN there.
    """

    proxy_name: str
    ess: FloatArray
    pareto_k: FloatArray
    grey: BoolArray
    identified: BoolArray
    level: float
    prompts: int
    groups: int
    design: str
    bounds: tuple[float, float] | None
    extremeness: float
    moments: Moments | None
    label_products: FloatArray | None
    label_mass: FloatArray | None

    @property
    def partial(self) -> bool:
        """Whether only some rows are labelled."""
        return self.design not in ("all", "none")

    @property
    def labels_effective(self) -> FloatArray:
        """Kish effective number of labels, (sum of weights)^2 / sum of squares."""
        if self.label_products is None or self.label_mass is None:
            return np.full(len(self.strength), np.nan)
        square = np.diag(self.label_products)
        return np.where(square > 0, self.label_mass**2 / np.where(square > 0, square, 1), 0.0)

    def interval(self, joint: bool = False) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limits of gold, pointwise or (joint) at all strengths at once."""
        covariance, df = self._covariance(), self._degrees_of_freedom()
        spread = np.sqrt(np.maximum(np.diag(covariance), 0))
        if joint:
            chosen = self.joint_strengths()
            among = covariance[np.ix_(chosen, chosen)]
            critical = np.asarray(max_t_quantile(among, float(df[chosen].min()), self.level))
        else:
            critical = t_quantile(self.level, df)
        lower, upper = self.gold - critical * spread, self.gold + critical * spread
        return self._widened_to_bounds(lower, upper, joint)

    def slope(self) -> Limits:
        """d gold / d ln(strength) with pointwise limits: three arrays [S].

        Own derivative weights where the pressure has them; else the gain of the last doubling of
        strength over ln 2. NaN at no pressure.
        """
        count = len(self.strength)
        if self.moments is None:
            empty = np.full(count, np.nan)
            return empty, empty, empty
        if len(self.moments.mean) > count:
            part = Moments(
                count=self.moments.count,
                mean=self.moments.mean[count:],
                scatter=self.moments.scatter[count:, count:],
            )
        else:
            part = self._levels().map(_doubling_contrasts(self.strength))
        spread = np.sqrt(np.maximum(np.diag(part.covariance_of_mean()), 0))
        half = t_quantile(self.level, self._degrees_of_freedom()) * spread
        defined = (np.arange(count) > 0) & self.identified.all()
        return (
            np.where(defined, part.mean, np.nan),
            np.where(defined, part.mean - half, np.nan),
            np.where(defined, part.mean + half, np.nan),
        )

    def gain(self, cost: float = 0.0) -> Limits:
        """Gain against no pressure, paired by prompt, with pointwise limits: three arrays [S].

        Net of ``cost`` for every candidate beyond the first.
        """
        if self.moments is None:
            empty = np.full(len(self.strength), np.nan)
            return empty, empty, empty
        contrasts = np.eye(len(self.strength))
        contrasts[:, 0] -= 1
        estimate, covariance, df = self.contrast(contrasts)
        estimate = np.where(self.identified & self.identified[0], estimate, np.nan)
        estimate = estimate - cost * (self.strength - self.strength[0])
        half = t_quantile(self.level, df) * np.sqrt(np.maximum(np.diag(covariance), 0))
        return estimate, estimate - half, estimate + half

    def peak(self) -> Extremum | None:
        """The highest estimate among trusted strengths; None at the last of them, or without gold.

        The highest of several estimates tends to be too high, and it need not be the highest gold:
        ``operating_point`` says what is proven.
        """
        known = np.flatnonzero(~self.grey & np.isfinite(self.gold))
        if not len(known):
            return None
        best, end = known[np.argmax(self.gold[known])], known[-1]
        falls = self.gold[best] - self.gold[end] > ROUNDING * self._magnitude()
        return self._extremum("peak", int(best)) if falls else None

    def contrast(self, contrasts: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        """Differences of gold between strengths, paired by prompt.

        ``contrasts`` [j, S] -> estimates [j], their covariance [j, j], degrees of freedom. On a
        bounded scale the variance is guarded against vanishing by luck.
        """
        part = self._levels().map(contrasts)
        covariance = part.covariance_of_mean()
        if self.bounds is not None and self.bounds[1] > self.bounds[0]:
            have = np.diag(covariance).copy()
            least = self._least_variance(contrasts, have)
            grow = np.sqrt(least / np.where(have > 0, have, np.inf))
            covariance = covariance * np.outer(np.maximum(grow, 1), np.maximum(grow, 1))
            np.fill_diagonal(covariance, np.maximum(have, least))
        used = np.any(contrasts != 0, axis=0)
        df = self._degrees_of_freedom()[used].min(initial=self.prompts - 1.0)
        seen = np.abs(part.mean) > ROUNDING * self._magnitude()
        return np.where(seen, part.mean, 0.0), covariance, float(df)

    def joint_strengths(self) -> npt.NDArray[np.int64]:
        """Positions of at most about 64 strengths that stand for all, the trusted last included."""
        trusted = np.flatnonzero(~self.grey)
        if len(trusted) <= JOINT_STRENGTHS:
            return trusted
        ratio = np.linspace(0, np.log(len(trusted)), JOINT_STRENGTHS)
        picked = np.unique(np.rint(np.exp(ratio)).astype(np.int64) - 1)
        half = np.searchsorted(self.strength[trusted], self.strength[trusted[-1]] / 2, "right") - 1
        return np.asarray(trusted[np.unique(np.concatenate([picked, [half, len(trusted) - 1]]))])

    def to_dict(self, cost: float = 0.0) -> dict[str, Any]:
        """Plain data of an audit document's curve; undefined numbers are NaN."""
        band_lower, band_upper = self.interval(joint=True)
        trusted = np.flatnonzero(~self.grey)
        reliable = self.grey.any() and len(trusted)
        columns = {
            "band_lower": band_lower,
            "band_upper": band_upper,
            "ess": self.ess,
            "pareto_k": self.pareto_k,
            "labels_effective": self.labels_effective,
            "grey": self.grey,
        }
        return {
            **super().to_dict(cost),
            **{name: each.tolist() for name, each in columns.items()},
            "reliable_to": float(self.strength[trusted[-1]]) if reliable else None,
            "prompts": self.prompts,
            "method": self.method(),
            "assumptions": self.assumptions(),
        }

    def method(self) -> str:
        """How gold was estimated."""
        if self.moments is None:
            return "proxy only: how far the score moves, no gold"
        gold = {
            "all": "gold of every row",
            "recorded": "labels weighted by their recorded probabilities, cross-fitted regression",
            "uniform": "labels drawn evenly, cross-fitted regression",
        }.get(self.design, "labels used as if drawn evenly: descriptive only")
        return f"{gold}; exact weights within groups; intervals clustered by prompt"

    def assumptions(self) -> list[str]:
        """What must hold for the intervals to hold."""
        said = ["prompts are independent draws of those the policy will meet"]
        if self.partial:
            said.append("labels were drawn with the stated probabilities, rows independently")
        if self.pressure.no_pressure == 0:
            said.append("the policy tilts the candidates at hand: nothing outside their support")
        if self.bounds is not None:
            low, high = self.bounds
            said.append(f"gold lies between {low:g} and {high:g}")
        return said

    def _levels(self) -> Moments:
        assert self.moments is not None
        count = len(self.strength)
        return Moments(
            count=self.moments.count,
            mean=self.moments.mean[:count],
            scatter=self.moments.scatter[:count, :count],
        )

    def _magnitude(self) -> float:
        """Root mean square gold of prompts: differences far below it are rounding."""
        levels = self._levels()
        square = np.diag(levels.scatter) / levels.count + levels.mean**2
        return float(np.sqrt(square.max()))

    def _covariance(self) -> FloatArray:
        count = len(self.strength)
        if self.moments is None:
            return np.full((count, count), np.nan)
        return self._levels().covariance_of_mean()

    def _degrees_of_freedom(self) -> FloatArray:
        """Prompts less one, or the effective labels less one where those are fewer."""
        df = np.full(len(self.strength), float(self.prompts - 1))
        if self.partial:
            df = np.minimum(df, np.maximum(self.labels_effective - 1, 1))
        return df

    def _least_variance(self, contrasts: FloatArray, have: FloatArray) -> FloatArray:
        """Least credible variance [j] of contrasts of a bounded gold, ``have`` being the sample's.

        With partial labels, the noise of the labels alone at the Wilson-centred share. With all
        labels, where one outcome is so rare that the sample spread may have missed it (fewer than
        ten expected), that spread plus one more prompt whose candidates differ by the whole scale.
        """
        assert self.bounds is not None and self.label_products is not None
        low, high = self.bounds
        share = np.clip((self.gold - low) / (high - low), 0, 1)
        square = np.einsum("js,st,jt->j", contrasts, self.label_products, contrasts)
        square = square * (high - low) ** 2 / self.groups**2
        used = contrasts != 0
        if self.partial:
            size = self.labels_effective / self.extremeness
            lower, upper = wilson_interval(share, size, self.level)
            centre = (lower + upper) / 2
            noise = np.where(used, centre * (1 - centre), 0).max(axis=1)
            return np.asarray(noise * self.extremeness * square)
        expected = self.labels_effective * np.minimum(share, 1 - share)
        rare = np.where(used, expected, np.inf).min(axis=1) < FEWEST_EXPECTED
        return have + np.where(rare, square / self.groups, 0)

    def _independent_labels(self, share: FloatArray, width: float) -> FloatArray:
        """How many independent labels of right or wrong would tell as much: [S].

        Fewer than the effective labels, down to prompts, as the clustered variance exceeds a
        binomial's; more where gold spreads between the ends of its scale (``extremeness``).
        Where labels are all alike nothing says that those of one prompt are independent, and
        prompts count. Source: Korn and Graubard (1998).
        """
        variance = np.maximum(np.diag(self._covariance()) / width**2, LEAST_VARIANCE)
        most = self.labels_effective / self.extremeness
        least = np.minimum(self.labels_effective, self.prompts) / self.extremeness
        return np.asarray(np.clip(share * (1 - share) / variance, least, most))

    def _widened_to_bounds(
        self, lower: FloatArray, upper: FloatArray, joint: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Union with a Wilson interval, cut to the scale; unbounded gold is left as it is."""
        if self.bounds is None or self.moments is None or self.prompts < 2:
            return lower, upper
        low, high = self.bounds
        width = high - low
        if not width > 0:
            return lower, upper
        level = self.level
        if joint:  # a Wilson interval for each strength, the level shared out between them
            level = 1 - (1 - self.level) / min(len(self.joint_strengths()), 8)
        share = np.clip((self.gold - low) / width, 0, 1)
        wilson = wilson_interval(share, self._independent_labels(share, width), level)
        return (
            np.clip(np.minimum(lower, low + width * wilson[0]), low, high),
            np.clip(np.maximum(upper, low + width * wilson[1]), low, high),
        )


def _doubling_contrasts(strength: FloatArray) -> FloatArray:
    """Contrasts [S, S]: gold at s less gold at the largest strength <= s / 2, over ln of the ratio.

    Below twice the first strength the first serves as the lower one.
    """
    lower = np.searchsorted(strength, strength / 2 * (1 + 1e-9), side="right") - 1
    lower = np.maximum(lower, 0)
    contrasts = np.zeros((len(strength), len(strength)))
    for s in range(1, len(strength)):
        ratio = np.log(strength[s] / strength[lower[s]])
        contrasts[s, s] += 1 / ratio
        contrasts[s, lower[s]] -= 1 / ratio
    return contrasts
