"""The SARIF log: what the format demands, and what GitHub's code scanning looks at."""

from __future__ import annotations

import json
from typing import Any

from livebus.checks.check import Check, Finding
from livebus.checks.suppression import Suppressed, Suppression
from livebus.errors import Fault, Place
from livebus.event.put_events import Refused
from livebus.validate.findings import LISTED, found_elsewhere
from livebus.validate.report import EventOutcome, Report
from livebus.validate.sarif import as_sarif

CHECK = Check("W9101", "what holds", "why", "https://docs.aws.amazon.com/x", found_elsewhere)
THEIRS = Check("I3042", "partition", "", "docs/x.md", found_elsewhere)


def run_of(report: Report) -> dict[str, Any]:
    log = as_sarif(report, "1.2.3")
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    assert "sarif-2.1.0" in log["$schema"]
    run: dict[str, Any] = json.loads(json.dumps(log))["runs"][0]
    return run


def test_a_result_points_at_its_rule_and_its_place() -> None:
    """RuleIndex, level, message, and a location counted from 1."""
    finding = Finding(CHECK, Fault("found", Place("folder/a b.yaml", 9, 3), "better", "Do so."))
    run = run_of(Report([finding]))

    (rule,) = run["tool"]["driver"]["rules"]
    assert rule == {
        "id": "W9101",
        "shortDescription": {"text": "what holds"},
        "fullDescription": {"text": "why"},
        "defaultConfiguration": {"level": "warning"},
        "helpUri": "https://docs.aws.amazon.com/x",
    }
    assert run["results"] == [
        {
            "ruleId": "W9101",
            "ruleIndex": 0,
            "level": "warning",
            "message": {"text": "found; expected better. Do so."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "folder/a%20b.yaml"},
                        "region": {"startLine": 9, "startColumn": 3},
                    }
                }
            ],
        }
    ]


def test_rules_of_others_are_listed_too() -> None:
    """Findings of cfn-lint have theirs; a source that is no address is left out, a note is a note."""
    run = run_of(Report([Finding(THEIRS, Fault("found", Place("a.yaml")))], checks=LISTED))

    rule = run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]
    assert (
        rule["id"],
        rule["defaultConfiguration"]["level"],
        rule["fullDescription"]["text"],
    ) == ("I3042", "note", "partition")
    assert "helpUri" not in rule


def test_every_id_is_one_rule() -> None:
    """SARIF wants ids that are unique."""
    rules = run_of(Report(checks=LISTED))["tool"]["driver"]["rules"]

    assert len({rule["id"] for rule in rules}) == len(rules)


def test_what_is_ignored_is_suppressed_with_the_reason() -> None:
    """Code scanning then shows it as dismissed."""
    suppressed = Suppressed(Finding(CHECK, Fault("found", Place("a.yaml", 1))), Suppression("W9101", "later", "x"))

    (result,) = run_of(Report(suppressed=[suppressed]))["results"]

    assert result["suppressions"] == [{"kind": "external", "justification": "later"}]


def test_an_event_that_does_not_arrive_is_a_result() -> None:
    """At its place in the event file."""
    event = EventOutcome("t.yaml", "e.json", 2, Place("e.json", 7, 1), True, refused=Refused("Code", "words"))

    run = run_of(Report(events=[event]))

    assert (
        run["results"][0]["ruleId"],
        run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"],
    ) == ("E9202", 7)
    assert run["properties"]["events"] == [{"file": "e.json", "index": 2, "arrives": False, "expected": True}]
