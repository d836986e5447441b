"""Streams of whole prompts, and the sort that makes a table streamable."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples, read_samples, sorted_by_prompt, stream_samples

SIZES = (1, 5, 2, 7, 3, 3, 11, 1, 4)


def ragged(order: str = "clustered", kind: str = "int") -> pa.Table:
    """Nine prompts of 1 to 11 rows; the ids of prompts are in no order."""
    rng = np.random.default_rng(5)
    prompt = np.repeat(rng.permutation(len(SIZES)), SIZES)
    gold = rng.normal(size=len(prompt)).astype(np.float32)
    gold[rng.random(len(prompt)) < 0.3] = np.nan
    rows = rng.permutation(len(prompt)) if order == "shuffled" else np.arange(len(prompt))
    names = {"int": prompt.astype(np.int32), "text": [f"p{i}" for i in prompt]}
    ids = pa.array(names[kind])
    proxy = pa.array(rng.normal(size=len(prompt)).astype(np.float32))
    candidate = pa.array([f"c{i}" for i in range(len(prompt))])
    columns = {"prompt_id": ids, "proxy": proxy, "gold": pa.array(gold), "candidate_id": candidate}
    return pa.table(columns).take(pa.array(rows))


def prompt_means(blocks: list[Samples]) -> dict[object, tuple[int, float, float]]:
    """Per prompt: rows, and the sums of proxy and gold."""
    found: dict[object, tuple[int, float, float]] = {}
    for block in blocks:
        for batch in block.batches():
            proxy = batch.gather(block.proxies["proxy"]).sum(axis=1, dtype=np.float64)
            gold = np.nansum(batch.gather(block.gold), axis=1, dtype=np.float64)
            for code, *sums in zip(batch.prompt, proxy, gold, strict=True):
                key = block.prompt_ids[code]
                assert key not in found
                found[key] = (batch.size, *sums)
    return found


@pytest.mark.parametrize("kind", ["int", "text"])
@pytest.mark.parametrize(("block", "row_group"), [(1, 37), (4, 5), (7, 3), (10, 10), (999, 6)])
def test_a_cut_prompt_is_one_prompt(tmp_path: Path, kind: str, block: int, row_group: int) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(ragged(kind=kind), path, row_group_size=row_group)
    blocks = list(stream_samples(path, rows_per_block=block))
    assert prompt_means(blocks) == prompt_means([read_samples(path)])
    assert np.concatenate([b.row for b in blocks]).tolist() == list(range(sum(SIZES)))
    assert blocks[0].proxies["proxy"].dtype == np.float32
    assert (len(blocks) > 1) == (block < 999)


def test_a_prompt_cut_by_files_is_one_prompt(tmp_path: Path) -> None:
    table = ragged()
    for number, start in enumerate((0, 10, 20, 30)):
        pq.write_table(table.slice(start, 10), tmp_path / f"part-{number}.parquet")
    blocks = list(stream_samples(tmp_path, rows_per_block=8))
    assert prompt_means(blocks) == prompt_means([read_samples(table)])


def test_other_sources_stream_too(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    table = ragged(kind="text")
    polars.from_arrow(table).write_csv(tmp_path / "t.csv")
    from_frame = prompt_means(list(stream_samples(table, rows_per_block=8)))
    assert from_frame.keys() == prompt_means(list(stream_samples(tmp_path / "t.csv"))).keys()


@pytest.mark.parametrize("kind", ["int", "text"])
def test_a_prompt_that_comes_back_is_refused(kind: str) -> None:
    table = ragged(kind=kind).drop_columns("candidate_id")
    back = pa.concat_tables([table, table.slice(3, 1)])
    first = read_samples(table).prompt_ids.tolist()[1]
    message = rf"prompt {first!r} comes back in .*row 37.*sorted_by_prompt.*read_samples"
    with pytest.raises(BadSamples, match=message):
        list(stream_samples(back, rows_per_block=8))
    assert read_samples(back).prompts == len(SIZES)


def test_only_columns_that_were_asked_for_are_read() -> None:
    (block,) = stream_samples(ragged(), gold="gold", gold_source="human")
    assert block.candidate is None
    assert block.gold_source == "human"
    (block,) = stream_samples(ragged(), columns={"candidate_id": "candidate_id"})
    assert block.candidate is not None
    twice = pa.concat_tables([ragged().slice(0, 1)] * 2)
    with pytest.raises(BadSamples, match=r"repeats of a candidate within a prompt: 1 of 2 rows"):
        list(stream_samples(twice, columns={"candidate_id": "candidate_id"}))


def test_groups_within_streamed_prompts() -> None:
    table = {"prompt_id": [1, 1, 1, 2, 2], "step": [1, 2, 1, 1, 1], "proxy": [1.0, 2, 3, 4, 5]}
    blocks = list(stream_samples(table, rows_per_block=2))
    assert [b.row.tolist() for b in blocks] == [[0, 2, 1], [3, 4]]
    assert [b.groups for b in blocks] == [2, 1]


def test_bad_streams(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="rows_per_block 0"):
        stream_samples(ragged(), rows_per_block=0)
    with pytest.raises(BadSamples, match=r"gold column 'gold' .* is empty in all 2 rows"):
        list(
            stream_samples(
                {"prompt_id": [1, 2], "proxy": [1, 2], "gold": [None, None]}, gold="gold"
            )
        )
    with pytest.raises(BadSamples, match="has no rows"):
        list(stream_samples({"prompt_id": [], "proxy": []}))
    pq.write_table(ragged(), tmp_path / "t.parquet")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[4:60] = bytes(56)
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(BadSamples, match=r"cannot read .*t\.parquet"):
        list(stream_samples(tmp_path / "t.parquet"))


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "csv.gz"])
def test_sorted_on_disk(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("duckdb")
    polars = pytest.importorskip("polars")
    table, path = ragged("shuffled"), tmp_path / f"a 'quoted' name.{suffix}"
    frame = polars.from_arrow(table)
    if suffix == "parquet":
        pq.write_table(table, path, row_group_size=5)
    elif suffix == "jsonl":
        frame.with_columns(polars.col("gold").fill_nan(None)).write_ndjson(path)
    else:
        frame.write_csv(path, compression="gzip" if suffix.endswith("gz") else "uncompressed")
    out = sorted_by_prompt(path, tmp_path / "out.parquet", memory_limit="200MB")
    blocks = list(stream_samples(out, rows_per_block=8))
    assert prompt_means(blocks).keys() == prompt_means([read_samples(table)]).keys()
    rows = np.concatenate([block.row for block in blocks])
    scores = np.concatenate([block.proxies["proxy"] for block in blocks])
    np.testing.assert_allclose(scores, table["proxy"].to_numpy()[rows], rtol=1e-6)
    assert read_samples(out).fingerprint == read_samples(path).fingerprint


def test_large_files_are_sorted_on_disk(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    pq.write_table(ragged("shuffled"), tmp_path / "t.parquet")
    here = read_samples(tmp_path / "t.parquet")
    there = read_samples(tmp_path / "t.parquet", sort_on_disk_above=30)
    assert prompt_means([here]) == prompt_means([there])
    assert dict(zip(here.row, here.proxies["proxy"], strict=True)) == dict(
        zip(there.row, there.proxies["proxy"], strict=True)
    )
    assert there.origin == here.origin


def test_what_cannot_be_sorted(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "t.csv"
    path.write_text("prompt_id,proxy\n1,2\n")
    with pytest.raises(BadOption, match="memory limit 'lots' is no size"):
        sorted_by_prompt(path, tmp_path / "o.parquet", memory_limit="lots")
    with pytest.raises(BadSamples, match="no column 'x'"):
        sorted_by_prompt(path, tmp_path / "o.parquet", columns={"prompt_id": "x"})
    with pytest.raises(BadSamples, match=r"cannot sort .*t\.csv"):
        sorted_by_prompt(path, tmp_path / "no" / "o.parquet")
