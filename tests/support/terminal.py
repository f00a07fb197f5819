"""
Programs on a pseudo-terminal, answered as a person would.
"""

from __future__ import annotations

import os
import pty
import re
import select
import time
from collections.abc import Mapping
from pathlib import Path

_SECONDS = 90.0
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def answered_with_enter(command: list[str], *, cwd: Path, env: Mapping[str, str], prompt: str) -> tuple[int, str]:
    """
    Run a program that asks; whenever what it shows ends with ``prompt`` (a regular expression), Enter is typed.

    The exit code, and everything that was shown, without control sequences. Raises AssertionError when it takes too long.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(cwd)
        os.execvpe(command[0], command, dict(env))
    asks, shown, end = re.compile(rf"(?:{prompt})\s*\Z"), "", time.monotonic() + _SECONDS
    try:
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                read = os.read(terminal, 65_536)
            except OSError:  # Linux's way to say that the program has closed its side
                break
            shown += _CODES.sub("", read.decode("utf-8", "replace"))
            if asks.search(shown):
                os.write(terminal, b"\n")
                shown += "\n"
        else:
            os.kill(process, 9)
            raise AssertionError(f"{command}: not within {_SECONDS:g} s; it shows:\n{shown[-2000:]}")
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.replace("\r", "")
