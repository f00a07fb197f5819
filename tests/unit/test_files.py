"""Files that people name."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.files import event_files, is_left_over


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders.ndjson.failed.ndjson", True),
        ("orders.ndjson.failed-2.ndjson", True),
        ("orders.ndjson.journal", True),
        ("orders.ndjson.journal.new", True),
        ("orders.ndjson", False),
        ("payment-failed.json", False),
        ("failed.ndjson", False),
        ("journal.json", False),
    ],
)
def test_what_a_run_left_is_known_by_its_name(name: str, expected: bool) -> None:
    """Samples of events that failed have such words in their names, too."""
    assert is_left_over(name) == expected


def test_a_folder_stands_for_its_samples(tmp_path: Path) -> None:
    """In the order of their names, without what publish left there."""
    for name in ("b.json", "a.ndjson", "a.ndjson.failed.ndjson", "a.ndjson.journal", "readme.md"):
        (tmp_path / name).write_text("{}")
    assert [path.name for path in event_files(tmp_path)] == ["a.ndjson", "b.json"]
    assert event_files(tmp_path / "nothing") == []
