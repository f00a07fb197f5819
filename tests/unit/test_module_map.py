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
    silent = [module.path for module in module_map.modules(ROOT / "src/livebus") if not module.docstring.strip()]

    assert silent == []


def test_words_narrow_the_map(tmp_path: Path) -> None:
    """
    Words begin where a word of path, docstring, names or texts begins, in any case; the first sentence is on one line.

    What has them all in path and docstring comes first, what has one only in its code says where.
    """
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "code.py").write_text('"""Numbers."""\n\ndef count_retries(): return "RETRY_ATTEMPTS"\n')
    (tmp_path / "a" / "queue.py").write_text('"""\nPuts letters\ninto a queue.\n\nWhen retries end.\n"""\n')
    (tmp_path / "b.py").write_text('"""Retries."""\n')
    (tmp_path / "a" / "z.js").write_text("// Shows\n// queues.\n\nexport function shown() {\n  return 1;\n}\n")
    queue, b = "a/queue.py: Puts letters into a queue.", "b.py: Retries."

    assert module_map.lines(tmp_path, []) == ["a/code.py: Numbers.", queue, "a/z.js: Shows queues.", b]
    assert module_map.lines(tmp_path, ["RETRIES"]) == [queue, b, "a/code.py: Numbers. [count_retries]"]
    assert module_map.lines(tmp_path, ["retries", "que"]) == [queue]
    assert module_map.lines(tmp_path, ["retry_a"]) == ["a/code.py: Numbers. [RETRY_ATTEMPTS]"]
    assert module_map.lines(tmp_path, ["shown"]) == ["a/z.js: Shows queues. [shown]"]
    assert module_map.lines(tmp_path, ["etter"]) == []
