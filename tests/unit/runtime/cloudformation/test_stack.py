"""A stack's record: its events in time, what its file gives back, what an interrupted one becomes."""

from __future__ import annotations

import json
from pathlib import Path

from livebus.runtime.cloudformation.stack import (
    MAX_CHANGE_SETS,
    MAX_EVENTS,
    ChangeSet,
    Deployment,
    Stack,
    StackResource,
)
from livebus.runtime.cloudformation.stack_files import StackFiles


def stack(**members: object) -> Stack:
    return Stack("arn:stack", "app", "CREATE_IN_PROGRESS", 1.0, **members)  # type: ignore[arg-type]


def test_no_two_events_have_the_same_time() -> None:
    """Clients tell new events by their milliseconds."""
    made = stack()
    for number in range(3):
        made.turn(f"e-{number}", 100.0, "UPDATE_IN_PROGRESS")
    assert [event.time for event in made.events] == [100.0, 100.001, 100.002]


def test_events_and_change_sets_are_bounded() -> None:
    """The last ones stay."""
    made = stack()
    for number in range(MAX_EVENTS + 1):
        made.turn(f"e-{number}", float(number), "UPDATE_IN_PROGRESS")
    for number in range(MAX_CHANGE_SETS + 1):
        made.add_change_set(ChangeSet(f"arn:{number}", f"c{number}", "UPDATE", 1.0, Deployment("", {}, {})))
    assert (len(made.events), made.events[0].event_id) == (MAX_EVENTS, "e-1")
    assert (len(made.change_sets), "c0" in made.change_sets) == (MAX_CHANGE_SETS, False)


def test_a_file_gives_back_what_was_kept(tmp_path: Path) -> None:
    """Everything of a stack, byte for byte the same when it is kept again."""
    made = stack(deployed=Deployment("Resources: {}", {"s3://b/k": "text"}, {"P": "v"}), tags={"a": "b"})
    resource = StackResource("R", "AWS::SQS::Queue", "url", "", 1.0, retained=True)
    made.resources["R"] = resource
    made.tell("e-1", 2.0, resource, "CREATE_COMPLETE", "why")
    made.add_change_set(
        ChangeSet(
            "arn:c", "c", "UPDATE", 1.0, Deployment("T", {}, {}), capabilities=("CAPABILITY_IAM",), changes=({"a": 1},)
        )
    )
    told: list[str] = []
    files = StackFiles(tmp_path / "stacks", told.append)
    files.write(made)
    assert list(files.read()) == [made]
    assert told == []
    files.remove("app")
    assert list(files.read()) == []


def test_a_file_that_is_none_is_told_and_left(tmp_path: Path) -> None:
    """The others are read all the same."""
    told: list[str] = []
    files = StackFiles(tmp_path, told.append)
    files.write(stack())
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text(json.dumps({"name": "x"}))
    assert [each.name for each in files.read()] == ["app"]
    assert len(told) == 2
    assert (tmp_path / "broken.json").exists()
