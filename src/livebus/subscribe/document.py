"""
From a subscription field and filters to the GraphQL document that asks for it.

In: graphql-core's schema, the name of a field, filters as they are typed (``customerId=c1``). Out: a
:class:`SubscriptionDocument`: the text, its variables, and a name for people. A filter is an argument of the field:
AppSync compares it with the field of the same name in each result. One that is left out sets no constraint; one that is
null would be compared with null.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html#using-subscription-arguments
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    is_required_argument,
)

from livebus.errors import Fault, InvalidOperation, did_you_mean
from livebus.schema.scalars import CannotCoerce
from livebus.schema.selection import Selection

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class SubscriptionDocument:
    """A subscription's ``text`` and ``variables``; ``name`` is the field with its filters."""

    text: str
    variables: Mapping[str, Any]
    name: str


def subscription_fields(schema: GraphQLSchema) -> list[str]:
    """The names of the fields that can be subscribed to."""
    return list(schema.subscription_type.fields) if schema.subscription_type else []


def write_document(
    schema: GraphQLSchema, field: str, filters: Iterable[tuple[str, str]] = (), *, flag: str = "--filter"
) -> SubscriptionDocument:
    """
    The document that subscribes to a field, with all that can be selected below it.

    Raises InvalidOperation with everything that does not fit the schema: no such field or argument, a value of another
    type, a required argument that is missing. ``flag`` is how a filter is given, in words.
    """
    fields = schema.subscription_type.fields if schema.subscription_type else {}
    definition = fields.get(field)
    if definition is None:
        raise InvalidOperation(
            f"the schema has no subscription {field!r}",
            expected=", ".join(fields) or "a schema with a type Subscription",
            advice=did_you_mean(field, fields),
        )
    faults: list[Fault] = []
    variables: dict[str, Any] = {}
    given: list[str] = []
    for name, text in filters:
        argument = definition.args.get(name)
        if argument is None:
            expected = f"one of {', '.join(definition.args)}" if definition.args else "no filter: it takes no arguments"
            advice = did_you_mean(name, definition.args)
            faults.append(Fault(f"{field} has no argument {name!r}", expected=expected, advice=advice))
        elif name in variables:
            faults.append(Fault(f"{field} is filtered by {name!r} twice", advice="Subscribe twice instead."))
        else:
            try:
                variables[name] = _value(argument.type, text)
                given.append(f"{name}={text}")
            except ValueError as error:
                faults.append(Fault(f"{field} is filtered by {name}={text!r}", expected=str(error)))
    for name, argument in definition.args.items():
        if is_required_argument(argument) and name not in variables and all(name != each for each, _ in filters):
            faults.append(Fault(f"{field} needs the argument {name!r}", expected=f"{flag} {name}=…, a {argument.type}"))
    selection = Selection(schema).of(definition)
    if selection is None:
        faults.append(Fault(f"{field} has no field that can be selected without arguments"))
    if faults:
        raise InvalidOperation(faults=faults)
    declared = ", ".join(f"${name}: {definition.args[name].type}" for name in variables)
    passed = ", ".join(f"{name}: ${name}" for name in variables)
    head, arguments = (f"subscription({declared})", f"({passed})") if variables else ("subscription", "")
    return SubscriptionDocument(
        f"{head} {{ {field}{arguments}{selection} }}", variables, f"{field}({', '.join(given)})" if given else field
    )


def _value(kind: GraphQLInputType, text: str) -> Any:
    """What a text means as a value of this type. Raises ValueError saying what was expected."""
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type, text)
    if isinstance(kind, GraphQLList):
        if not text.startswith("["):
            return [_value(kind.of_type, text)]
        return _json(text, list, f"a JSON array, as {kind} is a list")
    if isinstance(kind, GraphQLInputObjectType):
        return _json(text, dict, f"a JSON object, as {kind} is an input type")
    if isinstance(kind, GraphQLEnumType):
        if text not in kind.values:
            raise ValueError(f"one of {', '.join(kind.values)}")
        return text
    assert isinstance(kind, GraphQLScalarType)
    value = _read(kind.name, text)
    _check(kind, value)
    return value


def _read(scalar: str, text: str) -> Any:
    readers: Mapping[str, tuple[Callable[[str], Any], str]] = {
        "Int": (int, "a whole number"),
        "AWSTimestamp": (int, "a whole number of seconds"),
        "Float": (float, "a number"),
        "Boolean": (_BOOLEANS.__getitem__, "true or false"),
    }
    read, expected = readers.get(scalar, (str, ""))
    try:
        return read(text)
    except (ValueError, KeyError):
        raise ValueError(f"{expected}, as it is of type {scalar}") from None


def _check(kind: GraphQLScalarType, value: Any) -> None:
    """Let the scalar itself look at the value: AWSDateTime, AWSEmail and their kin have a form."""
    try:
        kind.coerce_input_value(value)
    except (GraphQLError, CannotCoerce, ValueError, TypeError):
        raise ValueError(f"a value of type {kind.name}") from None


def _json(text: str, kind: type, expected: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise ValueError(expected) from None
    if isinstance(value, kind):
        return value
    raise ValueError(expected)
