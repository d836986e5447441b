"""``overopt watch collect``: what a spool holds reaches the store, once."""

from pathlib import Path

import numpy as np
import pytest

from overopt.cli import run
from overopt.watch.collector import SPOOL
from overopt.watch.spool import Spool
from overopt.watch.store import opened_for_reading


def test_the_spool_is_taken_in_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    spool = Spool(tmp_path / SPOOL, "exp7")
    for step in range(5):
        prompts = [str(i) for i in np.repeat(np.arange(8), 8)]
        assert spool.append(step, rng.normal(size=64), prompt_ids=prompts)
    spool.close()
    assert run(["watch", "collect", "--store", str(tmp_path), "--once"]) == 0
    assert run(["watch", "collect", "--store", str(tmp_path), "--once"]) == 0
    assert "took 0 frames" in capsys.readouterr().err
    db = opened_for_reading(tmp_path)
    ((rows,),) = db.execute("SELECT rows FROM runs WHERE run = 'exp7'").fetchall()
    db.close()
    assert rows == 320


def test_a_folder_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "collect", "--store", str(tmp_path / "none"), "--once"]) == 2
    assert "no folder" in capsys.readouterr().err
