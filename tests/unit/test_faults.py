"""The planted-fault runner must tell noticed faults from surviving ones, and trust nothing else."""

from __future__ import annotations

from pathlib import Path

import faults
import pytest

FAULT = """
[[fault]]
what = "wrong sign"
file = "src/sign.py"
old = '''{old}'''
new = '''{new}'''
tests = ["tests/test_sign.py"]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one function and one test."""
    (tmp_path / "src").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "src" / "sign.py").write_text("def minus(x):\n    return -x\n")
    (tmp_path / "tests" / "test_sign.py").write_text(
        "from sign import minus\n\ndef test_minus():\n    assert minus(2) == -2\n"
    )
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def outcome(tree: Path, old: str, new: str) -> int:
    listed = tree / "faults.toml"
    listed.write_text(FAULT.format(old=old, new=new))
    return faults.main([], root=tree, listed=listed)


def test_a_fault_that_turns_a_test_red_is_noticed(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(tree, "-x", "+x") == 0
    assert "noticed: wrong sign (src/sign.py)\n1 of 1 faults noticed" in capsys.readouterr().out
    assert "-x" in (tree / "src" / "sign.py").read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-x", "0 - x", "survived tests/test_sign.py"),
        ("(x):", "(x:", "pytest stopped with exit code 2"),
        ("x", "y", "there 2 times, not once"),
    ],
)
def test_anything_else_is_reported(
    tree: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    assert outcome(tree, old, new) == 1
    printed = capsys.readouterr().out
    assert said in printed
    assert "0 of 1 faults noticed" in printed


def test_tests_that_are_red_anyway_prove_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "src" / "sign.py").write_text("def minus(x):\n    return x - 0\n")
    assert outcome(tree, "x - 0", "x") == 1
    assert "the tests fail without any fault" in capsys.readouterr().out


def test_every_listed_fault_is_complete_and_names_existing_tests() -> None:
    for fault in faults.listed_faults(faults.LISTED):
        assert fault.old != fault.new
        assert all((faults.ROOT / test.split("::")[0]).exists() for test in fault.tests)
