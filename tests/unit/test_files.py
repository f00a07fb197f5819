"""Files are read to their limit, regular ones only, and those that a template names within its root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.files import (
    Root,
    assembly_around,
    content,
    event_files,
    is_file,
    is_folder,
    is_left_over,
    is_there,
    missing,
    missing_file,
    read_bytes,
    read_text,
)


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


def test_a_file_is_read_to_its_limit_and_no_further(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    assert content(file, most=3) == b"abc"
    with pytest.raises(LivebusError, match="'file' has more than 2 bytes"):
        read_bytes(file, "file", most=2)


def test_text_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes("\ufeffé".encode())
    assert read_text(file, "file") == "é"


@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_what_is_no_file_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pipe" if kind == "a pipe" else Path("/dev/zero")
    if kind == "a pipe":
        os.mkfifo(path)
    with pytest.raises(LivebusError, match=f"'it' is {kind}; expected a regular file"):
        read_bytes(path, "it")


def test_the_root_is_the_nearest_repository_or_the_files_own_folder(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert Root.around(below / "template.yaml") == Root(below.resolve())
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    assert Root.around(below / "template.yaml") == Root(tmp_path.resolve())
    assert Root.around(below / "template.yaml", anywhere=True) == Root(None)


def test_the_root_of_a_stage_is_the_whole_assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The templates of a CDK stage lie in a folder below cdk.out, and their assets beside that folder."""
    outer, stage = tmp_path / "out", tmp_path / "out" / "assembly-Prod"
    stage.mkdir(parents=True)
    alone = Root.around(stage / "Live.template.json")
    for folder in (outer, stage):
        (folder / "cdk.out").write_text("{}")
        (folder / "manifest.json").write_text("{}")
    assert (alone, Root.around(stage / "Live.template.json")) == (Root(stage.resolve()), Root(outer.resolve()))
    monkeypatch.chdir(stage)
    assert assembly_around(Path()) == outer.resolve()


def test_what_lies_outside_is_refused_by_name(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "out").touch()
    (inside / "link").symlink_to(tmp_path / "out")
    (inside / "own").symlink_to(inside / "other")
    root = Root(inside.resolve())
    root.demand(inside / "own", "own")
    root.demand(inside / ".." / "in" / "file", "../in/file")
    with pytest.raises(LivebusError, match=r"'\.\./out' lies outside"):
        root.demand(inside / ".." / "out", "../out")
    with pytest.raises(LivebusError, match="'link' is a link that leads outside of"):
        root.demand(inside / "link", "link")
    Root(None).demand(inside / "link", "link")


def test_what_cannot_be_looked_at_is_told_and_nothing_is_raised(tmp_path: Path) -> None:
    """A name that is too long, a file in place of a folder: pathlib raises for these."""
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    long, below = tmp_path / ("x" * 300), tmp_path / "file" / "below"
    assert [is_file(path) or is_folder(path) or is_there(path) for path in (long, below)] == [False, False]
    assert [str(fault).rpartition(": ")[2] for path in (long, below) for fault in missing(path)] == [
        "File name too long",
        "Not a directory",
    ]
    assert [
        str(fault).rpartition("' is ")[2] for path in (tmp_path / "pipe", tmp_path) for fault in missing_file(path)
    ] == [
        "a pipe; expected a regular file",
        "a folder; expected a file",
    ]
