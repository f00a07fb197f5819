"""
Events that resolvers put: carried in turns of their own, and no further than their lineage goes.

A mutation that publishes what triggers it goes round for ever on AWS, one event at a time; here it must neither become a
recursion nor leave no turn to others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from livebus.event.envelope import Event
from livebus.operation import PutEvents
from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.eventbridge.trace import Trace

# How long events that resolvers put may be carried before others have their turn.
TURN_SECONDS = 0.05
# Events that resolvers have put and that wait for their turn.
MAX_DESCENDANTS = 10_000
_MOST_RULES = 2_000
_NO_ROOM = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}

Accept = Callable[[Mapping[str, Any], datetime, Callable[[Event], object]], dict[str, str]]
Carry = Callable[[Event, Lineage], object]


def put_events_answer(answers: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """PutEvents' answer, of the parts for each entry."""
    return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


class ResolverEvents:
    """``accept`` takes an entry for a bus, or refuses it; ``carry`` carries an event of this lineage to its targets."""

    def __init__(self, trace: Trace, clock: Callable[[], float], accept: Accept, carry: Carry) -> None:
        self._trace = trace
        self._clock = clock
        self._accept = accept
        self._carry = carry
        self._of_rules: dict[str, PutEvents] = {}
        self._waiting: deque[tuple[Event, Lineage]] = deque()
        self._is_carrying = False

    def putting(self, lineage: Lineage, rule: str) -> PutEvents:
        """PutEvents for a resolver of a request that a rule makes; for events from outside one for each rule, made once."""
        if lineage is not NO_LINEAGE:
            return partial(self._put, lineage.through(rule))
        found = self._of_rules.get(rule)
        if found is None:
            if len(self._of_rules) >= _MOST_RULES:
                self._of_rules.clear()

            def found(bus_arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
                return self._put(NO_LINEAGE.through(rule), bus_arn, entries)

            self._of_rules[rule] = found
        return found

    def _put(self, lineage: Lineage, bus_arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        answers = []
        for entry in entries:
            if len(self._waiting) >= MAX_DESCENDANTS:
                answers.append(dict(_NO_ROOM))
                self._trace.looping(lineage, "the runtime holds no more events of resolvers: this one is refused")
                continue
            named = {**entry, "EventBusName": bus_arn}
            answers.append(self._accept(named, now, partial(self._add, lineage)))
        return put_events_answer(answers)

    def _add(self, lineage: Lineage, event: Event) -> None:
        if not self._is_carrying:
            self._is_carrying = True
            asyncio.get_running_loop().call_soon(self._carry_waiting)
        self._waiting.append((event, lineage.next()))

    def _carry_waiting(self) -> None:
        """Carry some in each turn of the event loop: others want theirs in between."""
        until = monotonic() + TURN_SECONDS
        try:
            while self._waiting:
                event, lineage = self._waiting.popleft()
                self._carry(event, lineage)
                if monotonic() >= until:
                    break
        finally:  # a bug of ours that ends the way of one must not be the end of those behind it
            if self._waiting:
                # Not call_soon: what is ready elsewhere comes first.
                asyncio.get_running_loop().call_later(0.001, self._carry_waiting)
            else:
                self._is_carrying = False

    def stop(self) -> None:
        """Carry no more of them; those that wait are dropped, and that is told."""
        if self._waiting:
            self._trace.dropped_at_stop(len(self._waiting))
            self._waiting.clear()
