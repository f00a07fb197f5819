"""The file of failed entries: what it holds, and that it can be published again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from livebus.aws.publish.failed_entries import FailedEntries, free_name
from livebus.aws.publish.sources import sources
from livebus.errors import LivebusError
from livebus.event.stream import StreamedEntry, read_events
from livebus.publish.answer import Result
from livebus.publish.request import Addressing

ENTRY = StreamedEntry(b'{"Source":"my.app","DetailType":"Hello","Detail":"{\\"n\\":1}"}', 20, "e.ndjson", 4, 5)
REFUSED = Result("", "MalformedDetail", 'Detail is "malformed".')


def test_an_entry_comes_with_its_reason_and_its_bus(tmp_path: Path) -> None:
    """A line of JSON: the entry as it was sent, and ``_livebus``."""
    failed = FailedEntries(tmp_path / "f.ndjson", Addressing("orders"))
    failed.add((7, ENTRY), REFUSED)
    failed.sync()
    failed.close()
    assert json.loads(failed.path.read_text()) == {
        "_livebus": {
            "errorCode": "MalformedDetail",
            "errorMessage": 'Detail is "malformed".',
            "file": "e.ndjson",
            "index": 4,
            "line": 5,
        },
        "EventBusName": "orders",
        "Source": "my.app",
        "DetailType": "Hello",
        "Detail": '{"n":1}',
    }


def test_it_is_input_again(tmp_path: Path) -> None:
    """The reader leaves the reason out, and the bus stays."""
    failed = FailedEntries(tmp_path / "f.ndjson", Addressing("orders"))
    for number in range(3):
        failed.add((number, ENTRY), REFUSED)
    failed.sync()
    failed.close()
    again = list(read_events(sources([str(failed.path)])))
    expected = {"EventBusName": "orders", **json.loads(ENTRY.text)}
    assert [expected] * 3 == [json.loads(found.text) for found in again if isinstance(found, StreamedEntry)]


def test_without_failures_there_is_no_file(tmp_path: Path) -> None:
    """It is made at the first one."""
    failed = FailedEntries(tmp_path / "f.ndjson", Addressing())
    failed.sync()
    failed.close()
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_goes_on_behind_the_last_whole_line(tmp_path: Path) -> None:
    """A line that was cut off belongs to an entry that is going to be sent again."""
    path = tmp_path / "f.ndjson"
    path.write_bytes(b'{"a":1}\n{"b":' + b"x" * 100_000)
    failed = FailedEntries(path, Addressing(), resumed=True)
    failed.add((0, ENTRY), REFUSED)
    failed.sync()
    failed.close()
    first, second = path.read_text().splitlines()
    assert first == '{"a":1}'
    assert json.loads(second)["Source"] == "my.app"


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    """An earlier file may hold what is not published yet."""
    path = tmp_path / "a.failed.ndjson"
    assert free_name(path) == path
    path.touch()
    (tmp_path / "a.failed-2.ndjson").touch()
    assert free_name(path) == tmp_path / "a.failed-3.ndjson"


def test_a_full_disk_is_told_and_nothing_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is written when it can be."""
    failed = FailedEntries(tmp_path / "f.ndjson", Addressing())
    failed.add((0, ENTRY), REFUSED)
    with monkeypatch.context() as patch:

        def full(file: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "write", full)
        with pytest.raises(LivebusError, match=r"cannot be written: no space left on device\. Name another one with"):
            failed.sync()
        assert not failed.is_whole
    failed.sync()
    failed.close()
    assert len(failed.path.read_text().splitlines()) == 1


def test_a_disk_that_fills_up_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is taken back: tried again, nothing is in it twice or by half."""
    failed = FailedEntries(tmp_path / "f.ndjson", Addressing())
    failed.add((0, ENTRY), REFUSED)
    failed.sync()
    failed.add((1, ENTRY), REFUSED)
    before, write = failed.path.read_bytes(), os.write
    with monkeypatch.context() as patch:

        def filling(file: int, data: bytes) -> int:
            patch.setattr(os, "write", full)
            return write(file, data[:10])

        def full(file: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "write", filling)
        with pytest.raises(LivebusError, match="no space left on device"):
            failed.sync()
    assert failed.path.read_bytes() == before
    failed.sync()
    failed.close()
    assert [json.loads(line)["Source"] for line in failed.path.read_text().splitlines()] == ["my.app", "my.app"]
