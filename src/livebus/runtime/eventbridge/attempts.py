"""
Makes attempts: gives one event to one target, through the line or past it, with the faults that are switched on.

What comes of an attempt is a record; whether another one follows is decided by whoever asked for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from livebus.event.envelope import Event
from livebus.execution import GraphQLResponse
from livebus.flow import (
    Attempt,
    CompiledDestination,
    CompiledFunctionTarget,
    CompiledRule,
    CompiledTarget,
    FunctionAttempt,
    Line,
)
from livebus.operation import Sandbox, Services
from livebus.retry_policy import TIMEOUT, Failure, http_failure
from livebus.runtime.appsync.data_sources import DataSources, Waiting
from livebus.runtime.aws_errors import unexpected
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.api_destinations import ApiDestinations, Sending
from livebus.runtime.faults.injection import Faults, Injection
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault
from livebus.template.application import Destination

# What one GraphQL request may take of our own time. AppSync gives it 30 s and serves others meanwhile; here they wait.
REQUEST_SECONDS = 5.0
_INJECTED = {
    "target-throttle": http_failure(429, "Rate exceeded (--fault target-throttle)"),
    "target-error": http_failure(500, "Internal Failure (--fault target-error)"),
    "target-timeout": http_failure(504, "no answer (--fault target-timeout)"),
    "target-denied": http_failure(403, "not authorized (--fault target-denied)"),
}
_NO_FUNCTIONS = Failure("ERROR_FROM_TARGET", "There is nothing here that runs functions.", retryable=False)
_LOST_ANSWER = Failure(TIMEOUT, "the answer was lost (--fault target-lost-answer)", retryable=True)
_SWITCHED_ON = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)

AnyTarget = CompiledTarget | CompiledFunctionTarget | CompiledDestination
AnyAttempt = Attempt | FunctionAttempt
HandOver = Callable[[str, bytes, str], Failure | None]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """
    The services beside the buses that events are handed to.

    ``log`` takes an API's id and what it answered; ``archive`` is shown every event that a bus has taken. ``hand_over``
    gives a function, by its ARN, what a rule makes of an event (whose id is the third): why it is not taken, or None.
    ``log_line`` takes the name of a log group that is a target, and a line. ``sandbox`` runs resolvers' code that may never
    end by itself.
    """

    log: Callable[[str, GraphQLResponse], object] = lambda *_: None
    archive: Callable[[Event], object] | None = None
    hand_over: HandOver = lambda *_: _NO_FUNCTIONS
    log_line: Callable[[str, str], object] = lambda *_: None
    sandbox: Sandbox | None = None


class RequestAllowance:
    """REQUEST_SECONDS for one request, those in which it waits for data sources left out."""

    __slots__ = ("_ends", "_paused")

    def __init__(self) -> None:
        self._ends = monotonic() + REQUEST_SECONDS
        self._paused = 0.0

    def has_time(self) -> bool:
        return monotonic() < self._ends

    def pause(self) -> None:
        self._paused = monotonic()

    def resume(self) -> None:
        self._ends += monotonic() - self._paused


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt whose resolvers wait for data sources."""

    target: CompiledTarget
    waiting: Waiting[Attempt]
    injected: Injection | None


