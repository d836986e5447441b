"""``overopt lab reproduce``: the paper's numbers, and what is printed otherwise."""

import json
from pathlib import Path

import pytest

from overopt import report
from overopt.cli import run

RAW = Path(__file__).resolve().parents[3] / "../shared/data/starling_rewards_raw.parquet"
PEAKS = [None, 98, 169, 832, 3, None, 914, 643, 48917, 3]


def test_every_table_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("vl_convert")
    picture = tmp_path / "a.svg"
    assert run(["lab", "reproduce", "kwa2024", "--json", "--save", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)
    peaks = [curve["peak"] and curve["peak"]["strength"] for curve in found["best_of_n"]]
    assert peaks == PEAKS
    assert round(found["best_of_n"][2]["gold"][5], 6) == 3.308344
    parts = {part["name"]: part for part in found["conditioning"]}
    assert round(parts["normal + t3"]["gold"][2], 6) == 4.150777
    assert round(parts["t10 + t5"]["best"]["gold"], 6) == 9.339314
    assert len(parts["normal + normal"]["gold"]) == 6  # the seventh probability is no double
    exact = [round(one["exact"], 6) for one in found["differences"]]
    assert exact == [0.912937, 1.5, 1.0, 13.340998, 0.019048]
    drawing = picture.read_text(encoding="utf-8")
    assert drawing.count(">n, with KL in nats below<") == 10
    assert drawing.count(">limit 0<") == 7
    told = report.lab_reproduction(found, width=80)
    assert "t10 + t5" in told
    assert "9.167072 at 48,917" in told
    assert "printed no bound, exact" in told


@pytest.mark.skipif(not RAW.exists(), reason="shared data are absent")
def test_the_rewards_of_the_paper(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("overopt.lab.kwa2024.GOLDS", {})
    assert run(["lab", "reproduce", "kwa2024", "--json", "--data", str(RAW)]) == 0
    tails = json.loads(capsys.readouterr().out)["tails"]
    verdicts = {one["group"]: one["verdict"] for one in tails["groups"]}
    assert (verdicts["policy_llama"], verdicts["random_tokens"]) == ("light", "heavy")


def test_another_paper_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "reproduce", "gao2022"]) == 2
    assert capsys.readouterr().err == "overopt: no paper 'gao2022': choose kwa2024\n"
