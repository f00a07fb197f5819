"""Which interpreter a function gets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from livebus.runtime.functions.command import arguments
from support.functions import function


@pytest.mark.parametrize("runs", [True, False])
def test_an_interpreter_of_the_path_that_does_not_run_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, runs: bool
) -> None:
    """pyenv puts a name for each version into the PATH, and runs only those that were chosen: the own one is taken then."""
    other = "3.14" if sys.version_info[:2] == (3, 13) else "3.13"
    script = tmp_path / f"python{other}"
    script.write_text(f"#!/bin/sh\necho Python {other}.1\n" if runs else "#!/bin/sh\nexit 127\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    told: list[str] = []
    command = arguments(function("h.h", f"python{other}"), told.append)
    assert command[5] == (str(script) if runs else sys.executable)
    assert len(told) == (0 if runs else 1)
