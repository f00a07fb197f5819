"""
The running subscriptions of one API, and which of them a publication reaches.

In: subscriptions as they begin and end, publications, invalidations. Out: payloads with the subscriptions that get
them. Subscriptions with the same selection, arguments and filter form a group: a group is matched once, and groups are
found by their arguments' values, so that a publication costs what it matches and not what is registered.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from livebus.errors import Fault
from livebus.operation import Publication, Selected, SubscriptionStart
from livebus.record import record
from livebus.subscription.equality import fields_of, value_key
from livebus.subscription.filter import Filter, InvalidFilter, compile_filter
from livebus.subscription.projection import Projection


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """
    Limits of delivery.

    ``max_payload``: bytes of a data frame's payload, ``{"data":{…}}`` in UTF-8. AWS says 240 KB and not whether that
    is 240 * 1024 or 240,000, nor what is measured; we take the larger.
    ``max_arguments``: how many arguments filter.
    """

    max_payload: int = 240 * 1024
    max_arguments: int = 5


@dataclass(eq=False, slots=True)
class Subscription:
    """
    One running subscription: its WebSocket and id, what it asks for, and whatever the caller sends to.

    Two subscriptions are never equal, even with the same selection.
    """

    connection_key: Hashable
    id: str
    start: SubscriptionStart = field(repr=False)
    sink: Any
    _group: _Group = field(repr=False)
    _invalidation: _Invalidation | None = field(repr=False)

    @property
    def subscription_field(self) -> str:
        """The field of the Subscription type."""
        return self.start.selection.field_name


@record
class Batch:
    """One payload, and the subscriptions that it goes to."""

    payload: bytes
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A subscription that matched and gets nothing. The client is not told; AWS doesn't tell it either."""

    subscription: Subscription
    reason: str


