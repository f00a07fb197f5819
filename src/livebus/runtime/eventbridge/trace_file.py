"""Writes the trace to a file, a line of JSON for each station that an event came to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from livebus.beyond_orjson import json_text
from livebus.errors import LivebusError, Place
from livebus.runtime.eventbridge.trace import Trace


class TraceFile:
    """
    Opens the file, for its owner alone, and writes until ``close``. A file that takes no more ends the writing, which is
    told once. Raises LivebusError where it cannot be opened.
    """

    def __init__(self, path: Path, trace: Trace, tell: Callable[[str], None]) -> None:
        self._path = path
        self._trace = trace
        self._tell = tell
        try:
            self._file: IO[bytes] = path.open("ab", buffering=0)
        except OSError as error:
            raise LivebusError(f"cannot write the trace: {error.strerror}", Place(str(path))) from None
        if path.is_file():  # a device or a pipe keeps the mode that others gave it
            path.chmod(0o600)
        trace.listeners.append(self._write)

    def _write(self, record: Mapping[str, Any]) -> None:
        try:
            line = _json_line(record)
            if self._file.write(line) != len(line):  # as much as there was room for
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - told as the others are
        except OSError as error:
            self._trace.listeners.remove(self._write)
            self._tell(f"the trace ends here: {self._path}: {error.strerror}")

    def close(self) -> None:
        self._file.close()


def _json_line(record: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a whole number beyond 64 bits, from a resolver say
        return f"{json_text(record, default=str)}\n".encode()
