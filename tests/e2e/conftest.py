"""
The verbs as programs of their own, in a process group that is ended with the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.processes import LocalRuntime, Program

Verb = Callable[..., Program]


@pytest.fixture
def verb(project: Path, tmp_path: Path) -> Iterator[Verb]:
    """Starts one of the scripts with arguments; whatever still runs at the end of the test is killed."""
    with ExitStack() as stack:

        def start(name: str, *arguments: str | Path, **options: object) -> Program:
            return stack.enter_context(Program.script(project / "scripts" / name, *arguments, **options))

        yield start


@pytest.fixture
def local(project: Path, tmp_path: Path) -> Iterator[Callable[..., LocalRuntime]]:
    """Starts ``python scripts/local.py --port 0`` with a state folder of its own, and waits until it is ready."""
    with ExitStack() as stack:

        def start(*arguments: str | Path, state: Path | None = None) -> LocalRuntime:
            return stack.enter_context(
                LocalRuntime(project / "scripts", state or tmp_path / ".livebus", tmp_path / "outputs.json", *arguments)
            )

        yield start
