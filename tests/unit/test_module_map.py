"""The map of the package: what CONTRIBUTING.md names is there, and each module says what it is for."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.append(str(ROOT / "tools"))

import module_map  # noqa: E402 - found by what stands above


def test_what_contributing_names_is_there() -> None:
    """Each path of the table of places leads to a file or a folder; a star stands for at least one."""
    table = [line for line in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if line.startswith("| ")]
    named = re.findall(r"`([\w*/]+(?:/|\.(?:py|js)|/\w+))`", "".join(table[1:]))

    assert len(named) > 40
    assert [path for path in named if not any((ROOT / "src/livebus").glob(path))] == []


def test_every_module_says_what_it_is_for() -> None:
    """A docstring begins with a sentence; only the entry points of AWS's runtimes have none to show here."""
    silent = [path for path, docstring in module_map.modules(ROOT / "src/livebus") if not docstring.strip()]

    assert silent == []


def test_words_narrow_the_map(tmp_path: Path) -> None:
    """All of the words have to be in the path or in the docstring, in any case; the first sentence is on one line."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "queue.py").write_text('"""\nPuts letters\ninto a queue.\n\nWhen retries end.\n"""\n')
    (tmp_path / "b.py").write_text('"""Retries."""\n')

    assert list(module_map.lines(tmp_path, [])) == ["a/queue.py: Puts letters into a queue.", "b.py: Retries."]
    assert list(module_map.lines(tmp_path, ["RETRIES", "queue"])) == ["a/queue.py: Puts letters into a queue."]
    assert list(module_map.lines(tmp_path, ["page"])) == []
