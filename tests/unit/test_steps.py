"""The record of an event's way: what stations say as data, in the same words wherever it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from livebus import steps
from livebus.event.put_events import Refused
from livebus.operation import Answer, Call, Called
from livebus.template.application import DataSource

WORDS: list[tuple[dict[str, Any], str]] = [
    ({"station": "bus", "accepted": True, "bus": "orders"}, "event bus orders"),
    ({"station": "bus", "accepted": True, "bus": "orders", "dropped": "no such bus"}, "no such bus"),
    ({"station": "pattern", "rule": "r", "matches": True, "reasons": []}, "rule r matches"),
    ({"station": "pattern", "rule": "r", "matches": False, "reasons": ["a", "b"]}, "rule r does not match: a; b"),
    ({"station": "transformer", "variables": {"msg": "ü"}}, 'variables {"msg": "ü"}'),
    ({"station": "execution", "data": {"a": 1}, "errors": []}, 'the mutation answers {"a": 1}'),
    (
        {"station": "execution", "data": None, "errors": [{"message": "no"}]},
        'the mutation answers null with errors [{"message": "no"}]',
    ),
    ({"station": "failure", "code": "THROTTLING", "message": "slow"}, "THROTTLING: slow"),
    ({"station": "target", "target": "t", "reason": "gone"}, "target t: gone"),
    ({"station": "subscription", "field": "onA", "subscribers": 1, "dropped": []}, "onA goes to 1 subscriber"),
    (
        {"station": "subscription", "field": "onA", "subscribers": 0, "dropped": ["too large"]},
        "onA goes to 0 subscribers; 1 left out: too large",
    ),
    ({"station": "subscription", "field": None, "reason": "nothing was published"}, "nothing was published"),
    ({"station": "delivery", "retryIn": 2.0}, "tried again in 2 s"),
    (
        {"station": "delivery", "deadLetterQueue": "q", "code": "A", "message": "b"},
        "sent to the dead-letter queue q: A: b",
    ),
    ({"station": "delivery", "lost": "no queue"}, "lost: no queue"),
]


@pytest.mark.parametrize(("step", "expected"), WORDS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_step_in_words(step: dict[str, Any], expected: str) -> None:
    """One sentence for each station and each end."""
    assert steps.words(step) == expected


def test_a_refused_entry_is_a_step_of_the_bus() -> None:
    """PutEvents' own code and message, as data and in words."""
    step = steps.refused(Refused("InvalidArgument", "Source is missing"))

    assert step == {"station": "bus", "accepted": False, "code": "InvalidArgument", "message": "Source is missing"}
    assert list(steps.reasons([step])) == ["PutEvents refuses it: InvalidArgument: Source is missing"]


def test_long_values_are_cut() -> None:
    """A megabyte in a variable is no megabyte in a line; its length is told."""
    assert steps.words({"station": "transformer", "variables": "x" * 1_000_000}).endswith("x… (1000002 characters)")
    assert steps.words({"station": "failure", "code": "A", "message": "m" * 9999}).endswith("m… (9999 characters)")


def test_an_event_that_no_rule_hears_says_so() -> None:
    """Each rule's unmet conditions; with no rule on the bus, that."""
    bus = {"station": "bus", "accepted": True, "bus": "orders"}
    unmet = {"station": "pattern", "rule": "r", "matches": False, "reasons": ["a"]}

    assert list(steps.reasons([bus, unmet])) == ["rule r does not match: a"]
    assert list(steps.reasons([bus])) == ["no rule listens on the event bus 'orders'"]


def test_calls_of_data_sources() -> None:
    """What a resolver asked, what it was answered, and how long that took."""
    call = Call(DataSource("orders", "AMAZON_DYNAMODB"), {"operation": "GetItem"})
    found = steps.called(Called(call, Answer({"id": "1"}, milliseconds=0.25)))
    failed = steps.called(Called(call, Answer(error={"type": "T", "message": "m"})))

    asked = {"station": "call", "source": "orders", "type": "AMAZON_DYNAMODB", "request": {"operation": "GetItem"}}
    assert [found, failed] == [
        {**asked, "result": {"id": "1"}, "ms": 0.25},
        {**asked, "errorType": "T", "errorMessage": "m"},
    ]
    assert [steps.words(found), steps.words({**failed, "ms": 3.0}), steps.words(failed)] == [
        'data source orders (AMAZON_DYNAMODB) took 0.25 ms: {"operation": "GetItem"} gives {"id": "1"}',
        "data source orders (AMAZON_DYNAMODB) took 3 ms and failed: T: m",
        "data source orders (AMAZON_DYNAMODB) failed: T: m",
    ]
