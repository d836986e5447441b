"""Gymnasium: an environment whose episodes are watched, for training loops of one's own.

    env = watched_environment(env, run="exp7")

With Stable-Baselines3 use ``overopt.integrations.stable_baselines``, which needs no wrapper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from overopt.errors import MissingDependency
from overopt.integrations.episodes import EPISODES, TRUE_REWARD, Episodes
from overopt.watch.live_run import live_run
from overopt.watch.live_settings import live_settings

__all__ = ["watched_environment"]


def watched_environment(
    env: Any,
    *,
    run: str,
    label_rate: float = 1.0,
    episodes: int = EPISODES,
    true_reward: str = TRUE_REWARD,
    folder: str | Path | None = None,
    **options: Any,
) -> Any:
    """The environment, with each ``episodes`` ended episodes noted as a batch of the run.

    ``true_reward`` is the key of an info under which the environment tells what was meant. The step
    of a batch is the number of steps taken so far.

    Raises
    ------
    MissingDependency
        Without Gymnasium.
    BadOption
        An option makes no sense or contradicts what the run was told.
    """
    try:
        import gymnasium
    except ImportError:
        raise MissingDependency("a watched environment", "gymnasium", "gymnasium") from None
    live = live_run(run, folder, live_settings(label_rate=label_rate, **options))
    noted = Episodes(live, episodes, true_reward)

    class Watched(gymnasium.Wrapper):  # type: ignore[misc]
        """Passes every call on, and takes note of steps."""

        taken = 0

        def step(self, action: Any) -> Any:
            """A step of the environment, exactly as it returned it."""
            found = self.env.step(action)
            try:
                self.taken += 1
                _, reward, terminated, truncated, info = found
                noted.add([reward], [terminated or truncated], [info], self.taken)
            except Exception as error:
                live.counts[type(error).__name__[:40]] += 1
            return found

        def close(self) -> None:
            """Note what is left, and close the environment."""
            noted.put(self.taken)
            live.close()
            super().close()

    return Watched(env)
