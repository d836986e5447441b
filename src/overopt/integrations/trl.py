"""TRL's trainers (GRPO and RLOO, read in TRL 1.16; any trainer of transformers that has callbacks).

    reward = overopt.watch.wrap(reward, run="exp7")
    GRPOTrainer(..., reward_funcs=reward, callbacks=[WatchCallback(run="exp7", gold=judge)])

The wrapper sees the samples; the callback tells it what only the trainer knows. It needs nothing of
transformers: a trainer calls its callbacks by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, final

from overopt.watch.judging import Judge, JudgeOptions
from overopt.watch.live_run import live_run
from overopt.watch.live_settings import Tell, live_settings

__all__ = ["WatchCallback"]

PATIENCE = 60.0  # seconds that the end of training waits for the last labels


@final
class WatchCallback:
    """Watches a trainer's run: steps from the wrapper, KL from its logs, an end to the collecting.

    Arguments are those of ``overopt.watch.wrap``. With ``stop`` training ends when a signal is red;
    without, nothing of the training is ever touched. ``patience`` is how many seconds the end of
    training waits for the judge.

    Raises
    ------
    BadOption
        At construction or when training begins: an option makes no sense, contradicts the wrapper,
        or the run was begun with another one.
    """

    def __init__(
        self,
        *,
        run: str,
        gold: Judge | None = None,
        label_rate: float | None = None,
        stop: bool = False,
        folder: str | Path | None = None,
        patience: float = PATIENCE,
        keep_text: bool | None = None,
        collect: bool | None = None,
        on_alarm: Sequence[Tell] | None = None,
        judge: JudgeOptions | None = None,
        **options: Any,
    ) -> None:
        told = live_settings(
            gold=gold,
            label_rate=label_rate,
            keep_text=keep_text,
            collect=collect,
            on_alarm=on_alarm,
            judge=judge,
            **options,
        )
        self._live = live_run(run, folder, told)
        self._stop, self._patience = stop, patience

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Every other event passes."""
        if name.startswith("on_"):
            return _pass
        raise AttributeError(f"WatchCallback has no attribute {name!r}")

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """Check the run's options while an error is still welcome."""
        self._live.begin()
        if model is not None:
            self._live.evaluating = lambda: not model.training

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Keep the KL of the step, in nats, for the samples that come next."""
        kl = (logs or {}).get("kl")
        if isinstance(kl, int | float) and isfinite(kl):
            self._live.kl = float(kl)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Have training stop at a red signal, if that was asked for."""
        if self._stop and _anywhere(bool(self._live.red), args):
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Collect and judge what is left."""
        self._live.evaluating = lambda: False
        self._live.close(self._patience)


def _pass(*args: Any, **named: Any) -> None:
    """An event that means nothing here."""


def _anywhere(red: bool, args: Any) -> bool:
    """Whether any process of the training sees red: all must stop at the same step."""
    if getattr(args, "world_size", 1) <= 1:
        return red
    import torch

    seen = torch.tensor([float(red)], device=args.device)
    torch.distributed.all_reduce(seen, op=torch.distributed.ReduceOp.MAX)
    return bool(seen.item())
