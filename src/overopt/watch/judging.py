"""A judge asked in the background for the gold of rows that were drawn.

The judge (a verifier, a larger model) may be slow, raise or hang; none of it holds up the
collector. A call that takes too long is abandoned and its row asked again later; only a judge that
answers None, or fails on a row every time, refuses it for good.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

__all__ = ["Judge", "JudgeOptions", "Judging", "Question", "Verdict"]

Judge = Callable[[str | None, str | None], float | None]
"""Gold of a prompt and its completion in its own units, None for a final refusal."""


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeOptions:
    """How a judge is asked: ``at_once`` rows, ``seconds`` each, up to ``tries`` times."""

    at_once: int = 4
    seconds: float = 120.0
    tries: int = 3


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A drawn row with its texts, asked for the ``tries``-th time."""

    run: str
    number: int
    prompt: str | None
    completion: str | None
    tries: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Answer to a question; ``final`` False means that it must be asked again."""

    question: Question
    gold: float | None
    final: bool


@final
class Judging:
    """A judge at work; ``ask`` and ``verdicts`` return at once."""

    def __init__(self, judge: Judge, options: JudgeOptions | None = None) -> None:
        self._judge = judge
        self._options = options or JudgeOptions()
        self._answers: queue.SimpleQueue[tuple[Question, float | None, bool]] = queue.SimpleQueue()
        self._running: dict[tuple[str, int, int], tuple[Question, float]] = {}

    @property
    def at_once(self) -> int:
        """Questions that are asked at the same time, at most."""
        return self._options.at_once

    @property
    def room(self) -> int:
        """Questions that can be asked now."""
        return self._options.at_once - len(self._running)

    def asked(self, run: str, number: int) -> bool:
        """Whether this row is with the judge."""
        return any(key[:2] == (run, number) for key in self._running)

    def ask(self, question: Question) -> None:
        """Hand a question to the judge, in a thread of its own."""
        key = (question.run, question.number, question.tries)
        self._running[key] = (question, time.monotonic())
        threading.Thread(
            target=self._work, args=(question,), name="overopt-judge", daemon=True
        ).start()

    def verdicts(self) -> Iterator[Verdict]:
        """What has come back since the last call, and what has taken too long."""
        while not self._answers.empty():
            question, gold, answered = self._answers.get()
            key = (question.run, question.number, question.tries)
            if self._running.pop(key, None) is not None:  # not one that was abandoned
                yield self._verdict(question, gold, answered)
        now = time.monotonic()
        for key, (question, began) in list(self._running.items()):
            if now - began > self._options.seconds:
                del self._running[key]
                yield self._verdict(question, None, answered=False)

    def _verdict(self, question: Question, gold: float | None, answered: bool) -> Verdict:
        last = question.tries >= self._options.tries
        return Verdict(question=question, gold=gold, final=answered or last)

    def _work(self, question: Question) -> None:
        try:
            gold = self._judge(question.prompt, question.completion)
            self._answers.put((question, None if gold is None else float(gold), True))
        except Exception:
            self._answers.put((question, None, False))
