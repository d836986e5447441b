"""``overopt watch replay``: the contract of its JSON, its text, its exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest

from overopt.cli import run
from overopt.report import watch_text
from overopt.watch.replaying import replay

SIGNAL = {
    "name", "state", "alarm_step", "began_step", "expires_step", "labels_used", "gain",
    "gain_lower", "gain_upper", "labels_needed", "detectable", "refusals_that_hide", "sentence",
}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run "good" keeps paying; "bad" turns at step 60."""
    rng = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("logs") / "runs.jsonl"
    with path.open("w") as file:
        for step in range(120):
            for name, slope in (("good", 0.8), ("bad", 0.8 if step < 60 else -0.8)):
                quality = rng.normal(size=(4, 8))
                proxy = slope * quality + rng.normal(size=(4, 8))
                for place in np.ndindex(4, 8):
                    row = {
                        "run": name,
                        "step": step,
                        "prompt_id": f"{step}-{place[0]}",
                        "proxy": round(proxy[place], 4),
                        "gold": int(quality[place] > 0),
                        "kl": 0.01 * step,
                    }
                    file.write(json.dumps(row) + "\n")
    return path


def test_json_says_which_run_turned_and_when(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["watch", "replay", str(log), "--json", "--label-rate", "1", "--kl-budget", "0.5"])
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert code == 1
    assert document["schema"] == "overopt.watch/1"
    good, bad = document["runs"]
    assert (good["run"], bad["run"]) == ("good", "bad")
    for one in (good, bad):
        assert all(set(signal) == SIGNAL for signal in one["signals"])
    assert [amber["name"] for amber in good["amber"]] == ["kl_budget"]
    assert {amber["name"] for amber in bad["amber"]} == {"early_gain", "kl_budget"}
    states = {signal["name"]: signal for signal in good["signals"]}
    assert "red" not in {signal["state"] for signal in good["signals"]}
    assert states["rank_gain"]["state"] == "green"
    assert states["rank_gain"]["gain_lower"] > 0
    turned = {signal["name"]: signal for signal in bad["signals"]}["rank_gain"]
    assert turned["state"] == "red"
    assert 60 < turned["alarm_step"] < 90
    assert 55 <= turned["began_step"] <= turned["alarm_step"]


def test_text_names_the_judge_and_never_calls_silence_safe(log: Path) -> None:
    document = replay(log, gold_source="judge \x1b[31mX")
    text = watch_text(document, width=80)
    assert "No alarm is no safety" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert all(
        "judge" in signal["sentence"] for one in document["runs"] for signal in one["signals"]
    )


def test_without_gold_nothing_is_shown(log: Path) -> None:
    columns = {name: [1.0, 2.0, 3.0] for name in ("step", "proxy")}
    (only,) = replay(columns)["runs"]
    assert {signal["state"] for signal in only["signals"]} == {"undecided"}
    assert "no gold labels" in watch_text(replay(columns))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--label-rate", "0"], "label rate 0.0"),
        (["--signal", "best_of_1"], "best_of_1"),
        (["--gold-range", "1", "0"], "gold range 1 to 0"),
        (["--false-alarm", "0"], "false alarm 0"),
        (["--card", "nowhere.json"], "no card 'nowhere.json'"),
        (["--proxy", "reward"], "--proxy 'reward' is not a column"),
        (["--kl-budget", "-1"], "KL budget of -1"),
        (["--seed", "-1"], "seed -1"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(
    log: Path, arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["watch", "replay", str(log), *arguments]) == 2
    told = capsys.readouterr().err
    assert what in told
    assert told.count("\n") == 1
