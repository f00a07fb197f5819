"""
Which entries go when, and what became of each: batches, attempts, back-off, the end.

In: entries with their numbers, answers, and the time. Out: requests to send, when to ask again, and for each entry, once,
whether it was accepted or failed. An entry that failed for a passing reason waits for its own time (full jitter) and
then joins the next request; nothing else waits for it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from livebus.event.put_events import MAX_ENTRIES
from livebus.publish.answer import HOPELESS, NO_ANSWER, PASSING, THROTTLED, PutEventsAnswer, Result
from livebus.publish.concurrency import MOST, Window
from livebus.publish.pace import Quota, Rate
from livebus.publish.request import MAX_BATCH_BYTES, Attempts, Item, Request

BASE_SECONDS = 0.1
CAP_SECONDS = 20.0
# What becomes due within this time goes together.
GRID_SECONDS = 0.025
# A batch that is not full waits so long for more of a stream.
LINGER_SECONDS = 0.005
# Throttled while others are accepted is no fault of the entry's: its share of a busy quota just did not come yet. That
# ends as well, after so many times the attempts that count.
SHARED_TIMES = 20
INFINITE = math.inf


class Limits(NamedTuple):
    """
    What a publication may take.

    ``rate`` is in entries per second (0: as fast as it goes), ``concurrency`` in requests in flight (0: found by
    itself), ``max_seconds`` the time for all (0: no limit). ``entries`` and ``size`` (bytes) bound what is held at once.
    """

    max_attempts: int = 5
    max_seconds: float = 0.0
    rate: float = 0.0
    concurrency: int = 0
    most_concurrency: int = MOST
    entries: int = 20_000
    size: int = 12_000_000


class Outcomes(Protocol):
    """Is told of each entry, once, what became of it."""

    def accepted(self, items: Sequence[Item], results: Sequence[Result] | None, latency: float) -> None:
        """Accepted entries of one request, after so many seconds; ``results`` where the event ids are known."""

    def failed(self, item: Item, result: Result) -> None:
        """An entry for which no further attempt is made."""

    def retried(self, count: int, code: str) -> None:
        """So many entries are to be sent again, for this reason."""


_FRESH = Attempts()
_NONE: Mapping[int, Attempts] = {}
_UNSENT = Result("", "NotSent", "the verb ended before it was accepted")
_TIME_IS_OVER = "the time is over"


class Dispatch:
    """
    The entries between input and bus.

    ``uniform(low, high)`` is chance. No more is to be added than there is ``room`` for. ``stopped`` says why nothing
    more is sent; it is empty while all goes on. ``hopeless`` is the answer that every later request would get as well.
    """

    def __init__(self, limits: Limits, outcomes: Outcomes, *, uniform: Callable[[float, float], float]) -> None:
        self._limits = limits
        self._outcomes = outcomes
        self._uniform = uniform
        self._fresh: deque[Item] = deque()
        self._waiting: list[tuple[float, int, Item, Attempts, Result]] = []
        self._unclear: list[tuple[Item, Result]] = []
        self._held = 0  # entries that are fresh, waiting or in flight
        self._held_bytes = 0
        self._lingers_until = 0.0
        self._deadline = INFINITE
        self._rate = Rate(limits.rate) if limits.rate else None
        self._batch = self._rate.batch if self._rate else MAX_ENTRIES
        self.window = Window(limits.concurrency or limits.most_concurrency, fixed=limits.concurrency > 0)
        self.quota = Quota()
        self.in_flight = 0
        self.accepted = 0
        self._unanswered = 0  # requests in a row
        self.ended = False
        self.stopped = ""
        self.hopeless: Result | None = None

    def begin(self, now: float) -> None:
        """The clock runs from now on."""
        if self._limits.max_seconds:
            self._deadline = now + self._limits.max_seconds

    @property
    def out_of_time(self) -> bool:
        """Whether it was stopped because the time is over."""
        return self.stopped == _TIME_IS_OVER

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: all is through, or it was stopped, and nothing is in flight."""
        return not self.in_flight and (bool(self.stopped) or (self.ended and not self._held))

    # --- input ------------------------------------------------------------------------------------------------------

    @property
    def wants_more(self) -> bool:
        """Whether the next request could not be filled from what is there."""
        return len(self._fresh) < self._batch and not self.ended

    @property
    def room(self) -> int:
        """How many more entries to add now: as many as the next requests need, within the limits."""
        if self.ended or self.stopped or self._held_bytes >= self._limits.size:
            return 0
        return max(0, min(2 * MAX_ENTRIES - len(self._fresh), self._limits.entries - self._held))

    def add(self, items: Sequence[Item], now: float) -> None:
        """Take entries, in the order in which they are to go."""
        if not self._fresh:
            self._lingers_until = now + LINGER_SECONDS
        self._fresh.extend(items)
        self._held += len(items)
        self._held_bytes += sum([item[1].size for item in items])

    def end(self) -> None:
        """There is no more input."""
        self.ended = True

    def stop(self, reason: str) -> None:
        """Send nothing more. Answers to what is in flight are still taken."""
        self.stopped = self.stopped or reason

    # --- requests ---------------------------------------------------------------------------------------------------

    def next_request(self, now: float) -> Request | None:
        """The next request, or None where nothing may go now."""
        if self.stopped or not (self._fresh or self._waiting):
            return None
        if now >= self._deadline:
            self.stop(_TIME_IS_OVER)
            return None
        if self.window.is_full(self.in_flight) or self._paced() > now or self.in_flight >= self._enough():
            return None
        waiting = self._waiting
        if waiting and waiting[0][0] <= now:
            return self._filled(*self._due(now), now)
        count = len(self._fresh)
        if count >= self._batch or (count and (self.ended or now >= self._lingers_until)):
            return self._filled([], _NONE, 0, now)
        return None

    def deadline(self) -> float:
        """When ``next_request`` may give something that it does not give now, if nothing comes in before."""
        if self.stopped or self.in_flight >= self.window.size or self.in_flight >= self._enough():
            return INFINITE if self.stopped else self._deadline
        due = self._waiting[0][0] if self._waiting else INFINITE
        if self._fresh:
            full = len(self._fresh) >= self._batch or self.ended
            due = min(due, 0.0 if full else self._lingers_until)
        return min(self._deadline, max(due, self._paced()))

    def _paced(self) -> float:
        """The time before which no request may go."""
        return max(self.quota.next, self._rate.next) if self._rate is not None else self.quota.next

    def _enough(self) -> float:
        """The requests in flight that are enough for the rate that is wanted, or allowed."""
        most = self.quota.per_second
        if self._rate is not None:
            most = min(most, self._rate.per_second / self._batch)
        return self.window.needed(most)

    def _due(self, now: float) -> tuple[list[Item], dict[int, Attempts], int]:
        """The entries that have waited long enough, as many as one request takes."""
        items: list[Item] = []
        attempts: dict[int, Attempts] = {}
        size = 0
        while self._waiting and self._waiting[0][0] <= now and len(items) < self._batch:
            _, sequence, item, before, _ = self._waiting[0]
            if items and size + item[1].size > MAX_BATCH_BYTES:
                break
            heapq.heappop(self._waiting)
            items.append(item)
            attempts[sequence] = before
            size += item[1].size
        return items, attempts, size

    def _filled(self, items: list[Item], attempts: Mapping[int, Attempts], size: int, now: float) -> Request:
        """Fill up with fresh entries, and book it as sent. An entry above the limit goes alone: AWS has the last word."""
        fresh, batch = self._fresh, self._batch
        if not items and len(fresh) >= batch and self._held_bytes <= MAX_BATCH_BYTES:  # then no batch is too large
            items = [fresh.popleft() for _ in range(batch)]
            size = sum([item[1].size for item in items])
        while fresh and len(items) < batch:
            more = fresh[0][1].size
            if items and size + more > MAX_BATCH_BYTES:
                break
            items.append(fresh.popleft())
            size += more
        self._lingers_until = now + LINGER_SECONDS
        self.in_flight += 1
        self.quota.sent(now)
        if self._rate is not None:
            self._rate.sent(len(items), now)
        return Request(items, attempts, size, now, self.accepted)

    # --- answers ----------------------------------------------------------------------------------------------------

    def answered(self, request: Request, answer: PutEventsAnswer, now: float) -> None:
        """Take the answer to a request that is in flight."""
        self.in_flight -= 1
        latency = now - request.sent_at
        error, results = answer
        self._unanswered = self._unanswered + 1 if error is not None and error.error_code == NO_ANSWER else 0
        if error is not None:
            self.quota.answered(now, request.sent_at, float(error.error_code in THROTTLED))
            self._request_failed(request, error, now)
            return
        self.window.answered(latency, now)
        items = request.items
        if results is not None:
            failed = [pair for pair in zip(items, results, strict=True) if not pair[1].event_id]
            if failed:
                accepted = [pair for pair in zip(items, results, strict=True) if pair[1].event_id]
                throttled = sum([result.error_code in THROTTLED for _, result in failed])
                self.quota.answered(now, request.sent_at, throttled / len(items))
                self._accepted([item for item, _ in accepted], [result for _, result in accepted], latency, now)
                self._let_go([item for item, _ in accepted])
                self._failed(request, failed, now)
                return
        self.quota.answered(now, request.sent_at, 0.0)
        self._accepted(items, results, latency, now)
        self._held -= len(items)
        self._held_bytes -= request.size

    def _accepted(self, items: Sequence[Item], results: Sequence[Result] | None, latency: float, now: float) -> None:
        if not items:
            return
        if self._rate is not None and not self.accepted:
            self._rate.begin(now)
        self.accepted += len(items)
        self._outcomes.accepted(items, results, latency)

    def _request_failed(self, request: Request, error: Result, now: float) -> None:
        pairs = [(item, error) for item in request.items]
        if error.error_code in HOPELESS:
            self._give_up(pairs, error)
        else:
            self._failed(request, pairs, now)

    def _give_up(self, pairs: list[tuple[Item, Result]], error: Result) -> None:
        self.hopeless = self.hopeless or error
        self.stop(f"{error.error_code}: {error.error_message}")
        self._unclear += pairs

    def _failed(self, request: Request, pairs: list[tuple[Item, Result]], now: float) -> None:
        """Let the entries of one request that failed wait for another attempt, or tell that they have failed."""
        # What came with this very answer does not make it a busy quota: an entry can be throttled for ever.
        others = self.accepted - (len(request.items) - len(pairs))
        again: list[tuple[Item, Attempts, Result]] = []
        for item, result in pairs:
            code = result.error_code
            before = request.attempts.get(item[0], _FRESH)
            busy = others > (before.accepted if before is not _FRESH else request.accepted_before)
            if code in THROTTLED and busy and before.shared < SHARED_TIMES * self._limits.max_attempts:
                after = Attempts(before.counted, before.shared + 1, self.accepted)
            else:
                after = Attempts(before.counted + 1, before.shared, self.accepted)
            passes = code in PASSING or code == NO_ANSWER
            if passes and self.stopped:
                self._unclear.append((item, result))
            elif passes and after.counted < self._limits.max_attempts:
                again.append((item, after, result))
                self._outcomes.retried(1, code)
            elif code == NO_ANSWER and self._nobody_answers():
                self._give_up([(item, result)], result)
            else:
                self._let_go((item,))
                self._outcomes.failed(item, result)
        if again:
            self._wait(again, now)

    def _nobody_answers(self) -> bool:
        """Whether so many requests in a row had no answer that there is nobody: all that are in flight, and more."""
        return self._unanswered >= max(self._limits.max_attempts, 2 * self.in_flight)

    def _wait(self, again: list[tuple[Item, Attempts, Result]], now: float) -> None:
        """One pause for all entries of a request: they stay together."""
        # Where others are accepted, the pace is what keeps a throttled entry back: it need not wait long as well.
        exponent = max(
            after.counted + min(after.shared, 1) if after.counted else min(after.shared - 1, 2) for _, after, _ in again
        )
        pause = self._uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2**exponent))
        due = math.ceil((now + pause) / GRID_SECONDS) * GRID_SECONDS
        for item, after, result in again:
            heapq.heappush(self._waiting, (due, item[0], item, after, result))

    def _let_go(self, items: Sequence[Item]) -> None:
        self._held -= len(items)
        self._held_bytes -= sum([item[1].size for item in items])

    def left(self) -> Iterator[tuple[Item, Result]]:
        """
        What was taken in and has neither been accepted nor failed, after the end; with what is known of it.

        An error code of NoAnswer says that it may have been accepted.
        """
        for item, result in sorted([*self._unclear, *(each[2::2] for each in self._waiting)], key=_sequence):
            yield item, result if result.error_code == NO_ANSWER else _UNSENT
        yield from ((item, _UNSENT) for item in self._fresh)


def _sequence(pair: tuple[Item, Result]) -> int:
    return pair[0][0]
