"""Functions that run, each in a folder of its test's, and end with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.functions import NODE, PYTHON, Running, function, need_node

Run = Callable[..., Running]


@pytest.fixture
def run_python(tmp_path: Path) -> Iterator[Run]:
    """Runs the handler ``h`` of a Python source."""
    with ExitStack() as stack:

        def run(source: str, **members: Any) -> Running:
            files = {"app.py": source, **members.pop("files", {})}
            running = Running(tmp_path, files, function(members.pop("handler", "app.h"), PYTHON, **members))
            stack.callback(running.functions.close)
            return running

        yield run


@pytest.fixture
def run_node(tmp_path: Path) -> Iterator[Run]:
    """Runs the handler ``h`` of a JavaScript source, ``app.js`` or another file."""
    need_node()
    with ExitStack() as stack:

        def run(source: str, file: str = "app.js", **members: Any) -> Running:
            files = {file: source, **members.pop("files", {})}
            running = Running(tmp_path, files, function(members.pop("handler", "app.h"), NODE, **members))
            stack.callback(running.functions.close)
            return running

        yield run
