"""
A schema that AppSync takes: types, the modes that may see them, the links from mutations to subscriptions.

In: SDL text. Out: a :class:`Schema`.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    Node,
    StringValueNode,
    build_ast_schema,
    specified_scalar_types,
)

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Mode
from livebus.errors import NOWHERE, Fault, InvalidSchema, Place, bounded_suggestions
from livebus.schema.checking import check_bounds, sdl_errors, type_errors
from livebus.schema.document import GIVEN, Reading, check_document, object_types, strings_of
from livebus.schema.links import Links, read_links
from livebus.schema.scalars import AWS_SCALARS, CannotCoerce, Scalar

_MODES: Mapping[str, Mode] = {
    "aws_api_key": API_KEY,
    "aws_iam": AWS_IAM,
    "aws_oidc": OIDC,
    "aws_lambda": LAMBDA,
    "aws_cognito_user_pools": COGNITO,
    "aws_auth": COGNITO,
}


@dataclass(frozen=True, slots=True)
class AuthDirective:
    """
    One directive that lets a mode in.

    ``groups`` narrows Cognito's callers to those in one of them; None where the directive names no groups.
    ``name`` is the directive's own, as ``@aws_auth`` counts only where Cognito is the API's sole mode.
    """

    mode: Mode
    groups: tuple[str, ...] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """
    A schema that AppSync takes.

    ``auth_directives`` holds what stands on a type, under (type, ""), and on a field, under (type, field).
    ``links`` names the subscription fields that a mutation field feeds, ``subscription_mutations`` the mutation
    fields that feed a subscription field; fields without a link are missing in both. ``warnings`` tell what AppSync takes
    although it means nothing.
    """

    graphql: GraphQLSchema
    auth_directives: Mapping[tuple[str, str], tuple[AuthDirective, ...]]
    links: Links
    subscription_mutations: Links
    warnings: tuple[Fault, ...] = ()


def parse_schema(text: str, place: Place = NOWHERE) -> Schema:
    """
    Read a schema whose text begins at ``place``.

    Raises InvalidSchema with all faults, each at its line and column.
    """
    reading = Reading(place)
    document = reading.document(text)
    reading.stop_on_faults()
    with bounded_suggestions():
        return _read(reading, document)


def _read(reading: Reading, document: DocumentNode) -> Schema:
    check_document(reading, document)
    check_bounds(reading, document)
    whole = DocumentNode(definitions=(*GIVEN.definitions, *document.definitions))
    reading.add_errors(sdl_errors(whole, reading.most))
    links, subscription_mutations = read_links(reading, document)
    reading.stop_on_faults(document)
    graphql = build_ast_schema(whole, assume_valid_sdl=True)
    reading.add_errors(type_errors(graphql, reading.most))
    reading.stop_on_faults(document)
    auth = _auth_directives(document)
    # Found sound, but for what AppSync takes and graphql-core would refuse again and again.
    usable = _with_scalars(graphql)
    usable._validation_errors = []
    return Schema(usable, auth, links, subscription_mutations, tuple(reading.warnings))


def types_of(document: DocumentNode) -> Schema | None:
    """
    The types and fields of a schema that AppSync refuses, as far as they stand; None where they do not.

    For whoever wants to go on beside the faults: directives and links are left out, since they may be what is wrong.
    """
    reading = Reading(NOWHERE)
    try:
        check_bounds(reading, document)
        reading.stop_on_faults()
        whole = DocumentNode(definitions=(*GIVEN.definitions, *document.definitions))
        graphql = build_ast_schema(whole, assume_valid_sdl=True)
        usable = graphql.mutation_type is not None and not type_errors(graphql, 1)
    except (InvalidSchema, TypeError, GraphQLError):
        return None
    return Schema(_with_scalars(graphql), {}, {}, {}) if usable else None


def _auth_directives(document: DocumentNode) -> dict[tuple[str, str], tuple[AuthDirective, ...]]:
    found: dict[tuple[str, str], tuple[AuthDirective, ...]] = {}
    for type_name, node in object_types(document).items():
        found[type_name, ""] = _auth(node.directives)
        for field in node.fields or ():
            found[type_name, field.name.value] = _auth(field.directives)
    return {key: directives for key, directives in found.items() if directives}


def _auth(directives: Collection[ConstDirectiveNode] | None) -> tuple[AuthDirective, ...]:
    return tuple(
        AuthDirective(
            _MODES[directive.name.value],
            tuple(group.value for group in strings_of(directive, "cognito_groups")) if directive.arguments else None,
            directive.name.value,
        )
        for directive in directives or ()
        if directive.name.value in _MODES
    )


def _with_scalars(graphql: GraphQLSchema) -> GraphQLSchema:
    """The schema with AWS's coercions on its scalars, and with the built-in scalars that it does not use."""
    for scalar in AWS_SCALARS:
        scalar_type = graphql.get_type(scalar.name)
        assert isinstance(scalar_type, GraphQLScalarType)
        scalar_type.coerce_input_value = scalar.parse
        scalar_type.coerce_output_value = scalar.serialize
        scalar_type.coerce_input_literal = _literal_coercion(scalar)
    missing = [scalar_type for name, scalar_type in specified_scalar_types.items() if name not in graphql.type_map]
    if not missing:
        return graphql
    parts = graphql.to_kwargs()
    parts["types"] = (*(parts["types"] or ()), *missing)
    return GraphQLSchema(**parts)


def _literal_coercion(scalar: Scalar) -> Callable[[Node], Any]:
    """What a scalar makes of a literal: texts are taken in quotes, AWSTimestamp as a whole number."""

    def coerce(node: Node) -> Any:
        if scalar.name == "AWSTimestamp" and isinstance(node, IntValueNode):
            return scalar.parse(int(node.value))
        if scalar.name != "AWSTimestamp" and isinstance(node, StringValueNode):
            return scalar.parse(node.value)
        raise CannotCoerce(f"is not a valid '{scalar.name}'")

    return coerce
