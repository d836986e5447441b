"""Plant small faults, one at a time, and see whether the tests notice: ``make faults``.

Each fault of ``faults.toml`` is an edit of one file and the tests that must turn red under it. It
is made in a temporary copy of the tree, so that the checkout is never touched. Arguments, if any,
choose the faults whose ``what`` or ``file`` contains one of them. Exits 1 when a fault survives,
when the tests are red without it, or when the text to replace is not there exactly once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTED = Path(__file__).with_suffix(".toml")
COPIED = ("src", "tests", "pyproject.toml")
TESTS_FAILED = 1  # pytest's exit code; 2 and above mean that it could not run the tests at all
WORKERS = 2


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A wrong edit (``old`` becomes ``new`` in ``file``) that some of ``tests`` must notice."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def listed_faults(listed: Path) -> list[Fault]:
    """Every fault of a TOML file of ``[[fault]]`` tables."""
    with listed.open("rb") as stream:
        tables = tomllib.load(stream)["fault"]
    return [Fault(**{**table, "tests": tuple(table["tests"])}) for table in tables]


def copied_tree(root: Path, place: Path) -> Path:
    """A copy of what the tests need, in ``place``."""
    for name in COPIED:
        source, target = root / name, place / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    return place


def pytest_exit(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of pytest on some tests of ``tree``, which must import that tree."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-qx", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def complaint(root: Path, fault: Fault) -> str | None:
    """What is wrong with the proof that ``fault`` is noticed; None when a test turned red."""
    with tempfile.TemporaryDirectory() as place:
        tree = copied_tree(root, Path(place))
        path = tree / fault.file
        text = path.read_text(encoding="utf-8")
        if text.count(fault.old) != 1:
            return f"stale: its old text is there {text.count(fault.old)} times, not once"
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        code, output = pytest_exit(tree, fault.tests)
    if code == 0:
        return f"survived {' '.join(fault.tests)}"
    return None if code == TESTS_FAILED else f"pytest stopped with exit code {code}:\n{output}"


def baseline_complaint(root: Path, faults: Sequence[Fault]) -> str | None:
    """Why the named tests prove nothing: they are red, or cannot run, without any fault."""
    tests = sorted({test for fault in faults for test in fault.tests})
    with tempfile.TemporaryDirectory() as place:
        code, output = pytest_exit(copied_tree(root, Path(place)), tests)
    return None if code == 0 else f"the tests fail without any fault:\n{output}"


def main(chosen: Sequence[str], root: Path = ROOT, listed: Path = LISTED) -> int:
    """Plant the chosen faults, print what became of each, return the exit code."""
    faults = [
        fault
        for fault in listed_faults(listed)
        if not chosen or any(word in fault.what or word in fault.file for word in chosen)
    ]
    if not faults:
        print(f"no fault of {listed.name} matches {' '.join(chosen)}")
        return 1
    if wrong := baseline_complaint(root, faults):
        print(wrong)
        return 1
    survivors = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        complaints = pool.map(lambda fault: complaint(root, fault), faults)
        for fault, wrong in zip(faults, complaints, strict=True):
            survivors += wrong is not None
            print(f"{wrong or 'noticed'}: {fault.what} ({fault.file})", flush=True)
    print(f"{len(faults) - survivors} of {len(faults)} faults noticed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
