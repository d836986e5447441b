"""What every pressure does to a known law: reweight it to a law, none at no pressure."""

import numpy as np
import pytest
from scipy.special import xlogy

from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    RankPressure,
    ScorePressure,
    SoftBestOfN,
    Threshold,
)
from overopt.pressure.proxy_law import ProxyLaw

PRESSURES = [
    BestOfN(),
    Threshold(),
    KLTilt(),
    ChiSquare(),
    BestOfPoisson(),
    SoftBestOfN(sharpness=2.0),
]
STRENGTHS = np.array([1.0, 2.0, 4.0])


def uniform(atom: float = 0.0) -> ProxyLaw:
    """Uniform on (0, 1) with an ``atom`` at 1, the jumps of the thresholds between panels."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = (1 - np.array([1, 0.5, 0.25, 0])) / (1 - atom)
    edges[-1] = 1.0
    edges = np.minimum(edges, 1.0)
    low, width = edges[:-1, None], np.diff(edges)[:, None]
    value = (low + width * (nodes + 1) / 2).ravel()
    mass = (width * weights / 2 * (1 - atom)).ravel()
    below = value * (1 - atom)
    some = width.repeat(20, axis=1).ravel() > 0
    value, mass, below = value[some], mass[some], below[some]
    above = 1 - below
    if atom:
        value, mass = np.append(value, 1.0), np.append(mass, atom)
        below, above = np.append(below, 1 - atom), np.append(above, 0.0)
    with np.errstate(divide="ignore"):
        log_above = np.log(above)
    return ProxyLaw(
        value=value,
        log_mass=np.log(mass),
        log_below=np.log(below),
        log_above=log_above,
        atoms=int(atom > 0),
    )


@pytest.mark.parametrize("atom", [0.0, 0.3], ids=["smooth", "atom"])
@pytest.mark.parametrize("pressure", PRESSURES, ids=lambda p: p.id)
def test_the_selected_proxy_has_a_law(pressure: Pressure, atom: float) -> None:
    law = uniform(atom)
    ratio = np.exp(pressure.log_ratio(law, STRENGTHS))
    tolerance = 2e-3 if isinstance(pressure, ChiSquare) else 1e-7  # its ratio has a kink
    np.testing.assert_allclose(ratio @ np.exp(law.log_mass), 1, atol=tolerance)
    order = np.argsort(law.value)
    assert (np.diff(ratio[:, order], axis=1) >= -1e-7).all()  # a higher proxy is never hurt


@pytest.mark.parametrize("atom", [0.0, 0.3], ids=["smooth", "atom"])
@pytest.mark.parametrize("pressure", PRESSURES, ids=lambda p: p.id)
def test_no_pressure_changes_nothing(pressure: Pressure, atom: float) -> None:
    found = pressure.log_ratio(uniform(atom), np.array([pressure.no_pressure]))
    np.testing.assert_allclose(found, 0, atol=1e-8)


@pytest.mark.parametrize("atom", [0.0, 0.3], ids=["smooth", "atom"])
@pytest.mark.parametrize(
    "pressure", [p for p in PRESSURES if isinstance(p, RankPressure)], ids=lambda p: p.id
)
def test_rank_pressures_have_the_divergences_of_their_density(
    pressure: RankPressure, atom: float
) -> None:
    law = uniform(atom)
    ratio, mass = np.exp(pressure.log_ratio(law, STRENGTHS)), np.exp(law.log_mass)
    density = pressure.density(STRENGTHS)
    q = np.array([0.0, 1 - atom, 1.0])
    entropy, share = density.entropy(q), density.mass(q)
    kl = entropy[:, 1] - entropy[:, 0]
    if atom:
        top = share[:, 2] - share[:, 1]
        kl = kl + xlogy(top, top / atom)
    # The rule of these points sees a logarithm at 0.
    np.testing.assert_allclose(xlogy(ratio, ratio) @ mass, kl, atol=2e-6)


@pytest.mark.parametrize(
    "pressure",
    [p for p in PRESSURES if isinstance(p, ScorePressure) and p.id != "soft_best_of_n"],
    ids=lambda p: p.id,
)
def test_score_pressures_weigh_equal_atoms_as_they_weigh_candidates(
    pressure: ScorePressure,
) -> None:
    proxies = np.array([-1.0, 0.0, 0.5, 2.0])
    below = np.arange(4) / 4
    with np.errstate(divide="ignore"):
        law = ProxyLaw(
            value=proxies,
            log_mass=np.full(4, -np.log(4)),
            log_below=np.log(below),
            log_above=np.log(0.75 - below),
            atoms=4,
        )
    ratio = np.exp(pressure.log_ratio(law, STRENGTHS))
    np.testing.assert_allclose(ratio / 4, pressure.weights(proxies[None], STRENGTHS)[0], atol=1e-12)
