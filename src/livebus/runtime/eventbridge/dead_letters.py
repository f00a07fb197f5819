"""Puts an event that is given up into its target's dead-letter queue, or tells with the reason that it is lost."""

from __future__ import annotations

from livebus.access import queue_admits
from livebus.event.envelope import Event
from livebus.flow import CompiledRule
from livebus.retry_policy import DeadLetter, dead_letter_message
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.attempts import AnyAttempt, AnyTarget
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault


def put_dead_letter(
    event: Event,
    rule: CompiledRule,
    target: AnyTarget,
    attempt: AnyAttempt,
    decision: DeadLetter,
    *,
    lines: Lines,
    journal: DeliveryJournal,
    trace: Trace,
    clockwork: Clockwork,
) -> None:
    """``decision`` says after how many attempts, and with which error, the event is given up."""
    queue = target.target.dead_letter
    if queue is None:
        trace.lost(event, rule, attempt, decision, "the target has no dead-letter queue")
        return
    if not queue.logical_id:
        queue = lines.queue(queue.arn)
        if queue is None:
            why = "its queue is of another stack, which is not emulated by the local runtime"
            trace.lost(event, rule, attempt, decision, why)
            return
    refusal = queue_admits(queue, rule_arn=rule.rule.arn, account=lines.account)
    if refusal is not None:
        trace.lost(event, rule, attempt, decision, refusal)
        return
    body, attributes = dead_letter_message(event, rule.rule, target.target, decision)
    try:
        journal.send(queue.arn, clockwork.new_id(), body, attributes, clockwork.clock())
    except JournalFault as fault:
        trace.lost(event, rule, attempt, decision, str(fault))
        return
    trace.dead_lettered(event, rule, attempt, decision, queue)
