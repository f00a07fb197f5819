"""
Checks of the @aws_* directives: EventBridge may call the mutation and read its result, and so may those who listen.

In: an inspection. Out: faults at the lines of the schema. An element of the schema is told of once: what is closed to
EventBridge is not told as closed to subscribers too.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import ConstDirectiveNode, GraphQLObjectType, StringValueNode

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Caller, Mode
from livebus.checks.api.api import modes_meant
from livebus.checks.api.calls import MutationCall, calls, modes_are_read, open_to, schema_place, selected_fields
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, did_you_mean, listed
from livebus.flow import CompiledApi
from livebus.schema.document import strings_of

CHECKS = Checks()

_SOURCE = "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes"
_DIRECTIVES: dict[Mode, str] = {
    API_KEY: "@aws_api_key",
    AWS_IAM: "@aws_iam",
    OIDC: "@aws_oidc",
    LAMBDA: "@aws_lambda",
    COGNITO: "@aws_cognito_user_pools",
}
_MODES = {name.removeprefix("@"): mode for mode, name in _DIRECTIVES.items()}

# A type of the schema, with "", or one of its fields.
Element = tuple[str, str]


@dataclass(slots=True)
class _Closed:
    """An element that is closed to someone who needs it: whom, and which fields it keeps."""

    modes: dict[Mode, None] = field(default_factory=dict)
    fields: dict[str, None] = field(default_factory=dict)


class _Access:
    """What the directives of one API's schema do to the mutations that rules call on it."""

    def __init__(self, api: CompiledApi) -> None:
        self.api = api
        self.modes = tuple(dict.fromkeys(provider.mode for provider in api.api.providers))
        self._calls: list[MutationCall] = []
        self._cognito_alone = api.api.default_provider.mode == COGNITO and not api.api.additional_providers

    @staticmethod
    def of(inspection: Inspection) -> list[_Access]:
        """One for each API that rules target, whose schema is sound, and whose modes could be read."""
        found: dict[str, _Access] = {}
        for call in calls(inspection):
            if modes_are_read(inspection, call.api.api):
                found.setdefault(call.api.api.logical_id, _Access(call.api))._calls.append(call)
        return list(found.values())

    @property
    def takes_iam(self) -> bool:
        return AWS_IAM in self.modes

    def mutations(self) -> dict[str, MutationCall]:
        """The mutations that are called, each once."""
        found: dict[str, MutationCall] = {}
        for call in self._calls:
            found.setdefault(call.name, call)
        return found

    def is_void(self, element: Element) -> bool:
        """Whether an element has @aws_auth where it does not count."""
        directives = self.api.schema.auth_directives.get(element, ())
        return not self._cognito_alone and any(each.name == "aws_auth" for each in directives)

    def deciding(self, type_name: str, field_name: str) -> Element:
        """The element whose directives, or lack of them, decide on a field."""
        directives = self.api.schema.auth_directives.get((type_name, field_name), ())
        counts = any(self._cognito_alone or each.name != "aws_auth" for each in directives)
        return (type_name, field_name if counts else "")

    def node(self, element: Element) -> Any:
        named = self.api.schema.graphql.type_map[element[0]]
        found = getattr(named, "fields", {})[element[1]] if element[1] else named
        return found.ast_node

    # --- what is closed ---------------------------------------------------------------------------------------------

    def uncallable(self) -> dict[Element, tuple[Mode, ...]]:
        """The mutations that EventBridge may not call, with those who may."""
        found = {}
        for name, call in self.mutations().items():
            modes = open_to(self.api, call.mutation_type, name)
            if self.takes_iam and AWS_IAM not in modes and not self.is_void((call.mutation_type, name)):
                found[call.mutation_type, name] = modes
        return found

    def unreadable(self) -> dict[Element, _Closed]:
        """What EventBridge selects and may not read."""
        found: dict[Element, _Closed] = {}
        for call in self._calls if self.takes_iam else ():
            for type_name, name, _ in selected_fields(call.selection):
                if AWS_IAM not in open_to(self.api, type_name, name) and not self.is_void((type_name, name)):
                    closed = found.setdefault(self.deciding(type_name, name), _Closed())
                    closed.fields[name] = None
                    closed.modes[AWS_IAM] = None
                    closed.modes.update(dict.fromkeys(self._listeners(call)))
        return found

    def unheard(self) -> dict[Element, _Closed]:
        """What is published and not open to a mode that may subscribe."""
        found: dict[Element, _Closed] = {}
        told = self.unreadable()
        for call in self._calls:
            listeners = self._listeners(call)
            for type_name, name, _ in selected_fields(call.selection):
                element = self.deciding(type_name, name)
                modes = open_to(self.api, type_name, name)
                lacking = [mode for mode in listeners if mode not in modes]
                if lacking and element not in told and not self.is_void((type_name, name)):
                    closed = found.setdefault(element, _Closed())
                    closed.fields[name] = None
                    closed.modes.update(dict.fromkeys(lacking))
        return found

    def subscriptions(self) -> dict[Element, tuple[Mode, ...]]:
        """The subscription fields that the mutations feed, with the modes that may subscribe."""
        root = self.api.schema.graphql.subscription_type
        names = [name for call in self._calls for name, _ in call.subscriptions()]
        return {(root.name, name): open_to(self.api, root.name, name) for name in names} if root else {}

    def _listeners(self, call: MutationCall) -> list[Mode]:
        """The modes that may subscribe to what a mutation publishes, IAM aside: EventBridge reads by that."""
        root = self.api.schema.graphql.subscription_type
        names = [name for name, _ in call.subscriptions()]
        modes = [mode for name in names for mode in open_to(self.api, root.name, name)] if root else []
        return [mode for mode in dict.fromkeys(modes) if mode != AWS_IAM]

    def told(self) -> set[Element]:
        """The elements of which errors tell already."""
        closed = {element for element, modes in self.subscriptions().items() if not modes}
        return {*self.uncallable(), *self.unreadable(), *self.unheard(), *closed}

    # --- words ------------------------------------------------------------------------------------------------------

    def directives(self) -> Iterator[tuple[Element, ConstDirectiveNode]]:
        """Every directive of the schema that lets a mode in."""
        for type_name, named in self.api.schema.graphql.type_map.items():
            if isinstance(named, GraphQLObjectType) and named.ast_node is not None:
                nodes = [("", named.ast_node), *((name, each.ast_node) for name, each in named.fields.items())]
                for name, node in nodes:
                    for directive in (node.directives or ()) if node is not None else ():
                        if directive.name.value in _MODES or directive.name.value == "aws_auth":
                            yield (type_name, name), directive

    def needed(self, element: Element, closed: _Closed) -> str:
        """The directives that an element should have: those it has, or the default's, and those it lacks."""
        have = self.api.schema.auth_directives.get(element, ())
        modes = [each.mode for each in have if each.name != "aws_auth"] or [self.api.api.default_provider.mode]
        return " ".join(_DIRECTIVES[mode] for mode in dict.fromkeys([*modes, *closed.modes]))

    def closed_fault(self, element: Element, closed: _Closed, who: str) -> Fault:
        type_name, name = element
        what = f"{type_name}.{name}" if name else f"type {type_name!r}"
        fields = "" if name else f" of which the operation selects {_listed(list(closed.fields))},"
        why = "has no directive for them" if self.api.schema.auth_directives.get(element) else "has no directive"
        if why == "has no directive":
            why += f", which leaves it to {self.api.api.default_provider.mode}"
        needed = self.needed(element, closed)
        advice = f"Write {needed} behind {'the field' if name else f'type {type_name}'}."
        return Fault(
            f"{who} may not read {what},{fields} it {why}", schema_place(self.api, self.node(element)), needed, advice
        )

    def unheard_fault(self, element: Element, closed: _Closed) -> Fault:
        type_name, name = element
        what = f"{type_name}.{name}" if name else f"type {type_name!r}"
        who = " or ".join(closed.modes)
        found = f"{what} has no directive for who subscribes with {who}, and they receive it all the same"
        advice = f"Write {self.needed(element, closed)} there if they are meant to, else leave it out of the selection."
        return Fault(found, schema_place(self.api, self.node(element)), advice=advice)


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))


