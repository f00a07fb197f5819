"""
Carries events: from PutEvents to the line, and from a failed attempt to the next one or to the dead-letter queue.

An event is carried to its targets before PutEvents is answered; only retries wait. What waits is in the journal.
"""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from livebus.access import queue_admits
from livebus.delivery import DeadLetter, Failure, dead_letter_message, decide
from livebus.event import Event, Refused, accept
from livebus.flow import Attempt, CompiledRule, CompiledTarget, Line, Published
from livebus.operation import Services
from livebus.runtime.journal import Journal, PendingRetry
from livebus.runtime.trace import Trace
from livebus.template.attributes import bus_name

# Retries beyond this many go to the dead-letter queue at once: the journal is a buffer, and buffers end.
MAX_PENDING_RETRIES = 100_000


@dataclass(slots=True)
class Faults:
    """Failures switched on by hand, to try one's alarms: target ids that fail, seconds that each attempt waits."""

    failing_targets: frozenset[str] = frozenset()
    latency: float = 0.0


def send(published: Published) -> None:
    """Write what was published to the subscribers' sockets, and end the subscriptions that it invalidated."""
    for _, deliveries in published.deliveries:
        for subscription, payload in deliveries:
            subscription.sink.deliver(payload)
    for subscription in published.ended:
        subscription.sink.end()


