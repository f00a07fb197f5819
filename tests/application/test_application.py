"""The application itself: every sample event, and who hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from livebus.caller import AWS_IAM
from livebus.testing import LocalLine, SubscriptionRefused

EVENTS = Path(__file__).parents[2] / "events"
ARRIVING = sorted(path.name for path in EVENTS.iterdir() if path.suffix in (".json", ".ndjson"))
SUBSCRIPTION = "subscription { onPublishMsgFromEb }"


def event(**detail: object) -> dict[str, object]:
    return {"source": "sample.source", "detail-type": "message", "detail": detail}


@pytest.mark.parametrize("name", ARRIVING)
def test_every_sample_event_arrives(name: str, line: LocalLine) -> None:
    """Its message comes to a signed-in user, as it is."""
    subscriber = line.subscribe(SUBSCRIPTION)
    outcomes = line.publish_file(EVENTS / name)

    messages = [outcome.variables["msg"] for outcome in outcomes if outcome.variables is not None]
    assert len(messages) == len(outcomes) > 0
    assert subscriber.messages == [{"data": {"onPublishMsgFromEb": message}} for message in messages]


@pytest.mark.parametrize("name", ["other-source.json", "without-msg.json", "msg-is-a-number.json"])
def test_what_the_rule_does_not_want_does_not_arrive(name: str, line: LocalLine) -> None:
    """No rule matches, and it says why not."""
    subscriber = line.subscribe(SUBSCRIPTION)
    (outcome,) = line.publish_file(EVENTS / "undelivered" / name)

    assert (outcome.matched, subscriber.messages) == ([], [])
    assert outcome.why.startswith("publishMsgFromEB: ")


def test_a_message_over_240_kb_is_dropped_on_its_last_step(line: LocalLine) -> None:
    """The mutation succeeds, and the subscriber gets nothing."""
    subscriber = line.subscribe(SUBSCRIPTION)
    (outcome,) = line.publish_file(EVENTS / "undelivered" / "size-250-kb.json")

    assert (outcome.errors, subscriber.messages) == ([], [])
    assert "more than 245760" in outcome.dropped[0]


@pytest.mark.parametrize("groups", [(), ("staff",), ("staff", "guests")])
def test_every_user_of_the_pool_may_listen(groups: tuple[str, ...], line: LocalLine) -> None:
    """Groups make no difference here."""
    subscriber = line.subscribe(SUBSCRIPTION, groups=groups)
    line.publish(event(msg="hello"))

    assert subscriber.messages == [{"data": {"onPublishMsgFromEb": "hello"}}]


def test_every_subscriber_gets_every_message_once(line: LocalLine) -> None:
    """In the order in which they were published."""
    subscribers = [line.subscribe(SUBSCRIPTION) for _ in range(3)]
    for message in ("one", "two"):
        line.publish(event(msg=message))

    expected = [{"data": {"onPublishMsgFromEb": message}} for message in ("one", "two")]
    assert [subscriber.messages for subscriber in subscribers] == [expected] * 3


def test_the_mutation_is_for_eventbridge_alone(line: LocalLine) -> None:
    """A user who calls it is refused, and nobody hears of it."""
    subscriber = line.subscribe(SUBSCRIPTION)
    answer = line.execute('mutation { publishMsgFromEB(msg: "x") }')

    assert [error["message"] for error in answer.errors] == [
        "Not Authorized to access publishMsgFromEB on type Mutation"
    ]
    assert subscriber.messages == []


def test_the_subscription_is_for_users_alone(line: LocalLine) -> None:
    """A caller with IAM credentials is refused."""
    with pytest.raises(SubscriptionRefused) as raised:
        line.subscribe(SUBSCRIPTION, mode=AWS_IAM)

    assert raised.value.errors[0]["message"] == "Not Authorized to access onPublishMsgFromEb on type Subscription"


def test_the_schema_is_hidden_unless_it_is_opened(line: LocalLine, livebus_line: Callable[..., LocalLine]) -> None:
    """The parameter Introspection decides."""
    query = "{ __schema { queryType { name } } }"
    assert line.execute(query).errors

    opened = livebus_line(EVENTS.parent / "template.yaml", parameters={"Introspection": "ENABLED"})
    assert opened.execute(query).data == {"__schema": {"queryType": {"name": "Query"}}}


def test_another_source_can_be_chosen(livebus_line: Callable[..., LocalLine]) -> None:
    """The parameter EventSource narrows the rule."""
    line = livebus_line(EVENTS.parent / "template.yaml", parameters={"EventSource": "my.app"})

    assert line.publish(event(msg="x")).matched == []
    assert line.publish({**event(msg="x"), "source": "my.app"}).matched == ["publishMsgFromEB"]


@pytest.mark.parametrize("message", ["", '"quoted"', "<msg>", "$.detail.msg", "{}", "line\nbreak\u2028", "🚌\u0301"])
def test_any_text_arrives_as_it_is(message: str, line: LocalLine) -> None:
    """Nothing in it is taken for JSON, a placeholder or an escape."""
    subscriber = line.subscribe(SUBSCRIPTION)
    line.publish(json.loads(json.dumps(event(msg=message))))

    assert subscriber.messages == [{"data": {"onPublishMsgFromEb": message}}]
