"""
A dispatch in a time of its own: what it sends, to a bus that answers as a test says.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, deque
from collections.abc import Callable, Sequence

from livebus.event.stream import StreamedEntry
from livebus.publish.answer import PutEventsAnswer, Result
from livebus.publish.dispatch import Dispatch, Limits
from livebus.publish.request import Item, Request

Reply = Callable[[Request, float], PutEventsAnswer]
# What it costs to make a request, in seconds: no publisher sends without end in no time.
MAKING = 0.00005


class Outcomes:
    """Keeps what became of each entry, by its number."""

    def __init__(self) -> None:
        self.accepted_numbers: list[int] = []
        self.failures: dict[int, Result] = {}
        self.retries: Counter[str] = Counter()

    def accepted(self, items: Sequence[Item], results: Sequence[Result] | None, latency: float) -> None:
        self.accepted_numbers += [number for number, _ in items]

    def failed(self, item: Item, result: Result) -> None:
        assert item[0] not in self.failures
        self.failures[item[0]] = result

    def retried(self, count: int, code: str) -> None:
        self.retries[code] += count


class Bus:
    """
    Drives a dispatch in simulated time: each request takes ``latency``, and ``answer(request, now)`` says what comes.

    ``requests`` are the numbers in each request, ``times`` when it went. ``takes()`` is what a request takes beyond the
    latency, ``making`` what it costs to make one, ``timer`` the steps in which time is waited for: uvloop's are a
    millisecond; ``evenly`` the same where requests have to go evenly. All in seconds.
    """

    def __init__(self, limits: Limits | None = None, *, uniform: Callable[[float, float], float] | None = None) -> None:
        self.outcomes = Outcomes()
        self.dispatch = Dispatch(limits or Limits(), self.outcomes, uniform=uniform or (lambda low, high: high / 2))
        self.now = 1000.0
        self.latency = 0.03
        self.takes: Callable[[], float] = float
        self.making = MAKING
        self.timer = self.evenly = 0.0
        self.requests: list[list[int]] = []
        self.times: list[float] = []
        self.most_in_flight = 0
        self._flying: list[tuple[float, int, Request]] = []
        self._unread: deque[Item] = deque()
        self._read = 0
        self.dispatch.begin(self.now)

    def read(self, count: int, size: int = 300) -> None:
        """Entries to come; they are added as there is room."""
        self._unread += (
            (number, StreamedEntry(b'{"n":%d}' % number, size, "e.ndjson", number, number + 1))
            for number in range(self._read, self._read + count)
        )
        self._read += count

    def run(self, answer: Reply, *, seconds: float = 3600.0) -> None:
        """Until all is done, or the time is over."""
        end = self.now + seconds
        while not self.dispatch.done and self.now < end:
            self.step(answer)
            assert self.now < end + 100, "it waits for ever"

    def step(self, answer: Reply) -> None:
        """The next thing that happens: a request goes, an answer comes, or it is time to ask again."""
        dispatch = self.dispatch
        while (room := dispatch.room) and self._unread:
            dispatch.add([self._unread.popleft() for _ in range(min(room, len(self._unread)))], self.now)
        if not self._unread:
            dispatch.end()
        request = dispatch.next_request(self.now)
        if request is not None:
            self.requests.append([number for number, _ in request.items])
            self.times.append(self.now)
            heapq.heappush(self._flying, (self.now + self.latency + self.takes(), len(self.requests), request))
            self.most_in_flight = max(self.most_in_flight, dispatch.in_flight)
            self.now += self.making
            return
        if dispatch.done:
            return
        deadline = dispatch.deadline()
        if self._flying and self._flying[0][0] <= max(deadline, self.now):
            due, _, request = heapq.heappop(self._flying)
            self.now = max(self.now, due)
            # However late the publisher reads it: the service saw each request at its own time.
            dispatch.answered(request, answer(request, due), self.now)
        else:
            assert deadline < math.inf, "it waits for ever"
            timer = self.evenly if dispatch.quota.evenly else self.timer
            if timer:
                deadline = math.ceil(deadline / timer) * timer
            self.now = max(self.now + 1e-6, deadline)


def run_together(buses: Sequence[Bus], answer: Reply, *, until: float) -> None:
    """Several publishers at one service: whoever is furthest back in time goes on, until this time."""
    while going := [bus for bus in buses if bus.now < until and not bus.dispatch.done]:
        min(going, key=lambda bus: bus.now).step(answer)
