"""The report: its JSON members, and its lines for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from livebus.checks.check import Check, Finding
from livebus.checks.suppression import Suppressed, Suppression
from livebus.errors import Fault, Place
from livebus.event.put_events import Refused
from livebus.validate.findings import found_elsewhere
from livebus.validate.project import Project
from livebus.validate.report import EventOutcome, Report, Style, as_json, lines, summary
from livebus.validate.validation import Options, Validation

SOUND = Path(__file__).parents[2] / "vectors" / "checks" / "sound.yaml"
PLAIN = Style(unicode=False)


def check(check_id: str) -> Check:
    return Check(check_id, "what holds", "why", "https://docs.aws.amazon.com/x", found_elsewhere)


ERROR = Finding(
    check("E9101"),
    Fault(
        "there is no mutation 'publsh'",
        Place("a.yaml", 9, 3, "Resources/Rule"),
        "one of publish",
        "Did you mean 'publish'?",
    ),
)
WARNING = Finding(check("W9102"), Fault("unused\x1b[2J", Place("b.graphql", 12, 1)))
NOTE = Finding(check("I9103"), Fault("so it is", Place("b.graphql", 13)))


def outcome(event: dict[str, Any], tmp_path: Path, *, expected: bool = True) -> EventOutcome:
    """What becomes of an event in the sound template."""
    import json

    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    given = {"events": ()} if not expected else {"events": (file,)}
    undelivered = () if expected else (file,)
    options = Options(datetime(2026, 1, 1, tzinfo=UTC), undelivered=undelivered, **given)
    (found,) = Validation(Project(SOUND), options).run().events
    return found


HELLO = {"source": "sample.source", "detail-type": "message", "detail": {"msg": "hello"}}


def test_a_finding_in_json_has_the_agreed_members() -> None:
    """Id, severity, message, file, line, column, path; and where AWS says so."""
    assert as_json(Report([ERROR]))["findings"] == [
        {
            "id": "E9101",
            "severity": "error",
            "message": "there is no mutation 'publsh'; expected one of publish. Did you mean 'publish'?",
            "file": "a.yaml",
            "line": 9,
            "column": 3,
            "path": "Resources/Rule",
            "source": "https://docs.aws.amazon.com/x",
        }
    ]


def test_severities_are_those_of_the_ids() -> None:
    """E, W and I."""
    found = as_json(Report([ERROR, WARNING, NOTE]))["findings"]

    assert [each["severity"] for each in found] == ["error", "warning", "info"]


def test_what_is_ignored_stays_in_the_json() -> None:
    """With the reason, and where that was given."""
    report = Report(suppressed=[Suppressed(WARNING, Suppression("W9102", "later", "--ignore"))])

    (found,) = as_json(report)["suppressed"]

    assert (found["id"], found["reason"], found["by"]) == ("W9102", "later", "--ignore")


def test_an_event_in_json_has_the_agreed_members(tmp_path: Path) -> None:
    """File, index, whether it arrives, and its steps."""
    (found,) = as_json(Report(events=[outcome(HELLO, tmp_path)]))["events"]

    assert (
        Path(found["file"]).name,
        found["index"],
        found["arrives"],
        found["expected"],
    ) == ("event.json", 0, True, True)
    assert [step["station"] for step in found["steps"]] == [
        "bus",
        "pattern",
        "transformer",
        "execution",
        "subscription",
    ]


def test_findings_are_lines_with_the_advice_below() -> None:
    """Grouped by file, aligned, control characters spelled out."""
    assert list(lines(Report([ERROR, WARNING, NOTE]), PLAIN)) == [
        "a.yaml:9:3  E9101  there is no mutation 'publsh'; expected one of publish",
        "                   Did you mean 'publish'?",
        "",
        "b.graphql:12:1  W9102  unused\\x1b[2J",
        "b.graphql:13    I9103  so it is",
        "",
    ]


def test_colours_are_only_there_when_asked_for() -> None:
    """Around the id, and nowhere else."""
    assert next(lines(Report([ERROR]), Style(colour=True))).startswith("a.yaml:9:3  \x1b[31mE9101\x1b[0m  there")


def test_the_way_of_an_event_is_a_tree(tmp_path: Path) -> None:
    """Bus, rule, and under the rule what became of its target."""
    event = outcome(HELLO, tmp_path)

    assert list(lines(Report(events=[event]), Style(verbose=True))) == [
        f"{event.file}: arrives",
        "├─ event bus livebus",
        "└─ rule publish matches",
        '   ├─ variables {"msg": "hello"}',
        '   ├─ the mutation answers {"publish": "hello"}',
        '   └─ onPublish: AMAZON_COGNITO_USER_POOLS gets {"data": {"onPublish": "hello"}}',
    ]


def test_the_tree_of_an_event_that_does_not_match_has_the_condition(tmp_path: Path) -> None:
    """In ASCII where the terminal knows no more; escapes of the event's own are spelled out."""
    event = outcome({**HELLO, "source": "other\x1b[31m"}, tmp_path)

    shown = list(lines(Report(events=[event]), PLAIN))

    assert shown[:3] == [f"{event.file}: does not arrive", "|- event bus livebus", "`- rule publish does not match"]
    assert "\x1b" not in "".join(shown)


