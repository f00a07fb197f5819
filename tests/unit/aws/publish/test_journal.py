"""The journal of a publication: what it says after a crash, and what it refuses."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livebus.aws.publish import journal as publication_journal
from livebus.aws.publish.journal import PublishJournal, begun, failed_file_of, resumed
from livebus.errors import LivebusError

HEADER: dict[str, Any] = {
    "inputs": [{"file": "/a", "size": 10, "modified": 1, "head": "x"}],
    "order": [1, 0, None],
    "failed": "a.failed.ndjson",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.journal"


def ranges(journal: PublishJournal) -> list[tuple[int, int]]:
    found = list(journal.done.ranges())
    journal.close(keep=True)
    return found


def test_what_was_written_is_there_again(path: Path) -> None:
    """Ranges in any order, over several runs; the file of failed entries too."""
    journal = begun(path, HEADER)
    journal.add(0, 9)
    journal.add(20, 29)
    journal.write(1e9)
    journal.close(keep=True)
    again = resumed(path, HEADER)
    again.add(10, 19)
    again.write(0.0)
    again.close(keep=True)
    assert ranges(resumed(path, HEADER)) == [(0, 29)]
    assert failed_file_of(path) == "a.failed.ndjson"


def test_a_run_that_ends_leaves_none(path: Path) -> None:
    """Resuming it says so: publishing all again has to be asked for."""
    begun(path, HEADER).close(keep=False)
    assert list(path.parent.iterdir()) == []
    with pytest.raises(LivebusError, match="there is no journal to resume"):
        resumed(path, HEADER)


def test_a_line_that_was_cut_off_was_not_written(path: Path) -> None:
    """What a process was writing when it died."""
    begun(path, HEADER).close(keep=True)
    with path.open("ab") as file:
        file.write(b"0-9\n10-1")
    assert ranges(resumed(path, HEADER)) == [(0, 9)]


def test_a_killed_process_leaves_what_it_has_written(path: Path) -> None:
    """SIGKILL right after ``write``: nothing of it is lost, whatever is buffered where."""
    code = (
        "import os, sys, json, signal; from pathlib import Path; from livebus.aws.publish.journal import begun\n"
        "journal = begun(Path(sys.argv[1]), json.loads(sys.argv[2])); journal.add(0, 41); journal.write(0.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    scripts = str(Path(publication_journal.__file__).parents[3])
    command = [sys.executable, "-c", code, str(path), json.dumps(HEADER)]
    done = subprocess.run(command, env={"PYTHONPATH": scripts, "PATH": ""}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert ranges(resumed(path, HEADER)) == [(0, 41)]


def test_it_stays_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run writes its fewest lines anew now and then."""
    monkeypatch.setattr(publication_journal, "COMPACT_BYTES", 500)
    monkeypatch.setattr(publication_journal, "SYNC_SECONDS", 0.0)
    journal = begun(path, HEADER)
    for number in range(0, 1_000, 10):
        journal.add(number, number + 9)
        journal.write(1e9)
        assert path.stat().st_size < 1_000
    assert ranges(journal) == [(0, 999)]
    assert ranges(resumed(path, HEADER)) == [(0, 999)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"inputs": [{**HEADER["inputs"][0], "size": 9}]}, "/a has changed, it had 10 bytes and has 9"),
        ({"inputs": [{**HEADER["inputs"][0], "head": "y"}]}, "/a has changed"),
        ({"inputs": [{**HEADER["inputs"][0], "modified": 2}]}, "/a has changed"),
        ({"inputs": [{"file": "/b"}]}, "it was begun with /a"),
        ({"inputs": []}, "it was begun with /a"),
        ({"order": [2, 0, None]}, "--repeat, --count, --shuffle-seed were 1 0 none, and are 2 0 none"),
    ],
)
def test_a_journal_of_another_input_is_refused(path: Path, change: dict[str, Any], found: str) -> None:
    """Its numbers would mean other events."""
    begun(path, HEADER).close(keep=True)
    with pytest.raises(LivebusError) as raised:
        resumed(path, HEADER | change)
    assert raised.value.faults[0].found == f"the journal is of another input: {found}"


@pytest.mark.parametrize("content", [b"", b"{}\n", b"nope\n", b'{"journal":"publication"}\nx-1\n', b'["journal"]\n'])
def test_what_is_no_journal_is_refused(path: Path, content: bytes) -> None:
    """Some other file of that name."""
    path.write_bytes(content)
    with pytest.raises(LivebusError, match=r"this is not a journal of livebus publish"):
        resumed(path, HEADER)


def test_two_runs_do_not_share_a_journal(path: Path) -> None:
    """Neither a new run nor a resumed one while the other goes on."""
    journal = begun(path, HEADER)
    with pytest.raises(LivebusError, match="an earlier run with this journal did not end"):
        begun(path, HEADER)
    with pytest.raises(LivebusError, match=r": another run is going on with this journal$"):
        resumed(path, HEADER)
    journal.close(keep=False)


def test_a_folder_that_may_not_be_written_is_told(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """With what to do. Root may write anywhere: the system's refusal is made here."""

    def refused(*given: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.open", refused)
    with pytest.raises(LivebusError, match="the journal cannot be written: permission denied") as raised:
        begun(path, HEADER)
    assert raised.value.faults[0].advice == "Name another one with --journal FILE, or do without: --no-journal."


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(LivebusError, match="the journal cannot be written: no such file or directory") as raised:
        begun(tmp_path / "none" / "a.journal", HEADER)
    assert raised.value.faults[0].advice == "Name another one with --journal FILE, or do without: --no-journal."


def test_a_full_disk_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was written before still holds."""
    journal = begun(path, HEADER)
    journal.add(0, 9)
    journal.write(0.0)
    journal.add(10, 19)
    with monkeypatch.context() as patch:

        def full(file: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "write", full)
        with pytest.raises(LivebusError, match="the journal cannot be written: no space left on device"):
            journal.write(0.0)
    journal.close(keep=True)
    assert ranges(resumed(path, HEADER))[0] == (0, 9)
