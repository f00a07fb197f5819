"""
Places inside a text of the template, in the template's own lines and columns: nobody can look up line 3 of a JSON string.

In: a document and a place that counts lines inside one of its texts. Out: the place in the file, as exact as the text's
form lets it be told: where lines are folded or put together from values, the beginning of what can be told; never a line
that does not hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from livebus.errors import Fault, Place
from livebus.template.document import Document, Path

# Stands between the template's name and the path of a text whose lines are not lines of the file.
INSIDE = "#"


def in_source(document: Document, place: Place) -> Place:
    """The place in the file of one inside a text; others as they are."""
    file, inside, path_text = place.file.partition(INSIDE)
    own = document.of_file(file)
    if own is None:
        return place
    document = own
    if inside:
        place = document.place(_path(path_text)).shifted(place.line or 1, place.column)
    if not document.text:
        return document.place(_path(path_text)) if inside else place
    path = _path(place.path)
    begin = document.places.get(path)
    if not place.in_text or begin is None or place.line is None:
        return place
    found = _located(document, path, (place.line - begin[0] + 1, place.column))
    return replace(place, line=found[0], column=found[1], in_text=False)


def fault_in_source(document: Document, fault: Fault) -> Fault:
    """The same fault at its place in the file."""
    place = in_source(document, fault.place)
    return fault if place is fault.place else replace(fault, place=place)


def _path(text: str) -> Path:
    return tuple(int(step) if step.isdecimal() else step for step in text.split("/"))


_Position = tuple[int, int | None]


def _located(document: Document, path: Path, at: _Position) -> _Position:
    """Where a line and column of a text are, by the form that the text has in the template."""
    value = _value(document.body, path)
    begin = document.places[path]
    if isinstance(value, str):
        return _in_scalar(document, begin, at)
    if isinstance(value, Mapping) and len(value) == 1:
        (name, argument), below = next(iter(value.items())), path
        below = (*path, name)
        if name == "Fn::Sub" and isinstance(argument, str):
            return _in_substituted(document, document.places.get(below, begin), argument, at)
        if name == "Fn::Sub" and isinstance(argument, list) and argument and isinstance(argument[0], str):
            return _in_substituted(document, document.places.get((*below, 0), begin), argument[0], at)
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            return _in_joined(document, below, argument, at)
    return begin


def _in_substituted(document: Document, begin: tuple[int, int], text: str, at: _Position) -> _Position:
    """Behind a variable columns are those of the value that it got: then the line's beginning is all that can be told."""
    line, column = at
    lines = text.split("\n")
    written = lines[line - 1] if line <= len(lines) else ""
    if column is not None and "${" in written[: column - 1]:
        column = len(written) - len(written.lstrip()) + 1
    return _in_scalar(document, begin, (line, column))


def _in_joined(document: Document, path: Path, argument: list[Any], at: _Position) -> _Position:
    """In the piece that holds the line. Values that are known only when it is evaluated are taken to be of one line."""
    begin = document.places.get(path, (1, 1))
    wanted, column = at
    for number, inner, offset, piece, is_text in _pieces(argument):
        if number <= wanted <= number + inner:
            where = (*path, 1, piece)
            start = document.places.get(where, begin)
            is_first = wanted == number
            is_last_word = wanted == number + inner
            below = column - offset if column is not None and is_first else column
            text = argument[1][piece]
            written = str(text).split("\n")[wanted - number] if is_text else ""
            if is_last_word and below is not None and below > len(written) and piece + 1 < len(argument[1]):
                continue  # further on in the same line
            if not is_text or (below is not None and below < 1):
                return start
            return _in_scalar(document, start, (wanted - number + 1, below))
    return begin


def _pieces(argument: list[Any]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Of each piece of a Join: its first line, how many more it has, the columns before it, its index, whether it is text."""
    delimiter, pieces = argument
    line, offset = 1, 0
    for index, piece in enumerate(pieces if isinstance(pieces, list) else ()):
        text = piece if isinstance(piece, str) else ""
        yield line, text.count("\n"), offset, index, isinstance(piece, str)
        for part in (text, delimiter if isinstance(delimiter, str) else ""):
            line += part.count("\n")
            offset = len(part.rpartition("\n")[2]) + (0 if "\n" in part else offset)


def _in_scalar(document: Document, begin: tuple[int, int], at: _Position) -> _Position:
    """In a text that stands in one piece: a block, a quoted text, a plain one."""
    lines = document.text.splitlines()
    first, start = begin
    source = lines[first - 1] if first <= len(lines) else ""
    line, column = at
    if start == 1:
        if first > 1 and ">" in lines[first - 2].partition("#")[0]:
            return first, len(source) - len(source.lstrip(" ")) + 1  # folded
        indent = len(source) - len(source.lstrip(" "))
        found = first + line - 1
        return (found, column + indent if column is not None else None) if found <= len(lines) else begin
    rest = source[start - 1 :]
    if rest[:1] == '"':
        return first, start + _offset_in_quotes(rest, line, column or 1)
    if line > 1:
        return begin
    return first, start + (rest[:1] == "'") + (column or 1) - 1


def _offset_in_quotes(rest: str, line: int, column: int) -> int:
    """How far into a text in double quotes a line and column are that its escapes spell out; 0 where it ends before."""
    index, at_line, at_column = 1, 1, 1
    while index < len(rest) and rest[index] != '"':
        if (at_line, at_column) == (line, column):
            return index
        length = 1
        if rest[index] == "\\":
            length = {"u": 6, "x": 4, "U": 10}.get(rest[index + 1 : index + 2], 2)
            is_pair = length == 6 and rest[index + 2 : index + 4].lower() in ("d8", "d9", "da", "db")
            length += 6 if is_pair else 0
        if rest[index : index + 2] == "\\n":
            at_line, at_column = at_line + 1, 1
        else:
            at_column += 1
        index += length
    return index if (at_line, at_column) == (line, column) else 0


def _value(body: Any, path: Path) -> Any:
    """What stands at a path of the template; None where nothing does."""
    for step in path:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body
