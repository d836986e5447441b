"""Mean of a law under an exponential tilt: the derivative of its cumulant generating function.

K'(rate) = E[X exp(rate X)] / E[exp(rate X)], by quadrature between quantiles so deep that the tilt
has died away beyond them. Assumes a rate below the law's ``tilt_limit``; so close to it that the
tilted law lives beyond 10,000 nats the mean is refused.
"""

from __future__ import annotations

import numpy as np

from overopt.errors import BadOption, NotIdentified
from overopt.lab.marginals.law import FloatArray, Law
from overopt.lab.quadrature import integrals

__all__ = ["tilted_mean"]

NATS = np.concatenate([[0.7, 1.4, 2.8, 5.6, 11.0], 24.0 * 1.5 ** np.arange(16)])  # to 10,500
NEGLIGIBLE = 40.0  # nats


def tilted_mean(law: Law, rate: float) -> float:
    """Mean of ``law`` reweighted by exp(rate * x), in the law's own unit.

    Raises BadOption for a rate at which the tilt does not exist.
    """
    if rate == 0:
        return law.mean
    if not 0 < rate < law.tilt_limit:
        raise BadOption(
            f"{law} can be tilted by rates from 0 to below {law.tilt_limit:g}, got {rate:g}"
        )
    values, masses = law.atoms
    marks = np.concatenate([law.lower(NATS), law.upper(NATS), law.kinks])
    edges = np.unique(marks[np.isfinite(marks)])
    if law.continuous_mass == 0 or len(edges) < 2:
        return float(_weighted(values, np.log(masses) + rate * values))

    def log_integrand(_: object, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        return law.logpdf(x) + rate * x, x

    owner = np.zeros(len(edges) - 1, dtype=np.int64)
    unit = float(law.upper(0.7) - law.lower(1.4)) or 1.0
    found = integrals(log_integrand, owner, edges[:-1], edges[1:], 1, unit)
    _demand_reach(law, rate, float(edges[-1]), float(found.log_mass[0]))
    with np.errstate(divide="ignore"):
        log_weights = np.append(np.log(masses) + rate * values, found.log_mass[0])
    return float(_weighted(np.append(values, found.mean[0]), log_weights))


def _weighted(values: FloatArray, log_weights: FloatArray) -> FloatArray:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights @ values / weights.sum())


def _demand_reach(law: Law, rate: float, last: float, log_mass: float) -> None:
    if float(law.logpdf(last * (1 - 1e-12))) + rate * last > log_mass - NEGLIGIBLE:
        if float(law.logsf(last)) == -np.inf:
            return  # the end of the support
        raise NotIdentified(
            f"{law} tilted by {rate:g} lives beyond {NATS[-1]:.0f} nats: use a smaller rate"
        )