class EventBuses:
    """
    The buses of one line.

    ``time_scale`` divides the waiting between retries (60: a minute becomes a second). ``strict`` dead-letters an
    event whose mutation came back with GraphQL errors inside a 200; AWS does not document what it does with those,
    and without ``strict`` they count as delivered.
    """

    def __init__(
        self,
        line: Line,
        journal: Journal,
        trace: Trace,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        jitter: Callable[[], float],
        time_scale: float = 1.0,
        strict: bool = False,
        faults: Faults | None = None,
    ) -> None:
        self.line = line
        self._journal = journal
        self._trace = trace
        self._clock = clock
        self._new_id = new_id
        self._jitter = jitter
        self._time_scale = time_scale
        self._strict = strict
        self.faults = faults or Faults()
        self._waiting: list[tuple[float, int]] = []
        self._retries: dict[int, PendingRetry] = {}
        self._timer: asyncio.TimerHandle | None = None

    def services(self) -> Services:
        return Services(self._clock(), self._new_id, self._put_from_resolver)

    # --- in ---------------------------------------------------------------------------------------------------------

    def put_events(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Accept and carry the entries of a PutEvents request that is valid as a whole; the answer has AWS's shape."""
        return self._accept(entries, self._carry)

    def _accept(self, entries: Sequence[Mapping[str, Any]], carry: Callable[[Event], object]) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        application = self.line.application
        answers: list[dict[str, str]] = []
        failed = 0
        for entry in entries:
            bus = bus_name(entry.get("EventBusName"))
            event_id = self._new_id()
            event = accept(
                entry, bus=bus, event_id=event_id, now=now, account=application.account, region=application.region
            )
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

    def _carry(self, event: Event) -> None:
        if not self.line.has_bus(event.bus):
            self._trace.no_such_bus(event, [bus.name for bus in self.line.application.buses])
            return
        rules = self.line.rules_for(event)
        self._trace.matched(event, self.line, rules)
        for rule in rules:
            for target in rule.targets:
                now = self._clock()
                if self.faults.latency:
                    due = now + self.faults.latency
                    if self._wait(PendingRetry(event, rule.rule.arn, target.target.id, 0, now, due)):
                        continue
                self._invoke(event, rule, target, attempts=0, first=now)

    # --- attempts ---------------------------------------------------------------------------------------------------

    def _invoke(self, event: Event, rule: CompiledRule, target: CompiledTarget, *, attempts: int, first: float) -> None:
        attempt = self._attempt(event, target)
        failure = attempt.failure
        send(attempt.published)
        if failure is None:
            self._trace.delivered(event, rule, attempt, attempts)
            return
        decision = decide(
            failure,
            target.target.retry_policy,
            attempt=attempts,
            age=self._clock() - first,
            jitter=self._jitter(),
        )
        if not isinstance(decision, DeadLetter):
            due = self._clock() + decision.after / self._time_scale
            retry = PendingRetry(event, rule.rule.arn, target.target.id, attempts + 1, first, due)
            if len(self._retries) < MAX_PENDING_RETRIES and self._wait(retry):
                self._trace.retrying(event, rule, attempt, attempts, decision.after)
                return
            decision = DeadLetter("RESOURCE_LIMIT_EXCEEDED", "The runtime has no room for another retry.", attempts, None)
        self._dead_letter(event, rule, target, attempt, decision)

    def _attempt(self, event: Event, target: CompiledTarget) -> Attempt:
        if target.target.id in self.faults.failing_targets:
            failure = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)
            return Attempt(target, failure=failure)
        attempt = self.line.attempt(event, target, self.services())
        if self._strict and attempt.failure is None and attempt.response and attempt.response.errors:
            message = str(attempt.response.errors[0].get("message"))
            failure = Failure("ERROR_FROM_TARGET", message, retryable=False)
            return replace(attempt, failure=failure)
        return attempt

    def _dead_letter(
        self, event: Event, rule: CompiledRule, target: CompiledTarget, attempt: Attempt, decision: DeadLetter
    ) -> None:
        queue = target.target.dead_letter
        if queue is None:
            self._trace.lost(event, rule, attempt, decision, "the target has no dead-letter queue")
            return
        refusal = queue_admits(queue, rule_arn=rule.rule.arn, account=self.line.application.account)
        if refusal is not None:
            self._trace.lost(event, rule, attempt, decision, refusal)
            return
        body, attributes = dead_letter_message(event, rule.rule, target.target, decision)
        try:
            self._journal.send(queue.arn, self._new_id(), body, attributes, self._clock())
        except sqlite3.Error as error:
            self._trace.lost(event, rule, attempt, decision, f"the journal cannot be written: {error}")
            return
        self._trace.dead_lettered(event, rule, attempt, decision, queue)

    # --- retries ----------------------------------------------------------------------------------------------------

    def resume(self) -> int:
        """Take up the retries that an earlier runtime left in the journal; how many there are."""
        for retry in self._journal.retries(MAX_PENDING_RETRIES):
            self._schedule(retry, retry.row)
        return len(self._retries)

    def _wait(self, retry: PendingRetry) -> bool:
        try:
            row = self._journal.add_retry(retry)
        except sqlite3.Error:
            # Not even the waiting can be written down (a full disk): the queue is tried next, and says so if it fails.
            return False
        self._schedule(retry, row)
        return True

    def _schedule(self, retry: PendingRetry, row: int) -> None:
        self._retries[row] = retry
        heapq.heappush(self._waiting, (retry.due, row))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            delay = max(0.0, self._waiting[0][0] - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self._run_due)

    def _run_due(self) -> None:
        self._timer = None
        now = self._clock()
        while self._waiting and self._waiting[0][0] <= now:
            _, row = heapq.heappop(self._waiting)
            retry = self._retries.pop(row)
            found = self._find(retry)
            if found is None:
                self._trace.target_gone(retry.event, retry.rule_arn, retry.target_id)
            else:
                self._invoke(retry.event, *found, attempts=retry.attempts, first=retry.first)
            # Only now: a crash in between delivers twice, which EventBridge may do too, rather than never.
            self._journal.remove_retry(row)
        self._set_timer()

    def _find(self, retry: PendingRetry) -> tuple[CompiledRule, CompiledTarget] | None:
        for rule in self.line.compiled_rules(retry.event.bus):
            if rule.rule.arn == retry.rule_arn:
                for target in rule.targets:
                    if target.target.id == retry.target_id:
                        return rule, target
        return None

    def close(self) -> int:
        """Stop waiting; what waits stays in the journal. How many events that is."""
        if self._timer is not None:
            self._timer.cancel()
        return len(self._retries)
