"""
Programs in processes of their own, each the head of a process group.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from support.waiting import until

# A verb takes a second; the machine may have other things to do.
SECONDS = 60.0


class Program:
    """A running program. ``stderr`` and ``stdout`` are what it has written so far."""

    def __init__(self, command: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ if env is None else env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        self._written: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._readers = [
            threading.Thread(target=self._read, args=(name, getattr(self._process, name))) for name in self._written
        ]
        for reader in self._readers:
            reader.start()

    @classmethod
    def script(cls, script: Path, *arguments: str | Path, **options: Any) -> Self:
        return cls(cls.script_command(script, *arguments), **options)

    @staticmethod
    def script_command(script: Path, *arguments: str | Path) -> list[str]:
        return [sys.executable, str(script), *map(str, arguments)]

    def _read(self, name: str, stream: Any) -> None:
        for line in stream:
            self._written[name].append(line)
        stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)

    @property
    def stdout(self) -> str:
        return "".join(tuple(self._written["stdout"]))

    @property
    def stderr(self) -> str:
        return "".join(tuple(self._written["stderr"]))

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = SECONDS) -> int:
        """Wait for the end, and return the exit code; everything that was written is there then."""
        code = self._process.wait(seconds)
        for reader in self._readers:
            reader.join(seconds)
        return code

    def runs(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, words: str) -> None:
        """Wait until the program has written these words to stderr or stdout."""
        until(lambda: words in self.stderr + self.stdout or not self.runs(), f"{words!r} written", SECONDS)
        assert words in self.stderr + self.stdout, self.stderr


class LocalRuntime(Program):
    """``local.py`` on a free port. ``outputs`` are what it has written into its file once it was ready."""

    def __init__(self, scripts: Path, state: Path, file: Path, *arguments: str | Path) -> None:
        self._start([sys.executable, str(scripts / "local.py")], state, file, *arguments)

    @classmethod
    def started_by(cls, command: list[str], state: Path, file: Path, *arguments: str | Path) -> Self:
        """One that another program starts, which hands local.py its arguments."""
        runtime = cls.__new__(cls)
        runtime._start(command, state, file, *arguments)
        return runtime

    def _start(self, command: list[str], state: Path, file: Path, *arguments: str | Path) -> None:
        self.state = state
        file.unlink(missing_ok=True)
        port = () if "--port" in arguments else ("--port", "0")
        given = [*port, "--state", str(state), "--outputs", str(file), *map(str, arguments)]
        super().__init__([*command, *given])
        try:
            until(lambda: file.exists() or not self.runs(), "the file of outputs", SECONDS)
            assert file.exists(), self.stderr
            self.outputs: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except BaseException:
            self.__exit__()
            raise


def processes_under(folder: Path) -> list[str]:
    """The command lines of all processes that work in a folder, or were started from it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").resolve()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # gone in the meantime, or another user's
            continue
        if int(process.name) != os.getpid() and (where.is_relative_to(folder) or str(folder) in command):
            found.append(command)
    return found
