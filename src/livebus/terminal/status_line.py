"""
One line on stderr that is written over and over while something goes on; nothing where stderr is no terminal.

It is cut to the terminal's width: a line that wraps cannot be written over. Whatever else is said (``output``) takes it away
first, so that no result stands behind it.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import Self

from livebus.terminal.escape import escaped

SECONDS = 0.1
_ERASE = "\r\x1b[K"
# The line that stands on the terminal now; there is one terminal.
_standing: StatusLine | None = None


class StatusLine:
    """A context manager; the line is gone at its end. ``shown`` False keeps silent (``--quiet``, ``--json``)."""

    def __init__(self, *, shown: bool = True) -> None:
        self._shown = shown and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._due = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    @property
    def is_due(self) -> bool:
        """Whether a text would be shown now: making one up ten times a second is enough."""
        return self._shown and time.monotonic() >= self._due

    def say(self, text: str) -> None:
        """Show a text, ten times a second at the most."""
        global _standing  # noqa: PLW0603 - there is one terminal
        if not self.is_due:
            return
        from livebus.terminal.width import columns_of, fitted

        self._due = time.monotonic() + SECONDS
        # The last column stays free: some terminals wrap as soon as it is written to.
        line = fitted(escaped(text), (columns_of(sys.stderr) or 1) - 1)
        _standing = self
        _draw(f"{_ERASE}{line}")

    def clear(self) -> None:
        """Make room for a line of its own."""
        if _standing is self:
            clear()


def clear() -> None:
    """Take away the line that stands on the terminal, if there is one."""
    global _standing  # noqa: PLW0603 - there is one terminal
    if _standing is not None:
        _standing._due = 0.0
        _standing = None
        _draw(_ERASE)


def _draw(text: str) -> None:
    # A terminal that is gone (its window was closed) is no reason to end.
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
