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


def run_in(
    folder: Path, files: dict[str, str], jobs: int, kept: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """
    A run of pytest of its own in a folder of these files, which are rewritten ahead by so many processes; what ``kept`` (Python) makes
    of them before pytest imports any stands in the folder's file of that name afterwards.
    """
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "conftest.py").write_text(
        "from pathlib import Path\n"
        "from support import rewriting\n\n"
        "def pytest_sessionstart(session):\n"
        "    here = Path(__file__).parent\n"
        f"    rewriting.rewrite_ahead(session.config, sorted(here.glob('test_*.py')), {jobs})\n"
        "    found = sorted((here / '__pycache__').glob('test_*'))\n"
        f"    (here / 'kept').write_text({kept})\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )


SOUND = "def test_it():\n    assert [1] == [1]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker does its own work")
def test_pytest_takes_what_is_kept_and_writes_it_no_more(tmp_path: Path) -> None:
    """What is kept ahead is what pytest's import of the same file reads: it would put a file of its own in its place."""
    # Besides a file that is none: left to the one who imports it.
    files = {"test_broken.py": "def (:\n", "test_it.py": SOUND}
    name_and_file = "' '.join(f'{each.name} {each.stat().st_ino}' for each in found)"
    done = run_in(tmp_path, files, 2, name_and_file, "test_it.py")
    assert done.returncode == 0, done.stdout + done.stderr
    (kept,) = (tmp_path / "__pycache__").glob("test_*-pytest-*.pyc")
    assert kept.name.startswith("test_it.")
    assert (tmp_path / "kept").read_text(encoding="utf-8") == f"{kept.name} {kept.stat().st_ino}"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker does its own work")
@pytest.mark.parametrize("option", ["--assert=rewrite", "--assert=plain", "--import-mode=importlib"])
def test_what_cannot_be_rewritten_ahead_is_no_words_about_processes(tmp_path: Path, option: str) -> None:
    """A file that is too deep for Python's parser stops none of those behind it; where asserts stay plain nothing is done."""
    files = {"test_a.py": f"x = {'+'.join(['1'] * 20_000)}\n", "test_b.py": SOUND}
    done = run_in(tmp_path, files, 1, "' '.join(each.name.partition('.')[0] for each in found)", option, "test_b.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "kept").read_text(encoding="utf-8") == ("" if option == "--assert=plain" else "test_b")
