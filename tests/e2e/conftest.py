"""
The verbs as programs of their own, in a process group that is ended with the test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.installed import Installed, installed_once
from support.processes import LocalRuntime, Program

Verb = Callable[..., Program]


@pytest.fixture
def verb(project: Path, tmp_path: Path) -> Iterator[Verb]:
    """Starts one of the scripts with arguments; whatever still runs at the end of the test is killed."""
    with ExitStack() as stack:

        def start(name: str, *arguments: str | Path, **options: object) -> Program:
            return stack.enter_context(Program.script(project / "scripts" / name, *arguments, **options))

        yield start


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Livebus from a wheel, as it is installed once for all workers of a run; tests leave it as it was."""
    own = tmp_path_factory.getbasetemp()
    # pytest-xdist's workers have folders of their own in that of the run.
    return installed_once(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture
def local(project: Path, tmp_path: Path) -> Iterator[Callable[..., LocalRuntime]]:
    """Starts ``python scripts/local.py --port 0`` with a state folder of its own, and waits until it is ready."""
    with ExitStack() as stack:

        def start(*arguments: str | Path, state: Path | None = None) -> LocalRuntime:
            return stack.enter_context(
                LocalRuntime(project / "scripts", state or tmp_path / ".livebus", tmp_path / "outputs.json", *arguments)
            )

        yield start


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What is left out because something is not installed is told aloud, not only as a letter."""
    skipped = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    for reason in sorted({text for text in skipped if "AWS CDK is not installed" in text}):
        line = f"LEFT OUT: the test with the real AWS CDK, because {reason.removeprefix('Skipped: ')}"
        terminalreporter.write_line(line, red=True, bold=True)
