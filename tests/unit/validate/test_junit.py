"""JUnit XML: what CI systems show of a validation."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from livebus.checks.check import Check, Finding
from livebus.checks.suppression import Suppressed, Suppression
from livebus.errors import Fault, Place
from livebus.event.put_events import Refused
from livebus.validate.findings import found_elsewhere
from livebus.validate.junit import as_junit
from livebus.validate.report import EventOutcome, Report

ERROR = Check("E9103", "mutations are there", "why", "https://docs.aws.amazon.com/x", found_elsewhere)
WARNING = Check("W9101", "one mutation", "why", "https://docs.aws.amazon.com/x", found_elsewhere)
NOTE = Check("I3042", "partition", "", "docs/x.md", found_elsewhere)
REFUSED = Refused("InvalidArgument", "no source")


def cases(report: Report, *, lenient: bool = False) -> dict[str, dict[str, str]]:
    """By name, the elements in each test case with their messages or texts."""
    root = ET.fromstring(as_junit(report, lenient=lenient))
    return {
        str(case.get("name")): {each.tag: each.get("message") or each.text or "" for each in case}
        for case in root.iter("testcase")
    }


def counts(report: Report) -> list[tuple[str | None, ...]]:
    root = ET.fromstring(as_junit(report))
    return [tuple(suite.get(key) for key in ("name", "tests", "failures", "skipped")) for suite in root]


def test_a_check_that_ran_is_a_case_that_passes() -> None:
    """So that a CI system sees it fail later on, and does not take it for new."""
    report = Report(checks=[WARNING, ERROR])
    assert cases(report) == {"E9103 mutations are there": {}, "W9101 one mutation": {}}
    assert counts(report) == [("livebus.checks", "2", "0", "0"), ("livebus.events", "0", "0", "0")]


def test_findings_fail_their_check_once() -> None:
    """All of them in its text, each with its place; the first one is the message."""
    findings = [
        Finding(ERROR, Fault("found", Place("template.yaml", 9, 3), "better", "Do so.")),
        Finding(ERROR, Fault("found again")),
    ]
    report = Report(findings, checks=[ERROR])
    failure = ET.fromstring(as_junit(report)).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "E9103"
    assert failure.get("message") == "template.yaml:9:3: found; expected better. Do so."
    assert failure.text == "template.yaml:9:3: found; expected better. Do so.\nfound again"
    assert counts(report)[0] == ("livebus.checks", "1", "1", "0")


@pytest.mark.parametrize(("lenient", "kinds"), [(False, ["failure"]), (True, ["system-out"])])
def test_a_warning_fails_as_it_does_in_the_exit_code(lenient: bool, kinds: list[str]) -> None:
    """With --lenient it is told all the same."""
    report = Report([Finding(WARNING, Fault("found"))])
    assert report.is_sound(lenient=lenient) == (kinds != ["failure"])
    assert list(cases(report, lenient=lenient)["W9101 one mutation"]) == kinds


def test_a_note_fails_nothing_and_what_is_ignored_is_skipped_with_its_reason() -> None:
    """Rules of cfn-lint have cases as well."""
    ignored = Suppressed(Finding(WARNING, Fault("found")), Suppression("W9101", "another team's", "--ignore"))
    report = Report([Finding(NOTE, Fault("hint"))], suppressed=[ignored], checks=[WARNING])
    assert cases(report) == {
        "I3042 partition": {"system-out": "hint"},
        "W9101 one mutation": {"skipped": "another team's"},
    }


def test_each_sample_event_is_a_case() -> None:
    """One that is expected not to arrive, and does not, passes."""
    undelivered = EventOutcome("template.yaml", "events/b.json", 0, Place("events/b.json", 1), False, refused=REFUSED)
    wanted = EventOutcome("template.yaml", "events/a.json", 2, Place("events/a.json", 4), True, refused=REFUSED)
    report = Report(events=[undelivered, wanted])
    found = cases(report)
    assert found["event 0 of events/b.json does not arrive"] == {}
    [message] = found["event 2 of events/a.json arrives"].values()
    assert message == f"{wanted.fault}"
    assert counts(report)[1] == ("livebus.events", "2", "1", "0")


@pytest.mark.parametrize("text", ["a\x00b\x1b[31m", "a\ufffeb", "a\ud800b", "<b>&\"']]>", "ünï ✓", "\u2028"])
def test_whatever_stands_in_a_finding_the_document_can_be_read(text: str) -> None:
    """XML 1.0 has no way to write some characters: they are spelled out, as at a terminal."""
    document = as_junit(Report([Finding(ERROR, Fault(text))]))
    document.encode("utf-8")
    assert ET.fromstring(document).find(".//failure") is not None
