"""
Publishes a few entries with boto3 and tells what became of each: for programs that have them in hand.

In: PutEvents entries as dictionaries, and an EventBridge client. Out: one :class:`~livebus.publish.answer.Result` per
entry. ``publishing`` is for files and streams of them.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from livebus.aws import advice
from livebus.aws.publish.boto3_engine import Boto3Engine, EventsClient
from livebus.event.put_events import entry_bytes
from livebus.event.stream import StreamedEntry
from livebus.publish.answer import Result
from livebus.publish.dispatch import Dispatch, Limits
from livebus.publish.request import Addressing, Item
from livebus.publish.sending import DirectFeed, Sending

Tell = Callable[[int, Result], object]
"""Hears of each entry, by its index, as soon as its result is final."""


class _Results:
    """Keeps the result of each entry."""

    def __init__(self, tell: Tell) -> None:
        self.results: dict[int, Result] = {}
        self._tell = tell

    def accepted(self, items: Sequence[Item], results: Sequence[Result] | None, latency: float) -> None:
        del latency
        for item, result in zip(items, results or (), strict=True):
            self._final(item[0], result)

    def failed(self, item: Item, result: Result) -> None:
        self._final(item[0], result)

    def _final(self, index: int, result: Result) -> None:
        self.results[index] = result
        self._tell(index, result)

    def retried(self, count: int, code: str) -> None:
        pass


def publish(
    entries: Sequence[Mapping[str, Any]],
    client: EventsClient,
    *,
    max_attempts: int = 5,
    tell: Tell = lambda *_: None,
) -> list[Result]:
    """
    Send all entries, one request after the other, and return their results in the same order.

    Raises Unreachable where no request can succeed; what was accepted by then was told to ``tell``.
    """
    outcomes = _Results(tell)
    items = (
        (index, StreamedEntry(orjson.dumps(entry), entry_bytes(entry), "", index, 1))
        for index, entry in enumerate(entries)
    )
    dispatch = Dispatch(Limits(max_attempts, concurrency=1), outcomes, uniform=random.uniform)
    Boto3Engine(client).run(Sending(DirectFeed(items), dispatch, Addressing(), ids=True))
    if dispatch.hopeless is not None:
        raise advice.refused(dispatch.hopeless.error_code, dispatch.hopeless.error_message, "publish")
    return [outcomes.results[index] for index in range(len(entries))]
