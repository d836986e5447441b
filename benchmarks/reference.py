"""Recompute printed values of classic tails, ours beside theirs: ``make reference``.

Exits 1 when a value differs in its printed digits, 2 when the data are not there: they come from
packages whose licences do not let them be passed on, in ../shared/data beside the checkout.

Generalised Pareto laws: Danish fire losses and River Nidd (McNeil 1997; package evir), rainfall and
Dow Jones (Coles 2001; package ismev), SOA group medical and Secura Re (Beirlant, Goegebeur, Segers
and Teugels 2004; package ReIns). Digits beyond the printed ones were computed independently of
this library, by golden sections over theta. Power laws: Clauset, Shalizi and Newman (2009, table
6.1), discrete where the data are counts of words or deaths. Reward tails: the two samples of Kwa,
Thomas and Garriga-Alonso (2024), whose rungs were computed likewise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import zeta

from overopt.stats.generalised_pareto import pareto_fit, profile_interval
from overopt.stats.goodness_of_fit import anderson_darling

__all__ = ["DATA", "Value", "values"]

FloatVector = npt.NDArray[np.floating[Any]]

DATA = Path(__file__).resolve().parents[1] / "../shared/data"

# Data set, unit, threshold (u) or number of exceedances (k), printed values.
GENERALISED_PARETO = """
danish_fire       1    u 10   xi .49699 scale 6.97547 xi_error .1363 scale_error 1.1135
danish_fire       1    u 10   low .275 high .819 nll 374.893 k 109
danish_fire       1    u 20   xi .68415 scale 9.63513 xi_error .275 scale_error 2.90
danish_fire       1    u 20   low .272 high 1.411 nll 142.1845 k 36
danish_fire       1    u 3    xi .66761 scale 2.18921 low .534 high .822
danish_fire       1    u 5    xi .63154 scale 3.80913 low .436 high .876
danish_fire       1    u 18   xi .73498 scale 7.35043 low .342 high 1.384
rain              1    u 30   xi .1845 scale 7.4403 xi_error .101 low .014 high .415
rain              1    u 30   nll 485.0937 k 152
dowjones_close    1    u 2    xi .2878 scale .4951 xi_error .258 scale_error .150
dowjones_close    1    u 2    low -.125 high .955 k 37
soa_group_medical 1    u 4e5  xi .3823 scale 142489 low .257 high .534 k 397
soa_group_medical 1    u 1e6  xi .4146 low .036 high 1.118 k 35
secura            1e6  k 95   xi .2961 scale .6820 hill .2711 low .047 high .642
nidd              1    u 70   xi .3232 scale 21.636 low .129 high .580
nidd              1    u 100  xi .0033 scale 50.62 low -.339 high .549
policy_llama      1    k 1600 xi -.154 low -.191 high -.111
policy_llama      1    k 800  xi -.152 low -.204 high -.090
policy_llama      1    k 400  xi -.111 low -.190 high -.013
policy_llama      1    k 160  xi -.054 low -.197 high .133
policy_llama      1    k 80   xi -.051 low -.283 high .252
policy_llama      1    k 40   xi -.073 low -.558 high .581
random_tokens     1    k 3000 xi .028 low .000 high .058 z 2.0
random_tokens     1    k 1500 xi .116 low .070 high .169 z 5.6 a2 2.64
random_tokens     1    k 750  xi .201 low .128 high .286 z 6.4 a2 1.26
random_tokens     1    k 300  xi .318 low .188 high .479 z 5.8 a2 1.19
random_tokens     1    k 150  xi .630 low .378 high .951 z 6.0 a2 .77
random_tokens     1    k 75   xi .340 low -.04 high .88 z 1.7 a2 1.77
random_tokens     1    k 30   xi -.259 low -.545 high .205 z -1.3
"""
# Data set, smallest value of the tail, size of the tail, exponent; the last digit is a rounding.
DISCRETE = """
moby_dick_words 7  2958 1.95273
terrorism       12 547  2.36995
"""
CONTINUOUS = """
blackouts 230e3 59   2.27264
cities    52460 579  2.36770
flares    323   1711 1.78841
"""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One printed value, with its digits as printed, and what this library finds."""

    name: str
    printed: str
    found: float

    @property
    def kept(self) -> bool:
        """Whether the value found rounds to the printed one."""
        digits = len(self.printed.partition(".")[2])
        return abs(self.found - float(self.printed)) <= 0.5001 * 10.0**-digits


