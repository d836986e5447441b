"""Gold and error that depend on each other through a copula: proxy = gold + error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from overopt.errors import BadOption
from overopt.lab.joints.copulas import Copula
from overopt.lab.joints.independent import Independent, convolution
from overopt.lab.joints.joint import FloatArray, Joint, Moments, ProxyAtoms, Regression
from overopt.lab.marginals.law import Law

__all__ = ["Coupled", "coupled"]


@final
@dataclass(frozen=True, kw_only=True)
class Coupled(Joint):
    """proxy = gold + error; both continuous, their dependence that of ``copula``."""

    gold: Law
    error: Law
    copula: Copula

    def __post_init__(self) -> None:
        for name in ("gold", "error"):
            if len(getattr(self, name).atoms[0]):
                raise BadOption(
                    f"a copula needs continuous laws, and {name} {getattr(self, name)} has atoms: "
                    "use another law, or independent ones"
                )

    def regression(self, proxy: FloatArray) -> Regression:
        """The density of independent summands times that of the copula, integrated."""

        def log_joint(gold: FloatArray, error: FloatArray) -> FloatArray:
            alone = self.gold.logpdf(gold) + self.error.logpdf(error)
            together = self.copula.log_density(self.gold.tails(gold), self.error.tails(error))
            return np.where(np.isfinite(alone), alone + together, -np.inf)

        return convolution(proxy, self.gold, self.error, log_joint)

    def atoms(self) -> ProxyAtoms:
        """None."""
        return ProxyAtoms.none()

    def moments(self) -> Moments:
        """Tilts exist at least where Hölder's inequality says so."""
        rates = self.gold.tilt_limit, self.error.tilt_limit
        inverse = sum(1 / rate if rate > 0 else np.inf for rate in rates)
        limit = float(1 / inverse) if inverse > 0 else np.inf
        return Moments(
            gold_mean=self.gold.mean,
            gold_sd=self.gold.sd,
            proxy_mean=self.gold.mean + self.error.mean,
            proxy_has_variance=bool(np.isfinite(self.gold.sd + self.error.sd)),
            tilt_limit=limit,
            tilts_known=limit == min(rates) > 0,
        )

    def reach(self, nats: float) -> tuple[float, float]:
        """As for independent ones: one of the two must lie beyond its own."""
        return self._alone().reach(nats)

    def landmarks(self) -> FloatArray:
        """As for independent ones."""
        return self._alone().landmarks()

    def draws(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Quantiles of the copula's draws."""
        pairs = self.copula.draws(int(np.prod(shape)), rng)
        pairs = np.clip(pairs, 1e-300, 1 - 1e-16)
        gold = self.gold.ppf(pairs[:, 0]).reshape(shape)
        return gold, gold + self.error.ppf(pairs[:, 1]).reshape(shape)

    def to_dict(self) -> dict[str, Any]:
        """Gold, error and copula as specifications."""
        options = ",".join(f"{key}={value:.10g}" for key, value in asdict(self.copula).items())  # type: ignore[call-overload]
        return {
            "kind": "coupled",
            "gold": str(self.gold),
            "error": str(self.error),
            "copula": f"{self.copula.name}:{options}",
        }

    def _alone(self) -> Independent:
        return Independent(gold=self.gold, error=self.error)


def coupled(*, gold: Law, error: Law, copula: Copula) -> Coupled:
    """The law of gold and error that depend through ``copula``."""
    return Coupled(gold=gold, error=error, copula=copula)
