"""
A program in a process of its own with limits that the kernel keeps: processor time, memory, and an end for what waits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
# What the documentation promises for any input of 1 MB.
CPU_SECONDS = 20
MEMORY_BYTES = 500_000_000
# A process that sleeps uses no processor time: this is when it counts as hanging. Busy machines are slow.
HANGS_AFTER_SECONDS = 120.0
# Address space is more than memory: libraries reserve what they never touch.
_RESERVED_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: exit code (negative: the signal), what it wrote, processor seconds, most memory in bytes."""

    code: int
    stdout: str
    stderr: str
    cpu_seconds: float
    memory_bytes: int

    @property
    def held(self) -> bool:
        """Whether it kept within the limits and ended by itself, without a traceback."""
        return self.code >= 0 and self.memory_bytes <= MEMORY_BYTES and "Traceback" not in self.stderr


def limited(
    command: Sequence[str | Path], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command to its end, or until a limit ends it."""
    kilobytes = (MEMORY_BYTES + _RESERVED_BYTES) // 1024
    limits = f'ulimit -c 0; ulimit -t {CPU_SECONDS}; ulimit -v {kilobytes}; exec "$@"'
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            ["/bin/sh", "-c", limits, "sh", *map(str, command)],
            cwd=cwd,
            env={**os.environ, **(environment or {}), "PYTHONPATH": str(PROJECT / "src")},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        end = threading.Timer(HANGS_AFTER_SECONDS, process.send_signal, (signal.SIGALRM,))
        end.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            end.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Ended(process.returncode, texts[0], texts[1], used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def validated(template: Path, *arguments: str | Path) -> Ended:
    """``livebus validate --fast`` of a template."""
    return limited([sys.executable, "-m", "livebus", "validate", "--fast", "--template", template, *arguments])


_LOADS = """
import sys
from pathlib import Path
from livebus.errors import LivebusError
from livebus.runtime.application_files import ApplicationFiles
from livebus.template import Environment

try:
    ApplicationFiles.of(Path(sys.argv[1]), Environment(), {}).load()
except LivebusError as error:
    for fault in error.faults:
        print(fault)
    sys.exit(1)
"""


def loaded(template: Path) -> Ended:
    """A template read as the runtime reads it, at its start and at each change."""
    return limited([sys.executable, "-c", _LOADS, template])
