"""What holds for every format that can be followed: the same batches however they are read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from trainer_files import FORMATS, STEPS, samples

from overopt.errors import BadSamples
from overopt.integrations.followers import FOLLOWERS, followed, follower_of
from overopt.integrations.following import Following
from overopt.watch.batch import Batch
from overopt.watch.log import LogColumns


@pytest.fixture(params=FORMATS)
def format_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told(batch: Batch) -> tuple[object, ...]:
    """Everything that a batch holds, comparable."""
    numbers = {"proxy": batch.proxy, "gold": batch.gold, "kl": batch.kl, **batch.components}
    return (
        batch.run,
        batch.key,
        batch.step,
        batch.prompt_ids,
        batch.group.tolist(),
        {name: None if v is None else v.tobytes() for name, v in numbers.items()},
    )


def written(format_name: str, folder: Path) -> tuple[Path, LogColumns]:
    folder.mkdir()
    path, columns = FORMATS[format_name](folder, samples())
    return path, LogColumns(**columns)


def instalments(source: Path, target: Path, cuts: Sequence[float]) -> Iterator[None]:
    """Grows a copy of files, in order, to each share of all their bytes, and pauses there."""
    files = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    total = sum(p.stat().st_size for p in files)
    for share in [*sorted(cuts), 1.0]:
        left = round(share * total)
        for path in files:
            whole = path.read_bytes()
            part, left = whole[: max(left, 0)], left - len(whole)
            place = target if source.is_file() else target / path.relative_to(source)
            if part and (not place.exists() or place.stat().st_size != len(part)):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(part)
        yield


def test_batches_hold_what_was_written(format_name: str, tmp_path: Path) -> None:
    path, columns = written(format_name, tmp_path / "files")
    batches = list(followed(path, columns))
    assert [batch.step for batch in batches] == list(STEPS)
    for batch, rows in zip(batches, samples().values(), strict=True):
        assert batch.gold is not None
        assert batch.proxy.tolist() == [row["proxy"] for row in rows]
        assert batch.gold.tolist() == [row["gold"] for row in rows]
        assert batch.components["length"].tolist() == [row["length"] for row in rows]
        assert batch.group.tolist() == [0] * 4 + [1] * 4
        assert batch.kl is None


def test_the_format_is_recognised(format_name: str, tmp_path: Path) -> None:
    path, _ = written(format_name, tmp_path / "files")
    assert follower_of(path).name == format_name.partition(",")[0]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_instalments_tell_the_same(
    format_name: str, restarted: bool, seed: int, tmp_path: Path
) -> None:
    path, columns = written(format_name, tmp_path / "files")
    once = [told(batch) for batch in followed(path, columns)]
    target = tmp_path / "grown" / path.name
    target.parent.mkdir()
    follower = type(follower_of(path))(target)
    following = Following(follower, columns)
    batches: list[Batch] = []
    for _ in instalments(path, target, np.random.default_rng(seed).random(12).tolist()):
        batches += following.read()
        if restarted:
            following = Following(follower, columns, following.position)
    batches += following.finish()
    assert [told(batch) for batch in batches] == once
    assert following.counts["late"] == following.counts["bad"] == 0


def test_nothing_is_told_twice(format_name: str, tmp_path: Path) -> None:
    path, columns = written(format_name, tmp_path / "files")
    following = Following(follower_of(path), columns)
    assert following.read(quiet=True)
    assert following.read(quiet=True) == []
    assert following.finish() == []
    assert Following(follower_of(path), columns, following.position).finish() == []


def test_a_path_without_files_waits(format_name: str, tmp_path: Path) -> None:
    path, columns = written(format_name, tmp_path / "files")
    follower = type(follower_of(path))(path)
    shutil.move(path, tmp_path / "elsewhere")
    following = Following(follower, columns)
    assert following.read() == []
    shutil.move(tmp_path / "elsewhere", path)
    assert [batch.step for batch in following.read(quiet=True)] == list(STEPS)


def test_a_path_with_no_samples_is_refused(format_name: str, tmp_path: Path) -> None:
    path, _ = written(format_name, tmp_path / "files")
    with pytest.raises(BadSamples, match="name them with --proxy"):
        list(followed(path, LogColumns(proxy="nope")))


def test_every_format_is_tried() -> None:
    names = {name.partition(",")[0] for name in FORMATS} | {"verl-metrics"}
    assert {kind.name for kind in FOLLOWERS} == names
