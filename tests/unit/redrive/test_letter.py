"""A dead letter: the rule it is of, the event in it, the entry that goes back to the bus."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from livebus.errors import InvalidEvent
from livebus.redrive.letter import Letter, read_rule_arn

PREFIX = "arn:aws:events:eu-west-1:123456789012"


@pytest.mark.parametrize(
    ("arn", "name", "bus"),
    [
        (f"{PREFIX}:rule/toApp", "toApp", "default"),
        (f"{PREFIX}:rule/orders/toApp", "toApp", "orders"),
        (f"{PREFIX}:rule/aws.partner/shop/1/toApp", "toApp", "aws.partner/shop/1"),
    ],
)
def test_a_rules_arn_names_its_bus(arn: str, name: str, bus: str) -> None:
    """Also where the bus is the default one, or a partner's."""
    rule = read_rule_arn(arn)
    assert rule is not None
    assert (rule.name, rule.bus, rule.bus_arn) == (name, bus, f"{PREFIX}:event-bus/{bus}")


@pytest.mark.parametrize(
    "arn", ["", "toApp", f"{PREFIX}:event-bus/orders", f"{PREFIX}:rule/", "arn:aws:sqs:x:1:rule/a"]
)
def test_other_arns_are_none(arn: str) -> None:
    assert read_rule_arn(arn) is None


def test_a_message_of_sqs_is_read() -> None:
    """Times come in milliseconds; attributes and counts may be missing."""
    message: dict[str, Any] = {"MessageId": "m", "ReceiptHandle": "r", "Body": "{}"}
    assert Letter.from_message(message) == Letter("m", "{}", receipt="r")
    message |= {"Attributes": {"SentTimestamp": "1800000000500", "ApproximateReceiveCount": "2"}}
    read = Letter.from_message(message)
    assert (read.sent, read.received) == (datetime.fromtimestamp(1_800_000_000.5, UTC), 2)


def test_the_entry_has_what_the_event_had(letter: Any) -> None:
    """Source, type, detail and time; what EventBridge sets itself is left to it."""
    assert letter().entry() == {
        "Source": "sample.source",
        "DetailType": "message",
        "Detail": '{"msg":"hello","order":{"id":17}}',
        "Time": 1768465800,
        "Resources": [],
    }


def test_numbers_keep_their_text(letter: Any) -> None:
    """What a float would round goes back as it came."""
    body = json.dumps(letter().event()).replace("17", "1.0000000000000000001e2")
    assert "1.0000000000000000001e2" in letter(body=body).entry()["Detail"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("not JSON", "message m-1:1:1: not JSON: expecting value"),
        ("[]", "message m-1: the file holds no event"),
        ("1", "message m-1:1:1 ($): the number 1 is not an event"),
        ('{"source": "aws.ec2", "detail-type": "x", "detail": {}}', "begins with 'aws.'"),
    ],
)
def test_what_is_no_event_of_ones_own_is_refused(letter: Any, body: str, found: str) -> None:
    """With the message's id as the place."""
    with pytest.raises(InvalidEvent) as refused:
        letter(body=body).entry()
    assert found in str(refused.value)


def test_a_body_with_two_events_is_refused(letter: Any) -> None:
    """A letter is one event: the outcome of two could not be told apart."""
    event = json.dumps(letter().event())
    with pytest.raises(InvalidEvent, match="the body holds 2 events"):
        letter(body=f"[{event},{event}]").entry()


@pytest.mark.parametrize("text", ["", "-1", " 1", "1_0", "0x1", "٣", "9" * 30, "soon"])
def test_what_sqs_would_not_write_counts_as_not_given(text: str) -> None:
    """An endpoint that is none of AWS's may answer anything."""
    attributes = {"SentTimestamp": text, "ApproximateReceiveCount": text}
    read = Letter.from_message({"MessageId": "m", "ReceiptHandle": "r", "Attributes": attributes})
    assert (read.sent, read.received) == (None, 0)
