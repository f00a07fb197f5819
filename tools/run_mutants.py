"""
Runs the unit tests against changed modules, one after the other, each in a process of its own.

    .venv/bin/python tools/run_mutants.py FOLDER < mutants.ndjson

FOLDER is a copy of the project. A line of stdin is ``{"name", "module", "source", "own", "all"}``: the module's path in the folder, its
text with the change, the tests that are asked first, and those that are asked if no test of the first has failed. A line of
stdout is ``{"name", "end"}``: ``noticed``, ``survived``, or what else became of it. tools/sample_mutants.py asks.

What tests import from elsewhere is imported once; whatever is the project's is read anew for each change. A change that makes the
tests run far longer, or take too much memory, is noticed.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# What takes long to import, of what most tests want.
PRELOADED = ("pytest", "_pytest.assertion.rewrite", "aiohttp.web", "graphql", "orjson",
             "yaml", "regex", "cryptography.hazmat.primitives.asymmetric.rsa", "joserfc", "botocore.session", "uvloop", "sqlite3",
             "xml.etree.ElementTree", "unittest.mock", "asyncio", "cfn_flip", "websockets.asyncio.client")  # fmt: skip
MEMORY = 6 * 2**30  # bytes of address space: a mutant that grows without end does not take the machine with it
# Seconds of a mutant's tests: those of the tests as they are and the constant, times the multiplier.
TIMEOUT_MULTIPLIER, TIMEOUT_CONSTANT = 4, 3
LONGEST = 600.0
PASSED, FAILED = 0, (1, 2, 3)


def ran(folder: Path, tests: Sequence[str], seconds: float) -> tuple[int | None, float]:
    """Pytest's exit status over these tests, None where they took too long; and the seconds that it took."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.setsid()
            os.chdir(folder)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            talk, nothing = os.dup(2), os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(nothing, number)
            import pytest

            status = int(
                pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=11", *tests])
            )
        except BaseException as error:  # noqa: BLE001 - whatever it is: this process ends here
            os.write(talk, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        took = time.monotonic() - began
        if ended:
            killed(child)  # whatever it has started
            # A child that a signal ended (no more memory) has noticed as well.
            return (os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1), took
        if took > seconds:
            killed(child)
            os.waitpid(child, 0)
            return None, took
        time.sleep(0.01)


def killed(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


class Runner:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seconds: dict[tuple[str, ...], float] = {}

    def end(self, module: str, source: str, stages: Sequence[Sequence[str]]) -> str:
        """What becomes of a module's change; each stage's tests have to pass without it."""
        path = self._folder / module
        before = path.read_text(encoding="utf-8")
        for tests in filter(None, stages):
            most = (self._seconds_of(tests) + TIMEOUT_CONSTANT) * TIMEOUT_MULTIPLIER
            try:
                path.write_text(source, encoding="utf-8")
                status, _ = ran(self._folder, tests, most)
            finally:
                path.write_text(before, encoding="utf-8")
            if status is None or status in FAILED:
                return "noticed"
            if status != PASSED:
                return f"pytest ended with {status}"
        return "survived"

    def _seconds_of(self, tests: Sequence[str]) -> float:
        """How long the tests take while nothing is changed."""
        key = tuple(tests)
        if key not in self._seconds:
            status, self._seconds[key] = ran(self._folder, tests, LONGEST)
            if status != PASSED:
                sys.exit(f"{' '.join(tests)}: pytest ended with {status} before anything was changed")
        return self._seconds[key]


def main() -> int:
    folder = Path(sys.argv[1])
    sys.dont_write_bytecode = True
    for name in PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    runner = Runner(folder)
    for line in sys.stdin:
        each = json.loads(line)
        end = runner.end(each["module"], each["source"], (each["own"], each["all"]))
        sys.stdout.write(json.dumps({"name": each["name"], "end": end}) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
