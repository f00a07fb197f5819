"""
Reads a template without evaluating it: which references it names, where, and how each is used.

In: a syntax tree. Out: a :class:`Mention` for each reference. What checks need: names that do not exist, and text that is
printed into a JSON string as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from livebus.vtl.syntax import (
    Binary,
    Block,
    Break,
    Call,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Index,
    Interpolated,
    ListLiteral,
    Literal,
    Load,
    Macro,
    MacroCall,
    MapLiteral,
    Node,
    Not,
    Property,
    RangeLiteral,
    Reference,
    Return,
    Set,
    Text,
    Tree,
)

_QUOTES = re.compile(r'\\.?|"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mention:
    """
    A reference in a template.

    ``path`` is its root and the properties behind it, up to the first method or index that is no text: ``("ctx", "args",
    "msg")``; ``$ctx.args.get("msg")`` and ``$ctx.args["msg"]`` count as properties. ``method`` is the name of the method
    that follows, with the number of its ``arguments``; empty where none does. ``printed``: it stands in the template's
    own text; ``quoted``: and there between double quotes; ``nested``: and in there between escaped ones, so that the text is
    JSON inside of JSON. ``assigned``: a ``#set``, a loop or a macro gives it its value.
    Line and column count from 1.
    """

    path: tuple[str, ...]
    source: str
    line: int
    column: int
    method: str = ""
    arguments: int = 0
    printed: bool = False
    quoted: bool = False
    assigned: bool = False
    escaped: bool = False
    nested: bool = False


def mentions(tree: Tree, place: Callable[[int], tuple[int, int]]) -> tuple[Mention, ...]:
    return tuple(_Reading(place).block(tree.block))


class _Reading:
    def __init__(self, place: Callable[[int], tuple[int, int]]) -> None:
        self._place = place
        self._quoted = False  # whether the text so far has an odd number of double quotes
        self._nested = False  # and since the last of them an odd number of escaped ones
        self._backslash = ""  # one at the end of the text so far, which escapes what follows

    def block(self, block: Block, *, printed: bool = True) -> Iterator[Mention]:
        for node in block:
            if isinstance(node, Text):
                if printed:
                    self._text(node.text)
            elif isinstance(node, Reference):
                yield from self._reference(node, printed=printed)
            elif isinstance(node, If):
                yield from self._if(node, printed=printed)
            elif isinstance(node, Foreach):
                yield self._named(node.variable, node.at)
                if node.values is not None:
                    yield from self._expression(node.values)
                yield from self.block(node.body, printed=printed)
            else:
                yield from self._directive(node)

    def _text(self, text: str) -> None:
        text = self._backslash + text
        self._backslash = ""
        for part in _QUOTES.findall(text):
            if part == '"':
                self._quoted, self._nested = not self._quoted, False
            elif part == '\\"':
                self._nested ^= self._quoted
            elif part == "\\":
                self._backslash = part

    def _directive(self, node: Node) -> Iterator[Mention]:
        """A directive whose inside is not printed where it stands."""
        if isinstance(node, Set):
            yield from self._reference(node.target, assigned=True)
            yield from self._expression(node.value)
        elif isinstance(node, Define):
            yield self._named(node.variable, node.at)
            yield from self.block(node.body, printed=False)
        elif isinstance(node, Macro):
            yield from (self._named(name, node.at) for name in node.parameters)
            yield from self.block(node.body, printed=False)
        elif isinstance(node, MacroCall):
            yield from self._expressions(node.arguments)
            yield from self.block(node.body or (), printed=False)
        elif isinstance(node, Load):
            yield from self._expressions(node.names)
        elif isinstance(node, Return | Evaluate | Break):
            inside = node.scope if isinstance(node, Break) else node.value
            yield from self._expressions(() if inside is None else (inside,))

    def _expressions(self, nodes: Iterable[Expression]) -> Iterator[Mention]:
        for node in nodes:
            yield from self._expression(node)

    def _if(self, node: If, *, printed: bool) -> Iterator[Mention]:
        """Each branch begins in the same place of the text; what follows goes on from the first."""
        before = (self._quoted, self._nested)
        after: tuple[bool, bool] | None = None
        for condition, block in node.branches:
            yield from self._expression(condition)
            self._quoted, self._nested = before
            yield from self.block(block, printed=printed)
            after = (self._quoted, self._nested) if after is None else after
        self._quoted, self._nested = before
        yield from self.block(node.otherwise, printed=printed)
        self._quoted, self._nested = before if after is None else after

    def _named(self, name: str, at: int) -> Mention:
        return Mention((name,), f"${name}", *self._place(at), assigned=True)

    def _reference(self, node: Reference, *, printed: bool = False, assigned: bool = False) -> Iterator[Mention]:
        path = [node.root]
        method, count = "", 0
        for step in node.steps:
            name = _name_of(step)
            if name is not None:
                path.append(name)
                continue
            if isinstance(step, Call):
                method, count = step.name, len(step.arguments)
            break
        quoted, nested = printed and self._quoted, printed and self._nested
        self._backslash = ""
        line, column = self._place(node.at)
        yield Mention(
            tuple(path), node.source, line, column, method, count, printed, quoted, assigned, node.escaped, nested
        )
        for step in node.steps:
            if isinstance(step, Index):
                yield from self._expression(step.value)
            elif isinstance(step, Call):
                for argument in step.arguments:
                    yield from self._expression(argument)

    def _expression(self, node: Expression) -> Iterator[Mention]:
        if isinstance(node, Reference):
            yield from self._reference(node)
        elif isinstance(node, Interpolated):
            yield from self.block(node.block, printed=False)
        elif isinstance(node, ListLiteral):
            for item in node.items:
                yield from self._expression(item)
        elif isinstance(node, MapLiteral):
            for key, value in node.entries:
                yield from self._expression(key)
                yield from self._expression(value)
        elif isinstance(node, RangeLiteral):
            yield from self._expression(node.first)
            yield from self._expression(node.last)
        elif isinstance(node, Binary):
            yield from self._expression(node.left)
            yield from self._expression(node.right)
        elif isinstance(node, Not):
            yield from self._expression(node.operand)


def _name_of(step: Property | Call | Index) -> str | None:
    """The member that a step names, if it does."""
    if isinstance(step, Property):
        return step.name
    if isinstance(step, Index):
        named = step.value
    elif step.name == "get" and len(step.arguments) == 1:
        named = step.arguments[0]
    else:
        return None
    return named.value if isinstance(named, Literal) and isinstance(named.value, str) else None
