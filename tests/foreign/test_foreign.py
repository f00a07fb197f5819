"""
Applications in the shapes that strangers' have: what is found in each, and what becomes of its events.

outcomes.yaml beside this file says what must come of each: the ids of the findings, and for each event of the folder
events/ whether it arrives, does not, or cannot be proved to (null).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from livebus.compilation import compile_line
from livebus.template import Environment, load_application
from livebus.validate.project import Project
from livebus.validate.report import Report, as_json
from livebus.validate.validation import Options, Validation

FOLDER = Path(__file__).parent
OUTCOMES: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "outcomes.yaml").read_text("utf-8"))
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
# Parameters that are assumed are nothing that can run.
ASSUMED = {
    "known-where-it-is-deployed.yaml",
    "parameters-without-default.yaml",
    "parts-of-an-api-elsewhere.yaml",
    "rule-of-a-nested-template.yaml",
}
SOUND = [
    name
    for name, outcome in OUTCOMES.items()
    if not any(each.startswith("E91") for each in outcome["findings"]) and name not in ASSUMED
]


def validated(name: str) -> Report:
    events = tuple(FOLDER / "events" / f"{event}.json" for event in OUTCOMES[name]["events"])
    return Validation(Project(FOLDER / name), Options(NOW, events=events)).run()


def test_every_application_has_an_outcome() -> None:
    """No file is forgotten in the table, and none is missing."""
    files = {path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".yaml")}

    assert files - {"outcomes.yaml"} == set(OUTCOMES)
    assert len(OUTCOMES) >= 30


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_is_found(name: str) -> None:
    """The findings are those of the table, and nothing else."""
    report = validated(name)

    assert sorted({finding.check.id for finding in report.findings}) == OUTCOMES[name]["findings"]


@pytest.mark.parametrize("name", [name for name in OUTCOMES if OUTCOMES[name]["events"]])
def test_what_becomes_of_events(name: str) -> None:
    """Each event arrives, or does not, or is unproven; what is unproven is held against nobody."""
    report = validated(name)
    outcomes = {Path(event["file"]).stem: event["arrives"] for event in as_json(report)["events"]}

    assert outcomes == OUTCOMES[name]["events"]
    assert [event.as_expected for event in report.events] == [arrives is not False for arrives in outcomes.values()]


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_runs(name: str) -> None:
    """What AWS takes, the runtime takes: the line is compiled, whatever stands beside it."""
    text = (FOLDER / name).read_text("utf-8")
    application = load_application(text, file=name, read_file=_nested_file, environment=Environment())

    assert compile_line(application).application is application


def _nested_file(name: str) -> str:
    """What applications name lies in nested/; none of them names anything else."""
    assert name.removeprefix("./").startswith("nested/")
    return (FOLDER / name).read_text("utf-8")
