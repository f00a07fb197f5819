"""amplify_outputs.json: what stands in it, and which files are ours to replace."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.stack.amplify_outputs import AmplifyApi, AmplifyUsers, amplify_outputs, default_type, is_own
from livebus.stack.api_address import ApiAddress

AWS = ApiAddress(
    "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
    "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
)
LOCAL = ApiAddress("http://127.0.0.1:4566/second/graphql", "ws://127.0.0.1:4566/second/graphql")
BOTH = ("AWS_IAM", "AMAZON_COGNITO_USER_POOLS")
USERS = AmplifyUsers("eu-west-1_AbC", "client")


def test_a_stack_on_aws_is_what_amplify_knows() -> None:
    """The region of users is their pool's; the default is not among the other types."""
    assert amplify_outputs(AmplifyApi(AWS, "eu-west-1", BOTH), USERS) == {
        "version": "1.4",
        "auth": {"aws_region": "eu-west-1", "user_pool_id": "eu-west-1_AbC", "user_pool_client_id": "client"},
        "data": {
            "url": AWS.graphql_url,
            "aws_region": "eu-west-1",
            "default_authorization_type": "AMAZON_COGNITO_USER_POOLS",
            "authorization_types": ["AWS_IAM"],
        },
    }


def test_an_identity_pool_and_an_api_key_are_there_if_they_are() -> None:
    users = AmplifyUsers("eu-west-1_AbC", "client", "eu-west-1:1234", has_guests=True)
    document = amplify_outputs(AmplifyApi(AWS, "eu-west-1", ("API_KEY",), "da2-key"), users)
    assert document["auth"]["identity_pool_id"] == "eu-west-1:1234"
    assert document["auth"]["unauthenticated_identities_enabled"] is True
    assert document["data"]["api_key"] == "da2-key"
    assert document["data"]["authorization_types"] == []


def test_an_api_that_nobody_signs_in_to_has_no_auth() -> None:
    assert list(amplify_outputs(AmplifyApi(AWS, "eu-west-1", ("API_KEY",), "da2-key"), None)) == ["version", "data"]


def test_the_runtimes_addresses_are_the_apps_own() -> None:
    """Amplify has no member for them; on AWS there are none."""
    document = amplify_outputs(AmplifyApi(LOCAL, "us-east-1", BOTH), USERS)
    assert document["data"]["url"] == LOCAL.graphql_url
    assert document["custom"] == {"livebus": {"endpoint": "http://127.0.0.1:4566", "realtime_url": LOCAL.realtime_url}}


@pytest.mark.parametrize(
    ("types", "wanted", "expected"),
    [
        (BOTH, "", "AMAZON_COGNITO_USER_POOLS"),
        (BOTH, "AWS_IAM", "AWS_IAM"),
        (("API_KEY", "AWS_IAM"), "", "API_KEY"),
    ],
)
def test_calls_are_a_users_by_default(types: tuple[str, ...], wanted: str, expected: str) -> None:
    assert default_type(types, wanted) == expected


def test_a_type_that_the_api_does_not_take_is_told() -> None:
    with pytest.raises(LivebusError) as raised:
        default_type(BOTH, "API_KEY")
    expected = "expected --authorization-type with AWS_IAM or AMAZON_COGNITO_USER_POOLS"
    assert str(raised.value) == f"the API does not take API_KEY; {expected}"


@pytest.mark.parametrize("address", [AWS, LOCAL])
def test_what_was_written_may_be_replaced(address: ApiAddress) -> None:
    assert is_own(amplify_outputs(AmplifyApi(address, "us-east-1", BOTH), USERS))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"auth": {}, "data": {}},
        {"version": "2", "data": {}},
        {"version": "1.4", "storage": {}},
        {"version": "1.4", "custom": {"livebus": {}, "another": 1}},
        {"version": "1.4", "custom": []},
        {"version": "1.4", "data": {"model_introspection": {}}},
        {"version": "1.4", "data": "text"},
    ],
)
def test_what_holds_more_is_not_ours(document: Any) -> None:
    """Amplify's own tools write more; other JSON is something else."""
    assert not is_own(document)
