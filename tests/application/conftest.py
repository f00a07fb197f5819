"""
What tests of the application share: its line, in this process.

They are tests as any project with such a template has them, with the fixture that Livebus gives.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from livebus.testing import LocalLine, livebus_line

__all__ = ["livebus_line"]

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def line(livebus_line: Callable[..., LocalLine]) -> LocalLine:
    """The project's application, with nobody subscribed."""
    return livebus_line(PROJECT / "template.yaml")
