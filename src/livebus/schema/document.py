"""
The text of a schema, parsed, and what AppSync refuses in it although GraphQL allows it.

In: SDL text and the place where it begins. Out: graphql-core's document, and faults at the places of the user's file.
https://docs.aws.amazon.com/appsync/latest/devguide/designing-your-schema.html
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    ListValueNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    parse,
)
from graphql.language import SchemaExtensionNode

from livebus.errors import Fault, InvalidSchema, Place, did_you_mean
from livebus.schema.scalars import AWS_SCALARS, SCALARS
from livebus.schema.taken import plain_text

# What AppSync puts into every schema. @canonical, @hidden and @renamed concern merged APIs only; @aws_publish is the
# older way round of @aws_subscribe.
GIVEN = parse(
    """
    directive @aws_api_key on OBJECT | FIELD_DEFINITION | INPUT_OBJECT
    directive @aws_iam on OBJECT | FIELD_DEFINITION | INPUT_OBJECT
    directive @aws_oidc on OBJECT | FIELD_DEFINITION | INPUT_OBJECT
    directive @aws_lambda on OBJECT | FIELD_DEFINITION | INPUT_OBJECT
    directive @aws_cognito_user_pools(cognito_groups: [String]) on OBJECT | FIELD_DEFINITION | INPUT_OBJECT
    directive @aws_auth(cognito_groups: [String]) on FIELD_DEFINITION
    directive @aws_subscribe(mutations: [String]) on FIELD_DEFINITION
    directive @aws_publish(subscriptions: [String]) on FIELD_DEFINITION
    directive @canonical on OBJECT | FIELD_DEFINITION | INTERFACE | UNION | ENUM | INPUT_OBJECT
    directive @hidden on OBJECT | FIELD_DEFINITION | INTERFACE | UNION | ENUM | INPUT_OBJECT
    directive @renamed(to: String!) on OBJECT | FIELD_DEFINITION | INTERFACE | UNION | ENUM | INPUT_OBJECT
    """
    + "\n".join(f"scalar {scalar.name}" for scalar in AWS_SCALARS),
    no_location=True,
)
GIVEN_DIRECTIVES = frozenset(
    definition.name.value for definition in GIVEN.definitions if isinstance(definition, DirectiveDefinitionNode)
)
ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
# "1 MB" for a schema document, by AppSync's quotas.
MAX_SCHEMA_BYTES = 1_048_576
# More than that at once help nobody; what is beyond is counted.
MAX_FAULTS = 1000
_LEAST_FAULTS = 50
_COUNTED_CHARACTERS = 50_000_000


_RESERVED = re.compile(r"^Name '__.* must not begin with '__'")


class Reading:
    """
    One reading of a schema's text: gathers faults, each at its line and column in the user's file; ``warnings`` are of
    what AppSync takes, and what then means nothing.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.faults: list[Fault] = []
        self.most = MAX_FAULTS
        """How many faults are told: graphql-core counts the lines of the whole text anew for each."""
        self._is_cut = False
        self._types: list[tuple[int, int, str]] = []
        """Where each type begins and ends in the text, and its name."""
        self.warnings: list[Fault] = []
        self.empty_roots: list[str] = []

    def stop_on_faults(self, document: DocumentNode | None = None) -> None:
        """
        Raise InvalidSchema with what has been gathered, in the order of the file.

        It holds the document, unless there is more wrong with it than is told.
        """
        if self.faults:
            faults = sorted(self.faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0))
            if self._is_cut:
                found = f"the schema has more than {self.most:,} faults"
                faults.append(Fault(found, self.place, advice="Mend these first; the others are told then."))
            error = InvalidSchema(faults=faults)
            error.document = None if self._is_cut else document
            raise error

    def where(self, node: Node | None) -> Place:
        """The place of a node in the user's file; of the whole schema where there is no node."""
        if node is None or node.loc is None:
            return self.place
        token = node.loc.start_token
        return self.place.shifted(token.line, token.column)

    def fault(self, found: str, node: Node | None = None, *, expected: str = "", advice: str = "") -> None:
        if len(self.faults) < self.most:
            self.faults.append(Fault(found, self.where(node), expected, advice))
        else:
            self._is_cut = True

    def within_type(self, found: str, node: Node | None) -> str:
        """What was found, with the type that the node is in where it does not name that."""
        if node is None or node.loc is None:
            return found
        start = node.loc.start
        index = bisect_right(self._types, start, key=lambda each: each[0]) - 1
        if index < 0:
            return found
        begin, end, name = self._types[index]
        is_told = not begin < start < end or re.search(rf"\b{name}\b", found)
        return found if is_told else f"{found}, in type {name!r}"

    def document(self, text: str) -> DocumentNode:
        """The parsed text; an empty document, and a fault, where it does not parse."""
        nothing = DocumentNode(definitions=())
        if len(text.encode()) > MAX_SCHEMA_BYTES:
            self.fault("the schema is larger than 1 MB", expected=f"at most {MAX_SCHEMA_BYTES} bytes")
            return nothing
        if not text.strip():
            self.fault("the schema is empty", expected="at least a type Query with a field")
            return nothing
        # Before AppSync's older reading of it: what is passed over was text, too.
        self.most = max(_LEAST_FAULTS, min(MAX_FAULTS, _COUNTED_CHARACTERS // max(1, len(text))))
        text, taken = plain_text(text, self.place)
        self.warnings += taken
        try:
            document = parse(text)
            self._types = [
                (each.loc.start, each.loc.end, each.name.value)
                for each in document.definitions
                if isinstance(each, TypeDefinitionNode) and each.loc is not None
            ]
            return document
        except GraphQLSyntaxError as error:
            line, column = error.locations[0] if error.locations else (1, 1)
            before = error.source.body[: next(iter(error.positions), 0)] if error.source and error.positions else ""
            named = _open_type(before)
            self.faults.append(
                Fault(
                    error.message.removesuffix(".") + (f", in type {named!r}" if named else ""),
                    self.place.shifted(line, column),
                    "a schema in GraphQL's definition language",
                )
            )
        except GraphQLError as error:
            self.fault(error.message)
        return nothing

    def add_errors(self, errors: Iterable[GraphQLError]) -> None:
        """
        Take over graphql-core's findings, except where a fault in AppSync's terms stands already.

        The suggestion at the end of a finding becomes the advice.
        """
        told = {fault.place for fault in self.faults}
        for error in errors:
            if any(error.message == f"Type {name} must define one or more fields." for name in self.empty_roots):
                continue  # AppSync takes it, which is told
            # Of several places take the last: the first definition of a name is right, the second is the fault.
            node = next((node for node in reversed(error.nodes or ()) if node.loc is not None), None)
            if isinstance(node, FieldDefinitionNode) and _RESERVED.search(error.message):
                found = f"the field {node.name.value!r} has a name that GraphQL keeps for introspection"
                advice = "AppSync takes it; GraphQL does not, and other tools refuse the schema. Name it without '__'."
                self.warnings.append(Fault(found, self.where(node), advice=advice))
                continue
            if self.where(node) not in told:
                found, question, suggestion = error.message.partition(" Did you mean")
                found = self.within_type(found.removesuffix("."), node)
                self.fault(found, node, advice=(question + suggestion).strip())


_OPENING = re.compile(r"^[ \t]*(?:type|input|interface|enum)\s+(\w+)[^{}\n]*\{", re.MULTILINE)


def _open_type(text: str) -> str:
    """The name of the type that is open at the end of a text; empty where none is."""
    opened = text.rfind("{")
    if opened <= text.rfind("}"):
        return ""
    line = text.rfind("\n", 0, opened) + 1
    found = _OPENING.match(text, line, opened + 1)
    return found[1] if found else ""


def check_document(reading: Reading, document: DocumentNode) -> None:
    """Find what AppSync refuses although GraphQL allows it."""
    _check_definitions(reading, document)
    _warn_of_taken(reading, document)
    own_directives = {node.name.value for node in document.definitions if isinstance(node, DirectiveDefinitionNode)}
    known = sorted(GIVEN_DIRECTIVES | own_directives | {"deprecated"})
    for directive in _directives(document):
        if directive.name.value not in known:
            reading.fault(
                reading.within_type(f"AppSync does not know the directive '@{directive.name.value}'", directive),
                directive,
                advice=did_you_mean(directive.name.value, known, prefix="@"),
            )
    if root_name(document, "query") not in object_types(document):
        reading.fault(
            "There is no top level schema object defined: the schema has no type Query",
            advice="Add a type Query with at least one field; AppSync wants it even where nothing is queried.",
        )


def _check_definitions(reading: Reading, document: DocumentNode) -> None:
    for node in document.definitions:
        match node:
            case TypeExtensionNode() | SchemaExtensionNode():
                reading.fault("AppSync does not know 'extend'", node, advice="Write the type out in one place.")
            case ScalarTypeDefinitionNode(name=name) if name.value in SCALARS:
                reading.fault(f"AppSync brings the scalar {name.value!r} itself", name, advice="Leave the line out.")
            case ScalarTypeDefinitionNode(name=name):
                reading.fault(
                    f"AppSync has no scalars of one's own, such as {name.value!r}",
                    name,
                    expected="one of " + ", ".join(SCALARS),
                    advice=did_you_mean(name.value, SCALARS) or did_you_mean("AWS" + name.value, SCALARS),
                )
            case TypeDefinitionNode(name=name) if name.value.startswith("AWS"):
                reading.fault(
                    f"AppSync keeps type names that begin with 'AWS', such as {name.value!r}, to itself", name
                )
            case DirectiveDefinitionNode(name=name) if name.value in GIVEN_DIRECTIVES:
                reading.fault(
                    f"AppSync brings the directive '@{name.value}' itself", name, advice="Leave the line out."
                )


def _warn_of_taken(reading: Reading, document: DocumentNode) -> None:
    query = object_types(document).get(root_name(document, "query"))
    if query is not None and not query.fields:
        advice = "AppSync takes it; GraphQL does not, and other tools refuse the schema. Give it a field."
        found = f"type {query.name.value!r} has no fields"
        reading.warnings.append(Fault(found, reading.where(query.name), advice=advice))
        reading.empty_roots.append(query.name.value)
    for node in document.definitions:
        if isinstance(node, InputObjectTypeDefinitionNode):
            _check_input(reading, node)


def _check_input(reading: Reading, node: InputObjectTypeDefinitionNode) -> None:
    """Directives that let a mode in stand on input types in public applications: AppSync takes them, and heeds none."""
    for directive in node.directives or ():
        if directive.name.value.startswith("aws_") and directive.name.value in GIVEN_DIRECTIVES:
            found = f"'@{directive.name.value}' does nothing on the input type {node.name.value!r}"
            advice = "Leave it out: access is decided by fields and the types that they return."
            reading.warnings.append(Fault(found, reading.where(directive), advice=advice))


def object_types(document: DocumentNode) -> dict[str, ObjectTypeDefinitionNode]:
    """The object types of a document by their names; of two with one name the first."""
    types: dict[str, ObjectTypeDefinitionNode] = {}
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode):
            types.setdefault(node.name.value, node)
    return types


def root_name(document: DocumentNode, operation: str) -> str:
    """The name of the type for ``query``, ``mutation`` or ``subscription``; "" where the schema has none."""
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode):
            return next(
                (root.type.name.value for root in node.operation_types or () if root.operation.value == operation), ""
            )
    return ROOTS[operation]


def root_fields(document: DocumentNode, operation: str) -> dict[str, FieldDefinitionNode]:
    """The fields of the type for ``mutation`` or ``subscription`` by their names."""
    root = object_types(document).get(root_name(document, operation))
    return {field.name.value: field for field in (root.fields or () if root is not None else ())}


def strings_of(directive: ConstDirectiveNode, argument: str) -> Iterator[StringValueNode]:
    """The texts in an argument that holds a list of them, or just one."""
    for node in directive.arguments or ():
        if node.name.value == argument:
            values = node.value.values if isinstance(node.value, ListValueNode) else (node.value,)
            yield from (value for value in values if isinstance(value, StringValueNode))


def _directives(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    """All directives, in the order of the text: of definitions, and of what may stand in them."""
    waiting: list[Any] = list(reversed(document.definitions))
    while waiting:
        node = waiting.pop()
        yield from getattr(node, "directives", None) or ()
        for members in ("values", "arguments", "fields"):
            waiting += reversed(getattr(node, members, None) or ())
