"""
The text of a mapping template with a place in it: what the parser reads, and where a fault is said to be.

A string in double quotes is a template inside a template, whose characters stand elsewhere in the whole: ``offsets`` leads
from its own to those.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from livebus.errors import InvalidMappingTemplate

_LINE_BREAK = re.compile("\r\n|\n|\r")


class Source:
    """A text and a position in it. ``whole`` is the template that it belongs to."""

    __slots__ = ("_lines", "_offsets", "position", "text", "whole")

    def __init__(self, text: str, whole: Source | None = None, offsets: Sequence[int] = ()) -> None:
        self.text = text
        self.position = 0
        self.whole = whole or self
        self._offsets = offsets
        self._lines: list[int] | None = None

    @property
    def at(self) -> int:
        """The index of the next character in the whole template."""
        return self.index(self.position)

    def index(self, position: int) -> int:
        if self.whole is self:
            return position
        return self._offsets[min(position, len(self._offsets) - 1)]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, counted from 1, of an index of the whole template."""
        if self.whole is not self:
            return self.whole.place(at)
        if self._lines is None:
            self._lines = [0, *(found.end() for found in _LINE_BREAK.finditer(self.text))]
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def refuse(self, found: str, at: int, expected: str = "") -> InvalidMappingTemplate:
        """What is wrong at an index of the whole template, begun in the words of Apache Velocity."""
        line, column = self.place(at)
        reason = f"{found} at velocity[line {line}, column {column}]"
        return InvalidMappingTemplate(reason, line=line, column=column, expected=expected)

    def encountered(self, expected: str) -> InvalidMappingTemplate:
        """What is wrong with the next characters."""
        rest = self.text[self.position : self.position + 24].split("\n")[0]
        found = rest.split(" ")[0] or rest or ("<EOF>" if self.position >= len(self.text) else "\\n")
        return self.refuse(f'Encountered "{found}"', self.at, expected)
