"""``overopt lab``: exact curves from the command line."""

import json
from pathlib import Path

import pytest

from overopt.cli import run

CURVE = ["lab", "curve", "--gold", "normal:sd=2", "--error", "t:df=3,sd=1"]


def document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert run([*arguments, "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    found: dict[str, object] = json.loads(printed)
    return found


def test_a_curve_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = document([*CURVE, "--pressure", "best-of-n", "--to", "65536"], capsys)
    assert found["schema"] == "overopt.lab/1"
    assert found["strength"] == [2.0**k for k in range(17)]
    lists = ("kl", "gold", "proxy", "error_bound", "win_rate", "chi_square", "slope")
    assert {len(found[name]) for name in lists} == {17}  # type: ignore[arg-type]
    peak = found["peak"]
    assert isinstance(peak, dict)
    assert (peak["strength"], round(peak["gold"], 6)) == (169, 4.091391)


def test_a_curve_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*CURVE, "--at", "1,16,256"]) == 0
    told = capsys.readouterr().out
    assert "Gold peaks at n = 169 (KL 4.14 nats): 4.091391" in told
    assert "\n256  4.549084  4.052506" in told


def test_a_curve_without_a_peak_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    light = ["lab", "curve", "--gold", "normal:sd=2", "--error", "normal", "--to", "64"]
    assert run(light) == 0
    assert "No peak in this range: gold is highest at n = 64" in capsys.readouterr().out
    found = document(light, capsys)
    assert found["peak"] is None
    assert found["limit"] == {
        "verdict": "benign",
        "value": None,
        "unbounded": True,
        "theorem": "Theorem 6",
        "reason": found["limit"]["reason"],  # type: ignore[index]
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--at", "1,16,256"], "Its limit is 0.000000 (weak: Theorem 5)."),
        (["--copula", "clayton:theta=2", "--at", "1,4"], "No theorem here tells its limit."),
    ],
)
def test_a_curve_tells_its_limit(
    more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*CURVE, *more]) == 0
    assert said in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["discrete:3=1", "--to", "8"], "Gold does not move: it is 3.000000 at every strength"),
        (["normal:mean=2", "--at", "1"], "Gold is 2.000000 at n = 1. In the limit"),
    ],
)
def test_no_peak_is_told_of_gold_that_cannot_have_one(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "curve", "--error", "normal", "--gold", *arguments]) == 0
    assert said in capsys.readouterr().out.replace("\n", " ")


def test_the_list_names_every_law_and_pressure(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "list"]) == 0
    told = capsys.readouterr().out
    for word in ("lognormal:sigma=0.69,mean=0", "t:df=3,sd=1", "best_of_poisson", "chi_square"):
        assert word in told
    found = document(["lab", "list"], capsys)
    assert {law["name"] for law in found["laws"]} >= {"normal", "t", "levy"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        ("t:df=-1", "t: df must be above 0, got -1"),
        ("student", "no law 'student': choose from beta, "),
        ("normal:df=3", "law normal cannot read 'df=3': it takes shift, scale, mean, sd"),
        ("t", "law t needs df: write t:df=NUMBER"),
        ("normal:sd=big", "law normal: sd=big is not a number"),
        ("normal:sd=1,sd=2", "law normal is given sd twice"),
        ("t:df=2,sd=1", "t: sd=1 cannot be had"),
        ("levy", "gold has no finite mean"),
    ],
)
def test_a_bad_law_is_one_line(gold: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "curve", "--gold", gold, "--error", "normal"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"overopt: {said}")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--pressure", "worst-of-n"], "no pressure 'worst-of-n': choose from best_of_n, "),
        (["--to", "0.5"], "strengths of best-of-n (n) start at 1"),
        (["--to", "1.7"], "strengths of best-of-n (n) start at 1: the last must be finite and at "),
        (["--at", ""], "--at : give numbers"),
        (["--soft-lambda", "2"], "an inverse temperature (2) belongs to soft_best_of_n alone"),
        (["--at", "1,x"], "--at 1,x: give numbers"),
        (["--at", "0.5,2"], "best-of-n: strengths (n) must ascend from 1"),
        (["--pressure", "kl-tilt", "--to", "1"], "the optimum of KL-regularised training does not"),
    ],
)
def test_a_bad_pressure_is_one_line(
    more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*CURVE, *more]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"overopt: {said}")
    assert told.err.count("\n") == 1


