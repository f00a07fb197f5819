"""
Where the parts of an event pattern stand in a template, and what to write where EventBridge refuses one.

In: a rule's or an archive's EventPattern, an object or JSON text. Out: its text, its value, and the places of its members
by their paths, and of AWS's lines and columns. A pattern that is an object has no text of its own: EventBridge gets it in
one line, and what it says of that line is told of the template's.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from livebus.errors import InvalidEventPattern, Place, closest
from livebus.template.document import Path
from livebus.template.resource import Resource
from livebus.template.resources import Resources

OPERATORS = (
    *("prefix", "suffix", "equals-ignore-case", "anything-but"),
    *("numeric", "exists", "cidr", "wildcard"),
)
_KINDS = ("AWS::Events::Rule", "AWS::Events::Archive")
_MEMBER = "EventPattern"
_MUST_BE = re.compile(r'"(.*)" must be an object or an array')
# A message about a bracket quotes the whole pattern.
_QUOTED = re.compile(r"\[Source: \(String\).*; line: (\d+), column: (\d+)\]", re.DOTALL)
_UNRECOGNIZED = re.compile("Unrecognized match type (.+)")


@dataclass(frozen=True, slots=True)
class WrittenPattern:
    """The pattern of one resource. ``value`` is the parsed pattern; None where its text is not JSON."""

    resource: Resource
    text: str
    value: Any
    is_text: bool

    def place(self, *path: str | int) -> Place:
        """Where a member of the pattern stands; of a pattern in a text, the line with its name."""
        if not self.is_text:
            return self.resource.place(_MEMBER, *path)
        start = self.resource.place(_MEMBER)
        names = [step for step in path if isinstance(step, str)]
        for number, line in enumerate(self.text.splitlines(), 1):
            if names and json.dumps(names[-1], ensure_ascii=False) in line:
                return start.shifted(number, start.column if number == 1 else None)
        return start

    def place_of(self, refusal: InvalidEventPattern) -> Place:
        """Where AWS's line and column are in the template."""
        start = self.place()
        if refusal.line is None or refusal.column is None:
            return start
        if not self.is_text:
            path = _path_at(self.value, refusal.column - 1)
            # What is wrong with a $or as a whole is told when the last of it has been read.
            if "$or" in refusal.reason and "$or" in path:
                path = path[: path.index("$or") + 1]
            return self.place(*path)
        return start.shifted(refusal.line, refusal.column) if self.text.count("\n") else start

    def refused(self, refusal: InvalidEventPattern) -> InvalidEventPattern:
        """What EventBridge says of the pattern, with its place in the template, and with what to write."""
        return InvalidEventPattern(
            refusal.reason,
            line=refusal.line,
            column=refusal.column,
            place=self.place_of(refusal),
            shown=_QUOTED.sub(r"line \1, column \2", refusal.reason),
            advice=_advice(refusal.reason),
        )


def written_pattern(resource: Resource) -> WrittenPattern | None:
    """The pattern of a rule or an archive; None where it is neither an object nor a text."""
    given = resource.properties.values.get(_MEMBER)
    if isinstance(given, str) and given.strip():
        return WrittenPattern(resource, given, _parsed(given), is_text=True)
    if isinstance(given, dict):
        # As template.events writes it: columns are counted in this text.
        return WrittenPattern(resource, json.dumps(given, ensure_ascii=False), given, is_text=False)
    return None


def written_patterns(resources: Resources) -> Iterator[WrittenPattern]:
    """The patterns of all rules and archives."""
    return (each for resource in resources.of_type(*_KINDS) if (each := written_pattern(resource)) is not None)


def _advice(reason: str) -> str:
    if found := _MUST_BE.fullmatch(reason):
        name = found[1]
        if name in OPERATORS:
            return f"An operator stands in a list: [{name}: …]."
        return f"Write the values in a list: {name}: […]."
    if found := _UNRECOGNIZED.fullmatch(reason):
        close = closest(found[1].lower(), OPERATORS)
        return f"Did you mean {close!r}?" if close else f"There are {', '.join(OPERATORS)}."
    return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _path_at(value: Any, units: int) -> Path:
    """The path of the last value that begins within the first ``units`` UTF-16 units of a value's JSON text."""
    found: Path = ()
    for start, path in _starts(value, 0, ()):
        if start < units:
            found = path
    return found


def _starts(value: Any, at: int, path: Path) -> Iterator[tuple[int, Path]]:
    """Where each value begins in the JSON text, in the order of the text. The text is ``json.dumps``'s own form."""
    yield at, path
    at += 1
    if isinstance(value, dict):
        for key, item in value.items():
            at += _units(key) + 2
            yield from _starts(item, at, (*path, key))
            at += _units(item) + 2
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _starts(item, at, (*path, index))
            at += _units(item) + 2


def _units(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) // 2
