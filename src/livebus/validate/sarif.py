"""
A report as SARIF 2.1.0, which GitHub's code scanning and editors read.

In: a :class:`~livebus.validate.report.Report`. Out: a SARIF log as JSON members. Findings that are ignored stay in it, marked as
suppressed, with the reason.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from livebus.checks.check import Check, Finding, Severity
from livebus.errors import Place
from livebus.validate.findings import EVENT_ARRIVES
from livebus.validate.report import EventOutcome, Report, message

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(report: Report, version: str) -> dict[str, Any]:
    """The report as a SARIF log with one run."""
    findings = [
        *report.findings,
        *(Finding(EVENT_ARRIVES, event.fault) for event in report.events if not event.as_expected),
    ]
    used = dict.fromkeys([*report.checks, *_checks(findings), *_checks(each.finding for each in report.suppressed)])
    rules = {check.id: index for index, check in enumerate({check.id: check for check in used}.values())}
    by_id = {check.id: check for check in used}
    results = [_result(finding, rules) for finding in findings]
    for each in report.suppressed:
        result = _result(each.finding, rules)
        result["suppressions"] = [{"kind": "external", "justification": each.suppression.reason}]
        results.append(result)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "Livebus", "version": version, "rules": [_rule(by_id[id_]) for id_ in rules]}
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": {"events": [_event(event) for event in report.events]},
            }
        ],
    }


def _checks(findings: Iterable[Finding]) -> list[Check]:
    return [finding.check for finding in findings]


def _rule(check: Check) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": check.id,
        "shortDescription": {"text": check.summary},
        "fullDescription": {"text": check.why or check.summary},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }
    if check.source.startswith("https://"):
        rule["helpUri"] = check.source
    return rule


def _result(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    check, place = finding.check, finding.fault.place
    result: dict[str, Any] = {
        "ruleId": check.id,
        "ruleIndex": rules[check.id],
        "level": _LEVELS[check.severity],
        "message": {"text": message(finding.fault)},
    }
    if place.file:
        result["locations"] = [{"physicalLocation": _location(place)}]
    return result


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line is not None:
        location["region"] = {"startLine": max(1, place.line)}
        if place.column is not None:
            location["region"]["startColumn"] = max(1, place.column)
    return location


def _uri(file: str) -> str:
    path = quote(file.replace("\\", "/"))
    return f"file://{path}" if path.startswith("/") else path


def _event(event: EventOutcome) -> dict[str, Any]:
    return {
        "file": event.file,
        "index": event.index,
        "arrives": None if event.is_unproven else event.arrives,
        "expected": event.expected,
    }
