"""
The journal of a publication: which entries are done, on disk, so that a run that was killed can be taken up again.

In: ranges of sequence numbers as they are done. Out: a file of lines, the first of which says what input they are
numbers of. Lines reach the operating system within a beat of the engine (10 ms): a killed process sends again at most
what was in flight, and what was answered since. They are on the disk within a second, for when the power fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from livebus.errors import LivebusError, Place
from livebus.files import MAX_FILE_BYTES, MAX_SETTINGS_BYTES, is_there, opened
from livebus.publish.acknowledged import Acknowledged

SYNC_SECONDS = 1.0
COMPACT_BYTES = 4_194_304
_KIND = "publication"
_RANGE = re.compile(rb"([0-9]{1,15})-([0-9]{1,15})")


class PublishJournal:
    """
    An open journal. ``done`` holds the numbers that it says.

    Every call raises LivebusError where the file fails it, and then nothing more is written.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], done: Acknowledged) -> None:
        self.path = path
        self.done = done
        self._head = json.dumps({"journal": _KIND, **header}).encode() + b"\n"
        self._buffer: list[bytes] = []
        self._size = 0
        self._synced_at = time.monotonic()
        self._dirty = False
        self._file = -1
        self._attempted(self._write_anew)

    def add(self, first: int, last: int) -> None:
        """The entries from ``first`` to ``last`` are done."""
        self.done.add(first, last)
        self._buffer.append(b"%d-%d\n" % (first, last))

    def write(self, now: float) -> None:
        """Hand what was added to the operating system; to the disk once a second."""
        if self._buffer or (self._dirty and now - self._synced_at >= SYNC_SECONDS):
            self._attempted(lambda: self._write(now))

    def close(self, *, keep: bool) -> None:
        """Close it; ``keep`` leaves it for another run, else it is removed."""
        if keep:
            self._attempted(lambda: self._write(float("inf")))
        os.close(self._file)
        if not keep:
            self.path.unlink(missing_ok=True)

    def _write(self, now: float) -> None:
        data, self._buffer = b"".join(self._buffer), []
        _write_all(self._file, data)
        self._size += len(data)
        self._dirty = True
        if now - self._synced_at >= SYNC_SECONDS:
            if self._size > COMPACT_BYTES:
                self._write_anew()
            else:
                os.fsync(self._file)
            self._synced_at, self._dirty = time.monotonic(), False

    def _write_anew(self) -> None:
        """Write the fewest lines that say it all; the old file is there until the new one is whole."""
        new = self.path.with_name(f"{self.path.name}.new")
        data = self._head + b"".join(b"%d-%d\n" % each for each in self.done.ranges())
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _lock(file)
            _write_all(file, data)
            os.fsync(file)
            new.replace(self.path)
            _sync_folder(self.path.parent)
        except BaseException:
            os.close(file)
            new.unlink(missing_ok=True)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size = file, len(data)

    def _attempted(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            raise LivebusError(
                f"the journal cannot be written: {(error.strerror or str(error)).lower()}",
                Place(str(self.path)),
                advice="Name another one with --journal FILE, or do without: --no-journal.",
            ) from None


def begun(path: Path, header: Mapping[str, Any]) -> PublishJournal:
    """Begin a journal. Raises LivebusError where there is one already, or none can be made."""
    if is_there(path):
        raise LivebusError(
            "an earlier run with this journal did not end",
            Place(str(path)),
            advice="Pass --resume to go on with it, or remove it to publish all again.",
        )
    return PublishJournal(path, header, Acknowledged())


def resumed(path: Path, header: Mapping[str, Any]) -> PublishJournal:
    """
    Go on with a journal of the same input. Raises LivebusError where it is another one's, or none.

    A last line without its end was being written when the process died: it counts as not written.
    """
    try:
        with opened(path) as file:
            _lock(file.fileno())
            read = file.read(MAX_FILE_BYTES + 1)
    except BlockingIOError:
        raise LivebusError("another run is going on with this journal", Place(str(path))) from None
    except OSError as error:
        found = "there is no journal to resume" if isinstance(error, FileNotFoundError) else str(error.strerror).lower()
        advice = "A run that ended leaves none. Without --resume, all is published."
        raise LivebusError(found, Place(str(path)), advice=advice) from None
    if len(read) > MAX_FILE_BYTES:
        raise LivebusError(f"this is no journal: it has more than {MAX_FILE_BYTES} bytes", Place(str(path)))
    lines = read.split(b"\n")
    try:
        head = json.loads(lines[0])
        known = head.pop("journal") == _KIND
        ranges = [_range(line) for line in lines[1:-1]]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        known = False
    if not known:
        raise LivebusError("this is not a journal of livebus publish", Place(str(path)))
    different = _difference(head, json.loads(json.dumps(header)))
    if different:
        raise LivebusError(
            f"the journal is of another input: {different}",
            Place(str(path)),
            advice="Numbers in it would mean other events. Remove it to publish all of the input.",
        )
    return PublishJournal(path, {**header, "failed": head.get("failed", "")}, Acknowledged(ranges))


def _range(line: bytes) -> tuple[int, int]:
    """Raises ValueError for what no journal has: signs, blanks, a range that ends before it begins."""
    found = _RANGE.fullmatch(line)
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError(line)
    return int(found[1]), int(found[2])


def failed_file_of(path: Path) -> str:
    """The file of failed entries that a journal names; an empty string where there is none."""
    try:
        with opened(path) as file:
            return str(json.loads(file.readline(MAX_SETTINGS_BYTES)).get("failed", ""))
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What differs in what the journals say of their inputs, in words; an empty string where nothing does."""
    if old.get("order") != new["order"]:
        return f"--repeat, --count, --shuffle-seed were {_shown(old.get('order'))}, and are {_shown(new['order'])}"
    inputs: Sequence[Any] = old.get("inputs") or ()
    if [each.get("file") for each in inputs] != [each["file"] for each in new["inputs"]]:
        return f"it was begun with {', '.join(str(each.get('file')) for each in inputs) or 'nothing'}"
    for before, now in zip(inputs, new["inputs"], strict=True):
        if before != now:
            sizes = f"it had {before.get('size')} bytes and has {now.get('size')}"
            return f"{now['file']} has changed" + (f", {sizes}" if before.get("size") != now.get("size") else "")
    return ""


def _shown(order: Any) -> str:
    return " ".join("none" if each is None else str(each) for each in order) if isinstance(order, list) else "none"


def _lock(file: int) -> None:
    """Lock a file as long as it is open. Raises BlockingIOError where another process has."""
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _sync_folder(folder: Path) -> None:
    """A new name in a folder outlives a power failure only when the folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
