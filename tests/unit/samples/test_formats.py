"""The same rows give the same samples from every file format and frame."""

import bz2
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from overopt.samples import Samples, read_samples, to_arrow, to_parquet

COLUMNS = {
    "prompt_id": ["a", "a", "b", "b", "b"],
    "candidate_id": ["s", "t", "s", "t", "u"],
    "proxy_rm": [0.5, -1.25, 3.0, float("inf"), None],
    "gold": [1.0, None, 0.0, 1.0, None],
    "passed": [True, False, True, None, False],
    "text": ["one", 'two, "quoted"', "three\nlines", "vier ü", None],
}


def check(samples: Samples) -> None:
    assert samples.prompt_ids.tolist() == ["a", "b"]
    assert samples.prompt.tolist() == [0, 0, 1, 1, 1]
    assert samples.group.tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_array_equal(samples.proxies["rm"], [0.5, -1.25, 3.0, np.inf, np.nan])
    np.testing.assert_array_equal(samples.proxies["passed"], [1, 0, 1, np.nan, 0])
    np.testing.assert_array_equal(samples.gold, [1.0, np.nan, 0.0, 1.0, np.nan])
    assert list(samples.proxies) == ["rm", "passed"]
    assert samples.candidate.names == ("s", "t", "u")
    assert samples.candidate.codes.tolist() == [0, 1, 0, 1, 2]
    assert list(samples.text[:4]) == COLUMNS["text"][:4]
    assert samples.text[4] in (None, "")
    assert samples.row.tolist() == [0, 1, 2, 3, 4]
    assert samples.gold_name == "gold"


def table() -> pa.Table:
    return pa.table(COLUMNS)


def json_lines() -> bytes:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()  # inf is written Infinity


def csv_text(delimiter: str = ",") -> bytes:
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(table(), sink, pa.csv.WriteOptions(delimiter=delimiter))
    return sink.getvalue().to_pybytes()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


TEXT_FILES = {
    "t.csv": csv_text,
    "t.tsv": lambda: csv_text("\t"),
    "t.jsonl": json_lines,
    "t.json": lambda: b"[" + json_lines().strip().replace(b"\n", b",\n") + b"]",
    "bom.jsonl": lambda: b"\xef\xbb\xbf" + json_lines(),
    "t.csv.gz": lambda: gzip.compress(csv_text()),
    "t.csv.zst": lambda: zstd(csv_text()),
    "t.jsonl.gz": lambda: gzip.compress(json_lines()),
    "t.jsonl.zst": lambda: zstd(json_lines()),
    "t.jsonl.bz2": lambda: bz2.compress(json_lines()),
    "named_otherwise.dat": json_lines,
}


@pytest.mark.parametrize("name", TEXT_FILES)
def test_text_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(TEXT_FILES[name]())
    check(read_samples(tmp_path / name, proxies=["rm", "passed"]))


def test_parquet_and_arrow_files(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "t.parquet", row_group_size=2)
    pa.feather.write_feather(table(), str(tmp_path / "t.feather"))
    for name in ("t.parquet", "t.feather"):
        check(read_samples(str(tmp_path / name), proxies=["rm", "passed"]))


@pytest.mark.parametrize(
    "frame",
    [
        table(),
        pa.RecordBatchReader.from_batches(table().schema, table().to_batches(max_chunksize=2)),
        COLUMNS,
    ],
    ids=["pyarrow", "reader", "mapping"],
)
def test_frames(frame: object) -> None:
    check(read_samples(frame, proxies=["rm", "passed"]))


def test_polars_frames() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(COLUMNS)
    names = polars.col("prompt_id", "candidate_id")
    for one in (frame, frame.with_columns(names.cast(polars.Categorical))):
        check(read_samples(one, proxies=["rm", "passed"]))


def test_pandas_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(COLUMNS, index=[4, 3, 2, 1, 0])
    for one in (frame, frame.astype({"candidate_id": "category"})):
        check(read_samples(one, proxies=["rm", "passed"]))


def test_samples_are_returned_as_they_are() -> None:
    samples = read_samples(COLUMNS)
    assert read_samples(samples) is samples