# --- EventBridge ----------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9155",
    "EventBridge may call the mutation",
    why='AppSync answers "Not Authorized to access … on type Mutation" inside an HTTP 200: each event is lost.',
    source=_SOURCE,
)
def _callable(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        for element, modes in access.uncallable().items():
            who = f"open to {' and '.join(modes)} only" if modes else "open to nobody"
            found = f"EventBridge may not call {element[1]!r}, which is {who}"
            place = schema_place(access.api, access.node(element))
            yield Fault(found, place, "@aws_iam", f"Write @aws_iam behind {element[1]!r}.")


@CHECKS.add(
    "W9155",
    "Only EventBridge may call the mutation",
    why="Whoever may call it can send any message to every subscriber, past the bus and its rules.",
    source=_SOURCE,
)
def _called_by_nobody_else(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        for name, call in access.mutations().items():
            element = (call.mutation_type, name)
            others = [
                mode for mode in access.modes if mode != AWS_IAM and access.api.access.allows(Caller(mode), *element)
            ]
            if others and element not in access.uncallable() and not access.is_void(element):
                found = f"{name!r} is open to {' and '.join(others)} too, and not to EventBridge alone"
                advice = "Leave @aws_iam alone there, unless they are meant to publish as well."
                yield Fault(found, schema_place(access.api, access.node(element)), "@aws_iam only", advice)


@CHECKS.add(
    "E9156",
    "EventBridge may read every field that the operation selects",
    why="The field is null, with an Unauthorized error inside an HTTP 200: subscribers get null, or no message at all.",
    source=_SOURCE,
)
def _readable(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        for element, closed in access.unreadable().items():
            yield access.closed_fault(element, closed, "EventBridge")


# --- subscribers ----------------------------------------------------------------------------------------------------


@CHECKS.add(
    "I9157",
    "Directives of payload types say who subscribes",
    why="They keep nothing from subscribers: a sample that AWS publishes shows one of another mode receiving the fields. "
    "Only the directives of the subscription's own field decide who may subscribe.",
    source=_SOURCE,
)
def _heard(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        for element, closed in access.unheard().items():
            yield access.unheard_fault(element, closed)


@CHECKS.add(
    "E9158",
    "Somebody may subscribe",
    why="AppSync answers every start of the subscription with Unauthorized.",
    source=_SOURCE,
)
def _subscribable(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        for element, modes in access.subscriptions().items():
            if not modes and not access.is_void(element):
                advice = f"Write {' or '.join(_DIRECTIVES[mode] for mode in access.modes)} behind {element[1]!r}."
                place = schema_place(access.api, access.node(element))
                yield Fault(f"{element[1]!r} is open to no mode of the API", place, advice=advice)


@CHECKS.add(
    "W9158",
    "Users may subscribe",
    why="AppSync answers Unauthorized to every user who subscribes: only callers with IAM's credentials may.",
    source=_SOURCE,
)
def _subscribable_by_users(inspection: Inspection) -> Iterator[Fault]:
    if inspection.resources.of_type("AWS::Cognito::IdentityPool"):
        return  # it gives users IAM's credentials
    for access in _Access.of(inspection):
        users = [mode for mode in access.modes if mode != AWS_IAM]
        for element, modes in access.subscriptions().items():
            if users and modes == (AWS_IAM,) and not access.is_void(element):
                found = f"{element[1]!r} is open to {AWS_IAM} only, and the API takes {' and '.join(users)} too"
                needed = " ".join(_DIRECTIVES[mode] for mode in users)
                place = schema_place(access.api, access.node(element))
                yield Fault(found, place, needed, f"Write {needed} behind {element[1]!r}.")


# --- directives that do nothing -------------------------------------------------------------------------------------


@CHECKS.add(
    "E9159",
    "@aws_auth stands only where Cognito is the API's one mode",
    why="AppSync does not heed it where there are several: the field is open to the default mode, whatever the groups.",
    source=_SOURCE,
)
def _auth_counts(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        for element, directive in access.directives():
            if directive.name.value == "aws_auth" and access.is_void(element):
                found = f"@aws_auth does not count, as the API takes {' and '.join(access.modes)}"
                advice = "Write @aws_cognito_user_pools, which takes cognito_groups as well."
                yield Fault(found, schema_place(access.api, directive.name), "@aws_cognito_user_pools", advice)


@CHECKS.add(
    "W9156",
    "Directives name modes that the API takes",
    why="The directive lets nobody in, and shuts out those of the default mode.",
    source=_SOURCE,
)
def _modes_are_there(inspection: Inspection) -> Iterator[Fault]:
    for access in _Access.of(inspection):
        told = access.told()
        # An API without IAM is told of where its modes stand.
        known = {*access.modes, AWS_IAM, *modes_meant(inspection, access.api.api)}
        unknown: dict[Mode, list[ConstDirectiveNode]] = {}
        for element, directive in access.directives():
            mode = _MODES.get(directive.name.value)
            if mode is not None and mode not in known and element not in told:
                unknown.setdefault(mode, []).append(directive)
        for mode, directives in unknown.items():
            others = f" and at {len(directives) - 1} more places" if len(directives) > 1 else ""
            found = f"{_DIRECTIVES[mode]} stands here{others}, and the API does not take {mode}"
            expected = " or ".join(_DIRECTIVES[each] for each in access.modes)
            advice = f"Add {mode} to AdditionalAuthenticationProviders, or leave the directive out."
            yield Fault(found, schema_place(access.api, directives[0].name), expected, advice)


@CHECKS.add(
    "W9159",
    "Groups in directives are groups of the user pool",
    why="Nobody is in a group that is not there: the field is closed.",
    source=_SOURCE,
)
def _groups_are_there(inspection: Inspection) -> Iterator[Fault]:
    pools = {pool.user_pool_id: pool for pool in inspection.application.user_pools}
    for access in _Access.of(inspection):
        ids = [each.user_pool_id for each in access.api.api.providers if each.mode == COGNITO]
        groups = [group for each in ids if each in pools for group in pools[each].groups]
        if not groups or any(each not in pools for each in ids):
            continue
        named: dict[str, StringValueNode] = {}
        for _, directive in access.directives():
            for node in strings_of(directive, "cognito_groups"):
                named.setdefault(node.value, node)
        for name, node in named.items():
            if name not in groups:
                advice = did_you_mean(name, groups) or "Add an AWS::Cognito::UserPoolGroup of this name."
                expected = f"one of {listed(groups)}"
                yield Fault(f"the user pool has no group {name!r}", schema_place(access.api, node), expected, advice)
