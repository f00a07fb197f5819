"""
Functions as tests run them: made of a source text, in a folder, by a real interpreter; and whether Node.js is there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from livebus.runtime.functions.blocking import BlockingFunctions
from livebus.template.application import Function, FunctionCode

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
NODE = "nodejs22.x"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


def need_node() -> None:
    """Leave a test out where Node.js is missing; in CI (``CI`` is set) it fails there."""
    if shutil.which("node"):
        return
    if os.environ.get("CI"):
        pytest.fail("not left out in CI: node is missing")
    pytest.skip("node is missing")


def function(handler: str, runtime: str = PYTHON, *, name: str = "fn", path: str = "code", **members: Any) -> Function:
    """A function whose code lies in the folder ``path`` beside its template."""
    code = members.pop("code", FunctionCode(path=path))
    given = {"timeout": 5, "memory_size": 256, **members}
    return Function(name, f"{ARN}{name}", "Fn", runtime, handler, code, **given)


class Running:
    """One function that runs in a folder of the test's. ``lines`` are those of its log."""

    def __init__(self, folder: Path, files: dict[str, str], made: Function) -> None:
        for name, text in files.items():
            file = folder / "code" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.name = made.name
        self.lines: list[str] = []
        self.told: list[str] = []
        self.functions = BlockingFunctions(
            [made], folder, line=lambda _, text: self.lines.append(text), tell=self.told.append
        )

    def result(self, event: Any = None) -> Any:
        """What the function makes of an event."""
        outcome = self.functions.invoke(self.name, json.dumps(event).encode())
        assert outcome.function_error == "", outcome.payload
        return json.loads(outcome.payload)

    def error(self, event: Any = None) -> dict[str, Any]:
        """The members of the error that an event ends in."""
        outcome = self.functions.invoke(self.name, json.dumps(event).encode())
        assert (outcome.status, outcome.function_error) == (200, "Unhandled"), outcome.payload
        return outcome.error


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
