"""
Validation of a document, with errors as AppSync shows them.

In: a parsed document. Out: errors such as "Validation error of type FieldUndefined: Field 'badfield' in type 'Query'
is undefined @ 'badfield'". The path after the @ names fields, without aliases.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    Visitor,
    validate,
    visit,
)
from graphql.validation.validate import ValidationAbortedError

from livebus.execution.responses import Error, document_error, location
from livebus.execution.rules import RULES, NoIntrospection

MAX_ERRORS = 100
# AppSync has limits of its own here, which it does not document.
ABORTED = "The document has more equal fields or nested fragments than the local runtime looks at."


def validate_document(schema: GraphQLSchema, document: DocumentNode, *, introspection: bool) -> list[Error]:
    """The errors of a document, in the order of the document; none for a valid one."""
    rules = RULES if introspection else (*RULES, NoIntrospection)
    found = validate(schema, document, rules, max_errors=MAX_ERRORS)
    return [_error(error, document) for error in found]


def _error(error: GraphQLError, document: DocumentNode) -> Error:
    # What graphql-core says itself, when it gives up on a document, has no kind.
    if isinstance(error, ValidationAbortedError) and error.message == "Validation aborted.":
        return document_error(f"{error.message} {ABORTED}", None)
    kind = (error.extensions or {}).get("kind")
    nodes = error.nodes or []
    message = error.message
    if kind:
        path = _path_to(nodes[0], document) if nodes and kind != "UnusedFragment" else ()
        if kind == "FieldsConflict":
            # The conflict is the selection's, so the path leads to the field around it.
            path = path[:-1]
        where = f" @ '{'/'.join(path)}'" if path else ""
        message = f"Validation error of type {kind}: {error.message}{where}"
    return document_error(message, [location(node) for node in nodes] or None)


def _path_to(target: Node, document: DocumentNode) -> tuple[str, ...]:
    """The fields, and the fragment if any, in which a node stands, from the outermost."""

    class Finder(Visitor):
        def enter(self, node: Node, *_args: Any) -> Any:
            if isinstance(node, (FieldNode, FragmentDefinitionNode)):
                names.append(node.name.value)
            if node is target:
                found.extend(names)
                return self.BREAK
            return None

        def leave(self, node: Node, *_args: Any) -> None:
            if isinstance(node, (FieldNode, FragmentDefinitionNode)):
                names.pop()

    names: list[str] = []
    found: list[str] = []
    visit(document, Finder())
    return tuple(found)