def fields(found: object) -> set[str]:
    """Of mappings at every depth, but for the rows of tables, whose columns vary."""
    if isinstance(found, list):
        return set().union(*(fields(part) for part in found[:3]))
    if not isinstance(found, dict):
        return set()
    deeper = (fields(part) for name, part in found.items() if name != "rows")
    return set(found).union(*deeper)


@pytest.mark.parametrize(
    "arguments",
    [
        ["limit", "--gold", "normal", "--error", "laplace"],
        ["limit", "--gold", "normal", "--error", "normal", "--copula", "clayton:theta=1"],
        ["theorem", "price"],
        ["theorem", "gao"],
    ],
    ids=["limit", "no theorem", "tables", "panels"],
)
def test_every_field_of_a_limit_and_a_theorem_is_documented(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    told = (docs / "lab.md").read_text("utf-8") + (docs / "theory/limits.md").read_text("utf-8")
    found = document(["lab", *arguments], capsys)
    assert found["kind"] == arguments[0]
    assert {name for name in fields(found) if f"`{name}`" not in told} == set()


@pytest.mark.parametrize("arguments", [CURVE, ["lab", "list"]], ids=["curve", "list"])
def test_every_field_is_documented(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = (Path(__file__).resolve().parents[3] / "docs" / "lab.md").read_text(encoding="utf-8")
    found = document(arguments, capsys)
    nested = [value for value in found.values() if isinstance(value, dict)]
    for name in {*found, *(key for part in nested for key in part)}:
        assert f"`{name}`" in told


def test_a_limit_as_json_and_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["lab", "limit", "--gold", "t:df=10", "--error", "lognormal:sigma=0.69"]
    found = document(given, capsys)
    assert found["schema"] == "overopt.lab/1"
    assert (found["verdict"], found["value"], found["unbounded"]) == ("none", None, True)
    assert (found["theorem"], found["base"]) == ("tail gap", 0)
    trend = found["trend"]
    assert isinstance(trend, dict)
    assert trend["strength"][0] == 10
    assert run(given) == 0
    told = capsys.readouterr().out
    assert "No overoptimisation in the limit. Gold grows without bound" in told
    assert "tail gap: the error is heavy, but gold's tail is heavier" in told
    assert "Yet exact gold falls between n = 100 and n = " in " ".join(told.split())


def test_a_limit_without_a_theorem_shows_the_trend(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["lab", "limit", "--gold", "normal", "--error", "normal", "--copula", "clayton:theta=2"]
    found = document(given, capsys)
    assert (found["verdict"], found["value"], found["theorem"]) == ("not_covered", None, None)
    assert run(given) == 0
    told = capsys.readouterr().out
    assert "Not covered by a theorem. The limit of gold is not known" in told
    assert "\n     100  " in told


def test_a_theorem_as_json_and_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["lab", "theorem", "1"], capsys)
    assert (found["schema"], found["name"]) == ("overopt.lab/1", "1")
    tables = found["tables"]
    assert isinstance(tables, list)
    assert round(tables[0]["rows"][4]["mean"], 4) == 23.7734
    assert run(["lab", "theorem", "price"]) == 0
    assert "13.341" in capsys.readouterr().out
    assert run(["lab", "theorem", "9"]) == 2
    assert "choose from 1, 2, 3, 4, 5, 6, heavy-ends" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["limit", "--gold", "normal", "--error", "laplace", "--pressure", "kl-tilt"],
        ["theorem", "price"],
        ["iterate", "--every", "4", "--labels", "128"],
    ],
    ids=["limit", "theorem", "iterate"],
)
def test_a_picture_is_saved_or_refused_before_the_work(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("vl_convert")
    picture, page = tmp_path / "a.svg", tmp_path / "a.html"
    assert run(["lab", *arguments, "--save", str(picture), "--save", str(page)]) == 0
    assert capsys.readouterr().err == f"overopt: wrote {picture}\noveropt: wrote {page}\n"
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert "vega" in page.read_text(encoding="utf-8")
    assert run(["lab", *arguments, "--save", "a.pdf"]) == 2
    assert capsys.readouterr().out == ""
