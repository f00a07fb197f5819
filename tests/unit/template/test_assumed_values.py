"""What hangs on a parameter without a value: no fault but those that it would have with each value."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template import Environment
from livebus.template.document import read_document
from livebus.template.loading import read_application

TEMPLATE = """
Parameters:
  P: {definition}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{{AttributeName: a, AttributeType: S}}]
      KeySchema: [{{AttributeName: a, KeyType: HASH}}]
      DeletionProtectionEnabled: {flag}
      ProvisionedThroughput: {{ReadCapacityUnits: {number}, WriteCapacityUnits: 1}}
  Bus:
    Type: AWS::Events::EventBus
    Properties: {{Name: orders}}
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {{Policies: {{PasswordPolicy: {{MinimumLength: {number}}}}}}}
"""


def told(definition: str, number: str = "8", flag: str = "true", **environment: Any) -> list[str]:
    text = TEMPLATE.format(definition=definition, number=number, flag=flag)
    reading = read_application(
        read_document(text, "t.yaml"), lambda _: "", Environment(**environment), {}, lambda _: None
    )
    return [fault.found for fault in reading.refusals]


@pytest.mark.parametrize(
    ("definition", "number"),
    [
        ("{Type: Number}", "!Ref P"),
        ("{Type: Number, MinValue: 1, MaxValue: 5}", "!Ref P"),
        ("{Type: String}", "!Ref P"),
        ("{Type: List<Number>}", "!Select [1, !Ref P]"),
        ("{Type: CommaDelimitedList}", "!Select [0, !Ref P]"),
        ("{Type: Number}", "!Select [!Ref P, [0, 8]]"),
        ("{Type: Number, AllowedValues: [5, 8]}", "!Ref P"),
        ("{Type: String, AllowedValues: [many, 8]}", "!Ref P"),
        ("{Type: Number}", "!Sub '${P}'"),
    ],
)
def test_a_number_that_is_assumed_is_not_judged(definition: str, number: str) -> None:
    """Of any type, from a list, as an index: with some value it is right."""
    assert told(definition, number, assumes_parameters=True) == []


def test_what_is_wrong_with_each_allowed_value_is_told() -> None:
    """None of them is a number that the property takes."""
    assert told("{Type: Number, AllowedValues: [3, 200]}", "!Ref P", assumes_parameters=True) == [
        "MinimumLength is '3'"
    ]
    assert told("{Type: Number, AllowedValues: [200]}", "!Ref P", assumes_parameters=True) == ["MinimumLength is '200'"]


def test_a_flag_that_is_assumed_is_not_judged() -> None:
    """One of its values is a truth value."""
    assert told("{Type: String, AllowedValues: [maybe, 'true']}", flag="!Ref P", assumes_parameters=True) == []
    assert told("{Type: String, AllowedValues: [maybe, often]}", flag="!Ref P", assumes_parameters=True) == [
        "DeletionProtectionEnabled is 'maybe'"
    ]


@pytest.mark.parametrize(
    ("definition", "number"),
    [
        ("{Type: Number}", "!Ref P"),
        ("{Type: Number}", "!Sub '${P}'"),
        ("{Type: Number}", "!Join ['', [!Ref P, '']]"),
        ("{Type: List<Number>}", "!Select [1, !Ref P]"),
        ("{Type: Number}", "!Select [!Ref P, [1, 2]]"),
    ],
)
def test_where_values_are_needed_only_those_that_lack_are_told(definition: str, number: str) -> None:
    """A runtime runs nothing without them; what their lack makes of properties is no second fault."""
    assert told(definition, number) == ["Parameters: [P] must have values"]
