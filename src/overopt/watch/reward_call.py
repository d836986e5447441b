"""What a reward call was given and returned, as rows: grouped by prompt, columns of one length."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.watch.frame import NAME_BYTES, TEXT_CHARACTERS, Scored, kept_text, text_name
from overopt.watch.values import numbers

__all__ = ["pieces_of", "scored_rows", "with_texts"]

FloatVector = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.int64]
ROW_BUDGET = 9 << 19  # bytes of a frame before its names, which are up to 200 bytes per row
MOST_ROWS = 1 << 14
TEXT_BYTES = 4 * TEXT_CHARACTERS


def scored_rows(
    step: int,
    proxy: Any,
    prompt_ids: Sequence[Any] | None,
    prompts: Sequence[Any] | None,
    gold: Any,
    kl: Any,
    components: Mapping[str, Any] | None,
) -> Scored:
    """The rows of one call as arrays. A column of another length is left out.

    Raises ValueError when there are not as many prompts as scores.
    """
    values, kinds = numbers(proxy)
    rows = len(values)
    group, names = _grouped(prompt_ids, prompts, rows)
    named = {} if not components else {_name(key): each for key, each in components.items()}
    columns = {key: _fitting(each, rows) for key, each in named.items()}
    return Scored(
        step=int(step),
        time=time.time(),
        proxy=values,
        kinds=kinds,
        group=group,
        prompt_ids=names,
        gold=_fitting(gold, rows),
        kl=_fitting(kl, rows),
        components={key: each for key, each in columns.items() if each is not None},
    )


def _fitting(values: Any, rows: int) -> FloatVector | None:
    """A column [rows]; None when there is none or it does not belong to these rows."""
    if values is None:
        return None
    found, _ = numbers(values)
    return found if len(found) == rows else None


def _grouped(
    prompt_ids: Sequence[Any] | None, prompts: Sequence[Any] | None, rows: int
) -> tuple[IntVector, tuple[str, ...]]:
    """Numbers [rows] of the prompts of a call, and their names."""
    source = prompt_ids if prompt_ids is not None else prompts
    if source is None:
        return np.zeros(rows, np.int64), ("",) if rows else ()
    index: dict[Any, int] = {}
    group = [index.setdefault(_key(each), len(index)) for each in source]
    if len(group) != rows:
        raise ValueError(f"{len(group)} prompts for {rows} scores")
    hidden = prompt_ids is None
    names = tuple(text_name(str(key)) if hidden else _name(key) for key in index)
    return np.array(group, np.int64), names


def _key(value: Any) -> Any:
    """What tells prompts apart: text as it is, conversations by their content."""
    return value if isinstance(value, str | int) else kept_text(value)


def _name(value: Any) -> str:
    """A name that fits into a table; a longer one gives way to its hash."""
    text = str(value)
    return text if len(text.encode("utf-8", "backslashreplace")) <= NAME_BYTES else text_name(text)


def with_texts(
    scored: Scored, prompts: Iterable[Any] | None, completions: Iterable[Any] | None
) -> Scored:
    """The same with its texts: prompts once each, completions by row."""
    kept = None
    if prompts is not None:
        first: dict[int, str] = {}
        for number, prompt in zip(scored.group.tolist(), prompts, strict=True):
            if number not in first:
                first[number] = kept_text(prompt)
        kept = tuple(first[number] for number in range(len(scored.prompt_ids)))
    texts = None if completions is None else tuple(kept_text(each) for each in completions)
    if texts is not None and len(texts) != len(scored.proxy):
        texts = None
    return replace(scored, prompts=kept, completions=texts)


def pieces_of(scored: Scored) -> list[Scored]:
    """The same rows as several calls, none of which can become longer than a frame may be."""
    text = 2 * TEXT_BYTES if scored.completions is not None or scored.prompts is not None else 0
    most = min(MOST_ROWS, ROW_BUDGET // (64 + text + 8 * len(scored.components)))
    if len(scored.proxy) <= most:
        return [scored]
    pieces = []
    for start in range(0, len(scored.proxy), most):
        rows = slice(start, start + most)
        used, group = np.unique(scored.group[rows], return_inverse=True)
        pieces.append(
            replace(
                scored,
                proxy=scored.proxy[rows],
                group=group.astype(np.int64),
                prompt_ids=tuple(scored.prompt_ids[i] for i in used),
                kinds=None if scored.kinds is None else scored.kinds[rows],
                gold=None if scored.gold is None else scored.gold[rows],
                kl=None if scored.kl is None else scored.kl[rows],
                components={key: each[rows] for key, each in scored.components.items()},
                prompts=scored.prompts and tuple(scored.prompts[i] for i in used),
                completions=scored.completions and scored.completions[rows],
            )
        )
    return pieces
