"""
The file that receives every entry which was not accepted, with the reason, as input for another try.

In: entries and results. Out: a line of JSON for each: the entry as it was sent, its event bus included, and a member
``_livebus`` with the reason and the place it came from, which readers of event files leave out.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import orjson

from livebus.errors import LivebusError, Place
from livebus.files import is_there
from livebus.publish.answer import Result
from livebus.publish.request import Addressing, Item


class FailedEntries:
    """
    Made at the first entry; ``resumed`` says that it may be there and is gone on with.

    ``count`` is how many entries it has received.
    """

    def __init__(self, path: Path, addressing: Addressing, *, resumed: bool = False) -> None:
        self.path = path
        self.count = 0
        self._addressing = addressing
        self._resumed = resumed
        self._file = -1
        self._lines: list[bytes] = []

    def add(self, item: Item, result: Result) -> None:
        """Receive an entry; it is on the disk after ``sync``."""
        entry = item[1]
        why = {
            "errorCode": result.error_code,
            "errorMessage": result.error_message,
            "file": entry.file,
            "index": entry.index,
            "line": entry.line,
        }
        self._lines.append(b'{"_livebus":%b,%b\n' % (orjson.dumps(why), self._addressing.addressed(entry.text)[1:]))
        self.count += 1

    def sync(self) -> None:
        """Bring what was received to the disk. Raises LivebusError where that fails."""
        if not self._lines:
            return
        begin = -1
        try:
            if self._file < 0:
                self._file = self._opened()
            begin = os.lseek(self._file, 0, os.SEEK_END)
            data = b"".join(self._lines)
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            if begin >= 0:  # no half line stays, and nothing twice where it is tried again
                with suppress(OSError):
                    os.ftruncate(self._file, begin)
            raise LivebusError(
                f"the file for failed events cannot be written: {(error.strerror or str(error)).lower()}",
                Place(str(self.path)),
                advice="Name another one with --fail-file FILE.",
            ) from None
        self._lines.clear()

    @property
    def is_whole(self) -> bool:
        """Whether the file has all that was received."""
        return not self._lines

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _opened(self) -> int:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        if self._resumed:
            _end_whole(file)
        return file


def free_name(path: Path) -> Path:
    """The path, or one with a number in it where there is such a file: it may hold what is not published yet."""
    free, number = path, 1
    while is_there(free):
        number += 1
        free = path.with_name(f"{path.name.removesuffix('.ndjson')}-{number}.ndjson")
    return free


def _end_whole(file: int) -> None:
    """Cut a file behind its last whole line: a line that was cut off belongs to an entry that goes again."""
    end = os.lseek(file, 0, os.SEEK_END)
    while end:
        start = max(0, end - 65_536)
        os.lseek(file, start, os.SEEK_SET)
        at = os.read(file, end - start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    os.ftruncate(file, end)
