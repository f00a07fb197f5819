"""May EventBridge run the mutation with the target's role."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access.roles import role_may_invoke
from livebus.template.application import Role

ACCOUNT = "111111111111"
API = f"arn:aws:appsync:us-east-1:{ACCOUNT}:apis/abc"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/bus/rule"

TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": RULE}},
}
USE: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "appsync:GraphQL",
    "Resource": f"{API}/types/Mutation/fields/publishMsgFromEB",
}


def invoke(trust: dict[str, Any] = TRUST, use: dict[str, Any] = USE, field: str = "publishMsgFromEB") -> str | None:
    """The answer for a role with these statements."""
    role = Role("role", f"arn:aws:iam::{ACCOUNT}:role/role", "Role", (trust,), (use,))
    return role_may_invoke(role, rule_arn=RULE, account=ACCOUNT, api_arn=API, field=field)


@pytest.mark.parametrize(
    "use",
    [
        USE,
        USE | {"Resource": f"{API}/types/Mutation/*"},
        USE | {"Resource": f"{API}/*"},
        USE | {"Action": "appsync:*", "Resource": "*"},
    ],
)
def test_a_role_for_the_field_or_more_may(use: dict[str, Any]) -> None:
    """The mutation's own ARN, all mutations, the whole API: each lets the rule invoke it."""
    assert invoke(use=use) is None


def test_a_trust_without_conditions_may() -> None:
    """Conditions in the trust policy narrow; they are not required."""
    assert invoke(trust=TRUST | {"Condition": {}}) is None


def test_the_endpoint_arn_in_the_policy_is_the_common_mistake() -> None:
    """A policy on the GraphQLEndpointArn allows nothing: the resource is under the API's own ARN."""
    endpoint = f"arn:aws:appsync:us-east-1:{ACCOUNT}:endpoints/graphql-api/abc"

    assert (
        f"The role 'role' does not allow appsync:GraphQL on '{API}/types/Mutation/fields/publishMsgFromEB': statement 1 "
        f"does not: its Resource is '{endpoint}', not '{API}/types/Mutation/fields/publishMsgFromEB'."
    ) == invoke(use=USE | {"Resource": endpoint})


@pytest.mark.parametrize(
    ("use", "field"), [(USE, "other"), (USE, "publishMsgFromEb"), (USE | {"Resource": API}, "publishMsgFromEB")]
)
def test_another_field_may_not(use: dict[str, Any], field: str) -> None:
    """A policy for one field is for that field alone, in its own case, and the API's bare ARN is no field."""
    assert (invoke(use=use, field=field) or "").startswith("The role 'role' does not allow appsync:GraphQL on ")


@pytest.mark.parametrize(
    ("trust", "reason"),
    [
        (TRUST | {"Principal": {"Service": "appsync.amazonaws.com"}}, "its Principal is"),
        (TRUST | {"Action": "sts:TagSession"}, "its Action is 'sts:TagSession', not 'sts:AssumeRole'"),
        (TRUST | {"Condition": {"ArnEquals": {"aws:SourceArn": RULE + "2"}}}, "its Condition ArnEquals wants"),
        (TRUST | {"Condition": {"StringEquals": {"aws:SourceAccount": "2"}}}, "its Condition StringEquals wants"),
    ],
)
def test_a_role_that_eventbridge_cannot_assume_says_so(trust: dict[str, Any], reason: str) -> None:
    """Trust is asked before use, and the element that keeps EventBridge out is named."""
    assert (invoke(trust=trust) or "").startswith(
        f"The role 'role' does not let events.amazonaws.com assume it: statement 1 does not: {reason}"
    )


def test_no_role_says_what_is_missing() -> None:
    """A target without RoleArn cannot call AppSync."""
    assert (
        role_may_invoke(None, rule_arn=RULE, account=ACCOUNT, api_arn=API, field="x")
        == "The target has no RoleArn; EventBridge needs a role that may call the API."
    )
