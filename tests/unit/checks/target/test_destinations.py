"""Targets that are no GraphQL APIs; each check has a template of its own in tests/vectors/checks."""

from __future__ import annotations

import pytest

from livebus.checks.inspection import Inspection
from livebus.checks.target.destinations import CHECKS
from livebus.template.document import read_document

TEXT = """
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Name: r
      EventPattern: {source: [s]}
      Targets: [{Id: T, Arn: "ARN", RoleArn: "arn:aws:iam::123456789012:role/r"}]
"""


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:states:us-east-1:123456789012:stateMachine:s", ["E9136"]),
        ("arn:aws:kinesis:us-east-1:123456789012:stream/s", ["E9136"]),
        ("arn:aws:events:us-east-1:123456789012:api-destination/d/1", ["E9136"]),
        ("arn:aws:events:us-east-1:123456789012:event-bus/b", ["W9136"]),
        ("arn:aws:sns:us-east-1:123456789012:t", []),
        ("arn:aws:logs:us-east-1:123456789012:log-group:g", []),
    ],
)
def test_roles_by_service(arn: str, expected: list[str]) -> None:
    """A role is missed where the service needs one; nothing is missed where it is there."""
    text = TEXT.replace("ARN", arn)
    without = text.replace(', RoleArn: "arn:aws:iam::123456789012:role/r"', "")

    def found(template: str) -> list[str]:
        inspection = Inspection(read_document(template, "t.yaml"), lambda _: "")
        return [check.id for check in CHECKS for _ in check.find(inspection)]

    assert (found(without), found(text)) == (expected, [])
