"""Which API of a stack is meant, by its Outputs."""

from __future__ import annotations

import pytest

from livebus.errors import LivebusError, Unreachable
from livebus.stack.api_address import ApiAddress, address, find_api, find_client_id, find_pool_id

AWS = ApiAddress(
    "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
    "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
)
CUSTOM = ApiAddress("https://api.example.com/graphql", "wss://api.example.com/graphql/realtime")
LOCAL = ApiAddress("http://127.0.0.1:4566/graphql", "ws://127.0.0.1:4566/graphql")
SECOND = ApiAddress("http://127.0.0.1:4566/second/graphql", "ws://127.0.0.1:4566/second/graphql")

ONE = {"GraphQLUrl": AWS.graphql_url, "RealtimeUrl": AWS.realtime_url, "UserPoolClientId": "client", "Other": "x"}
TWO = {
    "RewardsUrl": LOCAL.graphql_url,
    "RewardsUserPoolClientId": "rewards-client",
    "FulfillmentGraphQLUrl": SECOND.graphql_url,
    "FulfillmentRealtimeUrl": SECOND.realtime_url,
    "FulfillmentClientId": "fulfillment-client",
    "QueueUrl": "http://127.0.0.1:4566/123456789012/queue",
}
IDS = {"RewardsApi": ["RewardsUrl"], "ShippingApi": ["FulfillmentGraphQLUrl"]}


@pytest.mark.parametrize("expected", [AWS, CUSTOM, LOCAL, SECOND])
def test_either_url_gives_the_other(expected: ApiAddress) -> None:
    """AppSync's own hosts, a custom domain, and the local runtime."""
    assert [expected] * 2 == [address(expected.graphql_url), address(expected.realtime_url)]


def test_the_host_is_that_of_queries() -> None:
    """Authorization names it for subscriptions as well."""
    assert [AWS.host, LOCAL.host] == ["abc.appsync-api.eu-west-1.amazonaws.com", "127.0.0.1:4566"]


@pytest.mark.parametrize(
    "url", ["", "livebus", "ftp://x/graphql", "https://x/other", "http:///graphql", "http://[/graphql", TWO["QueueUrl"]]
)
def test_what_is_no_api_has_no_address(url: str) -> None:
    """Other URLs, and what is none."""
    assert address(url) is None


@pytest.mark.parametrize(
    ("outputs", "wanted", "expected"),
    [
        (ONE, "", AWS),
        ({"Url": CUSTOM.graphql_url, "Other": "x"}, "", CUSTOM),
        ({**TWO, "GraphQLUrl": "http://127.0.0.1:1/graphql", "RealtimeUrl": "ws://127.0.0.1:2/graphql"}, "",
         ApiAddress("http://127.0.0.1:1/graphql", "ws://127.0.0.1:2/graphql")),
        (TWO, "RewardsUrl", LOCAL),
        (TWO, "FulfillmentRealtimeUrl", SECOND),
        (TWO, "ShippingApi", SECOND),
        (TWO, "Rew", LOCAL),
        (TWO, "Fulfillment", SECOND),
        ({}, CUSTOM.realtime_url, CUSTOM),
    ],
)  # fmt: skip
def test_an_api_is_found(outputs: dict[str, str], wanted: str, expected: ApiAddress) -> None:
    """By an Output, its logical id, the beginning of its Outputs' names, its URL; or because it is the one that counts."""
    assert expected == find_api(outputs, "the stack", wanted, logical_ids=IDS)


