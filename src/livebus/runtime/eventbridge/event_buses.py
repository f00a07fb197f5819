"""
Carries events: from PutEvents to the line, and from a failed attempt to the next one or to the dead-letter queue.

An event is carried to its targets before PutEvents is answered; only retries wait, and mutations whose resolvers call
functions or HTTP endpoints. What waits is in the journal, so that no crash loses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from livebus.event.envelope import Event
from livebus.event.put_events import Refused, accept
from livebus.flow import CompiledDestination, CompiledRule, Published
from livebus.operation import Services, not_emulated
from livebus.retry_policy import DeadLetter, Failure, decide
from livebus.runtime.appsync.data_sources import DataSources
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.api_destinations import CROWDED, MAX_CALLS, ApiDestinations, Sending
from livebus.runtime.eventbridge.attempts import (
    AnyAttempt,
    AnyTarget,
    Attempts,
    Begun,
    Neighbours,
    RequestAllowance,
    failed,
)
from livebus.runtime.eventbridge.dead_letters import DeadLetters
from livebus.runtime.eventbridge.due import Due, is_api_destination, may_wait
from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.pending_retries import Retries
from livebus.runtime.eventbridge.resolver_events import TURN_SECONDS, ResolverEvents, put_events_answer
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.faults.injection import Faults
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault, PendingRetry
from livebus.template.return_values import bus_name

# As many as a signal needs to become the end of the runtime: it is read, it wakes who waits for it, and that stops us.
_TURNS_BETWEEN = 5
_STOPPING = {"ErrorCode": "InternalFailure", "ErrorMessage": "The runtime stops."}
_CROWDED_OUT = f"{MAX_CALLS} requests to API destinations are under way: try again once some have ended."
# Mutations that wait for data sources at the same time; the next events wait in the journal for their turn.
MAX_UNDER_WAY = 256


def send(published: Published) -> None:
    """Write what was published to the subscribers' sockets, and end the subscriptions that it invalidated."""
    for _, deliveries in published.deliveries:
        for batch in deliveries.batches:
            for subscription in batch.subscriptions:
                subscription.sink.deliver(batch.payload)
    for subscription in published.ended:
        subscription.sink.end()


