"""
Reads JavaScript into a syntax tree whose names are resolved: which declaration an identifier means, and where it stands.

In: the text of a code file. Out: a :class:`Syntax` with every node in the order of the text, and its scopes. Code that is
not JavaScript is told by :func:`syntax_error`, in the words of the engine that would run it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import quickjs
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

_PLACE = re.compile(r"at <input>:(\d+):(\d+)")
_LANGUAGE = Language(tree_sitter_javascript.language())

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    }
)
_SCOPES = FUNCTIONS | {"program", "statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body"}

Kind = Literal["import", "function", "parameter", "variable"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A name that code declares. ``function`` is the function it stands for, where that is plain from the text."""

    name: str
    kind: Kind
    node: Node
    function: Node | None = None


@dataclass(slots=True)
class Scope:
    """The names that a function, a block or the file declares."""

    node: Node
    parent: Scope | None
    names: dict[str, Declaration] = field(default_factory=dict)

    def find(self, name: str) -> Declaration | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


class Syntax:
    """The syntax tree of a code file: ``nodes`` in the order of the text, ``references`` those that use a name."""

    __slots__ = ("_all", "_scopes", "declaring", "nodes", "root", "text")

    def __init__(self, code: str) -> None:
        self.text = code.encode()
        self.root = Parser(_LANGUAGE).parse(self.text).root_node
        self.nodes: list[Node] = []
        self.declaring: set[int] = set()  # ids of the identifiers that declare a name
        self._all: list[Scope] = []
        self._scopes: dict[int, Scope] = {}  # by the id of a node: the scope in which it stands
        self._read()

    def source(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def position(self, node: Node) -> tuple[int, int]:
        """Line and column of a node, both counted from 1, the column in characters."""
        row, column = node.start_point
        start = node.start_byte - column
        return row + 1, len(self.text[start : node.start_byte].decode("utf-8", "replace")) + 1

    def first_error(self) -> Node | None:
        """The first node that is no JavaScript, or None."""
        if not self.root.has_error:
            return None
        return next((node for node in self.nodes if node.is_error or node.is_missing), self.root)

    def meaning(self, identifier: Node) -> Declaration | None:
        """The declaration that an identifier refers to, or None where the file has none of that name."""
        return self._scopes[identifier.id].find(self.source(identifier))

    def exported_declaration(self, name: str) -> Declaration | None:
        """What the file itself declares under a name."""
        return self._scopes[self.root.id].names.get(name)

    def declared_names(self) -> set[str]:
        """Every name that the file declares anywhere."""
        return {name for scope in self._all for name in scope.names}

    def function_of(self, node: Node) -> Node | None:
        """The function that a value is or names; None for any other value."""
        while node.type == "parenthesized_expression" and node.named_children:
            node = node.named_children[0]
        if node.type in FUNCTIONS:
            return node
        if node.type == "identifier":
            declaration = self.meaning(node)
            return declaration.function if declaration else None
        return None

    def _read(self) -> None:
        top = Scope(self.root, None)
        self._all.append(top)
        stack: list[tuple[Node, Scope]] = [(self.root, top)]
        while stack:
            node, scope = stack.pop()
            self.nodes.append(node)
            self._scopes[node.id] = scope
            self._declare(node, scope)
            inner = scope
            if node.type in _SCOPES and node is not self.root:
                inner = Scope(node, scope)
                self._all.append(inner)
                if node.type in FUNCTIONS:
                    self._declare_parameters(node, inner)
                elif node.type == "for_in_statement" and (kind := node.child_by_field_name("kind")) is not None:
                    for identifier in bindings(node.child_by_field_name("left")):
                        self._add(_function_scope(inner) if kind.type == "var" else inner, identifier, "variable")
                elif node.type == "catch_clause":
                    for identifier in bindings(node.child_by_field_name("parameter")):
                        self._add(inner, identifier, "variable")
            stack.extend((child, inner) for child in reversed(node.children))

    def _add(self, scope: Scope, identifier: Node, kind: Kind, function: Node | None = None) -> None:
        self.declaring.add(identifier.id)
        name = self.source(identifier)
        scope.names[name] = Declaration(name, kind, identifier, function)

    def _declare(self, node: Node, scope: Scope) -> None:
        """Enter the names that a node gives to the scope in which it stands."""
        match node.type:
            case "function_declaration" | "generator_function_declaration" | "class_declaration":
                if name := node.child_by_field_name("name"):
                    is_function = node.type in FUNCTIONS
                    self._add(scope, name, "function" if is_function else "variable", node if is_function else None)
            case "variable_declarator":
                self._declare_variables(node, scope)
            case "import_specifier" | "namespace_import" | "import_clause":
                self._declare_imports(node, scope)
            case "export_specifier":
                if alias := node.child_by_field_name("alias"):
                    self.declaring.add(alias.id)

    def _declare_imports(self, node: Node, scope: Scope) -> None:
        children = [child for child in node.named_children if child.type == "identifier"]
        if node.type == "import_specifier":
            self.declaring.add(children[0].id)  # the name in the module, which the alias stands for
        for child in children[-1:]:
            self._add(scope, child, "import")

    def _declare_variables(self, node: Node, scope: Scope) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if node.parent is not None and node.parent.type == "variable_declaration":  # var
            scope = _function_scope(scope)
        function = value if value is not None and value.type in FUNCTIONS else None
        for identifier in bindings(name):
            self._add(scope, identifier, "variable", function if identifier == name else None)

    def _declare_parameters(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        if node.type == "function_expression" and name is not None:
            self._add(scope, name, "function", node)
        single = node.child_by_field_name("parameter")
        parameters = node.child_by_field_name("parameters")
        for pattern in [single] if single is not None else parameters.named_children if parameters is not None else []:
            for identifier in bindings(pattern):
                self._add(scope, identifier, "parameter")


def _function_scope(scope: Scope) -> Scope:
    while scope.parent is not None and scope.node.type not in FUNCTIONS:
        scope = scope.parent
    return scope


def bindings(pattern: Node | None) -> Iterator[Node]:
    """The identifiers that a binding pattern declares."""
    patterns = [pattern]
    while patterns:
        match part := patterns.pop():
            case None:
                continue
            case Node(type="identifier" | "shorthand_property_identifier_pattern"):
                yield part
            case Node(type="pair_pattern"):
                patterns.append(part.child_by_field_name("value"))
            case Node(type="assignment_pattern" | "object_assignment_pattern"):
                patterns.append(part.child_by_field_name("left"))
            case Node(type="object_pattern" | "array_pattern" | "rest_pattern"):
                patterns.extend(reversed(part.named_children))


def syntax_error(code: str) -> tuple[str, int | None, int | None] | None:
    """What makes a text no ES module, with line and column if known; None for a well-formed one. Nothing of it is run."""
    # A module that cannot be found ends the reading after the whole text has been parsed and before any of it is run.
    never = 'import "";'
    context = quickjs.Context()
    context.set_time_limit(5)
    try:
        context.module(never + code)
    except quickjs.StackOverflow:
        return "the code is nested too deep", None, None
    except quickjs.JSException as fault:
        name, _, rest = str(fault).partition(": ")
        if name != "SyntaxError":
            return None
        message = rest.partition("\n")[0]
        if (place := _PLACE.search(rest)) is None:
            return message, None, None
        line, column = int(place[1]), int(place[2])
        return message, line, column - len(never) if line == 1 else column
    return None
