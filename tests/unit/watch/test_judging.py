"""A judge works in the background; what it does wrong costs a label at most."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from counting_monitor import CountingMonitor

from overopt.watch.collector import Collector
from overopt.watch.judging import JudgeOptions, Judging, Question
from overopt.watch.spool import Spool, SpoolOptions


def labels(folder: Path, judging: Judging, *, steps: int = 8, until: int = 7) -> dict[str, Any]:
    """What became of the draws of a run that a judge was asked about."""
    spool = Spool(folder / "spool", "r", options=SpoolOptions(keep_text=True))
    for step in range(steps):
        spool.append(step, [1.0], prompts=[f"prompt {step}"], completions=[f"answer {step}"])
    assert spool.close()
    collector = Collector(
        folder, lambda run: CountingMonitor(every=1), judging=judging, judge="judge J"
    )
    query = "SELECT number, gold, source FROM labels ORDER BY number"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        collector.turn()
        if len(collector.store.rows(query)) >= until:
            break
        time.sleep(0.002)
    found = {
        "labels": [tuple(row.values()) for row in collector.store.rows(query)],
        "tries": [row["tries"] for row in collector.store.rows("SELECT tries FROM draws")],
        "status": [row["status"] for row in collector.store.rows("SELECT status FROM draws")],
    }
    collector.close()
    return found


def test_every_drawn_row_is_asked_with_its_texts(tmp_path: Path) -> None:
    def judge(prompt: str | None, completion: str | None) -> float:
        assert prompt is not None
        assert completion is not None
        assert prompt.split()[1] == completion.split()[1]
        return float(completion.split()[1]) / 10

    found = labels(tmp_path, Judging(judge), until=8)
    assert found["labels"] == [(i, i / 10, "judge J") for i in range(8)]
    assert found["tries"] == [1] * 8


def test_none_is_a_final_refusal(tmp_path: Path) -> None:
    found = labels(tmp_path, Judging(lambda prompt, completion: None), until=8)
    assert found["labels"] == [(i, None, "judge J") for i in range(8)]
    assert found["status"] == ["refused"] * 8


def test_a_judge_that_raises_is_asked_again_and_then_refuses(tmp_path: Path) -> None:
    asked: list[str | None] = []

    def judge(prompt: str | None, completion: str | None) -> float:
        asked.append(completion)
        if asked.count(completion) < 3 or completion == "answer 2":
            raise RuntimeError("no")
        return 1.0

    found = labels(tmp_path, Judging(judge, JudgeOptions(tries=3)), until=8)
    golds = {number: gold for number, gold, _ in found["labels"]}
    assert golds == {i: None if i == 2 else 1.0 for i in range(8)}
    assert found["tries"] == [3] * 8


def test_a_judge_that_hangs_holds_nothing_up(tmp_path: Path) -> None:
    release = threading.Event()
    hung: list[str | None] = []

    def judge(prompt: str | None, completion: str | None) -> float:
        if completion == "answer 0" and len(hung) < 2:
            hung.append(completion)
            release.wait(30)
            return 0.0  # too late: its question has been asked again
        return 1.0

    judging = Judging(judge, JudgeOptions(seconds=0.05, at_once=2))
    found = labels(tmp_path, judging, until=8)
    release.set()
    assert [gold for _, gold, _ in found["labels"]] == [1.0] * 8
    assert found["tries"] == [3] + [1] * 7


def test_an_answer_to_an_abandoned_question_is_not_heard() -> None:
    release, returned = threading.Event(), threading.Event()

    def judge(prompt: str | None, completion: str | None) -> float:
        release.wait(30)
        returned.set()
        return 0.0

    judging = Judging(judge, JudgeOptions(seconds=0.0))
    judging.ask(Question(run="r", number=0, prompt="p", completion="c", tries=1))
    (verdict,) = judging.verdicts()
    assert not verdict.final
    release.set()
    assert returned.wait(30)
    deadline = time.monotonic() + 30
    while judging._answers.empty() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert list(judging.verdicts()) == []


def test_without_texts_rows_wait_for_people(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "r")
    for step in range(4):
        spool.append(step, [1.0], prompts=["p"], completions=["c"])
    spool.close()
    asked: list[Any] = []
    judging = Judging(lambda *texts: asked.append(texts))
    collector = Collector(tmp_path, lambda run: CountingMonitor(every=1), judging=judging)
    for _ in range(3):
        collector.turn()
    statuses = collector.store.rows("SELECT DISTINCT status FROM draws")
    collector.close()
    assert statuses == [{"status": "waiting"}]
    assert asked == []


@pytest.mark.parametrize("answer", ["0.5", [0.5, 0.6], object()])
def test_an_answer_that_is_no_number_is_a_failure(tmp_path: Path, answer: object) -> None:
    judging = Judging(lambda *_: answer, JudgeOptions(tries=1))  # type: ignore[return-value, arg-type]
    found = labels(tmp_path, judging, steps=2, until=2)
    expected = 0.5 if answer == "0.5" else None
    assert [gold for _, gold, _ in found["labels"]] == [expected] * 2
