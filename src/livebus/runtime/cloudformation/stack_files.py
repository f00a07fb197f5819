"""
Keeps stacks across restarts: one JSON file each, replaced in one step, so that a killed runtime finds the last good one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson

from livebus.files import content
from livebus.json_file import misread
from livebus.runtime.cloudformation.stack import Stack
from livebus.runtime.kept.state import write_private

_SAFE_NAME = re.compile("[A-Za-z0-9-]{1,128}")
_SUFFIX = ".json"


class StackFiles:
    """The folder with a file for each stack, and a ``tell`` for what in it cannot be read."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._tell = tell

    def read(self) -> Iterator[Stack]:
        """The kept stacks, the oldest first. A file that is none is told and left alone."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                found.append(Stack.from_json(orjson.loads(content(path))))
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                self._tell(f"{path}: not a stack of ours ({misread(error)}); it stays away")
        yield from sorted(found, key=lambda stack: stack.created)

    def write(self, stack: Stack) -> None:
        """Keep a stack as it stands. Raises OSError where the disk does not take it; the file before stays then."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_private(self._path(stack.name), json.dumps(stack.to_json(), ensure_ascii=False))

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        assert _SAFE_NAME.fullmatch(name), name
        return self._folder / f"{name}{_SUFFIX}"
