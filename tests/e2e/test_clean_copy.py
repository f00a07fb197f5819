"""A fresh copy of the project, with nothing beside it: ``make demo`` and ``make test``, and what a killed run leaves."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.copies import copy_project, outer_environment, with_node_packages, with_python_packages
from support.processes import Program, processes_under
from support.waiting import until

# Installing takes half a minute; a slow network or a busy machine may take its time.
SECONDS = 600.0

Make = Callable[..., Program]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_node_packages(copy_project(tmp_path_factory.mktemp("clean") / "livebus")).resolve()


@pytest.fixture
def make(copy: Path) -> Iterator[Make]:
    """Starts make in the copy."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Program:
            return stack.enter_context(Program(["make", *arguments], cwd=copy, env=outer_environment()))

        yield start


def nothing_runs(copy: Path) -> None:
    until(lambda: not processes_under(copy), f"no process of {copy}", 60)


def test_make_demo_of_a_fresh_copy(copy: Path, make: Make) -> None:
    """
    One command sets up what is missing and shows the event; ended while it installs, the next one mends it.

    The second run installs nothing.
    """
    ended = make("demo")
    ended.wait_for("installing requirements.txt")
    ended.signal(signal.SIGTERM)
    assert ended.wait() != 0
    nothing_runs(copy)

    first = make("demo")
    assert first.wait(SECONDS) == 0, first.stderr
    assert "The event arrived" in first.stdout
    assert "installing requirements.txt" in first.stderr

    second = make("demo")
    assert second.wait(SECONDS) == 0, second.stderr
    assert "The event arrived" in second.stdout
    assert second.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_demo_leaves_no_process(copy: Path, make: Make, number: int) -> None:
    """Make killed in the middle: what it started is over at once, or as soon as the demo is."""
    program = make("demo")
    program.wait_for("runtime ")
    program.signal(number)
    assert program.wait() != 0
    nothing_runs(copy)


def test_make_test_of_the_copy(copy: Path, make: Make) -> None:
    """The tests run in the copy as well; its own files are as they were."""
    with_python_packages(copy)
    before = {path: path.read_bytes() for path in copy.glob("*.*") if path.is_file()}
    program = make("test", "PYTEST_ARGS=tests/unit/access tests/unit/test_flow.py -q")
    assert program.wait(SECONDS) == 0, program.stdout[-4000:] + program.stderr[-2000:]
    assert " passed" in program.stdout.splitlines()[-1]
    assert {path: path.read_bytes() for path in before} == before
