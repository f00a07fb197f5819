"""
The subscribers that a dry run tries an API with: for each subscription field one who asks for all that may be read.

In: a compiled API. Out: for a published value, what such a subscriber receives, or why nothing. Their registry is their
own: nobody who is really subscribed hears of it.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, cast

from graphql import GraphQLField, is_required_argument

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Caller, Mode
from livebus.execution import Errors
from livebus.flow import CompiledApi
from livebus.operation import GraphQLRequest, Publication, Selected, Services
from livebus.schema.selection import Selection
from livebus.subscription import Deliveries, InvalidFilter, Projection, Subscriptions

# Apps sign their users in; whoever else may subscribe comes after them.
PREFERRED: tuple[Mode, ...] = (COGNITO, OIDC, LAMBDA, API_KEY, AWS_IAM)
# Subscription fields of one API: an app has tens. Each is a document to be validated, and a schema holds 20,000.
MOST_TRIED = 500
_SUB = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class DefaultSubscriber:
    """Who subscribes to a field, and with which document. ``required`` are the arguments that the field demands."""

    field: str
    caller: Caller
    query: str
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What the default subscriber of a field receives: ``payload`` as bytes, or None and the ``reason``.

    ``unselected`` names what the subscriber left out because the mutation does not select it and it is non-null:
    whoever asks for it gets an error instead of the message. ``conditional`` is a filter of the subscription's resolver
    that does not let this subscriber have the message, and may let others.
    """

    field: str
    subscriber: DefaultSubscriber | None
    payload: bytes | None
    reason: str = ""
    arguments: Mapping[str, Any] | None = None
    unselected: tuple[str, ...] = ()
    conditional: bool = False

    @property
    def arrives(self) -> bool:
        return self.payload is not None or self.conditional


