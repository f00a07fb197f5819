"""
stdout for a program that has other things to do while its reader is slow.

In: lines. Out: the lines at the reader, each at once. Waiting for a slow reader (``| less``) holds nothing else up: Ctrl-C,
a time limit, signs of life of a connection. A reader that went away (``| head -1``) is noticed without another line.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
import sys
from typing import TextIO

from livebus.terminal.output import writing_results

# POSIX lets a pipe that is ready take so much without making the writer wait.
_PIPE_BUF = getattr(select, "PIPE_BUF", 4096)


class ResultStream:
    """Writes to ``stream`` (stdout as a rule). Where it has no descriptor of its own (a test's), writing is plain."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._descriptor = -1
        self._is_pipe = False
        self._can_wait = False
        if stream is None or sys.platform == "win32":  # closed; its pipes cannot be waited for
            return
        try:
            self._descriptor = stream.fileno()
            mode = os.fstat(self._descriptor).st_mode
        except (OSError, ValueError):
            self._descriptor = -1
            return
        self._is_pipe = stat.S_ISFIFO(mode)
        self._can_wait = not stat.S_ISREG(mode)

    async def write(self, text: str) -> None:
        """Write a text as it is. Raises BrokenPipeError where nobody reads any more, Unwritable where it cannot be."""
        with writing_results():
            await self._write(text)

    async def _write(self, text: str) -> None:
        assert self._stream is not None
        encoding = self._stream.encoding or "utf-8"
        if self._descriptor < 0:
            print(text.encode(encoding, "backslashreplace").decode(encoding), end="", file=self._stream, flush=True)
            return
        left = memoryview(text.encode(encoding, "backslashreplace"))
        while left:
            if self._can_wait:
                if not select.select([], [self._descriptor], [], 0)[1]:
                    await self._writable()
                left = left[os.write(self._descriptor, left[:_PIPE_BUF]) :]
            else:
                left = left[os.write(self._descriptor, left) :]

    async def gone(self) -> None:
        """Wait until nobody reads any more. For ever, where that cannot be seen without writing."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        if not self._is_pipe or sys.platform != "linux":
            await gone.wait()
        # Nothing can be read from this end: what epoll reports is that the other end is closed.
        loop.add_reader(self._descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._descriptor)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_writer(self._descriptor)
