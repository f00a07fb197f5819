"""The state folder: one holder at a time, private files, whole files."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.runtime.kept.state import RUNTIME_FILE, StateFolder, read_runtime_file, write_outputs, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_made_private_and_ignored(tmp_path: Path) -> None:
    """It is made with its parents, for its owner only, and git does not see it."""
    state = StateFolder(tmp_path / "a" / "state")
    state.write("key", "secret")
    assert (mode(state.path), mode(state.file("key"))) == (0o700, 0o600)
    assert (state.path / ".gitignore").read_text() == "*\n"
    state.close()


def test_one_runtime_holds_it_at_a_time(tmp_path: Path) -> None:
    """A second one is told where the first one is; after the first has closed it is free."""
    first = StateFolder(tmp_path)
    first.write(RUNTIME_FILE, json.dumps({"EndpointUrl": "http://127.0.0.1:1"}))
    with pytest.raises(LivebusError) as refused:
        StateFolder(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}: a runtime is running already at http://127.0.0.1:1. Stop it,")
    assert (tmp_path / RUNTIME_FILE).exists()
    first.close()
    assert not (tmp_path / RUNTIME_FILE).exists()
    StateFolder(tmp_path).close()


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A file in the folder's place is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LivebusError) as refused:
        StateFolder(tmp_path / "file" / "state")
    assert str(refused.value) == (
        f"{tmp_path / 'file' / 'state'}: cannot use the state folder: Not a directory. Give another with --state."
    )


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """Nothing but the file itself is left beside it, and its content is the new one."""
    path = tmp_path / "file"
    write_private(path, "old")
    write_private(path, "größer")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert path.read_text(encoding="utf-8") == "größer"


def test_outputs_that_cannot_be_written_are_a_fault(tmp_path: Path) -> None:
    """The file is named, and what to do."""
    with pytest.raises(LivebusError) as refused:
        write_outputs(tmp_path / "none" / "outputs.json", {})
    assert str(refused.value).startswith(
        f"{tmp_path / 'none' / 'outputs.json'}: cannot write the outputs: No such file"
    )


@pytest.mark.parametrize("text", [None, "", "{", "[]", '"text"'])
def test_what_is_no_runtime_file_is_nothing(tmp_path: Path, text: str | None) -> None:
    """A file that is missing, broken or something else reads as empty."""
    if text is not None:
        (tmp_path / RUNTIME_FILE).write_text(text)
    assert read_runtime_file(tmp_path) == {}


def test_a_missing_file_reads_as_none(tmp_path: Path) -> None:
    """``read_bytes`` tells a file that is not there from an empty one."""
    state = StateFolder(tmp_path)
    state.write("empty", b"")
    assert (state.read_bytes("none"), state.read_bytes("empty")) == (None, b"")
    state.close()