class EventBuses:
    """
    The buses of all lines.

    ``time_scale`` divides the waiting between retries (60: a minute becomes a second). ``strict`` dead-letters an
    event whose mutation came back with GraphQL errors inside a 200.
    """

    def __init__(
        self,
        lines: Lines,
        journal: DeliveryJournal,
        trace: Trace,
        clockwork: Clockwork,
        *,
        neighbours: Neighbours | None = None,
        sources: DataSources | None = None,
        faults: Faults | None = None,
        time_scale: float = 1.0,
        strict: bool = False,
    ) -> None:
        self.lines = lines
        self.faults = faults or Faults()
        self.sources = sources or DataSources(clockwork.new_id)
        self.api_destinations = ApiDestinations(clockwork.clock)
        self._journal = journal
        self._trace = trace
        self._clockwork = clockwork
        self._clock = clockwork.clock
        self._neighbours = neighbours or Neighbours()
        self._time_scale = time_scale
        self._attempts = Attempts(
            journal,
            clockwork,
            self._neighbours,
            sources=self.sources,
            api_destinations=self.api_destinations,
            faults=self.faults,
            onward=self._carry,
            strict=strict,
        )
        self._dead_letters = DeadLetters(lambda: self.lines, journal, trace, clockwork)
        self._of_resolvers = ResolverEvents(
            trace, self._clock, self._accept, lambda event, lineage: self._carry(event, lineage=lineage)
        )
        self._retries = Retries(journal, self._clock, self._run_row, self._has_room)
        self._under_way: set[asyncio.Task[None]] = set()
        self._unwritten: set[asyncio.Task[None]] = set()  # of these, those whose event is in no journal
        self._is_closed = False
        self._is_stopping = False
        # For requests that no lineage binds: most are.
        self._from_outside = partial(self.services, NO_LINEAGE)

    def services(self, lineage: Lineage = NO_LINEAGE, rule: str = "") -> Services:
        """What a request may reach; a request of a rule is made for an event of this lineage. Its time counts from here."""
        return Services(
            self._clock(),
            self._clockwork.new_id,
            self._of_resolvers.putting(lineage, rule),
            not_emulated,
            self._neighbours.sandbox,
            RequestAllowance(),
        )

    # --- in ---------------------------------------------------------------------------------------------------------

    def put_events(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Accept and carry the entries of a PutEvents request that is valid as a whole; the answer has AWS's shape."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return put_events_answer([self._accept(entry, now, self._carry) for entry in entries])

    def put_events_in_turns(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """
        The same, with a turn for others where an event took long: resolvers may use up all the time they have. The rest
        is then carried while the answer is awaited.
        """
        now = datetime.fromtimestamp(self._clock(), UTC)
        until = monotonic() + TURN_SECONDS
        answers: list[dict[str, str]] = []
        for entry in entries:
            if answers and monotonic() >= until:
                return self._put_rest(entries[len(answers) :], now, answers)
            answers.append(self._accept(entry, now, self._carry))
        return put_events_answer(answers)

    async def _put_rest(
        self, entries: Sequence[Mapping[str, Any]], now: datetime, answers: list[dict[str, str]]
    ) -> dict[str, Any]:
        for entry in entries:
            for _ in range(_TURNS_BETWEEN):
                await asyncio.sleep(0)
            answers.append(dict(_STOPPING) if self._is_stopping else self._accept(entry, now, self._carry))
        return put_events_answer(answers)

    def _accept(self, entry: Mapping[str, Any], now: datetime, carry: Callable[[Event], object]) -> dict[str, str]:
        """Take one entry, or refuse it: its part of the answer."""
        event_id = self._clockwork.new_id()
        event = accept(
            entry,
            bus=bus_name(entry.get("EventBusName")),
            event_id=event_id,
            now=now,
            account=self.lines.account,
            region=self.lines.region,
        )
        if isinstance(event, Refused):
            self._trace.refused(entry, event)
            return {"ErrorCode": event.code, "ErrorMessage": event.message}
        carry(event)
        return {"EventId": event_id}

    def replay(self, event: Event, only: frozenset[str]) -> None:
        """Carry an event of an archive; to the rules of these ARNs only, where there are any."""
        self._carry(event, only)

    def _carry(self, event: Event, only: frozenset[str] = frozenset(), lineage: Lineage = NO_LINEAGE) -> None:
        if not self.lines.has_bus(event.bus):
            self._trace.no_such_bus(event, [bus.name for bus in self.lines.buses])
            return
        if self._neighbours.archive is not None:
            self._neighbours.archive(event)
        rules = self.lines.rules_for(event)
        if only:
            rules = [rule for rule in rules if rule.rule.arn in only]
        self._trace.matched(event, self.lines, rules)
        for rule in rules:
            for target in rule.every_target:
                due = Due(event, rule, target, self._clock(), 0, 0, lineage)
                if not ((self.faults.latency or may_wait(target)) and self._is_put_off(due)):
                    self._invoke(due)

    def _is_put_off(self, due: Due) -> bool:
        """
        Let an event wait where attempts are late on purpose, or too many mutations wait already; where it cannot, it goes
        to the dead-letter queue. False where it may be attempted now.
        """
        latency = self.faults.latency
        is_crowded = may_wait(due.target) and not self._has_room()
        if (latency or is_crowded) and self._retries.wait(due.retry(due.first + latency, attempts=0), due.lineage):
            return True
        if is_crowded:
            self._dead_letters.no_room(due, "The runtime has no room for another event.")
        return is_crowded

    def _has_room(self) -> bool:
        """Whether one more mutation may wait for data sources."""
        return len(self._under_way) < MAX_UNDER_WAY

    # --- attempts ---------------------------------------------------------------------------------------------------

    def _invoke(self, due: Due) -> bool:
        """Make an attempt. Whether the event waits: for another one, or for what its resolvers call."""
        if due.lineage is not NO_LINEAGE and due.lineage.ends_here:
            self._dead_letters.end_of_lineage(due)
            return False
        if is_api_destination(due.target) and (waits := self._wait_for_turn(due)) is not None:
            return waits
        made = self._attempts.make(due.event, due.rule, due.target, self._services_of(due.lineage))
        if isinstance(made, (Begun, Sending)):  # a union would be made anew for each event
            return self._go_on(due, made)
        return self._settle(due, made)

    def _services_of(self, lineage: Lineage) -> Callable[[str], Services]:
        return self._from_outside if lineage is NO_LINEAGE else partial(self.services, lineage)

    def _wait_for_turn(self, due: Due) -> bool | None:
        """
        Let an event wait for its turn at an API destination, in the journal; None where it may be sent at once.

        This is no attempt. False where there is no room for it, and it went to the dead-letter queue.
        """
        assert isinstance(due.target, CompiledDestination)
        assert due.target.destination.api is not None
        turn = self.api_destinations.turn(due.target.destination.api, due.row)
        if turn == 0:
            return None
        pending = due.retry(self._clock() + turn, attempts=due.attempts)
        row = self._retries.wait(pending, due.lineage, is_timed=turn != CROWDED)
        if row:
            self.api_destinations.keep(row, turn)
            return True
        self._dead_letters.no_room(due, "The runtime has no room for another event.")
        return False

    def _go_on(self, due: Due, begun: Begun | Sending) -> bool:
        """Let an attempt wait for its data sources or its endpoint, with the event in the journal."""
        if not due.row:
            try:
                row = self._journal.add_retry(due.retry(self._clock(), attempts=due.attempts))
                due = replace(due, row=row)
            except JournalFault as fault:
                self._trace.unwritten(str(fault))
        if isinstance(begun, Sending):
            self.api_destinations.begun(due.row)
        task = asyncio.get_running_loop().create_task(self._finish(due, begun))
        self._under_way.add(task)
        if not due.row:
            self._unwritten.add(task)
        task.add_done_callback(self._over)
        return True

    def _over(self, task: asyncio.Task[None]) -> None:
        """Room is there for the next one only now: what looks for it earlier still counts this one."""
        self._under_way.discard(task)
        self._unwritten.discard(task)
        if not self._is_closed:
            self._retries.set_timer()

    async def _finish(self, due: Due, begun: Begun | Sending) -> None:
        attempt = await self._attempts.finish(begun)
        if self._is_closed:
            return  # the next start finds the event in the journal
        if isinstance(begun, Sending) and (next_row := self.api_destinations.ended()):
            self._retries.release(next_row)
        waits = self._settle(due, attempt)
        try:
            if due.row and not waits:
                self._journal.remove_retry(due.row)
        except JournalFault as fault:
            self._trace.journal_fault(str(fault))

    def _settle(self, due: Due, attempt: AnyAttempt) -> bool:
        """Deliver what came of an attempt; whether the event waits for another one."""
        failure = attempt.failure
        send(attempt.published)
        if failure is None:
            self._trace.delivered(due.event, due.rule, attempt, due.attempts)
            return False
        now = self._clock()
        decision = decide(
            failure,
            due.target.target.retry_policy,
            attempt=due.attempts + 1,
            # A shortened wait makes an event older, too: the same limit of the retry policy ends it.
            age=(now - due.first) * self._time_scale,
            jitter=self._clockwork.random(),
        )
        if not isinstance(decision, DeadLetter):
            wait = decision.after / self._time_scale
            if self._retries.wait(due.retry(now + wait, attempts=due.attempts + 1), due.lineage):
                self._trace.retrying(due.event, due.rule, attempt, due.attempts, wait)
                return True
            decision = DeadLetter("RESOURCE_LIMIT_EXCEEDED", "The runtime has no room for another retry.", due.attempts)
        self._dead_letters.put(due, attempt, decision)
        return False

    async def redeliver(self, event: Event, rule: CompiledRule, target: AnyTarget) -> AnyAttempt:
        """
        One attempt at one target that no retry follows: a redrive that no other rule sees.

        At an API destination it waits for its turn as any event does, and takes a place among the requests under way.
        """
        if not is_api_destination(target):
            return await self._redelivered(event, rule, target)
        assert isinstance(target, CompiledDestination)
        assert target.destination.api is not None
        turn = self.api_destinations.turn(target.destination.api, 0)
        if turn == CROWDED:
            return failed(target, Failure("RESOURCE_LIMIT_EXCEEDED", _CROWDED_OUT, retryable=True))
        await asyncio.sleep(turn)
        self.api_destinations.begun()
        try:
            return await self._redelivered(event, rule, target)
        finally:
            if next_row := self.api_destinations.ended():
                self._retries.release(next_row)
                self._retries.set_timer()

    async def _redelivered(self, event: Event, rule: CompiledRule, target: AnyTarget) -> AnyAttempt:
        made = self._attempts.make(event, rule, target, self._from_outside)
        attempt = await self._attempts.finish(made) if isinstance(made, Begun | Sending) else made
        send(attempt.published)
        if attempt.failure is None:
            self._trace.delivered(event, rule, attempt, 0)
        return attempt

    # --- retries ----------------------------------------------------------------------------------------------------

    def resume(self) -> int:
        """Take up the retries that an earlier runtime left in the journal; how many there are."""
        return self._retries.resume()

    def hurry(self, row: int) -> bool:
        """Try again now what waits in a row of the journal; False where nothing does."""
        return self._retries.hurry(row)

    def run_due(self) -> None:
        """Try again what is due."""
        self._retries.run_due()

    def _run_row(self, row: int) -> None:
        lineage = self._retries.take_lineage(row)
        try:
            retry = self._journal.retry(row)
            if retry is None:
                return
            found = self._find(retry)
            if found is None:
                self._trace.target_gone(retry.event, retry.rule_arn, retry.target_id)
            elif self._invoke(Due(retry.event, *found, retry.first, retry.attempts, row, lineage)):
                return
            # Only now: a crash in between delivers twice, which EventBridge may do too, rather than never.
            self.api_destinations.forget(row)
            self._journal.remove_retry(row)
        except JournalFault as fault:
            self._trace.journal_fault(str(fault))
        finally:
            if next_row := self.api_destinations.passed_on(row):
                self._retries.release(next_row)

    def _find(self, retry: PendingRetry) -> tuple[CompiledRule, AnyTarget] | None:
        for rule in self.lines.compiled_rules(retry.event.bus):
            if rule.rule.arn == retry.rule_arn:
                for target in rule.every_target:
                    if target.target.id == retry.target_id:
                        return rule, target
        return None

    def stop(self) -> None:
        """Carry nothing more than the event under way: what a publisher still waits for is refused, to be sent again."""
        self._is_stopping = True
        self._of_resolvers.stop()

    def close(self) -> int:
        """Stop waiting; what waits stays in the journal. How many events that is."""
        self._is_closed = True
        under_way = len(self._under_way) - len(self._unwritten)
        if self._unwritten:
            self._trace.lost_at_stop(len(self._unwritten))
        for task in self._under_way:
            task.cancel()
        return self._retries.close() + under_way
