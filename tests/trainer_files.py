"""Files as trainers and evaluators write them: the fields and names of the versions named there."""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["FORMATS", "STEPS", "Written", "samples", "zstandard"]

STEPS = (3, 4, 6)
Samples = Mapping[int, list[dict[str, Any]]]
Written = Callable[[Path, Samples], tuple[Path, dict[str, str]]]


def samples(seed: int = 0, size: int = 4) -> dict[int, list[dict[str, Any]]]:
    """Two prompts with so many candidates in each step."""
    rng = np.random.default_rng(seed)
    return {
        step: [
            {
                "prompt": f'say "hi",\nplease {prompt}',
                "proxy": float(np.round(rng.normal(), 3)),
                "gold": float(rng.integers(2)),
                "length": int(rng.integers(5, 50)),
            }
            for prompt in (step, step + 1)
            for _ in range(size)
        ]
        for step in STEPS
    }


def trl(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """TRL 1.16, GRPO with log_completions, a reward function and log_extra("truth", ...)."""
    below = folder / "out" / "completions"
    below.mkdir(parents=True)
    for step, rows in steps.items():
        table = pa.table(
            {
                "step": [step] * len(rows),
                "prompt": [[{"role": "user", "content": row["prompt"]}] for row in rows],
                "completion": ["<|im_start|>"] * len(rows),
                "my_reward": [row["proxy"] for row in rows],
                "truth": [row["gold"] for row in rows],
                "length": [row["length"] for row in rows],
                "advantage": [0.0] * len(rows),
            }
        )
        pq.write_table(table, below / f"completions_{step:05d}.parquet")
    return folder / "out", {"proxy": "my_reward", "gold": "truth"}


def verl(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """verl 0.9.1, trainer.rollout_data_dir, a reward function that also returns acc."""
    for step, rows in steps.items():
        records = [
            {
                "input": row["prompt"],
                "output": "\u2028</script>",
                "gts": "42",
                "score": row["proxy"],
                "step": step,
                "acc": row["gold"],
                "length": row["length"],
            }
            for row in rows
        ]
        lines(folder / f"{step}.jsonl", records)
    return folder, {"gold": "acc"}


def nemo_rl(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """NeMo-RL, train_data_stepN.jsonl: every value a list of one."""
    below = folder / "logs" / "exp_001"
    below.mkdir(parents=True)
    for step, rows in steps.items():
        records = [
            {
                "content": [[row["prompt"], "an answer"]],
                "rewards": [row["proxy"]],
                "truth": [row["gold"]],
                "input_lengths": [row["length"]],
                "idx": number,
            }
            for number, row in enumerate(rows)
        ]
        lines(below / f"train_data_step{step}.jsonl", records)
    return folder / "logs", {"gold": "truth"}


def json_lines(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """A callback of one's own, with records of other kinds between."""
    records: list[dict[str, Any]] = []
    for step, rows in steps.items():
        records += [{"step": step, "event": "evaluation"}]
        records += [{"step": step, **row} for row in rows]
    lines(folder / "log.jsonl", records)
    return folder / "log.jsonl", {}


def comma_separated(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """CSV with quoted line ends."""
    text = io.StringIO()
    names = ["step", "prompt", "proxy", "gold", "length"]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for step, rows in steps.items():
        writer.writerows({"step": step, **row} for row in rows)
    path = folder / "log.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path, {}


def numbered(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """One table for each step, which only its name tells."""
    for step, rows in steps.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"step_{step}.parquet")
    return folder, {}


def inspect(folder: Path, steps: Samples) -> tuple[Path, dict[str, str]]:
    """inspect_ai 0.3.285: one log for each checkpoint, candidates as epochs, two scorers."""
    for step, rows in steps.items():
        epochs: dict[str, int] = {}
        summaries = []
        for row in rows:
            epochs[row["prompt"]] = epochs.get(row["prompt"], 0) + 1
            scores = {
                "model_graded_qa": {"value": row["proxy"], "metadata": {}},
                "match": {"value": "C" if row["gold"] else "I"},
            }
            usage = {"m": {"input_tokens": 9, "output_tokens": row["length"]}}
            summaries.append(
                {
                    "id": row["prompt"],
                    "epoch": epochs[row["prompt"]],
                    "scores": scores,
                    "model_usage": usage,
                }
            )
        header = {
            "version": 2,
            "status": "success",
            "eval": {
                "created": f"2026-08-0{step}T10:00:00+00:00",
                "task": "sums",
                "metadata": {"step": step},
            },
        }
        if step == STEPS[0]:
            (folder / f"2026-08-0{step}_sums.json").write_text(
                json.dumps({**header, "samples": summaries}), encoding="utf-8"
            )
            continue
        with zipfile.ZipFile(folder / f"2026-08-0{step}_sums.eval", "w") as archive:
            archive.writestr("_journal/start.json", "{}")
            zstandard(archive, "summaries.json", json.dumps(summaries).encode())
            zstandard(archive, "header.json", json.dumps(header).encode())
    return folder, {"proxy": "model_graded_qa", "gold": "match"}


def zstandard(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """A member with the compression that inspect uses and Python's library lacks before 3.14."""
    info = zipfile.ZipInfo(name)
    archive.writestr(info, pa.compress(content, codec="zstd", asbytes=True))
    # What the directory at the end of the archive says is written when it is closed.
    info.compress_type, info.file_size, info.CRC = 93, len(content), zlib.crc32(content)


def lines(path: Path, records: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(text.encode())


FORMATS: Mapping[str, Written] = {
    "trl": trl,
    "verl": verl,
    "nemo-rl": nemo_rl,
    "inspect": inspect,
    "numbered": numbered,
    "rows": json_lines,
    "rows, csv": comma_separated,
}
