"""
Reads a JSON template: JSON in which a placeholder may be a value, or stand inside a string.

In: the text, and for each placeholder a function from an :class:`Event` to its value. Out: a function that builds the
template's value for an event directly, without making text and parsing it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from livebus.event.envelope import Event
from livebus.transformer.json_path import MISSING

ValueOf = Callable[[Event], Any]
Build = Callable[[Event], Any]

# AWS: "The characters < and > cannot be escaped." It does not document what other text between them means; we take
# it as text, so that "1 < 2" stays.
PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")

# AWS does not document how deep a template may nest; 100 levels is far more than GraphQL variables need.
MAX_DEPTH = 100

_BLANK = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.)*)"')
_SCALAR = re.compile(r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![A-Za-z0-9_.+-])")
# What may not stand unescaped in a JSON string.
_AWKWARD = re.compile(r'["\\\x00-\x1f]')


class Malformed(Exception):
    """The template is not JSON; ``line`` and ``column`` say where."""

    def __init__(self, what: str, template: str, offset: int) -> None:
        self.what = what
        self.line, self.column = position(template, offset)
        super().__init__(what)


class Awkward(Exception):
    """A value between quotes that has to go into the text raw: the tree cannot tell what that makes."""


@dataclass(frozen=True, slots=True)
class _Constant:
    """A part of the template that is the same for each event."""

    value: Any


class TemplateReader:
    """
    Reads one template, once, from left to right.

    Afterwards ``quoted`` holds the offsets of the placeholders inside strings, ``keys`` the members of the outermost
    object (None where the outermost value is none).
    """

    __slots__ = ("_depth", "_offset", "_template", "_values", "keys", "quoted")

    def __init__(self, template: str, values: Mapping[str, ValueOf]) -> None:
        self._template = template
        self._values = values
        self._offset = 0
        self._depth = 0
        self.keys: tuple[str, ...] | None = None
        self.quoted: set[int] = set()

    def document(self) -> Build:
        """The function that builds the one value that is the whole template. Raises :class:`Malformed`."""
        node = self._value()
        self._skip_blanks()
        if self._offset < len(self._template):
            raise self._malformed("nothing more")
        return _builder(node)

    def _value(self) -> _Constant | Build:
        self._skip_blanks()
        if self._accept("{"):
            return self._nested(self._object)
        if self._accept("["):
            return self._nested(self._array)
        if found := PLACEHOLDER.match(self._template, self._offset):
            self._offset = found.end()
            return _unquoted(self._values[found[1]])
        if found := _STRING.match(self._template, self._offset):
            node = self._string(found[1])
            self._offset = found.end()
            return node
        if found := _SCALAR.match(self._template, self._offset):
            node = _Constant(self._decoded(found[0], self._offset))
            self._offset = found.end()
            return node
        raise self._malformed("a JSON value or a placeholder")

    def _nested(self, read: Callable[[], _Constant | Build]) -> _Constant | Build:
        if self._depth == MAX_DEPTH:
            raise self._malformed(f"no deeper nesting than {MAX_DEPTH} levels")
        self._depth += 1
        node = read()
        self._depth -= 1
        return node

    def _object(self) -> _Constant | Build:
        members: list[tuple[str, _Constant | Build]] = []
        closed = self._accept("}")
        while not closed:
            name = self._key()
            if not self._accept(":"):
                raise self._malformed("':'")
            members.append((name, self._value()))
            closed = self._accept("}")
            if not closed and not self._accept(","):
                raise self._malformed("',' or '}'")
        if self._depth == 1:
            self.keys = tuple(dict.fromkeys(name for name, _ in members))
        if all(isinstance(node, _Constant) for _, node in members):
            return _Constant({name: node.value for name, node in members if isinstance(node, _Constant)})
        builders = tuple((name, _builder(node)) for name, node in members)
        if len(builders) == 1:
            ((only, build),) = builders
            return lambda event: {only: build(event)}
        return lambda event: {name: build(event) for name, build in builders}

    def _key(self) -> str:
        self._skip_blanks()
        key = _STRING.match(self._template, self._offset)
        if key is None:
            raise self._malformed("an object key in double quotes")
        if PLACEHOLDER.search(key[1]):
            # AWS of templates that are JSON objects: "The placeholder cannot be used as an object key."
            raise self._malformed("an object key without a placeholder")
        name = str(self._decoded(key[0], self._offset))
        self._offset = key.end()
        return name

    def _array(self) -> _Constant | Build:
        nodes: list[_Constant | Build] = []
        closed = self._accept("]")
        while not closed:
            nodes.append(self._value())
            closed = self._accept("]")
            if not closed and not self._accept(","):
                raise self._malformed("',' or ']'")
        if all(isinstance(node, _Constant) for node in nodes):
            return _Constant([node.value for node in nodes if isinstance(node, _Constant)])
        builders = tuple(map(_builder, nodes))
        return lambda event: [build(event) for build in builders]

    def _string(self, raw: str) -> _Constant | Build:
        start = self._offset + 1
        texts: list[str] = []
        values: list[ValueOf] = []
        last = 0
        for found in PLACEHOLDER.finditer(raw):
            self.quoted.add(start + found.start())
            texts.append(self._decoded(f'"{raw[last : found.start()]}"', start + last - 1))
            values.append(self._values[found[1]])
            last = found.end()
        texts.append(self._decoded(f'"{raw[last:]}"', start + last - 1))
        if not values:
            return _Constant(texts[0])
        if len(values) == 1:
            before, after, only = texts[0], texts[1], values[0]
            return lambda event: before + _quoted(only(event)) + after
        first, rest = texts[0], tuple(zip(values, texts[1:], strict=True))
        return lambda event: first + "".join([_quoted(value(event)) + text for value, text in rest])

    def _decoded(self, json_text: str, offset: int) -> Any:
        try:
            return orjson.loads(json_text)
        except orjson.JSONDecodeError as error:
            raise Malformed(f"{json_text} is not JSON: {error.msg}", self._template, offset) from None

    def _skip_blanks(self) -> None:
        if blank := _BLANK.match(self._template, self._offset):
            self._offset = blank.end()

    def _accept(self, character: str) -> bool:
        self._skip_blanks()
        if self._template.startswith(character, self._offset):
            self._offset += 1
            return True
        return False

    def _malformed(self, expected: str) -> Malformed:
        rest = self._template[self._offset : self._offset + 20]
        found = f"{rest!r} stands" if rest else "the text ends"
        return Malformed(f"{found} where {expected} belongs", self._template, self._offset)


def _builder(node: _Constant | Build) -> Build:
    if isinstance(node, _Constant):
        value = node.value
        return lambda _: value
    return node


def _unquoted(value_of: ValueOf) -> Build:
    """Recorded on AWS: a variable whose path finds nothing becomes an empty string, and its key stays."""

    def build(event: Event) -> Any:
        value = value_of(event)
        return "" if value is MISSING else value

    return build


def _quoted(value: Any) -> str:
    """What a value becomes inside a string of the template, where that is sure without looking at the whole text."""
    if type(value) is str:
        if _AWKWARD.search(value):
            raise Awkward
        return value
    if type(value) is dict or type(value) is list:
        raise Awkward
    return text_of(value)


def text_of(value: Any) -> str:
    """What stands for a value inside quotes: a string as it is, anything else as JSON, nothing where it is missing."""
    if type(value) is str:
        return value
    if value is MISSING:
        return ""
    return orjson.dumps(value).decode()


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset into a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
