"""
Tables and long lines that fit a terminal: columns are narrowed, and where that is not enough each row becomes a paragraph.

In: cells, and the width of the terminal (``width.columns_of``); None is no bound, for files and other programs. Out: lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from livebus.terminal.width import width_of

_GAP = "  "
# A line that goes on begins so much further in.
_HANGING = "  "
# Two columns of a text have at least two spaces between them; the second begins so far to the right at the most.
_COLUMN = re.compile(r"(?<=\S) {2,}(?=\S)")
_FURTHEST = 0.7
_WORD = re.compile(r"(\s*)(\S+)")
# A colour, which takes no column (ECMA-48, SGR).
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def table(rows: Sequence[Sequence[str]], alignment: str, width: int | None = None) -> Iterator[str]:
    """
    Rows as lines, the first of them the head; ``alignment`` has ``<`` or ``>`` for each column.

    Too wide for ``width``, cells are broken between words; too wide still, each row is its first cell and, below it, its
    other cells behind what the head calls them.
    """
    natural = [max(width_of(row[column]) for row in rows) for column in range(len(alignment))]
    if width is None or _total(natural) <= width:
        yield from (line for row in rows for line in _row(row, alignment, natural))
        return
    least = [
        max(width_of(word) for row in rows for word in row[column].split() or [""]) for column in range(len(natural))
    ]
    if _total(least) > width:
        yield from _paragraphs(rows, width)
        return
    widths = natural
    while _total(widths) > width:
        widest = max((each for each in range(len(widths)) if widths[each] > least[each]), key=lambda each: widths[each])
        widths[widest] -= 1
    yield from (line for row in rows for line in _row(row, alignment, widths))


def wrapped(line: str, width: int | None = None, *, hanging: int | None = None) -> list[str]:
    """
    A line as several, broken between words; those that go on begin further in than it does, or at ``hanging``. Long words
    stay whole; where little room is left behind what the line begins with, it begins with less.
    """
    if width is None or _width_of(line) <= width:
        return [line]
    line = _nearer(line, width)
    indent = line[: len(line) - len(line.lstrip(" "))]
    return _broken(line.strip(), width, indent, indent + _HANGING if hanging is None else " " * hanging)


def filled(text: str, width: int) -> Iterator[str]:
    """
    A page of text: paragraphs are filled anew where they are too wide, what is set further in is broken line by line, and
    goes on below its second column, if it has one.
    """
    for is_set_in, group in groupby(text.splitlines(), key=lambda line: line.startswith(" ") or not line):
        lines = list(group)
        if is_set_in:
            near = [_nearer(line, width) for line in lines]
            yield from (part for line in near for part in wrapped(line, width, hanging=_second_column(line, width)))
        elif any(width_of(line) > width for line in lines):
            yield from _broken(" ".join(lines), width)
        else:
            yield from lines


def _nearer(line: str, width: int) -> str:
    """A line that goes on in the second column of the one above, with less in front of it where that leaves too little room."""
    text = line.lstrip(" ")
    return line if width_of(line) <= width or len(line) - len(text) <= width * _FURTHEST else _HANGING * 2 + text


def _second_column(line: str, width: int) -> int | None:
    """Where the second column of a line begins, unless that leaves too little room below it: for a single word even."""
    column = max((found.end() for found in _COLUMN.finditer(line)), default=0)
    longest = max(map(width_of, line[column:].split()), default=0)
    return column if 0 < column <= min(width * _FURTHEST, width - longest) else None


def _broken(text: str, width: int, first: str = "", then: str = "") -> list[str]:
    """A text in lines, the first and the others set in; textwrap does as much, and counts characters, not columns."""
    lines, line, begun = [], first, False
    for spaces, word in _WORD.findall(text):
        if begun and _width_of(line) + len(spaces) + _width_of(word) > width:
            lines.append(line)
            line, begun = then, False
        line += (spaces if begun else "") + word
        begun = True
    return [*lines, line]


def _width_of(text: str) -> int:
    """The columns of a text that may have colours."""
    return width_of(_COLOUR.sub("", text) if "\x1b" in text else text)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _row(row: Sequence[str], alignment: str, widths: Sequence[int]) -> Iterator[str]:
    cells = [_broken(cell, wide) if width_of(cell) > wide else [cell] for cell, wide in zip(row, widths, strict=True)]
    for index in range(max(map(len, cells))):
        parts = []
        for cell, side, wide in zip(cells, alignment, widths, strict=True):
            text = cell[index] if index < len(cell) else ""
            space = " " * (wide - width_of(text))
            parts.append(text + space if side == "<" else space + text)
        yield _GAP.join(parts).rstrip()


def _paragraphs(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    head, *others = rows
    for row in others:
        yield from wrapped(row[0], width)
        for name, cell in zip(head[1:], row[1:], strict=True):
            if cell:
                yield from wrapped(f"{_HANGING}{name}: {cell}" if name else f"{_HANGING}{cell}", width)
