"""Change sets: what is added, modified, replaced and removed."""

from __future__ import annotations

from livebus.runtime.cloudformation.changes import resource_changes
from livebus.runtime.cloudformation.loading import read_resources
from livebus.runtime.cloudformation.stack import Deployment
from livebus.template import Environment
from livebus.template.resources import Resources

BUS = "  Bus: {Type: AWS::Events::EventBus, Properties: {Name: %s, Description: %s}}\n"
QUEUE = "  Queue: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 60, SqsManagedSseEnabled: true}}\n"


def resources(*bodies: str, **parameters: str) -> Resources:
    text = "Parameters: {P: {Type: String, Default: p}}\nResources:\n" + "".join(bodies)
    return read_resources(Deployment(text, {}, parameters), "app", Environment("app"))


def changes(before: Resources | None, after: Resources | None) -> list[tuple[str, str, str | None, list[str]]]:
    """Action, logical id, replacement, and the names of what differs."""
    told = [each["ResourceChange"] for each in resource_changes(before, after)]
    return [
        (
            each["Action"],
            each["LogicalResourceId"],
            each.get("Replacement"),
            [detail["Target"]["Name"] for detail in each["Details"]],
        )
        for each in told
    ]


def test_a_first_deployment_adds_all() -> None:
    """In the order of their making."""
    rule = "  Rule: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Bus, EventPattern: {source: [a]}}}\n"
    assert changes(None, resources(rule, BUS % ("a", "b"))) == [("Add", "Bus", None, []), ("Add", "Rule", None, [])]


def test_the_same_again_changes_nothing() -> None:
    """Not even with its text in another order."""
    assert changes(resources(BUS % ("a", "b"), QUEUE), resources(QUEUE, BUS % ("a", "b"))) == []


def test_a_property_is_modified_or_makes_a_new_resource() -> None:
    """A description is changed in place; another name is another bus."""
    before = resources(BUS % ("a", "b"))
    assert changes(before, resources(BUS % ("a", "c"))) == [("Modify", "Bus", "False", ["Description"])]
    assert changes(before, resources(BUS % ("c", "b"))) == [("Modify", "Bus", "True", ["Name"])]


def test_another_type_is_another_resource() -> None:
    """The logical id stays, what it stands for does not."""
    before = resources("  X: {Type: AWS::SQS::Queue}\n")
    assert changes(before, resources("  X: {Type: AWS::SNS::Topic}\n")) == [("Modify", "X", "True", [])]


def test_a_parameter_changes_what_refers_to_it() -> None:
    """Values are compared as they are evaluated."""
    before, after = (resources(BUS % ("a", "!Ref P"), QUEUE, P=value) for value in ("one", "two"))
    assert changes(before, after) == [("Modify", "Bus", "False", ["Description"])]


def test_what_is_gone_is_removed_last_and_in_reverse() -> None:
    """What depends on others goes before them; its physical id is told."""
    policy = "  Policy: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Queue]}}\n"
    before = resources(QUEUE, policy)
    assert changes(before, resources(BUS % ("a", "b"))) == [
        ("Add", "Bus", None, []),
        ("Remove", "Policy", None, []),
        ("Remove", "Queue", None, []),
    ]
    (_, removed) = resource_changes(before, resources(policy.replace("!Ref Queue", "x")))
    assert removed["ResourceChange"]["PhysicalResourceId"].startswith("http://127.0.0.1:4566/123456789012/app-Queue-")
