"""
The runtime's own folder, ``.livebus/``: its signing key, its CA, its users, what could not be delivered, where it is.

The folder is the user's alone (0700, its files 0600) and not part of the project. One runtime holds it at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import orjson

from livebus.errors import LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, content

RUNTIME_FILE = "runtime.json"
MAX_RUNTIMES = 32


# A file's name with what ``tempfile`` or a process's number adds to it.
_BEGUN = re.compile(r"\.(?!gitignore$)[\w.-]+\.(?:[a-z0-9_]{8}|\d+)")


class StateInUse(LivebusError):
    """Another runtime holds the folder."""


class StateFolder:
    """Opens the folder, makes it where it is not there, and locks it until ``close``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = path / ".gitignore"
            if not ignore.exists():
                write_private(ignore, "*\n")
            lock = path / "lock"
            lock.touch(mode=0o600)
            self._lock: IO[str] = lock.open("a+")
        except OSError as error:
            raise LivebusError(
                f"cannot use the state folder: {error.strerror}", Place(str(path)), advice="Give another with --state."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            running = read_runtime_file(path)
            where = f" at {running['EndpointUrl']}" if "EndpointUrl" in running else ""
            raise StateInUse(
                f"a runtime is running already{where}",
                Place(str(path)),
                advice="Stop it, or start another with a --state folder of its own.",
            ) from None
        except OSError as error:
            self._lock.close()
            raise LivebusError(
                f"cannot lock the state folder: {error.strerror}", Place(str(path)), advice="Give another with --state."
            ) from None

        self._clear_up()

    def _clear_up(self) -> None:
        """Take away what runtimes that were killed had begun to write: nobody else writes here."""
        with suppress(OSError):
            for each in self.path.iterdir():
                if _BEGUN.fullmatch(each.name):
                    with suppress(OSError):
                        each.unlink()

    @classmethod
    def first_free(cls, path: Path) -> StateFolder:
        """The folder, or where another runtime holds it, the first of its subfolders 2, 3 … that none holds."""
        for number in range(1, MAX_RUNTIMES + 1):
            try:
                return cls(path if number == 1 else path / str(number))
            except StateInUse:
                if number == MAX_RUNTIMES:
                    raise
        raise AssertionError("the loop returns or raises")

    def file(self, name: str) -> Path:
        return self.path / name

    def empty_folder(self, name: str) -> Path:
        """A folder for what is made anew at each start: what an earlier runtime left in it is gone. Not made yet."""
        shutil.rmtree(self.path / name, ignore_errors=True)
        return self.path / name

    def write(self, name: str, content: str | bytes) -> Path:
        return write_private(self.path / name, content)

    def read_bytes(self, name: str) -> bytes | None:
        try:
            return content(self.path / name)
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Take back the endpoint that others find here, and let go of the folder."""
        (self.path / RUNTIME_FILE).unlink(missing_ok=True)
        self._lock.close()


def write_private(path: Path, content: str | bytes) -> Path:
    """Replace a file in one step, readable by its owner only, so that nobody ever reads half of it."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write_outputs(path: Path, outputs: Mapping[str, object]) -> None:
    try:
        write_private(path, json.dumps(outputs, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise LivebusError(
            f"cannot write the outputs: {error.strerror}",
            Place(str(path)),
            advice="Give a file in a folder that is there.",
        ) from None


def read_runtime_file(folder: Path) -> dict[str, object]:
    """What a running runtime left for others; empty where there is nothing readable."""
    try:
        state = orjson.loads(content(folder / RUNTIME_FILE, most=MAX_SETTINGS_BYTES))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}