class Audience:
    """
    The default subscribers of one API. Those without required arguments are subscribed once, the others per value. Each is of the first
    mode, of those that are ``preferred`` in this order, that lets it in.
    """

    def __init__(self, api: CompiledApi, services: Services, preferred: Sequence[Mode] = PREFERRED) -> None:
        self.registry = Subscriptions(api.schema.links)
        self.api = replace(api, subscriptions=self.registry)
        self._subscribers: dict[str, DefaultSubscriber | None] = {}
        self._refusals: dict[str, str] = {}
        fields = dict.fromkeys(name for names in api.schema.links.values() for name in names)
        for field in islice(fields, MOST_TRIED):
            found = self._subscribers[field] = default_subscriber(api, field, preferred)
            if found is None:
                self._refusals[field] = f"nobody may subscribe to {field}, or read what it returns"
            elif not found.required:
                self._refusals[field] = self._subscribe(self.registry, found, {}, services)

    @property
    def default_subscribers(self) -> list[DefaultSubscriber]:
        """One for each field that somebody may subscribe to, of those that are tried."""
        return [each for each in self._subscribers.values() if each is not None]

    def tries(self, field: str) -> bool:
        """Whether the field is among the first ``MOST_TRIED``: nobody subscribes to the others."""
        return field in self._subscribers

    def receive(self, field: str, publication: Publication, deliveries: Deliveries, services: Services) -> Heard:
        """What comes of a publication on a field that is tried. ``deliveries`` are those to the subscribers that are there already."""
        subscriber = self._subscribers[field]
        if subscriber is None:
            return Heard(field, None, None, self._refusals[field])
        received = self._received(subscriber, publication, deliveries)
        if received is None or not received.arrives:
            again = self._with_arguments(subscriber, publication, services)
            if received is None or (again is not None and again.arrives):
                received = again
        return received or Heard(field, subscriber, None, self._refusals.get(field) or "the filter does not match")

    def _received(
        self, subscriber: DefaultSubscriber, publication: Publication, deliveries: Deliveries
    ) -> Heard | None:
        """What was delivered or dropped; None where no subscriber matched."""
        for batch in deliveries.batches:
            if publication.value is None:
                return Heard(subscriber.field, subscriber, None, "the mutation's result is null: so is the message")
            if not _is_nulled(batch.payload, subscriber.field):
                return Heard(subscriber.field, subscriber, batch.payload)
            selection = batch.subscriptions[0].start.selection
            narrowed, unselected = _narrowed(selection, publication.value)
            payload = Projection(narrowed).payload(publication.value)
            if narrowed.children and not _is_nulled(payload, subscriber.field):
                return Heard(subscriber.field, subscriber, payload, unselected=tuple(unselected))
            missing = ", ".join(unselected) or "a field of it"
            reason = f"the message is null: {missing} is non-null, and the mutation does not select it"
            return Heard(subscriber.field, subscriber, None, reason)
        for dropped in deliveries.dropped:
            return Heard(subscriber.field, subscriber, None, dropped.reason)
        return None

    def _with_arguments(
        self, subscriber: DefaultSubscriber, publication: Publication, services: Services
    ) -> Heard | None:
        """Try it as someone who asks for just this value, by the field's arguments; None where it has no arguments."""
        definition = _subscription_fields(self.api)[subscriber.field]
        value = publication.value if isinstance(publication.value, dict) else {}
        given = {name: value[name] for name in definition.args if value.get(name) is not None}
        missing = [name for name in subscriber.required if name not in given]
        if missing:
            names = ", ".join(map(repr, missing))
            reason = f"subscribers must give {names}, and the mutation's result has no such field: it never matches"
            return Heard(subscriber.field, subscriber, None, reason)
        asking = with_arguments(self.api, subscriber, tuple(given)) if given else subscriber
        registry = Subscriptions(self.api.schema.links)
        refusal = self._subscribe(registry, asking, given, services)
        if refusal:
            return Heard(subscriber.field, asking, None, refusal, given)
        received = self._received(asking, publication, registry.publish(subscriber.field, publication))
        if received is not None:
            return replace(received, arguments=given)
        for subscription, why in registry.withheld(subscriber.field, publication):
            # A filter of the resolver's may ask for what this subscriber is not; only a field that the result does not
            # have keeps everybody out.
            asked = _filtered_fields(subscription.start.subscription_filter)
            absent = [name for name in asked if not _has(publication.value, name)]
            reason = f"{why}: the mutation's result has no {', '.join(map(repr, absent))}" if absent else why
            return Heard(subscriber.field, asking, None, reason, given, conditional=bool(asked) and not absent)
        return None

    def _subscribe(
        self, registry: Subscriptions, subscriber: DefaultSubscriber, given: Mapping[str, Any], services: Services
    ) -> str:
        """Subscribe in a registry; why AppSync refuses it, or nothing."""
        request = GraphQLRequest(subscriber.query, given)
        start = self.api.executor.subscribe(request, subscriber.caller, services)
        if isinstance(start, Errors):
            return f"the subscription is refused: {start.errors[0].get('message')}"
        try:
            registry.add("dry run", subscriber.field, start, None)
        except InvalidFilter as error:
            return f"the subscription is refused: {error.reasons[0]}"
        return ""


def default_subscriber(api: CompiledApi, field: str, preferred: Sequence[Mode] = PREFERRED) -> DefaultSubscriber | None:
    """The subscriber of a field: of the first mode that may subscribe and read something; None where there is none."""
    definition = _subscription_fields(api).get(field)
    if definition is None:
        return None
    modes = {provider.mode for provider in api.api.providers}
    for mode in (each for each in preferred if each in modes):
        caller = _caller(mode, api)
        if not api.access.allows(caller, "Subscription", field):
            continue
        selection = _selection(api, caller, definition)
        if selection is not None:
            required = tuple(name for name, argument in definition.args.items() if is_required_argument(argument))
            bare = DefaultSubscriber(field, caller, f"subscription {{ {field}{selection} }}", required)
            return with_arguments(api, bare, required) if required else bare
    return None


def with_arguments(api: CompiledApi, subscriber: DefaultSubscriber, names: tuple[str, ...]) -> DefaultSubscriber:
    """The same subscriber, who gives these arguments of the field as variables."""
    definition = _subscription_fields(api)[subscriber.field]
    selection = _selection(api, subscriber.caller, definition) or ""
    declared = ", ".join(f"${name}: {definition.args[name].type}" for name in names)
    passed = ", ".join(f"{name}: ${name}" for name in names)
    query = f"subscription ({declared}) {{ {subscriber.field}({passed}){selection} }}"
    return replace(subscriber, query=query)


