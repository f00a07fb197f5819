"""AWS::Serverless::StateMachine, as the SAM transform expands it."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.document import Document, read_document
from livebus.template.serverless_state_machines import state_machines_expanded

TEXT = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A}
      Events:
        Placed: {Type: EventBridgeRule, Properties: {EventBusName: b, Pattern: {source: [s]}}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
"""


def test_what_is_made() -> None:
    """The machine, its role, and for the event a rule with the role that starts the machine."""
    document = state_machines_expanded(read_document(TEXT, "t.yaml"))
    resources = document.body["Resources"]

    assert document.faults == ()
    assert {name: body["Type"] for name, body in resources.items()} == {
        "MachineRole": "AWS::IAM::Role",
        "Machine": "AWS::StepFunctions::StateMachine",
        "MachinePlaced": "AWS::Events::Rule",
        "MachinePlacedRole": "AWS::IAM::Role",
    }
    assert resources["MachinePlaced"]["Properties"] == {
        "EventPattern": {"source": ["s"]},
        "EventBusName": "b",
        "Targets": [
            {
                "Arn": {"Ref": "Machine"},
                "Id": "MachinePlacedStepFunctionsTarget",
                "RoleArn": {"Fn::GetAtt": ["MachinePlacedRole", "Arn"]},
            }
        ],
    }
    assert document.place(("Resources", "MachinePlaced", "Properties", "EventPattern")).line == 9


def test_without_the_transform() -> None:
    """The type is not known to CloudFormation."""
    document = state_machines_expanded(read_document(TEXT.replace("Transform", "# Transform"), "t.yaml"))

    assert [fault.found for fault in document.faults] == [
        "Unrecognized resource types: [AWS::Serverless::StateMachine]"
    ]


def expanded(properties: str, **attributes: str) -> Document:
    lines = [
        "Transform: [Other, AWS::Serverless-2016-10-31]",
        "Resources:",
        "  Queue: {Type: 'AWS::SQS::Queue'}",
        "  M:",
    ]
    lines += [
        "    Type: AWS::Serverless::StateMachine",
        *(f"    {name}: {value}" for name, value in attributes.items()),
    ]
    return state_machines_expanded(read_document("\n".join([*lines, f"    Properties: {properties}"]), "t.yaml"))


def role(service: str, *policies: dict[str, Any], **attributes: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]}
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    if policies:
        properties["Policies"] = list(policies)
    return {"Type": "AWS::IAM::Role", **attributes, "Properties": properties}


def test_members_and_roles() -> None:
    """By CloudFormation's names; a role of its own where none is given, which carries the machine's condition."""
    document = expanded(
        "{Name: n, Type: EXPRESS, Definition: {a: b}, DefinitionSubstitutions: {c: d}, Logging: {e: f}, Tracing: {g: h}, "
        "Role: arn:r}",
        Condition="Wanted",
    )
    assert document.body["Resources"] == {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "M": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Condition": "Wanted",
            "Properties": {
                "Definition": {"a": "b"},
                "DefinitionSubstitutions": {"c": "d"},
                "LoggingConfiguration": {"e": "f"},
                "StateMachineName": "n",
                "RoleArn": "arn:r",
                "TracingConfiguration": {"g": "h"},
                "StateMachineType": "EXPRESS",
            },
        },
    }
    own = expanded("{}", Condition="Wanted")
    assert own.body["Resources"]["MRole"] == role("states.amazonaws.com", Condition="Wanted")
    assert own.body["Resources"]["M"]["Properties"] == {"RoleArn": {"Fn::GetAtt": ["MRole", "Arn"]}}
    assert (own.place(("Resources", "MRole")).line, own.place(("Resources", "MRole")).column) == (4, 3)


def test_an_events_rule() -> None:
    """With all that a target may have, the role that starts the machine, and places where they are written."""
    event = (
        "{Type: CloudWatchEvent, Properties: {Pattern: {a: [b]}, EventBusName: bus, RuleName: r, State: DISABLED, "
        "Target: {Id: t}, Input: i, InputPath: p, InputTransformer: {x: y}, RetryPolicy: {z: 1}, DeadLetterConfig: {Arn: arn:q}}}"
    )
    document = expanded(f"\n      Role: arn:r\n      Events:\n        E: {event}", Condition="Wanted")
    resources = document.body["Resources"]
    assert resources["ME"] == {
        "Type": "AWS::Events::Rule",
        "Condition": "Wanted",
        "Properties": {
            "EventPattern": {"a": ["b"]},
            "EventBusName": "bus",
            "Name": "r",
            "State": "DISABLED",
            "Targets": [
                {
                    "Arn": {"Ref": "M"},
                    "Id": "t",
                    "RoleArn": {"Fn::GetAtt": ["MERole", "Arn"]},
                    "Input": "i",
                    "InputPath": "p",
                    "InputTransformer": {"x": "y"},
                    "RetryPolicy": {"z": 1},
                    "DeadLetterConfig": {"Arn": "arn:q"},
                }
            ],
        },
    }
    starts = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": {"Ref": "M"}}
    assert resources["MERole"] == role(
        "events.amazonaws.com",
        {
            "PolicyName": "MERoleStartExecutionPolicy",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [starts]},
        },
        Condition="Wanted",
    )
    target = ("Resources", "ME", "Properties", "Targets", 0)
    for path in (
        ("Resources", "ME"),
        (*target, "Input"),
        (*target, "InputTransformer", "x"),
        (*target, "DeadLetterConfig"),
    ):
        assert (document.place(path).line, path in document.places) == (10, True)


@pytest.mark.parametrize(
    ("letters", "kept"), [("{}", False), ("", False), ("{Type: SQS}", False), ("5", True), ("[Arn]", True)]
)
def test_where_dead_letters_go(letters: str, kept: bool) -> None:
    """Only to an ARN; what is no object at all is told where rules are read."""
    document = expanded(
        f"{{Role: r, Events: {{E: {{Type: EventBridgeRule, Properties: {{Pattern: {{}}, DeadLetterConfig: {letters}}}}}}}}}"
    )
    (target,) = document.body["Resources"]["ME"]["Properties"]["Targets"]
    assert ("DeadLetterConfig" in target) is kept


def test_events_that_are_none_are_told() -> None:
    """An event without a type, one without a pattern; other types make nothing."""
    document = expanded("{Role: r, Events: {A: text, B: {Type: EventBridgeRule}, C: {Type: Api}, D: {Properties: {}}}}")
    assert [(str(fault).partition("): ")[2], fault.place.path) for fault in document.faults] == [
        ("event 'A' is 'text'; expected an object with a Type", "Resources/M/Properties/Events/A"),
        ("event 'B' has no Pattern", "Resources/M/Properties/Events/B"),
        ("event 'D' is an object; expected an object with a Type", "Resources/M/Properties/Events/D"),
    ]
    assert list(document.body["Resources"]) == ["Queue", "M", "MB", "MBRole"]
    assert expanded("{Role: r, Events: text}").faults == ()


def test_a_template_without_them_stays_as_it_is() -> None:
    """The very same; so does a type whose properties are no object, which is told elsewhere."""
    for text in (
        "Resources: {Q: {Type: 'AWS::SQS::Queue'}}",
        "Resources: {M: {Type: 'AWS::Serverless::StateMachine', Properties: text}}",
        "Resources: text",
        "Outputs: {}",
    ):
        document = read_document(text, "t.yaml")
        assert state_machines_expanded(document) is document
