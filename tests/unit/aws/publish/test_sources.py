"""What a user names as sources: files, folders, gzip, stdin."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest

from livebus.aws.publish.sources import Opened, sources
from livebus.event.stream import StreamFault, read_events

LINE = json.dumps({"Source": "a", "DetailType": "b", "Detail": {}}) + "\n"


def read(*names: str | Path) -> list[str]:
    """What is read: file and number of each entry, the words of each fault."""
    return [
        str(each.fault) if isinstance(each, StreamFault) else f"{each.file} {each.index}"
        for each in read_events(sources(map(str, names)))
    ]


def test_a_folder_stands_for_its_event_files_in_order(tmp_path: Path) -> None:
    """JSON and NDJSON, plain and gzip; nothing else, and nothing below it."""
    for name in ("b.ndjson", "a.json", "README.md", "d.jsonl"):
        (tmp_path / name).write_text(LINE)
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(LINE.encode()))
    (tmp_path / "e.json").mkdir()
    assert [f"{tmp_path}/{name} 0" for name in ("a.json", "b.ndjson", "c.json.gz", "d.jsonl")] == read(tmp_path)


def test_what_cannot_be_opened_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    """A missing file, a folder without event files: a fault each."""
    (tmp_path / "a.json").write_text(LINE)
    (tmp_path / "empty").mkdir()
    missing = tmp_path / "missing.json"
    found = read(missing, tmp_path / "empty", tmp_path / "a.json")
    assert [
        f"{missing}: no such file",
        f"{tmp_path}/empty: there is no event file in this folder (.json, .ndjson, .jsonl, .json.gz, .ndjson.gz, .jsonl.gz)",
        f"{tmp_path}/a.json 0",
    ] == found


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its turn, as a file would be; and so is a stdin that was closed."""

    def refused(folder: str) -> None:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr("os.scandir", refused)
    monkeypatch.setattr(sys, "stdin", None)
    assert read(tmp_path, "-") == [f"{tmp_path}: permission denied", "stdin: stdin is closed"]


def test_gzip_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    """Whatever the file is called; several members are one after the other."""
    path = tmp_path / "events.log"
    path.write_bytes(gzip.compress(LINE.encode()) + gzip.compress(LINE.encode()))
    assert [f"{path} 0", f"{path} 1"] == read(path)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda content: content[:-4], "Compressed file ended before the end-of-stream marker was reached"),
        (lambda content: content[:-8] + b"0000" + content[-4:], "CRC check failed"),
        (lambda content: content[:10] + b"\xff\xff\xff" + content[13:], "Error -3 while decompressing data"),
    ],
    ids=["cut off", "checksum", "data"],
)
def test_broken_gzip_is_one_fault(tmp_path: Path, damage: object, expected: str) -> None:
    """It says what is broken, and how many events had been read."""
    path = tmp_path / "a.json.gz"
    path.write_bytes(damage(gzip.compress(LINE.encode() * 2)))  # type: ignore[operator]
    *entries, fault = read(path)
    assert [f"{path} {index}" for index in range(len(entries))] == entries
    assert f"broken gzip: {expected}" in fault


def test_what_an_earlier_run_left_in_a_folder_is_not_read(tmp_path: Path) -> None:
    """It would be published again without being asked for; by its own name it can be."""
    (tmp_path / "a.ndjson.failed.ndjson").write_text(LINE)
    (fault,) = read(str(tmp_path))
    assert "a.ndjson.failed.ndjson, which is left of an earlier run, goes by its own name" in fault
    (tmp_path / "a.ndjson").write_text(LINE)
    assert [Path(each).name for each in read(str(tmp_path))] == ["a.ndjson 0"]
    assert [Path(each).name for each in read(str(tmp_path / "a.ndjson.failed.ndjson"))] == ["a.ndjson.failed.ndjson 0"]


def test_a_file_that_shrinks_is_one_fault(tmp_path: Path) -> None:
    """The entry that the end now cuts off is not reported as broken as well."""
    path = tmp_path / "a.ndjson"
    path.write_text(LINE * 20_000)
    size = path.stat().st_size
    found = read_events(sources([str(path)]))
    next(found)
    with path.open("rb+") as file:
        file.truncate(size - 10)
    *_, last = found
    assert isinstance(last, StreamFault)
    assert (
        f"{path}:19999: the file shrank while it was read: {size - 10} of its {size} bytes are left; 19999 of its events had "
        "been read"
    ) == str(last.fault)


def test_stdin_is_read_and_left_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is called stdin in all that is said; what was read of it before is not read again."""
    path = tmp_path / "stdin"
    path.write_text("first\n" + LINE)
    with path.open("rb") as file:
        file.readline()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        assert read("-") == ["stdin 0"]
        assert not file.closed
        monkeypatch.setattr(sys, "stdin", None)


def test_a_pipe_is_read_to_its_end() -> None:
    """Which has no size, and no place to begin at: nothing has shrunk."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out:
        out.write(b"01234")
    with Opened(os.fdopen(reading, "rb")) as opened:
        assert [opened.read1(3), opened.read1(3), opened.read1(3)] == [b"012", b"34", b""]


def test_a_file_that_shrinks_is_told(tmp_path: Path) -> None:
    """How much of it is left; one that is read from its middle on is counted from there."""
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    with Opened(path.open("rb", buffering=2)) as opened:
        assert opened.read1(2) == b"01"
        os.truncate(path, 4)
        assert opened.read1(2) == b"23"
        with pytest.raises(OSError, match=r"^the file shrank while it was read: 4 of its 10 bytes are left$"):
            opened.read1(2)
    file = path.open("rb")
    file.seek(3)
    with Opened(file) as opened:
        assert [opened.read1(9), opened.read1(9)] == [b"3", b""]


def test_stdin_stays_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is not ours to close; where there is none, that is told as for a file."""
    (tmp_path / "f").write_bytes(b"x")
    with (tmp_path / "f").open() as given:
        monkeypatch.setattr(sys, "stdin", given)
        (source,) = sources(["-"])
        with source.open() as opened:
            assert opened.read1(9) == b"x"
        assert not given.buffer.closed
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match=r"^stdin is closed$"):
        source.open()
