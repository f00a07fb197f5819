"""
The lines of all stacks that run, as one account's event buses see them.

A rule of one stack may be on another stack's bus: an event goes to the rules of every stack that has some on its bus.
"""

from __future__ import annotations

from collections.abc import Mapping

from livebus.event.envelope import Event
from livebus.flow import CompiledRule, Line, Verdict
from livebus.template import Environment
from livebus.template.application import EventBus, Queue, Rule
from livebus.template.values import is_opaque


class Lines:
    """
    Made anew whenever a stack comes, changes or goes. ``of`` are the stacks' lines by the stack's name.

    ``environment`` tells account and region, which all stacks share.
    """

    def __init__(self, environment: Environment, of: Mapping[str, Line] | None = None) -> None:
        self.of: Mapping[str, Line] = dict(of or {})
        self.account = environment.account
        self.region = environment.region
        default = EventBus("default", environment.arn("events", "event-bus/default"))
        # Each application has the account's default bus among its own; here it is there once, and always.
        own = (bus for line in self.of.values() for bus in line.application.buses)
        # A rule may be on a bus that no stack here has: events that are put to it by its name get there all the same.
        names = (name for line in self.of.values() for name in line.application.outside_buses if not is_opaque(name))
        outside = (EventBus(name, environment.arn("events", f"event-bus/{name}")) for name in names)
        self._buses = {bus.name: bus for bus in (*outside, default, *own)}
        self._with_rules = {
            name: tuple(line for line in self.of.values() if line.compiled_rules(name)) for name in self._buses
        }

    @property
    def buses(self) -> tuple[EventBus, ...]:
        return tuple(self._buses.values())

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for line in self.of.values() for rule in line.application.rules)

    def queue(self, arn: str) -> Queue | None:
        """The queue of this ARN that some stack here has."""
        queues = (queue for line in self.of.values() for queue in line.application.queues)
        return next((queue for queue in queues if queue.arn == arn), None)

    def has_bus(self, name: str) -> bool:
        return name in self._buses

    def rules_for(self, event: Event) -> list[CompiledRule]:
        """The rules that match an event: stack by stack, in the order of their templates."""
        lines = self._with_rules.get(event.bus, ())
        if len(lines) == 1:
            return lines[0].rules_for(event)
        return [rule for line in lines for rule in line.rules_for(event)]

    def compiled_rules(self, bus: str) -> list[CompiledRule]:
        return [rule for line in self._with_rules.get(bus, ()) for rule in line.compiled_rules(bus)]

    def verdicts(self, event: Event) -> list[Verdict]:
        """What every rule of the event's bus says of it, with the reasons."""
        return [verdict for line in self._with_rules.get(event.bus, ()) for verdict in line.verdicts(event)]
