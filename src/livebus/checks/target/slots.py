"""
The parts of a target's input: what is constant in it, and the slots that events fill.

In: a compiled transformer. Out: the members of the JSON object that it gives, with a :class:`Slot` or a :class:`Text`
where a placeholder stands. Paths are read as the transformer reads them.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Literal

from livebus.errors import NOWHERE, Fault
from livebus.transformer import Transformer
from livebus.transformer.json_path import WILDCARD, Find, compile_path, steps_of
from livebus.transformer.template_reader import PLACEHOLDER

JsonKind = Literal["object", "array", "string"]

# What each event has, whoever sent it. "replay-name" is there where an archive is replayed.
ENVELOPE: Mapping[str, JsonKind] = {
    "version": "string",
    "id": "string",
    "detail-type": "string",
    "source": "string",
    "account": "string",
    "time": "string",
    "region": "string",
    "resources": "array",
    "detail": "object",
    "replay-name": "string",
}
_PREDEFINED: Mapping[str, JsonKind] = {"aws.events.event": "object", "aws.events.event.json": "object"}
_VARIABLE_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
# Characters of the private use area stand for the placeholders while the template around them is read as JSON.
_OPEN, _OPEN_QUOTED, _CLOSE = "\ue000", "\ue001", "\ue002"
_SLOT = re.compile(f"([{_OPEN}{_OPEN_QUOTED}])([0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Slot:
    """
    A place that the event fills. ``path`` is None for variables that EventBridge predefines.

    ``name`` is that of the placeholder, "" where the whole event is the input; ``line`` counts inside the template.
    """

    name: str
    path: str | None
    quoted: bool
    line: int

    def __str__(self) -> str:
        return f"<{self.name}>" if self.name else str(self.path)

    @property
    def kind(self) -> JsonKind | None:
        """What stands there in every event; None where it depends on the event."""
        if self.path is None:
            return _PREDEFINED.get(self.name, "string")
        steps = steps_of(self.path)
        if isinstance(steps, str):
            return None
        if WILDCARD in steps:
            return "array"
        if not steps:
            return "object"
        if steps[0] == "resources" and len(steps) == 2:
            return "string"
        return ENVELOPE.get(str(steps[0])) if len(steps) == 1 else None

    def find(self, envelope: Mapping[str, Any]) -> Any:
        """What a path leads to in an event, or MISSING; for paths only."""
        return _finder(self.path)(envelope)


@lru_cache(maxsize=1024)
def _finder(path: str | None) -> Find:
    """The function for a path that is one: a slot looks into every sample."""
    found = compile_path(path, NOWHERE, "")
    assert not isinstance(found, Fault)
    return found


@dataclass(frozen=True, slots=True)
class Text:
    """A string of the template with slots in it; with one that is all of the string, ``whole`` is that one."""

    text: str
    slots: tuple[Slot, ...]
    whole: Slot | None


def members_of(transformer: Transformer) -> Mapping[str, Any] | None:
    """The variables with constants, slots and texts for values, as far as the template tells."""
    if transformer.form == "Input":
        constant: Mapping[str, Any] = json.loads(transformer.text or "{}")
        return constant
    if transformer.form == "event" or (transformer.form == "InputPath" and transformer.text == "$"):
        return {
            member: Slot("", f"$.{member}", quoted=False, line=1)
            for member in ENVELOPE
            if _VARIABLE_NAME.fullmatch(member)
        }
    if transformer.form != "InputTransformer" or transformer.keys is None:
        return None
    slots = [Slot(each.name, each.path, each.quoted, each.line) for each in transformer.placeholders]
    members: Mapping[str, Any] = _with_slots(json.loads(marked_text(transformer)), slots)
    return members


def marked_text(transformer: Transformer) -> str:
    """An InputTemplate as JSON text: the number of each placeholder stands in its place."""
    quoted = iter([placeholder.quoted for placeholder in transformer.placeholders])
    numbers = count()

    def marked(_: re.Match[str]) -> str:
        number = next(numbers)
        return f"{_OPEN_QUOTED}{number}{_CLOSE}" if next(quoted) else f'"{_OPEN}{number}{_CLOSE}"'

    return PLACEHOLDER.sub(marked, transformer.text or "")


def _with_slots(value: Any, slots: list[Slot]) -> Any:
    if isinstance(value, dict):
        return {name: _with_slots(item, slots) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_slots(item, slots) for item in value]
    found = list(_SLOT.finditer(value)) if isinstance(value, str) else []
    if not found:
        return value
    first = slots[int(found[0][2])]
    if found[0][1] == _OPEN:
        return first
    inside = tuple(slots[int(each[2])] for each in found)
    whole = first if len(found) == 1 and len(found[0][0]) == len(value) else None
    return Text(_SLOT.sub(lambda each: str(slots[int(each[2])]), value), inside, whole)


def in_words(kind: JsonKind | None) -> str:
    return {"object": "an object", "array": "a list", "string": "a text", None: "a value"}[kind]
