"""
Carries events: from PutEvents to the line, and from a failed attempt to the next one or to the dead-letter queue.

An event is carried to its targets before PutEvents is answered; only retries wait, and mutations whose resolvers call
functions or HTTP endpoints. What waits is in the journal, so that no crash loses it.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from livebus.access import queue_admits
from livebus.delivery import TIMEOUT, DeadLetter, Failure, dead_letter_message, decide, http_failure
from livebus.event.envelope import Event, Refused, accept
from livebus.execution import GraphQLResponse
from livebus.flow import (
    Attempt,
    CompiledDestination,
    CompiledFunctionTarget,
    CompiledRule,
    CompiledTarget,
    FunctionAttempt,
    Line,
    Published,
)
from livebus.operation import PutEvents, Sandbox, Services
from livebus.runtime.appsync.data_sources import DataSources, Waiting
from livebus.runtime.aws_errors import unexpected
from livebus.runtime.eventbridge.api_destinations import CROWDED, ApiDestinations, Sending
from livebus.runtime.eventbridge.lineage import MAX_FAMILY, NO_LINEAGE, Lineage
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.faults.injection import Faults, Injection
from livebus.runtime.kept.journal import Journal, JournalFault, PendingRetry
from livebus.template.application import Destination
from livebus.template.attributes import bus_name

# Retries beyond this many go to the dead-letter queue at once: the journal is a buffer, and buffers end.
MAX_PENDING_RETRIES = 100_000
_RETRIES_PER_TURN = 20
_LONG_TURN_SECONDS = 1.0
# How long events that resolvers put may be carried before others have their turn.
TURN_SECONDS = 0.05
# Events that resolvers have put and that wait for their turn.
MAX_DESCENDANTS = 10_000
_MOST_RULES = 2_000
# As many as a signal needs to become the end of the runtime: it is read, it wakes who waits for it, and that stops us.
_TURNS_BETWEEN = 5
_STOPPING = {"ErrorCode": "InternalFailure", "ErrorMessage": "The runtime stops."}
_NO_ROOM = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
# What one GraphQL request may take of our own time. AppSync gives it 30 s and serves others meanwhile; here they wait.
REQUEST_SECONDS = 5.0
# Mutations that wait for data sources at the same time; the next events wait in the journal for their turn.
MAX_UNDER_WAY = 256
_INJECTED = {
    "target-throttle": http_failure(429, "Rate exceeded (--fault target-throttle)"),
    "target-error": http_failure(500, "Internal Failure (--fault target-error)"),
    "target-timeout": http_failure(504, "no answer (--fault target-timeout)"),
    "target-denied": http_failure(403, "not authorized (--fault target-denied)"),
}
_AnyTarget = CompiledTarget | CompiledFunctionTarget | CompiledDestination
_AnyAttempt = Attempt | FunctionAttempt
HandOver = Callable[[str, bytes, str], Failure | None]

_NO_FUNCTIONS = Failure("ERROR_FROM_TARGET", "There is nothing here that runs functions.", retryable=False)
_LOST_ANSWER = Failure(TIMEOUT, "the answer was lost (--fault target-lost-answer)", retryable=True)


def send(published: Published) -> None:
    """Write what was published to the subscribers' sockets, and end the subscriptions that it invalidated."""
    for _, deliveries in published.deliveries:
        for subscription, payload in deliveries:
            subscription.sink.deliver(payload)
    for subscription in published.ended:
        subscription.sink.end()


def _answer(answers: list[dict[str, str]]) -> dict[str, Any]:
    return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


