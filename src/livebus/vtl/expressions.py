"""
Reads references and expressions: what stands behind ``$``, and between the parentheses of a directive.

In: a source whose position is at their first character. Out: nodes of the syntax tree, the position behind them. The
grammar is Apache Velocity 1.7's, with what is odd in it: arguments of methods hold no operators, and ``-1`` is one word,
so that ``$n -1`` does not parse.
https://velocity.apache.org/engine/1.7/vtl-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from livebus.vtl.source import Source
from livebus.vtl.syntax import (
    Binary,
    Block,
    Call,
    Expression,
    Index,
    Interpolated,
    ListLiteral,
    Literal,
    MapLiteral,
    Not,
    Property,
    RangeLiteral,
    Reference,
    Step,
)

MAX_NESTING = 48  # blocks, parentheses, lists, maps and arguments in one another
MAX_DIGITS = 1_000  # of a number

_SPACE = re.compile(r"[ \t\r\n]*")
_ROOT = re.compile(r"(\\*)\$(!?)(\{?)([A-Za-z_][A-Za-z0-9_-]*)")
_NAME = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)")
# What follows a method's name; any other parenthesis is text behind a property.
_ARGUMENTS = re.compile(r"\((?=[ \t\r\n)$\"'\[{.\d\-A-Za-z_])")
_NUMBER = re.compile(r"-?(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r'"(?:[^"]|"")*"|' + r"'(?:[^']|'')*'")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_UNICODE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_CONSTANTS = {"true": True, "false": False}

# From the loosest to the tightest.
_OPERATORS = (
    {"||": "||", "or": "||"},
    {"&&": "&&", "and": "&&"},
    {"==": "==", "eq": "==", "!=": "!=", "ne": "!="},
    {"<=": "<=", "le": "<=", "<": "<", "lt": "<", ">=": ">=", "ge": ">=", ">": ">", "gt": ">"},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/", "%": "%"},
)
_OPERATOR = re.compile(r"\|\||&&|[=!<>]=|[<>+*/%]|-(?![\d.])|(?:or|and|eq|ne|le|lt|ge|gt)(?![A-Za-z0-9_-])")


class ExpressionReader:
    """``read_block`` reads the template inside of a string in double quotes."""

    def __init__(self, source: Source, read_block: Callable[[Source], Block]) -> None:
        self.source = source
        self._read_block = read_block
        self._nesting = 0
        self._words = False

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level of nesting; refuses the template where there are too many."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self.source.refuse(f"More than {MAX_NESTING} blocks and parentheses in one another", self.source.at)
        yield
        self._nesting -= 1

    # --- characters -------------------------------------------------------------------------------------------------

    def skip_space(self) -> None:
        source = self.source
        match = _SPACE.match(source.text, source.position)
        assert match is not None, "it matches nothing, too"
        source.position = match.end()

    def next_is(self, text: str) -> bool:
        """Whether a text comes next; the position is then behind it."""
        if not self.source.text.startswith(text, self.source.position):
            return False
        self.source.position += len(text)
        return True

    def expect(self, text: str) -> None:
        if not self.next_is(text):
            raise self.source.encountered(repr(text))

    # --- references -------------------------------------------------------------------------------------------------

    def reference_or_none(self) -> Reference | None:
        """The reference at the position, backslashes before it included; None where ``$`` begins none."""
        source = self.source
        start = source.position
        match = _ROOT.match(source.text, start)
        if match is None:
            return None
        slashes, quiet, brace, root = match.groups()
        source.position = match.end()
        steps = tuple(self._steps())
        if brace:
            self.expect("}")
        begin = start + len(slashes)
        return Reference(
            root,
            steps,
            source.text[begin : source.position],
            source.index(begin),
            bool(quiet),
            len(slashes) % 2 == 1,
            "\\" * (len(slashes) // 2),
        )

    def _steps(self) -> Iterator[Step]:
        source = self.source
        while True:
            at = source.at
            if match := _NAME.match(source.text, source.position):
                source.position = match.end()
                if _ARGUMENTS.match(source.text, source.position):
                    self.expect("(")
                    arguments = self._method_arguments()
                    yield Call(match[1], arguments, at)
                else:
                    yield Property(match[1], at)
            elif self.next_is("["):
                with self.nested():
                    self.skip_space()
                    value = self.operand()
                    self.skip_space()
                self.expect("]")
                yield Index(value, at)
            else:
                return

    def _method_arguments(self) -> tuple[Expression, ...]:
        """What stands in a method's parentheses: words are allowed there, and mean null."""
        before, self._words = self._words, True
        with self.nested():
            arguments = tuple(self._items(")"))
        self._words = before
        return arguments

    def _items(self, end: str) -> Iterator[Expression]:
        """Operands with commas between them, up to and with ``end``."""
        self.skip_space()
        if self.next_is(end):
            return
        while True:
            self.skip_space()
            yield self.operand()
            self.skip_space()
            if self.next_is(end):
                return
            if not self.next_is(","):
                raise self.source.encountered(f"',' or {end!r}")

    # --- operands ---------------------------------------------------------------------------------------------------

    def operand(self) -> Expression:
        """A reference, a literal, a list, a range or a map: all that may be an argument."""
        found = self.operand_or_none()
        if found is None:
            raise self.source.encountered("a reference, a string, a number, a list, a map, true or false")
        return found

    def operand_or_none(self) -> Expression | None:
        source, at = self.source, self.source.at
        start = source.text[source.position : source.position + 1]
        if start == "$":
            return self.reference_or_none()
        if start in ('"', "'"):
            return self._string()
        if start == "[":
            return self._list()
        if start == "{":
            return self._map()
        if match := _NUMBER.match(source.text, source.position):
            source.position = match.end()
            return Literal(self._number(match[0], at), at)
        if (match := _WORD.match(source.text, source.position)) and (match[0] in _CONSTANTS or self._words):
            source.position = match.end()
            return Literal(_CONSTANTS.get(match[0]), at)
        return None

    def _number(self, written: str, at: int) -> int | float:
        if len(written) > MAX_DIGITS:
            raise self.source.refuse(f"A number of more than {MAX_DIGITS:,} digits", at)
        return int(written) if written.lstrip("-").isdigit() else float(written)

    def _string(self) -> Expression:
        source, at = self.source, self.source.at
        match = _STRING.match(source.text, source.position)
        if match is None:
            raise source.refuse("A string without its end", at, "its second quote")
        start, source.position = source.position, match.end()
        quote, inside = match[0][0], match[0][1:-1]
        text, offsets = _unquoted(inside, quote, start + 1)
        if quote == "'" or ("$" not in text and "#" not in text):
            return Literal(text, at)
        with self.nested():
            inner = Source(text, source.whole, [source.index(offset) for offset in offsets])
            return Interpolated(self._read_block(inner), at)

    def _list(self) -> Expression:
        source, at = self.source, self.source.at
        self.expect("[")
        if self.next_is("]"):
            return ListLiteral((), at)
        with self.nested():
            self.skip_space()
            first = self.operand()
            self.skip_space()
            if self.next_is(".."):
                self.skip_space()
                last = self.operand()
                self.skip_space()
                self.expect("]")
                return RangeLiteral(first, last, at)
            if self.next_is("]"):
                return ListLiteral((first,), at)
            if not self.next_is(","):
                raise source.encountered("',', '..' or ']'")
            self.skip_space()
            # An item has to follow the comma: a list that ends in one does not parse.
            rest = [self.operand()]
            self.skip_space()
            while not self.next_is("]"):
                self.expect(",")
                self.skip_space()
                rest.append(self.operand())
                self.skip_space()
            return ListLiteral((first, *rest), at)

    def _map(self) -> Expression:
        at = self.source.at
        self.expect("{")
        self.skip_space()
        entries: list[tuple[Expression, Expression]] = []
        if self.next_is("}"):
            return MapLiteral((), at)
        with self.nested():
            while True:
                self.skip_space()
                key = self.operand()
                self.skip_space()
                self.expect(":")
                self.skip_space()
                entries.append((key, self.operand()))
                self.skip_space()
                if self.next_is("}"):
                    return MapLiteral(tuple(entries), at)
                if not self.next_is(","):
                    raise self.source.encountered("',' or '}'")

    # --- operators --------------------------------------------------------------------------------------------------

    def expression(self, level: int = 0) -> Expression:
        """Operands with operators between them, as in ``#if`` and ``#set``; spaces around it are read too."""
        if level == len(_OPERATORS):
            return self._unary()
        left = self.expression(level + 1)
        while True:
            source, at = self.source, self.source.at
            match = _OPERATOR.match(source.text, source.position)
            if match is None or match[0] not in _OPERATORS[level]:
                return left
            source.position = match.end()
            left = Binary(_OPERATORS[level][match[0]], left, self.expression(level + 1), at)

    def _unary(self) -> Expression:
        self.skip_space()
        source, at = self.source, self.source.at
        word = _WORD.match(source.text, source.position)
        if self.next_is("!") or (word is not None and word[0] == "not" and self.next_is("not")):
            with self.nested():
                return Not(self._unary(), at)
        if self.next_is("("):
            with self.nested():
                found = self.expression()
            self.expect(")")
        else:
            found = self.operand()
        self.skip_space()
        return found


def _unquoted(inside: str, quote: str, start: int) -> tuple[str, list[int]]:
    """What a string between quotes means, and where each character of it stands; the end's place comes last."""
    if quote * 2 not in inside and (quote == "'" or "\\u" not in inside):
        return inside, list(range(start, start + len(inside) + 1))
    characters: list[str] = []
    offsets: list[int] = []
    position = 0
    while position < len(inside):
        offsets.append(start + position)
        unicode = _UNICODE.match(inside, position) if quote == '"' else None
        if unicode is not None:
            characters.append(chr(int(unicode[1], 16)))
            position = unicode.end()
        else:
            characters.append(inside[position])
            position += 2 if inside.startswith(quote * 2, position) else 1
    return "".join(characters), [*offsets, start + len(inside)]
