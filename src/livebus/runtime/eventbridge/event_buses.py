"""
Carries events: from PutEvents to the line, and from a failed attempt to the next one or to the dead-letter queue.

An event is carried to its targets before PutEvents is answered; only retries wait. What waits is in the journal.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from livebus.access import queue_admits
from livebus.delivery import TIMEOUT, DeadLetter, Failure, dead_letter_message, decide, http_failure
from livebus.event.envelope import Event, Refused, accept
from livebus.execution import GraphQLResponse
from livebus.flow import (
    Attempt,
    CompiledFunctionTarget,
    CompiledRule,
    CompiledTarget,
    FunctionAttempt,
    Line,
    Published,
)
from livebus.operation import Services
from livebus.runtime.aws_errors import unexpected
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.faults.injection import Faults
from livebus.runtime.kept.journal import Journal, JournalFault, PendingRetry
from livebus.template.attributes import bus_name

# Retries beyond this many go to the dead-letter queue at once: the journal is a buffer, and buffers end.
MAX_PENDING_RETRIES = 100_000
_RETRIES_PER_TURN = 20
_INJECTED = {
    "target-throttle": http_failure(429, "Rate exceeded (--fault target-throttle)"),
    "target-error": http_failure(500, "Internal Failure (--fault target-error)"),
    "target-timeout": http_failure(504, "no answer (--fault target-timeout)"),
    "target-denied": http_failure(403, "not authorized (--fault target-denied)"),
}
_AnyTarget = CompiledTarget | CompiledFunctionTarget
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


class EventBuses:
    """
    The buses of all lines.

    ``time_scale`` divides the waiting between retries (60: a minute becomes a second). ``strict`` dead-letters an
    event whose mutation came back with GraphQL errors inside a 200; AWS does not document what it does with those,
    and without ``strict`` they count as delivered. ``log`` takes an API's id and what it answered; ``archive`` is shown
    every event that a bus has taken. ``hand_over`` gives a function, by its ARN, what a rule makes of an event (whose id is
    the third): why it is not taken, or None.
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
        self.faults = faults or Faults()
        self._log = log
        self._waiting: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0

    def services(self) -> Services:
        return Services(self._clock(), self._new_id, self._put_from_resolver)

    # --- in ---------------------------------------------------------------------------------------------------------

    def put_events(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Accept and carry the entries of a PutEvents request that is valid as a whole; the answer has AWS's shape."""
        return self._accept(entries, self._carry)

    def _accept(self, entries: Sequence[Mapping[str, Any]], carry: Callable[[Event], object]) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        account, region = self.lines.account, self.lines.region
        answers: list[dict[str, str]] = []
        failed = 0
        for entry in entries:
            bus = bus_name(entry.get("EventBusName"))
            event_id = self._new_id()
            event = accept(entry, bus=bus, event_id=event_id, now=now, account=account, region=region)
            if isinstance(event, Refused):
                failed += 1
                answers.append({"ErrorCode": event.code, "ErrorMessage": event.message})
                self._trace.refused(entry, event)
            else:
                answers.append({"EventId": event_id})
                carry(event)
        return {"FailedEntryCount": failed, "Entries": answers}

    def _put_from_resolver(self, bus_arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        # In a turn of its own: a mutation that publishes what triggers it goes round for ever on AWS, one event at a
        # time; here it must not become a recursion.
        loop = asyncio.get_running_loop()
        named = [{**entry, "EventBusName": bus_arn} for entry in entries]
        return self._accept(named, lambda event: loop.call_soon(self._carry, event))

    def replay(self, event: Event, only: frozenset[str]) -> None:
        """Carry an event of an archive; to the rules of these ARNs only, where there are any."""
        self._carry(event, only)

    def _carry(self, event: Event, only: frozenset[str] = frozenset()) -> None:
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
                if latency and self._wait(PendingRetry(event, rule.rule.arn, target.target.id, 0, now, now + latency)):
                    continue
                self._invoke(event, rule, target, attempts=0, first=now)

    # --- attempts ---------------------------------------------------------------------------------------------------

    def _invoke(
        self, event: Event, rule: CompiledRule, target: _AnyTarget, *, attempts: int, first: float, row: int = 0
    ) -> bool:
        """
        Make an attempt after so many others, the first of which was due at ``first``; ``row`` is the journal's.

        Whether the event waits for another one.
        """
        attempt = self._attempt(event, target)
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
            if self._wait(PendingRetry(event, rule.rule.arn, target.target.id, attempts + 1, first, due, row)):
                self._trace.retrying(event, rule, attempt, attempts, decision.after / self._time_scale)
                return True
            decision = DeadLetter("RESOURCE_LIMIT_EXCEEDED", "The runtime has no room for another retry.", attempts)
        self._dead_letter(event, rule, target, attempt, decision)
        return False

    def _attempt(self, event: Event, target: _AnyTarget) -> _AnyAttempt:
        if isinstance(target, CompiledFunctionTarget):
            return self._function_attempt(event, target)
        if target.target.id in self.faults.failing_targets:
            failure = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)
            return Attempt(target, failure=failure)
        injected = self.faults.of_attempt(target.target.id)
        if injected is not None and injected.kind in _INJECTED:
            return Attempt(target, failure=_INJECTED[injected.kind])
        try:
            attempt = Line.attempt(event, target, self.services())
        except Exception as error:  # a bug of ours must not end the way of the events behind this one
            logging.getLogger("livebus").exception("unexpected error")
            message = unexpected(error)
            return Attempt(target, failure=Failure("INTERNAL_ERROR", message, retryable=False))
        if attempt.response is not None:
            self._log(target.api.api.api_id, attempt.response)
        if injected is not None and attempt.failure is None:
            # AppSync has run it: what it published goes out, and EventBridge does not know.
            return replace(attempt, failure=_LOST_ANSWER)
        if self._strict and attempt.failure is None and attempt.response and attempt.response.errors:
            message = str(attempt.response.errors[0].get("message"))
            failure = Failure("ERROR_FROM_TARGET", message, retryable=False)
            return replace(attempt, failure=failure)
        return attempt

    def _function_attempt(self, event: Event, target: CompiledFunctionTarget) -> FunctionAttempt:
        if target.target.id in self.faults.failing_targets:
            failure = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)
            return FunctionAttempt(target, failure=failure)
        injected = self.faults.of_attempt(target.target.id)
        if injected is not None and injected.kind in _INJECTED:
            return FunctionAttempt(target, failure=_INJECTED[injected.kind])
        attempt = Line.hand_over(event, target)
        if attempt.failure is None and attempt.payload is not None:
            failed = self._hand_over(target.function.arn, attempt.payload, event.id)
            attempt = replace(attempt, failure=failed or (_LOST_ANSWER if injected is not None else None))
        return attempt

    def _dead_letter(
        self, event: Event, rule: CompiledRule, target: _AnyTarget, attempt: _AnyAttempt, decision: DeadLetter
    ) -> None:
        queue = target.target.dead_letter
        if queue is None:
            self._trace.lost(event, rule, attempt, decision, "the target has no dead-letter queue")
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

    def redeliver(self, event: Event, rule: CompiledRule, target: _AnyTarget) -> _AnyAttempt:
        """One attempt at one target that no retry follows: a redrive that no other rule sees."""
        attempt = self._attempt(event, target)
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

    def _wait(self, retry: PendingRetry) -> bool:
        """Write down that an event waits. False where there is no room for it; the dead-letter queue is next then."""
        row = retry.row
        try:
            if row:
                self._journal.postpone_retry(row, retry.attempts, retry.due)
            elif len(self._waiting) < MAX_PENDING_RETRIES:
                row = self._journal.add_retry(retry)
            else:
                return False
        except JournalFault:
            return False
        heapq.heappush(self._waiting, (retry.due, row))
        self._set_timer()
        return True

    def _set_timer(self) -> None:
        due = self._waiting[0][0] if self._waiting else None
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
            for _ in range(_RETRIES_PER_TURN):
                if not self._waiting or self._waiting[0][0] > now:
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
            elif self._invoke(retry.event, *found, attempts=retry.attempts, first=retry.first, row=row):
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

    def close(self) -> int:
        """Stop waiting; what waits stays in the journal. How many events that is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return len(self._waiting)
