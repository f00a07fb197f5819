"""
Which answers belong to which rate: requests in rounds of a tenth of a second, each with the answers to what was sent in it.

In: requests and answers with their times. Out: rounds of which all that is to be expected has been answered.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

SECONDS = 0.1
REQUESTS = 10  # that a round has at the least, or it takes LONGEST_SECONDS
LONGEST_SECONDS = 0.5
LATE_SECONDS = 0.05  # an answer to what was sent so long after a round says that no more of it will come soon


class Round:
    """What was sent in some time at one rate, and what has come of it; ``lasts`` so many seconds, if it has requests enough."""

    def __init__(self, began: float, allowed: float, lasts: float) -> None:
        self.began = began
        self.lasts = lasts
        self.ended = math.inf
        self.allowed = allowed  # requests per second
        self.sent = 0
        self.counted = self.throttled = 0.0  # of the answers

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def per_second(self) -> float:
        return self.sent / self.seconds


class Rounds:
    """The rounds that are not judged yet; the last one is the one in which requests go."""

    def __init__(self) -> None:
        self._rounds: deque[Round] = deque()

    def is_over(self, now: float) -> bool:
        """Whether the next request belongs to a new round."""
        if not self._rounds:
            return True
        last = self._rounds[-1]
        elapsed = now - last.began
        return elapsed >= LONGEST_SECONDS or (elapsed >= last.lasts and last.sent >= REQUESTS)

    def begin(self, now: float, allowed: float, lasts: float = SECONDS) -> None:
        """From now on requests go at another rate."""
        if self._rounds:
            last = self._rounds[-1]
            last.ended = now
            if not last.sent or now <= last.began:  # what was sent in no time is of no rate
                self._rounds.pop()
        self._rounds.append(Round(now, allowed, lasts))

    def sent(self) -> None:
        self._rounds[-1].sent += 1

    def answered(self, sent_at: float, throttled: float) -> Round | None:
        """The round in which requests go, where the answer belongs to it."""
        rounds = self._rounds
        if not rounds:
            return None
        last = rounds[-1]
        found = (
            last if sent_at >= last.began else next((each for each in reversed(rounds) if each.began <= sent_at), None)
        )
        if found is None:
            return None
        found.counted += 1
        found.throttled += throttled
        return found if found is last else None

    def answered_by(self, sent_at: float) -> Iterator[Round]:
        """The rounds of which all has been answered, or whose answers are late; each once, while it is asked for."""
        rounds = self._rounds
        while rounds and rounds[0].ended < math.inf:
            if rounds[0].counted < rounds[0].sent and sent_at < rounds[0].ended + LATE_SECONDS:
                return
            yield rounds.popleft()

    def forget(self) -> None:
        """What was sent until now says nothing any more."""
        self._rounds.clear()