class EventBuses:
    """
    The buses of all lines.

    ``time_scale`` divides the waiting between retries (60: a minute becomes a second). ``strict`` dead-letters an
    event whose mutation came back with GraphQL errors inside a 200; AWS does not document what it does with those,
    and without ``strict`` they count as delivered. ``log`` takes an API's id and what it answered; ``archive`` is shown
    every event that a bus has taken. ``hand_over`` gives a function, by its ARN, what a rule makes of an event (whose id is
    the third): why it is not taken, or None. ``log_line`` takes the name of a log group that is a target, and a line.
    ``sandbox`` runs resolvers' code that may never end by itself, ``sources`` perform the calls that resolvers ask for.
    """

    def __init__(
        self,
        lines: Lines,
        journal: Journal,
        trace: Trace,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        jitter: Callable[[], float],
        time_scale: float = 1.0,
        strict: bool = False,
        faults: Faults | None = None,
        log: Callable[[str, GraphQLResponse], object] = lambda *_: None,
        archive: Callable[[Event], object] | None = None,
        hand_over: HandOver = lambda *_: _NO_FUNCTIONS,
        sandbox: Sandbox | None = None,
        log_line: Callable[[str, str], object] = lambda *_: None,
        sources: DataSources | None = None,
    ) -> None:
        self.lines = lines
        self._journal = journal
        self._trace = trace
        self._clock = clock
        self._new_id = new_id
        self._jitter = jitter
        self._time_scale = time_scale
        self._strict = strict
        self._archive = archive
        self._hand_over = hand_over
        self._sandbox = sandbox
        self._log_line = log_line
        self.faults = faults or Faults()
        self.sources = sources or DataSources(new_id)
        self.api_destinations = ApiDestinations(clock)
        self._log = log
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._waiting: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._of_rules: dict[str, PutEvents] = {}
        self._is_stopping = False
        self._is_carrying = False
        self._descendants: deque[tuple[Event, Lineage]] = deque()
        # Of events that wait, by their row; a restart forgets them, and a loop begins anew with it.
        self._lineages: dict[int, Lineage] = {}

    def services(self, lineage: Lineage = NO_LINEAGE, rule: str = "") -> Services:
        """What a request may reach; a request of a rule is made for an event of this lineage. Its time counts from here."""
        return Services(
            self._clock(),
            self._new_id,
            self._putting(lineage, rule),
            sandbox=self._sandbox,
            allowance=_Allowance(),
        )

    def _putting(self, lineage: Lineage, rule: str) -> PutEvents:
        """PutEvents for a resolver; for events from outside one for each rule, made once."""
        if lineage is not NO_LINEAGE:
            return partial(self._put_from_resolver, lineage.through(rule))
        found = self._of_rules.get(rule)
        if found is None:
            if len(self._of_rules) >= _MOST_RULES:
                self._of_rules.clear()

            def found(bus_arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
                return self._put_from_resolver(NO_LINEAGE.through(rule), bus_arn, entries)

            self._of_rules[rule] = found
        return found

    # --- in ---------------------------------------------------------------------------------------------------------

    def put_events(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Accept and carry the entries of a PutEvents request that is valid as a whole; the answer has AWS's shape."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return _answer([self._accept(entry, now, self._carry) for entry in entries])

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
        return _answer(answers)

    async def _put_rest(
        self, entries: Sequence[Mapping[str, Any]], now: datetime, answers: list[dict[str, str]]
    ) -> dict[str, Any]:
        for entry in entries:
            for _ in range(_TURNS_BETWEEN):
                await asyncio.sleep(0)
            answers.append(dict(_STOPPING) if self._is_stopping else self._accept(entry, now, self._carry))
        return _answer(answers)

    def _accept(self, entry: Mapping[str, Any], now: datetime, carry: Callable[[Event], object]) -> dict[str, str]:
        """Take one entry, or refuse it: its part of the answer."""
        event_id = self._new_id()
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

    def _put_from_resolver(
        self, lineage: Lineage, bus_arn: str, entries: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        # In turns of its own: a mutation that publishes what triggers it goes round for ever on AWS, one event at a
        # time; here it must neither become a recursion nor leave no turn to others.
        now = datetime.fromtimestamp(self._clock(), UTC)
        answers = []
        for entry in entries:
            if len(self._descendants) >= MAX_DESCENDANTS:
                answers.append(dict(_NO_ROOM))
                self._trace.looping(lineage, "the runtime holds no more events of resolvers: this one is refused")
                continue
            named = {**entry, "EventBusName": bus_arn}
            answers.append(self._accept(named, now, partial(self._add_descendant, lineage)))
        return _answer(answers)

    def _add_descendant(self, lineage: Lineage, event: Event) -> None:
        if not self._is_carrying:
            self._is_carrying = True
            asyncio.get_running_loop().call_soon(self._carry_descendants)
        self._descendants.append((event, lineage.next()))

    def _carry_descendants(self) -> None:
        """Carry events that resolvers put, some in each turn of the event loop: others want theirs in between."""
        until = monotonic() + TURN_SECONDS
        while self._descendants:
            event, lineage = self._descendants.popleft()
            self._carry(event, lineage=lineage)
            if monotonic() >= until and self._descendants:
                # Not call_soon: what is ready elsewhere comes first.
                asyncio.get_running_loop().call_later(0.001, self._carry_descendants)
                return
        self._is_carrying = False

    def replay(self, event: Event, only: frozenset[str]) -> None:
        """Carry an event of an archive; to the rules of these ARNs only, where there are any."""
        self._carry(event, only)

    def _carry(self, event: Event, only: frozenset[str] = frozenset(), lineage: Lineage = NO_LINEAGE) -> None:
        if not self.lines.has_bus(event.bus):
            self._trace.no_such_bus(event, [bus.name for bus in self.lines.buses])
            return
        if self._archive is not None:
            self._archive(event)
        rules = self.lines.rules_for(event)
        if only:
            rules = [rule for rule in rules if rule.rule.arn in only]
        self._trace.matched(event, self.lines, rules)
        for rule in rules:
            for target in rule.every_target:
                now, latency = self._clock(), self.faults.latency
                if latency or (len(self._under_way) >= MAX_UNDER_WAY and _may_wait(target)):
                    retry = PendingRetry(event, rule.rule.arn, target.target.id, 0, now, now + latency)
                    if self._wait(retry, lineage):
                        continue
                self._invoke(event, rule, target, attempts=0, first=now, lineage=lineage)

    # --- attempts ---------------------------------------------------------------------------------------------------

    def _invoke(
        self,
        event: Event,
        rule: CompiledRule,
        target: _AnyTarget,
        *,
        attempts: int,
        first: float,
        row: int = 0,
        lineage: Lineage = NO_LINEAGE,
    ) -> bool:
        """
        Make an attempt after so many others, the first of which was due at ``first``; ``row`` is the journal's.

        Whether the event waits: for another one, or for what its resolvers call.
        """
        if lineage is not NO_LINEAGE and lineage.ends_here:
            self._end_of_lineage(event, rule, target, lineage)
            return False
        if _is_api_destination(target):
            pending = PendingRetry(event, rule.rule.arn, target.target.id, attempts, first, self._clock(), row)
            waits = self._wait_for_turn(pending, rule, target, lineage)
            if waits is not None:
                return waits
        made = self._attempt(event, rule, target, lineage)
        if isinstance(made, _Begun | Sending):
            return self._go_on(event, rule, target, made, attempts=attempts, first=first, row=row, lineage=lineage)
        return self._settle(event, rule, target, made, attempts=attempts, first=first, row=row, lineage=lineage)

    def _go_on(
        self,
        event: Event,
        rule: CompiledRule,
        target: _AnyTarget,
        begun: _Begun | Sending,
        *,
        attempts: int,
        first: float,
        row: int,
        lineage: Lineage,
    ) -> bool:
        """Let an attempt wait for its data sources or its endpoint, with the event in the journal."""
        if not row:
            try:
                row = self._journal.add_retry(
                    PendingRetry(event, rule.rule.arn, target.target.id, attempts, first, self._clock())
                )
            except JournalFault as fault:
                self._trace.journal_fault(str(fault))
        if isinstance(begun, Sending):
            self.api_destinations.begun()
        task = asyncio.get_running_loop().create_task(
            self._finish(event, rule, target, begun, attempts=attempts, first=first, row=row, lineage=lineage)
        )
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def _finish(
        self,
        event: Event,
        rule: CompiledRule,
        target: _AnyTarget,
        begun: _Begun | Sending,
        *,
        attempts: int,
        first: float,
        row: int,
        lineage: Lineage,
    ) -> None:
        try:
            attempt = await self._outcome(begun)
        except Exception as error:  # noqa: BLE001 - told by _broken
            attempt = _broken(begun.target, error)
        if self._is_closed:
            return  # the next start finds the event in the journal
        if isinstance(begun, Sending) and (next_row := self.api_destinations.ended()):
            heapq.heappush(self._waiting, (0.0, next_row))
        waits = self._settle(event, rule, target, attempt, attempts=attempts, first=first, row=row, lineage=lineage)
        try:
            if row and not waits:
                self._journal.remove_retry(row)
        except JournalFault as fault:
            self._trace.journal_fault(str(fault))
        self._set_timer()

    async def _outcome(self, begun: _Begun | Sending) -> _AnyAttempt:
        """What came of an attempt that had to wait."""
        if isinstance(begun, Sending):
            return await self.api_destinations.send(begun)
        return self._judged(await self.sources.finish(begun.waiting), begun.injected)

    def _wait_for_turn(
        self, pending: PendingRetry, rule: CompiledRule, target: _AnyTarget, lineage: Lineage
    ) -> bool | None:
        """
        Let an event wait for its turn at an API destination, in the journal; None where it may be sent at once.

        This is no attempt. False where there is no room for it, and it went to the dead-letter queue.
        """
        assert isinstance(target, CompiledDestination) and target.destination.api is not None  # noqa: PT018
        turn = self.api_destinations.turn(target.destination.api, pending.row)
        if turn == 0:
            return None
        row = self._wait(replace(pending, due=self._clock() + turn), lineage, is_timed=turn != CROWDED)
        if row:
            self.api_destinations.keep(row, turn)
            return True
        decision = DeadLetter("RESOURCE_LIMIT_EXCEEDED", "The runtime has no room for another event.", pending.attempts)
        self._dead_letter(pending.event, rule, target, FunctionAttempt(target), decision)
        return False

    def _settle(
        self,
        event: Event,
        rule: CompiledRule,
        target: _AnyTarget,
        attempt: _AnyAttempt,
        *,
        attempts: int,
        first: float,
        row: int,
        lineage: Lineage,
    ) -> bool:
        """Deliver what came of an attempt; whether the event waits for another one."""
        failure = attempt.failure
        send(attempt.published)
        if failure is None:
            self._trace.delivered(event, rule, attempt, attempts)
            return False
        now = self._clock()
        decision = decide(
            failure,
            target.target.retry_policy,
            attempt=attempts + 1,
            # A shortened wait makes an event older, too: the same limit of the retry policy ends it.
            age=(now - first) * self._time_scale,
            jitter=self._jitter(),
        )
        if not isinstance(decision, DeadLetter):
            due = now + decision.after / self._time_scale
            retry = PendingRetry(event, rule.rule.arn, target.target.id, attempts + 1, first, due, row)
            if self._wait(retry, lineage):
                self._trace.retrying(event, rule, attempt, attempts, decision.after / self._time_scale)
                return True
            decision = DeadLetter("RESOURCE_LIMIT_EXCEEDED", "The runtime has no room for another retry.", attempts)
        self._dead_letter(event, rule, target, attempt, decision)
        return False

    def _end_of_lineage(self, event: Event, rule: CompiledRule, target: _AnyTarget, lineage: Lineage) -> None:
        message = f"{lineage.generation} events led to one another, or {MAX_FAMILY} came of one: a loop, {lineage.loop}"
        self._trace.looping(lineage, "what it would put further is dead-lettered or dropped")
        failure = Failure("RESOURCE_LIMIT_EXCEEDED", message, retryable=False)
        attempt: _AnyAttempt = (
            FunctionAttempt(target, failure=failure)
            if isinstance(target, CompiledFunctionTarget | CompiledDestination)
            else Attempt(target, failure=failure)
        )
        self._dead_letter(event, rule, target, attempt, DeadLetter(failure.code, message, 0))

    def _attempt(
        self, event: Event, rule: CompiledRule, target: _AnyTarget, lineage: Lineage
    ) -> _AnyAttempt | _Begun | Sending:
        if isinstance(target, CompiledFunctionTarget | CompiledDestination):
            return self._function_attempt(event, target)
        if target.target.id in self.faults.failing_targets:
            failure = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)
            return Attempt(target, failure=failure)
        injected = self.faults.of_attempt(target.target.id)
        if injected is not None and injected.kind in _INJECTED:
            return Attempt(target, failure=_INJECTED[injected.kind])
        try:
            services = self.services(lineage, rule.rule.name)
            begun = self.sources.begin(Line.attempting(event, target, services), services.allowance)
        except Exception as error:  # noqa: BLE001 - told by _broken; it must not end the way of the events behind this one
            return _broken(target, error)
        if isinstance(begun, Waiting):
            return _Begun(target, begun, injected)
        return self._judged(begun.result, injected)

    def _judged(self, attempt: Attempt, injected: Injection | None) -> Attempt:
        """An attempt that came to its end, with what the settings make of it."""
        if attempt.response is not None:
            self._log(attempt.target.api.api.api_id, attempt.response)
        if injected is not None and attempt.failure is None:
            # AppSync has run it: what it published goes out, and EventBridge does not know.
            return replace(attempt, failure=_LOST_ANSWER)
        if self._strict and attempt.failure is None and attempt.response and attempt.response.errors:
            message = str(attempt.response.errors[0].get("message"))
            failure = Failure("ERROR_FROM_TARGET", message, retryable=False)
            return replace(attempt, failure=failure)
        return attempt

    def _function_attempt(
        self, event: Event, target: CompiledFunctionTarget | CompiledDestination
    ) -> FunctionAttempt | Sending:
        if target.target.id in self.faults.failing_targets:
            failure = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)
            return FunctionAttempt(target, failure=failure)
        injected = self.faults.of_attempt(target.target.id)
        if injected is not None and injected.kind in _INJECTED:
            return FunctionAttempt(target, failure=_INJECTED[injected.kind])
        attempt = Line.hand_over(event, target)
        if attempt.failure is None and attempt.payload is not None and not attempt.unsent:
            if isinstance(target, CompiledDestination) and target.destination.api is not None:
                return Sending(target, attempt, event, _LOST_ANSWER if injected is not None else None)
            if isinstance(target, CompiledFunctionTarget):
                failed = self._hand_over(target.function.arn, attempt.payload, event.id)
            else:
                failed = self._send_to(target.destination, attempt.payload, event)
            attempt = replace(attempt, failure=failed or (_LOST_ANSWER if injected is not None else None))
        return attempt

    def _send_to(self, destination: Destination, payload: bytes, event: Event) -> Failure | None:
        """Give a queue, a log group or another bus what a rule makes of an event: why it is not taken, or None."""
        if destination.queue is not None:
            try:
                self._journal.send(destination.queue.arn, self._new_id(), payload.decode(), {}, self._clock())
            except JournalFault as fault:
                return Failure("ERROR_FROM_TARGET", str(fault), retryable=True)
        elif destination.log_group:
            self._log_line(destination.log_group, payload.decode())
        else:
            # In a turn of its own: two rules may send events from one bus to the other and back.
            onward = Event.restored(event.text, destination.event_bus, event.ingestion_time)
            asyncio.get_running_loop().call_soon(self._carry, onward)
        return None

    def _dead_letter(
        self, event: Event, rule: CompiledRule, target: _AnyTarget, attempt: _AnyAttempt, decision: DeadLetter
    ) -> None:
        queue = target.target.dead_letter
        if queue is None:
            self._trace.lost(event, rule, attempt, decision, "the target has no dead-letter queue")
            return
        if not queue.logical_id:
            queue = self.lines.queue(queue.arn)
            if queue is None:
                why = "its queue is of another stack, which is not emulated by the local runtime"
                self._trace.lost(event, rule, attempt, decision, why)
                return
        refusal = queue_admits(queue, rule_arn=rule.rule.arn, account=self.lines.account)
        if refusal is not None:
            self._trace.lost(event, rule, attempt, decision, refusal)
            return
        body, attributes = dead_letter_message(event, rule.rule, target.target, decision)
        try:
            self._journal.send(queue.arn, self._new_id(), body, attributes, self._clock())
        except JournalFault as fault:
            self._trace.lost(event, rule, attempt, decision, str(fault))
            return
        self._trace.dead_lettered(event, rule, attempt, decision, queue)

    async def redeliver(self, event: Event, rule: CompiledRule, target: _AnyTarget) -> _AnyAttempt:
        """One attempt at one target that no retry follows: a redrive that no other rule sees."""
        made = self._attempt(event, rule, target, NO_LINEAGE)
        attempt = await self._outcome(made) if isinstance(made, _Begun | Sending) else made
        send(attempt.published)
        if attempt.failure is None:
            self._trace.delivered(event, rule, attempt, 0)
        return attempt

    # --- retries ----------------------------------------------------------------------------------------------------

    def resume(self) -> int:
        """Take up the retries that an earlier runtime left in the journal; how many there are."""
        self._waiting = self._journal.due_times()
        heapq.heapify(self._waiting)
        self._set_timer()
        return len(self._waiting)

    def hurry(self, row: int) -> bool:
        """Try again now what waits in a row of the journal; False where nothing does."""
        if not any(waiting == row for _, waiting in self._waiting):
            return False
        # In place of the time that it waited for: it is not to be tried once more then.
        self._waiting = [(0.0 if waiting == row else due, waiting) for due, waiting in self._waiting]
        heapq.heapify(self._waiting)
        self._set_timer()
        return True

    def _wait(self, retry: PendingRetry, lineage: Lineage, *, is_timed: bool = True) -> int:
        """
        Write down that an event waits: its row. 0 where there is no room for it; the dead-letter queue is next then.

        One that is not timed waits until somebody else is done.
        """
        row = retry.row
        try:
            if row:
                self._journal.postpone_retry(row, retry.attempts, retry.due)
            elif len(self._waiting) + self.api_destinations.crowd < MAX_PENDING_RETRIES:
                row = self._journal.add_retry(retry)
            else:
                return 0
        except JournalFault:
            return 0
        if lineage.generation:
            self._lineages[row] = lineage
        if is_timed:
            heapq.heappush(self._waiting, (retry.due, row))
            self._set_timer()
        return row

    def _set_timer(self) -> None:
        # With as many under way as may be, the next one to end sets the timer.
        due = self._waiting[0][0] if self._waiting and len(self._under_way) < MAX_UNDER_WAY else None
        if self._timer is not None:
            if due == self._timer_due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer_due = due
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due - self._clock()), self._run_due)

    def _run_due(self) -> None:
        """Try again what is due, a few events at a time: others want their turn in between."""
        self._timer = None
        now = self._clock()
        try:
            until = monotonic() + _LONG_TURN_SECONDS
            for _ in range(_RETRIES_PER_TURN):
                full = len(self._under_way) >= MAX_UNDER_WAY
                if not self._waiting or self._waiting[0][0] > now or full or monotonic() >= until:
                    break
                self._run_row(heapq.heappop(self._waiting)[1])
        finally:
            self._set_timer()

    def _run_row(self, row: int) -> None:
        try:
            retry = self._journal.retry(row)
            if retry is None:
                return
            found = self._find(retry)
            if found is None:
                self._trace.target_gone(retry.event, retry.rule_arn, retry.target_id)
            elif self._invoke(
                retry.event,
                *found,
                attempts=retry.attempts,
                first=retry.first,
                row=row,
                lineage=self._lineages.pop(row, NO_LINEAGE),
            ):
                return
            # Only now: a crash in between delivers twice, which EventBridge may do too, rather than never.
            self._journal.remove_retry(row)
        except JournalFault as fault:
            self._trace.journal_fault(str(fault))

    def _find(self, retry: PendingRetry) -> tuple[CompiledRule, _AnyTarget] | None:
        for rule in self.lines.compiled_rules(retry.event.bus):
            if rule.rule.arn == retry.rule_arn:
                for target in rule.every_target:
                    if target.target.id == retry.target_id:
                        return rule, target
        return None

    def stop(self) -> None:
        """Carry nothing more than the event under way: what a publisher still waits for is refused, to be sent again."""
        self._is_stopping = True
        if self._descendants:
            self._trace.dropped_at_stop(len(self._descendants))
            self._descendants.clear()

    def close(self) -> int:
        """Stop waiting; what waits stays in the journal. How many events that is."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        under_way = len(self._under_way)
        for task in self._under_way:
            task.cancel()
        return len(self._waiting) + under_way + self.api_destinations.crowd


class _Allowance:
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
class _Begun:
    """An attempt whose resolvers wait for data sources."""

    target: CompiledTarget
    waiting: Waiting[Attempt]
    injected: Injection | None


def _broken(target: CompiledTarget | CompiledDestination, error: Exception) -> _AnyAttempt:
    """An attempt that a bug of ours ended."""
    logging.getLogger("livebus").error("unexpected error", exc_info=error)
    failure = Failure("INTERNAL_ERROR", unexpected(error), retryable=False)
    if isinstance(target, CompiledTarget):
        return Attempt(target, failure=failure)
    return FunctionAttempt(target, failure=failure)


def _may_wait(target: _AnyTarget) -> bool:
    """Whether an attempt may have to wait for data sources or an endpoint."""
    return _is_api_destination(target) or (isinstance(target, CompiledTarget) and target.api.executor.asks)


def _is_api_destination(target: _AnyTarget) -> bool:
    """Whether requests are made for a target: what is sent nowhere, or refused, waits for no moment of its own."""
    if not isinstance(target, CompiledDestination) or target.refusal is not None:
        return False
    return target.destination.api is not None and not target.destination.unsent
