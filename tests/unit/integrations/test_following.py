"""Following a file: order, what is left out and counted, truncation, rotation, saved positions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overopt.errors import BadOption, BadSamples
from overopt.integrations.followers import followed, follower_of
from overopt.integrations.following import Following
from overopt.integrations.row_files import RowFiles
from overopt.watch.batch import Batch
from overopt.watch.log import LogColumns, read_log


def text_of(records: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def steps_of(batches: Iterable[Batch]) -> list[tuple[int, list[float]]]:
    return [(batch.step, batch.proxy.tolist()) for batch in batches]


def test_a_log_is_followed_as_it_is_replayed(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    path = tmp_path / "exp7.jsonl"
    records = [
        {
            "run": f"r{i % 2}",
            "step": i // 16,
            "prompt_id": f"p{i // 4 % 3}",
            "reward": float(rng.normal()),
            "gold": float(rng.integers(2)) if i % 3 else None,
            "kl": 0.1 * i,
            "length": i,
        }
        for i in range(96)
    ]
    path.write_text(text_of(records))
    runs: dict[str, list[Batch]] = {}
    for batch in followed(path):
        runs.setdefault(batch.run, []).append(batch)
    for run, batches in read_log(path).items():
        for one, other in zip(runs[run], batches, strict=True):
            assert (one.key, one.step, one.prompt_ids) == (other.key, other.step, other.prompt_ids)
            for name in ("proxy", "group", "gold", "kl"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
            np.testing.assert_array_equal(one.components["length"], other.components["length"])


def test_steps_are_told_once_they_are_over_and_the_last_when_it_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    following = Following(RowFiles(path))
    told = []
    with path.open("w") as file:
        for step in (1, 1, 2, 2, 3):
            file.write(text_of([{"step": step, "reward": step}]))
            file.flush()
            told.append(steps_of(following.read()))
    assert told == [[], [], [], [], [(1, [1.0, 1.0])]]
    assert following.waiting
    assert steps_of(following.read(quiet=True)) == [(2, [2.0, 2.0]), (3, [3.0])]
    assert not following.waiting


def test_two_neighbouring_steps_may_be_mixed_and_older_ones_are_late(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text_of([{"step": s, "reward": i} for i, s in enumerate([1, 2, 1, 2, 3, 1])]))
    following = Following(RowFiles(path))
    assert steps_of(following.finish()) == [(1, [0.0, 2.0]), (2, [1.0, 3.0]), (3, [4.0])]
    assert following.counts == {"rows": 5, "late": 1}
    (fault,) = following.faults()
    assert fault == f"{path}, line 6 is of step 1, which 'log' has left behind"
    assert following.faults() == []


def test_several_growing_files_wait_for_the_slowest(tmp_path: Path) -> None:
    fast, slow = tmp_path / "rank0.jsonl", tmp_path / "rank1.jsonl"
    fast.write_text(text_of([{"step": step, "reward": 0.0} for step in range(5)]))
    slow.write_text("")
    following = Following(follower_of(tmp_path))
    assert following.read() == []
    slow.write_text(text_of([{"step": step, "reward": 1.0} for step in range(3)]))
    assert steps_of(following.read()) == [(0, [0.0, 1.0])]
    assert [batch.rows for batch in following.finish()] == [2, 2, 1, 1]
    assert following.counts["late"] == 0


@pytest.mark.parametrize(
    "line",
    [
        b"{not json}",
        b"[1, 2]",
        b"\xff\xfe\x00",
        b'{"step": 1, "reward": "high"}',
        b'{"step": 1, "reward": {"a": 1}}',
        b'{"step": 1, "reward": ' + b"9" * 400 + b"}",
        b'{"step": 1, "reward": ' + b"9" * 5000 + b"}",
        b'{"step": "soon", "reward": 1}',
        b'{"step": Infinity, "reward": 1}',
        b'{"step": null, "reward": 1}',
        b'{"step": 1, "reward": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_a_bad_line_is_counted_with_its_place_and_the_rest_is_read(
    line: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    good = b'{"step": 1, "reward": 1}\n'
    path.write_bytes(good + line + b"\n" + good)
    following = Following(RowFiles(path))
    assert steps_of(following.finish()) == [(1, [1.0, 1.0])]
    assert following.counts == {"rows": 2, "bad": 1}
    (fault,) = following.faults()
    assert "log.jsonl, line 2" in fault
    assert len(fault) < len(str(path)) + 120


def test_what_is_no_number_stays_in_the_batch(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{"step": 1, "reward": NaN}\n{"step": 1, "reward": -Infinity}\n'
        '{"step": 1, "reward": null}\n{"step": 1, "reward": true}\n{"step": 1.0, "reward": "2"}\n'
    )
    (batch,) = followed(path)
    np.testing.assert_array_equal(batch.proxy, [np.nan, -np.inf, np.nan, 1.0, 2.0])
    assert batch.prompt_ids == ("(no prompt)",) * 5
    assert batch.gold is None


def test_long_prompts_go_by_a_digest_and_keep_no_text(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    secret = "my secret question \ud800" + "x" * 100
    rows = [{"step": 1, "prompt": p, "reward": 1} for p in (secret, "short", secret)]
    path.write_text(text_of(rows))
    following = Following(RowFiles(path))
    assert following.read() == []
    assert "secret" not in following.position
    (batch,) = following.finish()
    assert batch.group.tolist() == [0, 1, 0]
    assert batch.prompt_ids[1] == "short"
    assert batch.prompt_ids[0].startswith("prompt ")


def test_a_rotated_file_is_read_to_its_end_first(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    records = [{"step": step, "reward": step} for step in range(40)]
    path.write_text(text_of(records[:20]))
    following = Following(RowFiles(path))
    told = following.read()
    with path.open("a") as file:
        file.write(text_of(records[20:30]))
    path.rename(tmp_path / "log.jsonl.1")
    path.write_text(text_of(records[30:]))
    told += Following(RowFiles(path), position=following.position).finish()
    assert [batch.step for batch in told] == list(range(40))


def test_a_truncated_file_goes_on_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text_of([{"step": step, "reward": step} for step in range(30)]))
    following = Following(RowFiles(path))
    told = following.read()
    path.write_text(text_of([{"step": 30, "reward": 30}]))
    told += following.finish()
    assert [batch.step for batch in told] == list(range(31))


def test_a_run_that_starts_again_is_left_out_until_it_has_new_steps(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text_of([{"step": step, "reward": step} for step in range(10)]))
    following = Following(RowFiles(path))
    told = following.read(quiet=True)
    with path.open("a") as file:
        file.write(text_of([{"step": step, "reward": -1} for step in range(5, 12)]))
    told += following.finish()
    assert [batch.step for batch in told] == list(range(12))
    assert following.counts["late"] == 5
    assert len({batch.key for batch in told}) == 12


def test_step_files_that_appear_out_of_order(tmp_path: Path) -> None:
    def write(step: int) -> None:
        record = {"input": "p", "output": "", "score": step, "step": step}
        (tmp_path / f"{step}.jsonl").write_text(text_of([record]))

    write(20)
    following = Following(follower_of(tmp_path))
    assert following.read() == []
    write(10)
    assert steps_of(following.read()) == [(10, [10.0])]
    write(100)
    assert steps_of(following.read()) == [(20, [20.0])]
    write(30)
    assert steps_of(following.read()) == [(30, [30.0])]
    write(5)
    assert following.read() == []
    assert following.counts["late"] == 1


def test_names_may_hold_what_patterns_mean(tmp_path: Path) -> None:
    path = tmp_path / "exp[1]*.jsonl"
    path.write_text(text_of([{"step": 1, "reward": 1}] * 20))
    following = Following(RowFiles(path))
    following.read()
    path.rename(f"{path}.1")
    path.write_text(text_of([{"step": 2, "reward": 2}]))
    assert [batch.rows for batch in following.finish()] == [20, 1]


def test_one_row_for_each_step_with_gold_and_kl(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(text_of({"step": s, "reward": s, "gold": 0.5, "kl": s / 9} for s in range(9)))
    batches = list(followed(path))
    assert [batch.rows for batch in batches] == [1] * 9
    assert batches[8].kl is not None
    assert batches[8].kl[0] == 8 / 9


def test_metrics_of_verl(tmp_path: Path) -> None:
    path = tmp_path / "verl.jsonl"
    data = {"critic/score/mean": 0.25, "critic/rewards/mean": 0.2, "val/acc": 0.5}
    path.write_text(text_of([{"step": 1, "data": {"lr": 1e-6}}, {"step": 2, "data": data}]))
    assert follower_of(path).name == "verl-metrics"
    (batch,) = followed(path, LogColumns(gold="val/acc", components=["critic/rewards/mean"]))
    assert (batch.step, batch.proxy.tolist()) == (2, [0.25])
    assert batch.gold is not None
    assert batch.gold.tolist() == [0.5]
    assert batch.components["critic/rewards/mean"].tolist() == [0.2]


def test_a_sum_of_rewards_is_a_score_with_parts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text_of([{"step": 1, "correct_reward": 1, "format_reward": 0.5}]))
    with pytest.raises(BadSamples, match=r"has 2 scores.*--proxy.*correct_reward\+format_reward"):
        list(followed(path))
    (batch,) = followed(path, LogColumns(proxy="correct_reward+format_reward"))
    assert batch.proxy.tolist() == [1.5]
    assert {name: v.tolist() for name, v in batch.components.items()} == {
        "correct_reward": [1.0],
        "format_reward": [0.5],
    }


def test_records_of_rewardspy(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    record = {
        "call_id": 7,
        "timestamp": 1.5,
        "step": 3,
        "scalar_reward": 0.75,
        "components": {"fit": 0.5, "style": 0.25},
        "output_length": 12,
    }
    path.write_text(text_of([record]))
    (batch,) = followed(path)
    assert batch.proxy.tolist() == [0.75]
    assert {name: v.tolist() for name, v in batch.components.items()} == {
        "components.fit": [0.5],
        "components.style": [0.25],
        "output_length": [12.0],
    }


def test_a_broken_first_line_does_not_hide_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('tep": 1, "reward": 1}\n{"step": 2, "reward": 2}\n')
    following = Following(RowFiles(path))
    assert steps_of(following.finish()) == [(2, [2.0])]
    assert following.counts["bad"] == 1


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_with_a_mark_at_its_start_and_ragged_lines(delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = ["step,prompt,reward", '1,"a, ""b""\nc",1.5', "1,a", "1,d,oops", "1,e,", "2,f,2"]
    path.write_text("\ufeff" + "\n".join(rows).replace(",", delimiter) + "\n", encoding="utf-8")
    following = Following(RowFiles(path))
    first, second = following.finish()
    np.testing.assert_array_equal(first.proxy, [1.5, np.nan])
    assert first.prompt_ids == ('a, "b"\nc'.replace(",", delimiter), "e")
    assert second.step == 2
    assert following.counts == {"rows": 3, "bad": 2}


def test_an_unfinished_number_of_csv_waits(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,reward\n1,0.25\n1,0.5")
    following = Following(RowFiles(path))
    assert steps_of(following.read(quiet=True)) == [(1, [0.25])]
    path.write_text("step,reward\n1,0.25\n2,0.53\n")
    assert steps_of(following.finish()) == [(2, [0.53])]


def test_a_position_of_another_format_is_refused(tmp_path: Path) -> None:
    position = Following(RowFiles(tmp_path)).position
    (tmp_path / "1.jsonl").write_text('{"input": "", "output": "", "score": 1}\n')
    with pytest.raises(BadSamples, match="the saved position is of rows"):
        Following(follower_of(tmp_path), position=position)


def test_paths_that_cannot_be_followed(tmp_path: Path) -> None:
    with pytest.raises(BadSamples, match="no file or folder"):
        follower_of(tmp_path / "nowhere")
    with pytest.raises(BadSamples, match="nothing that can be followed yet"):
        follower_of(tmp_path)
    with pytest.raises(BadOption, match="--format 'trlx' is unknown"):
        follower_of(tmp_path, "trlx")
    assert follower_of(tmp_path / "nowhere", "trl").name == "trl"
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(BadSamples, match="no samples that could be read"):
        list(followed(tmp_path / "empty.jsonl"))


RECORDS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"step": st.integers(0, 6), "reward": st.floats() | st.none() | st.booleans()},
            optional={"prompt": st.text(max_size=3), "gold": st.sampled_from([0, 1, None])},
        ),
        st.fixed_dictionaries({"step": st.integers(0, 6), "event": st.text(max_size=3)}),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, cuts=st.lists(st.floats(0, 1), max_size=8), data=st.data())
def test_any_lines_cut_anywhere_tell_the_same_as_at_once(
    records: list[dict[str, Any]],
    cuts: list[float],
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("cut") / "log.jsonl"
    lines = [json.dumps(record).encode() for record in records]
    if lines and data.draw(st.booleans()):
        lines.insert(data.draw(st.integers(0, len(lines))), data.draw(st.binary(max_size=20)))
    whole = b'{"step": 0, "reward": 0}\n' + b"\n".join(lines)
    path.write_bytes(whole)
    at_once = Following(RowFiles(path))
    expected = [(b.key, b.step, b.prompt_ids, b.proxy.tobytes()) for b in at_once.finish()]
    following = Following(RowFiles(path))
    told: list[Batch] = []
    for cut in sorted(cuts):
        path.write_bytes(whole[: round(cut * len(whole))])
        told += following.read()
        following = Following(RowFiles(path), position=following.position)
    path.write_bytes(whole)
    told += following.finish()
    assert [(b.key, b.step, b.prompt_ids, b.proxy.tobytes()) for b in told] == expected
    assert following.counts == at_once.counts
