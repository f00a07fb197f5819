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

from livebus.pattern.tree import Leaf, Node, Tree

# AWS does not document what it does when an event is too entangled; we give up with "does not match". Half a second.
MAX_STEPS = 500_000

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
            for name, found in value.items():
                child: Node | None = node
                for step in name.split("."):
                    child = child.children.get(step) if child else None
                if child:
                    stack.append((found, child, membership))
        elif type(value) is list:
            number = arrays
            arrays += 1
            for index, found in enumerate(value):
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
    last_use: dict[int, int] = {}
    for index, of_field in enumerate(values):
        for _, membership in of_field:
            for array, _ in membership:
                last_use[array] = index
    good = [
        [(membership, bool(leaf.met_by(value, rule) & rule)) for value, membership in of_field]
        for leaf, of_field in zip(fields, values, strict=True)
    ]
    seen: set[tuple[int, frozenset[tuple[int, int]]]] = set()
    stack: list[tuple[int, dict[int, int]]] = [(0, {})]
    while stack:
        index, chosen = stack.pop()
        if index == len(fields):
            return True
        absent = True
        ways: list[dict[int, int]] = []
        for membership, met in good[index]:
            steps[0] -= 1 + len(membership)
            if steps[0] < 0:
                return False
            if all(chosen.get(array, element) == element for array, element in membership):
                absent = False
                if met:
                    ways.append({**chosen, **dict(membership)})
        if absent and fields[index].absent & rule:
            ways.append(chosen)
        for way in ways:
            matters = {array: element for array, element in way.items() if last_use.get(array, -1) > index}
            state = (index + 1, frozenset(matters.items()))
            if state not in seen:
                seen.add(state)
                stack.append((index + 1, matters))
    return False
