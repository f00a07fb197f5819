"""Requests that do not have the form of the service model, and actions that there are not."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.runtime.cognito.actions import ACTIONS
from livebus.runtime.cognito.errors import CognitoError

NAME_PATTERN = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(categories=None)),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
PARAMETERS = sorted({name for action in ACTIONS.values() for name in action.required})


def test_a_missing_parameter_is_null(service: Any) -> None:
    """Everything that is missing is listed at once; null counts as missing."""
    refusal = service.refusal("AdminGetUser", Username=None)
    assert refusal == (
        "InvalidParameterException",
        (
            "2 validation errors detected: "
            "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null; "
            "Value null at 'username' failed to satisfy constraint: Member must not be null"
        ),
    )


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (
            {"Username": ""},
            (
                "Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1; "
                f"Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: {NAME_PATTERN}"
            ),
        ),
        (
            {"Username": "two words"},
            f"Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: {NAME_PATTERN}",
        ),
        (
            {"Username": "x" * 129},
            "Value at 'username' failed to satisfy constraint: Member must have length less than or equal to 128",
        ),
        (
            {"UserPoolId": "nopool"},
            (
                r"Value 'nopool' at 'userPoolId' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
            ),
        ),
        (
            {"Password": " blank in front"},
            (
                r"Value at 'password' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$"
            ),
        ),
    ],
)
def test_a_value_of_the_wrong_form_is_named(service: Any, request_: dict[str, str], fault: str) -> None:
    """Sensitive values are not quoted, others are."""
    request = {"UserPoolId": "eu-west-1_Names", "Username": "alice", "Password": "Correct horse 1", **request_}
    count = fault.count("failed to satisfy")
    text = f"{count} validation error{'s' if count > 1 else ''} detected: {fault}"
    assert service.refusal("AdminSetUserPassword", **request) == ("InvalidParameterException", text)


def test_a_member_of_a_list_is_named_by_its_place(service: Any) -> None:
    """Places count from 1, as AWS's do."""
    attributes = [{"Name": "name", "Value": "A"}, {"Value": "B"}]
    request = {"UserPoolId": "eu-west-1_Names", "Username": "alice", "UserAttributes": attributes}
    refusal = service.refusal("AdminCreateUser", **request)
    assert refusal == (
        "InvalidParameterException",
        (
            "1 validation error detected: Value null at 'userAttributes.2.member.name' failed to satisfy constraint: "
            "Member must not be null"
        ),
    )


def test_a_value_outside_an_enumeration_is_named(service: Any) -> None:
    """The values that there are are listed."""
    refusal = service.refusal("InitiateAuth", ClientId="open", AuthFlow="PASSWORD")
    assert refusal == (
        "InvalidParameterException",
        (
            "1 validation error detected: Value 'PASSWORD' at 'authFlow' failed to satisfy constraint: Member must satisfy "
            "enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, "
            "USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]"
        ),
    )


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"Username": 7}, "NUMBER_VALUE can not be converted to a String"),
        ({"Username": True}, "TRUE_VALUE can not be converted to a String"),
        ({"Username": "half \ud800"}, "STRING_VALUE can not be converted to a String"),
        ({"Permanent": "true"}, "STRING_VALUE can not be converted to a Boolean"),
        ({"Limit": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"UserAttributes": {}}, "START_OBJECT can not be converted to a List"),
        ({"UserAttributes": ["a"]}, "STRING_VALUE can not be converted to a Structure"),
        ({"AuthParameters": []}, "START_ARRAY can not be converted to a Map"),
        ({"AuthParameters": {"A": None}}, "NULL_VALUE can not be converted to a String"),
        ({"AuthParameters": {"A": "\udfff"}}, "STRING_VALUE can not be converted to a String"),
    ],
)
def test_a_value_of_the_wrong_json_type_is_refused(service: Any, request_: dict[str, Any], message: str) -> None:
    """A type is no matter of constraints: the whole request is refused."""
    request = {"UserPoolId": "eu-west-1_Names", "Username": "alice", **request_}
    assert service.refusal("AdminGetUser", **request) == ("SerializationException", message)


@settings(max_examples=150, deadline=None)
@given(
    action=st.sampled_from(sorted(ACTIONS)),
    request=st.dictionaries(st.sampled_from(PARAMETERS), JSON, max_size=6),
)
def test_no_request_is_answered_with_a_bug_of_ours(make_service: Any, action: str, request: dict[str, Any]) -> None:
    """Whatever JSON stands in a request, the answer is a mapping or Cognito's refusal."""
    request = {"UserPoolId": "eu-west-1_Names", "ClientId": "open", **request}
    with contextlib.suppress(CognitoError):
        answer = make_service().cognito.call(action, request)
        assert isinstance(answer, dict)


def test_an_action_that_is_not_emulated_is_named(service: Any) -> None:
    """The refusal says that it is the runtime."""
    expected = (
        "UnknownOperationException",
        "The local runtime does not emulate cognito-idp's action 'SetUserMFAPreference'.",
    )
    assert service.refusal("SetUserMFAPreference") == expected
