"""
Programs written in Python that find what they import in memory already.

Importing is most of the work of a short program. Here one process imports, does nothing else (``support.preloading``), and is forked for each
program: that has a process, a session, a folder, an environment, streams and limits of its own, which are set before its first line. What Python
itself reads at its start it has read already, PYTHONPATH and its sitecustomize excepted: a test of that (a closed stdout), or of what a
program loads, starts the program as everybody does.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# What waits uses no processor time, so that a machine which is busy with other things counts nothing against it: only far beyond any limit it
# counts as hanging, and is ended.
HANGS_AFTER_SECONDS = 300.0
# What the documentation promises for any input of 1 MB.
MEMORY_BYTES = 500_000_000
_PROCESS = Path(__file__).with_name("preloading.py")
# Processor seconds of all programs that have ended: they are no children of this process, which getrusage() counts.
_used = [0.0]


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a program ended: exit code (negative: the signal), what it wrote, most memory in bytes, and its processor seconds, without those of
    importing.
    """

    code: int
    stdout: str
    stderr: str
    cpu_seconds: float
    memory_bytes: int

    @property
    def held(self) -> bool:
        """Whether it kept within the limits and ended by itself, without a traceback."""
        return self.code >= 0 and self.memory_bytes <= MEMORY_BYTES and "Traceback" not in self.stderr


class Preloaded:
    """Starts programs from a process in which these modules are imported; that process starts with the first of them."""

    def __init__(self, *modules: str, **environment: str) -> None:
        self._modules = modules
        self._environment = environment
        self._control: socket.socket | None = None

    def run(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: IO[str] | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> Ended:
        """
        Run ``python -m MODULE …``, ``python -c CODE …`` or a script, without ``python``, to its end or until a limit ends it. The limits
        are those of the module ``resource``, by name; none can be raised.
        """
        program = {
            "command": [str(word) for word in command],
            "folder": str(cwd or Path.cwd()),
            "environment": {**os.environ, **self._environment} if env is None else dict(env),
            "limits": dict(limits or {}),
        }
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            Path(os.devnull).open() as nothing,
        ):
            given.write(json.dumps(program).encode())
            given.seek(0)
            status, seconds, kilobytes = self._ended(given, stdin or nothing, out, err)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
        _used[0] += float(seconds)
        return Ended(os.waitstatus_to_exitcode(int(status)), texts[0], texts[1], float(seconds), int(kilobytes) * 1024)

    def _ended(self, *files: IO[str] | IO[bytes]) -> list[bytes]:
        """What the process tells of the program once it has ended."""
        if self._control is None:
            self._control = self._started()
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as told:
            try:
                socket.send_fds(self._control, [b"."], [*(file.fileno() for file in files), writing])
            finally:
                os.close(writing)
            pid = int(told.readline())
            end = threading.Timer(HANGS_AFTER_SECONDS, os.killpg, (pid, signal.SIGALRM))
            end.start()
            try:
                return told.readline().split()
            except BaseException:
                os.killpg(pid, signal.SIGKILL)
                raise
            finally:
                end.cancel()

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", str(_PROCESS), *self._modules],
                env={**os.environ, **self._environment},
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

        def end() -> None:
            ours.close()
            process.wait()

        atexit.register(end)
        return ours


def used_seconds() -> float:
    """Processor time of the programs that this process has had run, and that have ended."""
    return _used[0]
