"""The dead-letter queue with boto3."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.running import RunningRuntime


@pytest.fixture
def url(runtime: RunningRuntime) -> str:
    url = str(runtime.outputs["DeadLetterQueueUrl"])
    runtime.client("sqs").purge_queue(QueueUrl=url)
    return url


def counts(sqs: Any, url: str) -> tuple[str, str]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return attributes[names[0]], attributes[names[1]]


def test_a_message_goes_in_and_comes_out(runtime: RunningRuntime, url: str) -> None:
    """What SendMessage takes, ReceiveMessage gives, attributes, counts and digests included."""
    sqs = runtime.client("sqs")
    attributes = {"ERROR_CODE": {"DataType": "String", "StringValue": "größer 🚌"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="größer 🚌", MessageAttributes=attributes)
    (message,) = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "größer 🚌"
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"] == hashlib.md5("größer 🚌".encode()).hexdigest()
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}


def test_a_received_message_is_hidden_until_it_is_deleted(runtime: RunningRuntime, url: str) -> None:
    """A received message is not received again, and gone once it is deleted."""
    sqs = runtime.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="one")
    assert counts(sqs, url) == ("1", "0")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert counts(sqs, url) == ("0", "1")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(sqs, url) == ("0", "0")


def test_a_message_shows_again_when_it_is_let_go(runtime: RunningRuntime, url: str) -> None:
    """ChangeMessageVisibility with 0 gives a message back; its count of receipts grows."""
    sqs = runtime.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="one")
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    (second,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


def test_messages_are_deleted_in_batches_and_purged(runtime: RunningRuntime, url: str) -> None:
    """DeleteMessageBatch answers for each handle; PurgeQueue takes the rest."""
    sqs = runtime.client("sqs")
    for number in range(4):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3)["Messages"]
    assert [message["Body"] for message in received] == ["0", "1", "2"]
    entries = [{"Id": message["Body"], "ReceiptHandle": message["ReceiptHandle"]} for message in received[:2]]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "bad", "ReceiptHandle": "nonsense"}])
    assert [done["Id"] for done in answer["Successful"]] == ["0", "1"]
    assert [(failed["Id"], failed["Code"]) for failed in answer["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]
    assert counts(sqs, url) == ("1", "1")
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == ("0", "0")


def test_long_polling_waits_for_a_message(runtime: RunningRuntime, url: str) -> None:
    """ReceiveMessage with WaitTimeSeconds answers as soon as there is a message."""
    sqs = runtime.client("sqs")
    found: list[Any] = []
    asking = threading.Thread(
        target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages"))
    )
    asking.start()
    sqs.send_message(QueueUrl=url, MessageBody="late")
    asking.join(10)
    assert [message["Body"] for message in found[0]] == ["late"]


def test_a_queue_is_found_by_name(runtime: RunningRuntime, url: str) -> None:
    """GetQueueUrl and ListQueues know the template's queue."""
    sqs = runtime.client("sqs")
    assert sqs.list_queues()["QueueUrls"] == [url]
    assert sqs.get_queue_url(QueueName=url.rsplit("/", 1)[-1])["QueueUrl"] == url


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("receive_message", {"QueueUrl": "http://localhost/1/none"}, "AWS.SimpleQueueService.NonExistentQueue"),
        ("get_queue_url", {"QueueName": "none"}, "AWS.SimpleQueueService.NonExistentQueue"),
        ("delete_message", {"ReceiptHandle": "nonsense"}, "ReceiptHandleIsInvalid"),
        ("receive_message", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
    ],
)
def test_errors_have_the_codes_that_boto3_knows(
    runtime: RunningRuntime, url: str, operation: str, request_: dict[str, Any], code: str
) -> None:
    """boto3 shows the code that SQS had in the query protocol."""
    named = {} if operation == "get_queue_url" else {"QueueUrl": url}
    with pytest.raises(ClientError) as refused:
        getattr(runtime.client("sqs"), operation)(**{**named, **request_})
    assert refused.value.response["Error"]["Code"] == code
