"""May EventBridge send to the dead-letter queue."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access.queues import queue_admits
from livebus.template.application import Queue

ACCOUNT = "111111111111"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dlq"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/bus/rule"

DOCUMENTED: dict[str, Any] = {
    "Sid": "Allow",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
    "Condition": {"ArnEquals": {"aws:SourceArn": RULE}},
}


def admits(*policies: dict[str, Any], rule: str = RULE, **members: Any) -> str | None:
    """The answer of a queue with these statements."""
    return queue_admits(Queue("dlq", QUEUE, "", "Queue", policies=policies, **members), rule, ACCOUNT)


@pytest.mark.parametrize(
    "statement",
    [
        DOCUMENTED,
        DOCUMENTED | {"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{ACCOUNT}:rule/bus/*"}}},
        DOCUMENTED | {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}},
        DOCUMENTED | {"Condition": {"Bool": {"aws:SecureTransport": "true", "aws:PrincipalIsAWSService": "true"}}},
        DOCUMENTED | {"Condition": None, "Principal": "*", "Action": ["SQS:*"]},
    ],
)
def test_a_policy_like_the_documented_one_admits(statement: dict[str, Any]) -> None:
    """The statement of AWS's guide admits the rule, and so do wider ones."""
    assert admits(statement) is None


def test_a_deny_of_plain_http_does_not_concern_eventbridge() -> None:
    """The common Deny of requests without TLS leaves EventBridge in."""
    plain = DOCUMENTED | {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

    assert admits(DOCUMENTED, plain) is None


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            DOCUMENTED | {"Principal": {"Service": "sns.amazonaws.com"}},
            "its Principal is {'Service': 'sns.amazonaws.com'}, not 'events.amazonaws.com'",
        ),
        (DOCUMENTED | {"Action": "sqs:ReceiveMessage"}, "its Action is 'sqs:ReceiveMessage', not 'sqs:SendMessage'"),
        (DOCUMENTED | {"Resource": QUEUE + "2"}, f"its Resource is '{QUEUE}2', not '{QUEUE}'"),
        (
            DOCUMENTED | {"Condition": {"ArnEquals": {"aws:SourceArn": RULE.replace("bus/", "")}}},
            f"its Condition ArnEquals wants aws:SourceArn {RULE.replace('bus/', '')!r}, and it is {RULE!r}",
        ),
    ],
)
def test_what_keeps_eventbridge_out_is_named(statement: dict[str, Any], reason: str) -> None:
    """Each element that does not fit is quoted with what it should be."""
    assert (
        f"The policy of the queue 'dlq' does not allow events.amazonaws.com sqs:SendMessage: "
        f"statement 'Allow' does not: {reason}."
    ) == admits(statement)


def test_a_queue_without_a_policy_says_what_it_needs() -> None:
    """No QueuePolicy at all is the commonest mistake: the reason tells what to write."""
    assert (
        "The queue 'dlq' has no QueuePolicy; EventBridge needs one that allows sqs:SendMessage to "
        f"events.amazonaws.com with aws:SourceArn '{RULE}'."
    ) == admits()


def test_a_fifo_queue_does_not_do() -> None:
    """EventBridge takes standard queues only."""
    assert (
        admits(DOCUMENTED, fifo=True)
        == "The queue 'dlq' is a FIFO queue; a rule's dead-letter queue has to be a standard queue."
    )


def test_a_queue_of_another_region_does_not_do() -> None:
    """Queue and rule have to be in one region."""
    assert (
        admits(DOCUMENTED, rule=RULE.replace("us-east-1", "eu-west-1"))
        == "The queue 'dlq' is in 'us-east-1', the rule in 'eu-west-1'; they have to be in one region."
    )
