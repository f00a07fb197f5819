"""
Opens what a user names as sources of events: files, folders, and stdin.

In: names from a command line. Out: sources for ``event.stream``, which opens one after the other. A gzip file is read as
what it holds, whatever it is called.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Self

from livebus.event.stream import Source
from livebus.files import is_left_over

STDIN = "-"
SUFFIXES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")

_GZIP = b"\x1f\x8b"


def sources(names: Iterable[str]) -> Iterator[Source]:
    """One source per file; a folder stands for the event files directly in it, in the order of their names."""
    for name in names:
        if name == STDIN:
            yield Source("stdin", _opened_stdin)
        elif os.path.isdir(name):  # noqa: PTH112 - pathlib is slow to import
            yield from _files(name)
        else:
            yield Source(name, _opener(name))


def _files(folder: str) -> list[Source]:
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if entry.is_file() and entry.name.endswith(SUFFIXES)]
            left_over = sorted(entry.name for entry in found if is_left_over(entry.name))
            files = sorted(entry.path for entry in found if entry.name not in left_over)
    except OSError as error:
        return [Source(folder, _raising(error))]
    passed_over = f"; {left_over[0]}, which is left of an earlier run, goes by its own name" if left_over else ""
    nothing = OSError(f"there is no event file in this folder ({', '.join(SUFFIXES)}){passed_over}")
    return [Source(file, _opener(file)) for file in files] or [Source(folder, _raising(nothing))]


class Opened:
    """
    A file that is read to its end, plain or gzip.

    Reading raises OSError where the file has shrunk in the meantime, and where gzip is broken or cut off.
    """

    def __init__(self, file: Any, *, close: bool = True) -> None:
        self._file = file
        self._close = close
        status = os.fstat(file.fileno())
        self._size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        # Where a file is read from its middle on, as stdin may be, that is where it begins.
        self._done = file.tell() if self._size and file.seekable() else 0
        self._content = file
        self._broken: tuple[type[Exception], ...] = ()
        try:
            begins_as_gzip = file.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        except OSError:
            self.__exit__()
            raise
        if begins_as_gzip:
            import gzip
            import zlib

            self._content = gzip.GzipFile(fileobj=file)
            self._broken = (gzip.BadGzipFile, zlib.error, EOFError)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._close:
            self._file.close()

    def read1(self, size: int) -> bytes:
        """What is there, at the most ``size`` bytes; nothing at the end."""
        try:
            piece: bytes = self._content.read1(size)
        except self._broken as error:
            raise OSError(f"broken gzip: {error}") from None
        if self._content is self._file:
            self._done += len(piece)
            if not piece and self._done < self._size:
                raise OSError(f"the file shrank while it was read: {self._done} of its {self._size} bytes are left")
        return piece

    read = read1


def _opener(path: str) -> Callable[[], Opened]:
    return lambda: Opened(open(path, "rb"))  # noqa: PTH123 - as above; Opened closes it


def _opened_stdin() -> Opened:
    if sys.stdin is None:
        raise OSError("stdin is closed")
    stdin: BinaryIO = sys.stdin.buffer
    return Opened(stdin, close=False)


def _raising(error: OSError) -> Callable[[], Opened]:
    """An opener that tells later, in its turn, what went wrong."""

    def opened() -> Opened:
        raise error

    return opened
