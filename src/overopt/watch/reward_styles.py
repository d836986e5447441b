"""What a call of a reward function shows, in the styles in which trainers call it.

A style is known by the names of the arguments: ``prompts`` and ``completions`` (TRL),
``solution_str`` and ``ground_truth`` (verl, one sample; ``solution_strs`` for its batches),
``queries`` and ``prompts`` (OpenRLHF). Any other function is read by what it returned: one number
is one sample, a list of numbers goes with the arguments that are lists of its length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, final

__all__ = ["Shown", "shown"]

SCORES = ("score", "rewards", "reward", "scores")  # what a dict calls the reward, first found
NOT_TRAINING = ("test", "val", "valid", "validation", "eval")
OF_ONE_SAMPLE = ("num_turns", "rollout_reward_scores")  # verl's own notes in extra_info


@final
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shown:
    """Samples of one call: scores ``proxy`` [rows], and columns of the same length.

    ``step`` is what the trainer told, None when it did not; ``single`` whether the function gets
    one sample a call.
    """

    proxy: Any
    step: int | None = None
    single: bool = False
    prompt_ids: Sequence[Any] | None = None
    prompts: Sequence[Any] | None = None
    completions: Sequence[Any] | None = None
    gold: Any = None
    components: Mapping[str, Any] = field(default_factory=dict)


def shown(called: Mapping[str, Any], returned: Any) -> Shown | None:
    """What a call with these arguments by name shows; None for a sample that is not trained on.

    Raises whatever unreadable arguments raise; the arguments and the result are left as they are.
    """
    if hasattr(returned, "__next__"):
        raise TypeError("an iterator: reading it would take it from the trainer")
    if "completions" in called and "prompts" in called:
        return _lists(called, returned)
    if "solution_str" in called:
        return _verl_sample(called, returned)
    if "solution_strs" in called:
        return _verl_batch(called, returned)
    if "queries" in called:
        return _queries(called, returned)
    return _any_function(called, returned)


def _lists(called: Mapping[str, Any], returned: Any) -> Shown:
    """TRL: lists of prompts and completions, columns of the data, the trainer's state."""
    completions, tokens = called["completions"], called.get("completion_ids")
    proxy, gold, parts = _taken_apart(returned)
    return Shown(
        proxy=proxy,
        step=getattr(called.get("trainer_state"), "global_step", None),
        prompts=called["prompts"],
        completions=completions,
        gold=gold,
        components={"length": _lengths(completions if tokens is None else tokens), **parts},
    )


def _verl_sample(called: Mapping[str, Any], returned: Any) -> Shown | None:
    """verl: one response, known by its data source and what its row of the data holds."""
    extra = called.get("extra_info")
    extra = extra if isinstance(extra, Mapping) else {}
    if str(extra.get("split", "")).lower() in NOT_TRAINING:
        return None
    about = _task(called.get("data_source"), called.get("ground_truth"), extra)
    proxy, gold, parts = _taken_apart(returned)
    response = called["solution_str"]
    return Shown(
        proxy=[proxy],
        single=True,
        prompt_ids=_names([extra], called.get("data_source")),
        prompts=[about],
        completions=[response],
        gold=None if gold is None else [gold],
        components={name: [value] for name, value in {"length": len(response), **parts}.items()},
    )


def _verl_batch(called: Mapping[str, Any], returned: Any) -> Shown | None:
    """verl's batches: lists of what a single call gets; one dict or number per response."""
    responses = called["solution_strs"]
    rows = range(len(responses))
    truths = called.get("ground_truths", [None] * len(responses))
    sources = called.get("data_sources", [None] * len(responses))
    extras = [
        each if isinstance(each, Mapping) else {}
        for each in called.get("extra_infos", [{}] * len(responses))
    ]
    if all(str(each.get("split", "")).lower() in NOT_TRAINING for each in extras):
        return None
    columns = _columns(list(returned))
    names = [_names([extras[i]], sources[i]) for i in rows]
    return Shown(
        proxy=columns.pop("score"),
        prompt_ids=None if None in names else [each[0] for each in names if each],
        prompts=[_task(sources[i], truths[i], extras[i]) for i in rows],
        completions=responses,
        gold=columns.pop("gold", None),
        components={"length": _lengths(responses), **columns},
    )


