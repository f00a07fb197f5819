"""Data: everything that a template declares on the event's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from livebus.template.application.api import GraphQLApi, Table
from livebus.template.application.bus import Archive, EventBus, Queue, Role, Rule
from livebus.template.application.functions import Function
from livebus.template.application.users import IdentityPool, UserPool


@dataclass(frozen=True, slots=True)
class Application:
    """
    Everything that the template declares on the event's way, and its Outputs.

    ``exports`` are the values that other stacks may import, by the export's name; ``imports`` the names of those that
    it imports itself. ``deployed`` are the Outputs of the stacks that it is deployed as, by their names: one, but for an
    application of several. ``outside_buses`` are the names of other stacks' buses that rules of this one are on.
    """

    stack_name: str
    region: str
    account: str
    buses: tuple[EventBus, ...]
    rules: tuple[Rule, ...]
    apis: tuple[GraphQLApi, ...]
    user_pools: tuple[UserPool, ...]
    queues: tuple[Queue, ...]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    outside_buses: tuple[str, ...] = ()
    exports: Mapping[str, str] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()
    deployed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    warnings: Sequence[str] = ()
    archives: tuple[Archive, ...] = ()
    functions: tuple[Function, ...] = ()
    tables: tuple[Table, ...] = ()
    roles: tuple[Role, ...] = ()
    identity_pools: tuple[IdentityPool, ...] = ()

    @property
    def letter_queues(self) -> tuple[Queue, ...]:
        """The queues that hold dead letters, as far as is known: not those that rules send events to, and nobody dead letters."""
        targets = [
            target for rule in self.rules for target in (*rule.targets, *rule.function_targets, *rule.other_targets)
        ]
        of_letters = {target.dead_letter.arn for target in targets if target.dead_letter is not None}
        of_letters |= {function.asynchronous.dead_letter for function in self.functions}
        sent_to = {each.destination.queue.arn for each in targets if each.destination and each.destination.queue}
        return tuple(queue for queue in self.queues if queue.arn in of_letters or queue.arn not in sent_to)