class Attempts:
    """
    ``strict`` makes a failure of GraphQL errors inside a 200; AWS does not document what it does with those, and without
    ``strict`` they count as delivered. ``onward`` carries an event to the bus that is a target; ``sources`` perform the
    calls that resolvers ask for.
    """

    def __init__(
        self,
        journal: DeliveryJournal,
        clockwork: Clockwork,
        neighbours: Neighbours,
        *,
        sources: DataSources,
        api_destinations: ApiDestinations,
        faults: Faults,
        onward: Callable[[Event], object],
        strict: bool,
    ) -> None:
        self._journal = journal
        self._clockwork = clockwork
        self._neighbours = neighbours
        self._sources = sources
        self._api_destinations = api_destinations
        self._faults = faults
        self._onward = onward
        self._strict = strict

    def make(
        self, event: Event, rule: CompiledRule, target: AnyTarget, services: Callable[[str], Services]
    ) -> AnyAttempt | Begun | Sending:
        """``services`` gives what a request of the rule of this name may reach."""
        injected: Injection | None = None
        failure: Failure | None = _SWITCHED_ON
        if target.target.id not in self._faults.failing_targets:
            injected = self._faults.of_attempt(target.target.id)
            failure = _INJECTED.get(injected.kind) if injected is not None else None
        if failure is not None:
            return failed(target, failure)
        try:
            if not isinstance(target, CompiledTarget):
                return self._hand_over(event, target, injected)
            reachable = services(rule.rule.name)
            if not target.api.executor.asks:
                return self._judged(Line.attempt_at_once(event, target, reachable), injected)
            begun = self._sources.begin(Line.attempting(event, target, reachable), reachable.allowance)
        except Exception as error:  # noqa: BLE001 - told by _broken; it must not end the way of the events behind this one
            return _broken(target, error)
        if isinstance(begun, Waiting):
            return Begun(target, begun, injected)
        return self._judged(begun.result, injected)

    async def finish(self, begun: Begun | Sending) -> AnyAttempt:
        """The attempt, once its data sources or its endpoint have answered."""
        try:
            if isinstance(begun, Sending):
                return await self._api_destinations.send(begun)
            return self._judged(await self._sources.finish(begun.waiting), begun.injected)
        except Exception as error:  # noqa: BLE001 - told by _broken
            return _broken(begun.target, error)

    def _judged(self, attempt: Attempt, injected: Injection | None) -> Attempt:
        """An attempt that came to its end, with what the settings make of it."""
        if attempt.response is not None:
            self._neighbours.log(attempt.target.api.api.api_id, attempt.response)
        if injected is not None and attempt.failure is None:
            # AppSync has run it: what it published goes out, and EventBridge does not know.
            return replace(attempt, failure=_LOST_ANSWER)
        if self._strict and attempt.failure is None and attempt.response and attempt.response.errors:
            message = str(attempt.response.errors[0].get("message"))
            failure = Failure("ERROR_FROM_TARGET", message, retryable=False)
            return replace(attempt, failure=failure)
        return attempt

    def _hand_over(
        self, event: Event, target: CompiledFunctionTarget | CompiledDestination, injected: Injection | None
    ) -> FunctionAttempt | Sending:
        attempt = Line.hand_over(event, target)
        if attempt.failure is not None or attempt.payload is None or attempt.unsent:
            return attempt
        if isinstance(target, CompiledDestination) and target.destination.api is not None:
            return Sending(target, attempt, event, _LOST_ANSWER if injected is not None else None)
        if isinstance(target, CompiledFunctionTarget):
            refused = self._neighbours.hand_over(target.function.arn, attempt.payload, event.id)
        else:
            refused = self._send_to(target.destination, attempt.payload, event)
        return replace(attempt, failure=refused or (_LOST_ANSWER if injected is not None else None))

    def _send_to(self, destination: Destination, payload: bytes, event: Event) -> Failure | None:
        """Give a queue, a log group or another bus what a rule makes of an event: why it is not taken, or None."""
        if destination.queue is not None:
            new_id, now = self._clockwork.new_id(), self._clockwork.clock()
            try:
                self._journal.send(destination.queue.arn, new_id, payload.decode(), {}, now)
            except JournalFault as fault:
                return Failure("ERROR_FROM_TARGET", str(fault), retryable=True)
        elif destination.log_group:
            self._neighbours.log_line(destination.log_group, payload.decode())
        else:
            # In a turn of its own: two rules may send events from one bus to the other and back.
            sent = Event.restored(event.text, destination.event_bus, event.ingestion_time)
            asyncio.get_running_loop().call_soon(self._onward, sent)
        return None


def failed(target: AnyTarget, failure: Failure) -> AnyAttempt:
    """An attempt that reached nothing."""
    if isinstance(target, CompiledTarget):
        return Attempt(target, failure=failure)
    return FunctionAttempt(target, failure=failure)


def _broken(target: AnyTarget, error: Exception) -> AnyAttempt:
    """An attempt that a bug of ours ended."""
    logging.getLogger("livebus").error("unexpected error", exc_info=error)
    return failed(target, Failure("INTERNAL_ERROR", unexpected(error), retryable=False))
