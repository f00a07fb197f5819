"""
An InputTemplate, compiled: JSON text, or quoted text, with placeholders such as ``<msg>`` in it.

In: the template's text, and for each placeholder a function from an :class:`Event` to its value. Out: a
:class:`JsonTemplate` that makes the Python value of an event directly, without a detour over text, or a
:class:`TextTemplate`.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from livebus.event.envelope import Event
from livebus.transformer.json_path import MISSING
from livebus.transformer.template_reader import PLACEHOLDER, Awkward, Build, TemplateReader, ValueOf, position, text_of


@dataclass(frozen=True, slots=True)
class Placeholder:
    """
    One use of a variable in a template. Line and column count from 1 inside the template's text.

    ``path`` is the JSONPath behind the name, None for a variable that EventBridge predefines (``aws.events.…``).
    """

    name: str
    path: str | None
    quoted: bool
    line: int
    column: int

    def __str__(self) -> str:
        return f"<{self.name}>"


class Unfit(Exception):
    """The template's text with this event's values is not JSON; ``placeholder`` is the one that broke it, if known."""

    def __init__(self, placeholder: Placeholder | None, value: Any) -> None:
        self.placeholder = placeholder
        self.value = value
        super().__init__()


class TextTemplate:
    """
    One or more lines of quoted text: recorded on AWS to reach the target with their quotes, joined by newlines.

    Objects and arrays lose all their double quotes on the way into it.
    """

    __slots__ = ("_parts", "placeholders")

    def __init__(self, template: str, values: Mapping[str, ValueOf], paths: Mapping[str, str]) -> None:
        lines = "\n".join(line for line in map(str.strip, template.splitlines()) if line)
        self.placeholders: Sequence[Placeholder] = tuple(
            Placeholder(found[1], paths.get(found[1]), True, *position(template, found.start()))
            for found in PLACEHOLDER.finditer(template)
        )
        # re.split with one group: texts at even places, names at odd ones.
        self._parts = [values[part] if odd % 2 else part for odd, part in enumerate(PLACEHOLDER.split(lines))]

    def text(self, event: Event) -> str:
        """What the target gets."""
        parts = []
        for part in self._parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            value = part(event)
            text = text_of(value)
            parts.append(text if isinstance(value, str) else text.replace('"', ""))
        return "".join(parts)


class JsonTemplate:
    """
    A template that is JSON but for its placeholders: compiled into a function that builds the value.

    Raises :class:`Malformed` where it is not. ``keys`` holds the members of the outermost object, None where the
    outermost value is no object of the template's own.
    """

    __slots__ = ("_build", "_pieces", "keys", "placeholders")

    def __init__(self, template: str, values: Mapping[str, ValueOf], paths: Mapping[str, str]) -> None:
        reader = TemplateReader(template, values)
        self._build: Build = reader.document()
        self.keys = reader.keys
        self._pieces: list[str | tuple[Placeholder, ValueOf]] = []
        last = 0
        for found in PLACEHOLDER.finditer(template):
            name, offset = found[1], found.start()
            self._pieces.append(template[last:offset])
            placeholder = Placeholder(name, paths.get(name), offset in reader.quoted, *position(template, offset))
            self._pieces.append((placeholder, values[name]))
            last = found.end()
        self._pieces.append(template[last:])
        self.placeholders: Sequence[Placeholder] = tuple(
            piece[0] for piece in self._pieces if not isinstance(piece, str)
        )

    def value(self, event: Event) -> Any:
        """
        The JSON value for an event. Parts without placeholders are shared by all events: not to be changed.

        Raises :class:`Unfit` where a value between quotes makes the text invalid.
        """
        try:
            return self._build(event)
        except Awkward:
            return self._value_by_text(event)

    def _value_by_text(self, event: Event) -> Any:
        """AWS does not escape what it puts between quotes: insert the values raw, then read the text as JSON."""
        parts: list[str] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            value = piece[1](event)
            if piece[0].quoted:
                parts.append(text_of(value))
            else:
                parts.append('""' if value is MISSING else orjson.dumps(value).decode())
        try:
            return orjson.loads("".join(parts))
        except orjson.JSONDecodeError:
            raise self._unfit(event) from None

    def _unfit(self, event: Event) -> Unfit:
        for piece in self._pieces:
            if not isinstance(piece, str) and piece[0].quoted:
                value = piece[1](event)
                try:
                    orjson.loads(f'"{text_of(value)}"')
                except orjson.JSONDecodeError:
                    return Unfit(piece[0], value)
        return Unfit(None, None)
