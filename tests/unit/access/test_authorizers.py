"""Lambda authorizers: the function's event, and how its answer is read."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access.authorizers import Authorization, Unreadable, authorizer_event, read_authorization
from livebus.template.application import AuthProvider, GraphQLApi

ARN = "arn:aws:appsync:us-east-1:123456789012:apis/abc"
API = GraphQLApi("Api", "api", "abc", ARN, "", "", "", AuthProvider("AWS_LAMBDA"))


def test_the_event() -> None:
    """The token, the request, and its headers in lower case."""
    body = {"query": "{ a }", "variables": {"x": 1}}
    assert authorizer_event(API, "t", headers={"X-Own": "y"}, request_id="r", body=body) == {
        "authorizationToken": "t",
        "requestContext": {
            "apiId": "abc",
            "accountId": "123456789012",
            "requestId": "r",
            "queryString": "{ a }",
            "operationName": None,
            "variables": {"x": 1},
        },
        "requestHeaders": {"x-own": "y"},
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"isAuthorized": True}, Authorization(True, ttl=300)),
        ({"isAuthorized": False, "ttlOverride": 0}, Authorization(False)),
        ({"isAuthorized": True, "ttlOverride": 99_999}, Authorization(True, ttl=3600)),
        (
            {
                "isAuthorized": True,
                "deniedFields": ["Query.a", f"{ARN}/types/Mutation/fields/b", f"{ARN}x/types/Mutation/fields/c"],
                "resolverContext": {"team": "a"},
            },
            Authorization(True, frozenset({"Query.a", "Mutation.b"}), {"team": "a"}, 300),
        ),
    ],
)
def test_answers(answer: Any, expected: Authorization) -> None:
    assert read_authorization(answer, API, 300) == expected


NO_ANSWER = "the function has to answer with an object that has isAuthorized: true or false"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, NO_ANSWER),
        ([], NO_ANSWER),
        ({}, NO_ANSWER),
        ({"isAuthorized": "true"}, NO_ANSWER),
        ({"isAuthorized": True, "deniedFields": "Query.a"}, "deniedFields has to be a list of texts"),
        ({"isAuthorized": True, "deniedFields": ["Query.a", 1]}, "deniedFields has to be a list of texts"),
        ({"isAuthorized": True, "resolverContext": 1}, "resolverContext has to be an object"),
        ({"isAuthorized": True, "ttlOverride": True}, "ttlOverride has to be a number of seconds"),
        ({"isAuthorized": True, "ttlOverride": 1.5}, "ttlOverride has to be a number of seconds"),
        ({"isAuthorized": True, "ttlOverride": -1}, "ttlOverride has to be a number of seconds"),
    ],
)
def test_answers_that_are_none(answer: Any, reason: str) -> None:
    """Nobody is let in by them, and the reason is told."""
    with pytest.raises(Unreadable) as raised:
        read_authorization(answer, API, 300)
    assert str(raised.value) == reason
