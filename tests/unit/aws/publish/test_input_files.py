"""What a publication reads: whether it is at hand, how large it is, how it is known again, and what lies beside it."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
from pathlib import Path

import pytest

from livebus.aws.publish import input_files
from livebus.aws.publish.input_files import InputFiles


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_files_are_at_hand() -> None:
    """Their sizes together, eight times that of gzip: what it holds is more."""
    Path("a.json").write_bytes(b"x" * 100)
    Path("b.ndjson.gz").write_bytes(gzip.compress(b"y", mtime=0))
    inputs = InputFiles(["a.json", "b.ndjson.gz"])
    assert inputs.size == 100 + 8 * Path("b.ndjson.gz").stat().st_size
    assert (inputs.is_static, inputs.is_small, inputs.has_stdin) == (True, True, False)
    assert [source.name for source in inputs.sources] == ["a.json", "b.ndjson.gz"]


def test_small_has_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte."""
    Path("a.json").write_bytes(b"x" * 100)
    monkeypatch.setattr(input_files, "SMALL_BYTES", 100)
    assert InputFiles(["a.json"]).is_small
    monkeypatch.setattr(input_files, "SMALL_BYTES", 99)
    assert (InputFiles(["a.json"]).is_small, InputFiles(["a.json"]).is_static) == (False, True)


def test_a_folder_stands_for_its_files_and_what_is_missing_for_nothing() -> None:
    """What cannot be looked at is told by who reads it."""
    Path("events").mkdir()
    Path("events/a.json").write_bytes(b"12345")
    assert InputFiles(["events"]).size == 5
    missing = InputFiles(["missing.json"])
    assert (missing.size, missing.is_static) == (0, True)


def test_a_pipe_is_a_stream() -> None:
    """It is not at hand, and is not small."""
    os.mkfifo("pipe")
    inputs = InputFiles(["pipe"])
    assert (inputs.is_static, inputs.is_small, inputs.size) == (False, False, 0)


def test_stdin_is_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known again by how it begins; what was looked at is read all the same."""
    Path("given").write_bytes(b"z" * 100)
    with Path("given").open() as given:
        monkeypatch.setattr(sys, "stdin", given)
        inputs = InputFiles(["-", "given"])
        assert (inputs.has_stdin, inputs.is_static, inputs.is_small) == (True, False, False)
        first, second = inputs.identity()
        assert first == {"file": "stdin", "head": hashlib.sha256(b"z" * 64).hexdigest()}
        assert second["file"] == str(Path("given").resolve())
        opened = inputs.sources[0].open()
        assert opened.read(1000) == b"z" * 100
        inputs._stdin.close()


def test_a_stdin_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the operating system's kind of error, which readers know."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match=r"^stdin is closed$"):
        InputFiles(["-"]).identity()


def test_a_file_is_known_by_what_it_is() -> None:
    """Its path, size and time, and a hash of its first 64 KB: what is behind may be more than there is memory."""
    Path("a.json").write_bytes(b"x" * 65_536 + b"y")
    os.utime("a.json", ns=(1, 1_234_567_890))
    assert InputFiles(["a.json"]).identity() == [
        {
            "file": str(Path("a.json").resolve()),
            "size": 65_537,
            "modified": 1_234_567_890,
            "head": hashlib.sha256(b"x" * 65_536).hexdigest(),
        }
    ]
    assert InputFiles(["missing.json"]).identity() == [{"file": "missing.json"}]
    Path("device").symlink_to(os.devnull)
    assert InputFiles(["device"]).identity() == [{"file": "device"}]


@pytest.mark.parametrize(
    ("name", "beside"), [("events/", "events"), ("a.json", "a.json"), ("-", "stdin"), ("x/a.gz", "x/a.gz")]
)
def test_books_lie_beside_the_first_input(name: str, beside: str) -> None:
    """A folder's beside it, stdin's here."""
    Path("events").mkdir()
    inputs = InputFiles([name, "other.json"])
    assert (inputs.journal, inputs.failed) == (Path(f"{beside}.journal"), Path(f"{beside}.failed.ndjson"))
