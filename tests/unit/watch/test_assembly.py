"""Steps close when nobody is waited for, and hold the same rows however the writers ran."""

from __future__ import annotations

import json

import numpy as np
import pytest

from overopt.watch.assembly import MOST_OPEN, MOST_ROWS, Assembly, Piece, batch_of
from overopt.watch.frame import Scored
from overopt.watch.seen import Seen

IDS = iter(range(10**9))


def piece(writer: str, seq: int, step: int, rows: int = 1) -> Piece:
    scored = Scored(
        step=step,
        time=0.0,
        proxy=np.arange(rows) + float(seq),
        group=np.zeros(rows, np.int64),
        prompt_ids=(f"{writer}",),
    )
    return Piece(id=next(IDS), writer=writer, seq=seq, scored=scored)


def keys(closed: list[list[Piece]]) -> list[list[str]]:
    return [[f"{p.writer}:{p.seq}@{p.scored.step}" for p in pieces] for pieces in closed]


def test_a_step_closes_when_its_only_writer_moves_on() -> None:
    assembly = Assembly()
    assert keys(assembly.add(piece("a", 0, 1))) == []
    assert keys(assembly.add(piece("a", 1, 1))) == []
    assert keys(assembly.add(piece("a", 2, 2))) == [["a:0@1", "a:1@1"]]
    assert keys(assembly.end("a")) == [["a:2@2"]]


def test_a_writer_that_is_known_is_waited_for() -> None:
    assembly = Assembly()
    assembly.join("b")
    assembly.add(piece("a", 0, 1))
    assert keys(assembly.add(piece("a", 1, 2))) == []
    assert keys(assembly.add(piece("b", 0, 1))) == []  # b may have more of step 1
    assert keys(assembly.add(piece("b", 1, 3))) == [["a:0@1", "b:0@1"]]
    assert keys(assembly.end("a")) == [["a:1@2"]]


def test_a_writer_far_behind_is_not_waited_for_until_it_speaks() -> None:
    assembly = Assembly()
    assembly.join("slow")
    closed = [keys(assembly.add(piece("a", i, i))) for i in range(MOST_OPEN + 3)]
    assert closed[:MOST_OPEN] == [[]] * MOST_OPEN
    assert [pieces for step in closed for pieces in step][:2] == [["a:0@0"], ["a:1@1"]]
    assert assembly.idle == {"slow"}
    assembly.add(piece("slow", 0, 0))
    assert assembly.late == 0
    assert keys(assembly.add(piece("slow", 1, 50)))[0] == ["slow:0@0"]
    assert assembly.late == 1


def test_a_run_that_goes_back_to_a_checkpoint_makes_new_batches() -> None:
    assembly = Assembly()
    for seq, step in enumerate([5, 6]):
        assembly.add(piece("a", seq, step))
    assembly.end("a")
    assert keys(assembly.add(piece("b", 0, 5))) == []
    assert keys(assembly.add(piece("b", 1, 6))) == [["b:0@5"]]
    assert assembly.late == 1


def test_a_step_of_too_many_rows_closes() -> None:
    assembly = Assembly()
    assert keys(assembly.add(piece("a", 0, 1, rows=MOST_ROWS - 1))) == []
    assert keys(assembly.add(piece("a", 1, 1))) == [["a:0@1", "a:1@1"]]


@pytest.mark.parametrize("seed", range(20))
def test_r10_batches_do_not_depend_on_which_writer_was_faster(seed: int) -> None:
    """Any interleaving in which no writer runs more than a few steps ahead."""
    rng = np.random.default_rng(seed)
    assembly = Assembly()
    for writer in "abc":
        assembly.join(writer)
    place = dict.fromkeys("abc", 0)
    closed: list[list[str]] = []
    while min(place.values()) < 40:
        behind = min(place.values()) // 2
        able = [w for w, at in place.items() if at < 40 and at // 2 < behind + MOST_OPEN - 1]
        writer = str(rng.choice(able))
        closed += keys(assembly.add(piece(writer, place[writer], place[writer] // 2)))
        place[writer] += 1
    for writer in "abc":
        closed += keys(assembly.end(writer))
    assert closed == [
        [f"{w}:{seq}@{step}" for w in "abc" for seq in (2 * step, 2 * step + 1)]
        for step in range(20)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_r07_a_saved_assembly_goes_on_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    writers = [str(rng.choice(list("abc"))) for _ in range(60)]
    place = dict.fromkeys("abc", 0)
    once, again = Assembly(), Assembly()
    for writer in writers:
        step = place[writer] // 2 + int(rng.integers(2))
        each = piece(writer, place[writer], step)
        place[writer] += 1
        assert keys(once.add(each)) == keys(again.add(each))
        pieces = [p for kept in again.open.values() for p in kept]
        again = Assembly.restored(json.loads(json.dumps(again.saved())), pieces)
    assert again.late == once.late


def test_rows_of_one_prompt_meet_and_missing_columns_are_not_numbers() -> None:
    first = Scored(
        step=1,
        time=0,
        proxy=np.array([1.0, 2.0]),
        group=np.array([0, 1]),
        prompt_ids=("p", "q"),
        components={"length": np.array([5.0, 6.0])},
    )
    second = Scored(
        step=1,
        time=0,
        proxy=np.array([3.0]),
        group=np.array([0]),
        prompt_ids=("q",),
        gold=np.array([1.0]),
    )
    pieces = [
        Piece(id=1, writer="a", seq=7, scored=first),
        Piece(id=2, writer="b", seq=0, scored=second),
    ]
    batch = batch_of("r", pieces)
    assert (batch.key, batch.prompt_ids, batch.group.tolist()) == ("a:7", ("p", "q"), [0, 1, 1])
    assert batch.gold is not None
    np.testing.assert_array_equal(batch.gold, [np.nan, np.nan, 1])
    np.testing.assert_array_equal(batch.components["length"], [5, 6, np.nan])
    assert batch.kl is None


def test_numbers_seen_are_a_set_with_its_gaps() -> None:
    rng = np.random.default_rng(0)
    seen, plain = Seen(), set()
    for number in rng.integers(0, 300, 600).tolist():
        assert seen.add(number) == (number not in plain)
        plain.add(number)
        again = Seen(json.loads(json.dumps(seen.intervals)))
        assert again.missing == seen.missing == max(plain) + 1 - len(plain)
