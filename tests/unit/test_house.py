"""Rules of the house that no linter checks: start-up cost, names, sizes, what may be committed."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import overopt

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("src", "tests", "benchmarks", "examples")
LONGEST_FILE, LONGEST_FUNCTION = 400, 80
HEAVY = {
    "altair",
    "duckdb",
    "jinja2",
    "pandas",
    "polars",
    "pyarrow",
    "scipy.stats",
    "torch",
    "vl_convert",
}
# Paths of one machine and addresses of package registries; brackets keep this file itself clean.
PRIVATE = re.compile(
    r"/wo[r]k/|/ro[o]t/|/ho[m]e/\w+/|/Us[e]rs/\w+/"
    r"|py[p]i\.org|python[h]osted\.org|registry\.n[p]mjs|deb\.de[b]ian\.org|/sim[p]le/"
)

HELP = """
import sys
from overopt.cli import main
sys.argv = ["overopt", "--help"]
try:
    main()
except SystemExit as stopped:
    assert not stopped.code
"""


def loaded_modules(code: str) -> set[str]:
    """Every module in a fresh interpreter that has run ``code``."""
    listing = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def submodules() -> Iterator[str]:
    """Dotted names of every module and package below overopt."""
    for module in pkgutil.walk_packages(overopt.__path__, "overopt."):
        yield module.name


def code_files() -> list[Path]:
    """Every Python file that is ours."""
    return sorted(path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py"))


def committed_texts() -> list[Path]:
    """Every file that git tracks; skips outside a checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_import_overopt_loads_nothing_but_itself() -> None:
    loaded = loaded_modules("import overopt")
    assert not loaded & (HEAVY | {"numpy", "rich", "typer"})


def test_help_loads_nothing_heavy() -> None:
    assert not loaded_modules(HELP) & HEAVY


@pytest.mark.parametrize("name", overopt.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(overopt, name).__name__ == name
    assert name in dir(overopt)


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'overopt' has no attribute 'audti'"):
        _ = overopt.audti


def test_type_checkers_see_the_same_names_as_the_interpreter() -> None:
    tree = ast.parse(Path(overopt.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == overopt._HOMES


def test_no_module_hides_a_public_function() -> None:
    before = {name: getattr(overopt, name) for name in overopt.__all__}
    for name in submodules():
        importlib.import_module(name)
    assert {name: getattr(overopt, name) for name in overopt.__all__} == before


def test_files_and_functions_stay_short() -> None:
    too_long = []
    for path in code_files():
        text = path.read_text(encoding="utf-8")
        lengths = [(LONGEST_FILE, str(path.relative_to(ROOT)), text.count("\n"))]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                lengths.append((LONGEST_FUNCTION, where, node.end_lineno - node.lineno + 1))
        too_long += [(where, length) for cap, where, length in lengths if length > cap]
    assert too_long == []


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    named = []
    for path in committed_texts():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # not text
        named += [
            f"{path.name}:{i}: {line}" for i, line in enumerate(lines, 1) if PRIVATE.search(line)
        ]
    assert named == []