def _queries(called: Mapping[str, Any], returned: Any) -> Shown:
    """OpenRLHF: queries are prompts with their responses; a dict of rewards and extra logs."""
    queries, prompts = called["queries"], called.get("prompts")
    queries = [queries] if isinstance(queries, str) else queries
    prompts = [prompts] if isinstance(prompts, str) else prompts
    responses = [
        query[len(prompt) :] if isinstance(prompt, str) and query.startswith(prompt) else query
        for query, prompt in zip(queries, prompts or [None] * len(queries), strict=True)
    ]
    logs = returned.get("extra_logs") if isinstance(returned, Mapping) else None
    proxy, gold, _ = _taken_apart(returned)
    parts = dict(logs) if isinstance(logs, Mapping) else {}
    return Shown(
        proxy=proxy,
        single=len(queries) == 1,
        prompts=prompts,
        completions=responses,
        gold=parts.pop("gold", gold),
        components={"length": _lengths(responses), **parts},
    )


def _any_function(called: Mapping[str, Any], returned: Any) -> Shown:
    """One number for one sample, or a list of them for lists of samples."""
    proxy, gold, parts = _taken_apart(returned)
    values = list(called.values())
    if _is_one(proxy):
        texts = [each for each in values if isinstance(each, str)][:2]
        columns: list[Any] = [[each] for each in texts]
        gold, parts = gold if gold is None else [gold], {k: [each] for k, each in parts.items()}
        proxy = [proxy]
    else:
        rows = len(proxy)
        columns = [each for each in values if isinstance(each, list | tuple) and len(each) == rows]
    completions = columns[1] if len(columns) > 1 else (columns[0] if columns else None)
    lengths = None if completions is None else _lengths(completions)
    return Shown(
        proxy=proxy,
        single=len(proxy) == 1,
        prompts=columns[0] if len(columns) > 1 else None,
        completions=completions,
        gold=gold,
        components=parts if lengths is None else {"length": lengths, **parts},
    )


def _taken_apart(returned: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Reward, gold if there is any, and other numbers of what a function returned."""
    if not isinstance(returned, Mapping):
        return returned, None, {}
    name = next((each for each in SCORES if each in returned), None)
    if name is None:
        raise KeyError(f"a dict without {', '.join(SCORES)}")
    others = {
        str(key): value
        for key, value in returned.items()
        if key not in SCORES and (isinstance(value, Real) or hasattr(value, "tolist"))
    }
    return returned[name], others.pop("gold", None), others


def _columns(results: list[Any]) -> dict[str, list[Any]]:
    """Numbers of one result per row, as columns; ``score`` is the reward."""
    rows = [_taken_apart(each) for each in results]
    names = dict.fromkeys(name for *_, parts in rows for name in parts)
    columns = {name: [parts.get(name) for *_, parts in rows] for name in names}
    columns["score"] = [proxy for proxy, *_ in rows]
    if any(gold is not None for _, gold, _ in rows):
        columns["gold"] = [gold for _, gold, _ in rows]
    return columns


def _names(extras: Sequence[Mapping[str, Any]], source: Any) -> list[str] | None:
    """Names of rows of the data by their index, None where they have none."""
    if any(each.get("index") is None for each in extras):
        return None
    return [f"{source}/{each.get('split', '')}/{each['index']}" for each in extras]


def _task(source: Any, truth: Any, extra: Mapping[str, Any]) -> str:
    """What a judge may know of a task whose prompt is not at hand."""
    kept = {key: value for key, value in extra.items() if key not in OF_ONE_SAMPLE}
    task = {"data_source": source, "ground_truth": truth, "extra_info": kept}
    return json.dumps(task, default=repr, ensure_ascii=False)


def _lengths(texts: Sequence[Any]) -> list[int] | None:
    """Tokens or characters of each; None for conversations, whose length is not their text's."""
    if any(isinstance(each, list) and each and isinstance(each[0], Mapping) for each in texts[:1]):
        return None
    return [len(each) for each in texts]


def _is_one(value: Any) -> bool:
    """Whether a function returned the reward of one sample."""
    return value is None or isinstance(value, Real) or getattr(value, "ndim", None) == 0