def test_events_that_end_alike_are_told_once(tmp_path: Path) -> None:
    """The second one refers to the first, unless all is asked for."""
    event = outcome({**HELLO, "source": "other"}, tmp_path)
    report = Report(events=[event, event])

    assert list(lines(report, PLAIN))[-1] == f"{event.file}[0]: does not arrive, as {event.file}[0]"
    assert len(list(lines(report, Style(verbose=True)))) == 2 * (len(list(lines(report, PLAIN))) - 1)


def test_events_that_arrive_are_only_counted(tmp_path: Path) -> None:
    """Only those are shown that do not do what is expected of them, each with its way; the summary counts all."""
    good, bad = outcome(HELLO, tmp_path), outcome({**HELLO, "source": "other"}, tmp_path)
    report = Report(events=[good] * 30 + [bad] + [good] * 30)

    assert (list(lines(report, PLAIN))[:3], summary(report)) == (
        [f"{bad.file}[0]: does not arrive", "|- event bus livebus", "`- rule publish does not match"],
        "0 errors, 0 warnings, 60 of 61 events arrive",
    )


def test_an_event_that_cannot_be_proved_is_shown(tmp_path: Path) -> None:
    """Its way, too: that it arrives is no more than a guess. Whoever wants only what is wrong does not see it."""
    event = outcome(HELLO, tmp_path)
    assert event.rehearsal is not None
    unproven = replace(event, rehearsal=replace(event.rehearsal, unproven="no such data source here"))
    report = Report(events=[unproven])

    shown = list(lines(report, PLAIN))
    assert shown[0] == f"{event.file}: arrives as far as can be told: no such data source here"
    assert (len(shown), list(lines(report, Style(quiet=True)))) == (6, [])


def test_an_event_that_must_not_arrive_and_does_is_told(tmp_path: Path) -> None:
    """It is not sound then."""
    report = Report(events=[outcome(HELLO, tmp_path, expected=False)])

    assert next(lines(report, PLAIN)).endswith(": arrives, and must not")
    assert not report.is_sound()


def test_an_entry_that_putevents_refuses_does_not_arrive() -> None:
    """Its code and message are its whole way."""
    refused = EventOutcome(
        "t.yaml", "e.json", 0, Place("e.json", 1, 1), True, refused=Refused("MalformedDetail", "Detail is malformed.")
    )

    assert list(lines(Report(events=[refused]), PLAIN)) == [
        "e.json: does not arrive",
        "`- PutEvents refuses it: MalformedDetail: Detail is malformed.",
    ]
    assert refused.fault.found == "event 0 does not arrive: PutEvents refuses it: MalformedDetail: Detail is malformed."


@pytest.mark.parametrize(
    ("report", "lenient", "sound"),
    [
        (Report(), False, True),
        (Report([NOTE]), False, True),
        (Report([WARNING]), True, True),
        (Report([WARNING]), False, False),
        (Report([ERROR]), True, False),
    ],
)
def test_errors_fail_and_warnings_unless_lenient(report: Report, *, lenient: bool, sound: bool) -> None:
    """Notes never do."""
    assert report.is_sound(lenient=lenient) == sound


def test_the_summary_counts(tmp_path: Path) -> None:
    """One line."""
    events = [outcome(HELLO, tmp_path), outcome({**HELLO, "source": "x"}, tmp_path, expected=False)]
    report = Report([ERROR, WARNING, WARNING, NOTE], events)

    assert summary(report) == ("1 error, 2 warnings, 1 note, 1 of 1 events arrive, 1 of 1 that must not arrive do not")
