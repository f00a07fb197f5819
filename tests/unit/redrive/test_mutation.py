"""A letter's variables for the mutation of its own target."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.redrive.letter import read_rule_arn
from livebus.redrive.mutation import Mutation, described_target, graphql_url, target_of

RULE = read_rule_arn("arn:aws:events:us-east-1:123456789012:rule/orders/toApp")
ARN = "arn:aws:appsync:us-east-1:123456789012:endpoints/graphql-api/abc"
DESCRIBED = {
    "Id": "App",
    "Arn": ARN,
    "AppSyncParameters": {"GraphQLOperation": "mutation M($msg: String!) { publish(msg: $msg) }"},
    "InputTransformer": {
        "InputPathsMap": {"msg": "$.detail.msg"},
        "InputTemplate": '{"msg": <msg>, "rule": "<aws.events.rule-name>"}',
    },
}


def test_the_request_is_what_eventbridge_would_have_sent(letter: Any) -> None:
    """The target's operation, and its input made of the event."""
    assert RULE is not None
    mutation = Mutation(described_target(DESCRIBED), RULE)
    assert mutation.request(letter()) == {
        "query": "mutation M($msg: String!) { publish(msg: $msg) }",
        "variables": {"msg": "hello", "rule": "toApp"},
    }


def test_the_time_at_which_it_came_is_the_events_own(letter: Any) -> None:
    """A dead letter does not say when EventBridge took the event."""
    assert RULE is not None
    template = '{"at": "<aws.events.event.ingestion-time>", "event": <aws.events.event.json>}'
    target = described_target({**DESCRIBED, "InputTransformer": {"InputTemplate": template}})
    assert Mutation(target, RULE).request(letter())["variables"] == {
        "at": "2026-01-15T08:30:00Z",
        "event": letter().event(),
    }


@pytest.mark.parametrize("body", ["text", "[]"])
def test_a_body_that_is_no_event_has_no_request(letter: Any, body: str) -> None:
    assert RULE is not None
    with pytest.raises(LivebusError, match="the body is no event"):
        Mutation(described_target(DESCRIBED), RULE).request(letter(body=body))


def test_a_body_without_what_every_event_has_says_what_it_lacks(letter: Any) -> None:
    """In words: whoever redrives did not write the body."""
    assert RULE is not None
    target = described_target({**DESCRIBED, "InputTransformer": {"InputTemplate": '{"event": <aws.events.event>}'}})
    with pytest.raises(LivebusError) as raised:
        Mutation(target, RULE).request(letter(body="{}"))
    assert str(raised.value) == "the body is no event: it has no 'id'"


def test_an_event_that_gives_no_variables_says_why(letter: Any) -> None:
    """As EventBridge would not have delivered it either."""
    assert RULE is not None
    target = described_target({**DESCRIBED, "InputTransformer": None, "InputPath": "$.detail.msg"})
    with pytest.raises(LivebusError, match="AppSync takes a JSON object as variables"):
        Mutation(target, RULE).request(letter())


def test_a_letter_is_run_by_its_own_target_only(letter: Any) -> None:
    """Not by one of another API, nor by one of two when it cannot be known which it was."""
    app, other = described_target(DESCRIBED), described_target({**DESCRIBED, "Id": "Other"})
    elsewhere = described_target({**DESCRIBED, "Arn": ARN[:-1]})
    assert target_of(letter(), [elsewhere, app]) == app
    assert target_of(letter(), [app, other], "Other") == other
    with pytest.raises(LivebusError, match="targets App, Other of the rule have the ARN"):
        target_of(letter(), [app, other])
    with pytest.raises(LivebusError, match=r"has no target 'arn:.*/abc' any more"):
        target_of(letter(), [elsewhere])
    with pytest.raises(LivebusError, match=r"^target 'A' runs no GraphQL operation. Use --to bus\.$"):
        target_of(letter(), [described_target({"Id": "A", "Arn": ARN})])


@pytest.mark.parametrize(
    ("arn", "url"),
    [
        (ARN, "https://abc.appsync-api.us-east-1.amazonaws.com/graphql"),
        (
            ARN.replace("aws:", "aws-cn:", 1).replace("us-east-1", "cn-north-1"),
            "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
        ),
        (ARN.replace("endpoints/graphql-api", "apis"), ""),
        ("abc", ""),
    ],
)
def test_an_endpoints_arn_says_where_the_api_is(arn: str, url: str) -> None:
    assert graphql_url(arn) == url