@record
class Deliveries:
    """What one publication leads to on one subscription field. Iterating gives (subscription, payload) pairs."""

    batches: tuple[Batch, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    def __iter__(self) -> Iterator[tuple[Subscription, bytes]]:
        for batch in self.batches:
            for subscription in batch.subscriptions:
                yield subscription, batch.payload

    def __len__(self) -> int:
        return sum(len(batch.subscriptions) for batch in self.batches)


_NOTHING = Deliveries()
_GroupKey = tuple[Selected, str]
_Bucket = dict[tuple[Hashable, ...], dict[_GroupKey, "_Group"]]


@dataclass(eq=False, slots=True)
class _Group:
    """
    Subscriptions that a publication reaches together. ``names`` and ``values`` say where the registry keeps it.

    ``everyone`` has all members, the same tuple for each publication; empty where somebody came or went since.
    """

    key: _GroupKey
    projection: Projection
    filter: Filter | None
    names: tuple[str, ...]
    values: tuple[Hashable, ...]
    members: dict[Subscription, None] = field(default_factory=dict)
    everyone: tuple[Subscription, ...] = ()

    def gathered(self) -> tuple[Subscription, ...]:
        """All members, as ``everyone`` has them from here on."""
        self.everyone = tuple(self.members)
        return self.everyone

    def join(self, subscription: Subscription) -> None:
        self.members[subscription] = None
        self.everyone = ()

    def leave(self, subscription: Subscription) -> None:
        del self.members[subscription]
        self.everyone = ()


@dataclass(eq=False, slots=True)
class _Invalidation:
    """Subscriptions of one field with the same invalidation filter."""

    filter: Filter
    members: dict[Subscription, None] = field(default_factory=dict)


class Subscriptions:
    """
    The registry.

    ``links`` gives, per mutation field, the subscription fields that name it in ``@aws_subscribe``. It may be replaced
    while subscriptions run.
    """

    def __init__(self, links: Mapping[str, tuple[str, ...]], *, settings: SubscriptionSettings | None = None) -> None:
        self.links = links
        self._settings = settings or SubscriptionSettings()
        self._connections: dict[Hashable, dict[str, Subscription]] = {}
        # Per subscription field: names of fields → their values → the groups that ask for just these values.
        self._fields: dict[str, dict[tuple[str, ...], _Bucket]] = {}
        self._invalidations: dict[str, dict[str, _Invalidation]] = {}
        self._projections: WeakValueDictionary[Selected, Projection] = WeakValueDictionary()

    def __len__(self) -> int:
        return sum(map(len, self._connections.values()))

    def __iter__(self) -> Iterator[Subscription]:
        for subscriptions in self._connections.values():
            yield from subscriptions.values()

    def add(
        self, connection_key: Hashable, subscription_id: str, start: SubscriptionStart, sink: object
    ) -> Subscription:
        """
        Registers a subscription. ``sink`` comes back with each delivery.

        Without an enhanced filter the arguments filter: each must equal the top-level field of the same name in the
        mutation's result, and an explicit null means that the field must be null. With one they only fed the resolver.
        Raises InvalidFilter for a filter or a number of arguments that AppSync refuses.
        """
        running = self._connections.get(connection_key, {})
        if subscription_id in running:
            raise AssertionError(f"the connection has a subscription with the id {subscription_id!r} already")
        enhanced = None if start.subscription_filter is None else compile_filter(start.subscription_filter)
        ending = None if start.invalidation_filter is None else compile_filter(start.invalidation_filter)
        if enhanced is not None:
            conditions = enhanced.equalities
        else:
            self._check_arguments(start.arguments)
            conditions = tuple((name, value_key(start.arguments[name])) for name in sorted(start.arguments))
        name = start.selection.field_name
        group = self._group(name, start.selection, enhanced, conditions)
        invalidation = None if ending is None else self._invalidation(name, ending)
        subscription = Subscription(connection_key, subscription_id, start, sink, group, invalidation)
        group.join(subscription)
        if invalidation is not None:
            invalidation.members[subscription] = None
        self._connections.setdefault(connection_key, running)[subscription_id] = subscription
        return subscription

    def remove(self, connection_key: Hashable, subscription_id: str) -> Subscription | None:
        """Forgets a subscription, and returns it if it was there."""
        running = self._connections.get(connection_key)
        subscription = running.pop(subscription_id, None) if running is not None else None
        if subscription is not None:
            if not running:
                del self._connections[connection_key]
            self._forget(subscription)
        return subscription

    def remove_connection(self, connection_key: Hashable) -> list[Subscription]:
        """Forgets all subscriptions of a connection, and returns them."""
        subscriptions = list(self._connections.pop(connection_key, {}).values())
        for subscription in subscriptions:
            self._forget(subscription)
        return subscriptions

    def publish(self, subscription_field: str, publication: Publication) -> Deliveries:
        """
        Finds who receives a publication on one subscription field, and computes each payload once.

        A mutation that failed has nothing to publish; that is for the caller to see.
        """
        buckets = self._fields.get(subscription_field)
        if buckets is None:
            return _NOTHING
        value = publication.value
        published = fields_of(value)
        payloads: dict[Projection, bytes] = {}
        batches: list[Batch] = []
        dropped: list[Dropped] = []
        for names, bucket in buckets.items():
            groups = bucket.get(tuple([value_key(published.get(name)) for name in names]) if names else ())
            if groups is None:
                continue
            for group in groups.values():
                if group.filter is not None and not group.filter.matches(value):
                    continue
                payload = payloads.get(group.projection)
                if payload is None:
                    payload = payloads[group.projection] = group.projection.payload(value)
                if len(payload) > self._settings.max_payload:
                    reason = f"the payload has {len(payload)} bytes, more than {self._settings.max_payload}"
                    dropped.extend(Dropped(subscription, reason) for subscription in group.members)
                else:
                    batches.append(Batch(payload, group.everyone or group.gathered()))
        return Deliveries(tuple(batches), tuple(dropped) if dropped else ())

    def withheld(self, subscription_field: str, publication: Publication) -> Iterator[tuple[Subscription, str]]:
        """Tells of each subscription that a publication does not reach why it doesn't. Meant for people to read."""
        for subscription in self:
            if subscription.subscription_field == subscription_field:
                reason = _why_not(subscription, publication.value)
                if reason:
                    yield subscription, reason

    def invalidate(self, invalidation: Mapping[str, Any]) -> list[Subscription]:
        """
        Finds the subscriptions that an ``extensions.invalidateSubscriptions`` ends.

        ``invalidation`` is ``{"subscriptionField", "payload"}``. Subscriptions without an invalidation filter go on.
        The caller completes and removes those returned. Raises InvalidFilter for another shape.
        """
        name, payload = invalidation.get("subscriptionField"), invalidation.get("payload")
        if not isinstance(name, str) or not isinstance(payload, dict):
            raise InvalidFilter(
                [
                    (
                        "invalidateSubscriptions needs a subscriptionField and a payload.",
                        Fault(
                            f"invalidateSubscriptions({dict(invalidation)!r})",
                            expected='{"subscriptionField": "…", "payload": {…}}',
                        ),
                    )
                ]
            )
        return [
            subscription
            for group in self._invalidations.get(name, {}).values()
            if group.filter.matches(payload)
            for subscription in group.members
        ]

    def _check_arguments(self, arguments: Mapping[str, Any]) -> None:
        limit = self._settings.max_arguments
        if len(arguments) > limit:
            # AWS documents the limit, not the answer; we use the words of the same limit of enhanced filters.
            raise InvalidFilter(
                [
                    (
                        f"Filters exceed maximum attributes limit {limit} for subscription",
                        Fault(
                            f"{len(arguments)} arguments: {', '.join(arguments)}",
                            expected=f"at most {limit}",
                            advice="Leave some out of the document, or set a filter in the subscription's resolver.",
                        ),
                    )
                ]
            )

    def _group(
        self,
        subscription_field: str,
        selection: Selected,
        enhanced: Filter | None,
        conditions: tuple[tuple[str, Hashable], ...],
    ) -> _Group:
        names = tuple(name for name, _ in conditions)
        values = tuple(value for _, value in conditions)
        buckets = self._fields.setdefault(subscription_field, {})
        groups = buckets.setdefault(names, {}).setdefault(values, {})
        key = (selection, "" if enhanced is None else enhanced.text)
        group = groups.get(key)
        if group is None:
            projection = self._projections.get(selection)
            if projection is None:
                projection = self._projections[selection] = Projection(selection)
            group = groups[key] = _Group(key, projection, enhanced, names, values)
        return group

    def _invalidation(self, subscription_field: str, ending: Filter) -> _Invalidation:
        return self._invalidations.setdefault(subscription_field, {}).setdefault(ending.text, _Invalidation(ending))

    def _forget(self, subscription: Subscription) -> None:
        """Takes a subscription out of its groups, and empty groups out of the registry."""
        name = subscription.subscription_field
        group, invalidation = subscription._group, subscription._invalidation
        group.leave(subscription)
        if not group.members:
            buckets = self._fields[name]
            bucket = buckets[group.names]
            groups = bucket[group.values]
            del groups[group.key]
            if not groups:
                del bucket[group.values]
            if not bucket:
                del buckets[group.names]
            if not buckets:
                del self._fields[name]
        if invalidation is not None:
            del invalidation.members[subscription]
            if not invalidation.members:
                del self._invalidations[name][invalidation.filter.text]


def _why_not(subscription: Subscription, value: Any) -> str:
    """The reason why a published value does not reach a subscription; empty where it does."""
    enhanced = subscription._group.filter
    if enhanced is not None:
        return "" if enhanced.matches(value) else f"the filter {enhanced.text} does not match"
    published = fields_of(value)
    for name, wanted in subscription.start.arguments.items():
        if name not in published and wanted is not None:
            return f"the mutation's result has no field {name!r}, the subscription's argument wants {wanted!r}"
        if value_key(published.get(name)) != value_key(wanted):
            return f"the field {name!r} is {published[name]!r}, the subscription's argument wants {wanted!r}"
    return ""
