"""
A JSON file of settings that a tool wrote or a person did: its value, and where in the file each part of it stands.

In: a path. Out: a :class:`JsonFile`, or a fault with the line at which the text is not JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.errors import LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, read_text, reason_of

if TYPE_CHECKING:
    from livebus.template.document import Document

_SHOWN = 60
_LONGEST_PATH = 1000


@dataclass(frozen=True)
class JsonFile:
    """``name`` is what places call the file, ``value`` what its text says."""

    name: str
    value: Any
    text: str

    def place(self, *path: str) -> Place:
        """Where the value of a path stands; of a text beyond the bound of settings, its beginning."""
        document = self._document
        return Place(self.name, 1, 1, "/".join(path)[:_LONGEST_PATH]) if document is None else document.place(path)

    @cached_property
    def _document(self) -> Document | None:
        """The text with its places: made only where something is wrong, since it takes longer than to read the value."""
        if len(self.text) > MAX_SETTINGS_BYTES or not isinstance(self.value, dict):
            return None
        from livebus.template.document import read_document

        try:
            return read_document(self.text, self.name)
        except (LivebusError, RecursionError):  # JSON that YAML does not take
            return None


def shown(value: Any) -> str:
    """A value as JSON has it, no longer than a message can hold."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def misread(error: Exception) -> str:
    """What is wrong with a file of our own, in words: of an error that its JSON, or what was looked for in it, ended with."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON, line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}" if error.args else "a member is missing"
    if isinstance(error, OSError):
        return reason_of(error)
    return "its members are of other kinds than they should be"


def read_json(path: Path, name: str, *, most: int = MAX_SETTINGS_BYTES) -> JsonFile:
    """Read a file of at most ``most`` bytes. Raises LivebusError where it cannot be read, or is not JSON."""
    text = read_text(path, name, most=most)
    try:
        return JsonFile(name, json.loads(text), text)
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise LivebusError(f"not JSON: {message}", Place(name, error.lineno, error.colno)) from None
    except (ValueError, RecursionError):  # a number of more digits than Python reads, brackets without an end
        raise LivebusError("not JSON that can be read: nested too deep, or a number too long", Place(name)) from None
