"""Puts an event that is given up into its target's dead-letter queue, or tells with the reason that it is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livebus.access import queue_admits
from livebus.retry_policy import DeadLetter, Failure, dead_letter_message
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.attempts import AnyAttempt, failed
from livebus.runtime.eventbridge.due import Due
from livebus.runtime.eventbridge.lineage import MAX_FAMILY
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """``lines`` gives those that are at work when an event is given up: a queue may be of another stack's."""

    lines: Callable[[], Lines]
    journal: DeliveryJournal
    trace: Trace
    clockwork: Clockwork

    def put(self, due: Due, attempt: AnyAttempt, decision: DeadLetter) -> None:
        """``decision`` says after how many attempts, and with which error, the event is given up."""
        event, rule, lines = due.event, due.rule, self.lines()
        queue = due.target.target.dead_letter
        if queue is None:
            self.trace.lost(event, rule, attempt, decision, "the target has no dead-letter queue")
            return
        if not queue.logical_id:
            queue = lines.queue(queue.arn)
            if queue is None:
                why = "its queue is of another stack, which is not emulated by the local runtime"
                self.trace.lost(event, rule, attempt, decision, why)
                return
        refusal = queue_admits(queue, rule_arn=rule.rule.arn, account=lines.account)
        if refusal is not None:
            self.trace.lost(event, rule, attempt, decision, refusal)
            return
        body, attributes = dead_letter_message(event, rule.rule, due.target.target, decision)
        try:
            self.journal.send(queue.arn, self.clockwork.new_id(), body, attributes, self.clockwork.clock())
        except JournalFault as fault:
            self.trace.lost(event, rule, attempt, decision, str(fault))
            return
        self.trace.dead_lettered(event, rule, attempt, decision, queue)

    def no_room(self, due: Due, message: str) -> None:
        """Give an event up that the runtime has no room for."""
        failure = Failure("RESOURCE_LIMIT_EXCEEDED", message, retryable=False)
        self.put(due, failed(due.target, failure), DeadLetter(failure.code, message, due.attempts))

    def end_of_lineage(self, due: Due) -> None:
        """Give an event up that events of resolvers led to, too many of them: a loop."""
        lineage = due.lineage
        message = f"{lineage.generation} events led to one another, or {MAX_FAMILY} came of one: a loop, {lineage.loop}"
        self.trace.looping(lineage, "what it would put further is dead-lettered or dropped")
        failure = Failure("RESOURCE_LIMIT_EXCEEDED", message, retryable=False)
        self.put(due, failed(due.target, failure), DeadLetter(failure.code, message, 0))
