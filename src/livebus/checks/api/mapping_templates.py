"""
Checks of mapping templates: they parse, name what is there, and print text into JSON as JSON.

In: an inspection. Out: faults at the line of a template. What a template prints where a name means nothing is the name
itself, so that AWS tells of no mistake: the JSON around it breaks, or the app receives ``$ctx.args.msgg``.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-programming-guide.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    get_named_type,
)

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, InvalidMappingTemplate, Place, did_you_mean
from livebus.template.application import GraphQLApi, TemplateText

if TYPE_CHECKING:
    from livebus.vtl import Mention

CHECKS = Checks()

_GUIDE = (
    "https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-programming-guide.html"
)
_CONTEXT = "https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html"
_UTIL = "https://docs.aws.amazon.com/appsync/latest/devguide/resolver-util-reference.html"

_CONTEXT_ROOTS = ("ctx", "context")
_CONTEXT_MEMBERS = (
    *("args", "arguments", "env", "error", "identity", "info", "outErrors", "prev", "request", "result", "source"),
    "stash",
)
_ARGUMENTS = ("args", "arguments")
_FROM_OUTSIDE = ("args", "arguments", "identity", "prev", "request", "result", "source", "stash")
# $null is how templates write a null: it is a name that nothing sets.
_ALWAYS_THERE = frozenset(("bodyContent", "foreach", "null", "velocityCount", "velocityHasNext"))
_WITHOUT_QUOTES = frozenset(("AWSTimestamp", "Boolean", "Float", "Int"))


@dataclass(slots=True)
class _Used:
    """A text of a template, and the arguments of all fields that it resolves (None: a field that is not known)."""

    text: TemplateText
    arguments: dict[str, GraphQLArgument] | None = field(default_factory=dict)


def _used(inspection: Inspection) -> list[_Used]:
    """The templates of all resolvers and functions, each once."""
    found: dict[TemplateText, _Used] = {}
    for api in inspection.application.apis:
        for config in api.resolvers:
            arguments = _arguments(inspection, api, config.type_name, config.field_name)
            for part in config.parts:
                for text in part.templates.texts if part.templates is not None else ():
                    used = found.setdefault(text, _Used(text))
                    if arguments is None or used.arguments is None:
                        used.arguments = None
                    else:
                        used.arguments |= arguments
    return list(found.values())


def _arguments(
    inspection: Inspection, api: GraphQLApi, type_name: str, field_name: str
) -> Mapping[str, GraphQLArgument] | None:
    schema = inspection.schema(api.logical_id)
    fields = getattr(schema.graphql.get_type(type_name), "fields", {}) if schema is not None else {}
    return fields[field_name].args if field_name in fields else None


def _mentions(inspection: Inspection) -> Iterator[tuple[_Used, Mention, Place]]:
    for used in _used(inspection):
        from livebus.vtl import MappingTemplate  # most applications have no template, and its parser takes time to load

        try:
            template = MappingTemplate(used.text.text)
        except InvalidMappingTemplate:
            continue  # told as such
        for mention in template.references:
            if not mention.escaped:
                yield used, mention, used.text.place.shifted(mention.line, mention.column)


# --- the text -------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9176",
    "A mapping template parses",
    why="AppSync takes the template, and the field ends in an error of type MappingTemplate each time.",
    source=_GUIDE,
)
def _parses(inspection: Inspection) -> Iterator[Fault]:
    for used in _used(inspection):
        from livebus.vtl import MappingTemplate

        try:
            MappingTemplate(used.text.text)
        except InvalidMappingTemplate as invalid:
            (fault,) = invalid.faults
            place = used.text.place.shifted(invalid.line, invalid.column)
            yield Fault(f"the mapping template does not parse: {invalid.reason}", place, fault.expected)


# --- names ----------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "W9176",
    "A mapping template names what is there",
    why="A reference without a value is printed as it stands in the template, and no error tells of it.",
    source=_CONTEXT,
)
def _names_are_there(inspection: Inspection) -> Iterator[Fault]:
    assigned: dict[TemplateText, set[str]] = {}
    every = list(_mentions(inspection))
    for used, mention, _ in every:
        if mention.assigned and len(mention.path) == 1:
            assigned.setdefault(used.text, set()).add(mention.path[0])
    for used, mention, place in every:
        fault = _unknown(mention, place, used.arguments, assigned.get(used.text, set()))
        if fault is not None:
            yield fault


def _unknown(
    mention: Mention, place: Place, arguments: Mapping[str, GraphQLArgument] | None, assigned: set[str]
) -> Fault | None:
    from livebus.vtl.functions import namespace

    root, *members = mention.path
    if root in _CONTEXT_ROOTS:
        return _unknown_member(mention, place, members, arguments)
    if namespace("util" if root == "utils" else root) is not None:
        return _unknown_function(mention, place)
    if root in assigned or root in _ALWAYS_THERE or mention.assigned:
        return None
    known = (*assigned, *_CONTEXT_ROOTS, "util", "extensions")
    return Fault(f"nothing sets ${root}", place, "a variable of the template", did_you_mean(root, known, prefix="$"))


def _unknown_member(
    mention: Mention, place: Place, members: list[str], arguments: Mapping[str, GraphQLArgument] | None
) -> Fault | None:
    if not members:
        return None
    root = mention.path[0]
    if members[0] not in _CONTEXT_MEMBERS:
        found = f"${root} has no {members[0]!r}"
        expected = f"one of {', '.join(_CONTEXT_MEMBERS)}"
        return Fault(found, place, expected, did_you_mean(members[0], _CONTEXT_MEMBERS))
    if len(members) > 1 and members[0] in _ARGUMENTS and arguments is not None and members[1] not in arguments:
        if mention.assigned:
            return None
        found = f"the field has no argument {members[1]!r}"
        expected = f"one of {', '.join(arguments)}" if arguments else "no argument"
        return Fault(found, place, expected, did_you_mean(members[1], arguments))
    return None


def _unknown_function(mention: Mention, place: Place) -> Fault | None:
    from livebus.vtl.functions import argument_counts, functions, is_function, namespace

    root, *members = mention.path
    owner = ".".join(("util" if root == "utils" else root, *members))
    name = f"{owner}.{mention.method}"
    if not mention.method:
        if namespace(owner) is not None:
            return None
        return Fault(f"AppSync has no ${owner}", place, "a function and its arguments")
    if not is_function(name):
        return Fault(
            f"AppSync has no ${name}", place, "a function of $util", did_you_mean(name, functions(), prefix="$")
        )
    counts = argument_counts(name)
    if mention.arguments not in counts:
        expected = " or ".join(map(str, sorted(counts)))
        return Fault(f"${name} is given {mention.arguments} arguments", place, expected)
    return None


# --- text in JSON ---------------------------------------------------------------------------------------------------


@CHECKS.add(
    "W9177",
    "A mapping template writes text into JSON as JSON",
    why="A quote, a backslash or a line break in the text breaks the JSON, or adds to it what its sender likes.",
    source=_UTIL,
)
def _text_is_json(inspection: Inspection) -> Iterator[Fault]:
    for used, mention, place in _mentions(inspection):
        if not mention.quoted or mention.method or mention.path[0] not in _CONTEXT_ROOTS:
            continue
        _, *members = mention.path
        if not members or members[0] not in _FROM_OUTSIDE or _is_no_text(members, used.arguments):
            continue
        plain = mention.source.removeprefix("$").removeprefix("!").strip("{}")
        found = f"{mention.source} is printed between double quotes as it comes"
        advice = f"Write $util.toJson(${plain}), without the quotes around it."
        if mention.nested:
            advice = (
                "Make the whole text of a #set map: $util.toJson($util.toJson($map)), without the quotes around it."
            )
        yield Fault(found, place, "JSON", advice)


def _is_no_text(members: list[str], arguments: Mapping[str, GraphQLArgument] | None) -> bool:
    """Whether a reference is an argument, or a field of one, whose type has no text of the sender's own."""
    if members[0] not in _ARGUMENTS or len(members) < 2 or not arguments or members[1] not in arguments:
        return False
    named: GraphQLNamedType = get_named_type(arguments[members[1]].type)
    for member in members[2:]:
        field = named.fields.get(member) if isinstance(named, GraphQLInputObjectType) else None
        if field is None:
            return False
        named = get_named_type(field.type)
    return named.name in _WITHOUT_QUOTES or isinstance(named, GraphQLEnumType)
