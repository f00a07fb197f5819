"""
One walk over an event that tells which sub-rules it matches.

In: a :class:`~livebus.pattern.tree.Tree` and an event, parsed. Out: a set of sub-rules, as an int.
Conditions on an array of objects must be met by one and the same element, at any depth. A field that must not exist
is looked for in the element to which alphabetically earlier fields have led, else in the whole array. AWS's pages do
not say the latter; https://github.com/aws/event-ruler, from which the service is built, does it.

The walk goes down first and takes each object or array in an array for a scope of its own; then the arrays are summed
up, the innermost first. Each value is visited once, and depth costs no stack frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.pattern.search import search
from livebus.pattern.tree import Node, Tree

_MISSING = object()
_OBJECT = -1  # in place of a set: to be taken from the scope's ``met``


class _Clash(Exception):
    """Two spellings of one path (``{"a.b": 1, "a": {"b": 2}}``) whose values cannot be laid into one object."""


class _Array:
    """An array with objects or arrays in it. These elements are the scopes from ``first`` to before ``end``."""

    __slots__ = ("direct", "element", "end", "first", "has_direct", "node", "owner")

    def __init__(self, node: Node, owner: int, direct: int, *, element: bool, has_direct: bool) -> None:
        self.node = node
        self.owner = owner  # the scope that the array stands in
        self.element = element  # the array is an element of another, and so all there is in its scope
        self.direct = direct  # the sub-rules whose field here a plain value in the array satisfies
        self.has_direct = has_direct
        self.first = self.end = 0


def match(tree: Tree, event: Mapping[str, Any]) -> int:
    """The sub-rules that the event matches."""
    met = _match_objects(tree, event)
    return walk(tree, event) if met is None else met


def _match_objects(tree: Tree, event: Mapping[str, Any]) -> int | None:  # noqa: C901, PLR0912 - calls would cost more than what is in them
    """
    The same for an event that has only plain values and objects where fields lead, as most have: there is one scope, and
    nothing to note or to sum up. None where it has an array there, or a dotted name.
    """
    alive = tree.everyone
    value, node = event, tree.root
    put_off: list[tuple[Mapping[str, Any], Node]] = []
    while alive:
        if node.deep and "." in "".join(value):
            return None
        for name, child in node.steps:
            found = value.get(name, _MISSING)
            leaf = child.leaf
            if type(found) is str and leaf is not None:
                met = leaf.any_string | leaf.strings.get(found, 0)
                if alive & ~met:
                    met |= leaf.met_by_string(found, alive & ~met)
                alive &= child.below_absent & met
            elif type(found) is dict:
                alive &= child.leaf_absent
                if alive & child.asked:
                    put_off.append((found, child))
            elif type(found) is list:
                if alive & child.asked:
                    return None
            elif found is _MISSING:
                alive &= child.absent
            else:
                alive &= child.below_absent
                if leaf is not None:
                    alive &= leaf.met_by(found, alive)
            if not alive:
                return 0
        if not put_off:
            return alive
        value, node = put_off.pop()
    return 0


def walk(tree: Tree, event: Mapping[str, Any]) -> int:
    """The same for every event."""
    try:
        return _Walk(tree).over(event)
    except _Clash:
        return search(tree, event)


class _Walk:
    """
    The state of one walk: per scope, by number, what is known of it. Scope 0 is the event itself.
    """

    __slots__ = ("_arrays", "_askers", "_met", "_met_with_leaf", "_noting", "_present", "_stack", "_tree")

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        # The sub-rules that all fields below the scope's own place satisfy; and those that the field ending at that
        # place satisfies, too. An object has no such field: _OBJECT.
        self._met = [tree.everyone]
        self._met_with_leaf = [_OBJECT]
        # The fields that have a value in the scope, noted where someone asks for absence.
        self._present = [0]
        self._noting = [False]
        self._arrays: list[_Array] = []
        self._stack: list[tuple[Any, Node, int, bool]] = []

    def over(self, event: Mapping[str, Any]) -> int:
        """Walk over an event and sum up."""
        met = self._met
        stack = self._stack
        stack.append((event, self._tree.root, 0, False))
        while stack:
            value, node, scope, element = stack.pop()
            if type(value) is list:
                self._array(value, node, scope, element=element)
            else:
                met[scope] = self._object(value, node, scope, met[scope])
            if not met[0]:
                return 0
        for array in reversed(self._arrays):
            if self._noting[array.first]:
                self._sum_up_noting(array)
            else:
                self._sum_up(array)
        return met[0]

    def _object(self, value: dict[str, Any], node: Node, scope: int, alive: int) -> int:
        """Look at the members that fields lead to; put off those that have members or elements of their own."""
        noting = self._noting[scope]
        if node.deep and "." in "".join(value):
            value = _undotted(value, node)
        for name, child in node.steps:
            found = value.get(name, _MISSING)
            if found is _MISSING:
                alive &= child.absent
                continue
            kind = type(found)
            if kind is dict or kind is list:
                if kind is dict:
                    alive &= child.leaf_absent
                if noting or alive & child.asked:
                    self._stack.append((found, child, scope, False))
            else:
                alive &= child.below_absent
                leaf = child.leaf
                if leaf is not None:
                    alive &= leaf.met_by(found, alive)
                    if noting:
                        self._present[scope] |= leaf.where
            if not alive and not noting:
                break
        return alive

    def _array(self, value: list[Any], node: Node, scope: int, *, element: bool) -> None:
        """Look at an array's plain values; give each object and array in it a scope."""
        leaf = node.leaf
        alive = self._met[scope]
        containers: list[Any] = []
        direct = 0
        has_direct = False
        for found in value:
            if type(found) is dict or type(found) is list:
                containers.append(found)
            elif leaf is not None:
                has_direct = True
                missing = alive & ~direct
                if missing:
                    direct |= leaf.met_by(found, missing)
        array = _Array(node, scope, direct, element=element, has_direct=has_direct)
        if not containers:
            below = node.below_absent
            with_leaf = below & (direct if has_direct else node.leaf_absent)
            self._set(array, below, with_leaf, leaf.where if leaf is not None and has_direct else 0)
            return
        array.first = len(self._met)
        array.end = array.first + len(containers)
        noting = self._noting[scope] or node.asks_absence
        self._arrays.append(array)
        self._met += [alive] * len(containers)
        self._met_with_leaf += [_OBJECT] * len(containers)
        self._present += [0] * len(containers)
        self._noting += [noting] * len(containers)
        self._stack += [(found, node, array.first + index, True) for index, found in enumerate(containers)]

    def _set(self, array: _Array, below: int, with_leaf: int, present: int) -> None:
        """Carry what an array satisfies into the scope that it stands in."""
        owner = array.owner
        if array.element:
            self._met_with_leaf[owner] = self._met[owner] & with_leaf
            self._met[owner] &= below
        else:
            self._met[owner] &= with_leaf
        self._present[owner] |= present

    def _sum_up(self, array: _Array) -> None:
        """
        Sum up an array where nobody asks for absence: one element must satisfy all fields below.
        """
        leaf_absent = array.node.leaf_absent
        below = with_leaf = 0
        for met, also_leaf in zip(
            self._met[array.first : array.end], self._met_with_leaf[array.first : array.end], strict=True
        ):
            below |= met
            with_leaf |= met & leaf_absent if also_leaf == _OBJECT else also_leaf
        # A plain value in the array binds no element.
        self._set(array, below, with_leaf | below & (array.direct | leaf_absent), 0)

    def _sum_up_noting(self, array: _Array) -> None:
        """
        Sum up an array where absence matters, too.

        The first field (in alphabetical order) that any element has must be satisfied by the value in an element; that
        element is then the one for all later fields, and those that are to be absent need to be absent only there.
        """
        node = array.node
        scopes = range(array.first, array.end)
        # Elements with the same fields are alike here.
        alike: dict[int, int] = {}
        for scope in scopes:
            fields = self._present[scope]
            alike[fields] = alike.get(fields, 0) | self._met[scope]
        present = 0
        met_with: dict[int, int] = {}  # per field: the sub-rules that an element with this field satisfies
        for fields, met in alike.items():
            present |= fields
            below_here = fields & node.below
            while below_here:
                field = below_here & -below_here
                below_here ^= field
                met_with[field] = met_with.get(field, 0) | met
        below = settled = 0
        for field in sorted(met_with):
            askers = self._tree.askers[field.bit_length() - 1] & ~settled
            below |= askers & met_with[field]
            settled |= askers
        below |= node.below_absent & ~settled
        leaf = node.leaf
        with_leaf = below
        if leaf is not None:
            if array.has_direct or present & leaf.where:
                with_leaf &= leaf.free | array.direct
                for scope in scopes:
                    if self._present[scope] & leaf.where:
                        with_leaf |= leaf.asked & self._met_with_leaf[scope]
            else:
                with_leaf &= leaf.absent
            present |= leaf.where if array.has_direct else 0
        self._set(array, below, with_leaf, present)


def _undotted(value: dict[str, Any], node: Node) -> dict[str, Any]:
    """
    Lay dotted names that lead to fields out as objects in objects, since a dot and a level are the same to a path.

    Raises :class:`_Clash` where a value is in the way.
    """
    dotted = [name for name in value if "." in name and _leads(name, node)]
    if not dotted:
        return value
    laid = dict(value)
    fresh = {id(laid)}
    for name in dotted:
        *way, last = name.split(".")
        place = laid
        for step in way:
            inner = place.get(step, _MISSING)
            if inner is not _MISSING and type(inner) is not dict:
                raise _Clash
            if id(inner) not in fresh:
                inner = dict(inner) if type(inner) is dict else {}
                fresh.add(id(inner))
                place[step] = inner
            place = inner
        if last in place:
            if (
                type(place[last]) is not dict
                or type(value[name]) is not dict
                or place[last].keys() & value[name].keys()
            ):
                raise _Clash
            place[last] = {**place[last], **value[name]}
        else:
            place[last] = value[name]
    return laid


def _leads(name: str, node: Node) -> bool:
    for step in name.split("."):
        if step not in node.children:
            return False
        node = node.children[step]
    return True
