"""The experiments by name."""

from __future__ import annotations

from collections.abc import Callable

from overopt.errors import BadOption
from overopt.lab.theorems.bounded_gain import bounded_gain
from overopt.lab.theorems.cheap_proxy import cheap_proxy, heavy_ends, price_of_an_outlier
from overopt.lab.theorems.conditioning import heavy_error, light_error, tail_gap
from overopt.lab.theorems.dependence import dependence
from overopt.lab.theorems.experiment import Experiment
from overopt.lab.theorems.fitted_forms import certificate, gao
from overopt.lab.theorems.kl_optimum import kl_optimum
from overopt.lab.theorems.trajectories import trajectories

__all__ = ["EXPERIMENTS", "experiment_named"]

EXPERIMENTS: dict[str, Callable[[], Experiment]] = {
    "1": cheap_proxy,
    "2": bounded_gain,
    "3": trajectories,
    "4": kl_optimum,
    "5": heavy_error,
    "6": light_error,
    "heavy-ends": heavy_ends,
    "tail-gap": tail_gap,
    "dependence": dependence,
    "gao": gao,
    "price": price_of_an_outlier,
    "certificate": certificate,
}


def experiment_named(name: str) -> Experiment:
    """Run the experiment called ``name``; BadOption with the choices for another name."""
    found = EXPERIMENTS.get(name.strip().lower().replace("_", "-"))
    if found is None:
        raise BadOption(f"no theorem {name!r}: choose from {', '.join(EXPERIMENTS)}")
    return found()
