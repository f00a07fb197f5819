"""AWS::Serverless::StateMachine, as the SAM transform expands it."""

from __future__ import annotations

from livebus.template.document import read_document
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
