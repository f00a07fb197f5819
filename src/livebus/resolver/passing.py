"""
Handlers that only pass values on, recognised from their syntax tree and evaluated without the engine.

In: the syntax tree of a unit resolver's file, for a data source of type NONE. Out: a :class:`Passing`, or None where the code
is anything else than ``request`` returning an object literal and ``response`` returning a value, both made of members of
``ctx``, object literals and constants. Nothing is evaluated here that could differ from what the engine does: where a value is
of a kind that JavaScript carries differently (floats, large integers, keys that look like numbers, texts that are no
Unicode) or a member is read of what has none, the caller is told to ask the engine, which also words the error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tree_sitter import Node

from livebus.resolver.plain import CALLED_BY_ENGINE
from livebus.resolver.syntax import Syntax

# Of the members of ``ctx``, and of what is ``ctx.result`` by then.
Value = Callable[[Mapping[str, Any], Any], Any]


class AskTheEngine(Exception):
    """What is to be evaluated is not the same in Python."""


_UNDEFINED: Final = object()
_ROOTS = {
    "args": "arguments",
    "arguments": "arguments",
    "identity": "identity",
    "source": "source",
    "request": "request",
}
# What an object has in JavaScript without holding it.
_INHERITED = CALLED_BY_ENGINE | {
    "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
    "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
}  # fmt: skip
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
# Beyond these the engine's own bounds may count. Values are members of objects and arrays, all of them together.
_MOST_VALUES = 2_000
_DEEPEST = 32
_LARGEST_TEXT = 256 * 1024
# Whole numbers up to here are the same in both.
_SAFE = 2**53 - 1


class Passing:
    """Both handlers of a unit resolver on a NONE data source."""

    __slots__ = ("_request", "_response")

    def __init__(self, request: Value, response: Value) -> None:
        self._request = request
        self._response = response

    def __call__(self, context: Mapping[str, Any]) -> Any:
        """The field's value for the members of ``ctx``. Raises AskTheEngine."""
        result = _carried(self._request(context, None))
        value = self._response(context, result)
        return value if value is result else _carried(value)  # what was carried once stays as it is


def passing(syntax: Syntax) -> Passing | None:
    """The handlers of a file; None where it does anything that is not evaluated here."""
    found: dict[str, tuple[str, Node]] = {}
    for statement in syntax.root.named_children:
        if statement.type in ("import_statement", "comment"):
            continue
        handler = _handler(syntax, statement) if statement.type == "export_statement" else None
        if handler is None or handler[0] in found:
            return None
        found[handler[0]] = handler[1:]
    if found.keys() != {"request", "response"}:
        return None
    (given, returned), (name, value) = found["request"], found["response"]
    payload = _payload(syntax, given, returned)
    response = _value(syntax, name, value)
    return None if payload is None or response is None else Passing(payload, response)


def _handler(syntax: Syntax, statement: Node) -> tuple[str, str, Node] | None:
    """Of an exported function that does nothing but return: its name, its parameter's, what it returns."""
    declared = statement.child_by_field_name("declaration")
    function = None if declared is None else _function(declared)
    if (
        function is None
        or len(statement.named_children) != 1
        or any(each.type == "default" for each in statement.children)
    ):
        return None
    name, code = function
    parameter, body = _parameter(code), code.child_by_field_name("body")
    returned = None if body is None else _returned(body)
    if parameter is None or returned is None or name.type != "identifier" or code.children[0].type == "async":
        return None
    return syntax.source(name), syntax.source(parameter), returned


def _function(declared: Node) -> tuple[Node, Node] | None:
    """The name and the function of ``function request(ctx) {…}`` or ``const request = (ctx) => …``."""
    holder = function = declared
    if declared.type == "lexical_declaration" and declared.children[0].type == "const":
        (holder, *others) = declared.named_children
        value = holder.child_by_field_name("value")
        if others or value is None or value.type != "arrow_function":
            return None
        function = value
    elif declared.type != "function_declaration":
        return None
    name = holder.child_by_field_name("name")
    return None if name is None else (name, function)


def _parameter(function: Node) -> Node | None:
    """The only parameter, where it is a name."""
    parameter = function.child_by_field_name("parameter") or _only(function.child_by_field_name("parameters"))
    return parameter if parameter is not None and parameter.type == "identifier" else None


def _returned(body: Node) -> Node | None:
    """What a body that does nothing else returns."""
    if body.type != "statement_block":
        return body
    statement = _only(body)
    return _only(statement) if statement is not None and statement.type == "return_statement" else None


def _only(node: Node | None) -> Node | None:
    """The only thing inside, or None."""
    held = _but_comments(node)
    return held[0] if len(held) == 1 else None


def _but_comments(node: Node | None) -> list[Node]:
    return [] if node is None else [child for child in node.named_children if child.type != "comment"]


