"""Sessions of roles, and the fields that a role's policies leave open."""

from __future__ import annotations

import pytest

from livebus.access.policy import evaluate
from livebus.access.role_session import RoleSession, allowed_fields

API = "arn:aws:appsync:us-east-1:123456789012:apis/a"
ROOTS = [("Query", "read"), ("Mutation", "send"), ("Mutation", "remove"), ("Subscription", "onSend")]


def statement(effect: str, *resources: str) -> dict[str, object]:
    return {"Effect": effect, "Action": "appsync:GraphQL", "Resource": list(resources)}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], set()),
        ([statement("Allow", f"{API}/types/Mutation/fields/send")], {"Mutation.send"}),
        (
            [statement("Allow", f"{API}/*"), statement("Deny", f"{API}/types/Mutation/fields/remove")],
            {"Query.read", "Mutation.send", "Subscription.onSend"},
        ),
        ([statement("Allow", "arn:aws:appsync:us-east-1:123456789012:apis/b/*")], set()),
    ],
)
def test_policies_leave_fields_open(statements: list[dict[str, object]], expected: set[str]) -> None:
    """By the ARN of each field of the root types."""
    assert allowed_fields(statements, API, ROOTS) == expected


def test_a_session_has_an_arn_of_its_own() -> None:
    """With the role's name, without its path, and the session's."""
    session = RoleSession("k", "s", "t", 0, "arn:aws-cn:iam::123456789012:role/some/path/app", "me")
    assert session.arn == "arn:aws-cn:sts::123456789012:assumed-role/app/me"


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAnyValue:StringLike", ("x", "authenticated"), True),
        ("ForAnyValue:StringLike", ("x",), False),
        ("ForAnyValue:StringLike", None, False),
        ("ForAllValues:StringEquals", ("authenticated", "x"), False),
        ("ForAllValues:StringEquals", ("authenticated",), True),
        ("ForAllValues:StringEquals", None, True),
        ("ForSomeValues:StringEquals", ("authenticated",), False),
    ],
)
def test_conditions_over_several_values(operator: str, values: tuple[str, ...] | None, expected: bool) -> None:
    """Any of the request's values, or all of them; an operator that is not known never allows."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": {operator: {"amr": "authenticated"}}}
    context = {} if values is None else {"amr": values}
    assert evaluate([trust], action="sts:AssumeRole", resource=None, context=context).allowed == expected
