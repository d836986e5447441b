"""``overopt.watch.wrap``: a reward function that is watched and otherwise the same.

The wrapper calls the function, returns the very object that it returned, and takes a note of the
call. Whatever goes wrong with the note is counted and never reaches the trainer.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, final, overload

import numpy as np

from overopt.errors import BadOption
from overopt.watch.judging import Judge, JudgeOptions
from overopt.watch.live_run import LiveRun, live_run
from overopt.watch.live_settings import Tell, live_settings
from overopt.watch.reward_styles import Shown, shown
from overopt.watch.shared_count import SharedCount
from overopt.watch.values import numbers

__all__ = ["wrap"]

Reward = TypeVar("Reward", bound=Callable[..., Any])
ROWS_PER_STEP = 256
MOST_UNJOINED = 4  # calls of several functions that still miss one of them


@overload
def wrap(reward: Reward, *, run: str, **options: Any) -> Reward: ...
@overload
def wrap(reward: Sequence[Reward], *, run: str, **options: Any) -> list[Reward]: ...
def wrap(
    reward: Any,
    *,
    run: str,
    gold: Judge | None = None,
    label_rate: float | None = None,
    folder: str | Path | None = None,
    step: Callable[[], int] | None = None,
    rows_per_step: int = ROWS_PER_STEP,
    weights: Sequence[float] | None = None,
    keep_text: bool | None = None,
    collect: bool | None = None,
    on_alarm: Sequence[Tell] | None = None,
    judge: JudgeOptions | None = None,
    **options: Any,
) -> Any:
    """The reward function, watched.

    Parameters
    ----------
    reward
        A function as TRL, verl or OpenRLHF call it, or any that returns a number for a sample or
        numbers for lists of samples; it may be asynchronous. A list of functions, for a trainer
        that optimises their sum with ``weights`` (1 each): all are watched as that sum.
    run
        Name of the run, of A-Z, a-z, 0-9, _ and -.
    gold
        Judge of a prompt and a completion, asked in the background about drawn samples only.
    label_rate
        Share of the samples that are drawn for a label; 0.01 if nobody says otherwise.
    folder
        Where spool and store live; None: $OVEROPT_WATCH, else ``overopt-watch``.
    step
        Tells the training step where the trainer does not pass it to reward functions.
    rows_per_step
        Samples of a step, over all processes of the machine, for functions that get one sample at
        a time and are told no step.
    keep_text
        Whether prompts and completions are kept, for people to label; a judge needs them anyway.
    collect
        False: another process collects the folder; else this one does unless another is at it.
    on_alarm
        Called with each new alarm, in the background.
    judge
        How the judge is asked.
    options
        Other fields of ``WatchOptions``, such as ``gold_source`` (whose judgement gold is) and
        ``gold_range`` (its least and largest value; 0 and 1).

    Raises
    ------
    BadOption
        An option makes no sense, contradicts what the run was told, or ``reward`` is not a
        function that is called with samples.
    """
    if rows_per_step < 1:
        raise BadOption(f"{rows_per_step} rows per step: give the samples of a training step")
    told = live_settings(
        gold=gold,
        label_rate=label_rate,
        keep_text=keep_text,
        collect=collect,
        on_alarm=on_alarm,
        judge=judge,
        **options,
    )
    several = isinstance(reward, Sequence) and not isinstance(reward, str)
    functions = list(reward) if several else [reward]
    for each in functions:
        _check(each)
    notes = _Notes(live_run(run, folder, told), step, rows_per_step)
    if not several:
        if weights is not None:
            raise BadOption("weights are for a list of reward functions: give the list")
        return _watched(reward, notes.take)
    joint = _Joint(notes, [_name(each) for each in functions], weights)
    takes = [functools.partial(joint.take, place) for place in range(len(functions))]
    return [_watched(each, take) for each, take in zip(functions, takes, strict=True)]


def _check(reward: Any) -> None:
    if not callable(reward) or isinstance(reward, type) or hasattr(reward, "state_dict"):
        raise BadOption(
            f"{str(reward)[:60]!r} is not a function that is called with samples: write one that "
            "calls it (a reward model given as such is never shown the samples' text)"
        )


def _name(reward: Any) -> str:
    while isinstance(reward, functools.partial):
        reward = reward.func
    return str(getattr(reward, "__name__", type(reward).__name__))


def _watched(reward: Callable[..., Any], take: Callable[[Mapping[str, Any], Any], None]) -> Any:
    """A function that calls ``reward`` and then ``take``, with arguments by name."""
    names = _parameters(reward)

    def note(args: tuple[Any, ...], called: dict[str, Any], returned: Any) -> None:
        take({**dict(zip(names, args, strict=False)), **called} if args else called, returned)

    if _is_async(reward):

        @functools.wraps(reward)
        async def watched(*args: Any, **called: Any) -> Any:
            returned = await reward(*args, **called)
            note(args, called, returned)
            return returned

    else:

        @functools.wraps(reward)
        def watched(*args: Any, **called: Any) -> Any:
            returned = reward(*args, **called)
            note(args, called, returned)
            return returned

    watched.__name__ = _name(reward)
    return watched


def _is_async(reward: Any) -> bool:
    while isinstance(reward, functools.partial):
        reward = reward.func
    return inspect.iscoroutinefunction(reward) or inspect.iscoroutinefunction(reward.__call__)


def _parameters(reward: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arguments that may be given by position."""
    try:
        parameters = inspect.signature(reward).parameters.values()
    except (TypeError, ValueError):
        return tuple(f"argument_{place}" for place in range(16))
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(each.name for each in parameters if each.kind in kinds)


