"""
The fields of many sub-rules as one tree, so that an event is walked once for all of them.

In: sub-rules, numbered from 0. Out: :class:`Node` objects. A set of sub-rules is an int here, with one bit for each:
what would be a loop over rules is one operation on integers.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections.abc import Sequence

from livebus.pattern.conditions import Condition
from livebus.pattern.leaf import Leaf
from livebus.pattern.rule import SubRule


class Node:
    """
    One step of the fields' paths. ``asked`` are the sub-rules with a field here or below, ``absent`` those that are
    content when nothing is here at all, ``below_absent`` the same without the field that ends here.
    """

    __slots__ = (
        "absent",
        "asked",
        "asks_absence",
        "below",
        "below_absent",
        "children",
        "deep",
        "leaf",
        "leaf_absent",
        "steps",
    )

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.steps: tuple[tuple[str, Node], ...] = ()
        self.leaf: Leaf | None = None
        self.asked = self.absent = self.below_absent = self.leaf_absent = 0
        self.asks_absence = False
        self.deep = False  # some path goes on for two steps or more, so that a dotted name can take them at once
        self.below = 0  # the bits of the fields below

    def finish(self, everyone: int) -> None:
        """Sum up what the children, already finished, and the field here ask."""
        self.below_absent = everyone
        for child in self.children.values():
            self.asked |= child.asked
            self.below_absent &= child.absent
            self.below |= child.below | (child.leaf.where if child.leaf else 0)
            self.asks_absence |= child.asks_absence
            self.deep |= bool(child.children)
        self.leaf_absent = everyone
        if self.leaf:
            self.asked |= self.leaf.asked
            self.leaf_absent = self.leaf.absent
            self.asks_absence |= self.leaf.absent != self.leaf.free
        self.absent = self.below_absent & self.leaf_absent
        # Plain fields first: they are quick to look at, and what fails there need not be looked at further.
        self.steps = tuple(sorted(self.children.items(), key=lambda step: bool(step[1].children)))


class Tree:
    """The tree of all sub-rules, and per field (in alphabetical order of the paths) the sub-rules that have it."""

    __slots__ = ("askers", "everyone", "paths", "root")

    def __init__(self, sub_rules: Sequence[SubRule]) -> None:
        self.everyone = (1 << len(sub_rules)) - 1
        conditions: dict[str, dict[Condition, int]] = {}
        for number, sub_rule in enumerate(sub_rules):
            for path, field in sub_rule.items():
                of_path = conditions.setdefault(path, {})
                for condition in field.conditions:
                    of_path[condition] = of_path.get(condition, 0) | 1 << number
        self.paths = tuple(sorted(conditions, key=alphabetical))
        self.root = Node()
        self.askers: list[int] = []
        nodes = [self.root]
        for index, path in enumerate(self.paths):
            node = self.root
            for step in path.split("."):
                if step not in node.children:
                    node.children[step] = Node()
                    nodes.append(node.children[step])
                node = node.children[step]
            node.leaf = Leaf(self.everyone, conditions[path], 1 << index)
            self.askers.append(node.leaf.asked)
        # A child is made after its parent: backwards, the children are finished first.
        for node in reversed(nodes):
            node.finish(self.everyone)


def alphabetical(path: str) -> bytes:
    """The order in which the engine takes fields: that of UTF-16 units."""
    return path.encode("utf-16-be", "surrogatepass")
