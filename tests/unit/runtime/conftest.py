"""
A line compiled from the project's own application, a clock that stands still until it is moved, counted ids.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from livebus.compilation import compile_line
from livebus.flow import Line
from livebus.template import Environment, load_application

PROJECT = Path(__file__).parents[3]


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_id() -> Callable[[], str]:
    """``id-1``, ``id-2``, …"""
    counter = itertools.count(1)
    return lambda: f"id-{next(counter)}"


def line_of(text: str) -> Line:
    application = load_application(
        text,
        file="template.yaml",
        read_file=lambda name: (PROJECT / name).read_text(encoding="utf-8"),
        environment=Environment("livebus", "us-east-1", endpoint="http://127.0.0.1:4566"),
        parameters={},
    )
    return compile_line(application)


@pytest.fixture(scope="session")
def line() -> Line:
    return line_of((PROJECT / "template.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def line_without_queue() -> Line:
    text = (PROJECT / "template.yaml").read_text(encoding="utf-8")
    return line_of(text.replace("          DeadLetterConfig:\n            Arn: !GetAtt DeadLetterQueue.Arn\n", ""))


@pytest.fixture
def line_with() -> Callable[[str, str], Line]:
    """Compiles a line of its own, from the template with a text replaced by another."""
    text = (PROJECT / "template.yaml").read_text(encoding="utf-8")
    return lambda old, new: line_of(text.replace(old, new))
