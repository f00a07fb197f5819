"""
Requests in APPSYNC_JS: what the request handler returns, read from its text.

In: a code file. Out: a :class:`~livebus.checks.requests.parts.Part` for each value that the handler may return and that is
an object literal or a request of ``@aws-appsync/utils/dynamodb``. Constants and functions of the file are followed; an object
that the code changes after it was made, or hands on to who may, counts as one of which not every member is known.
https://docs.aws.amazon.com/appsync/latest/devguide/js-resolver-reference-dynamodb.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from livebus.checks.requests.parts import Part
from livebus.errors import Place
from livebus.resolver.modules import UTILS
from livebus.resolver.syntax import FUNCTIONS, Declaration, Syntax

# What a function of the module is called on AWS, once the request is made.
_HELPERS = {
    "batchDelete": "BatchDeleteItem",
    "batchGet": "BatchGetItem",
    "batchPut": "BatchPutItem",
    "get": "GetItem",
    "put": "PutItem",
    "query": "Query",
    "remove": "DeleteItem",
    "scan": "Scan",
    "transactGet": "TransactGetItems",
    "transactWrite": "TransactWriteItems",
    "update": "UpdateItem",
}
_KINDS = {"toBinary": "B", "toNumber": "N", "toString": "S"}
_LITERALS = {"string": "S", "template_string": "S", "number": "N"}
# They read what they are given, and change nothing of it.
_READERS = ("util.dynamodb.", "util.toJson", "util.error", "util.appendError", "console.", "JSON.stringify")
_DEEPEST = 6


def requests_of(code: str, file: str) -> list[Part]:
    """What the request handler may return, as far as that is an object; empty where the text tells nothing of it."""
    syntax = Syntax(code)
    declared = syntax.exported_declaration("request")
    if declared is None or declared.function is None:
        return []
    try:
        return list(_Reader(syntax, file).returned(declared.function, 0))
    except RecursionError:
        return []  # nested too deep for the engine as well, which is told as such


class _Reader:
    def __init__(self, syntax: Syntax, file: str) -> None:
        self._syntax = syntax
        self._file = file
        # Everything is read once, however often the text names it. By the ids of nodes.
        self._parts: dict[int, Part] = {}
        self._read: set[int] = set()
        self._uses: dict[int, list[Node]] = {}
        for node in syntax.nodes:
            if node.type == "identifier" and node.id not in syntax.declaring:
                declared = syntax.meaning(node)
                if declared is not None:
                    self._uses.setdefault(declared.node.id, []).append(node)

    # --- what a function returns ------------------------------------------------------------------------------------

    def returned(self, function: Node, depth: int) -> Iterator[Part]:
        body = function.child_by_field_name("body")
        if body is None or depth > _DEEPEST or function.id in self._read:
            return
        self._read.add(function.id)
        if body.type != "statement_block":  # an arrow function without a block
            yield from self._possible(body, depth)
            return
        for value in _returns(body):
            yield from self._possible(value, depth)

    def _possible(self, node: Node, depth: int) -> Iterator[Part]:
        """The values that an expression may have, as far as each is known to be an object."""
        match node.type:
            case "parenthesized_expression" if node.named_children:
                yield from self._possible(node.named_children[0], depth)
            case "ternary_expression":
                for branch in ("consequence", "alternative"):
                    chosen = node.child_by_field_name(branch)
                    if chosen is not None:
                        yield from self._possible(chosen, depth)
            case "call_expression":
                called = node.child_by_field_name("function")
                own = self._syntax.meaning(called) if called is not None and called.type == "identifier" else None
                if own is not None and own.function is not None:
                    yield from self.returned(own.function, depth + 1)
                    return
                part = self._part(node, depth)
                if part.members is not None:
                    yield part
            case _:
                part = self._part(node, depth)
                if part.members is not None:
                    yield part

    # --- values -----------------------------------------------------------------------------------------------------

    def _part(self, node: Node, depth: int) -> Part:
        place = Place(self._file, *self._syntax.position(node))
        if depth > _DEEPEST:
            return Part(place)
        match node.type:
            case "parenthesized_expression" if node.named_children:
                return self._part(node.named_children[0], depth)
            case "string" | "template_string":
                return Part(place, text=self._text(node))
            case "object":
                return self._object(node, place, depth)
            case "array":
                items = [child for child in node.named_children if child.type != "comment"]
                is_plain = not any(child.type == "spread_element" for child in items)
                return Part(place, items=tuple(self._part(child, depth + 1) for child in items) if is_plain else None)
            case "identifier" | "shorthand_property_identifier":
                return self._named(node, place, depth)
            case "call_expression":
                return self._called(node, place, depth)
        return Part(place)

    def _text(self, node: Node) -> str | None:
        if any(child.type in ("template_substitution", "escape_sequence") for child in node.named_children):
            return None
        return self._syntax.source(node)[1:-1]

    def _object(self, node: Node, place: Place, depth: int) -> Part:
        members: dict[str, Part] = {}
        is_whole = True
        for child in node.named_children:
            if child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                name = self._name(key)
                if name is None or value is None:
                    is_whole = False
                else:
                    members[name] = self._part(value, depth + 1)
            elif child.type == "shorthand_property_identifier":
                members[self._syntax.source(child)] = self._part(child, depth + 1)
            elif child.type == "spread_element":
                spread = self._part(child.named_children[0], depth + 1)
                members |= spread.members or {}
                is_whole = is_whole and spread.members is not None and spread.is_whole
            elif child.type != "comment":
                is_whole = False
        return Part(place, members=members, is_whole=is_whole)

    def _name(self, key: Node | None) -> str | None:
        if key is None:
            return None
        if key.type == "string":
            return self._text(key)
        return self._syntax.source(key) if key.type in ("property_identifier", "number") else None

    def _named(self, node: Node, place: Place, depth: int) -> Part:
        """What a constant of the file is, where nothing else is ever put in its place."""
        declared = self._syntax.meaning(node)
        declarator = declared.node.parent if declared is not None and declared.kind == "variable" else None
        if declared is None or declarator is None or declarator.type != "variable_declarator":
            return Part(place)
        value = declarator.child_by_field_name("value")
        if value is None or declarator.child_by_field_name("name") != declared.node:
            return Part(place)
        if declared.node.id not in self._parts:
            self._parts[declared.node.id] = Part(place)  # as long as it is read: it may name itself
            self._parts[declared.node.id] = self._constant(declared, value, place, depth)
        return self._parts[declared.node.id]

    def _constant(self, declared: Declaration, value: Node, place: Place, depth: int) -> Part:
        changes = self._changes(declared)
        if changes is None:
            return Part(place)
        part = self._part(value, depth + 1)
        if part.members is None or not changes:
            return part
        members = {name: each for name, each in part.members.items() if name not in changes}
        return Part(part.place, members=members, is_whole=False, is_helper=part.is_helper)

    def _changes(self, declared: Declaration) -> set[str] | None:
        """The members that the code may change after the object is made, ``*`` for others; None where it may be another."""
        changes: set[str] = set()
        for node in self._uses.get(declared.node.id, ()):
            first, below = self._chain(node)
            change = self._change(below, first)
            if change is None:
                return None
            changes |= change
        return changes

    def _chain(self, node: Node) -> tuple[str, Node]:
        """The first member of ``a.b[c]`` (``*`` for one that is computed, empty without any), and the whole of it."""
        first, below, above = "", node, node.parent
        while above is not None and above.type in ("member_expression", "subscript_expression"):
            if above.child_by_field_name("object") != below:
                break
            step = above.child_by_field_name("property")
            first = first or (self._syntax.source(step) if step is not None else "*")
            below, above = above, above.parent
        return first, below

    def _change(self, below: Node, first: str) -> set[str] | None:
        """What one use of a name may change: its members; None where it gets another value as a whole."""
        above = below.parent
        if above is None:
            return set()
        is_assigned = "assignment" in above.type or above.type == "for_in_statement"
        if (is_assigned and above.child_by_field_name("left") == below) or above.type == "update_expression":
            return {first} if first else None
        if above.type == "unary_expression":
            return {first or "*"} if self._syntax.source(above).startswith("delete") else set()
        if above.type == "call_expression":  # a method of what it holds
            return {first} if first else set()
        if first:
            return set()
        if above.type == "arguments" and above.parent is not None:
            called = above.parent.child_by_field_name("function")
            text = self._syntax.source(called) if called is not None else ""
            return set() if text.startswith(_READERS) or self._helper(called) is not None else {"*"}
        return {"*"} if above.type == "variable_declarator" else set()  # another name for it

    # --- functions of AppSync ---------------------------------------------------------------------------------------

    def _helper(self, called: Node | None) -> str | None:
        """The function of the module for DynamoDB that is called, by its own name."""
        if called is None:
            return None
        if called.type == "identifier":
            declared = self._syntax.meaning(called)
            above = declared.node.parent if declared is not None and declared.kind == "import" else None
            if above is None or above.type != "import_specifier" or not self._is_from_module(above):
                return None
            name = above.child_by_field_name("name")
            return self._syntax.source(name) if name is not None else None
        owner, member = called.child_by_field_name("object"), called.child_by_field_name("property")
        if called.type != "member_expression" or owner is None or member is None or owner.type != "identifier":
            return None
        declared = self._syntax.meaning(owner)
        above = declared.node.parent if declared is not None and declared.kind == "import" else None
        is_module = above is not None and above.type == "namespace_import" and self._is_from_module(above)
        return self._syntax.source(member) if is_module else None

    def _is_from_module(self, node: Node) -> bool:
        statement: Node | None = node
        while statement is not None and statement.type != "import_statement":
            statement = statement.parent
        source = statement.child_by_field_name("source") if statement is not None else None
        return source is not None and self._text(source) == f"{UTILS}/dynamodb"

    def _called(self, node: Node, place: Place, depth: int) -> Part:
        called, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        given = [each for each in arguments.named_children if each.type != "comment"] if arguments is not None else []
        helper = self._helper(called)
        if helper in _HELPERS:
            argument = self._part(given[0], depth + 1) if given else Part(place)
            operation = Part(place, text=_HELPERS[helper])
            members = {**(argument.members or {}), "operation": operation}
            is_whole = argument.members is not None and argument.is_whole
            return Part(place, members=members, is_whole=is_whole, is_helper=True)
        name = self._syntax.source(called) if called is not None else ""
        if not name.startswith("util.dynamodb.") or not given:
            return Part(place)
        function = name.removeprefix("util.dynamodb.")
        if function in _KINDS:
            return Part(place, kind=_KINDS[function])
        if function == "toDynamoDB":
            return Part(place, kind=_LITERALS.get(given[0].type, ""))
        if function == "toMapValues":
            values = self._part(given[0], depth + 1)
            if values.members is not None:
                plain = {name: Part(each.place) for name, each in values.members.items()}
                return Part(values.place, members=plain, is_whole=values.is_whole)
        return Part(place)


def _returns(node: Node) -> Iterator[Node]:
    """The values of the return statements of a block, but not those of functions in it."""
    for child in node.named_children:
        if child.type == "return_statement":
            yield from (value for value in child.named_children[:1] if value.type != "comment")
        elif child.type not in FUNCTIONS:
            yield from _returns(child)
