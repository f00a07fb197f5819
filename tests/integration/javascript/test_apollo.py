"""
Apollo Client 4 with AWS's links against the local runtime, in node.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from support.program import Program

SUBSCRIPTION = "subscription { onPublishMsgFromEb }"


@pytest.mark.parametrize("route", list(product(["http", "https"], ["AccessToken", "IdToken"])), ids=" ".join)
def test_receives_what_boto3_published(
    apollo: Program,
    outputs_by_protocol: dict[str, dict[str, str]],
    tokens: dict[str, str],
    assert_receives: Callable[..., None],
    route: tuple[str, str],
) -> None:
    """With either of Cognito's tokens an event arrives, over ws:// beside http:// and over wss:// beside https://."""
    protocol, token = route
    outputs = outputs_by_protocol[protocol]
    apollo.call("configure", outputs=outputs, token=tokens[token])
    assert apollo.call("subscribe", query=SUBSCRIPTION) == f"{outputs['RealtimeUrl']}/realtime"
    assert_receives(apollo)
    apollo.call("unsubscribe")
    assert apollo.call("query", query="query { placeholder }") == {"placeholder": None}


def test_the_mutation_is_refused(apollo: Program, outputs: dict[str, str], tokens: dict[str, str]) -> None:
    """Only EventBridge's role may publish: a signed-in user who calls the mutation is told Unauthorized."""
    apollo.call("configure", outputs=outputs, token=tokens["AccessToken"])
    mutation = "mutation Publish($msg: String!) { publishMsgFromEB(msg: $msg) }"
    answer = apollo.ask("mutate", mutation=mutation, variables={"msg": "forged"})
    message = "Not Authorized to access publishMsgFromEB on type Mutation"
    expected = [{"errorType": "Unauthorized", "message": message, "path": ["publishMsgFromEB"]}]
    assert answer["error"]["errors"] == expected


def test_introspection_is_refused(apollo: Program, outputs: dict[str, str], tokens: dict[str, str]) -> None:
    """The template switches introspection off, and a client that asks for the schema is told that it is not there."""
    apollo.call("configure", outputs=outputs, token=tokens["AccessToken"])
    answer = apollo.ask("query", query="query { __schema { queryType { name } } }")
    assert "FieldUndefined: Field '__schema'" in answer["error"]["errors"][0]["message"]


def test_on_aws_it_dials_the_realtime_endpoint(
    start_worker: Callable[..., Program], on_aws: dict[str, str], tokens: dict[str, str]
) -> None:
    """The same configuration makes Apollo dial AppSync's real-time host when the outputs are a stack's."""
    with start_worker("apollo.mjs", "--offline") as apollo:
        apollo.call("configure", outputs=on_aws, token=tokens["AccessToken"])
        url = apollo.call("dial", query=SUBSCRIPTION)
    assert url == "wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.us-east-1.amazonaws.com/graphql"
