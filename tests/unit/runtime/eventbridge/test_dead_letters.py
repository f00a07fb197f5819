"""Where an event goes that is given up, and why it is lost where it goes nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.flow import Attempt, CompiledRule, CompiledTarget, Line
from livebus.retry_policy import DeadLetter, Failure
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.dead_letters import DeadLetters
from livebus.runtime.eventbridge.due import Due
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.template import Environment
from livebus.template.application import Queue

EVENT = Event.restored(b'{"id":"e-1","detail":{}}', "livebus", "2026-11-29T00:00:00Z")
LETTER = DeadLetter("THROTTLING", "busy", 3, "MaximumRetryAttempts")


class Trace:
    """What is told of events that are given up."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def lost(self, *given: Any) -> None:
        self.told.append(("lost", *given))

    def dead_lettered(self, *given: Any) -> None:
        self.told.append(("queue", *given))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def rule(line: Line) -> CompiledRule:
    return line.compiled_rules("livebus")[0]


Put = Callable[[CompiledTarget], tuple[Attempt, list[tuple[Any, ...]]]]


@pytest.fixture
def put(line: Line, rule: CompiledRule, journal: DeliveryJournal) -> Put:
    """Give the event up that was to go to a target: the last attempt, and what is told."""

    def give_up(target: CompiledTarget) -> tuple[Attempt, list[tuple[Any, ...]]]:
        attempt, trace = Attempt(target, failure=Failure("THROTTLING", "busy", retryable=True)), Trace()
        given: Any = trace
        lines = Lines(Environment(), {"livebus": line})
        clockwork = Clockwork(lambda: 7.0, lambda: "id-1", lambda: 1.0)
        DeadLetters(lambda: lines, journal, given, clockwork).put(Due(EVENT, rule, target, 0.0), attempt, LETTER)
        return attempt, trace.told

    return give_up


def with_queue(target: CompiledTarget, queue: Queue | None) -> CompiledTarget:
    return replace(target, target=replace(target.target, dead_letter=queue))


def messages(journal: DeliveryJournal, queue: Queue) -> list[tuple[str, float, str, dict[str, str]]]:
    received = journal.receive(queue.arn, 10, now=7.0, hidden_until=7.0, receipt="r")
    return [(each.message_id, each.sent, each.body, dict(each.attributes)) for each in received]


@pytest.mark.parametrize("by_arn", [False, True])
def test_it_goes_to_the_targets_queue(by_arn: bool, put: Put, rule: CompiledRule, journal: DeliveryJournal) -> None:
    """As it came, with the reason as attributes; also where the template names a queue of its own by the ARN."""
    target = rule.targets[0]
    queue = target.target.dead_letter
    assert queue is not None
    attempt, told = put(with_queue(target, replace(queue, logical_id="", policies=())) if by_arn else target)
    assert told == [("queue", EVENT, rule, attempt, LETTER, queue)]
    attributes = {
        "RULE_ARN": rule.rule.arn,
        "TARGET_ARN": target.target.arn,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "busy",
        "RETRY_ATTEMPTS": "3",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }
    assert messages(journal, queue) == [("id-1", 7.0, EVENT.text.decode(), attributes)]


def test_without_a_queue_it_is_lost(put: Put, rule: CompiledRule) -> None:
    """And the reason is told."""
    attempt, told = put(with_queue(rule.targets[0], None))
    assert told == [("lost", EVENT, rule, attempt, LETTER, "the target has no dead-letter queue")]


def test_a_queue_of_another_stack_is_not_there(put: Put, rule: CompiledRule) -> None:
    """Nothing is known of it but its ARN."""
    queue = Queue("other", "arn:aws:sqs:us-east-1:123456789012:other", "", "")
    attempt, told = put(with_queue(rule.targets[0], queue))
    why = "its queue is of another stack, which is not emulated by the local runtime"
    assert told == [("lost", EVENT, rule, attempt, LETTER, why)]


def test_a_queue_whose_policy_does_not_admit_it(put: Put, rule: CompiledRule, journal: DeliveryJournal) -> None:
    """Takes nothing."""
    queue = rule.targets[0].target.dead_letter
    assert queue is not None
    attempt, ((*told, why),) = put(with_queue(rule.targets[0], replace(queue, policies=())))
    assert told == ["lost", EVENT, rule, attempt, LETTER]
    assert why.startswith(f"The queue {queue.name!r} has no QueuePolicy; ")
    assert messages(journal, queue) == []


def test_a_queue_that_cannot_be_written(put: Put, rule: CompiledRule, journal: DeliveryJournal) -> None:
    """The event is lost, and the disk's reason is told."""
    journal.close()
    attempt, ((*told, why),) = put(rule.targets[0])
    assert told == ["lost", EVENT, rule, attempt, LETTER]
    assert "closed database" in why
