"""
A program in a process of its own with limits that the kernel keeps: processor time, memory, open files.

Runtimes are started with theirs (``under_limits``); what ends by itself is forked from a process that has imported Livebus (``limited``).
"""

from __future__ import annotations

from pathlib import Path

from support.preloaded import MEMORY_BYTES, Ended, Preloaded

PROJECT = Path(__file__).parents[2]
# What the documentation promises for any input of 1 MB; Ended.held has the memory.
CPU_SECONDS = 20
# Of address space, most of which is never touched: libraries reserve it.
MEGABYTES = 1_500
_RESERVED_MEGABYTES = 500
FILES = 1_024
# All that these programs need of Livebus: half a second of imports, which each of them would begin with.
_LIVEBUS = Preloaded(
    "livebus.cli.commands",
    "livebus.cli.validate.arguments",
    "livebus.cli.validate.run",
    "livebus.checks",
    "livebus.execution",
    "livebus.resolver",
    "livebus.runtime.application_files",
    "livebus.sandbox",
    PYTHONPATH=str(PROJECT / "src"),
)


def under_limits(
    *command: str | Path, cpu_seconds: int | None = None, megabytes: int = MEGABYTES, files: int = FILES
) -> list[str]:
    """A command that runs another within limits that it cannot raise, under its own process id."""
    limits = ["ulimit -c 0", f"ulimit -n {files}", f"ulimit -v {megabytes * 1024}"]
    if cpu_seconds is not None:
        limits.append(f"ulimit -t {cpu_seconds}")
    return ["/bin/sh", "-c", f'{" && ".join(limits)} && exec "$@"', "sh", *map(str, command)]


def limited(
    *command: str | Path,
    cwd: Path | None = None,
    cpu_seconds: int = CPU_SECONDS,
    megabytes: int = MEMORY_BYTES // 1_000_000 + _RESERVED_MEGABYTES,
) -> Ended:
    """Run ``python`` with a module or code, as Preloaded does it, to its end or until a limit ends it."""
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": FILES,
        "RLIMIT_AS": megabytes * 1024 * 1024,
        "RLIMIT_CPU": cpu_seconds,
    }
    return _LIVEBUS.run(command, cwd=cwd, limits=limits)


def run_limited(code: str, *, cpu_seconds: int, megabytes: int = MEGABYTES) -> str:
    """What a piece of Python prints. Raises AssertionError where it fails, or needs more than it may."""
    ended = limited("-c", code, cpu_seconds=cpu_seconds, megabytes=megabytes)
    assert ended.code == 0, (ended.code, ended.cpu_seconds, ended.stderr[-2_000:])
    return ended.stdout


def validated(template: Path, *arguments: str | Path) -> Ended:
    """``livebus validate --fast`` of a template."""
    return limited("-m", "livebus", "validate", "--fast", "--template", template, *arguments)


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
    return limited("-c", _LOADS, template)