def _payload(syntax: Syntax, given: str, node: Node) -> Value | None:
    """What the request handler's object has as ``payload``: all that a NONE data source looks at."""
    node = _bare(node)
    if node.type != "object":
        return None
    members = _members(syntax, given, node)
    if members is None:
        return None
    if members.keys() == {"payload"}:
        return members["payload"]

    def payload(context: Mapping[str, Any], result: Any) -> Any:
        # All of them, as the engine does: one that cannot be read ends the handler.
        return {name: value(context, result) for name, value in members.items()}.get("payload", _UNDEFINED)

    return payload


def _bare(node: Node) -> Node:
    """What stands inside of parentheses."""
    while node.type == "parenthesized_expression" and (held := _only(node)) is not None:
        node = held
    return node


def _members(syntax: Syntax, given: str, node: Node) -> dict[str, Value] | None:
    members: dict[str, Value] = {}
    for pair in _but_comments(node):
        key, held = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if pair.type != "pair" or key is None or held is None or key.type not in ("property_identifier", "string"):
            return None
        text = syntax.source(key)
        name = text[1:-1] if key.type == "string" else text
        value = _value(syntax, given, held)
        if value is None or "\\" in text or name in _INHERITED or _is_index(name):
            return None
        members[name] = value
    return members


def _value(syntax: Syntax, given: str, node: Node) -> Value | None:
    """How to make a value; None where that is not known here."""
    node = _bare(node)
    if node.type in _CONSTANTS:
        constant = _CONSTANTS[node.type]
        return lambda _context, _result: constant
    if node.type == "string":
        text = syntax.source(node)[1:-1]
        return None if "\\" in text else lambda _context, _result: text
    if node.type == "object":
        members = _members(syntax, given, node)
        if members is None:
            return None
        return lambda context, result: {name: value(context, result) for name, value in members.items()}
    path = _path(syntax, given, node)
    if not path or any(name in _INHERITED or "\\" in name for name in path):
        return None
    if path[0] == "result":
        names = path[1:]
        return lambda _, result: _read(result, names)
    return _reading(_ROOTS[path[0]], path[1:]) if path[0] in _ROOTS else None


def _path(syntax: Syntax, given: str, node: Node) -> list[str] | None:
    """The names of ``ctx.args.name``, without the parameter's; None for anything else."""
    path: list[str] = []
    while node.type == "member_expression":
        holder, member = node.child_by_field_name("object"), node.child_by_field_name("property")
        # ``?.`` goes on where this would end; comments may stand anywhere.
        if (
            holder is None
            or member is None
            or [each.type for each in node.children][1:] != [".", "property_identifier"]
        ):
            return None
        path.insert(0, syntax.source(member))
        node = holder
    return path if node.type == "identifier" and syntax.source(node) == given else None


def _reading(root: str, names: list[str]) -> Value:
    if len(names) != 1:
        return lambda context, _: _read(context[root], names)
    (only,) = names

    def read(context: Mapping[str, Any], _result: Any) -> Any:
        """The same for one name, as most paths have."""
        holder = context[root]
        if type(holder) is not dict:
            raise AskTheEngine
        return holder.get(only, _UNDEFINED)

    return read


def _read(value: Any, names: list[str]) -> Any:
    for name in names:
        if type(value) is not dict:
            raise AskTheEngine
        value = value.get(name, _UNDEFINED)
    return value


def _is_index(key: str) -> bool:
    """Whether JavaScript would put a key before the others."""
    return key.isdigit()


def _carried(value: Any) -> Any:
    """The same value as it is after JSON has carried it into the engine and out of it. Raises AskTheEngine."""
    if value is _UNDEFINED:
        return None
    if type(value) is str and value.isascii() and len(value) <= _LARGEST_TEXT:
        return value
    return _copied(value, [_MOST_VALUES], 0)


def _copied(value: Any, left: list[int], depth: int) -> Any:
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        if len(value) <= _LARGEST_TEXT and _is_unicode(value):
            return value
    elif kind is int:
        if -_SAFE <= value <= _SAFE:
            return value
    elif (kind is dict or kind is list) and depth < _DEEPEST:
        left[0] -= len(value)
        if left[0] >= 0 and kind is dict:
            return _copied_object(value, left, depth + 1)
        if left[0] >= 0:
            return [_copied(member, left, depth + 1) for member in value]
    raise AskTheEngine


def _copied_object(value: dict[Any, Any], left: list[int], depth: int) -> dict[str, Any]:
    copied = {}
    for key, member in value.items():
        if type(key) is not str or key == "__proto__" or _is_index(key) or not _is_unicode(key):
            raise AskTheEngine
        if member is not _UNDEFINED:
            copied[key] = _copied(member, left, depth)
    return copied


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
