"""
Checks of the template itself: what can be read of it, and what its stations refuse.

The findings are those that loading the template in the local runtime would raise, each under the id of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault

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
    "I9100",
    "The local runtime can run the template",
    why="What is sound on AWS and not emulated cannot be tried before it is deployed.",
    source="docs/fidelity.md",
)
def _emulated(inspection: Inspection) -> Iterator[Fault]:
    for fault in inspection.reading_faults:
        if fault.not_emulated:
            yield fault
