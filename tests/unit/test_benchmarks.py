"""The benchmarks that the docs name are there, take the options that are written, and are run by one command."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "benchmarks" / "documented.py"


@pytest.fixture(scope="module")
def documented() -> ModuleType:
    spec = importlib.util.spec_from_file_location("documented", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_the_docs() -> list[str]:
    pages = sorted((PROJECT / "docs").glob("*.md"))
    listed = subprocess.run([sys.executable, str(FILE), "--list"], capture_output=True, text=True, check=True)
    named = [
        line for page in pages for line in page.read_text(encoding="utf-8").split("`") if "python benchmarks/" in line
    ]
    return list(dict.fromkeys([*listed.stdout.splitlines(), *named]))


@pytest.mark.parametrize("command", in_the_docs())
def test_a_command_of_the_docs_can_be_typed(command: str) -> None:
    """Its script is there, and has each option that is written."""
    python, script, *options = shlex.split(command.removeprefix("chrt -f 50 "))
    text = (PROJECT / script).read_text(encoding="utf-8")
    missing = [option for option in options if option.startswith("--") and f'"{option}"' not in text]
    assert (python, missing) == ("python", [])


def test_each_command_is_found_once(documented: ModuleType) -> None:
    """Whatever the lines that it is broken into; what is no benchmark's is passed over."""
    text = "`python benchmarks/a.py --rounds\n5`, again `python benchmarks/a.py --rounds 5`; `python x.py`, `chrt -f 50 python benchmarks/b.py`"
    assert documented.commands(text) == ["python benchmarks/a.py --rounds 5", "python benchmarks/b.py"]


def test_what_a_command_says_has_a_file_of_its_own(documented: ModuleType) -> None:
    """Two runs of one benchmark with other options do not share it."""
    names = map(documented.name_of, ("python benchmarks/line.py --page --rounds 6", "python benchmarks/line.py"))
    assert list(names) == ["line-page-rounds-6.txt", "line.txt"]


def test_what_failed_is_not_kept(documented: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the next run begins with it; what has ended well is kept with its command."""
    monkeypatch.setattr(documented, "PROJECT", tmp_path)
    (tmp_path / "well.py").write_text("print(7)", encoding="utf-8")
    (tmp_path / "ill.py").write_text("print(7); raise SystemExit(3)", encoding="utf-8")
    codes = [documented.keep(f"python {name}.py", tmp_path / f"{name}.txt") for name in ("well", "ill")]
    kept = {file.name: file.read_text(encoding="utf-8").splitlines() for file in tmp_path.glob("*.txt")}
    assert (codes, list(kept)) == ([0, 3], ["well.txt"])
    assert (kept["well.txt"][0], kept["well.txt"][-1]) == ("python well.py", "7")
