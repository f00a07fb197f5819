"""Sample events of several applications that one cloud assembly has."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.cdk_assembly import applications_of
from livebus.validate.applications import run_apart
from livebus.validate.project import Project
from livebus.validate.report import as_json
from livebus.validate.validation import Options, Validation

ASSEMBLIES = Path(__file__).parents[2] / "foreign" / "assemblies"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def outcomes(name: str, event: Path) -> list[tuple[str, bool | None]]:
    options = Options(NOW, events=(event,), only=("E919",))
    report = run_apart([Validation(Project.of(each), options) for each in applications_of(ASSEMBLIES / name)])
    assert len(report.findings) == len(set(report.findings))
    return [
        (Path(outcome.template).parent.name, event["arrives"])
        for outcome, event in zip(report.events, as_json(report)["events"], strict=True)
    ]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("", [("assembly-Beta", True), ("assembly-Prod", True)]),
        (', "EventBusName": "ProdBusEventsBus5F0A17C3"', [("assembly-Prod", True)]),
        (', "EventBusName": "none"', [("assembly-Beta", False)]),
    ],
)
def test_an_event_is_for_the_applications_that_have_a_rule_for_it(
    tmp_path: Path, entry: str, expected: list[tuple[str, bool | None]]
) -> None:
    """By its bus; one that none has a rule for is told of once, by the first that leads anywhere."""
    event = tmp_path / "event.json"
    event.write_text(f'{{"Source": "sample.source", "DetailType": "d", "Detail": "{{\\"msg\\": \\"x\\"}}"{entry}}}')

    assert outcomes("two-stages", event) == expected


def test_an_event_file_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    """Not by each application."""
    event = tmp_path / "event.json"
    event.write_text("[")
    validations = [
        Validation(Project.of(each), Options(NOW, events=(event,)))
        for each in applications_of(ASSEMBLIES / "two-stages")
    ]

    assert [finding.check.id for finding in run_apart(validations).findings] == ["E9201"]


def test_a_parameter_of_a_stack_that_has_no_value_is_told_in_its_template(tmp_path: Path) -> None:
    """As of one template: it is assumed, and --set gives it."""
    folder = tmp_path / "cdk.out"
    shutil.copytree(ASSEMBLIES / "two-stacks", folder)
    text = (folder / "Bus.template.json").read_text()
    declared = '{\n "Parameters": {"Size": {"Type": "String"}},'
    (folder / "Bus.template.json").write_text(
        text.replace("{", declared, 1).replace('"BusEventsBus5F0A17C3"', '{"Ref": "Size"}')
    )
    (application,) = applications_of(folder)

    def found(**parameters: str) -> list[tuple[str, str]]:
        validation = Validation(Project.of(application), Options(NOW, parameters=parameters, events=()))
        return [(each.check.id, Path(each.fault.place.file).name) for each in validation.run().findings]

    assert found() == [("I9101", "Bus.template.json")]
    assert found(Size="orders") == []
