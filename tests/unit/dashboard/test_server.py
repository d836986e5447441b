"""Addresses of the page: what they answer, and what they refuse."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from asgi import asked, posted
from watched_store import TellingMonitor, collected, signal, watched

from overopt.dashboard.access import Access
from overopt.dashboard.guard import HEADERS, MOST_BODY_BYTES
from overopt.dashboard.server import app_of, listening
from overopt.watch.store import opened_for_reading

pytest.importorskip("fastapi")
TOKEN = "0123456789abcdef0123456789abcdef"
MONITOR = TellingMonitor(
    every=1,
    signals=(
        signal("rank_gain", "red", alarm_step=3, gain=-0.5, gain_lower=-0.75, gain_upper=-0.25),
    ),
    amber=({"name": "tail_shape", "step": 3, "sentence": "The tail grew."},),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return watched(tmp_path_factory.mktemp("page"), MONITOR, steps=30, labelled=range(20))


@pytest.fixture(scope="module")
def app(folder: Path) -> Any:
    return app_of(folder, Access())


def test_states_are_what_the_store_says(app: Any) -> None:
    runs = asked(app, "/api/runs").document["runs"]
    assert [(run["run"], run["counts"], run["amber"]) for run in runs] == [
        ("exp7", {"red": 1}, ["tail_shape"])
    ]
    run = asked(app, "/api/runs/exp7").document
    (state,) = run["states"]
    assert (state["name"], state["state"]) == ("rank_gain", "red")
    assert state["gain"] == "−0.50 [−0.75, −0.25]"
    assert state["sentence"] == "rank_gain is red"
    assert run["labels"] == {"labelled": 20, "waiting": 10}
    assert run["gold_source"] == "judge exact-match"


def test_charts_have_gold_and_proxy(app: Any) -> None:
    told = asked(app, "/api/runs/exp7/charts").document
    assert told["gold"] is True
    titles = [chart["title"] for chart in told["main"] + told["drift"]]
    assert titles[0].startswith("Gold where rows were drawn, according to judge exact-match")
    assert [title.split(":")[0] for title in titles[1:]] == [
        "Proxy",
        "Tail of the proxy",
        "KL of the policy from the reference, in nats",
        "Mean length",
    ]


@pytest.mark.parametrize("path", ["/", "/runs/exp7", "/runs/exp7/label", "/login"])
def test_every_page_is_the_same_document(app: Any, path: str) -> None:
    answered = asked(app, path)
    assert answered.status == 200
    assert answered.headers["content-type"].startswith("text/html")
    assert b"exp7" not in answered.body
    assert b"<script>" not in answered.body


@pytest.mark.parametrize(
    "path", ["/", "/api/runs", "/api/runs/none", "/metrics", "/assets/watch.css"]
)
def test_s1_no_answer_runs_anything_but_our_scripts(app: Any, path: str) -> None:
    headers = asked(app, path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert set(HEADERS) <= set(headers)


@pytest.mark.parametrize(
    "name", ["watch.js", "elements.js", "run.js", "runs.js", "label.js", "login.js"]
)
def test_s1_scripts_make_text_nodes_only(app: Any, name: str) -> None:
    answered = asked(app, f"/assets/{name}")
    assert answered.headers["content-type"].startswith("text/javascript")
    for writer in (b"innerHTML", b"outerHTML", b"insertAdjacentHTML", b"document.write", b"eval("):
        assert writer not in answered.body


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../watch.db",
        "%2e%2e",
        "..%2fwatch.db",
        "/etc/passwd",
        "a\x00b",
        "a#b",
        "a b",
        "a" * 65,
        "\\\\host\\share",
        "exp7/../exp7",
        "run.db",
        "é",
        "exp7'--",
        "%00",
    ],
)
def test_s2_names_are_not_paths(app: Any, name: str) -> None:
    for path in (f"/api/runs/{name}", f"/api/runs/{name}/queue.csv", f"/assets/{name}"):
        answered = asked(app, path)
        assert answered.status in (400, 404), path
        assert b"SQLite" not in answered.body
        assert b"root:" not in answered.body


def test_a_run_that_is_not_there_is_unknown(app: Any) -> None:
    assert asked(app, "/api/runs/none").status == 404
    assert asked(app, "/api/runs/a.b").document["error"].startswith("run 'a.b': use 1 to 64 of")


def test_the_queue_is_blind_and_answers_come_back(folder: Path, app: Any) -> None:
    told = asked(app, "/api/runs/exp7/queue?most=4").document
    assert [row["number"] for row in told["rows"]] == [20, 21, 22, 23]
    assert set(told["rows"][0]) == {"number", "step", "prompt_id", "prompt", "completion"}
    assert (told["waiting"], told["low"], told["high"]) == (10, 0, 1)
    after = asked(app, "/api/runs/exp7/queue?most=4&after=26").document
    assert [row["number"] for row in after["rows"]] == [27, 28, 29]
    answers = [{"number": 29, "gold": 1}, {"number": 28, "gold": None}]
    done = posted(app, "/api/runs/exp7/labels", {"answers": answers, "person": "ada"})
    assert done.document == {"taken": 2}
    file = "number,gold\n27,0\n26,\n"
    assert posted(app, "/api/runs/exp7/labels.csv", {"csv": file}).document == {"taken": 1}
    assert posted(app, "/api/runs/exp7/ask", {"rows": 20}).document == {"asked": 20}
    collected(folder, MONITOR)
    db = opened_for_reading(folder)
    query = "SELECT number, gold, person FROM labels WHERE source = 'human' ORDER BY number"
    assert db.execute(query).fetchall() == [(27, 0, "somebody"), (28, None, "ada"), (29, 1, "ada")]
    assert asked(app, "/api/runs/exp7/queue").document["waiting"] == 7 + 20  # drawn as asked


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("labels", {"answers": [{"number": 21, "gold": 2}]}, "answer 1: gold '2' is not a number"),
        (
            "labels",
            {"answers": [{"number": 21, "gold": 1}, {}]},
            "answer 2: 'None' is not the number",
        ),
        ("labels", {"answers": 3}, "a list of number and gold"),
        ("labels", {"answers": [3]}, "a list of number and gold"),
        ("labels.csv", {"csv": "number,gold\n2,1\n"}, "draw 2 does not wait"),
        ("labels.csv", {"csv": None}, "the text of a file is needed"),
        ("ask", {"rows": 10**9}, "ask for 1 to 1000"),
        ("ask", {"rows": "3"}, "a whole number is needed"),
        ("ask", [], "cannot be read"),
    ],
)
def test_answers_that_make_no_sense_are_refused(
    app: Any, path: str, content: Any, told: str
) -> None:
    answered = posted(app, f"/api/runs/exp7/{path}", content)
    assert answered.status == 400
    assert told in answered.document["error"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"answers": NaN}', b""])
def test_s6_bodies_that_are_no_json_are_refused(app: Any, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answered = asked(app, "/api/runs/exp7/labels", method="POST", headers=headers, body=body)
    assert answered.status == 400


def test_s6_a_body_that_is_too_long_is_refused_unread(app: Any) -> None:
    body = b'{"csv": "' + b"x" * MOST_BODY_BYTES + b'"}'
    headers = {"content-type": "application/json"}
    answered = asked(app, "/api/runs/exp7/labels.csv", method="POST", headers=headers, body=body)
    assert answered.status == 413


def test_s3_writes_of_other_sites_are_refused_everywhere(app: Any) -> None:
    for path in (
        "/login",
        "/api/runs/exp7/labels",
        "/api/runs/exp7/ask",
        "/api/runs/exp7/labels.csv",
    ):
        assert posted(app, path, {}, origin="http://evil.example").status == 403
    assert asked(app, "/", headers={"host": "evil.example"}).status == 421


def test_s3_the_token_is_exchanged_for_a_cookie(folder: Path) -> None:
    app = app_of(folder, Access(host="0.0.0.0", token=TOKEN))
    assert asked(app, "/api/runs").status == 401
    assert asked(app, "/login").status == 200
    assert posted(app, "/login", {"token": TOKEN[:-1]}).status == 401
    assert posted(app, "/login", {"token": None}).status == 401
    entered = posted(app, "/login", {"token": TOKEN})
    kept, *attributes = entered.headers["set-cookie"].split("; ")
    assert TOKEN not in kept
    assert {"HttpOnly", "SameSite=strict"} <= set(attributes)
    assert asked(app, "/api/runs", headers={"cookie": kept}).status == 200
    assert asked(app, "/api/runs", headers={"authorization": f"Bearer {TOKEN}"}).status == 200


def test_changes_are_told_as_they_come(folder: Path, app: Any) -> None:
    answered = asked(app, "/api/events", stop_after=3)
    assert answered.headers["content-type"].startswith("text/event-stream")
    assert answered.body.startswith(b"retry: 2000\n\nevent: change\ndata: ")


def test_without_a_store_every_question_has_an_answer(tmp_path: Path) -> None:
    app = app_of(tmp_path, Access())
    for path in ("/api/runs", "/api/runs/exp7", "/metrics"):
        answered = asked(app, path)
        assert answered.status == 503
        assert "does not exist: start a watch" in answered.document["error"]
    assert asked(app, "/").status == 200
    told = asked(app, "/api/health").document["symptoms"]
    assert any(each["severity"] == "bad" for each in told)


def test_json_is_strict_and_nothing_else_is_served(app: Any) -> None:
    def refused(text: str) -> Any:
        raise AssertionError(text)

    for path in ("/api/runs", "/api/runs/exp7", "/api/runs/exp7/charts", "/api/runs/exp7/samples"):
        json.loads(asked(app, path).body, parse_constant=refused)
    for path in ("/docs", "/openapi.json", "/redoc", "/assets/server.py"):
        assert asked(app, path).status == 404


def test_sockets_of_other_kinds_are_not_spoken(app: Any) -> None:
    asyncio.run(app({"type": "websocket", "headers": []}, None, None))


def test_an_address_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {port}"):
            listening("127.0.0.1", port)
