"""
Counts what arrived of what was published: lost, doubled, out of order, and how long each message took.

In: what is expected to arrive, with the time at which it was published, and what arrived, with its time. Times are seconds
of one clock. Out: a :class:`ArrivalTally`. Memory is bounded however long it runs: what is awaited, and what came lately.

A message is known by its data alone, as canonical JSON: AppSync gives it no number that the publisher knows. Where its data has
``Unforeseen`` any value is right. Of messages
with the same data the first one published is taken to be the first to arrive. "Out of order" is what RFC 4737 says
(https://www.rfc-editor.org/rfc/rfc4737#section-3): it was published before one that has arrived already. Neither
EventBridge nor AppSync promises an order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import Any

import orjson

from livebus.publish.latencies import Latencies
from livebus.publish.unforeseen import NOWHERE, Places, blanked, places_of

_NUMBERS_SHOWN = 20
_WIDTH = 80
# Kinds of messages, by what of them is not known before; what comes is held against each.
_MOST_KINDS = 64


def key(data: Any) -> bytes:
    """What two messages with the same data have in common, however their members are ordered and 1.0 is written."""
    text = orjson.dumps(_plain(data), option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=12).digest()


def _plain(value: Any) -> Any:
    """A JSON value whose whole numbers are ints: JavaScript, and so AppSync, writes 1.0 as 1."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


@dataclass(frozen=True, slots=True)
class ArrivalTally:
    """
    What became of the messages. ``lost_numbers`` are the first of those that did not arrive, by the numbers they were
    published with; ``unexpected`` is what nobody had said would come, or came again long after.
    """

    expected: int
    arrived: int
    lost: int
    lost_numbers: tuple[int, ...]
    doubled: int
    out_of_order: int
    unexpected: int
    latencies: Latencies

    @property
    def complete(self) -> bool:
        """Whether all arrived, each once. Order is not promised, so it is no part of this."""
        return not (self.lost or self.doubled or self.unexpected)

    @property
    def json(self) -> dict[str, Any]:
        """The tally for machines; durations are milliseconds."""
        percentiles = {f"p{percent:g}": _milliseconds(self.latencies.percentile(percent)) for percent in PERCENTILES}
        return {
            "expected": self.expected,
            "arrived": self.arrived,
            "lost": self.lost,
            "lostNumbers": list(self.lost_numbers),
            "doubled": self.doubled,
            "outOfOrder": self.out_of_order,
            "unexpected": self.unexpected,
            "latencyMilliseconds": {
                "min": _milliseconds(self.latencies.least if self.latencies.count else 0.0),
                **percentiles,
                "max": _milliseconds(self.latencies.most),
                "mean": _milliseconds(self.latencies.mean),
            },
        }


PERCENTILES = (50, 90, 99, 99.9)


# The number of a message, and when it was published.
_Sent = tuple[int, float]


