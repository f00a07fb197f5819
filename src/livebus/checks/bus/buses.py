"""
Checks of buses and the rules on them: rules are on the bus that the events go to.

In: an inspection. Out: faults at the rule. Buses of other stacks are not known here: a rule on one of them is left in
peace where no bus of the template waits for a rule.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.template.outside import is_from_outside
from livebus.errors import Fault
from livebus.template.application import EventBus, Rule
from livebus.template.dependencies import depends_on, references
from livebus.template.event_patterns import written_patterns
from livebus.template.return_values import bus_name

CHECKS = Checks()

_BUSES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html"
_DEPENDS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html"


def _own_buses(inspection: Inspection) -> dict[str, EventBus]:
    return {bus.name: bus for bus in inspection.application.buses if bus.logical_id}


def _given(inspection: Inspection, rule: Rule) -> Any:
    """The EventBusName as it stands in the template; None where there is none."""
    properties = inspection.raw(rule.logical_id).get("Properties")
    return properties.get("EventBusName") if isinstance(properties, Mapping) else None


@CHECKS.add(
    "E9124",
    "The rule of an API is on the template's bus, where the template has one of its own",
    why="A rule sees the events of its own bus only. Without an EventBusName that is the account's default bus.",
    source=_BUSES,
)
def _on_own_bus(inspection: Inspection) -> Iterator[Fault]:
    own = _own_buses(inspection)
    if not own or any(rule.bus in own for rule in inspection.application.rules):
        return
    told = {fault.place for fault in inspection.reading_faults if not fault.not_emulated}
    of_aws = _rules_for_aws(inspection)
    for rule in inspection.application.rules:
        given = _given(inspection, rule)
        if rule.targets and rule.logical_id not in of_aws and _is_of_this_stack(inspection, given):
            resource = inspection.resource(rule.logical_id)
            place = resource.place("EventBusName") if resource and given else rule.place
            where = f"the bus {rule.bus!r}" if given else "the account's default bus"
            found = f"the rule {rule.logical_id!r} is on {where}, and no rule is on the template's own"
            meant = next(iter(own.values())).logical_id
            if place not in told:
                yield Fault(found, place, advice=f"Write EventBusName: !Ref {meant}.")


def _is_of_this_stack(inspection: Inspection, given: Any) -> bool:
    """Whether a name hangs on nothing that is given from outside: no parameter, no export of another stack."""
    parameters = inspection.resources.parameter_names
    return not is_from_outside(inspection, given) and not any(each.name in parameters for each in references(given))


def _rules_for_aws(inspection: Inspection) -> set[str]:
    """The rules, by logical id, for events of AWS services alone: their sources begin with aws."""
    found = set()
    for pattern in written_patterns(inspection.resources):
        sources = pattern.value.get("source") if isinstance(pattern.value, Mapping) else None
        if isinstance(sources, list) and sources and all(map(_is_of_aws, sources)):
            found.add(pattern.resource.logical_id)
    return found


def _is_of_aws(condition: Any) -> bool:
    text = condition.get("prefix", condition.get("wildcard")) if isinstance(condition, Mapping) else condition
    return isinstance(text, str) and text.startswith("aws.")


@CHECKS.add(
    "W9124",
    "Rules for events of AWS services are on the default bus",
    why="AWS services put their events onto the default bus only, and PutEvents refuses sources that begin with aws.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events.html",
)
def _aws_events(inspection: Inspection) -> Iterator[Fault]:
    own = _own_buses(inspection)
    fed = {
        bus_name(target.text("Arn"))
        for resource in inspection.resources.of_type("AWS::Events::Rule")
        for target in resource.properties.mappings("Targets")
    }
    of_aws = _rules_for_aws(inspection)
    for pattern in written_patterns(inspection.resources):
        rule = next(
            (each for each in inspection.application.rules if each.logical_id == pattern.resource.logical_id), None
        )
        if rule and rule.logical_id in of_aws and rule.bus in own and rule.bus not in fed:
            found = f"the rule {rule.logical_id!r} waits on the bus {rule.bus!r} for events of AWS services"
            advice = "Leave EventBusName out, or send them on with a rule of the default bus."
            yield Fault(found, pattern.place("source"), "the default bus", advice)


@CHECKS.add(
    "W9128",
    "A rule refers to its bus, so that the bus is made first",
    why="CloudFormation makes both at once, and the rule fails where the bus is not there yet.",
    source=_DEPENDS,
)
def _bus_is_first(inspection: Inspection) -> Iterator[Fault]:
    own = _own_buses(inspection)
    for rule in inspection.application.rules:
        bus = own.get(rule.bus)
        if bus is None or not isinstance(_given(inspection, rule), str):
            continue
        raw = inspection.raw(rule.logical_id)
        names = {each.name for each in references(raw.get("Properties"))} | set(map(str, depends_on(raw)))
        if bus.logical_id not in names:
            resource = inspection.resource(rule.logical_id)
            place = resource.place("EventBusName") if resource else rule.place
            found = f"the rule {rule.logical_id!r} names its bus {rule.bus!r}, and does not wait for it"
            if inspection.resources.stack_name(bus.logical_id) != inspection.resources.stack_name(rule.logical_id):
                yield Fault(
                    found, place, "a stack that is deployed after that of the bus", "Make it depend on that stack."
                )
                continue
            yield Fault(found, place, f"!Ref {bus.logical_id}")
