"""
What a template leaves to others: exports of other stacks, Systems Manager, transforms. It is not known before a deploy.

In: a value as it stands in the template. Out: whether it hangs on such a thing, so that nothing is said of it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.checks.inspection import Inspection
from livebus.template.application import Rule
from livebus.template.dependencies import references
from livebus.template.nesting import NESTED

_FUNCTIONS = frozenset(("Fn::ImportValue", "Fn::Transform", "Fn::GetStackOutput"))


def is_from_outside(inspection: Inspection, value: Any) -> bool:
    """Whether a value of the template holds what is only known where it is deployed."""
    parameters = inspection.document.body.get("Parameters")
    kinds = {
        name: str(declared.get("Type"))
        for name, declared in (parameters.items() if isinstance(parameters, Mapping) else ())
        if isinstance(declared, Mapping)
    }
    assumed = inspection.resources.unknown_parameters
    return _holds(value) or any(
        each.name in assumed or kinds.get(each.name, "").startswith("AWS::SSM::") for each in references(value)
    )


def _holds(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(name in _FUNCTIONS or _holds(item) for name, item in value.items())
    if isinstance(value, list):
        return any(map(_holds, value))
    return isinstance(value, str) and "{{resolve:" in value


def is_left_to_unread(inspection: Inspection, bus: str) -> bool:
    """
    Whether the rules of a bus may stand in templates that are not read: those that this one nests, where it has none of them itself,
    or those of stacks beside it.
    """
    if inspection.lacks_stacks:
        return True
    has_rules = any(rule.bus == bus for rule in inspection.application.rules)
    resources = inspection.resources
    return not has_rules and not all(map(resources.is_read, resources.of_type(*NESTED)))


def known_arn(inspection: Inspection, rule: Rule) -> str:
    """A rule's ARN; empty where its name or its bus is not known, or no bus of the template's."""
    properties = inspection.raw(rule.logical_id).get("Properties")
    given = [properties.get(name) for name in ("Name", "EventBusName")] if isinstance(properties, Mapping) else []
    is_known = any(bus.name == rule.bus for bus in inspection.application.buses)
    return rule.arn if is_known and not is_from_outside(inspection, given) else ""
