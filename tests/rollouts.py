"""Tables of rollouts as plain columns: shapes of quality, designs of labels, and audits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from overopt.cli import run

__all__ = [
    "DECIDED",
    "PRESSURES",
    "Columns",
    "curve_of",
    "labelled",
    "point_of",
    "printed",
    "rollouts",
    "shuffled",
    "strict",
    "winner",
    "written",
]

Columns = dict[str, np.ndarray]
PRESSURES = (
    "best_of_n",
    "threshold",
    "kl_tilt",
    "soft_best_of_n",
    "best_of_poisson",
    "chi_square",
)
# Gold as a function of the proxy that makes best-of-n end in each decision (with noise 0.5).
DECIDED: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "push": lambda u: u - 0.9 * np.maximum(u, 0) ** 2,
    "saturated": lambda u: np.minimum(u, 0),
    "no_peak": lambda u: u,
    "do_not_push": lambda u: -u,
    "undecided": np.zeros_like,
}


def rollouts(
    prompts: int = 40,
    size: int = 8,
    *,
    seed: int = 0,
    shape: Callable[[np.ndarray], np.ndarray] = DECIDED["no_peak"],
    noise: float = 0.5,
) -> Columns:
    """Columns prompt_id, rm and human; a second proxy ``judge`` is rm seen through more noise."""
    rng = np.random.default_rng(seed)
    rm = rng.normal(size=prompts * size)
    return {
        "prompt_id": np.repeat([f"p{i}" for i in range(prompts)], size),
        "rm": rm,
        "judge": rm + 2 * rng.normal(size=rm.size),
        "human": shape(rm) + noise * rng.normal(size=rm.size),
    }


def labelled(columns: Columns, design: str, seed: int = 1) -> Columns:
    """The table with gold on the rows that a design of labels would have chosen."""
    rows = len(columns["rm"])
    draw = np.random.default_rng(seed).random(rows)
    if design == "recorded":
        chance = np.where(columns["rm"] > 0, 0.9, 0.4)
        return {**columns, "human": hidden(columns, draw < chance), "label_prob": chance}
    kept = {
        "all": np.ones(rows, dtype=bool),
        "uniform": draw < 0.6,
        "unknown": draw < 0.6,
        "winners": winner(columns, "rm"),
        "none": np.zeros(rows, dtype=bool),
    }[design]
    return {**columns, "human": hidden(columns, kept)}


def hidden(columns: Columns, kept: np.ndarray) -> np.ndarray:
    return np.where(kept, columns["human"], np.nan)


def winner(columns: Columns, proxy: str) -> np.ndarray:
    """Whether a row has the best score of its prompt."""
    scores = columns[proxy]
    code = np.unique(columns["prompt_id"], return_inverse=True)[1]
    best = np.full(code.max() + 1, -np.inf)
    np.maximum.at(best, code, scores)
    return scores == best[code]


def shuffled(columns: Columns, seed: int) -> Columns:
    order = np.random.default_rng(seed).permutation(len(columns["rm"]))
    return {name: values[order] for name, values in columns.items()}


def written(columns: Mapping[str, Any], path: Path) -> Path:
    pq.write_table(pa.table(dict(columns)), path)
    return path


def printed(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit code and document of ``overopt audit ... --json``, which prints nothing else."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as complaints:
        code = run(["audit", *map(str, arguments), "--json"])
    assert complaints.getvalue() == ""
    assert out.getvalue().count("\n") == 1
    return code, strict(out.getvalue())


def strict(text: str) -> dict[str, Any]:
    """The document, if its JSON is strict."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    document = json.loads(text, parse_constant=refuse)
    assert isinstance(document, dict)
    return document


def curve_of(document: Mapping[str, Any], pressure: str, proxy: int = 0) -> dict[str, Any]:
    (one,) = (c for c in document["proxies"][proxy]["curves"] if c["pressure"] == pressure)
    return dict(one)


def point_of(document: Mapping[str, Any], pressure: str, proxy: int = 0) -> dict[str, Any]:
    points = document["proxies"][proxy]["operating_points"]
    (one,) = (point for point in points if point["pressure"] == pressure)
    return dict(one)
