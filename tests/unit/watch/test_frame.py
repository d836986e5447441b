"""Frames come back as they went in, and damage costs no more than what it hit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overopt.watch.frame import (
    FRAME_BYTES,
    HEAD_BYTES,
    MAGIC,
    Damage,
    Frame,
    Scored,
    frame,
    frames_in,
    kept_text,
    packed,
    unpacked,
)

NAMES = st.text(max_size=12)


def columns(rows: int) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(), min_size=rows, max_size=rows)


@st.composite
def scored(draw: st.DrawFn) -> Scored:
    rows = draw(st.integers(0, 6))
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    group = draw(st.lists(st.integers(0, len(names) - 1), min_size=rows, max_size=rows))
    maybe = st.one_of(st.none(), columns(rows).map(np.array))
    texts = st.lists(st.text(), min_size=rows, max_size=rows).map(tuple)
    return Scored(
        step=draw(st.integers(-(2**63), 2**63 - 1)),
        time=draw(st.floats(allow_nan=False)),
        proxy=np.array(draw(columns(rows)), np.float64),
        group=np.array(group, np.int64),
        prompt_ids=tuple(names),
        kinds=draw(st.one_of(st.none(), st.just(np.arange(rows, dtype=np.uint8)))),
        gold=draw(maybe),
        kl=draw(maybe),
        components=draw(st.dictionaries(NAMES, columns(rows).map(np.array), max_size=3)),
        prompts=draw(st.one_of(st.none(), st.just(tuple(f"text {name}" for name in names)))),
        completions=draw(st.one_of(st.none(), texts)),
    )


@settings(max_examples=200, deadline=None)
@given(scored())
def test_a_body_comes_back(given_rows: Scored) -> None:
    found = unpacked(packed(given_rows))
    assert (found.step, found.time) == (given_rows.step, given_rows.time)
    assert found.prompt_ids == given_rows.prompt_ids
    assert (found.prompts, found.completions) == (given_rows.prompts, given_rows.completions)
    assert list(found.components) == list(given_rows.components)
    pairs = [(getattr(found, n), getattr(given_rows, n)) for n in ("proxy", "gold", "kl", "kinds")]
    pairs += [(found.components[n], given_rows.components[n]) for n in found.components]
    for after, before in pairs:
        assert (after is None) == (before is None)
        if after is not None:
            assert after.tobytes() == np.asarray(before, after.dtype).tobytes()
    np.testing.assert_array_equal(found.group, given_rows.group)


def test_lone_surrogates_are_spelled_out() -> None:
    body = packed(Scored(step=0, time=0, proxy=np.ones(1), group=np.zeros(1, int),
                         prompt_ids=("\ud800",)))  # fmt: skip
    assert unpacked(body).prompt_ids == ("\\ud800",)


def test_a_longer_text_is_cut_and_says_so() -> None:
    cut = kept_text("x" * 10_000)
    assert cut.startswith("x" * 8192 + " [cut: 10000 characters, ")
    assert kept_text("x" * 8192) == "x" * 8192
    assert kept_text([{"role": "user", "content": "hé"}]) == '[{"role": "user", "content": "hé"}]'


def stream(count: int = 20) -> tuple[bytes, list[int]]:
    """Frames with bodies that contain magic, and where each ends."""
    rng = np.random.default_rng(3)
    data, ends = b"", []
    for seq in range(count):
        body = rng.bytes(int(rng.integers(0, 60))) + MAGIC * int(rng.integers(0, 3))
        data += frame("scored", seq, body)
        ends.append(len(data))
    return data, ends


def test_frames_are_found_with_their_ends() -> None:
    data, ends = stream()
    found = list(frames_in(data, 1000, complete=False))
    assert [item.end - 1000 for item in found] == ends
    assert [item.seq for item in found if isinstance(item, Frame)] == list(range(20))


def test_a_cut_frame_waits_for_its_rest_or_is_damage() -> None:
    data, ends = stream()
    for cut in range(ends[-2] + 1, ends[-1]):
        waiting = list(frames_in(data[:cut], 0, complete=False))
        assert [item.end for item in waiting] == ends[:-1]
        *sound, last = frames_in(data[:cut], 0, complete=True)
        assert [item.end for item in sound] == ends[:-1]
        assert last == Damage(start=ends[-2], end=cut)


@pytest.mark.parametrize("complete", [False, True])
def test_r17_a_flipped_bit_costs_one_frame(complete: bool) -> None:
    data, ends = stream()
    rng = np.random.default_rng(5)
    for _ in range(400):
        place, bit = int(rng.integers(len(data))), 1 << int(rng.integers(8))
        broken = bytearray(data)
        broken[place] ^= bit
        hit = int(np.searchsorted(ends, place, side="right"))
        found = list(frames_in(bytes(broken), 0, complete=complete))
        seqs = [item.seq for item in found if isinstance(item, Frame)]
        assert seqs == [seq for seq in range(20) if seq != hit]
        damage = [item for item in found if isinstance(item, Damage)]
        start = ends[hit - 1] if hit else 0
        whole = [Damage(start=start, end=ends[hit])]
        # The last frame of a live file may still be waiting for bytes that its length promises.
        assert damage == whole or (not complete and hit == 19)


def test_r17_lost_and_foreign_bytes_cost_what_they_hit() -> None:
    data, ends = stream()
    rng = np.random.default_rng(6)
    for _ in range(200):
        a, b = sorted(int(x) for x in rng.integers(0, len(data), 2))
        found = list(frames_in(data[:a] + rng.bytes(9) + data[b:], 0, complete=True))
        seqs = {item.seq for item in found if isinstance(item, Frame)}
        untouched = {s for s, e in enumerate(ends) if e <= a or (ends[s - 1] if s else 0) >= b}
        assert seqs >= untouched
        assert all(item.end > 0 for item in found)


def test_a_length_that_no_frame_has_is_not_believed() -> None:
    data = bytearray(frame("scored", 0, b"abc"))
    data[4:8] = (FRAME_BYTES + 1).to_bytes(4, "little")
    assert list(frames_in(bytes(data), 0, complete=False)) == [Damage(start=0, end=len(data))]
    assert len(data) > HEAD_BYTES


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
def test_a_body_that_is_too_short_is_told(cut: int) -> None:
    body = packed(Scored(step=1, time=0, proxy=np.ones(3), group=np.zeros(3, int),
                         prompt_ids=("p",)))  # fmt: skip
    with pytest.raises(ValueError, match=r"bytes|buffer|text is cut"):
        unpacked(body[:cut])
