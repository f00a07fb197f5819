"""A queue that is looked at: pages, what is deleted, and what goes back."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue
from livebus.errors import Unreachable
from livebus.redrive.lines import QueueMessage


class FakeSqs:
    """Hands out messages that are not hidden; keeps what it was asked."""

    def __init__(self, count: int) -> None:
        self.visible = [f"m-{number}" for number in range(count)]
        self.hidden: list[str] = []
        self.requests: list[Mapping[str, Any]] = []
        self.deleted: list[str] = []
        self.refused: set[str] = set()
        self.interrupts = False

    def receive_message(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        taken = self.visible[: request["MaxNumberOfMessages"]]
        del self.visible[: len(taken)]
        self.hidden += taken
        if self.interrupts:
            signal.raise_signal(signal.SIGINT)
        return (
            {"Messages": [{"MessageId": each, "ReceiptHandle": each, "Body": "{}"} for each in taken]} if taken else {}
        )

    def _done(self, entries: list[Any], kept: list[str]) -> Mapping[str, Any]:
        for entry in entries:
            if entry["ReceiptHandle"] not in self.refused:
                self.hidden.remove(entry["ReceiptHandle"])
                kept.append(entry["ReceiptHandle"])
        return {
            "Failed": [
                {"Id": entry["Id"], "Code": "No", "Message": "never"}
                for entry in entries
                if entry["ReceiptHandle"] in self.refused
            ]
        }

    def delete_message_batch(self, **request: Any) -> Mapping[str, Any]:
        return self._done(request["Entries"], self.deleted)

    def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        assert {entry["VisibilityTimeout"] for entry in request["Entries"]} == {0}
        return self._done(request["Entries"], self.visible)

    def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        return {"Failed": [{"Id": "1", "Code": "No", "Message": "never"}]}

    def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetQueueAttributes")


def test_everything_is_looked_at_and_given_back() -> None:
    """In pages of ten; afterwards the queue is as it was."""
    sqs = FakeSqs(25)
    with DeadLetterQueue(sqs, "u").taking() as taking:
        assert [len(page) for page in taking.pages(100)] == [10, 10, 5]
        assert len(sqs.hidden) == 25
    assert (sorted(sqs.visible), sqs.hidden, taking.kept_hidden) == (sorted(FakeSqs(25).visible), [], 0)


def test_what_was_deleted_is_not_given_back() -> None:
    """What could not be is, with the reason."""
    sqs = FakeSqs(3)
    sqs.refused = {"m-1"}
    with DeadLetterQueue(sqs, "u").taking() as taking:
        (page,) = taking.pages(100)
        assert taking.delete(page[:2]) == {"m-1": "No: never"}
        sqs.refused = set()
    assert (sqs.deleted, sqs.visible) == (["m-0"], ["m-1", "m-2"])


def test_messages_are_given_back_after_ctrl_c() -> None:
    sqs = FakeSqs(12)

    def interrupted() -> None:
        with DeadLetterQueue(sqs, "u").taking() as taking:
            next(taking.pages(100))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (len(sqs.visible), sqs.hidden) == (12, [])


def test_ctrl_c_within_a_request_loses_no_receipt() -> None:
    """What SQS has handed out is known, and goes back; a second Ctrl-C meanwhile ends nothing half."""
    sqs = FakeSqs(12)
    sqs.interrupts = True

    def interrupted() -> None:
        with DeadLetterQueue(sqs, "u").taking() as taking:
            list(taking.pages(100))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (len(sqs.requests), len(sqs.visible), sqs.hidden) == (1, 12, [])


def test_what_cannot_be_given_back_is_counted() -> None:
    """It shows again by itself, and whoever waits for it should know."""
    sqs = FakeSqs(3)
    with DeadLetterQueue(sqs, "u").taking() as taking:
        list(taking.pages(100))
        sqs.refused = {"m-0", "m-2"}
    assert taking.kept_hidden == 2


def test_the_round_ends_where_messages_come_again() -> None:
    """Their time of being hidden is over: nothing is counted or sent twice, and what is given back has its last receipt."""
    sqs = FakeSqs(4)
    with DeadLetterQueue(sqs, "u").taking() as taking:
        seen = []
        for page in taking.pages(100, 2):
            seen += [letter.message_id for letter in page]
            if len(seen) == 4:
                sqs.visible, sqs.hidden = sqs.hidden, []
    assert seen == ["m-0", "m-1", "m-2", "m-3"]


def test_no_more_are_taken_than_asked_for() -> None:
    """The last page is as small as it has to be, and AWS is given time to ask all its servers."""
    sqs = FakeSqs(30)
    with DeadLetterQueue(sqs, "u").taking() as taking:
        assert sum(len(page) for page in taking.pages(12)) == 12
        assert [request["MaxNumberOfMessages"] for request in sqs.requests] == [10, 2]
        assert {request["WaitTimeSeconds"] for request in sqs.requests} == {1}


def test_messages_are_sent_in_batches_by_count_and_size() -> None:
    """Each one's answer comes with its index."""
    sqs = FakeSqs(0)
    small, large = QueueMessage("{}", {}), QueueMessage("x" * 600_000, {})
    answers = list(DeadLetterQueue(sqs, "u").send([*[small] * 11, large, large]))
    assert [len(request["Entries"]) for request in sqs.requests] == [10, 2, 1]
    assert answers == [(index, "No: never" if index == 1 else "") for index in range(13)]


def test_a_refusal_is_told_with_the_queues_name() -> None:
    with pytest.raises(Unreachable, match="cannot read the queue 'dead': AccessDenied: no"):
        DeadLetterQueue(FakeSqs(0), "https://sqs.eu-west-1.amazonaws.com/1/dead").counts()


def test_requests_are_as_sqs_has_them() -> None:
    """With the queue in each, and with the names of members that botocore's own model knows."""
    sqs = FakeSqs(3)
    model = botocore.session.get_session().get_service_model("sqs")
    asked: list[str] = []

    def checked(method: str, operation: str) -> None:
        answer = getattr(sqs, method)

        def call(**request: Any) -> Mapping[str, Any]:
            faults = ParamValidator().validate(request, model.operation_model(operation).input_shape)
            assert faults.generate_report() == ""
            asked.append(f"{operation} of {request['QueueUrl']}")
            return answer(**request)  # type: ignore[no-any-return]

        setattr(sqs, method, call)

    checked("receive_message", "ReceiveMessage")
    checked("delete_message_batch", "DeleteMessageBatch")
    checked("change_message_visibility_batch", "ChangeMessageVisibilityBatch")
    checked("send_message_batch", "SendMessageBatch")
    sqs.get_queue_attributes = lambda **_: {"Attributes": {"ApproximateNumberOfMessages": "3"}}  # type: ignore[method-assign]
    checked("get_queue_attributes", "GetQueueAttributes")

    queue = DeadLetterQueue(sqs, "url")
    assert queue.counts() == (3, 0)
    assert list(queue.send([QueueMessage("{}", {}), QueueMessage("{}", {})])) == [(0, ""), (1, "No: never")]
    with queue.taking() as taking:
        for page in taking.pages(100):
            taking.delete(page[:1])
    operations = ("GetQueueAttributes", "SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch")
    assert set(asked) == {f"{name} of url" for name in (*operations, "ChangeMessageVisibilityBatch")}