def values(folder: Path) -> Iterator[Value]:
    """Every printed value beside ours, from the data sets in ``folder``."""
    data = _datasets(folder)
    for line in GENERALISED_PARETO.split("\n")[1:-1]:
        name, unit, kind, at, *pairs = line.split()
        found = _tail(data[name] / float(unit), kind, float(at))
        for quantity, printed in zip(pairs[::2], pairs[1::2], strict=True):
            yield Value(
                name=f"{name} {kind}={at} {quantity}", printed=printed, found=found[quantity]
            )
    for table, exponent in ((DISCRETE, _discrete_exponent), (CONTINUOUS, _exponent)):
        for line in table.split("\n")[1:-1]:
            name, smallest, size, printed = line.split()
            tail = data[name][data[name] >= float(smallest)]
            yield Value(name=f"{name} tail", printed=size, found=len(tail))
            found_exponent = exponent(tail, float(smallest))
            yield Value(name=f"{name} exponent", printed=printed, found=found_exponent)


def _datasets(folder: Path) -> dict[str, FloatVector]:
    """Values by data set, Dow Jones as daily log returns in percent."""
    import pyarrow.parquet as pq

    data: dict[str, FloatVector] = {}
    for file, column, value in (
        ("tail_reference", "dataset", "value"),
        ("starling_rewards_raw", "source", "proxy_starling"),
    ):
        table = pq.read_table(folder / f"{file}.parquet")
        names = np.array(table[column].to_pylist())
        numbers = table[value].to_numpy().astype(float)
        data |= {str(name): numbers[names == name] for name in np.unique(names)}
    data["dowjones_close"] = 100 * np.diff(np.log(data["dowjones_close"]))
    return data


def _tail(sample: FloatVector, kind: str, at: float) -> dict[str, float]:
    """What can be printed of the tail above a threshold, or of the ``at`` largest values."""
    ordered = np.sort(sample)
    threshold = at if kind == "u" else float(ordered[-int(at) - 1])
    y = ordered[ordered > threshold] - threshold
    fit = pareto_fit(y)
    low, high = profile_interval(y, fit)
    laws = np.array([fit.xi]), np.array([fit.scale])
    return {
        "xi": fit.xi,
        "scale": fit.scale,
        "xi_error": fit.xi_error,
        "scale_error": fit.scale_error,
        "low": low,
        "high": high,
        "nll": -fit.loglik,
        "z": fit.z,
        "a2": float(anderson_darling(y[None], *laws)[0]),
        "k": len(y),
        "hill": float(np.mean(np.log1p(y / threshold))) if threshold > 0 else float("nan"),
    }


def _exponent(tail: FloatVector, smallest: float) -> float:
    """Maximum-likelihood exponent of a continuous power law above ``smallest``."""
    return float(1 + 1 / np.mean(np.log(tail / smallest)))


def _discrete_exponent(tail: FloatVector, smallest: float) -> float:
    """Maximum-likelihood exponent of a power law on the integers from ``smallest``."""
    mean_log = float(np.mean(np.log(tail)))
    found = minimize_scalar(
        lambda exponent: exponent * mean_log + np.log(zeta(exponent, smallest)),
        bounds=(1.01, 10),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x)


def main(folder: Path) -> int:
    """Print every value and return the exit code."""
    if not (folder / "tail_reference.parquet").exists():
        print(f"no tail_reference.parquet in {folder}: these data are not passed on with the code")
        return 2
    wrong = 0
    print(f"{'':<44} {'printed':>10} {'ours':>14}")
    for value in values(folder):
        wrong += not value.kept
        mark = "" if value.kept else "  DIFFERS"
        print(f"{value.name:<44} {value.printed:>10} {value.found:>14.7g}{mark}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA))
