"""
What a projection leaves of an item, and whether paths keep out of each other's way.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from livebus.dynamodb.attribute_values import Item, Value
from livebus.dynamodb.expressions.lexer import ExpressionFault
from livebus.dynamodb.expressions.syntax import Path

# A path's steps, one within the other; {} where a path ends.
_Tree = dict[str | int, Any]


def check_paths(paths: Sequence[Path]) -> None:
    """Raises ExpressionFault where one path leads through another, or two find one thing a map and a list."""
    ends: dict[tuple[str | int, ...], Path] = {}
    ways: dict[tuple[str | int, ...], Path] = {}
    kinds: dict[tuple[str | int, ...], tuple[type, Path]] = {}
    for path in paths:
        for length in range(1, len(path.steps)):
            way = path.steps[:length]
            if way in ends:
                raise _overlap("overlap", ends[way], path)
            kind = type(path.steps[length])
            other = kinds.setdefault(way, (kind, path))
            if other[0] is not kind:
                raise _overlap("conflict", other[1], path)
            ways.setdefault(way, path)
        if path.steps in ends or path.steps in ways:
            raise _overlap("overlap", ends.get(path.steps) or ways[path.steps], path)
        ends[path.steps] = path


def _overlap(verb: str, first: Path, second: Path) -> ExpressionFault:
    return ExpressionFault(
        f"Two document paths {verb} with each other; must remove or rewrite one of these paths;"
        f" path one: {first}, path two: {second}"
    )


def project(item: Mapping[str, Value], paths: Iterable[Path]) -> Item:
    """The parts of an item that paths lead to, each at its place; elements of lists move up."""
    tree: _Tree = {}
    for path in paths:
        below = tree
        for step in path.steps:
            below = below.setdefault(step, {})
    return _members(item, tree)


def _members(item: Mapping[str, Value], tree: _Tree) -> Item:
    found: Item = {}
    for name, below in tree.items():
        value = item.get(name) if isinstance(name, str) else None
        kept = None if value is None else _part(value, below)
        if kept is not None:
            assert isinstance(name, str)
            found[name] = kept
    return found


def _part(value: Value, tree: _Tree) -> Value | None:
    if not tree:
        return value
    if "M" in value:
        members = _members(value["M"], tree)
        return {"M": members} if members else None
    if "L" in value:
        elements = value["L"]
        numbers = sorted(step for step in tree if isinstance(step, int) and step < len(elements))
        parts = [part for step in numbers if (part := _part(elements[step], tree[step])) is not None]
        return {"L": parts} if parts else None
    return None
