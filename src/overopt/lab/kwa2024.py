"""The theory section of Kwa, Thomas and Garriga-Alonso (2407.14503), computed exactly.

Ten laws, two of gold by five of error, under best-of-n and above thresholds of the proxy, and the
printed numbers from which exact ones differ. The paper's own curves are averages of 100 trials.
Its lognormal error is not centred (mean 0.27) and its Levy error is one-sided, kept so here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from overopt.lab.document import SCHEMA, curve_document
from overopt.lab.joints.independent import Independent, independent
from overopt.lab.limits.limit import limit
from overopt.lab.marginals.heavy import Levy, LogNormal, StudentT
from overopt.lab.marginals.light import Laplace, Normal
from overopt.lab.theorems.cheap_proxy import cheap_proxy
from overopt.lab.theorems.dependence import noisy_band
from overopt.lab.theorems.events import outlier_price
from overopt.lab.theorems.thresholds import gold_above
from overopt.pressure import BestOfN, KLTilt, Threshold

__all__ = ["kwa2024_document"]

N = 4.0 ** np.arange(11)
ABOVE = (2.0, 4.0, 6.0, 10.0, 20.0, 50.0, 100.0)
GOLDS = {"normal": Normal(sd=2), "t10": StudentT(df=10, sd=2)}
ERRORS = {
    "normal": Normal(),
    "lognormal": LogNormal(sigma=math.log(2), shift=-1),
    "t3": StudentT(df=3, sd=1),
    "t5": StudentT(df=5, sd=1),
    "levy": Levy(),
}
DEEPEST = 700.0  # nats whose inverse probability is still a double
FAR = 50.0
# The adversarial search's outlier: share served, log probability, its proxy, the mean proxy.
OUTLIER = (0.01, -1339.70, 2.2377, 0.3329)


def kwa2024_document() -> dict[str, Any]:
    """Both tables and the differences as plain data, schema overopt.lab/1."""
    laws = {
        f"{gold} + {error}": independent(gold=GOLDS[gold], error=ERRORS[error])
        for gold in GOLDS
        for error in ERRORS
    }
    # Law by law: the profile that took the time serves both tables.
    told = [
        (
            {"name": name} | curve_document(law.curve(BestOfN(), N)),
            {"name": name} | _conditioning(law),
        )
        for name, law in laws.items()
    ]
    return {
        "schema": SCHEMA,
        "kind": "reproduction",
        "paper": "Kwa, Thomas and Garriga-Alonso (2024), arXiv 2407.14503",
        "best_of_n": [curve for curve, _ in told],
        "conditioning": [conditioning for _, conditioning in told],
        "differences": list(_differences()),
        "tails": None,
    }


def _conditioning(law: Independent) -> dict[str, Any]:
    """Gold above proxy values as far down as their probability is a double; the best threshold."""
    nats = -law.logsf(ABOVE)
    strengths = np.exp(nats[nats < DEEPEST])
    curve = law.curve(Threshold(), np.append(1.0, strengths))
    best = curve.peak()
    return {
        "law": law.to_dict(),
        "above": list(ABOVE[: len(strengths)]),
        "kl": curve.kl[1:].tolist(),
        "gold": curve.gold[1:].tolist(),
        "best": asdict(best) if best else None,
    }


def _differences() -> Iterator[dict[str, Any]]:
    """What is printed (None: without bound), what is exact, and why they differ."""
    yield {
        "what": f"light dependent error: mean gold above proxy {FAR:g}, on its way to the limit",
        "printed": 0.0,
        "exact": float(gold_above(noisy_band(-1, 1), [FAR])[0]),
        "why": "a large proxy forces gold into the noisy band and then to its upper edge: the "
        "limit is 1",
    }
    yield {
        "what": "Theorem 1's example, t with 3 df and mass 1 / t above t: limit of the mean",
        "printed": 1.0,
        "exact": cheap_proxy().tables[1].rows[-1]["mean"],
        "why": "the mean beyond t is df / (df - 1) times t",
    }
    yield {
        "what": "Theorem 4, normal gold and Laplace error: largest mean gold of a KL optimum",
        "printed": None,
        "exact": limit(independent(gold=Normal(), error=Laplace()), KLTilt()).value,
        "why": "optima exist only below the rate of the error's tail: light must mean every "
        "exponential moment, and gold and error independent",
    }
    price = outlier_price(*OUTLIER)
    yield {
        "what": "KL in nats of serving the searched outlier once in a hundred",
        "printed": -13.443,
        "exact": price.kl,
        "why": "a sign, and the term of the other ninety-nine",
    }
    yield {
        "what": "its gain in mean proxy over a mean of 0.3329",
        "printed": 0.02571,
        "exact": price.gain,
        "why": "the printed gain adds the mean; it holds if the mean is -0.3329",
    }
