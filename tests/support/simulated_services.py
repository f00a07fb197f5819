"""
Services that throttle, each in its way, for a dispatch in simulated time.

Each is called with a request and the time, and counts: ``let_in`` and ``throttled`` are requests.
"""

from __future__ import annotations

import random

from livebus.publish.answer import ALL_ACCEPTED, NO_ANSWER, PutEventsAnswer, Result, failed
from livebus.publish.request import Request

RATE_EXCEEDED = failed("ThrottlingException", "Rate exceeded")


class Service:
    """Takes all that comes: a healthy one, and what the others have in common."""

    def __init__(self) -> None:
        self.let_in = 0
        self.throttled = 0

    def __call__(self, request: Request, now: float) -> PutEventsAnswer:
        answer = self.answer(request, now)
        throttled = answer.error is not None and answer.error.error_code == "ThrottlingException"
        self.throttled += throttled
        self.let_in += not throttled
        return answer

    def answer(self, request: Request, now: float) -> PutEventsAnswer:
        return ALL_ACCEPTED

    @property
    def share(self) -> float:
        """The share of the requests that were throttled."""
        return self.throttled / (self.throttled + self.let_in)

    def restart(self) -> None:
        """Count from now on."""
        self.let_in = self.throttled = 0


class Bucket(Service):
    """Allows ``per_second`` requests; ``burst`` of them (at least one) may come at once."""

    def __init__(self, per_second: float, burst: float = 1.0, *, behind: Service | None = None) -> None:
        super().__init__()
        self.per_second = per_second
        self._burst = max(1.0, burst)
        self._tokens = self._burst
        self._at = 0.0
        self._behind = behind or Service()

    def answer(self, request: Request, now: float) -> PutEventsAnswer:
        now = max(now, self._at)  # of several publishers one may be a little behind
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self.per_second)
        self._at = now
        if self._tokens < 1 - 1e-9:  # sums of fractions
            return RATE_EXCEEDED
        self._tokens -= 1
        return self._behind(request, now)


class AtRandom(Service):
    """Throttles this share, whatever the rate."""

    def __init__(self, share: float, seed: int = 1) -> None:
        super().__init__()
        self.share_at_random = share
        self._chance = random.Random(seed)

    def answer(self, request: Request, now: float) -> PutEventsAnswer:
        return RATE_EXCEEDED if self._chance.random() < self.share_at_random else ALL_ACCEPTED


class Failing(Service):
    """Fails a share of the requests, in one of all ways, with equal chances: as ``event_sink.py --fail`` does."""

    WAYS = (
        "throttled",
        "broken",
        "unavailable",
        "reset before",
        "reset after",
        "cut off",
        "slow",
        "closing",
        "partial",
    )

    def __init__(self, share: float, seed: int = 1) -> None:
        super().__init__()
        self._share = share
        self._chance = random.Random(seed)

    def answer(self, request: Request, now: float) -> PutEventsAnswer:
        chance = self._chance
        if chance.random() >= self._share:
            return ALL_ACCEPTED
        match chance.choice(self.WAYS):
            case "throttled":
                return RATE_EXCEEDED
            case "broken" | "unavailable":
                return failed("InternalFailure", "HTTP 503")
            case "reset before" | "reset after" | "cut off":
                return failed(NO_ANSWER, "reset")
            case "partial":
                return PutEventsAnswer(None, [self._result() for _ in request.items])
        return ALL_ACCEPTED

    def _result(self) -> Result:
        if self._chance.random() < 0.5:
            return Result("id")
        return Result("", self._chance.choice(("ThrottlingException", "InternalFailure")))


class Changing(Service):
    """One service after the other: ``(until, service)``, by the time of the simulation."""

    def __init__(self, *services: tuple[float, Service]) -> None:
        super().__init__()
        self._services = services

    def answer(self, request: Request, now: float) -> PutEventsAnswer:
        return next(service for until, service in self._services if now < until)(request, now)


class Outage(Service):
    """Throttles all."""

    def answer(self, request: Request, now: float) -> PutEventsAnswer:
        return RATE_EXCEEDED
