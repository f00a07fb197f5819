"""
A program in a process of its own that is asked line by line, with a deadline for each answer.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

# What takes a moment on a quiet machine may take this long on a busy one.
DEADLINE_SECONDS = 60.0


class Program:
    """Runs a command from entry to exit. Its stderr goes where the tests' goes."""

    def __init__(self, *command: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._environment = environment
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.terminate()
        try:
            process.wait(DEADLINE_SECONDS)
        finally:
            process.kill()
            self._reader.join()
            process.stdout.close()

    def line(self) -> str:
        """The next line of its output. Raises AssertionError when it ends or says nothing in time."""
        try:
            line = self._lines.get(timeout=DEADLINE_SECONDS)
        except queue.Empty:
            self._process.kill()  # the tests after this one shall not wait as long
            raise AssertionError(f"{self._command} said nothing for {DEADLINE_SECONDS:g} s") from None
        if not line:
            raise AssertionError(f"{self._command} has ended")
        return line.rstrip("\n")

    def ask(self, command: str, **given: Any) -> Any:
        """Its answer to a command: ``{"value": …}``, or ``{"error": …}``."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **given}) + "\n")
        return json.loads(self.line())

    def call(self, command: str, **given: Any) -> Any:
        """What a command returns. Raises AssertionError when it fails."""
        answer = self.ask(command, **given)
        assert list(answer) == ["value"], answer
        return answer["value"]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")
