"""Bad input is one line: what is wrong, where, and what to do."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from overopt.errors import BadSamples
from overopt.samples import read_samples


def bad(match: str, source: object, **options: object) -> None:
    with pytest.raises(BadSamples, match=match) as caught:
        read_samples(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"prompt_id": list(range(999)), "proxy": [0.5] * 999}), sink)
    return sink.getvalue().to_pybytes()


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.csv": (lambda: b"", r"empty\.csv is empty"),
    "empty.parquet": (lambda: b"", r"empty\.parquet is empty"),
    "header.csv": (lambda: b"prompt_id,proxy\n", r"header\.csv has no rows"),
    "cut.parquet": (lambda: parquet_bytes()[:500], r"cannot read .*cut\.parquet: "),
    "noise.parquet": (
        lambda: bytes(range(256)) * 9,
        r"noise\.parquet is neither Parquet nor UTF-8",
    ),
    "twice.parquet.gz": (lambda: gzip.compress(parquet_bytes()), r"compressed parquet: decompress"),
    "cut.csv.gz": (
        lambda: gzip.compress(b"prompt_id,proxy\n1,2\n" * 99)[:-9],
        r"cannot read .*gz: ",
    ),
    "torn.csv": (lambda: b"prompt_id,proxy\n1,2\n3\n", r"cannot read .*torn\.csv: .*Expected 2"),
    "twins.csv": (lambda: b"prompt_id,proxy,proxy\n1,2,3\n", r"two columns called 'proxy'"),
    "header_latin.csv": (lambda: b"prompt_id,\xe9\n1,2\n", r"cannot read .*header_latin\.csv: "),
    "torn.jsonl": (
        lambda: b'{"prompt": 1}\n{"prompt": \n',
        r"torn\.jsonl, line 2 is not a JSON obj",
    ),
    "list.jsonl": (
        lambda: b'{"prompt": 1}\n[1]\n',
        r"list\.jsonl, line 2 is not a JSON object: '\[1\]",
    ),
    "deep.jsonl": (lambda: b'{"a":' * 100_000, r"cannot read .*deep\.jsonl|not a JSON object"),
    "list.json": (lambda: b"[1, 2]", r"cannot read .*list\.json: a JSON array must hold objects"),
    "torn.json": (lambda: b'[{"a": 1}', r"cannot read .*torn\.json: "),
    "long.csv": (
        lambda: b"prompt_id,proxy,text\n1,2," + b"x" * 10_000_000 + b"\n",
        r"long\.csv: a line is longer than 8 MiB.*Parquet",
    ),
    "line.csv": (lambda: b"x" * 10_000_000, r"line\.csv"),
    "long.jsonl": (
        lambda: json.dumps({"prompt": 1, "text": "x" * 10_000_000}).encode(),
        r"long\.jsonl: line 1 is longer than 8 MiB",
    ),
    "word.csv": (
        lambda: b"prompt_id,proxy\na,1\na,NaN\nb,good\nb,bad\n",
        r"column 'proxy' must hold numbers but has 'good' in .*word\.csv, row 2 \(from 0\): ",
    ),
    "word.jsonl": (
        lambda: b'{"prompt": 1, "score": 1}\n{"prompt": 1, "score": "' + b"w" * 99 + b'"}',
        r"column 'score' must hold numbers but has 'w{36}\.\.\. in .*row 1",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_bad_files(tmp_path: Path, name: str) -> None:
    content, message = FILES[name]
    (tmp_path / name).write_bytes(content())
    bad(message, tmp_path / name)


def test_a_damaged_file_does_not_crash_arrow(tmp_path: Path) -> None:
    table = pa.table({"prompt_id": ["one", "two", "six"], "proxy": [1, 2, 3]})
    pa.feather.write_feather(table, str(tmp_path / "t.feather"), compression="uncompressed")
    content = (tmp_path / "t.feather").read_bytes()
    offsets = np.array([0, 3, 6, 9], dtype=np.int32).tobytes()
    assert content.count(offsets) == 1
    wild = np.array([0, 3, 1 << 30, 9], dtype=np.int32).tobytes()
    (tmp_path / "t.feather").write_bytes(content.replace(offsets, wild))
    bad(r"cannot read .*t\.feather: ", tmp_path / "t.feather")
    (tmp_path / "t.feather").write_bytes(content.replace(b"onetwosix", b"one\xfftwosi"))
    bad(r"cannot read .*t\.feather: .*UTF8", tmp_path / "t.feather")


def test_missing_files(tmp_path: Path) -> None:
    (tmp_path / "rollouts.parquet").write_bytes(parquet_bytes())
    bad(
        r"no file .*rolouts\.parquet': did you mean '.*rollouts\.parquet'",
        tmp_path / "rolouts.parquet",
    )
    bad(r"no file '/no/such/x\.csv': check the path", "/no/such/x.csv")
    bad(r"no file matches .*check the pattern", f"{tmp_path}/*.csv")
    (tmp_path / "nothing").mkdir()
    bad(r"folder .*nothing holds no table", tmp_path / "nothing")
    bad(r"list of files is empty", [])


def test_files_that_do_not_fit_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt_id,proxy\n1,2\n")
    (tmp_path / "b.csv").write_text("prompt_id,proxi\n1,2\n")
    bad(r"column 'proxi' is in .*b\.csv but not in .*a\.csv", tmp_path, proxies=["proxi"])


def test_a_bad_value_is_located_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt_id,proxy\n1,2\n1,3\n")
    (tmp_path / "b.csv").write_text("prompt_id,proxy\n1,2\n1,3\n1,x\n")
    bad(r"column 'proxy' must hold numbers but has 'x' in .*b\.csv, row 2 ", tmp_path)
    (tmp_path / "a.csv").write_text("prompt_id,proxy\n1,NaN\n1,inf\n")
    (tmp_path / "b.csv").write_text("prompt_id,proxy\n1,2\n,2\n")
    bad(r"column 'prompt_id' has no prompt id in .*b\.csv, row 1 .*in 1 of 4 rows", tmp_path)


@pytest.mark.parametrize("missing", [None, "", float("nan")])
def test_missing_prompt_ids(missing: object) -> None:
    ids = (
        ["a", missing, "a", missing]
        if missing != missing or missing is None
        else ["a", "", "a", ""]
    )
    if isinstance(missing, float):
        ids = [1.0, missing, 1.0, missing]
    bad(r"no prompt id in .*row 1 .*in 2 of 4 rows", {"prompt_id": ids, "proxy": [1, 2, 3, 4]})


def test_prompt_ids_that_lost_digits(tmp_path: Path) -> None:
    large = 2**64 - 1
    (tmp_path / "t.csv").write_text(f"prompt_id,proxy\n{large},1\n{large - 1},2\n")
    bad(r"prompt ids .* such as 18446744073709551616, .*t\.csv: store them as text", tmp_path)
    (tmp_path / "t.csv").unlink()
    (tmp_path / "t.jsonl").write_text(
        "".join(json.dumps({"prompt_id": large - i, "proxy": i}) + "\n" for i in (0, 1))
    )
    assert read_samples(tmp_path).prompts == 2


def test_label_probabilities_outside_their_range() -> None:
    table = {"prompt_id": [1, 1, 2, 1], "proxy": [1, 2, 3, 4], "gold": [None, 1, 1, 1]}
    bad(
        r"label probability 1\.5 in .*row 2 .*1 more labelled",
        {**table, "label_prob": [0.0, 0.5, 1.5, 0.0]},
    )
    assert read_samples({**table, "label_prob": [0.0, 1.0, 0.1, 0.5]}).labelled == 3
    bad(r"label probability nan", {**table, "label_prob": [0.1, None, 0.1, 0.1]})


def test_infinite_gold() -> None:
    table = {"prompt_id": [1, 1, 2], "proxy": [1.0, 2.0, 3.0], "gold": [0.5, np.inf, -np.inf]}
    bad(r"gold is infinite in .*row 1 .*1 more rows", table)


def test_things_that_are_no_tables() -> None:
    bad(r"cannot read samples from a int", 3)
    bad(r"a mapping of columns is not a table: ", {"prompt_id": [1, 2], "proxy": [1]})
    bad(
        r"column 'proxy' holds timestamp",
        {"prompt_id": [1], "proxy": pa.array([0], pa.timestamp("s"))},
        proxies=["proxy"],
    )
    bad(r"has no rows", {"prompt_id": [], "proxy": []})


def test_nothing_long_or_multi_line_is_echoed() -> None:
    names = {f"a_rather_long_column_name_{i}": [1.0] for i in range(500)}
    bad(r"and 488 more\)", {"prompt_id": [1], **names})
    bad(r"columns: 'a\\nb', 'x{36}\.\.\.\)", {"a\nb": [1], "x" * 999: [1]})
    bad(re.escape(r"has 'a\nb' in"), {"prompt_id": [1], "proxy": ["a\nb"]})
