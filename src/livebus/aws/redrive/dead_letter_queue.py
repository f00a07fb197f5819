"""
A dead-letter queue, looked at without being disturbed: SQS has no peek.

In: an SQS client and a queue's URL. Out: letters, which nobody else sees meanwhile, and which are given back at the end
unless they were deleted.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, Self

from livebus.aws.refusal import told_as_faults
from livebus.numerals import whole
from livebus.redrive.letter import Letter
from livebus.redrive.lines import QueueMessage
from livebus.terminal import output as terminal

# How long a received message is hidden. A program that is killed leaves its messages hidden for so long.
HIDDEN_SECONDS = 300
# SQS takes 1 MiB in one request; AWS's pages say "1 MB" too: the smaller reading passes under both.
_MAX_BATCH_BYTES = 1_000_000
_PAGE = 10
# SQS asks all its servers only where it may wait; without, a short answer says nothing.
_WAIT_SECONDS = 1
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


class SqsClient(Protocol):
    """As much of boto3's SQS client as is used here."""

    def receive_message(self, **request: Any) -> Mapping[str, Any]: ...

    def delete_message_batch(self, **request: Any) -> Mapping[str, Any]: ...

    def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]: ...

    def send_message_batch(self, **request: Any) -> Mapping[str, Any]: ...

    def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]: ...


class DeadLetterQueue:
    """One queue. ``exact``: the local runtime answers at once with what there is; AWS's queues have to be waited for."""

    def __init__(self, client: SqsClient, url: str, *, exact: bool = False) -> None:
        self.client = client
        self.url = url
        self.wait = 0 if exact else _WAIT_SECONDS

    @property
    def name(self) -> str:
        return self.url.rstrip("/").rsplit("/", 1)[-1]

    def counts(self) -> tuple[int, int]:
        """About how many messages are visible, and how many somebody has received. Raises Unreachable."""
        with told_as_faults(f"read the queue {self.name!r}"):
            answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(_COUNTS))
        attributes = answer.get("Attributes") or {}
        visible, received = (whole(str(attributes.get(name, 0)), 2**53) or 0 for name in _COUNTS[:2])
        return visible, received

    def send(self, messages: Sequence[QueueMessage]) -> Iterator[tuple[int, str]]:
        """Send messages; yields each one's index and the reason why it was not taken, empty where it was."""
        for batch in _batches(messages):
            entries = [
                {
                    "Id": str(index),
                    "MessageBody": messages[index].body,
                    "MessageAttributes": dict(messages[index].attributes),
                }
                for index in batch
            ]
            with told_as_faults(f"send to the queue {self.name!r}"):
                answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            failed = {
                item["Id"]: f"{item.get('Code')}: {item.get('Message', '')}" for item in answer.get("Failed") or ()
            }
            yield from ((index, failed.get(str(index), "")) for index in batch)

    def taking(self) -> Taking:
        return Taking(self)


class Taking:
    """
    Letters that are taken out, for as long as it stands open: a context manager, to be entered once.

    ``kept_hidden`` counts those that could not be given back at the end; SQS shows them again after 5 minutes.
    """

    def __init__(self, queue: DeadLetterQueue) -> None:
        self._queue = queue
        self._receipts: dict[str, str] = {}
        self._done: set[str] = set()
        self.kept_hidden = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # Also after Ctrl-C: what is hidden from others for no reason looks as though it were lost.
        with _interrupted_later():
            self._give_back()

    def _give_back(self) -> None:
        entries = [
            {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
            for index, receipt in enumerate(self._receipts.values())
        ]
        for start in range(0, len(entries), _PAGE):
            page = entries[start : start + _PAGE]
            try:
                with told_as_faults("give messages back"):
                    answer = self._queue.client.change_message_visibility_batch(QueueUrl=self._queue.url, Entries=page)
                self.kept_hidden += len(answer.get("Failed") or ())
            except Exception:  # noqa: BLE001 - whatever ended the work is what is to be told; this is counted
                self.kept_hidden += len(page)
        self._receipts.clear()

    def pages(self, most: int, page: int = _PAGE) -> Iterator[list[Letter]]:
        """
        Up to ``most`` letters, each of them once, up to ``page`` (at most 10) at a time. Raises Unreachable.

        Those that are taken stay hidden; when the time for that is over SQS hands them out again, and the round is over.
        """
        taken = 0
        while taken < most:
            with _interrupted_later():
                fresh = self._received(min(_PAGE, page, most - taken))
            if not fresh:
                return
            taken += len(fresh)
            yield fresh

    def _received(self, most: int) -> list[Letter]:
        """Take letters, and know them as taken before anything else happens; those that were not taken before."""
        with told_as_faults(f"read the queue {self._queue.name!r}"):
            answer = self._queue.client.receive_message(
                QueueUrl=self._queue.url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=self._queue.wait,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
        received = [Letter.from_message(message) for message in answer.get("Messages") or ()]
        fresh = [each for each in received if not (each.message_id in self._receipts or each.message_id in self._done)]
        self._receipts |= {each.message_id: each.receipt for each in received}
        return fresh

    def delete(self, letters: Sequence[Letter]) -> dict[str, str]:
        """Delete letters for good: what could not be deleted, by message id, with the reason."""
        failed: dict[str, str] = {}
        for start in range(0, len(letters), _PAGE):
            page = letters[start : start + _PAGE]
            entries = [
                {"Id": str(index), "ReceiptHandle": self._receipts.get(letter.message_id, letter.receipt)}
                for index, letter in enumerate(page)
            ]
            with told_as_faults(f"delete messages of the queue {self._queue.name!r}"):
                answer = self._queue.client.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)
            refused = {
                item["Id"]: f"{item.get('Code')}: {item.get('Message', '')}" for item in answer.get("Failed") or ()
            }
            for index, letter in enumerate(page):
                if str(index) in refused:
                    failed[letter.message_id] = refused[str(index)]
                else:
                    self._done.add(letter.message_id)
                    self._receipts.pop(letter.message_id, None)
        return failed


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """
    Let a Ctrl-C wait for the end of a request whose answer must not be lost: messages that SQS has handed out, and
    nobody knows of, stay hidden for minutes. A second Ctrl-C does not wait.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is not signal.default_int_handler:
        yield
        return
    came = False

    def note(number: int, frame: object) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True
        terminal.talk("ending once SQS has answered, so that no message stays hidden; Ctrl-C again ends at once")

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came:
        raise KeyboardInterrupt


def _batches(messages: Sequence[QueueMessage]) -> Iterator[list[int]]:
    """Indices of messages that go into one request: at most 10, and at most a megabyte together."""
    batch: list[int] = []
    total = 0
    for index, message in enumerate(messages):
        if batch and (len(batch) == _PAGE or total + message.size > _MAX_BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(index)
        total += message.size
    if batch:
        yield batch
