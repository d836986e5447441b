"""What a reward call shows, in the style of each trainer."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from overopt.watch.reward_styles import Shown, shown


def seen(called: dict[str, Any], returned: Any) -> Shown:
    found = shown(called, returned)
    assert found is not None
    return found


def test_trl_lists_carry_the_trainers_step_and_tokens() -> None:
    called = {
        "prompts": ["p", "p"],
        "completions": ["one", "three"],
        "completion_ids": [[1, 2], [3]],
        "answer": ["a", "b"],
        "trainer_state": SimpleNamespace(global_step=7),
    }
    found = seen(called, [1.0, None])
    assert (found.step, found.single) == (7, False)
    assert found.proxy == [1.0, None]
    assert found.prompts == ["p", "p"]
    assert found.completions == ["one", "three"]
    assert found.components == {"length": [2, 1]}


def test_conversations_have_no_length_without_their_tokens() -> None:
    message = [{"role": "assistant", "content": "hi"}]
    called = {"prompts": [message], "completions": [message]}
    assert seen(called, [1.0]).components == {"length": None}


def test_verl_gets_one_sample_and_may_return_a_dict() -> None:
    called = {
        "data_source": "gsm8k",
        "solution_str": "#### 4",
        "ground_truth": "4",
        "extra_info": {"split": "train", "index": 12, "num_turns": 1},
    }
    found = seen(called, {"score": 0.5, "acc": True, "note": "fine", "gold": 1.0})
    assert (found.proxy, found.gold, found.single) == ([0.5], [1.0], True)
    assert found.prompt_ids == ["gsm8k/train/12"]
    assert found.components == {"length": [6], "acc": [True]}
    (task,) = found.prompts or []
    assert json.loads(task)["ground_truth"] == "4"
    assert "num_turns" not in task


def test_verl_without_an_index_is_grouped_by_its_task() -> None:
    called = {"data_source": "d", "solution_str": "s", "ground_truth": "4", "extra_info": None}
    first = seen(called, 1.0)
    second = seen(called | {"solution_str": "other"}, 0.0)
    assert first.prompt_ids is None
    assert first.prompts == second.prompts


@pytest.mark.parametrize("split", ["test", "val", "validation"])
def test_verls_validation_is_left_out(split: str) -> None:
    called = {"solution_str": "s", "ground_truth": "4", "extra_info": {"split": split}}
    assert shown(called, 1.0) is None


def test_verls_batches_become_columns() -> None:
    called = {
        "data_sources": ["d", "d"],
        "solution_strs": ["a", "bb"],
        "ground_truths": ["4", "5"],
        "extra_infos": [{"index": 0}, {"index": 1}],
    }
    found = seen(called, [{"score": 1.0, "acc": 1}, {"score": 0.0}])
    assert found.proxy == [1.0, 0.0]
    assert found.prompt_ids == ["d//0", "d//1"]
    assert found.components == {"length": [1, 2], "acc": [1, None]}


def test_openrlhf_queries_lose_their_prompt_and_keep_their_logs() -> None:
    called = {"queries": ["2+2=4"], "prompts": ["2+2="], "labels": ["4"]}
    logs = {"format": np.array([1.0]), "gold": np.array([0.0])}
    returned = {"rewards": np.array([0.3]), "scores": np.array([1.0]), "extra_logs": logs}
    found = seen(called, returned)
    assert np.asarray(found.proxy).tolist() == [0.3]
    assert found.completions == ["4"]
    assert found.single
    assert np.asarray(found.gold).tolist() == [0.0]
    assert set(found.components) == {"length", "format"}


def test_any_function_of_one_sample_is_read_by_position() -> None:
    found = seen({"question": "q", "answer": "long answer", "n": 3}, 2)
    assert (found.proxy, found.single) == ([2], True)
    assert (found.prompts, found.completions) == (["q"], ["long answer"])


def test_any_function_of_lists_takes_lists_of_its_length() -> None:
    found = seen({"texts": ["a", "b"], "options": [1, 2, 3]}, np.array([0.1, 0.2]))
    assert found.prompts is None
    assert found.completions == ["a", "b"]
    assert not found.single


def test_an_iterator_is_not_read() -> None:
    values = iter([1.0, 2.0])
    with pytest.raises(TypeError, match="iterator"):
        shown({"prompts": ["p"] * 2, "completions": ["c"] * 2}, values)
    assert list(values) == [1.0, 2.0]
