"""The runtime's own folder: who holds it, and what is in it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.runtime.kept.state import RUNTIME_FILE, StateFolder, read_runtime_file


def test_the_folder_is_held_by_one(tmp_path: Path) -> None:
    """A second runtime on the same folder is told where the first one is."""
    first = StateFolder(tmp_path / "state")
    first.write(RUNTIME_FILE, json.dumps({"EndpointUrl": "http://127.0.0.1:4566"}))

    with pytest.raises(LivebusError, match=r"a runtime is running already at http://127\.0\.0\.1:4566"):
        StateFolder(tmp_path / "state")
    first.close()


def test_the_first_free_folder_is_taken(tmp_path: Path) -> None:
    """Runtimes that share a folder go into its subfolders, and a folder that was let go is taken again."""
    folders = [StateFolder.first_free(tmp_path) for _ in range(3)]
    folders[1].close()
    folders.append(StateFolder.first_free(tmp_path))

    assert [tmp_path, tmp_path / "2", tmp_path / "3", tmp_path / "2"] == [folder.path for folder in folders]
    for folder in folders:
        folder.close()


def test_what_is_written_is_for_the_owner_only(tmp_path: Path) -> None:
    """Folder 0700, files 0600."""
    state = StateFolder(tmp_path / "state")
    file = state.write("signing-key.pem", b"key")

    assert [stat.S_IMODE(path.stat().st_mode) for path in (state.path, file)] == [0o700, 0o600]
    assert state.read_bytes("signing-key.pem") == b"key"
    state.close()


def test_closing_takes_back_where_the_runtime_was(tmp_path: Path) -> None:
    """Nobody finds the endpoint of a runtime that has ended."""
    state = StateFolder(tmp_path)
    state.write(RUNTIME_FILE, '{"EndpointUrl": "http://127.0.0.1:1"}')
    assert read_runtime_file(tmp_path) == {"EndpointUrl": "http://127.0.0.1:1"}
    state.close()

    assert read_runtime_file(tmp_path) == {}


def test_what_a_killed_runtime_had_begun_is_cleared_up(tmp_path: Path) -> None:
    """Files that were to replace others; whatever else is there stays."""
    begun = (".runtime.json.a1b2c3d_", ".users.json.4711", ".ca.pem.zzzzzzzz")
    others = (".gitignore", "users.json", ".hidden", "notes.12345678")
    for name in (*begun, *others):
        (tmp_path / name).write_text("x")
    StateFolder(tmp_path).close()

    assert sorted(each.name for each in tmp_path.iterdir()) == sorted((*others, "lock"))
