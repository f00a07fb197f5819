"""One event on its way to one target, and which targets it may have to wait for."""

from __future__ import annotations

from livebus.event.envelope import Event
from livebus.flow import CompiledDestination, CompiledRule, CompiledTarget
from livebus.record import record
from livebus.runtime.eventbridge.attempts import AnyTarget
from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.kept.journal import PendingRetry


@record
class Due:
    """
    One event that is to go to one target, after so many ``attempts``, the first of which was due at ``first``. ``row`` is
    the journal's; 0 while the event is in none.
    """

    event: Event
    rule: CompiledRule
    target: AnyTarget
    first: float
    attempts: int = 0
    row: int = 0
    lineage: Lineage = NO_LINEAGE

    def retry(self, due: float, *, attempts: int) -> PendingRetry:
        """What the journal keeps of it."""
        return PendingRetry(self.event, self.rule.rule.arn, self.target.target.id, attempts, self.first, due, self.row)


def may_wait(target: AnyTarget) -> bool:
    """Whether an attempt may have to wait for data sources or an endpoint."""
    return target.api.executor.asks if isinstance(target, CompiledTarget) else is_api_destination(target)


def is_api_destination(target: AnyTarget) -> bool:
    """Whether requests are made for a target: what is sent nowhere, or refused, waits for no moment of its own."""
    if not isinstance(target, CompiledDestination) or target.refusal is not None:
        return False
    return target.destination.api is not None and not target.destination.unsent
