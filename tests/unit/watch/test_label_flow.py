"""Labels on their way from draws to the monitor: order, refusals, people who sit down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from counting_monitor import CountingMonitor
from spooled_runs import Watched

from overopt.watch.spool import Spool, SpoolOptions


def test_a_draw_is_stored_with_its_text_before_its_label(watched: Callable[..., Watched]) -> None:
    run = watched()
    run.calls(0, 5)
    rows = run.rows("SELECT number, status, prompt, completion, label_prob FROM draws")
    assert rows[0][:3] == (0, "waiting", "ask")
    assert rows[0][3] in ("left", "right")
    assert rows[0][4] == 0.5
    run.label((0, 1.0))
    assert run.rows("SELECT status, prompt, completion FROM draws")[0] == ("labelled", None, None)
    assert run.rows("SELECT number, gold, source, person, used FROM labels") == [
        (0, 1.0, "human", "ann", 1)
    ]


def test_r10_labels_in_any_order_give_the_same_state(
    watched: Callable[..., Watched], tmp_path: Path
) -> None:
    run = watched()
    run.calls(0, 16)
    order = [3, 0, 7, 1, 2, 9, 4, 6, 5, 8]
    run.label(*((number, number % 2) for number in order))
    shuffled = run.state()
    run.close()
    shutil.rmtree(tmp_path)
    again = watched()
    again.calls(0, 16)
    again.label(*((number, number % 2) for number in sorted(order)))
    assert again.state() == shuffled
    assert shuffled.consumed == 10


def test_r10_a_label_beyond_the_window_is_given_up_and_told(
    watched: Callable[..., Watched],
) -> None:
    run = watched()
    run.calls(0, 31)  # 30 closed steps are drawn from; the oldest 10 are too old
    run.label((15, 1.0))
    assert run.state().consumed == 10
    statuses = run.rows("SELECT status, count(*) FROM draws GROUP BY status ORDER BY status")
    assert statuses == [("given_up", 10), ("labelled", 1), ("waiting", 19)]
    run.label((2, 0.0), (15, 0.0), (99, 1.0))
    assert run.rows("SELECT number, gold, used FROM labels ORDER BY id") == [
        (15, 1.0, 1),
        (2, 0.0, 0),
        (15, 0.0, 0),
    ]
    events = run.rows("SELECT what, place, count FROM events ORDER BY what")
    assert events == [
        ("label_given_up", "window", 10),
        ("label_not_used", "human", 2),
        ("label_of_no_draw", "99", 1),
    ]
    assert run.state().consumed == 10


def test_a_refusal_is_final_and_a_label_that_is_no_number_is_none(
    watched: Callable[..., Watched],
) -> None:
    run = watched()
    run.calls(0, 3)
    run.label((0, None))
    run.spool._put("label", b'{"number": 1, "gold": NaN, "source": "x"}')
    run.spool._put("label", b'{"number": 1}')
    run.spool._put("label", b"[1]")
    assert run.spool.flush()
    run.turn()
    assert run.rows("SELECT status FROM draws") == [("refused",), ("waiting",)]
    assert [row[:1] for row in run.rows("SELECT what FROM events ORDER BY what, place")] == [
        ("label_not_finite",),
        ("unreadable_frame",),
        ("unreadable_frame",),
    ]


def test_rows_are_drawn_when_somebody_sits_down(watched: Callable[..., Watched]) -> None:
    """From kept batches, each once, with its chances stored and its text at hand."""
    run = watched(CountingMonitor(every=10**9))
    run.calls(0, 6)
    assert run.rows("SELECT number FROM draws") == [(0,)]  # one at the start
    people = Spool(run.collector.folder / "spool", "r", options=SpoolOptions(pause=0.001))
    for rows in (3, 3):
        people.ask(rows, person="ann")
        assert people.flush()
        run.turn()
    run.calls(6, 9)
    people.ask(10**9)
    people.label(1, 1.0, source="human")
    assert people.close()
    run.turn()
    drawn = run.rows("SELECT number, step, status, completion, label_prob FROM draws")
    assert [row[:3] for row in drawn[1:]] == [
        (1, 0, "labelled"),
        (2, 1, "waiting"),
        (3, 2, "waiting"),
        (4, 5, "waiting"),
        (5, 6, "waiting"),
        (6, 7, "waiting"),
    ]
    assert {row[3:] for row in drawn[2:]} == {("right", 0.5)}


def test_a_page_that_labels_is_not_waited_for(watched: Callable[..., Watched]) -> None:
    run = watched(CountingMonitor(every=1))
    people = Spool(run.collector.folder / "spool", "r", options=SpoolOptions(pause=0.001))
    run.calls(0, 4)
    assert run.rows("SELECT batches FROM runs") == [(0,)]  # it might be a trainer
    people.label(0, 1.0, source="human")
    assert people.flush()
    run.turn()
    assert run.rows("SELECT batches FROM runs") == [(3,)]
    people.close()


def test_alarms_are_written_once(watched: Callable[..., Watched]) -> None:
    run = watched(CountingMonitor(every=1, level=1.0))
    run.calls(0, 200)
    run.label(*((number, 0.0) for number in range(100)))
    run.label(*((number, 0.0) for number in range(100, 150)))
    (alarm,) = run.rows("SELECT tier, name, content FROM alarms")
    assert alarm[:2] == ("red", "gold")
    assert json.loads(alarm[2])["signal"] == "gold"
