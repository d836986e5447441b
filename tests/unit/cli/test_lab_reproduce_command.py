"""``overopt lab reproduce``: the paper's numbers, and what is printed otherwise."""

import json
import math
from pathlib import Path

import pytest

from overopt import report
from overopt.cli import run
from overopt.lab import kwa2024, law_of

RAW = Path(__file__).resolve().parents[3] / "../shared/data/starling_rewards_raw.parquet"
LAWS = ["normal + normal", "normal + t5"]


def test_the_laws_are_those_of_the_paper() -> None:
    """Their grid and thresholds are held to reference values in test_published_grid."""
    golds = {"normal": "normal:sd=2", "t10": "t:df=10,sd=2"}
    errors = {"normal": "normal", "lognormal": f"lognormal:sigma={math.log(2)!r},shift=-1"}
    errors |= {"t3": "t:df=3,sd=1", "t5": "t:df=5,sd=1", "levy": "levy"}
    for laws, told in ((kwa2024.GOLDS, golds), (kwa2024.ERRORS, errors)):
        assert {name: str(law) for name, law in laws.items()} == {
            name: str(law_of(text)) for name, text in told.items()
        }


def test_every_table_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For two of the ten laws, which take long."""
    pytest.importorskip("vl_convert")
    for known, kept in (("GOLDS", ["normal"]), ("ERRORS", ["normal", "t5"])):
        laws = getattr(kwa2024, known)
        monkeypatch.setattr(kwa2024, known, {name: laws[name] for name in kept})
    picture = tmp_path / "a.svg"
    assert run(["lab", "reproduce", "kwa2024", "--json", "--save", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [curve["name"] for curve in found["best_of_n"]] == LAWS
    peaks = [curve["peak"] and curve["peak"]["strength"] for curve in found["best_of_n"]]
    assert peaks == [None, 832]
    assert round(found["best_of_n"][1]["gold"][5], 6) == 4.771731
    parts = {part["name"]: part for part in found["conditioning"]}
    assert round(parts["normal + t5"]["gold"][2], 6) == 4.76733
    assert round(parts["normal + t5"]["best"]["gold"], 6) == 4.873474
    assert len(parts["normal + normal"]["gold"]) == 6  # the seventh probability is no double
    exact = [round(one["exact"], 6) for one in found["differences"]]
    assert exact == [0.912937, 1.5, 1.0, 13.340998, 0.019048]
    drawing = picture.read_text(encoding="utf-8")
    assert drawing.count(">n, with KL in nats below<") == 2
    assert drawing.count(">limit 0<") == 1
    told = report.lab_reproduction(found, width=80)
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("gold + error") == 5  # tables in three pieces and in two
    assert "printed -13.443," in told
    assert "4.777809 at 832" in told
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
