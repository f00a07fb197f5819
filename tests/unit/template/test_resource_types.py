"""The table of what Ref and Fn::GetAtt give."""

from __future__ import annotations

import pytest

from livebus.template.document import read_document
from livebus.template.environment import Environment
from livebus.template.resource_types import arn_parts, known_types
from livebus.template.resources import Resources


def test_every_type_of_the_table() -> None:
    """It holds what CloudFormation has, SAM's types too."""
    types = known_types()

    assert len(types) > 1000
    assert {"AWS::Cognito::IdentityPool", "AWS::Serverless::Function", "AWS::StepFunctions::StateMachine"} <= set(types)
    assert types["AWS::StepFunctions::StateMachine"].ref == "Arn"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AWS::StepFunctions::StateMachine", ("states", "stateMachine:")),
        ("AWS::Events::ApiDestination", ("events", "api-destination/")),
        ("AWS::ECS::Cluster", ("ecs", "cluster/")),
    ],
)
def test_arns(kind: str, expected: tuple[str, str]) -> None:
    """The service and the beginning of the resource, as the services have them."""
    assert arn_parts(kind) == expected


@pytest.mark.parametrize(
    ("kind", "attribute", "expected"),
    [
        ("AWS::StepFunctions::StateMachine", "", "arn:aws:states:us-east-1:123456789012:stateMachine:orders"),
        ("AWS::StepFunctions::StateMachine", "Arn", "arn:aws:states:us-east-1:123456789012:stateMachine:orders"),
        ("AWS::Kinesis::Stream", "Arn", "arn:aws:kinesis:us-east-1:123456789012:stream/orders"),
        ("AWS::Kinesis::Stream", "", "orders"),
    ],
)
def test_what_resources_answer(kind: str, attribute: str, expected: str) -> None:
    """Ref of a state machine is its ARN, of a stream its name."""
    text = f"Resources: {{A: {{Type: '{kind}', Properties: {{Name: orders}}}}}}"
    attributes = Resources(read_document(text, "t.yaml"), Environment(), {}).attributes

    assert (attributes.get("A", attribute) if attribute else attributes.ref("A")) == expected


def test_a_misspelt_attribute() -> None:
    """What is nearly an attribute that the type is known to have is a fault."""
    text = "Resources: {A: {Type: 'AWS::Kinesis::Stream'}}"
    attributes = Resources(read_document(text, "t.yaml"), Environment(), {}).attributes

    with pytest.raises(KeyError):
        attributes.get("A", "Arnn")
    assert attributes.get("A", "SomethingNew").endswith(".SomethingNew")
