"""
One line on stderr that is written over and over while something goes on; nothing where stderr is no terminal.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Self

from livebus.terminal.escape import escaped

_SECONDS = 0.1
_ERASE = "\r\x1b[K"


class StatusLine:
    """A context manager; the line is gone at its end. ``shown`` False keeps silent (``--quiet``, ``--json``)."""

    def __init__(self, *, shown: bool = True) -> None:
        self._shown = shown and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._due = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def say(self, text: str) -> None:
        """Show a text, ten times a second at the most."""
        now = time.monotonic()
        if self._shown and now >= self._due:
            self._due = now + _SECONDS
            sys.stderr.write(f"{_ERASE}{escaped(text)}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Make room for a line of its own."""
        if self._shown:
            self._due = 0.0
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
