"""
Programs under limits that are enforced from outside: memory and open files by the kernel, time by whoever waits.

Run as a script it sets the limits and becomes the program: ``limited.py MEGABYTES FILES COMMAND …``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

MEGABYTES = 1_500  # of address space, most of which is never touched


def under_limits(*command: str | Path, megabytes: int = MEGABYTES, files: int = 1_024) -> list[str]:
    """A command that runs another within limits that it cannot raise."""
    return [sys.executable, __file__, str(megabytes), str(files), *map(str, command)]


def run_limited(
    code: str, *, seconds: float, megabytes: int = MEGABYTES, project: Path = Path(__file__).parents[2]
) -> str:
    """What a piece of Python prints. Raises AssertionError where it fails, or is not done in so many seconds."""
    command = under_limits(sys.executable, "-c", code, megabytes=megabytes)
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"not done within {seconds:g} s") from None
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


if __name__ == "__main__":
    memory, descriptors = int(sys.argv[1]) * 1024 * 1024, int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    os.execv(sys.argv[3], sys.argv[3:])