def caller_of(mode: Mode, *, groups: frozenset[str] = frozenset(), claims: Mapping[str, Any] | None = None) -> Caller:
    """Someone signed in by a mode, with ``ctx.identity`` in AppSync's shape."""
    given = dict(claims or {})
    sub = str(given.setdefault("sub", _SUB))
    if mode in (COGNITO, OIDC):
        if mode == COGNITO:
            username = str(given.get("cognito:username", given.get("username", "subscriber")))
            if groups:
                given.setdefault("cognito:groups", sorted(groups))
            identity: dict[str, Any] = {
                "sub": sub,
                "issuer": str(given.setdefault("iss", "")),
                "username": username,
                "claims": given,
                "sourceIp": ["127.0.0.1"],
                "defaultAuthStrategy": "ALLOW",
                "groups": sorted(groups) or None,
            }
        else:
            identity = {"sub": sub, "issuer": str(given.setdefault("iss", "")), "claims": given}
        return Caller(mode, identity, groups)
    if mode == LAMBDA:
        return Caller(mode, {"resolverContext": given})
    if mode == AWS_IAM:
        identity = {
            "accountId": "123456789012",
            "cognitoIdentityPoolId": None,
            "cognitoIdentityId": None,
            "sourceIp": ["127.0.0.1"],
            "username": "subscriber",
            "userArn": "arn:aws:iam::123456789012:user/subscriber",
            "cognitoIdentityAuthType": None,
            "cognitoIdentityAuthProvider": None,
        }
        return Caller(mode, identity)
    return Caller(mode)


def _caller(mode: Mode, api: CompiledApi) -> Caller:
    """Of Cognito's users the one who is in every group that the schema names."""
    if mode != COGNITO:
        return caller_of(mode)
    found = (each.groups or () for directives in api.schema.auth_directives.values() for each in directives)
    return caller_of(mode, groups=frozenset(name for names in found for name in names))


def _subscription_fields(api: CompiledApi) -> Mapping[str, GraphQLField]:
    kind = api.schema.graphql.subscription_type
    return kind.fields if kind else {}


def _selection(api: CompiledApi, caller: Caller, field: GraphQLField) -> str | None:
    """
    All that the directives let a caller read below a field, as clients' generators write it; else all that there is: the
    directives of payload types keep nothing from subscribers. None where a field has nothing to select.
    """
    readable = Selection(api.schema.graphql, partial(api.access.allows, caller)).of(field)
    return readable if readable is not None else Selection(api.schema.graphql).of(field)


def _is_nulled(payload: bytes, field: str) -> bool:
    """Whether a payload carries nothing but null in its one field."""
    return payload.startswith((b'{"data":null', b'{"data":{"%b":null' % field.encode()))


def _narrowed(selection: Selected, value: Any, way: str = "") -> tuple[Selected, list[str]]:
    """A selection without what a published value does not have, and the names of that."""
    unselected: list[str] = []
    children: list[Selected] = []
    items = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
    for child in selection.children:
        name = f"{way}{child.field_name}"
        if child.field_name == "__typename" or any(child.field_name in item for item in items):
            below = [item.get(child.field_name) for item in items]
            flat = [each for one in below for each in (one if isinstance(one, list) else [one])]
            narrowed, left_out = _narrowed(child, flat, f"{name}.")
            unselected += left_out
            if narrowed.children or not child.children:
                children.append(narrowed)
        else:
            unselected.append(name)
    return replace(selection, children=tuple(children)), unselected


def _filtered_fields(subscription_filter: Mapping[str, Any] | None) -> list[str]:
    """The names of the fields that an enhanced filter asks for."""
    groups = cast(list[Any], (subscription_filter or {}).get("filterGroup", []))
    return [str(each["fieldName"]) for group in groups for each in group.get("filters", ())]


def _has(value: Any, name: str) -> bool:
    """Whether a published value has a field; nested names have dots in them."""
    for step in name.split("."):
        items = value if isinstance(value, list) else [value]
        found = [item[step] for item in items if isinstance(item, dict) and step in item]
        if not found:
            return False
        value = found if len(found) > 1 else found[0]
    return True
