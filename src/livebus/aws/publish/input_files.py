"""
What a publication reads, and the files that it leaves beside it.

In: the names that the user gives. Out: whether all of it is at hand and small, what identifies it, and the names of the
journal and of the file of failed entries.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from livebus.aws.publish.sources import STDIN, Opened, sources
from livebus.event.stream import Source
from livebus.files import FAILED_SUFFIX, JOURNAL_SUFFIX

# Up to here, all is read before anything is sent.
SMALL_BYTES = 8_388_608
_HEAD_BYTES = 65_536
_GZIP_TIMES = 8


class InputFiles:
    """The input of one publication, looked at and not read yet."""

    def __init__(self, names: Sequence[str]) -> None:
        self._first = names[0]
        self.has_stdin = STDIN in names
        self.sources: Sequence[Source] = tuple(
            Source(each.name, self._opened_stdin) if self.has_stdin and each.name == "stdin" else each
            for each in sources(names)
        )
        sizes = [_regular_size(source.name) for source in self.sources if source.name != "stdin"]
        # What cannot be looked at is a fault that reading will tell of.
        self.is_static = not self.has_stdin and None not in sizes
        self.size = sum(size for size in sizes if size)

    @property
    def is_small(self) -> bool:
        """Whether all of it is at hand, and little enough to be read before anything is sent."""
        return self.is_static and self.size <= SMALL_BYTES

    @property
    def journal(self) -> Path:
        """The journal's usual place: beside the first input."""
        return self._beside(JOURNAL_SUFFIX)

    @property
    def failed(self) -> Path:
        """The usual place for failed entries: beside the first input, stdin's in the current folder."""
        return self._beside(FAILED_SUFFIX)

    def identity(self) -> list[dict[str, Any]]:
        """What a journal says of the input: names, sizes, times, and a hash of how each file begins."""
        return [
            # What a pipe gives first may be short; it is enough to tell one stream from another.
            {"file": "stdin", "head": hashlib.sha256(self._stdin.peek(64)[:64]).hexdigest()}
            if self.has_stdin and source.name == "stdin"
            else _identity(source.name)
            for source in self.sources
        ]

    @cached_property
    def _stdin(self) -> Any:
        """
        A reader of its own: Python aborts where it ends while a thread waits in ``sys.stdin``.
        """
        if sys.stdin is None:
            raise OSError("stdin is closed")
        return open(os.dup(sys.stdin.fileno()), "rb", closefd=False)

    def _opened_stdin(self) -> Opened:
        return Opened(self._stdin)

    def _beside(self, suffix: str) -> Path:
        name = "stdin" if self._first == STDIN else self._first.rstrip("/")
        return Path(f"{name}{suffix}")


def _regular_size(name: str) -> int | None:
    """The size of a regular file, more for gzip; None for a stream, 0 for what reading will tell the fault of."""
    try:
        status = os.stat(name)  # noqa: PTH116 - as event_sources does: the name as it was given
    except OSError:
        return 0
    if stat.S_ISDIR(status.st_mode):
        return 0
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size * (_GZIP_TIMES if name.endswith(".gz") else 1)


def _identity(name: str) -> dict[str, Any]:
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - as above
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                head = hashlib.sha256(file.read(_HEAD_BYTES)).hexdigest()
                path = os.path.abspath(name)  # noqa: PTH100 - as above
                return {"file": path, "size": status.st_size, "modified": status.st_mtime_ns, "head": head}
    except OSError:
        pass  # told by who reads it
    return {"file": name}
