"""
Checks of sizes: of sample events, and of the messages that subscribers would get of them.

In: an inspection with samples. Out: faults; and notes on samples that are billed as more than one. What PutEvents refuses
for its size is a fault of the event file, and an operation cannot be too large in a template of 1 MB.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from livebus.capacity.figures import EVENT_STEP_BYTES, MESSAGE_STEP_BYTES
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection, Sample, SampleAttempt
from livebus.errors import Fault
from livebus.event.put_events import entry_bytes
from livebus.subscription.registry import SubscriptionSettings

CHECKS = Checks()

_PUT_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"
_QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/appsync.html"
_PRICING = "https://aws.amazon.com/eventbridge/pricing/"

# "1 MB" may be 1,000,000 or 1,048,576 bytes: AWS does not say which. Between the two an event may be refused.
SURE_REQUEST_BYTES = 1_000_000
MAX_MESSAGE = SubscriptionSettings().max_payload


@CHECKS.add(
    "E9195",
    "The message of each sample event fits a subscription message of 240 KB",
    why="The event is taken and the mutation runs. AppSync drops a larger message, and tells nobody.",
    source=_QUOTAS,
)
def _messages_fit(inspection: Inspection) -> Iterator[Fault]:
    for rehearsed in inspection.attempts:
        for field, size in _messages(rehearsed):
            if size > MAX_MESSAGE:
                found = f"{_of(rehearsed.sample)} makes a message of {size:,} bytes on the subscription {field!r}"
                advice = "Pass less in the input, or select less in the operation: subscribers can fetch the rest."
                yield Fault(found, rehearsed.sample.place, f"at most {MAX_MESSAGE:,}", advice)


@CHECKS.add(
    "W9195",
    "Each sample event is below 1,000,000 bytes",
    why='AWS says "1 MB" and not whether that is 1,000,000 or 1,048,576 bytes: PutEvents may refuse the request.',
    source=_PUT_EVENTS,
)
def _entries_fit(inspection: Inspection) -> Iterator[Fault]:
    for sample in inspection.samples:
        size = event_bytes(sample)
        if sample.expected and size > SURE_REQUEST_BYTES:
            found = f"{_of(sample)} has {size:,} bytes as a PutEvents entry"
            yield Fault(found, sample.place, f"at most {SURE_REQUEST_BYTES:,} to be sure")


@CHECKS.add(
    "I9195",
    "Each sample event is billed as one event and one message",
    why="EventBridge bills each started 64 KB of an event, AppSync each started 5 KB of a message to a subscriber.",
    source=_PRICING,
)
def _billed_once(inspection: Inspection) -> Iterator[Fault]:
    messages: dict[int, int] = {}
    for rehearsed in inspection.attempts:
        sizes = [size for _, size in _messages(rehearsed) if size <= MAX_MESSAGE]
        messages[id(rehearsed.sample)] = max([messages.get(id(rehearsed.sample), 0), *sizes])
    for sample in inspection.samples:
        if not sample.expected:
            continue
        event, message = event_bytes(sample), messages.get(id(sample), 0)
        bills = []
        if event > EVENT_STEP_BYTES:
            bills.append(f"as {-(-event // EVENT_STEP_BYTES)} events ({event:,} bytes)")
        if message > MESSAGE_STEP_BYTES:
            bills.append(f"as {-(-message // MESSAGE_STEP_BYTES)} messages to each subscriber ({message:,} bytes)")
        if bills:
            yield Fault(f"{_of(sample)} is billed {' and '.join(bills)}", sample.place)


def event_bytes(sample: Sample) -> int:
    """The size of a sample as PutEvents counts it, a Time that it may have had left out."""
    envelope = sample.event.envelope
    detail = sample.event.detail_text
    entry = {
        "Source": envelope["source"],
        "DetailType": envelope["detail-type"],
        "Detail": orjson.dumps(envelope["detail"]).decode() if detail is None else detail,
        "Resources": envelope["resources"],
    }
    return entry_bytes(entry)


def _messages(rehearsed: SampleAttempt) -> Iterator[tuple[str, int]]:
    """The subscription fields that a mutation feeds, with the bytes for a subscriber who asks for all that there is."""
    attempt = rehearsed.attempt
    for publication in attempt.response.publications if attempt.response is not None else ():
        for field in attempt.target.api.schema.links.get(publication.mutation, ()):
            yield field, len(orjson.dumps({"data": {field: publication.value}}))


def _of(sample: Sample) -> str:
    return f"the sample event {sample.file}[{sample.index}]" if sample.index else f"the sample event {sample.file}"
