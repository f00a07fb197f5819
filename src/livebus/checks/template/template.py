"""
Checks of the template itself: what can be read of it, and what its stations refuse.

The findings are those that loading the template in the local runtime would raise, each under the id of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault
from livebus.template.properties import shown

CHECKS = Checks()


@CHECKS.add(
    "E9100",
    "References, conditions, parameters and required properties hold",
    why="CloudFormation refuses the template, or the resource when it is created, and rolls back.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-guide.html",
)
def _readable(inspection: Inspection) -> Iterator[Fault]:
    for fault in inspection.reading_faults:
        if not fault.not_emulated:
            yield fault


@CHECKS.add(
    "I9101",
    "The parameters that resources refer to have values",
    why="A placeholder stands for a value that is not known: what hangs on it is not judged, and may be wrong.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def _known_parameters(inspection: Inspection) -> Iterator[Fault]:
    resources = inspection.resources
    for stack in resources.deployed:
        for name in stack.assumed:
            place, value = stack.document.place(("Parameters", name)), shown(stack.parameters[name])
            yield Fault(
                f"parameter {name!r} has no value; {value} is assumed", place, advice=f"Give it with --set {name}=…"
            )
    for stack in resources.stacks:
        for name in stack.stored_parameters:
            place = stack.document.place(("Parameters", name))
            found = f"parameter {name!r} has the value that is stored in Systems Manager, which is not known here"
            if name not in stack.assumed:
                yield Fault(found, place)


@CHECKS.add(
    "I9100",
    "The local runtime can run the template",
    why="What is sound on AWS and not emulated cannot be tried before it is deployed.",
    source="docs/fidelity.md",
)
def _emulated(inspection: Inspection) -> Iterator[Fault]:
    for fault in inspection.reading_faults:
        if fault.not_emulated:
            yield fault
