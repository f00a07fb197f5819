"""Test files are rewritten ahead of the workers: pytest finds what is kept, and takes it for its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import rewriting

TESTS = Path(__file__).parents[1]


def test_the_files_are_those_that_pytest_rewrites() -> None:
    """Tests and fixtures, not what they import."""
    found = rewriting.files(TESTS)
    assert {TESTS / "conftest.py", Path(__file__), TESTS / "e2e" / "conftest.py"} <= set(found)
    assert {file.name for file in found if not file.name.startswith("test_")} == {"conftest.py"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker does its own work")
def test_pytest_takes_what_is_kept_and_writes_it_no_more(tmp_path: Path) -> None:
    """What is kept ahead is what pytest's import of the same file reads: it would put a file of its own in its place."""
    # Besides a file that is none: left to the one who imports it.
    (tmp_path / "test_broken.py").write_text("def (:\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert [1] == [1]\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "from pathlib import Path\n"
        "from support import rewriting\n\n"
        "def pytest_sessionstart(session):\n"
        "    here = Path(__file__).parent\n"
        "    rewriting.rewrite_ahead(session.config, sorted(here.glob('test_*.py')), 2)\n"
        "    (kept,) = (here / '__pycache__').glob('test_*-pytest-*.pyc')\n"
        "    (here / 'kept').write_text(f'{kept.name} {kept.stat().st_ino}')\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (kept,) = (tmp_path / "__pycache__").glob("test_*-pytest-*.pyc")
    assert kept.name.startswith("test_it.")
    assert (tmp_path / "kept").read_text(encoding="utf-8") == f"{kept.name} {kept.stat().st_ino}"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker does its own work")
@pytest.mark.parametrize("option", ["--assert=rewrite", "--assert=plain", "--import-mode=importlib"])
def test_what_cannot_be_rewritten_ahead_is_no_words_about_processes(tmp_path: Path, option: str) -> None:
    """A file that is too deep for Python's parser stops none of those behind it; where asserts stay plain nothing is done."""
    (tmp_path / "test_a.py").write_text(f"x = {'+'.join(['1'] * 20_000)}\n", encoding="utf-8")
    (tmp_path / "test_b.py").write_text("def test_it():\n    assert [1] == [1]\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "from pathlib import Path\n"
        "from support import rewriting\n\n"
        "def pytest_sessionstart(session):\n"
        "    here = Path(__file__).parent\n"
        "    rewriting.rewrite_ahead(session.config, sorted(here.glob('test_*.py')), 1)\n"
        "    kept = sorted(each.name.partition('.')[0] for each in here.glob('__pycache__/test_*'))\n"
        "    (here / 'kept').write_text(' '.join(kept))\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", option, "test_b.py"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "kept").read_text(encoding="utf-8") == ("" if option == "--assert=plain" else "test_b")