class Arrivals:
    """
    Puts together what was published and what arrives.

    ``awaited`` is how many messages it waits for at once: beyond it the oldest counts as lost. ``remembered`` is how many
    that have arrived it knows, to tell what comes twice from what nobody sent.
    """

    def __init__(self, *, awaited: int = 200_000, remembered: int = 200_000) -> None:
        self._awaited = awaited
        self._remembered = remembered
        # By key: number and time of the message that has not arrived; of all those with the same data, the first first.
        self._pending: dict[bytes, _Sent | deque[_Sent]] = {}
        self._numbers: set[int] = set()
        self._order: deque[tuple[bytes, int]] = deque()  # what has arrived is in it until there is much of that
        self._seen: dict[bytes, None] = {}
        self._expected = self._arrived = self._doubled = self._unordered = self._unexpected = self._given_up = 0
        self._given_up_numbers: list[int] = []
        self._next = 0
        self._latencies = Latencies()
        self._kinds: dict[Places, None] = {NOWHERE: None}

    @property
    def waiting(self) -> int:
        """How many messages are awaited."""
        return len(self._numbers)

    def published(self, number: int, data: Any, at: float) -> None:
        """
        A message with this data is on its way: to be told before it is sent, as it may arrive before PutEvents answers.

        Numbers ascend in the order of publishing.
        """
        if len(self._kinds) < _MOST_KINDS:
            self._kinds[places_of(data)] = None
        found = key(data)
        pending = self._pending.get(found)
        if pending is None:
            self._pending[found] = (number, at)
        elif isinstance(pending, deque):
            pending.append((number, at))
        else:
            self._pending[found] = deque([pending, (number, at)])
        self._order.append((found, number))
        self._expected += 1
        self._numbers.add(number)
        if len(self._numbers) > self._awaited:
            self._give_up_oldest()
        elif len(self._order) > 2 * len(self._numbers) + 10_000:
            self._order = deque(each for each in self._order if each[1] in self._numbers)

    def received(self, data: Any, at: float) -> None:
        """A message has arrived."""
        found, sent = b"", None
        keys = [key(blanked(data, places)) for places in self._kinds]
        for found in keys:
            if (sent := self._taken(found)) is not None:
                break
        if sent is None:
            if any(each in self._seen for each in keys):
                self._doubled += 1
            else:
                self._unexpected += 1
            return
        number, published = sent
        self._arrived += 1
        self._latencies.add(max(0.0, at - published))
        if number < self._next:
            self._unordered += 1
        else:
            self._next = number + 1
        self._seen.pop(found, None)
        self._seen[found] = None
        if len(self._seen) > self._remembered:
            del self._seen[next(iter(self._seen))]

    def tally(self) -> ArrivalTally:
        """As of now: what has not arrived counts as lost."""
        waiting = sorted(self._numbers)
        return ArrivalTally(
            expected=self._expected,
            arrived=self._arrived,
            lost=self._given_up + len(waiting),
            lost_numbers=tuple([*self._given_up_numbers, *waiting][:_NUMBERS_SHOWN]),
            doubled=self._doubled,
            out_of_order=self._unordered,
            unexpected=self._unexpected,
            latencies=self._latencies,
        )

    def _taken(self, found: bytes) -> _Sent | None:
        """The first of the awaited messages with this key, which is awaited no more; None where there is none."""
        pending = self._pending.get(found)
        if pending is None:
            return None
        sent = pending.popleft() if isinstance(pending, deque) else pending
        if pending is sent or not pending:
            del self._pending[found]
        self._numbers.discard(sent[0])
        return sent

    def _give_up_oldest(self) -> None:
        while self._order:
            found, number = self._order.popleft()
            if number in self._numbers:
                self._taken(found)
                self._given_up += 1
                if len(self._given_up_numbers) < _NUMBERS_SHOWN:
                    self._given_up_numbers.append(number)
                return


def histogram(latencies: Latencies, *, bar: str = "█", width: int = _WIDTH) -> list[str]:
    """
    The durations as lines: a bar for each of the steps 1, 2, 5, 10, …, with no more characters than ``width`` leaves room for, and
    the percentiles.

    ``bar`` is one character, for terminals that have no block.
    """
    if not latencies.count:
        return ["nothing arrived"]
    steps = [factor * 10.0**power for power in range(-6, 6) for factor in (1, 2, 5)]
    low = max((step for step in steps if step <= latencies.least), default=0.0)
    edges = [step for step in steps if low < step < latencies.most] + [
        min((step for step in steps if step >= latencies.most), default=latencies.most)
    ]
    counts = latencies.counts(edges)
    labels = [f"{_duration(start)} – {_duration(end)}" for start, end in zip([low, *edges], edges, strict=False)]
    left = max(map(len, labels))
    right = max(len(f"{count:,}") for count in counts)
    room = max(1, width - left - right - len("    100.0 %"))
    most = max(counts)
    lines = [
        f"{label:>{left}}  {bar * ceil(room * count / most):<{room}} {count:>{right},} {100 * count / latencies.count:5.1f} %"
        for label, count in zip(labels, counts, strict=True)
    ]
    told = ", ".join(f"p{percent:g} {_duration(latencies.percentile(percent))}" for percent in PERCENTILES)
    return [*lines, f"{told}, max {_duration(latencies.most)}"]


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs" if seconds >= 1e-6 else "0 µs"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
