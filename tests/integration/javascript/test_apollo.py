"""Apollo Client 4 with AWS's links against the local runtime, in node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

SUBSCRIPTION = "subscription { onPublishMsgFromEb }"


@pytest.fixture(scope="module")
def apollo(start_worker: Callable[..., Any]) -> Iterator[Any]:
    with start_worker("apollo.mjs") as program:
        yield program


@pytest.mark.parametrize("token", ["AccessToken", "IdToken"])
@pytest.mark.parametrize("is_secure", [False, True], ids=["http and ws", "https and wss"])
def test_receives_what_boto3_published(
    apollo: Any,
    outputs: dict[str, str],
    secure_outputs: dict[str, str],
    tokens: dict[str, str],
    assert_receives: Callable[[Any], None],
    token: str,
    is_secure: bool,
) -> None:
    """With either of Cognito's tokens an event arrives, over ws:// beside http:// and over wss:// beside https://."""
    used = secure_outputs if is_secure else outputs
    apollo.call("configure", outputs=used, token=tokens[token])
    assert apollo.call("subscribe", query=SUBSCRIPTION) == f"{used['RealtimeUrl']}/realtime"
    assert_receives(apollo)
    apollo.call("unsubscribe")
    assert apollo.call("query", query="query { placeholder }") == {"placeholder": None}


def test_the_mutation_is_refused(apollo: Any, outputs: dict[str, str], tokens: dict[str, str]) -> None:
    """Only EventBridge's role may publish: a signed-in user who calls the mutation is told Unauthorized."""
    apollo.call("configure", outputs=outputs, token=tokens["AccessToken"])
    mutation = "mutation Publish($msg: String!) { publishMsgFromEB(msg: $msg) }"
    answer = apollo.ask("mutate", mutation=mutation, variables={"msg": "forged"})
    message = "Not Authorized to access publishMsgFromEB on type Mutation"
    expected = [{"errorType": "Unauthorized", "message": message, "path": ["publishMsgFromEB"]}]
    assert answer["error"]["errors"] == expected


def test_on_aws_it_dials_the_realtime_endpoint(
    start_worker: Callable[..., Any], outputs: dict[str, str], tokens: dict[str, str]
) -> None:
    """The same configuration makes Apollo dial AppSync's real-time host when the outputs are a stack's."""
    host = "abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com"
    with start_worker("apollo.mjs", "--offline") as apollo:
        on_aws = {**outputs, "GraphQLUrl": f"https://{host}/graphql"}
        apollo.call("configure", outputs=on_aws, token=tokens["AccessToken"])
        url = apollo.call("dial", query=SUBSCRIPTION)
    assert url == f"wss://{host.replace('appsync-api', 'appsync-realtime-api')}/graphql"
