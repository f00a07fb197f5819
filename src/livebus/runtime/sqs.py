"""
Amazon SQS as far as a dead-letter queue needs it: read, hide, delete, send, count, purge; also in batches. JSON 1.0.

The messages are in the journal, so that dead letters outlive the runtime. Other calls are refused by their names.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from livebus.numerals import whole
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.kept.journal import DeliveryJournal, QueuedMessage
from livebus.template.application import Queue

_VISIBILITY_SECONDS = 30
_MAX_VISIBILITY_SECONDS = 43_200
_MAX_WAIT_SECONDS = 20
_LOOK_AGAIN_SECONDS = 0.2
_STRING_TRANSPORT = 1
_MAX_BATCH = 10
_LAST_ROW = 2**63 - 1
# What SDKs showed as an error's code before SQS spoke JSON, and show still.
_QUERY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
}

_Answer = dict[str, Any] | Awaitable[dict[str, Any]]


class Sqs:
    def __init__(
        self,
        queues: Iterable[Queue],
        journal: DeliveryJournal,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._is_closing = False
        self.replace_queues(queues)

    def replace_queues(self, queues: Iterable[Queue]) -> None:
        self._queues = {queue.name: queue for queue in queues}

    def call(self, action: str, body: Mapping[str, Any]) -> _Answer:
        """The answer to one call; ReceiveMessage's may take its time. Raises AwsError."""
        handler = _ACTIONS.get(action)
        if handler is None:
            raise _error("UnsupportedOperation", f"sqs:{action} is not emulated by the local runtime.")
        return handler(self, body)

    def close(self) -> None:
        """Let those go that wait for a message."""
        self._is_closing = True

    # --- queues -----------------------------------------------------------------------------------------------------

    def _queue(self, body: Mapping[str, Any]) -> Queue:
        # Like AWS, only the last part of the URL counts: clients reach the same queue by other host names.
        queue = self._queues.get(str(body.get("QueueUrl", "")).rstrip("/").rsplit("/", 1)[-1])
        if queue is None:
            raise _no_such_queue()
        return queue

    def _list_queues(self, body: Mapping[str, Any]) -> dict[str, Any]:
        prefix = str(body.get("QueueNamePrefix") or "")
        return {"QueueUrls": [queue.url for name, queue in self._queues.items() if name.startswith(prefix)]}

    def _get_queue_url(self, body: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queues.get(str(body.get("QueueName")))
        if queue is None:
            raise _no_such_queue()
        return {"QueueUrl": queue.url}

    def _get_queue_attributes(self, body: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queue(body)
        visible, hidden = self._journal.counts(queue.arn, self._clock())
        attributes = {
            "QueueArn": queue.arn,
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "ApproximateNumberOfMessagesDelayed": "0",
            "VisibilityTimeout": str(_VISIBILITY_SECONDS),
        }
        wanted = _names(body, "AttributeNames")
        return {"Attributes": {key: value for key, value in attributes.items() if key in wanted or "All" in wanted}}

    def _purge(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._journal.purge(self._queue(body).arn)
        return {}

    # --- messages ---------------------------------------------------------------------------------------------------

    def _send(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._sent(self._queue(body), body)

    def _sent(self, queue: Queue, body: Mapping[str, Any]) -> dict[str, Any]:
        text = body.get("MessageBody")
        if not isinstance(text, str) or not text:
            raise _error("MissingParameter", "The request must contain the parameter MessageBody.")
        given = body.get("MessageAttributes") or {}
        if not isinstance(given, Mapping) or not all(_is_text_attribute(item) for item in given.values()):
            raise _error("UnsupportedOperation", "The local runtime keeps message attributes of type String only.")
        attributes = {name: str(item["StringValue"]) for name, item in given.items()}
        message_id = self._new_id()
        self._journal.send(queue.arn, message_id, text, attributes, self._clock())
        answer = {"MessageId": message_id, "MD5OfMessageBody": _md5(text)}
        return {**answer, "MD5OfMessageAttributes": md5_of_attributes(attributes)} if attributes else answer

    def _receive(self, body: Mapping[str, Any]) -> _Answer:
        queue = self._queue(body)
        most = _between("MaxNumberOfMessages", body.get("MaxNumberOfMessages"), 1, 1, 10)
        wait = _between("WaitTimeSeconds", body.get("WaitTimeSeconds"), 0, 0, _MAX_WAIT_SECONDS)
        timeout = _between(
            "VisibilityTimeout", body.get("VisibilityTimeout"), _VISIBILITY_SECONDS, 0, _MAX_VISIBILITY_SECONDS
        )
        wanted = [*_names(body, "AttributeNames"), *_names(body, "MessageSystemAttributeNames")]
        wanted_attributes = _names(body, "MessageAttributeNames")

        def take() -> dict[str, Any]:
            now = self._clock()
            found = self._journal.receive(queue.arn, most, now=now, hidden_until=now + timeout, receipt=self._new_id())
            messages = [_as_message(message, wanted, wanted_attributes) for message in found]
            return {"Messages": messages} if messages else {}

        answer = take()
        return answer if answer or not wait else self._take_later(take, wait)

    async def _take_later(self, take: Callable[[], dict[str, Any]], wait: int) -> dict[str, Any]:
        """Long polling: look again until there is a message, or the time is over."""
        end = self._clock() + wait
        answer: dict[str, Any] = {}
        while not answer and not self._is_closing and self._clock() < end:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            answer = take()
        return answer

    def _delete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._journal.delete(self._queue(body).arn, _row(body.get("ReceiptHandle")))
        return {}

    def _delete_batch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queue(body)

        def delete(entry: Mapping[str, Any]) -> dict[str, Any]:
            self._journal.delete(queue.arn, _row(entry.get("ReceiptHandle")))
            return {}

        return _each(body, delete)

    def _send_batch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queue(body)
        return _each(body, lambda entry: self._sent(queue, entry))

    def _change_visibility_batch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queue(body)

        def change(entry: Mapping[str, Any]) -> dict[str, Any]:
            self._hide(queue, entry)
            return {}

        return _each(body, change)

    def _change_visibility(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._hide(self._queue(body), body)
        return {}

    def _hide(self, queue: Queue, body: Mapping[str, Any]) -> None:
        timeout = _between("VisibilityTimeout", body.get("VisibilityTimeout"), 0, 0, _MAX_VISIBILITY_SECONDS)
        self._journal.hide(queue.arn, _row(body.get("ReceiptHandle")), self._clock() + timeout)


_ACTIONS: dict[str, Callable[[Sqs, Mapping[str, Any]], _Answer]] = {
    "ChangeMessageVisibility": Sqs._change_visibility,
    "ChangeMessageVisibilityBatch": Sqs._change_visibility_batch,
    "DeleteMessage": Sqs._delete,
    "DeleteMessageBatch": Sqs._delete_batch,
    "GetQueueAttributes": Sqs._get_queue_attributes,
    "GetQueueUrl": Sqs._get_queue_url,
    "ListQueues": Sqs._list_queues,
    "PurgeQueue": Sqs._purge,
    "ReceiveMessage": Sqs._receive,
    "SendMessage": Sqs._send,
    "SendMessageBatch": Sqs._send_batch,
}


def _as_message(message: QueuedMessage, wanted: list[str], wanted_attributes: list[str]) -> dict[str, Any]:
    everything = "All" in wanted_attributes or ".*" in wanted_attributes
    attributes = {key: value for key, value in message.attributes.items() if everything or key in wanted_attributes}
    system = {
        "SenderId": "events.amazonaws.com",
        "SentTimestamp": str(int(message.sent * 1000)),
        "ApproximateReceiveCount": str(message.received),
        "ApproximateFirstReceiveTimestamp": str(int((message.first_received or message.sent) * 1000)),
    }
    answer: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": f"{message.row}:{message.message_id}",
        "MD5OfBody": _md5(message.body),
        "Body": message.body,
    }
    if "All" in wanted or any(name in wanted for name in system):
        answer["Attributes"] = {key: value for key, value in system.items() if key in wanted or "All" in wanted}
    if attributes:
        answer["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
        answer["MessageAttributes"] = {
            key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()
        }
    return answer


def md5_of_attributes(attributes: Mapping[str, str]) -> str:
    """
    The digest that SDKs check: for each name in order, its length and bytes, the type's, a transport byte, the value's.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
    """
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        for part in (name, "String"):
            digest.update(struct.pack(">I", len(part.encode())) + part.encode())
        value = attributes[name].encode()
        digest.update(bytes([_STRING_TRANSPORT]) + struct.pack(">I", len(value)) + value)
    return digest.hexdigest()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _row(receipt_handle: Any) -> int:
    row = whole(str(receipt_handle).split(":", 1)[0], _LAST_ROW)
    if row is None:
        raise _error(
            "ReceiptHandleIsInvalid", f'The input receipt handle "{receipt_handle}" is not a valid receipt handle.'
        )
    return row


def _names(body: Mapping[str, Any], member: str) -> list[str]:
    names = body.get(member) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _error("InvalidParameterValue", f"{member} is not a list of names.")
    return names


def _each(body: Mapping[str, Any], act: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The answer to a batch: what each entry was answered with, or why it failed."""
    done, failed = [], []
    for entry in _entries(body):
        try:
            done.append({"Id": entry.get("Id"), **act(entry)})
        except AwsError as error:
            told = {"Code": error.error_type.rsplit("#", 1)[-1], "Message": error.message}
            failed.append({"Id": entry.get("Id"), "SenderFault": True, **told})
    return {"Successful": done, "Failed": failed}


def _entries(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = body.get("Entries")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _error("InvalidParameterValue", "Entries is not a list of entries.")
    if not entries:
        message = "There should be at least one entry in the request."
        raise _error("EmptyBatchRequest", message)
    if len(entries) > _MAX_BATCH:
        message = f"Maximum number of entries per request are {_MAX_BATCH}. You have sent {len(entries)}."
        raise _error("TooManyEntriesInBatchRequest", message)
    return entries


def _is_text_attribute(item: Any) -> bool:
    return isinstance(item, dict) and item.get("DataType") == "String" and isinstance(item.get("StringValue"), str)


def _between(name: str, value: Any, default: int, least: int, most: int) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _error(
            "InvalidParameterValue",
            f"Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided.",
        )
    return value


def _no_such_queue() -> AwsError:
    return _error("QueueDoesNotExist", "The specified queue does not exist.")


def _error(name: str, message: str) -> AwsError:
    return AwsError(f"com.amazonaws.sqs#{name}", message, query_code=_QUERY_CODES.get(name, name))
