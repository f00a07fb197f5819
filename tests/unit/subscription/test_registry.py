"""Running subscriptions: who receives what, and what is forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.operation import Publication, Selected, SubscriptionStart
from livebus.subscription import InvalidFilter, Subscription, Subscriptions, SubscriptionSettings, compile_filter

LINKS = {"publishOrder": ("onOrder", "onAnyOrder"), "publishMsg": ("onMsg",)}
MSG = Selected("onMsg", "onMsg", "Subscription", "String", "String")
ID = Selected("id", "id", "Order", "ID", "ID")
TOTAL = Selected("total", "total", "Order", "Float", "Float")
ORDER = Selected("onOrder", "onOrder", "Subscription", "Order", "Order", (ID,))
ORDER_TOTAL = Selected("onOrder", "onOrder", "Subscription", "Order", "Order", (ID, TOTAL))


def registry(**limits: Any) -> Subscriptions:
    """An empty registry."""
    return Subscriptions(LINKS, settings=SubscriptionSettings(**limits))


def orders(value: Any) -> Publication:
    """A published result of publishOrder."""
    return Publication("publishOrder", value)


def condition(name: str, operator: str, value: Any) -> dict[str, Any]:
    """An enhanced filter with one condition."""
    return {"filterGroup": [{"filters": [{"fieldName": name, "operator": operator, "value": value}]}]}


def receivers(subscriptions: Subscriptions, value: Any, subscription_field: str = "onOrder") -> list[str]:
    """The ids of the subscriptions that receive a value, sorted."""
    return sorted(subscription.id for subscription, _ in subscriptions.publish(subscription_field, orders(value)))


def test_delivers_to_every_subscriber_with_one_payload() -> None:
    """Subscribers with one selection share one payload, and their sinks come back."""
    subscriptions = registry()
    first = subscriptions.add("c1", "1", SubscriptionStart(MSG, {}), "sink 1")
    second = subscriptions.add("c2", "1", SubscriptionStart(MSG, {}), "sink 2")

    deliveries = subscriptions.publish("onMsg", Publication("publishMsg", "hello"))

    assert list(deliveries) == [
        (first, b'{"data":{"onMsg":"hello"}}'),
        (second, b'{"data":{"onMsg":"hello"}}'),
    ]
    assert len(deliveries) == 2
    assert [subscription.sink for subscription, _ in deliveries] == ["sink 1", "sink 2"]
    assert len({id(payload) for _, payload in deliveries}) == 1


def test_computes_a_payload_once_per_selection() -> None:
    """Different arguments and filters share the payload of their selection; another selection has its own."""
    subscriptions = registry()
    subscriptions.add("c", "plain", SubscriptionStart(ORDER, {}), None)
    subscriptions.add("c", "argument", SubscriptionStart(ORDER, {"id": "7"}), None)
    subscriptions.add("c", "filter", SubscriptionStart(ORDER, {}, condition("total", "gt", 1)), None)
    subscriptions.add("c", "total", SubscriptionStart(ORDER_TOTAL, {}), None)

    payloads = {subscription.id: payload for subscription, payload in subscriptions.publish(
        "onOrder", orders({"id": "7", "total": 2}))}  # fmt: skip

    assert payloads["plain"] is payloads["argument"] is payloads["filter"]
    assert json.loads(payloads["plain"]) == {"data": {"onOrder": {"id": "7"}}}
    assert json.loads(payloads["total"]) == {"data": {"onOrder": {"id": "7", "total": 2}}}


def test_publishes_on_one_field_only() -> None:
    """Subscribers of another field are not reached."""
    subscriptions = registry()
    subscriptions.add("c", "1", SubscriptionStart(MSG, {}), None)

    assert list(subscriptions.publish("onOrder", orders({"id": "1"}))) == []


@pytest.mark.parametrize(
    ("arguments", "value", "arrives"),
    [
        ({}, {"id": "1"}, True),
        ({"id": "1"}, {"id": "1"}, True),
        ({"id": "1"}, {"id": "2"}, False),
        ({"id": "1"}, {"total": 1}, False),
        ({"id": "1"}, None, False),
        ({"id": None}, {"id": None}, True),
        ({"id": None}, {"total": 1}, True),
        ({"id": None}, {"id": "1"}, False),
        ({"id": None}, {"id": ""}, False),
        ({"total": 1}, {"total": 1.0}, True),
        ({"total": 1}, {"total": "1"}, False),
        ({"paid": True}, {"paid": 1}, False),
        ({"paid": True}, {"paid": True}, True),
        ({"paid": False}, {"paid": 0}, False),
        ({"id": "1", "total": 2}, {"id": "1", "total": 2, "x": 3}, True),
        ({"id": "1", "total": 2}, {"id": "1", "total": 3}, False),
        ({"id": "1", "total": None}, {"id": "1"}, True),
        ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}, True),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, False),
        ({"tags": "a"}, {"tags": ["a"]}, False),
        ({"place": {"a": 1, "b": 2}}, {"place": {"b": 2, "a": 1}}, True),
        ({"msg": "x"}, "x", False),
        ({"msg": None}, "x", True),
        ({}, "x", True),
        ({"id": "1"}, [{"id": "1"}], False),
    ],
)
def test_arguments_filter(arguments: dict[str, Any], value: Any, arrives: bool) -> None:
    """
    All arguments must equal the result's top-level fields; null means null; a scalar or a list has no fields.

    The reason is told for those, and only those, who get nothing.
    """
    subscriptions = registry()
    subscriptions.add("c", "1", SubscriptionStart(ORDER, arguments), None)

    assert receivers(subscriptions, value) == (["1"] if arrives else [])
    assert bool(list(subscriptions.withheld("onOrder", orders(value)))) is not arrives


def test_tells_why_a_subscription_gets_nothing() -> None:
    """The reason names the field, what it is and what was asked for."""
    subscriptions = registry()
    subscriptions.add("c", "1", SubscriptionStart(ORDER, {"id": "1"}), None)
    subscriptions.add("c", "2", SubscriptionStart(ORDER, {"shop": "s"}), None)
    subscriptions.add("c", "3", SubscriptionStart(ORDER, {}, condition("id", "eq", "9")), None)
    subscriptions.add("c", "4", SubscriptionStart(ORDER, {}), None)

    reasons = {subscription.id: why for subscription, why in subscriptions.withheld("onOrder", orders({"id": "2"}))}

    assert reasons == {
        "1": "the field 'id' is '2', the subscription's argument wants '1'",
        "2": "the mutation's result has no field 'shop', the subscription's argument wants 's'",
        "3": 'the filter {"filterGroup": [{"filters": [{"fieldName": "id", "operator": "eq", "value": "9"}]}]}'
        " does not match",
    }


def test_refuses_more_than_five_arguments() -> None:
    """The sixth argument is an error at the start, and nothing is registered."""
    subscriptions = registry()
    subscriptions.add("c", "1", SubscriptionStart(ORDER, dict.fromkeys("abcde", 1)), None)

    with pytest.raises(InvalidFilter) as refused:
        subscriptions.add("c", "2", SubscriptionStart(ORDER, dict.fromkeys("abcdef", 1)), None)

    assert refused.value.errors == [
        {"message": "Filters exceed maximum attributes limit 5 for subscription", "errorCode": 400}
    ]
    assert len(subscriptions) == 1


def test_enhanced_filter_replaces_the_arguments() -> None:
    """With an enhanced filter, arguments no longer filter and are not counted."""
    subscriptions = registry()
    arguments = dict.fromkeys("abcdef", 1)
    subscriptions.add("c", "1", SubscriptionStart(ORDER, arguments, condition("id", "eq", "1")), None)

    assert receivers(subscriptions, {"id": "1"}) == ["1"]
    assert receivers(subscriptions, {"id": "2", "a": 1}) == []


@pytest.mark.parametrize("member", ["subscription_filter", "invalidation_filter"])
def test_invalid_filters_register_nothing(member: str) -> None:
    """A filter that is refused leaves the registry as it was."""
    subscriptions = registry()

    with pytest.raises(InvalidFilter):
        subscriptions.add("c", "1", SubscriptionStart(ORDER, {}, **{member: {"filterGroup": []}}), None)

    assert len(subscriptions) == 0
    assert receivers(subscriptions, {"id": "1"}) == []


def test_registering_an_id_twice_is_a_bug() -> None:
    """Ids are unique per connection, and only there."""
    subscriptions = registry()
    subscriptions.add("c1", "1", SubscriptionStart(MSG, {}), None)
    subscriptions.add("c2", "1", SubscriptionStart(MSG, {}), None)

    with pytest.raises(AssertionError):
        subscriptions.add("c1", "1", SubscriptionStart(MSG, {}), None)


def test_removes_one_subscription() -> None:
    """A removed subscription gets nothing more, and removing it again does nothing."""
    subscriptions = registry()
    subscription = subscriptions.add("c", "1", SubscriptionStart(ORDER, {}), None)
    subscriptions.add("c", "2", SubscriptionStart(ORDER, {}), None)

    assert subscriptions.remove("c", "1") is subscription
    assert subscriptions.remove("c", "1") is None
    assert subscriptions.remove("other", "1") is None
    assert receivers(subscriptions, {"id": "1"}) == ["2"]


def test_removes_a_connection() -> None:
    """A connection that is gone takes its subscriptions with it."""
    subscriptions = registry()
    for key, subscription_id in [("c1", "1"), ("c1", "2"), ("c2", "3")]:
        subscriptions.add(key, subscription_id, SubscriptionStart(ORDER, {"id": "1"}), None)

    assert [subscription.id for subscription in subscriptions.remove_connection("c1")] == ["1", "2"]
    assert subscriptions.remove_connection("c1") == []
    assert receivers(subscriptions, {"id": "1"}) == ["3"]


def test_keeps_nothing_of_those_who_left() -> None:
    """Groups, filters and projections go with their last subscription."""
    subscriptions = registry()
    filters = (condition("total", "gt", 1), condition("id", "eq", "1"))
    subscriptions.add("c", "1", SubscriptionStart(ORDER, {}, *filters), None)
    subscriptions.add("c", "2", SubscriptionStart(ORDER, {"id": "1"}), None)

    subscriptions.remove("c", "1")
    subscriptions.remove("c", "2")

    assert (subscriptions._connections, subscriptions._fields) == ({}, {})
    assert (dict(subscriptions._invalidations["onOrder"]), dict(subscriptions._projections)) == ({}, {})


def test_deliveries_stand_while_subscriptions_leave() -> None:
    """Removing subscriptions in the middle of sending does not disturb the sending."""
    subscriptions = registry()
    for number in range(3):
        subscriptions.add("c", str(number), SubscriptionStart(ORDER, {}), None)

    seen = []
    for subscription, _ in subscriptions.publish("onOrder", orders({"id": "1"})):
        subscriptions.remove_connection("c")
        seen.append(subscription.id)

    assert seen == ["0", "1", "2"]


@pytest.mark.parametrize(("length", "arrives"), [(240 * 1024, True), (240 * 1024 + 1, False)])
def test_drops_large_payloads(length: int, arrives: bool) -> None:
    """A payload of exactly 240 KB arrives; one byte more is dropped, and told to us alone."""
    subscriptions = registry()
    subscription = subscriptions.add("c", "1", SubscriptionStart(MSG, {}), None)
    overhead = len('{"data":{"onMsg":""}}')

    deliveries = subscriptions.publish("onMsg", Publication("publishMsg", "a" * (length - overhead)))

    assert len(deliveries) == (1 if arrives else 0)
    assert [(dropped.subscription, dropped.reason) for dropped in deliveries.dropped] == (
        [] if arrives else [(subscription, "the payload has 245761 bytes, more than 245760")]
    )


def test_measures_bytes_of_the_subscribers_own_payload() -> None:
    """The limit counts UTF-8 bytes, per selection: a smaller selection of the same result arrives."""
    subscriptions = registry(max_payload=40)
    subscriptions.add("c", "small", SubscriptionStart(ORDER, {}), None)
    subscriptions.add("c", "large", SubscriptionStart(ORDER_TOTAL, {}), None)

    deliveries = subscriptions.publish("onOrder", orders({"id": "€€€", "total": 1}))

    assert [subscription.id for subscription, _ in deliveries] == ["small"]
    assert [dropped.subscription.id for dropped in deliveries.dropped] == ["large"]


def test_invalidates_by_filter() -> None:
    """An invalidation finds the subscriptions of its field whose filter matches its payload, and removes none."""
    subscriptions = registry()
    subscriptions.add("c", "a", SubscriptionStart(ORDER, {}, None, condition("user", "eq", "a")), None)
    subscriptions.add("c", "b", SubscriptionStart(ORDER, {}, None, condition("user", "eq", "b")), None)
    subscriptions.add("c", "none", SubscriptionStart(ORDER, {}), None)
    subscriptions.add("c", "msg", SubscriptionStart(MSG, {}, None, condition("user", "eq", "a")), None)

    ended = subscriptions.invalidate({"subscriptionField": "onOrder", "payload": {"user": "a"}})

    assert [subscription.id for subscription in ended] == ["a"]
    assert len(subscriptions) == 4
    assert subscriptions.invalidate({"subscriptionField": "onOther", "payload": {}}) == []


@pytest.mark.parametrize(
    "invalidation", [{}, {"subscriptionField": "onOrder"}, {"payload": {}}, {"subscriptionField": 1, "payload": {}}]
)
def test_refuses_invalidations_out_of_shape(invalidation: Any) -> None:
    """An invalidation needs a field and a payload."""
    with pytest.raises(InvalidFilter) as refused:
        registry().invalidate(invalidation)

    assert refused.value.reasons == ("invalidateSubscriptions needs a subscriptionField and a payload.",)


NAMES = st.sampled_from(["a", "b"])
SMALL = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["0", "1"]) | st.just(1.0)
FILTERS = st.lists(
    st.fixed_dictionaries(
        {
            "filters": st.lists(
                st.fixed_dictionaries(
                    {
                        "fieldName": NAMES,
                        "operator": st.sampled_from(["eq", "ne"]),
                        "value": SMALL.filter(lambda value: value is not None),
                    }
                ),
                min_size=1,
                max_size=2,
                unique_by=lambda entry: entry["fieldName"],
            )
        }
    ),
    min_size=1,
    max_size=2,
).map(lambda groups: {"filterGroup": groups})
STARTS = st.builds(
    SubscriptionStart,
    st.sampled_from([ORDER, ORDER_TOTAL]),
    st.dictionaries(NAMES, SMALL, max_size=2),
    st.none() | FILTERS,
)


def wants(start: SubscriptionStart, value: dict[str, Any]) -> bool:
    """The rule, written down once more without groups and keys."""
    if start.subscription_filter is not None:
        return compile_filter(start.subscription_filter).matches(value)
    return all(
        value.get(name) == wanted and isinstance(value.get(name), bool) is isinstance(wanted, bool)
        for name, wanted in start.arguments.items()
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(STARTS, max_size=8), st.sets(st.integers(0, 7)), st.dictionaries(NAMES, SMALL))
def test_groups_reach_whom_a_scan_would_reach(
    starts: list[SubscriptionStart], leaving: set[int], value: dict[str, Any]
) -> None:
    """Looking groups up gives the subscribers that asking each one gives, also after some have left."""
    subscriptions = registry()
    running: dict[str, Subscription] = {}
    for number, start in enumerate(starts):
        running[str(number)] = subscriptions.add(number % 2, str(number), start, None)
    for number in leaving & set(range(len(starts))):
        assert subscriptions.remove(number % 2, str(number)) is running.pop(str(number))

    reached = receivers(subscriptions, value)

    assert reached == sorted(
        subscription_id for subscription_id, subscription in running.items() if wants(subscription.start, value)
    )
    assert sorted(subscription.id for subscription in subscriptions) == sorted(running)
    withheld = {subscription.id for subscription, _ in subscriptions.withheld("onOrder", orders(value))}
    assert withheld == set(running) - set(reached)
