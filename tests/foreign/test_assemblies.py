"""
Cloud assemblies in the shapes that `cdk synth` gives applications of several stacks: what is found, and what becomes of an event.

assemblies/outcomes.yaml says what must come of each.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from livebus.cdk_assembly import applications_of
from livebus.compilation import compile_line
from livebus.runtime.application_files import ApplicationFiles
from livebus.template import Environment
from livebus.validate.applications import run_apart
from livebus.validate.project import Project
from livebus.validate.report import Report, as_json
from livebus.validate.validation import Options, Validation

FOLDER = Path(__file__).parent / "assemblies"
EVENT = Path(__file__).parent / "events" / "hello.json"
OUTCOMES: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "outcomes.yaml").read_text("utf-8"))
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def validated(name: str) -> Report:
    sources = [each if len(each.stacks) > 1 else each.stacks[0].template for each in applications_of(FOLDER / name)]
    return run_apart([Validation(Project.of(each), Options(NOW, events=(EVENT,))) for each in sources])


def test_every_assembly_has_an_outcome() -> None:
    """No folder is forgotten in the table, and none is missing."""
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_is_found(name: str) -> None:
    """The findings are those of the table, each in a template of the assembly; the event does what the table says."""
    report = validated(name)

    assert sorted({finding.check.id for finding in report.findings}) == OUTCOMES[name]["findings"]
    assert [event["arrives"] for event in as_json(report)["events"]] == OUTCOMES[name]["arrives"]
    for finding in report.findings:
        place = finding.fault.place
        assert place.file.endswith(".template.json")
        assert Path(place.file).is_file()
        assert (place.line or 0) > 1


@pytest.mark.parametrize("name", [name for name, outcome in OUTCOMES.items() if None not in outcome["arrives"]])
def test_what_is_sound_runs(name: str) -> None:
    """Each application of several stacks is loaded by the runtime as one line, whose targets are all compiled."""
    for application in applications_of(FOLDER / name):
        if len(application.stacks) > 1:
            files = ApplicationFiles.of(application.manifest, Environment(), {}, application=application)
            line, resources, _ = files.load()

            assert [each.environment.stack_name for each in resources.nested.values()] == [
                each.name for each in application.stacks
            ]
            assert compile_line(line.application).application is line.application
            (rule,) = line.application.rules
            assert [target.target.id for target in line.compiled_rules(rule.bus)[0].targets] == ["Target0"]
