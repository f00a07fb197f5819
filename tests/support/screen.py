"""
A program on a pseudo terminal, and the screen that a person would see.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from support.waiting import until

SECONDS = 60.0
_SECOND_HALF = "\0"
_SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")
# What a terminal does with the sequences that our programs may use: cursor up, clear below, clear
# to the line's end, colours and weight.
_KNOWN = frozenset("AJKm")


class Screen:
    """As much of a terminal as is needed: lines that scroll, and a cursor that goes up. Unknown sequences are an error."""

    def __init__(self, columns: int, height: int) -> None:
        self.columns = columns
        self.height = height
        self.lines: list[str] = [""]
        self.styles: set[str] = set()
        # How often a line was longer than the terminal.
        self.wraps = 0
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        while text:
            sequence = _SEQUENCE.match(text)
            if sequence:
                self._obey(sequence[1], sequence[2])
                text = text[sequence.end() :]
            else:
                self._put(text[0])
                text = text[1:]

    @property
    def visible(self) -> list[str]:
        """The lines on the screen, without those that have scrolled out of it."""
        return [line.replace(_SECOND_HALF, "").rstrip() for line in self.lines[-self.height :]]

    def _obey(self, number: str, command: str) -> None:
        assert command in _KNOWN, f"unknown sequence {number}{command}"
        if command == "A":
            top = max(0, len(self.lines) - self.height)
            assert self._row - int(number) >= top, "the cursor would leave the screen"
            self._row -= int(number)
        elif command == "J":
            self.lines = [*self.lines[: self._row], self.lines[self._row][: self._column]]
        elif command == "K":
            self.lines[self._row] = self.lines[self._row][: self._column]
        else:
            self.styles.add(number)

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            if self._row == len(self.lines):
                self.lines.append("")
        else:
            assert character.isprintable(), f"{character!r} reached the terminal"
            # A wide character takes two columns: what stands for its second half is taken out again by ``visible``.
            cells = character if unicodedata.east_asian_width(character) not in "WF" else character + _SECOND_HALF
            if self._column + len(cells) > self.columns:
                self.wraps += 1
                self._put("\r")
                self._put("\n")
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + cells + line[self._column + len(cells) :]
            self._column += len(cells)


class TerminalProgram:
    """A program whose stdin, stdout and stderr are a pseudo terminal of this size. ``screen`` is what it shows."""

    def __init__(
        self, *command: str | Path, columns: int = 80, height: int = 24, env: Mapping[str, str] | None = None, cwd: Path
    ) -> None:
        self.screen = Screen(columns, height)
        self._lock = threading.Lock()
        self._master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, columns, 0, 0))
        variables = {**os.environ, "TERM": "xterm", **(env or {})}
        for name in ("COLUMNS", "LINES"):
            variables.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=variables,
            cwd=cwd,
            start_new_session=True,
        )
        os.close(terminal)
        self._fault: AssertionError | None = None
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        os.close(self._master)

    def lines(self) -> list[str]:
        """The lines on the screen now. Raises AssertionError for what must not reach a terminal."""
        with self._lock:
            if self._fault is not None:
                raise self._fault
            return self.screen.visible

    def wait_for(self, words: str) -> list[str]:
        """Wait until these words are on the screen, and return its lines."""
        until(lambda: any(words in line for line in self.lines()), f"{words!r} on the screen", SECONDS)
        return self.lines()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end, and return the exit code; everything that was written is on the screen then."""
        code = self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        return code

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        rest = ""
        while True:
            try:
                read = os.read(self._master, 65536)
            except OSError:  # nobody holds the other end any more
                return
            text = rest + decoder.decode(read)
            # A sequence that is cut in two waits for its end.
            cut = text.rfind("\x1b") if re.search(r"\x1b(\[[0-9;]*)?$", text) else len(text)
            text, rest = text[:cut], text[cut:]
            with self._lock:
                try:
                    self.screen.feed(text)
                except AssertionError as error:
                    self._fault = self._fault or error
