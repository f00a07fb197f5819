"""
What each test file costs: a plugin for pytest, which writes ``tests/usage.txt``.

``PYTHONPATH=tests .venv/bin/python -m pytest -p support.usage --usage tests/usage.txt PATH`` runs a part in one process; what is known of
the files that it does not run stays. Processor time is the measure: it is the same on a machine that has other things to do. That of a program counts once it has
ended, for the test that waited for it; a browser that tests share counts for the last of them.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import preloaded

LEAST_SECONDS = 2.0
HEAD = """\
# What the dearest test files cost, in seconds, and how many tests they have; written by tests/support/usage.py, which says how.
# Elapsed time counts the waits, and what else the machine had to do.
# processor, of it in programs, elapsed, tests, file
"""


@dataclass(slots=True)
class Cost:
    """In seconds: processor time of this process and of programs that have ended, and time."""

    own: float = 0.0
    programs: float = 0.0
    elapsed: float = 0.0
    tests: int = 0

    @property
    def processor(self) -> float:
        return self.own + self.programs


def _now() -> tuple[float, float, float]:
    own, programs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        own.ru_utime + own.ru_stime,
        programs.ru_utime + programs.ru_stime + preloaded.used_seconds(),
        time.monotonic(),
    )


class Usage:
    """Adds up what the tests of each file take, their fixtures included."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._costs: dict[str, Cost] = {}
        self._known = read(file.read_text(encoding="utf-8")) if file.exists() else {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        before = _now()
        done: object = yield
        own, programs, elapsed = (after - earlier for after, earlier in zip(_now(), before, strict=True))
        cost = self._costs.setdefault(item.nodeid.partition("::")[0], Cost())
        cost.own += own
        cost.programs += programs
        cost.elapsed += elapsed
        cost.tests += 1
        return done  # type: ignore[return-value]

    def pytest_sessionfinish(self) -> None:
        self._file.write_text(table({**self._known, **self._costs}), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        total = sum(cost.processor for cost in self._costs.values())
        terminalreporter.write_line(f"{total:.0f} s of processor time; {self._file} has the files that took most of it")


def read(text: str) -> dict[str, Cost]:
    """What ``table`` has written."""
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {
        file: Cost(float(processor) - float(programs), float(programs), float(elapsed), int(tests))
        for processor, programs, elapsed, tests, file in rows
    }


def table(costs: dict[str, Cost]) -> str:
    """The text of ``tests/usage.txt``: the files that take longest, the dearest first."""
    dearest = sorted(costs.items(), key=lambda each: -each[1].processor)
    return HEAD + "".join(
        f"{cost.processor:.1f} {cost.programs:.1f} {cost.elapsed:.1f} {cost.tests} {file}\n"
        for file, cost in dearest
        if cost.processor >= LEAST_SECONDS
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--usage", type=Path, metavar="FILE", help="write what each test file costs")


def pytest_configure(config: pytest.Config) -> None:
    if file := config.getoption("--usage"):
        config.pluginmanager.register(Usage(file))