@final
class _Notes:
    """Calls of one function on their way to the run; ``take`` never raises."""

    def __init__(self, live: LiveRun, step: Callable[[], int] | None, rows_per_step: int) -> None:
        self.live, self._step, self._rows_per_step = live, step, rows_per_step
        self._calls = count()
        self._samples = SharedCount(f"{live.folder}\0{live.run}")

    def take(self, called: Mapping[str, Any], returned: Any) -> None:
        """Take note of a call."""
        try:
            if self.live.evaluating():
                return
            seen = shown(called, returned)
            if seen is not None:
                self.put(seen)
                self.report(called)
        except Exception as error:
            self.live.counts[type(error).__name__[:40]] += 1

    def put(self, seen: Shown) -> None:
        """Hand samples to the run, at their step."""
        self.live.note(
            self._step_of(seen),
            seen.proxy,
            prompt_ids=seen.prompt_ids,
            prompts=seen.prompts,
            completions=seen.completions,
            gold=seen.gold,
            components=seen.components,
        )

    def report(self, called: Mapping[str, Any]) -> None:
        """Hand what is known of the run to a trainer that takes metrics from reward functions."""
        log_metric = called.get("log_metric")
        if log_metric is not None:
            for name, value in self.live.numbers:
                log_metric(name, value)

    def _step_of(self, seen: Shown) -> int:
        """The step as it was told, else as counted."""
        if self._step is not None:
            return self._step()
        if seen.step is not None:
            return seen.step
        if seen.single:
            return (self._samples.after(1) - 1) // self._rows_per_step
        return next(self._calls)


@final
class _Joint:
    """Functions whose weighted sum is what the trainer optimises, joined call by call.

    The trainer gives the same list of completions to all of them. A missing value of one function
    counts as 0 in the sum; where all are missing the sum is.
    """

    def __init__(self, notes: _Notes, names: list[str], weights: Sequence[float] | None) -> None:
        if weights is not None and len(weights) != len(names):
            raise BadOption(f"{len(weights)} weights for {len(names)} reward functions")
        self._notes, self._names = notes, names
        self._weights = np.ones(len(names)) if weights is None else np.array(weights, float)
        self._open: list[tuple[Any, dict[int, Shown]]] = []
        self._lock = threading.Lock()

    def take(self, place: int, called: Mapping[str, Any], returned: Any) -> None:
        """Take note of a call of the function at ``place``; never raises."""
        try:
            if self._notes.live.evaluating():
                return
            seen = shown(called, returned)
            if seen is None:
                return
            whole = self._join(called.get("completions"), place, seen)
            if whole is not None:
                self._notes.put(self._sum(whole))
                self._notes.report(called)
        except Exception as error:
            self._notes.live.counts[type(error).__name__[:40]] += 1

    def _join(self, batch: Any, place: int, seen: Shown) -> dict[int, Shown] | None:
        """Results of all functions for one batch, once all are there."""
        with self._lock:
            for known, results in self._open:
                if known is batch and place not in results:
                    break
            else:
                results = {}
                self._open = [*self._open[1 - MOST_UNJOINED :], (batch, results)]
            results[place] = seen
            if len(results) < len(self._names):
                return None
            self._open = [each for each in self._open if each[1] is not results]
        return results

    def _sum(self, results: dict[int, Shown]) -> Shown:
        columns = [numbers(results[place].proxy)[0] for place in range(len(self._names))]
        values = np.array(columns)
        total = np.nansum(values * self._weights[:, None], axis=0)
        total[np.isnan(values).all(axis=0)] = np.nan
        first = results[0]
        return Shown(
            proxy=total,
            step=first.step,
            prompt_ids=first.prompt_ids,
            prompts=first.prompts,
            completions=first.completions,
            gold=first.gold,
            components={**first.components, **dict(zip(self._names, columns, strict=True))},
        )
