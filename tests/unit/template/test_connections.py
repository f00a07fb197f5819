"""Connections and API destinations, as they are read from a template."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template import Environment
from livebus.template.api_destination import (
    ApiDestination,
    ApiKey,
    Authorization,
    Basic,
    ClientCredentials,
    HttpParameters,
)
from livebus.template.connections import read_api_destinations
from livebus.template.document import read_document
from livebus.template.resources import Resources

CONNECTION = """
Resources:
  C:
    Type: AWS::Events::Connection
    Properties:
      Name: c
"""
DESTINATION = """
  D:
    Type: AWS::Events::ApiDestination
    Properties:
      ConnectionArn: !GetAtt C.Arn
      HttpMethod: PUT
      InvocationEndpoint: https://api.example/x/*
"""
KEY = """
      AuthorizationType: API_KEY
      AuthParameters:
        ApiKeyAuthParameters: {ApiKeyName: k, ApiKeyValue: v}
        InvocationHttpParameters:
          BodyParameters: [{Key: b, Value: 1}]
          HeaderParameters: [{Key: h, Value: x, IsValueSecret: true}]
"""
MAPPED = {"https://api.example": "http://127.0.0.1:1", "https://auth.example": "http://127.0.0.1:2"}


def read(text: str, mapped: dict[str, str] | None = None) -> tuple[ApiDestination | None, list[str]]:
    environment = Environment(mapped_endpoints=MAPPED if mapped is None else mapped)
    resources = Resources(read_document(text, "t.yaml"), environment, {})
    found = read_api_destinations(resources)
    return (found[0] if found else None), [fault.found for fault in resources.all_faults]


def test_an_api_destination() -> None:
    """With the name that CloudFormation makes up, and a UUID behind it in its ARN."""
    found, faults = read(CONNECTION + KEY + DESTINATION)

    assert faults == []
    assert found is not None
    assert found.connection is not None
    assert found.name.startswith("livebus-D-")
    assert found.arn_for_policy == f"arn:aws:events:us-east-1:123456789012:api-destination/{found.name}"
    assert found.arn.removeprefix(found.arn_for_policy).count("-") == 4
    assert (found.endpoint, found.address) == ("https://api.example/x/*", "http://127.0.0.1:1/x/*")
    assert (found.method, found.rate, found.out_of_reach) == ("PUT", 300, "")
    assert found.connection.name == "c"
    assert found.connection.parameters == HttpParameters(headers=(("h", "x"),), body=(("b", "1"),))


@pytest.mark.parametrize(
    ("part", "authorization"),
    [
        (KEY, ApiKey("k", "v")),
        (
            """
      AuthorizationType: BASIC
      AuthParameters: {BasicAuthParameters: {Username: u, Password: p}}
""",
            Basic("u", "p"),
        ),
        (
            """
      AuthorizationType: OAUTH_CLIENT_CREDENTIALS
      AuthParameters:
        OAuthParameters:
          AuthorizationEndpoint: https://auth.example/token
          HttpMethod: GET
          ClientParameters: {ClientID: i, ClientSecret: s}
          OAuthHttpParameters: {QueryStringParameters: [{Key: q, Value: 1}]}
