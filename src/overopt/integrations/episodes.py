"""Episodes of environments as samples: what the agent was paid against what it was meant to do.

An episode is one candidate. Its proxy is the sum of the rewards that the agent gets, its gold the
sum of the true rewards that the environment puts into ``info["true_reward"]``, its length a
component. Episodes that ended since the last batch are the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, final

from overopt.errors import BadOption
from overopt.watch.live_run import LiveRun

__all__ = ["EPISODES", "TRUE_REWARD", "Episodes"]

EPISODES = 64
TRUE_REWARD = "true_reward"


@final
@dataclass(slots=True)
class _Sums:
    """One environment's episode so far."""

    proxy: float = 0.0
    gold: float = 0.0
    length: int = 0


@final
class Episodes:
    """Adds up the steps of environments and hands whole episodes to a run, ``batch`` at a time."""

    def __init__(self, live: LiveRun, batch: int, true_reward: str) -> None:
        if batch < 1:
            raise BadOption(f"{batch} episodes in a batch: give 1 or more")
        self._live, self._batch, self._true_reward = live, batch, true_reward
        self._running: dict[int, _Sums] = {}
        self._ended: list[_Sums] = []

    def add(
        self,
        rewards: Sequence[Any],
        ended: Sequence[Any],
        infos: Sequence[Mapping[str, Any]],
        step: int,
    ) -> None:
        """One step of every environment: its reward, whether its episode ended, its info."""
        for place, (reward, over, info) in enumerate(zip(rewards, ended, infos, strict=True)):
            sums = self._running.setdefault(place, _Sums())
            sums.proxy += float(reward)
            sums.gold += float(info.get(self._true_reward, nan))
            sums.length += 1
            if over:
                self._ended.append(self._running.pop(place))
        if len(self._ended) >= self._batch:
            self.put(step)

    def put(self, step: int) -> None:
        """Hand over the episodes that have ended."""
        episodes, self._ended = self._ended, []
        if episodes:
            self._live.note(
                step,
                [each.proxy for each in episodes],
                gold=[each.gold for each in episodes],
                components={"length": [each.length for each in episodes]},
            )