def test_later_changes_of_the_input_do_not_reach_the_samples() -> None:
    scores = np.array([1.0, 2.0, 3.0])
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"prompt_id": [0, 0, 1], "proxy": [1.0, 2.0, 3.0]})
    one, two = read_samples({"prompt_id": [0, 0, 1], "proxy": scores}), read_samples(frame)
    scores[0] = frame.loc[0, "proxy"] = 9.0
    assert one.proxies["proxy"][0] == two.proxies["proxy"][0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        one.proxies["proxy"][0] = 5.0


def test_float32_columns_stay_float32(tmp_path: Path) -> None:
    scores = pa.array([1.0, None, 2.0], type=pa.float32())
    pq.write_table(pa.table({"prompt_id": [1, 1, 2], "proxy": scores}), tmp_path / "t.parquet")
    proxy = read_samples(tmp_path / "t.parquet").proxies["proxy"]
    assert proxy.dtype == np.float32
    np.testing.assert_array_equal(proxy, [1.0, np.nan, 2.0])


@pytest.mark.parametrize("kind", [pa.float16(), pa.int8(), pa.uint64(), pa.decimal128(21, 2)])
def test_every_kind_of_number(kind: pa.DataType) -> None:
    scores = pa.array([1, 2, None]).cast(pa.float32() if kind == pa.float16() else pa.int64())
    samples = read_samples(pa.table({"prompt_id": [1, 1, 2], "proxy": scores.cast(kind)}))
    np.testing.assert_array_equal(samples.proxies["proxy"], [1.0, 2.0, np.nan])


def test_chat_messages_are_one_prompt_whatever_the_format(tmp_path: Path) -> None:
    def chat(content: str, **more: object) -> list[dict[str, object]]:
        return [{"role": "user", "content": content, **more}]

    rows = [
        {"prompt": chat("x"), "completion": chat("1"), "reward": 1.0},
        {"prompt": chat("y", name="me"), "completion": chat("2"), "reward": 2.0},
        {"prompt": chat("x"), "completion": chat("3"), "reward": 3},
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    files = [read_samples(tmp_path / name) for name in ("t.jsonl", "t.parquet")]
    for samples in (*files, read_samples(pa.Table.from_pylist(rows))):
        assert samples.prompts == 2
        assert samples.row.tolist() == [0, 2, 1]
        assert json.loads(samples.prompt_ids[1]) == chat("y", name="me")
        assert json.loads(samples.text[1]) == chat("3")
    assert files[0].fingerprint == files[1].fingerprint


def test_json_objects_may_lack_keys_and_mix_types(tmp_path: Path) -> None:
    lines = '{"prompt_id": 1, "proxy": 1}\n\n{"prompt_id": 1, "x": [1]}\n'
    lines += '{"proxy": "NaN", "prompt_id": 2, "x": "one"}\n{"proxy": true, "prompt_id": 2}\n'
    (tmp_path / "t.jsonl").write_text(lines)
    samples = read_samples(tmp_path / "t.jsonl")
    np.testing.assert_array_equal(samples.proxies["proxy"], [1.0, np.nan, np.nan, 1.0])


def test_text_that_is_not_utf8_still_tells_prompts_apart(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"prompt_id,proxy\n\xe9,1\n\xe8,2\n\xe9,3\n")
    assert read_samples(tmp_path / "t.csv").prompt_ids.tolist() == ["\\xe9", "\\xe8"]


def test_files_may_disagree_on_how_a_column_is_stored(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt_id,proxy\n1,2\n")
    (tmp_path / "b.csv").write_text("prompt_id,proxy\n1,2.5\n")
    (tmp_path / "c.jsonl").write_text('{"prompt_id": "1", "proxy": "inf"}\n')
    samples = read_samples(tmp_path)
    assert samples.proxies["proxy"].tolist() == [2.0, 2.5, np.inf]
    assert samples.prompt_ids.tolist() == ["1"]


def test_several_files_are_one_table(tmp_path: Path) -> None:
    for part in (2, 10, 1):
        content = f"prompt_id,proxy\np{part},{part}\np{part},0\n"
        (tmp_path / f"part-{part}.csv").write_text(content)
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "notes.txt").write_text("no table")
    ways = [tmp_path, f"{tmp_path}/part-*.csv", sorted(tmp_path.glob("*.csv"), key=len_name)]
    for source in ways:
        samples = read_samples(source)
        assert samples.prompt_ids.tolist() == ["p1", "p2", "p10"]
        assert samples.row.tolist() == list(range(6))
        assert len(samples.notes["files"]) == 3


def len_name(path: Path) -> tuple[int, str]:
    return len(path.name), path.name


def test_reading_a_file_loads_neither_pandas_nor_scipy(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_bytes(csv_text())
    code = (
        "import sys; from overopt.samples import read_samples, stream_samples\n"
        "light = {'pyarrow', 'pandas', 'duckdb', 'scipy'}.isdisjoint(sys.modules)\n"
        "for name in ('t.parquet', 't.csv'):\n"
        "    assert list(stream_samples(name)) and read_samples(name).fingerprint\n"
        "sys.exit(not light or not {'pandas', 'duckdb', 'scipy'}.isdisjoint(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_round_trip(tmp_path: Path) -> None:
    samples = read_samples(COLUMNS, proxies=["rm", "passed"])
    to_parquet(samples, tmp_path / "t.parquet")
    again = read_samples(tmp_path / "t.parquet", proxies=["rm", "passed"])
    check(again)
    assert again.fingerprint == samples.fingerprint
    assert to_arrow(samples).column_names == [
        *("prompt_id", "candidate_id", "source", "text", "gold", "proxy_rm", "proxy_passed")
    ]


def test_published_tables() -> None:
    folder = Path(__file__).resolve().parents[3] / "../shared/data"
    if not folder.exists():
        pytest.skip("the tables are not part of the repository")
    judge = read_samples(folder / "judge_bon24.parquet")
    assert (judge.rows, judge.prompts, judge.largest_group, judge.labelled) == (2880, 120, 24, 2880)
    assert (list(judge.proxies), judge.source) == (["proxy_judge", "proxy_chars"], None)
    newsroom = read_samples(folder / "newsroom.parquet", proxies=["chrf"])
    assert (newsroom.prompts, newsroom.largest_group) == (60, 7)
    assert "fragments" in newsroom.source.names
    starling = read_samples(folder / "starling_rewards_raw.parquet")
    assert (starling.largest_group, starling.gold) == (1, None)
