"""
A program in a process of its own with limits that the kernel keeps: processor time, memory, open files.

What waits uses no processor time, so that a machine which is busy with other things counts nothing against it: only far
beyond any of that it counts as hanging, and is ended.
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
HANGS_AFTER_SECONDS = 300.0
# Of address space, most of which is never touched: libraries reserve it.
MEGABYTES = 1_500
_RESERVED_MEGABYTES = 500


# A process begins with the memory of the one that starts it, and that counts as its own most: that of a worker with thousands of tests
# is not what is measured. So a small one stands between. What the command writes to stderr goes where this one has its stdin.
_MEASURING = """
import os, signal, sys
signal.signal(signal.SIGALRM, signal.SIG_IGN)
told = os.dup(2)
os.dup2(0, 2)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.set_inheritable(2, True)
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, setsigdef=[signal.SIGALRM])
_, status, used = os.wait4(pid, 0)
os.write(told, b"%d %f %d" % (status, used.ru_utime + used.ru_stime, used.ru_maxrss))
"""


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


def under_limits(
    *command: str | Path, cpu_seconds: int | None = None, megabytes: int = MEGABYTES, files: int = 1_024
) -> list[str]:
    """A command that runs another within limits that it cannot raise, under its own process id."""
    limits = ["ulimit -c 0", f"ulimit -n {files}", f"ulimit -v {megabytes * 1024}"]
    if cpu_seconds is not None:
        limits.append(f"ulimit -t {cpu_seconds}")
    return ["/bin/sh", "-c", f'{" && ".join(limits)} && exec "$@"', "sh", *map(str, command)]


def limited(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    cpu_seconds: int = CPU_SECONDS,
    megabytes: int = MEMORY_BYTES // 1_000_000 + _RESERVED_MEGABYTES,
) -> Ended:
    """Run a command to its end, or until a limit ends it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                _MEASURING,
                *under_limits(*command, cpu_seconds=cpu_seconds, megabytes=megabytes),
            ],
            cwd=cwd,
            env={**os.environ, **(environment or {}), "PYTHONPATH": str(PROJECT / "src")},
            stdin=err,
            stdout=out,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        end = threading.Timer(HANGS_AFTER_SECONDS, os.killpg, (process.pid, signal.SIGALRM))
        end.start()
        try:
            _, measured = process.communicate()
        finally:
            end.cancel()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    status, seconds, kilobytes = measured.split()
    return Ended(os.waitstatus_to_exitcode(int(status)), texts[0], texts[1], float(seconds), int(kilobytes) * 1024)


def run_limited(code: str, *, cpu_seconds: int, megabytes: int = MEGABYTES) -> str:
    """What a piece of Python prints. Raises AssertionError where it fails, or needs more than it may."""
    ended = limited([sys.executable, "-c", code], cpu_seconds=cpu_seconds, megabytes=megabytes)
    assert ended.code == 0, (ended.code, ended.cpu_seconds, ended.stderr[-2_000:])
    return ended.stdout


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
