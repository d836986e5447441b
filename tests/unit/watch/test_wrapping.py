"""A watched reward function: the same to its trainer, and every call in the spool."""

from __future__ import annotations

import asyncio
import functools
import inspect
import itertools
import multiprocessing
import os
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import overopt.watch
from overopt.errors import BadOption
from overopt.watch import live_run as live_runs, spool, wrapping
from overopt.watch.frame import Frame, Scored, frames_in, unpacked
from overopt.watch.live_run import LiveRun, live_run
from overopt.watch.shared_count import SharedCount


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs that end with the test."""
    runs: dict[tuple[str, str], LiveRun] = {}
    monkeypatch.setattr(live_runs, "_RUNS", runs)
    yield tmp_path
    for run in runs.values():
        run.close(10)


def noted(folder: Path, run: str = "r") -> list[Scored]:
    """What was spooled for a run that nobody collects."""
    assert live_run(run, folder).close(10)
    files = sorted((folder / "spool" / run).glob("*.frames"))
    items = [i for each in files for i in frames_in(each.read_bytes(), 0, complete=True)]
    return [unpacked(i.body) for i in items if isinstance(i, Frame) and i.kind == "scored"]


def watched(reward: Any, folder: Path, **options: Any) -> Any:
    return overopt.watch.wrap(reward, run="r", folder=folder, collect=False, **options)


def test_trl_style_returns_the_same_object_and_spools_rows(folder: Path) -> None:
    values = [1.0, 2.0, None, 0.5]

    def accuracy(prompts: Any, completions: Any, **columns: Any) -> Any:
        return values

    reward = watched(accuracy, folder)
    state = SimpleNamespace(global_step=3)
    called = {"prompts": ["a", "a", "b", "b"], "completions": ["w", "x", "y", "z"]}
    assert reward(**called, trainer_state=state) is values
    assert reward.__name__ == "accuracy"
    (frame,) = noted(folder)
    assert frame.step == 3
    assert frame.group.tolist() == [0, 0, 1, 1]
    assert frame.proxy[[0, 1, 3]].tolist() == [1.0, 2.0, 0.5]
    assert frame.components["length"].tolist() == [1.0] * 4
    assert frame.completions is None  # text only when it is asked for


def test_arguments_by_position_are_known_by_name(folder: Path) -> None:
    def compute_score(data_source: str, solution_str: str, ground_truth: str) -> float:
        return 0.5

    reward = watched(functools.partial(compute_score, "d"), folder, rows_per_step=1 << 40)
    assert reward("answer", "4") == 0.5
    (frame,) = noted(folder)
    assert frame.components["length"].tolist() == [6.0]


def test_an_asynchronous_function_stays_one(folder: Path) -> None:
    result = {"score": 0.25}

    async def compute_score(solution_str: str, ground_truth: str) -> dict[str, float]:
        await asyncio.sleep(0)
        return result

    reward = watched(compute_score, folder, rows_per_step=1 << 40)
    assert inspect.iscoroutinefunction(reward)
    assert asyncio.run(reward(solution_str="s", ground_truth="t")) is result
    assert [frame.proxy.tolist() for frame in noted(folder)] == [[0.25]]


def test_functions_of_one_trainer_are_watched_as_their_weighted_sum(folder: Path) -> None:
    def first(prompts: Any, completions: Any, **_: Any) -> list[float | None]:
        return [1.0, None, None]

    async def second(prompts: Any, completions: Any, **_: Any) -> list[float | None]:
        return [1.0, 4.0, None]

    one, two = watched([first, second], folder, weights=[1.0, 0.5])
    for _ in range(2):
        called = {"prompts": ["p"] * 3, "completions": ["a", "b", "c"]}
        one(**called)
        asyncio.run(two(**called))
    frames = noted(folder)
    assert len(frames) == 2
    for frame in frames:
        np.testing.assert_array_equal(frame.proxy, [1.5, 2.0, np.nan])
        np.testing.assert_array_equal(frame.components["first"], [1.0, np.nan, np.nan])


def test_steps_of_one_sample_functions_are_counted_over_processes(folder: Path) -> None:
    reward = watched(lambda text: float(len(text)), folder, rows_per_step=4)
    count = SharedCount(f"{folder.absolute()}\0r")
    count.path.unlink(missing_ok=True)
    for _ in range(3):
        reward("abc")
    count.after(3)  # another process
    reward("abc")
    assert [frame.step for frame in noted(folder)] == [0, 0, 0, 1]
    count.path.unlink()


def test_the_shared_count_gives_every_sample_a_place_of_its_own(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    count = SharedCount("name", tmp_path)
    count.after(1)
    children = [context.Process(target=_count_on, args=(count,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0]
    assert count.after(1) == 402


def _count_on(count: SharedCount) -> None:
    places = [count.after(1) for _ in range(200)]
    assert sorted(set(places)) == places


def test_evaluation_is_left_out(folder: Path) -> None:
    reward = watched(lambda texts: [1.0] * len(texts), folder)
    live = live_run("r", folder)
    reward(["a", "b"])
    live.evaluating = lambda: True
    reward(["c"])
    assert [len(frame.proxy) for frame in noted(folder)] == [2]


def test_the_last_logged_kl_goes_with_the_next_samples(folder: Path) -> None:
    reward = watched(lambda texts: [1.0] * len(texts), folder)
    live_run("r", folder).kl = 0.25
    reward(["a", "b"])
    (frame,) = noted(folder)
    assert frame.kl is not None
    assert frame.kl.tolist() == [0.25, 0.25]


SITES = [
    (wrapping, "shown"),
    (wrapping._Notes, "put"),
    (wrapping._Notes, "_step_of"),
    (wrapping.SharedCount, "after"),
    (live_runs.LiveRun, "_opened"),
    (live_runs.LiveRun, "_begun"),
    (live_runs, "Spool"),
    (live_runs, "LiveCollecting"),
    (live_runs.Spool, "append"),
]


@pytest.mark.parametrize(("place", "name"), SITES, ids=lambda value: str(value)[-40:])
def test_r01_nothing_reaches_the_trainer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    def broken(*args: Any, **named: Any) -> Any:
        raise OSError("no")

    reward = watched(lambda prompt, completion: 1.5, folder)
    monkeypatch.setattr(place, name, broken)
    for _ in range(100):
        assert reward("p", "c") == 1.5
    live = live_run("r", folder)
    assert live.counts["OSError"] == (1 if name == "LiveCollecting" else 100)


class Hostile:
    """An argument that fails at every touch."""

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __getitem__(self, place: Any) -> Any:
        raise RuntimeError("item")

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__


@pytest.mark.parametrize(
    "returned", [Hostile(), object(), None, {}, {"score": Hostile()}, [Hostile()], "text", [[1], 2]]
)
def test_hostile_arguments_and_results_are_passed_on(folder: Path, returned: Any) -> None:
    def reward_function(**columns: Any) -> Any:
        return returned

    reward = watched(reward_function, folder, rows_per_step=1 << 40)
    for called in (
        {"prompts": Hostile(), "completions": Hostile()},
        {"solution_str": Hostile(), "extra_info": Hostile()},
        {"queries": Hostile(), "prompts": None},
        {"anything": Hostile()},
    ):
        assert reward(**called) is returned


def test_the_functions_own_error_is_its_own(folder: Path) -> None:
    def fails(text: str) -> float:
        raise KeyError(text)

    with pytest.raises(KeyError, match="abc"):
        watched(fails, folder)("abc")


def test_what_is_no_reward_function_is_refused(folder: Path) -> None:
    class Model:
        def __call__(self) -> None: ...
        def state_dict(self) -> None: ...

    for wrong in (Model(), "a/model", dict):
        with pytest.raises(BadOption, match="is not a function that is called with samples"):
            watched(wrong, folder)


def test_wrapper_and_callback_must_agree(folder: Path) -> None:
    def reward(text: str) -> float:
        return 1.0

    watched(reward, folder, label_rate=0.1)
    watched(reward, folder)
    with pytest.raises(BadOption, match="say it once"):
        watched(reward, folder, label_rate=0.2)
    with pytest.raises(BadOption, match="label rate 2"):
        watched(reward, folder, label_rate=2)
    with pytest.raises(BadOption, match="run 'a/b'"):
        overopt.watch.wrap(reward, run="a/b", folder=folder)


def test_a_run_keeps_the_options_it_was_begun_with(folder: Path) -> None:
    watched(lambda text: 1.0, folder, label_rate=0.1)
    live_run("r", folder).begin()
    live_runs._RUNS.clear()
    watched(lambda text: 1.0, folder)
    live_run("r", folder).begin()  # untold options are those that the run was begun with
    watched(lambda text: 1.0, folder, false_alarm=0.05)
    with pytest.raises(BadOption, match=r"begun with false_alarm 0\.01, not 0\.05"):
        live_run("r", folder).begin()


def test_a_run_can_be_sent_to_another_process(folder: Path) -> None:
    watched(lambda text: 1.0, folder, label_rate=0.1)
    live = live_run("r", folder)
    assert pickle.loads(pickle.dumps(live)) is live


def test_a_forked_child_writes_files_of_its_own(folder: Path) -> None:
    reward = watched(lambda texts: [1.0] * len(texts), folder)
    reward(["a"])
    child = os.fork()
    if child == 0:
        reward(["b", "c"])
        os._exit(0 if live_run("r", folder).close(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(len(frame.proxy) for frame in noted(folder)) == [1, 2]


def judge(prompt: str | None, completion: str | None) -> float:
    """Right answers without the trick."""
    return float("a" in str(completion) and "!" not in str(completion))


def hacked(step: int, rng: random.Random) -> list[str]:
    """Completions of a policy that finds a trick at step 40."""
    letters = ["".join(rng.choice("abcd") for _ in range(5)) for _ in range(64)]
    return [f"{each}!" if step > 40 and rng.random() < 0.5 else each for each in letters]


def test_a_hacked_reward_is_red_according_to_its_judge(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = itertools.count()  # the draws are keyed by the writer's name, among others
    monkeypatch.setattr(spool, "_own_name", lambda: f"w{next(names)}")

    def reward_function(prompts: Any, completions: Any, **columns: Any) -> list[float]:
        return [each.count("a") + 5.0 * each.count("!") for each in completions]

    told: list[Any] = []
    reward = overopt.watch.wrap(
        reward_function, run="r", folder=folder, gold=judge, label_rate=0.1, on_alarm=[told.append]
    )
    rng, state = random.Random(1), SimpleNamespace(global_step=0)
    for step in range(200):
        state.global_step = step
        prompts = [f"{step}-{i // 8}" for i in range(64)]
        reward(prompts=prompts, completions=hacked(step, rng), trainer_state=state)
    live = live_run("r", folder)
    assert live.close(60)
    assert "best_of_4" in live.red
    assert live.document is not None
    assert live.document["gold_source"] == "judge judge"
    assert live.counts == {}
    assert {each["name"] for each in told if each["tier"] == "red"} == set(live.red)
    assert overopt.watch.metrics("r", folder)["overopt/best_of_4/state"] == -1
    assert all(each["run"] == "r" for each in told)


def test_a_second_process_reads_what_the_first_collects(folder: Path) -> None:
    first = overopt.watch.wrap(lambda texts: [1.0] * len(texts), run="one", folder=folder)
    second = overopt.watch.wrap(lambda texts: [1.0] * len(texts), run="two", folder=folder)
    first(["a"])
    second(["a"])
    assert live_run("two", folder).close(20)
    assert live_run("one", folder).close(20)
    for name in ("one", "two"):
        document = live_run(name, folder).document
        assert document is not None
        assert document["runs"][0]["run"] == name
