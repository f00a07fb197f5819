"""What the page says of each kind of target."""

from __future__ import annotations

from pathlib import Path

from livebus.checks.inspection import Inspection
from livebus.runtime.page.ways import described
from livebus.template.document import read_document

FOREIGN = Path(__file__).parents[3] / "foreign"


def _kinds(name: str) -> dict[str, tuple[str, str, str]]:
    """Kind, field and note of the targets of a template's only rule with an API, by their Ids."""
    inspection = Inspection(read_document((FOREIGN / name).read_text("utf-8"), name), lambda _: "")
    line = inspection.compilation.line
    found = [
        described(target)
        for bus in sorted({rule.bus for rule in inspection.application.rules})
        for rule in line.compiled_rules(bus)
        for target in rule.every_target
    ]
    return {each["target"]: (each["kind"], each["field"], each.get("note", "")) for each in found}


def test_a_target_says_its_kind_and_what_is_not_emulated() -> None:
    """What the runtime has nothing to send to says so at its station; beside it the API has its field."""
    kinds = _kinds("targets-of-other-services.yaml")
    assert kinds["AppSync"] == ("api", "publish", "")
    assert kinds["Stream"] == (
        "destination",
        "kinesis",
        "a target of 'kinesis' is not emulated: nothing is sent",
    )
    assert {kind for kind, _, _ in kinds.values()} == {"api", "destination"}


def test_a_queue_of_the_template_is_sent_to() -> None:
    """Nothing is to be said of it."""
    kinds = _kinds("queue-and-log-beside.yaml")
    notes = {field: note for kind, field, note in kinds.values() if kind == "destination"}
    assert notes == {"sqs": "", "logs": ""}
