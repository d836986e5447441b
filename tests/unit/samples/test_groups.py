"""Steps, policies and the folders that trainers write; pooling; repeated candidates."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overopt.errors import BadSamples
from overopt.samples import Samples, read_samples


def write_trl(folder: Path, steps: list[int], prompts: int = 4, chat: bool = False) -> Path:
    """Completions as TRL's GRPO trainer logs them: two prompts drawn anew at every step."""
    folder.mkdir(parents=True)
    for step in steps:
        texts = [f"question {(step * prompts + i // 2) % 1000}" for i in range(2 * prompts)]
        message = [[{"role": "user", "content": text}] for text in texts]
        columns = {
            "step": [step] * 2 * prompts,
            "prompt": message if chat else texts,
            "completion": [f"answer {i}" for i in range(2 * prompts)],
            "my_rm": [step + i / 10 for i in range(2 * prompts)],
            "advantage": [0.0] * 2 * prompts,
        }
        pq.write_table(pa.table(columns), folder / f"completions_{step:05d}.parquet")
    return folder


def write_verl(folder: Path, steps: list[int]) -> Path:
    """Rollouts as verl dumps them: {step}.jsonl, lists and words among the extras."""
    folder.mkdir()
    for step in steps:
        rows = [
            {
                "input": f"p{i // 3}",
                "output": str(i),
                "gts": [1, "x"],
                "score": i % 2 + step,
                "step": step,
            }
            for i in range(9)
        ]
        (folder / f"{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.mark.parametrize("chat", [False, True])
def test_a_trl_folder_is_read_as_its_last_steps_with_20_prompts(tmp_path: Path, chat: bool) -> None:
    folder = write_trl(tmp_path / "completions", [1, 2, 9, 10, 11, 12, 100], chat=chat)
    samples = read_samples(folder, proxies=["my_rm"])
    assert samples.notes["steps_read"] == [9, 10, 11, 12, 100]
    assert samples.notes["steps_left_out"] == 2
    assert (samples.prompts, samples.groups, samples.largest_group) == (20, 20, 2)
    assert samples.group_value.names == ("9", "10", "11", "12", "100")
    assert list(samples.text[:2]) == ["answer 0", "answer 1"]


def test_other_windows_of_a_trainers_folder(tmp_path: Path) -> None:
    folder = write_trl(tmp_path / "completions", [1, 2, 3])
    last = read_samples(folder, proxies=["my_rm"], window=1)
    assert (last.rows, last.notes["steps_read"]) == (8, [3])
    assert read_samples(f"{folder}/*.parquet", proxies=["my_rm"], window=2).rows == 16
    assert read_samples(folder, proxies=["my_rm"], by="step").rows == 24
    one = read_samples(folder / "completions_00002.parquet", proxies=["my_rm"])
    assert one.group_value.names == ("2",)


def test_a_verl_folder(tmp_path: Path) -> None:
    folder = write_verl(tmp_path / "rollouts", [10, 9])
    samples = read_samples(folder)
    assert list(samples.proxies) == ["score"]
    assert samples.notes["steps_read"] == [9, 10]
    assert (samples.prompts, samples.groups) == (3, 6)
    assert list(samples.text[:3]) == ["0", "1", "2"]


def test_the_file_number_is_the_step_where_there_is_no_column(tmp_path: Path) -> None:
    for step in (1, 2, 10):
        (tmp_path / f"train_data_step{step}.csv").write_text("prompt,reward\na,1\na,2\n")
    samples = read_samples(tmp_path, window=2)
    assert samples.group_value.names == ("2", "10")
    assert (samples.prompts, samples.groups, samples.rows) == (1, 2, 4)


def test_shards_of_one_table_are_not_steps(tmp_path: Path) -> None:
    for shard in range(3):
        (tmp_path / f"part-{shard:05d}.csv").write_text(f"prompt,reward\na,{shard}\nb,2\n")
    samples = read_samples(tmp_path)
    assert (samples.rows, samples.groups, samples.group_value) == (6, 2, None)


def test_a_window_of_a_plain_table_keeps_the_last_steps_and_row_numbers() -> None:
    table = {"prompt": list("aabbab"), "step": [10, 9, 9, 8, 10, 10], "reward": range(6)}
    assert read_samples(table).groups == 5
    samples = read_samples(table, window=1)
    assert samples.row.tolist() == [0, 4, 5]
    assert samples.notes["steps_read"] == ["10"]
    named = {**table, "step": list("zyyxzz")}
    assert read_samples(named, window=2).row.tolist() == [1, 2, 3]  # in order of appearance


def test_pooling_is_recorded(tmp_path: Path) -> None:
    folder = write_verl(tmp_path / "rollouts", [1, 2, 3])
    samples = read_samples(folder, pool_groups=True)
    assert samples.notes["pooled_groups"] == ["1", "2", "3"]
    assert (samples.groups, samples.largest_group, samples.group_value) == (3, 9, None)
    assert (
        "pooled_groups"
        not in read_samples({"prompt": [1, 1], "reward": [1, 2]}, pool_groups=True).notes
    )


TURNS = {
    "prompt": ["p", "p", "p", "q", "p", "p"],
    "candidate_id": ["b", "a", "b", "b", "b", None],
    "reward": [1.0, 2.0, None, 8.0, 4.0, 5.0],
    "gold": [None, 0.0, 1.0, 1.0, None, None],
}


def rows_of(samples: Samples) -> list[tuple[str, float, float, int]]:
    names = [*samples.candidate.names, None]
    columns = zip(
        samples.candidate.codes, samples.proxies["reward"], samples.gold, samples.row, strict=True
    )
    return [(names[code], reward, gold, row) for code, reward, gold, row in columns]


def test_repeated_candidates_are_bad_input() -> None:
    message = (
        r"repeats of a candidate within a prompt: 2 of 6 rows, first 'b' of prompt 'p' "
        r"in .*row 2 \(from 0\), already in .*row 0 .*--reduce"
    )
    with pytest.raises(BadSamples, match=message):
        read_samples(TURNS)


@pytest.mark.parametrize(("how", "reward"), [("last", 4.0), ("sum", 5.0), ("mean", 2.5)])
def test_reduce(how: str, reward: float) -> None:
    samples = read_samples(TURNS, reduce=how)
    np.testing.assert_equal(
        rows_of(samples),
        [("a", 2.0, 0.0, 1), ("b", reward, 1.0, 4), (None, 5.0, np.nan, 5), ("b", 8.0, 1.0, 3)],
    )
    assert samples.notes["rows_before"] == 6
    assert samples.prompt_ids.tolist() == ["p", "q"]


def test_mean_of_gold_and_of_nothing() -> None:
    table = {
        "prompt": [1] * 4,
        "candidate_id": list("aabb"),
        "reward": [None, None, np.inf, 1.0],
        "gold": [0, 1, 1, 0],
    }
    samples = read_samples(table, reduce="mean")
    np.testing.assert_array_equal(samples.proxies["reward"], [np.nan, np.inf])
    assert samples.gold.tolist() == [0.5, 0.5]


def test_a_candidate_may_recur_in_another_step() -> None:
    table = {"prompt": [1, 1], "step": [1, 2], "candidate_id": ["a", "a"], "reward": [1.0, 2.0]}
    assert read_samples(table).groups == 2
    assert read_samples(table, pool_groups=True).largest_group == 2
