"""
Requests in VTL: what a request mapping template prints, read without evaluating it.

In: the text of a template. Out: for each way through its ``#if`` directives the object that it prints, what references print left
open. Where a template has loops, macros or too many ways, or prints on a way what is no JSON, less is known: the operation alone,
or nothing.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-dynamodb.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any

from livebus.checks.requests.parts import Part
from livebus.errors import InvalidMappingTemplate, Place
from livebus.template.application import TemplateText
from livebus.vtl.json_text import NotJson, read_json
from livebus.vtl.parser import parse
from livebus.vtl.syntax import Block, Call, Evaluate, If, MacroCall, Node, Reference, Return, Set, Stop, Text, Tree

# Characters of Unicode's private use: a template's own text has none of them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PRINTED = re.compile(f"{_OPEN}([A-Z]*){_CLOSE}")
_OPERATION = re.compile(r'"operation"\s*:\s*"(\w+)"')
_STRING = re.compile(r'"([^"\n]*)"')
# Methods of $util that print nothing, or end the template.
_SILENT = frozenset(("appendError", "error", "qr", "quiet", "unauthorized", "validate"))
_KINDS = {"toBinaryJson": "B", "toNumberJson": "N", "toStringJson": "S"}
_MOST_WAYS = 16
_MOST_STEPS = 2_000


class _NotKnown(Exception):
    """What the template prints is only known when it runs."""


def requests_in(template: TemplateText) -> list[Part]:
    """What the template may print, as far as each is an object."""
    try:
        tree = parse(template.text)
    except (InvalidMappingTemplate, RecursionError):
        return []  # told as such
    try:
        ways = _Ways(tree).through(tree.block, _Way())
    except (_NotKnown, RecursionError):
        return _operation_alone(template)
    found, places = [], _Places(template)
    for way in ways:
        if way.is_ended or not way.text.strip():
            continue
        try:
            value = read_json(way.text)
        except NotJson:
            continue
        if isinstance(value, dict):
            found.append(places.part(value))
    return found or _operation_alone(template)


def _operation_alone(template: TemplateText) -> list[Part]:
    named = {match[1] for match in _OPERATION.finditer(template.text)}
    if len(named) != 1:
        return []
    places = _Places(template)
    operation = Part(places.of("operation"), text=named.pop())
    return [Part(places.of("operation"), members={"operation": operation}, is_whole=False)]


# --- ways through a template ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Way:
    """What was printed so far, whether that ends inside a string of JSON, and whether the template ended there."""

    text: str = ""
    is_in_string: bool = False
    is_ended: bool = False

    def then(self, text: str) -> _Way:
        is_in, is_escaped = self.is_in_string, False
        for character in text:
            if is_escaped:
                is_escaped = False
            elif character == "\\":
                is_escaped = is_in
            elif character == '"':
                is_in = not is_in
        return _Way(self.text + text, is_in)


class _Ways:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._steps = 0

    def through(self, block: Block, before: _Way) -> list[_Way]:
        ways = [before]
        for node in block:
            self._steps += len(ways)
            if len(ways) > _MOST_WAYS or self._steps > _MOST_STEPS:
                raise _NotKnown
            ways = [after for way in ways for after in ([way] if way.is_ended else self._after(node, way))]
        return ways

    def _after(self, node: Node, way: _Way) -> list[_Way]:
        match node:
            case Text(text=text):
                return [way.then(text)]
            case Set() | Evaluate():
                return [way]
            case If(branches=branches, otherwise=otherwise):
                blocks = (*(body for _, body in branches), otherwise)
                return [each for block in blocks for each in self.through(block, way)]
            case Return() | Stop():
                return [replace(way, is_ended=True)]
            case MacroCall(name=name, source=source) if name not in self._tree.macros:
                return [way.then(source)]
            case Reference():
                return [self._reference(node, way)]
        raise _NotKnown

    @staticmethod
    def _reference(reference: Reference, way: _Way) -> _Way:
        last = reference.steps[-1] if reference.steps else None
        method = last.name if isinstance(last, Call) else ""
        is_util = reference.root in ("util", "utils")
        if is_util and method in _SILENT:
            return way
        mark = f"{_OPEN}{_KINDS.get(method, '') if is_util else ''}{_CLOSE}"
        return way.then(mark if way.is_in_string else f'"{mark}"')


# --- what was printed -----------------------------------------------------------------------------------------------


class _Places:
    """Gives what was printed the places of its members' names in the template, the first of each name."""

    def __init__(self, template: TemplateText) -> None:
        self._template = template
        self._first: dict[str, int] = {}
        for match in _STRING.finditer(template.text):
            self._first.setdefault(match[1], match.start())
        self._lines = [-1, *(match.start() for match in re.finditer("\n", template.text))]

    def of(self, name: str) -> Place:
        start = self._first.get(name)
        if start is None:
            return self._template.place
        line = bisect_left(self._lines, start)
        return self._template.place.shifted(line, start - self._lines[line - 1])

    def part(self, value: Any, name: str = "operation") -> Part:
        place = self.of(name)
        if isinstance(value, dict):
            is_whole = not any(_PRINTED.search(each) for each in value)
            members = {each: self.part(item, each) for each, item in value.items() if not _PRINTED.search(each)}
            return Part(place, members=members, is_whole=is_whole)
        if isinstance(value, list):
            return Part(place, items=tuple(self.part(item, name) for item in value))
        if isinstance(value, str):
            printed = _PRINTED.search(value)
            return Part(place, text=None if printed else value, kind=printed[1] if printed else "")
        return Part(place)
