"""
Local runtimes: one that tests share, and a way to start one with settings of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from livebus.runtime.settings import Settings
from support.running import USER, RunningRuntime

Start = Callable[..., RunningRuntime]


def _settings(project: Path, state: Path, options: dict[str, Any]) -> Settings:
    defaults: dict[str, Any] = {"template": project / "template.yaml", "state": state, "port": 0, "user": USER}
    return Settings(**{**defaults, "reload": False, **options})


@pytest.fixture(scope="session")
def runtime(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRuntime]:
    """A runtime of the project's own template, for tests that leave it as it was."""
    with RunningRuntime(_settings(project, tmp_path_factory.mktemp("shared") / "state", {})) as running:
        yield running


@pytest.fixture
def start_runtime(project: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts runtimes with Settings of one's own; whichever still runs at the end is stopped."""
    with ExitStack() as stack:

        def start(**options: Any) -> RunningRuntime:
            return stack.enter_context(RunningRuntime(_settings(project, tmp_path / "state", options)))

        yield start
