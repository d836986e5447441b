"""Watch beside rewardspy and rldk on six runs of known truth: ``make bench-watch-peers``.

Peers are taken from the environment where they can be imported; neither is in the package index.
They see every score, rldk all gold and the KL; watch sees 5 % of the gold.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from head_to_head import (
    SCENARIOS,
    Course,
    Scenario,
    batches,
    false_reds,
    reds,
    truth,
    watched,
)

SEEDS = 20
COURSE = Course(quiet=100, push=200, hold=60)


def rewardspy_alerts(scenario: Scenario, seed: int) -> bool:
    """Whether rewardspy alerts at all."""
    watch = importlib.import_module("rewardspy.integrations").watch_trl
    scored = watch(lambda prompts, completions: completions)
    for batch in batches(scenario, COURSE, seed):
        scored([""] * batch.rows, batch.proxy.tolist())
    return bool(scored.store.alerts)


def rldk_flags(scenario: Scenario, seed: int) -> bool:
    """Whether rldk calls the run over-optimised."""
    health = importlib.import_module("rldk.reward.health_analysis").health
    rows: list[dict[str, Any]] = []
    for batch in batches(scenario, COURSE, seed):
        assert batch.gold is not None
        assert batch.kl is not None
        rows.append(
            {
                "step": batch.step,
                "reward_mean": batch.proxy.mean(),
                "gold_metric": batch.gold.mean(),
                "kl_mean": batch.kl.mean(),
            }
        )
    found = health(importlib.import_module("pandas").DataFrame(rows))
    return bool(found.overoptimization.flagged)


PEERS: dict[str, Callable[[Scenario, int], bool]] = {
    "rewardspy": rewardspy_alerts,
    "rldk": rldk_flags,
}


def told(name: str, scenario: Scenario) -> str:
    """Runs in which a peer says something, or that it is absent."""
    try:
        return f"{sum(PEERS[name](scenario, seed) for seed in range(SEEDS))}/{SEEDS}"
    except ImportError:
        return "absent"


def main() -> int:
    """Print each scenario's true gains and what was said; 1 when more than one run is false."""
    broken = 0
    for scenario in SCENARIOS:
        known = truth(scenario.name, 1500)
        runs = [watched(scenario, COURSE, seed) for seed in range(SEEDS)]
        wrong = sum(bool(false_reds(scenario, COURSE, run, known)) for run in runs)
        broken += wrong > 1
        print(f"{scenario.name}: true gain before and at the end of the push")
        for pressure, gain in zip(known.pressures, known.gain, strict=True):
            print(f"  {pressure:<20} {gain[0]:+.4f} {gain[-1]:+.4f}")
        print(f"  red of {SEEDS}: {reds(runs) or 'none'}; false: {wrong}")
        for name in PEERS:
            print(f"  {name}: {told(name, scenario)}", flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
