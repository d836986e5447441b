"""A real browser, without network, draws every chart of the page."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from golden.audit_document import audit_document

from overopt import report

pytest.importorskip("vl_convert")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OFFLINE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    # Any request that leaves the machine fails, also by name.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=10000",
)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_every_chart_is_drawn_offline(tmp_path: Path) -> None:
    page = report.save(audit_document(), tmp_path / "audit.html")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [str(CHROMIUM), *OFFLINE, profile, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    figures = done.stdout.count('<figure class="chart"')
    assert figures == 13
    assert len(re.findall(r'<svg[^>]*class="marks"', done.stdout)) == figures
    assert "could not be drawn" not in re.sub(r"(?s)<script.*?</script>", "", done.stdout)
