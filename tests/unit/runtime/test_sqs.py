"""SQS for a dead-letter queue: calls without a network, and the digests that SDKs check."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.runtime.sqs import Sqs, md5_of_attributes
from livebus.template.application import Queue

QUEUE = Queue("dead", "arn:aws:sqs:us-east-1:1:dead", "http://127.0.0.1:1/1/dead", "Dead")


@pytest.fixture
def sqs(tmp_path: Path, clock: Any, new_id: Callable[[], str]) -> Iterator[Sqs]:
    journal = DeliveryJournal(tmp_path / "journal.sqlite")
    yield Sqs([QUEUE], journal, clock=clock, new_id=new_id)
    journal.close()


def call(sqs: Sqs, action: str, **body: Any) -> dict[str, Any]:
    answer = sqs.call(action, {"QueueUrl": QUEUE.url, **body})
    assert isinstance(answer, dict)
    return answer


def test_the_digest_of_attributes_is_sqss() -> None:
    """The digest of one attribute, as SDKs that check it have it in their own tests; the order of names is no matter."""
    assert md5_of_attributes({"SellerName": "Example Store"}) == "cd28f3b68aeee4b2eac9c66f2f694b58"
    assert md5_of_attributes({"b": "2", "a": "größer"}) == md5_of_attributes({"a": "größer", "b": "2"})


def test_a_message_shows_again_when_its_time_is_over(sqs: Sqs, clock: Any) -> None:
    """A message is hidden for 30 seconds, or for as long as is asked."""
    call(sqs, "SendMessage", MessageBody="one")
    assert len(call(sqs, "ReceiveMessage")["Messages"]) == 1
    clock.now += 29
    assert call(sqs, "ReceiveMessage") == {}
    clock.now += 1
    assert len(call(sqs, "ReceiveMessage", VisibilityTimeout=5)["Messages"]) == 1
    clock.now += 5
    assert len(call(sqs, "ReceiveMessage")["Messages"]) == 1


def test_system_attributes_are_given_when_asked_for(sqs: Sqs, clock: Any) -> None:
    """Times are in milliseconds, counts are texts."""
    call(sqs, "SendMessage", MessageBody="one")
    clock.now += 10
    (message,) = call(sqs, "ReceiveMessage", MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"] == {
        "SenderId": "events.amazonaws.com",
        "SentTimestamp": "1800000000000",
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": "1800000010000",
    }


def test_only_the_attributes_that_are_asked_for_are_given(sqs: Sqs) -> None:
    """Without names there are none; with some, the digest is over those."""
    attributes = {name: {"DataType": "String", "StringValue": name} for name in ("A", "B")}
    call(sqs, "SendMessage", MessageBody="one", MessageAttributes=attributes)
    (message,) = call(sqs, "ReceiveMessage", VisibilityTimeout=0)["Messages"]
    assert "MessageAttributes" not in message
    (message,) = call(sqs, "ReceiveMessage", MessageAttributeNames=["A"])["Messages"]
    assert list(message["MessageAttributes"]) == ["A"]
    assert message["MD5OfMessageAttributes"] == md5_of_attributes({"A": "A"})


def test_a_queue_is_known_by_the_last_part_of_its_url(sqs: Sqs) -> None:
    """Clients reach the same queue by other host names."""
    call(sqs, "SendMessage", MessageBody="one")
    (message,) = call(sqs, "ReceiveMessage", QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/dead")[
        "Messages"
    ]
    assert message["Body"] == "one"


@pytest.mark.parametrize(
    ("action", "body", "error_type", "query_code"),
    [
        ("ReceiveMessage", {"QueueUrl": "none"}, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        ("CreateQueue", {}, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
        ("DeleteMessage", {"ReceiptHandle": "x"}, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
        ("DeleteMessage", {"ReceiptHandle": "9" * 30}, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
        ("ReceiveMessage", {"MaxNumberOfMessages": 0}, "InvalidParameterValue", "InvalidParameterValue"),
        ("ReceiveMessage", {"WaitTimeSeconds": 21}, "InvalidParameterValue", "InvalidParameterValue"),
        ("ReceiveMessage", {"MessageAttributeNames": "All"}, "InvalidParameterValue", "InvalidParameterValue"),
        ("SendMessage", {}, "MissingParameter", "MissingParameter"),
        ("SendMessage", {"MessageBody": "x", "MessageAttributes": {"A": 1}}, "UnsupportedOperation", None),
        ("DeleteMessageBatch", {"Entries": "x"}, "InvalidParameterValue", "InvalidParameterValue"),
        ("SendMessageBatch", {"Entries": []}, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
        ("SendMessageBatch", {"Entries": [{}] * 11}, "TooManyEntriesInBatchRequest", None),
    ],
)
def test_refusals(sqs: Sqs, action: str, body: dict[str, Any], error_type: str, query_code: str | None) -> None:
    """Each has the type of the JSON protocol and the code of the query protocol."""
    with pytest.raises(AwsError) as refused:
        call(sqs, action, **body)
    assert refused.value.error_type == f"com.amazonaws.sqs#{error_type}"
    assert query_code in (None, refused.value.query_code)


def test_waiting_ends_when_the_runtime_does(sqs: Sqs) -> None:
    """Long polling lets go when the service closes."""

    async def check() -> dict[str, Any]:
        answer = sqs.call("ReceiveMessage", {"QueueUrl": QUEUE.url, "WaitTimeSeconds": 20})
        assert not isinstance(answer, dict)
        sqs.close()
        return await answer

    assert asyncio.run(check()) == {}


def test_batches_answer_for_each_entry(sqs: Sqs) -> None:
    """Messages are sent, let go and deleted in batches; a bad entry fails alone."""
    entries = [{"Id": "0", "MessageBody": "one"}, {"Id": "1"}, {"Id": "2", "MessageBody": "two"}]
    answer = call(sqs, "SendMessageBatch", Entries=entries)
    assert [(sent["Id"], sent["MD5OfMessageBody"][:4]) for sent in answer["Successful"]] == [
        ("0", "f97c"),
        ("2", "b8a9"),
    ]
    assert [(failed["Id"], failed["Code"]) for failed in answer["Failed"]] == [("1", "MissingParameter")]
    receipts = [message["ReceiptHandle"] for message in call(sqs, "ReceiveMessage", MaxNumberOfMessages=10)["Messages"]]
    assert call(sqs, "ReceiveMessage") == {}
    entries = [
        {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 0} for index, receipt in enumerate(receipts)
    ]
    answer = call(sqs, "ChangeMessageVisibilityBatch", Entries=[*entries, {"Id": "x", "ReceiptHandle": "?"}])
    assert (len(answer["Successful"]), [failed["Id"] for failed in answer["Failed"]]) == (2, ["x"])
    assert len(call(sqs, "ReceiveMessage", MaxNumberOfMessages=10)["Messages"]) == 2
