"""Which element of a policy is in the way of a request, and when nothing can be said."""

from __future__ import annotations

import pytest

from livebus.checks.iam.statements import Obstacle, by_eventbridge, here, obstacles, statements_of
from livebus.checks.inspection import Inspection
from livebus.template.document import read_document
from livebus.template.environment import Environment

RULE = "arn:aws:events:us-east-1:123456789012:rule/livebus/publish"
SOUND = """
        - Effect: Allow
          Principal: {Service: events.amazonaws.com}
          Action: sts:AssumeRole
          Condition:
            ArnEquals: {aws:SourceArn: "arn:aws:events:us-east-1:123456789012:rule/livebus/publish"}
"""


def in_the_way(statements: str) -> list[Obstacle] | None:
    """What is in the way of a rule ``publish`` on the bus ``livebus`` that assumes a role with this trust."""
    text = f"""
Parameters:
  Known: {{Type: String, Default: "123456789012"}}
  FromStore: {{Type: "AWS::SSM::Parameter::Value<String>", Default: /path}}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {{Name: livebus}}
  Rule:
    Type: AWS::Events::Rule
    Properties: {{Name: publish, EventBusName: !Ref Bus, EventPattern: {{source: [x]}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:{statements.replace(chr(10), chr(10) + "  ")}
"""
    inspection = Inspection(read_document(text, "t.yaml"), lambda name: "")
    role = inspection.resource("Role")
    assert role is not None
    (rule,) = inspection.application.rules
    assert rule.arn == RULE
    found = statements_of(role.properties, "AssumeRolePolicyDocument")
    return obstacles(found, by_eventbridge(inspection, rule, "sts:AssumeRole", None), inspection)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sts:AssumeRole", "STS:assumerole"),
        ("sts:AssumeRole", "sts:*"),
        ("Service: events.amazonaws.com", "Service: [lambda.amazonaws.com, events.amazonaws.com]"),
        ("aws:SourceArn", "AWS:sourcearn"),
        ("ArnEquals", "ArnLike"),
        ("ArnEquals", "ArnEqualsIfExists"),
        ("us-east-1:123456789012", "eu-west-1:111122223333"),
        ("arn:aws:", "arn:aws-cn:"),
        ("ArnEquals: {aws:SourceArn:", "StringEquals: {aws:SourceOrgID:"),
        ("ArnEquals: {aws:SourceArn:", "ArnMatches: {aws:SourceArn:"),
        ("ArnEquals: {aws:SourceArn:", "'ForAnyValue:StringLike': {aws:SourceArn:"),
        (f'"{RULE}"', "!ImportValue Arn"),
        (f'"{RULE}"', "!Ref FromStore"),
        (f'"{RULE}"', '"{{resolve:ssm:/arn}}"'),
        (f'"{RULE}"', '!Sub ["arn:aws:events:${R}:x", {R: !ImportValue Region}]'),
    ],
)
def test_nothing_is_said(old: str, new: str) -> None:
    """What allows the request, and what hangs on something that is not known here, is left in peace."""
    assert old in SOUND

    assert in_the_way(SOUND.replace(old, new)) is None


@pytest.mark.parametrize(
    ("old", "new", "element", "values"),
    [
        ("events.amazonaws.com", "lambda.amazonaws.com", "Principal", ("lambda.amazonaws.com",)),
        ("sts:AssumeRole", "sts:TagSession", "Action", ("sts:TagSession",)),
        ("rule/livebus/publish", "rule/livebus/other", "Condition", (RULE.replace("publish", "other"),)),
        ("aws:SourceArn", "aws:SourceArns", "Condition", (RULE,)),
        (f'ArnEquals: {{aws:SourceArn: "{RULE}"', 'StringEquals: {sts:ExternalId: "x"', "Condition", ("x",)),
        (f'ArnEquals: {{aws:SourceArn: "{RULE}"', 'StringEquals: {aws:SourceAccount: "12"', "Condition", ("12",)),
        ("Effect: Allow", "Effect: Deny", "Effect", ("Deny",)),
    ],
)
def test_the_element_that_is_in_the_way(old: str, new: str, element: str, values: tuple[str, ...]) -> None:
    """One element that does not fit is the one that is told, with its values."""
    assert old in SOUND
    (obstacle,) = in_the_way(SOUND.replace(old, new)) or ()

    assert (element, values) == (obstacle.element, obstacle.values)


def test_the_closest_statement_counts() -> None:
    """Of several statements the one with the least in the way is told."""
    far = SOUND.replace("events.amazonaws.com", "ec2.amazonaws.com").replace("sts:AssumeRole", "sts:TagSession")
    near = SOUND.replace("/publish", "/other")
    (obstacle,) = in_the_way(far + near.lstrip("\n")) or ()

    assert obstacle.key == "aws:SourceArn"


def test_a_deny_that_hangs_on_something_unknown_is_left_in_peace() -> None:
    """A Deny with a condition on a key that is not known here denies nothing for sure."""
    denies = SOUND.replace("Allow", "Deny").replace("ArnEquals: {aws:SourceArn:", "StringNotEquals: {aws:SourceOrgID:")

    assert in_the_way(SOUND + denies.lstrip("\n")) is None


def test_no_statement_at_all() -> None:
    """Where there is no statement, there is no element either."""
    assert in_the_way(" []") == []


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:events:eu-west-1:111122223333:rule/x", "arn:aws:events:us-east-1:123456789012:rule/x"),
        ("arn:*:events:*:*:rule/x", "arn:*:events:*:*:rule/x"),
        ("arn:aws:events:111122223333:eu-west-1:rule/x", "arn:aws:events:111122223333:eu-west-1:rule/x"),
        ("rule/x", "rule/x"),
    ],
)
def test_accounts_and_regions_that_are_spelt_out(arn: str, expected: str) -> None:
    """They are taken for the environment's own; wildcards, and what is in the wrong place, stay."""
    assert expected == here(arn, Environment())
