"""May EventBridge invoke the function of a rule's target."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access.functions import function_admits
from livebus.template.application import Function, Role

ACCOUNT = "111111111111"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/bus/rule"
PERMISSION: dict[str, Any] = {
    "Sid": "P",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": ARN,
    "Condition": {"ArnLike": {"AWS:SourceArn": RULE}},
}
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
USE: dict[str, Any] = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN}


def admits(*policies: dict[str, Any], role: Role | None = None) -> str | None:
    return function_admits(Function("f", ARN, "F", policies=policies), role, rule_arn=RULE, account=ACCOUNT)


def test_the_functions_policy_admits_the_rule() -> None:
    """A permission for EventBridge and this rule, or for EventBridge at all."""
    assert admits(PERMISSION) is None
    assert admits({name: value for name, value in PERMISSION.items() if name != "Condition"}) is None


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ((), "has no AWS::Lambda::Permission"),
        ((PERMISSION | {"Principal": {"Service": "sns.amazonaws.com"}},), "not 'events.amazonaws.com'"),
        ((PERMISSION | {"Condition": {"ArnLike": {"AWS:SourceArn": f"{RULE}2"}}},), "wants AWS:SourceArn"),
        ((PERMISSION | {"Action": "lambda:GetFunction"},), "not 'lambda:InvokeFunction'"),
    ],
)
def test_a_policy_that_does_not(policies: tuple[dict[str, Any], ...], words: str) -> None:
    """The reason names what is missing, or the statement that comes closest."""
    refusal = admits(*policies)
    assert refusal is not None
    assert words in refusal


def test_a_role_decides_where_there_is_one() -> None:
    """Its trust and its rights count; the function's policy does not."""
    assert admits(role=Role("r", "arn", "R", (TRUST,), (USE,))) is None
    assert "let events.amazonaws.com assume it" in str(admits(PERMISSION, role=Role("r", "arn", "R", (), (USE,))))
    assert "does not allow lambda:InvokeFunction" in str(admits(PERMISSION, role=Role("r", "arn", "R", (TRUST,), ())))
