"""
A report as JUnit XML, which most CI systems show as tests.

In: a :class:`~livebus.validate.report.Report`. Out: one XML document: a suite of the checks, each a test case that fails with its
findings, and one of the sample events. No standard says what JUnit XML is; this keeps to what Jenkins' and GitLab's readers take.
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from livebus.checks.check import Check, Finding
from livebus.terminal.escape import escaped
from livebus.validate.report import EventOutcome, Report, message

# What XML 1.0 has no way to write, beyond what ``escaped`` spells out: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[\ufffe\uffff]")


def as_junit(report: Report, *, lenient: bool = False) -> str:
    """The report as a document; with ``lenient`` warnings are told and fail nothing, as in the exit code."""
    failing = ("error",) if lenient else ("error", "warning")
    root = ET.Element("testsuites", name="livebus validate")
    _suite(root, "livebus.checks", [_check_case(check, report, failing) for check in _checks(report)])
    _suite(root, "livebus.events", [_event_case(event) for event in report.events])
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, name: str, cases: Sequence[ET.Element]) -> None:
    counts: dict[str, int] = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    suite = ET.SubElement(root, "testsuite", {"name": name, **{key: str(value) for key, value in counts.items()}})
    suite.extend(cases)


def _checks(report: Report) -> Iterable[Check]:
    """Those that ran, and those of others that found something: one of each id, by id."""
    found = (each.check for each in (*report.findings, *(suppressed.finding for suppressed in report.suppressed)))
    by_id = {check.id: check for check in (*found, *report.checks)}
    return [by_id[id_] for id_ in sorted(by_id)]


def _check_case(check: Check, report: Report, failing: Sequence[str]) -> ET.Element:
    case = ET.Element("testcase", classname="livebus.checks", name=_text(f"{check.id} {check.summary}"))
    findings = [finding for finding in report.findings if finding.check.id == check.id]
    ignored = [each for each in report.suppressed if each.finding.check.id == check.id]
    if findings and check.severity in failing:
        _failure(case, check.id, [_line(finding) for finding in findings])
    elif ignored:
        reasons = dict.fromkeys(each.suppression.reason for each in ignored)
        ET.SubElement(case, "skipped", message=_text("; ".join(reasons)))
    if findings and check.severity not in failing:
        ET.SubElement(case, "system-out").text = "\n".join(map(_line, findings))
    return case


def _event_case(event: EventOutcome) -> ET.Element:
    what = "arrives" if event.expected else "does not arrive"
    case = ET.Element(
        "testcase",
        classname=_text(event.template),
        name=_text(f"event {event.index} of {event.file} {what}"),
        file=_text(event.file),
    )
    if not event.as_expected:
        _failure(case, "event", [_text(str(event.fault))])
    return case


def _failure(case: ET.Element, kind: str, lines: Sequence[str]) -> None:
    failure = ET.SubElement(case, "failure", type=kind, message=lines[0])
    failure.text = "\n".join(lines)


def _line(finding: Finding) -> str:
    place = finding.fault.place
    return _text(f"{place}: {message(finding.fault)}" if place.file else message(finding.fault))


def _text(text: str) -> str:
    return _NOT_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped(text))
