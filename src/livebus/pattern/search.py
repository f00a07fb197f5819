"""
The slow, general way to match: try which values can meet a sub-rule's fields together.

In: a :class:`~livebus.pattern.tree.Tree` and an event, parsed. Out: a set of sub-rules, as an int. Needed only where
an event spells one path in two ways (``{"a.b": [...], "a": {"b": [...]}}``), so that a field's values may come from
several arrays at once. That problem is as hard as any (it can state 3-SAT), so the number of steps is limited.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from livebus.pattern.leaf import Leaf
from livebus.pattern.tree import Node, Tree

# AWS does not document what it does when an event is too entangled; we give up with "does not match", in less than a second.
MAX_STEPS = 200_000

# For each array on the way to a value: its number, and the index of the element.
Membership = tuple[tuple[int, int], ...]
Values = list[tuple[Any, Membership]]


def search(tree: Tree, event: Mapping[str, Any]) -> int:
    """The sub-rules that the event matches."""
    values = values_by_field(tree, event)
    leaves = _leaves(tree)
    steps = [MAX_STEPS]
    met = 0
    for number in range(tree.everyone.bit_length()):
        rule = 1 << number
        fields = [leaf for leaf in leaves if leaf.asked & rule]
        if _meets(rule, fields, [values.get(leaf.where, []) for leaf in fields], steps):
            met |= rule
    return met


def values_by_field(tree: Tree, event: Mapping[str, Any]) -> dict[int, Values]:
    """All values in the event that fields lead to, by the field's bit."""
    values: dict[int, Values] = {}
    arrays = 0
    stack: list[tuple[Any, Node, Membership]] = [(event, tree.root, ())]
    while stack:
        value, node, membership = stack.pop()
        if type(value) is dict:
            for name, found in reversed(value.items()):
                child: Node | None = node
                for step in name.split("."):
                    child = child.children.get(step) if child else None
                if child:
                    stack.append((found, child, membership))
        elif type(value) is list:
            number = arrays
            arrays += 1
            for index, found in reversed(list(enumerate(value))):
                inside = type(found) is dict or type(found) is list
                stack.append((found, node, (*membership, (number, index)) if inside else membership))
        elif node.leaf:
            values.setdefault(node.leaf.where, []).append((value, membership))
    return values


def _leaves(tree: Tree) -> list[Leaf]:
    """The leaves in the alphabetical order of their paths."""
    leaves: list[Leaf] = []
    nodes = [tree.root]
    while nodes:
        node = nodes.pop()
        nodes += node.children.values()
        if node.leaf:
            leaves.append(node.leaf)
    return sorted(leaves, key=lambda leaf: leaf.where)


def _meets(rule: int, fields: Sequence[Leaf], values: Sequence[Values], steps: list[int]) -> bool:
    """
    Go through the fields in order, with the elements chosen so far, over every choice that may still matter.
    """
    last_use = {array: index for index, found in enumerate(values) for _, places in found for array, _ in places}
    ways_of = [
        [(places, bool(leaf.met_by(value, rule) & rule)) for value, places in found]
        for leaf, found in zip(fields, values, strict=True)
    ]
    seen: set[tuple[int, frozenset[tuple[int, int]]]] = set()
    stack: list[tuple[int, dict[int, int]]] = [(0, {})]
    while stack:
        index, chosen = stack.pop()
        if index == len(fields):
            return True
        steps[0] -= 1 + sum(1 + len(places) for places, _ in ways_of[index])
        if steps[0] < 0:
            return False
        may_be_absent = bool(fields[index].absent & rule)
        for way in _ways(ways_of[index], chosen, may_be_absent=may_be_absent):
            matters = {array: element for array, element in way.items() if last_use.get(array, -1) > index}
            state = (index + 1, frozenset(matters.items()))
            if state not in seen:
                seen.add(state)
                stack.append((index + 1, matters))
    return False


def _ways(
    values: Sequence[tuple[Membership, bool]], chosen: dict[int, int], *, may_be_absent: bool
) -> list[dict[int, int]]:
    """The elements chosen after one more field, in every way in which that field can be satisfied."""
    ways: list[dict[int, int]] = []
    absent = True
    for places, met in values:
        if all(chosen.get(array, element) == element for array, element in places):
            absent = False
            if met:
                ways.append({**chosen, **dict(places)})
    return [chosen] if absent and may_be_absent else ways
