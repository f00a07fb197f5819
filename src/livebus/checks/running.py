"""
Runs checks over an inspection: each by itself, so that one that breaks takes nothing else with it.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Iterator

from livebus.checks.check import Check, Finding
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, bounded_suggestions, told


def _no_faults(inspection: Inspection) -> Iterator[Fault]:
    return iter(())


BROKEN_CHECK = Check(
    "E9199",
    "Every check runs to its end",
    "A check that breaks has proved nothing. This is a bug of Livebus and not of the template.",
    "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/getting_started/rules.md",
    _no_faults,
)


def run_checks(
    checks: Iterable[Check], inspection: Inspection, *, only: Collection[str] = (), ignored: Collection[str] = ()
) -> list[Finding]:
    """
    Every finding of the checks, in the order of the text: file, line, column.

    ``only`` and ``ignored`` hold ids, or beginnings of ids (``E91``, ``W``).
    """
    findings: dict[tuple[str, Fault], Finding] = {}
    for check in checks:
        if (only and not check.id.startswith(tuple(only))) or (ignored and check.id.startswith(tuple(ignored))):
            continue
        try:
            with bounded_suggestions():
                faults = told(check.find(inspection), inspection.document.place(()))
        except Exception as error:  # noqa: BLE001 - a bug of ours: reported as such, and the other checks go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = f"check {check.id} broke: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"
            advice = "Please report it, with the template; --ignore leaves the check out meanwhile."
            finding = Finding(BROKEN_CHECK, Fault(found, inspection.document.place(()), advice=advice))
            findings[BROKEN_CHECK.id, finding.fault] = finding
            continue
        for fault in faults:
            findings.setdefault((check.id, fault), Finding(check, fault))
    return sorted(findings.values(), key=_order)


def _order(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.fault.place
    return place.file, place.line or 0, place.column or 0, finding.check.id
