"""Letters sent again: what is deleted, what stays, what is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue
from livebus.aws.redrive.redriving import BusWay, Redrive, Redriven
from livebus.errors import LivebusError, Unreachable
from livebus.publish.answer import Result
from livebus.redrive.selection import Selection

RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/orders/toApp"
BUS_ARN = "arn:aws:events:us-east-1:123456789012:event-bus/orders"


def message(number: int, **changes: Any) -> dict[str, Any]:
    body = json.dumps({"source": "s", "detail-type": "d", "detail": {"n": number}})
    attributes = {"RULE_ARN": {"DataType": "String", "StringValue": RULE_ARN}}
    plain = {"MessageId": f"m-{number}", "ReceiptHandle": f"r-{number}", "Body": body, "MessageAttributes": attributes}
    return {**plain, **changes}


class FakeSqs:
    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = list(messages)
        self.deleted: list[str] = []
        self.given_back: list[str] = []
        self.fails = False

    def receive_message(self, **request: Any) -> Mapping[str, Any]:
        taken = self._messages[: request["MaxNumberOfMessages"]]
        del self._messages[: len(taken)]
        return {"Messages": taken}

    def delete_message_batch(self, **request: Any) -> Mapping[str, Any]:
        if self.fails:
            return {"Failed": [{"Id": entry["Id"], "Code": "No", "Message": "x"} for entry in request["Entries"]]}
        self.deleted += [entry["ReceiptHandle"] for entry in request["Entries"]]
        return {}

    def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        self.given_back += [entry["ReceiptHandle"] for entry in request["Entries"]]
        return {}

    def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        raise AssertionError

    def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        raise AssertionError


class FakePublisher:
    """Takes what has an even number, raises at a given one."""

    def __init__(self, raises: int = -1, error: BaseException | None = None) -> None:
        self._raises = raises
        self._error = error or KeyboardInterrupt()
        self.sent: list[Mapping[str, Any]] = []

    def __call__(self, entries: Sequence[Mapping[str, Any]], tell: Callable[[int, Result], object]) -> None:
        for index, entry in enumerate(entries):
            number = json.loads(entry["Detail"])["n"]
            if number == self._raises:
                raise self._error
            self.sent.append(entry)
            tell(index, Result(f"e-{number}") if number % 2 == 0 else Result("", "No", "odd"))


def redrive(sqs: FakeSqs, publisher: FakePublisher, **options: Any) -> tuple[list[Redriven], list[float]]:
    outcomes: list[Redriven] = []
    pauses: list[float] = []
    given: dict[str, Any] = {"limit": 100, "most": 1000, "rate": None, **options}
    selection = given.pop("selection", Selection())
    exists = given.pop("exists", lambda bus: True)
    way = BusWay(publisher, exists, given.pop("bus", ""))
    run = Redrive(DeadLetterQueue(sqs, "u"), way, selection, tell=outcomes.append, sleep=pauses.append, **given)
    try:
        run.run()
    except (KeyboardInterrupt, LivebusError):
        pauses.append(-1)
    return outcomes, pauses


def test_only_what_was_accepted_is_deleted() -> None:
    """Everything else is given back; events go to the bus of their own rule."""
    sqs, publisher = FakeSqs(*map(message, range(4))), FakePublisher()
    outcomes, _ = redrive(sqs, publisher)
    assert [(each.letter.message_id, each.event_id, each.error_code) for each in outcomes] == [
        ("m-0", "e-0", ""),
        ("m-1", "", "No"),
        ("m-2", "e-2", ""),
        ("m-3", "", "No"),
    ]
    assert (sqs.deleted, sqs.given_back) == (["r-0", "r-2"], ["r-1", "r-3"])
    assert {entry["EventBusName"] for entry in publisher.sent} == {BUS_ARN}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Unreachable("the network is gone")])
def test_what_was_accepted_before_an_end_is_deleted(error: BaseException) -> None:
    """Ctrl-C or a broken network in the middle of a page: no event is sent twice for it, and none is lost."""
    sqs = FakeSqs(*map(message, range(4)))
    outcomes, pauses = redrive(sqs, FakePublisher(2, error))
    assert [each.letter.message_id for each in outcomes] == ["m-0", "m-1"]
    assert (sqs.deleted, sqs.given_back, pauses) == (["r-0"], ["r-1", "r-2", "r-3"], [-1])


def test_an_accepted_letter_that_cannot_be_deleted_is_told() -> None:
    sqs = FakeSqs(message(0))
    sqs.fails = True
    (outcome,), _ = redrive(sqs, FakePublisher())
    assert (outcome.accepted, outcome.event_id, outcome.kept) == (True, "e-0", "No: x")
    assert sqs.given_back == ["r-0"]


def test_what_is_not_selected_is_given_back() -> None:
    sqs = FakeSqs(*map(message, range(4)))
    outcomes, _ = redrive(sqs, FakePublisher(), selection=Selection(matches=(("detail.n", "2"),)))
    assert ([each.letter.message_id for each in outcomes], sqs.deleted) == (["m-2"], ["r-2"])
    assert sqs.given_back == ["r-0", "r-1", "r-3"]


def test_a_limit_ends_the_run() -> None:
    sqs, publisher = FakeSqs(*map(message, range(30))), FakePublisher()
    redrive(sqs, publisher, limit=3)
    assert len(publisher.sent) == 3
    assert len(sqs.given_back) == 8


def test_a_rate_is_kept() -> None:
    """Pages are no larger than a second's letters, and each is followed by its time."""
    _, pauses = redrive(FakeSqs(*map(message, range(5))), FakePublisher(), rate=2.0)
    assert pauses == [1.0, 1.0, 0.5]


def test_nothing_goes_to_a_bus_that_is_not_there() -> None:
    """PutEvents would take it, and drop it; each bus is asked for once."""
    asked: list[str] = []
    sqs, publisher = FakeSqs(message(0), message(2)), FakePublisher()
    outcomes, _ = redrive(sqs, publisher, exists=lambda bus: bool(asked.append(bus)))
    assert (publisher.sent, sqs.deleted, asked) == ([], [], [BUS_ARN])
    assert {each.error_code for each in outcomes} == {"NotSendable"}
    assert {each.error_message for each in outcomes} == {
        f"the event bus '{BUS_ARN}' does not exist: PutEvents would accept the event and drop it. Name another one with --bus."
    }


def test_what_cannot_be_sent_hides_nothing_of_the_others() -> None:
    """A stranger's message, and one without a rule, stay; with a bus named the latter goes."""
    strange, ruleless = message(2, Body="text"), message(4, MessageAttributes={})
    sqs = FakeSqs(message(0), strange, ruleless)
    outcomes, _ = redrive(sqs, FakePublisher())
    assert {each.letter.message_id: each.error_message.split(";")[0] for each in outcomes} == {
        "m-0": "",
        "m-2": "message m-2:1:1: not JSON: expecting value",
        "m-4": "the message has no RULE_ARN. Name the bus with --bus.",
    }
    publisher = FakePublisher()
    redrive(FakeSqs(ruleless), publisher, bus="mine")
    assert [entry["EventBusName"] for entry in publisher.sent] == ["mine"]
