"""Stable-Baselines3: a callback that watches the episodes of ``model.learn`` (read in 2.9).

    with WatchEpisodes(run="exp7") as watch:
        model.learn(100_000, callback=watch)

The library takes any function of (locals, globals) for a callback, so nothing of it is needed here.
Rewards are seen as the algorithm sees them: behind VecNormalize they are normalised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

from overopt.integrations.episodes import EPISODES, TRUE_REWARD, Episodes
from overopt.watch.live_run import live_run
from overopt.watch.live_settings import Tell, live_settings

__all__ = ["WatchEpisodes"]

PATIENCE = 10.0  # seconds


@final
class WatchEpisodes:
    """Called after each step of the environments; False ends training, only ever with ``stop``.

    ``episodes`` that have ended make a batch, whose step is the number of environment steps so far.
    ``true_reward`` is the key of an info under which the environment tells what was meant. Other
    arguments are those of ``overopt.watch.wrap``.
    """

    def __init__(
        self,
        *,
        run: str,
        label_rate: float = 1.0,
        stop: bool = False,
        episodes: int = EPISODES,
        true_reward: str = TRUE_REWARD,
        folder: str | Path | None = None,
        on_alarm: Sequence[Tell] | None = None,
        **options: Any,
    ) -> None:
        told = live_settings(label_rate=label_rate, on_alarm=on_alarm, **options)
        self._live = live_run(run, folder, told)
        self._episodes, self._stop, self._step = (
            Episodes(self._live, episodes, true_reward),
            stop,
            0,
        )

    def __call__(self, step: Mapping[str, Any], _: Any = None) -> bool:
        """Take note of a step; whether training goes on."""
        try:
            self._step = int(step["self"].num_timesteps)
            self._episodes.add(step["rewards"], step["dones"], step["infos"], self._step)
            return not (self._stop and self._live.red)
        except Exception as error:
            self._live.counts[type(error).__name__[:40]] += 1
            return True

    def __enter__(self) -> Self:
        """Check the run's options while an error is still welcome."""
        self._live.begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Collect what is left."""
        self._episodes.put(self._step)
        self._live.close(PATIENCE)
