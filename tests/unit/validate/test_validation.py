"""Validation over all the templates of tests/vectors/checks: with their sample events, taken to the end of the way."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.validate.project import Project
from livebus.validate.report import Report, Style, as_json, lines
from livebus.validate.sarif import as_sarif
from livebus.validate.validation import Options, Validation

FOLDER = Path(__file__).parents[2] / "vectors" / "checks"
TEMPLATES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".yaml", ".json"))
SOUND = [name for name in TEMPLATES if name.startswith("sound")]
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


def validated(name: str) -> Report:
    """A template with the sample events that its head names."""
    head = (FOLDER / name).read_text(encoding="utf-8")
    named = {
        kind: tuple(files.split()) for kind, files in re.findall(r"^# (events|undelivered): *(.+)$", head, re.MULTILINE)
    }
    events, undelivered = (
        tuple(FOLDER / "events" / file for file in named.get(kind, ())) for kind in ("events", "undelivered")
    )
    return Validation(Project(FOLDER / name), Options(NOW, events=events, undelivered=undelivered)).run()


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_template_is_sound(name: str) -> None:
    """No error, no warning, and each of its events does what is expected of it."""
    report = validated(name)

    assert [(finding.check.id, str(finding.fault)) for finding in report.findings if finding.check.id[0] != "I"] == []
    assert [event.fault for event in report.events if not event.as_expected] == []


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - set(SOUND)))
def test_a_template_with_a_mistake_can_be_shown(name: str) -> None:
    """Whatever is wrong with it: findings, the events' way, JSON and SARIF come out, and none of it is our own bug."""
    report = validated(name)

    assert report.findings
    assert "E9199" not in [finding.check.id for finding in report.findings]
    assert "Livebus broke" not in str(as_json(report))
    assert list(lines(report, Style()))
    assert as_sarif(report, "1")["runs"][0]["results"]


@pytest.mark.parametrize("name", ["E9100-bus-misspelt.yaml", "E9100-bus-of-v2.yaml"])
def test_no_event_arrives_on_a_bus_that_aws_lets_no_rule_be_on(name: str) -> None:
    """What is told of the rule and what the dry run says of an event are one."""
    events = (FOLDER / "events" / "message.json",)
    (event,) = Validation(Project(FOLDER / name), Options(NOW, events=events)).run().events
    bus = {
        "E9100-bus-misspelt.yaml": "livebus-order",
        "E9100-bus-of-v2.yaml": "arn:aws:events:us-east-1:123456789012:event-busv2/livebus",
    }[name]

    assert (event.arrives, event.is_unproven) == (False, False)
    assert event.reasons == [f"rule publish does not match: AWS refuses the rule for its bus {bus!r}: see the findings"]


def test_each_run_gives_the_same() -> None:
    """Nothing hangs on the time of day, chance, or the order of files."""
    first, second = as_json(validated("sound.yaml")), as_json(validated("sound.yaml"))

    assert first == second


def test_so_many_events_are_tried_and_the_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events times targets; the rest is an error of the event files, and counts as nothing."""
    monkeypatch.setattr("livebus.validate.validation.MOST_TRIED", 3)
    entry = {"source": "sample.source", "detail-type": "message", "detail": {"msg": "hello"}}
    (tmp_path / "events.json").write_text(json.dumps([entry] * 4), encoding="utf-8")
    report = Validation(Project(FOLDER / "sound.yaml"), Options(NOW, events=(tmp_path / "events.json",))).run()
    assert len(report.events) == 3
    assert [finding.check.id for finding in report.findings if "only the first 3 are tried" in finding.fault.found]


def test_faults_of_event_files_are_told_to_a_bound(tmp_path: Path) -> None:
    """Nobody mends a thousand events before looking again."""
    (tmp_path / "events.json").write_text(json.dumps([{"Source": 1}] * 2000), encoding="utf-8")
    report = Validation(Project(FOLDER / "sound.yaml"), Options(NOW, events=(tmp_path / "events.json",))).run()
    told = [finding for finding in report.findings if finding.fault.place.file.endswith("events.json")]
    assert len(told) <= 1000
    assert any("more than 1,000 of these" in str(finding.fault) for finding in report.findings)


def test_faults_of_suppressions_are_told_to_a_bound(tmp_path: Path) -> None:
    """Two thousand of a template's own that name nothing: the first thousand, each with its place, and that there are more."""
    lines = "".join("      - {Id: nothing}\n" for _ in range(2000))
    text = f"Metadata:\n  Livebus:\n    Ignore:\n{lines}Resources:\n  Topic: {{Type: AWS::SNS::Topic}}\n"
    (tmp_path / "template.yaml").write_text(text, encoding="utf-8")
    report = Validation(Project(tmp_path / "template.yaml"), Options(NOW)).run()
    told = [finding.fault for finding in report.findings if finding.check.id == "E9203"]
    bounds = [fault for fault in told if fault.is_bound]
    assert [fault.found for fault in bounds] == ["there are more than 1,000 of these"]
    assert [fault.place.file.endswith("template.yaml") for fault in bounds] == [True]
    # Each of them is no id, and gives no reason.
    lines_told = {fault.place.line for fault in told if not fault.is_bound}
    assert lines_told == set(range(4, 504))
    assert len(told) == 1001