""",
            ClientCredentials(
                "https://auth.example/token",
                "http://127.0.0.1:2/token",
                "GET",
                "i",
                "s",
                HttpParameters(query=(("q", "1"),)),
            ),
        ),
    ],
)
def test_authorizations(part: str, authorization: Authorization) -> None:
    """Each type with what it needs."""
    found, faults = read(CONNECTION + part + DESTINATION)

    assert faults == []
    assert found is not None
    assert found.connection is not None
    assert found.connection.authorization == authorization


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONNECTION, "has no AuthorizationType"),
        (CONNECTION + "      AuthorizationType: API_KEY\n", "has no AuthParameters"),
        (CONNECTION + "      AuthorizationType: KEY\n      AuthParameters: {}\n", "AuthorizationType is 'KEY'"),
        (
            CONNECTION + "      AuthorizationType: BASIC\n      AuthParameters: {ApiKeyAuthParameters: {}}\n",
            "has no BasicAuthParameters",
        ),
        (
            CONNECTION + KEY.replace("ApiKeyValue: v", ""),
            "ApiKeyAuthParameters of AWS::Events::Connection 'C' has no ApiKeyValue",
        ),
        (CONNECTION + KEY + DESTINATION.replace("PUT", "TRACE"), "HttpMethod is 'TRACE'"),
        (CONNECTION + KEY + DESTINATION.replace("https://api", "api"), "InvocationEndpoint is 'api.example/x/*'"),
        (CONNECTION + KEY + DESTINATION.replace("!GetAtt C.Arn", "!Ref C"), "which is no connection of the template"),
    ],
)
def test_faults(text: str, expected: str) -> None:
    """What CreateConnection and CreateApiDestination refuse."""
    assert any(expected in fault for fault in read(text)[1])


def test_what_is_elsewhere() -> None:
    """Is named with its URL, and not refused."""
    found, faults = read(CONNECTION + KEY + DESTINATION, {})

    assert faults == ["InvocationEndpoint is 'https://api.example/x/*', and nothing outside of this machine is called"]
    assert found is not None
    assert found.out_of_reach.startswith("https://api.example/x/* is not called by the local runtime")


def test_no_secret_is_shown() -> None:
    """In the text of what was read."""
    found, _ = read(CONNECTION + KEY.replace("ApiKeyValue: v", "ApiKeyValue: hidden") + DESTINATION)
    told: Any = repr(found)

    assert "hidden" not in told
    assert "headers" not in told


def told(text: str) -> list[str]:
    resources = Resources(read_document(text, "t.yaml"), Environment(mapped_endpoints=MAPPED), {})
    read_api_destinations(resources)
    return [str(fault).split(": ", 1)[1] for fault in resources.all_faults]


OTHER = "arn:aws:events:us-east-1:123456789012:connection/c/1"
NAMES = "expected 1 to 64 letters, digits, '.', '-' and '_'"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "!GetAtt C.Arn",
            OTHER,
            f"ConnectionArn is '{OTHER}', which is no connection of the template. A connection of another stack is not emulated.",
        ),
        (
            "!GetAtt C.Arn",
            "c",
            "ConnectionArn is 'c', which is no connection of the template. Write !GetAtt, the connection's logical id, and .Arn behind it.",
        ),
        ("https://api", "api", "InvocationEndpoint is 'api.example/x/*'; expected a URL that begins with https://"),
        (
            "https://api",
            "https://other",
            "InvocationEndpoint is 'https://other.example/x/*', and nothing outside of this machine is called. --map-endpoint names what is called in its place.",
        ),
        ("HttpMethod: PUT", "Name: a b\n      HttpMethod: PUT", f"Name is 'a b'; {NAMES}"),
        ("      HttpMethod: PUT\n", "", "AWS::Events::ApiDestination 'D' has no HttpMethod"),
        (
            "HttpMethod: PUT",
            "InvocationRateLimitPerSecond: 0\n      HttpMethod: PUT",
            "InvocationRateLimitPerSecond is 0; expected a number from 1 to 1000000",
        ),
        ("{Key: b, Value: 1}", "{Key: b}", "a parameter of BodyParameters has no Value"),
        ("Name: c\n", "Name: c/d\n", f"Name is 'c/d'; {NAMES}"),
    ],
)
def test_each_fault_says_what_to_do(old: str, new: str, expected: str) -> None:
    """What is found, what was expected, and the next step."""
    text = CONNECTION + KEY + DESTINATION
    assert old in text
    assert told(text.replace(old, new)) == [expected]


OAUTH = """      AuthorizationType: OAUTH_CLIENT_CREDENTIALS
      AuthParameters:
        OAuthParameters:
          AuthorizationEndpoint: https://auth.example/t
          HttpMethod: POST
          ClientParameters: {ClientID: i, ClientSecret: s}
"""


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            "      AuthorizationType: BASIC\n      AuthParameters: {ApiKeyAuthParameters: {}}\n",
            "AuthParameters of AWS::Events::Connection 'C', which is of type BASIC, has no BasicAuthParameters. Is 'ApiKeyAuthParameters' meant to be 'BasicAuthParameters'?",
        ),
        (
            "      AuthorizationType: BASIC\n      AuthParameters: {BasicAuthParameters: {Username: u}}\n",
            "BasicAuthParameters of AWS::Events::Connection 'C' has no Password",
        ),
        (OAUTH.replace(", ClientSecret: s", ""), "ClientParameters of AWS::Events::Connection 'C' has no ClientSecret"),
        (OAUTH.replace("POST", "HEAD"), "HttpMethod is 'HEAD'; expected one of GET, POST, PUT"),
    ],
)
def test_a_connection_that_cannot_be_is_told(part: str, expected: str) -> None:
    """By what its type needs, also where no API destination uses it."""
    assert told(CONNECTION + part) == [expected]


@pytest.mark.parametrize(
    ("arn", "mapped", "expected"),
    [
        (OTHER, MAPPED, "the connection of API destination 'd' is not in the template: nothing is sent"),
        (
            "!GetAtt C.Arn",
            {},
            "https://api.example/x/* is not called by the local runtime: nothing is sent; --map-endpoint names a stand-in",
        ),
        ("!GetAtt C.Arn", MAPPED, ""),
    ],
)
def test_why_nothing_is_sent(arn: str, mapped: dict[str, str], expected: str) -> None:
    """The connection, the endpoint, or nothing."""
    destination = DESTINATION.replace("HttpMethod", "Name: d\n      HttpMethod").replace("!GetAtt C.Arn", arn)
    found, _ = read(CONNECTION + KEY + destination, mapped)
    assert found is not None
    assert found.out_of_reach == expected


def test_a_token_that_cannot_be_had_sends_nothing() -> None:
    """Where the endpoint is mapped and the token's is not."""
    found, _ = read(CONNECTION + OAUTH + DESTINATION, {"https://api.example": "http://127.0.0.1:1"})
    assert found is not None
    assert found.out_of_reach.startswith("https://auth.example/t is not called by the local runtime: nothing is sent")
