"""
One PutEvents request: its entries, and its body.

In: entries as JSON text, each with its number in the whole input (its sequence). Out: the bytes to send. Nothing is
parsed and written again: texts are joined, and the event bus is put in where an entry names none.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import orjson

from livebus.event.put_events import MAX_ENTRIES

# AWS says "1 MB" without saying which: the smaller reading passes under both.
MAX_BATCH_BYTES = 1_000_000

# Inside a string every quotation mark has a backslash before it; what stands between two bare ones and before a colon
# is a member's name.
BUS_MEMBER = b'"EventBusName":'


class Entry(Protocol):
    """
    An entry as :mod:`livebus.event.stream` reads it.

    ``text`` is one PutEvents entry as compact JSON, beginning with ``{"``; ``size`` its bytes by AWS's formula.
    ``file``, ``index`` (from 0) and ``line`` (from 1) say where it stands.
    """

    @property
    def text(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def file(self) -> str: ...
    @property
    def index(self) -> int: ...
    @property
    def line(self) -> int: ...


Item = tuple[int, Entry]


class Attempts(NamedTuple):
    """
    What an entry has behind it: attempts that count, and those that were throttled while others were accepted.

    ``accepted`` is how many entries had been accepted in all when the last one failed.
    """

    counted: int = 0
    shared: int = 0
    accepted: int = 0


class Request:
    """
    One request on its way. ``items`` are (sequence, entry), of ``size`` bytes by AWS's formula.

    ``attempts`` has the attempts that were made before, by sequence; an entry that is not in it goes for the first
    time. ``sent_at`` is when it was handed out, ``accepted_before`` how many entries had been accepted by then.
    """

    __slots__ = ("accepted_before", "attempts", "items", "sent_at", "size")

    def __init__(
        self, items: list[Item], attempts: Mapping[int, Attempts], size: int, sent_at: float, accepted: int
    ) -> None:
        self.items = items
        self.attempts = attempts
        self.size = size
        self.sent_at = sent_at
        self.accepted_before = accepted


class Addressing:
    """
    Which bus entries go to.

    ``default`` is for entries that name none; ``override`` stands above what they name. Empty strings where there is
    no such bus: such an entry goes to the account's default bus.
    """

    def __init__(self, default: str = "", override: str = "") -> None:
        self.override = override
        self._spliced = b""
        self.use(override or default)

    def use(self, default: str) -> None:
        """Use this default from now on."""
        self._spliced = b'{"EventBusName":%b,' % orjson.dumps(default) if default else b""

    def addressed(self, text: bytes) -> bytes:
        """The text of an entry with its bus in it."""
        if BUS_MEMBER in text:
            if not self.override:
                return text
            entry = orjson.loads(text)
            if "EventBusName" in entry:  # and not in a string that only looks like it
                return orjson.dumps(entry | {"EventBusName": self.override})
        return self._spliced + text[1:] if self._spliced else text

    def body(self, items: Iterable[Item]) -> bytes:
        """The body of a request with these entries."""
        texts = [item[1].text for item in items]
        joined = b",".join(texts)
        if BUS_MEMBER in joined:  # rare: one look at all of them costs less than one at each
            joined = b",".join([self.addressed(text) for text in texts])
        elif self._spliced:
            spliced = self._spliced
            joined = spliced + (b"," + spliced).join([text[1:] for text in texts])
        return b'{"Entries":[%b]}' % joined


def named_bus(text: bytes) -> str:
    """The bus that an entry itself names; an empty string where it names none."""
    return str(orjson.loads(text).get("EventBusName", "")) if BUS_MEMBER in text else ""


def requests_needed(sizes: Iterable[int]) -> int:
    """The number of requests for entries of these sizes, if none fails."""
    requests = count = total = 0
    for size in sizes:
        if not requests or count == MAX_ENTRIES or total + size > MAX_BATCH_BYTES:
            requests, count, total = requests + 1, 0, 0
        count, total = count + 1, total + size
    return requests
