"""A real browser without network shows a watch, labels it by keyboard, and runs nothing foreign."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from exploited_run import exploited_run
from hostile_texts import hostile_texts
from watched_store import TellingMonitor, collected, signal, watched

from overopt.dashboard.access import Access
from overopt.dashboard.server import app_of, listening
from overopt.watch.store import opened_for_reading

playwright = pytest.importorskip("playwright.sync_api")
uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")
pytest.importorskip("vl_convert")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def served(folder: Path, access: Access | None = None) -> Iterator[str]:
    """The address of a server of this folder, for as long as the block lasts."""
    access = access or Access()
    config = uvicorn.Config(app_of(folder, access), log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with listening("127.0.0.1", 0) as taken:
        worker = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        worker.start()
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        worker.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield chromium
        chromium.close()


class Looked:
    """A page that was looked at: what it complained of, and whom it asked."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def only_asked(self, base: str) -> bool:
        return all(url.startswith((base, "data:", "blob:")) for url in self.asked)


def test_a_run_is_shown_with_its_charts_offline(browser: Any, tmp_path: Path) -> None:
    exploited_run(tmp_path, steps=120, onset=20, labels=12)
    with served(tmp_path) as base:
        look = Looked(browser)
        look.page.goto(base)
        look.page.get_by_role("link", name="grpo-7b").click()
        look.page.wait_for_selector("figure svg.marks >> nth=4", timeout=30_000)
        assert look.page.locator("figure svg.marks").count() == 5
        text = look.page.inner_text("main")
        assert "could not be drawn" not in text
        red = look.page.locator("table.signals .state.red")
        assert red.count() >= 1
        assert red.first.inner_text().split() == ["■", "red"]  # in words, not in colour alone
        assert "alarm at step" in text
        assert "according to unit tests" in text
        assert look.page.locator("#status").inner_text() == "live"
        assert look.complaints == []
        assert look.only_asked(base)


def test_the_page_follows_the_store(browser: Any, tmp_path: Path) -> None:
    monitor = TellingMonitor(every=1, signals=(signal("rank_gain"),))
    watched(tmp_path, monitor, steps=5, labelled=[])
    with served(tmp_path) as base:
        look = Looked(browser)
        look.page.goto(f"{base}/runs/exp7")
        look.page.wait_for_selector("text=5 wait")
        watched(tmp_path, monitor, steps=4, labelled=[0, 1])
        look.page.wait_for_selector("text=7 wait", timeout=15_000)
        assert look.complaints == []


def test_labels_are_given_by_keyboard_and_taken_back(browser: Any, tmp_path: Path) -> None:
    monitor = TellingMonitor(every=1)
    watched(tmp_path, monitor, steps=12, labelled=[])
    with served(tmp_path) as base:
        look = Looked(browser)
        page = look.page
        page.goto(f"{base}/runs/exp7/label")
        page.fill("#person", "ada")
        page.locator("h1").click()
        page.wait_for_selector("text=Draw 0, step 0")
        assert "proxy" not in page.inner_text("main").lower()
        page.keyboard.press("y")  # 0: 1, taken back below
        page.wait_for_selector("text=Draw 1,")
        page.keyboard.press("u")
        page.wait_for_selector("text=Draw 0,")
        page.keyboard.press("n")  # 0: 0
        page.wait_for_selector("text=Draw 1,")
        page.keyboard.press("s")  # 1: later
        page.wait_for_selector("text=Draw 2,")
        page.keyboard.press("9")  # 2: 1
        page.wait_for_selector("text=Draw 3,")
        page.keyboard.press("x")  # 3: refused
        page.wait_for_selector("text=Draw 4,")
        page.keyboard.press("3")  # 4: a third, held back until the page closes
        page.wait_for_selector("text=Draw 5,")
        page.goto("about:blank")
        time.sleep(0.5)
        assert look.complaints == []
    collected(tmp_path, monitor)
    query = "SELECT number, gold, source, person FROM labels ORDER BY number"
    rows = opened_for_reading(tmp_path).execute(query).fetchall()
    assert [row[:2] for row in rows] == [(0, 0), (2, 1), (3, None), (4, pytest.approx(1 / 3))]
    assert {row[2:] for row in rows} == {("human", "ada")}


def test_s1_200_hostile_texts_run_nothing(browser: Any, tmp_path: Path) -> None:
    texts = hostile_texts()
    assert len(texts) >= 200
    monitor = TellingMonitor(
        every=1,
        signals=tuple(
            signal(text, ("red", "green", "undecided")[i % 3]) for i, text in enumerate(texts)
        ),
        amber=tuple({"name": text, "step": 1, "sentence": text} for text in texts[::5]),
        gold_source=texts[0],
    )
    watched(tmp_path, monitor, steps=len(texts), rows=4, text=texts[3], prompt=texts[1],
            component=texts[2], labelled=range(40), completions=texts)  # fmt: skip
    with served(tmp_path) as base:
        look = Looked(browser)
        for path in ("/", "/runs/exp7", "/runs/exp7/label"):
            look.page.goto(base + path)
            if path == "/runs/exp7":
                look.page.wait_for_selector("figure svg.marks >> nth=3", timeout=30_000)
                look.page.wait_for_selector("table.samples")
                for each in look.page.locator("table.samples summary").all():
                    each.click()
            if path.endswith("label"):
                look.page.wait_for_selector("text=Draw 40,")
                for number in range(41, len(texts)):
                    look.page.keyboard.press("y")
                    look.page.wait_for_selector(f"text=Draw {number},")
            assert look.page.evaluate("window.__owned") is None, path
        signals = len(texts)
        look.page.goto(f"{base}/runs/exp7")
        look.page.wait_for_selector("table.signals")
        assert look.page.locator("table.signals tbody tr").count() == signals
        assert look.page.locator("main script, main iframe, main img, main object").count() == 0
        assert look.page.evaluate("window.__owned") is None
        assert look.complaints == []
        assert look.only_asked(base)


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_wider_than_the_window(browser: Any, tmp_path: Path, width: int) -> None:
    long = "x" * 300
    monitor = TellingMonitor(every=1, signals=(signal(long, sentence=long),), gold_source=long)
    watched(tmp_path, monitor, steps=12, text=long, prompt=long, component=long, labelled=range(10))
    with served(tmp_path) as base:
        look = Looked(browser, viewport={"width": width, "height": 900})
        for path in ("/", "/runs/exp7", "/runs/exp7/label", "/login"):
            look.page.goto(base + path)
            look.page.wait_for_selector("main > *")
            look.page.wait_for_timeout(700)
            assert look.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_s3_a_token_opens_the_page_once_for_all(browser: Any, tmp_path: Path) -> None:
    watched(tmp_path, TellingMonitor(every=1), steps=4, labelled=[])
    token = "0123456789abcdef0123456789abcdef"
    with served(tmp_path, Access(token=token)) as base:
        look = Looked(browser)
        look.page.goto(base)
        look.page.wait_for_url(f"{base}/login")
        look.page.fill("#token", token)
        look.page.keyboard.press("Enter")
        look.page.wait_for_selector("text=exp7")
        assert not any(token in url for url in look.asked)