@pytest.mark.parametrize(
    ("outputs", "wanted", "expected"),
    [
        (TWO, "", "the stack has 2 APIs; expected --api with FulfillmentGraphQLUrl or RewardsUrl"),
        ({"A": "b"}, "", ("the stack has no output 'GraphQLUrl'; expected it among A. Add it to the template's Outputs, "
         "or name the API's URL with --api.")),
        (TWO, "RewardUrl", ("the stack has no API 'RewardUrl'; expected FulfillmentGraphQLUrl, FulfillmentRealtimeUrl, "
         "RewardsUrl, RewardsApi or ShippingApi. Did you mean 'RewardsUrl'?")),
        (TWO, "QueueUrl", ("the stack: the output 'QueueUrl' holds no URL of a GraphQL API; expected "
         "FulfillmentGraphQLUrl, FulfillmentRealtimeUrl or RewardsUrl")),
        ({}, "https://x/y", ("'https://x/y' is not the URL of a GraphQL API; expected https://… or wss://…, with a path "
         "that ends in /graphql")),
    ],
)  # fmt: skip
def test_what_there_is_is_told(outputs: dict[str, str], wanted: str, expected: str) -> None:
    """Where no API is found, or more than one."""
    with pytest.raises(LivebusError) as raised:
        find_api(outputs, "the stack", wanted, logical_ids=IDS)
    assert expected == str(raised.value)


@pytest.mark.parametrize(
    ("outputs", "api", "wanted", "expected"),
    [
        (ONE, AWS, "", "client"),
        ({"WebClientId": "only"}, AWS, "", "only"),
        (TWO, LOCAL, "", "rewards-client"),
        (TWO, SECOND, "", "fulfillment-client"),
        ({**TWO, "UserPoolClientId": "shared"}, CUSTOM, "", "shared"),
        (TWO, SECOND, "RewardsUserPoolClientId", "rewards-client"),
        ({}, AWS, "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"),
    ],
)
def test_the_app_client_is_found(outputs: dict[str, str], api: ApiAddress, wanted: str, expected: str) -> None:
    """That of the API, by the names; the only one; or what is named."""
    assert expected == find_client_id(outputs, "the stack", api, wanted)


@pytest.mark.parametrize(
    ("outputs", "wanted", "expected"),
    [
        (TWO, "", ("the stack has several app clients; expected --client with FulfillmentClientId or "
         "RewardsUserPoolClientId")),
        ({"A": "b"}, "", ("the stack has no output 'UserPoolClientId'; expected it among A. Add it to the template's "
         "Outputs, or name the app client with --client.")),
        ({"WebClientId": "b"}, "WebClient", ("the stack has no output 'WebClient'; expected it among WebClientId. Did you "
         "mean 'WebClientId'?")),
    ],
)  # fmt: skip
def test_a_missing_app_client_is_told(outputs: dict[str, str], wanted: str, expected: str) -> None:
    """With what there is."""
    with pytest.raises(LivebusError) as raised:
        find_client_id(outputs, "the stack", CUSTOM, wanted)
    assert expected == str(raised.value)


@pytest.mark.parametrize(
    ("outputs", "wanted", "expected"),
    [
        ({"UserPoolClientId": "c", "UserPoolId": "eu-west-1_A"}, "", "eu-west-1_A"),
        (
            {"ShopUserPoolClientId": "c", "ShopUserPoolId": "eu-west-1_B", "UserPoolId": "eu-west-1_A"},
            "",
            "eu-west-1_B",
        ),
        ({"UserPoolClientId": "other", "UserPoolId": "eu-west-1_A"}, "", "eu-west-1_A"),
        ({"AUserPoolId": "eu-west-1_A", "BUserPoolId": "eu-west-1_B"}, "", ""),
        ({"UserPoolClientId": "c", "UserPoolId": "no id"}, "", ""),
        ({"AUserPoolId": "eu-west-1_A"}, "AUserPoolId", "eu-west-1_A"),
        ({}, "local_Pool1", "local_Pool1"),
    ],
)
def test_the_user_pool_is_that_of_the_client(outputs: dict[str, str], wanted: str, expected: str) -> None:
    """By the names of the Outputs, else the only one; nothing where nobody can tell."""
    assert find_pool_id(outputs, "c", wanted) == expected


def test_what_is_no_user_pool_is_told() -> None:
    """With the nearest Output."""
    with pytest.raises(Unreachable, match="Did you mean 'UserPoolId'"):
        find_pool_id({"UserPoolId": "eu-west-1_A"}, "c", "UserPolId")
