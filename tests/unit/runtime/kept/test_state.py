"""The runtime's own folder: who holds it, and what is in it; its files are private, and whole."""

from __future__ import annotations

import errno
import json
import stat
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.runtime.kept import state as state_module
from livebus.runtime.kept.state import RUNTIME_FILE, StateFolder, read_runtime_file, write_outputs, write_private


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
    assert write_private(path, "größer") == path
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


def test_outputs_are_written_for_people_too(tmp_path: Path) -> None:
    """A member on each line, scripts as they are."""
    write_outputs(tmp_path / "outputs.json", {"Name": "größer", "Url": "u"})
    assert (tmp_path / "outputs.json").read_text("utf-8") == '{\n  "Name": "größer",\n  "Url": "u"\n}\n'


def test_a_folder_that_cannot_be_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems know no locks."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(state_module.fcntl, "flock", no_locks)
    with pytest.raises(LivebusError) as refused:
        StateFolder(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: cannot lock the state folder: No locks available. Give another with --state."
    )


def test_so_many_runtimes_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is told that a runtime is running already."""
    monkeypatch.setattr(state_module, "MAX_RUNTIMES", 2)
    folders = [StateFolder.first_free(tmp_path) for _ in range(2)]
    with pytest.raises(LivebusError) as refused:
        StateFolder.first_free(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path / '2'}: a runtime is running already. Stop it, or start another ")
    for folder in folders:
        folder.close()


def test_a_folder_that_is_made_anew_is_empty(tmp_path: Path) -> None:
    """What an earlier runtime left is gone; it is there once somebody makes it."""
    state = StateFolder(tmp_path)
    state.empty_folder("functions").mkdir()
    (tmp_path / "functions" / "old").write_text("x")
    assert state.empty_folder("functions") == tmp_path / "functions"
    assert not (tmp_path / "functions").exists()
    state.close()
