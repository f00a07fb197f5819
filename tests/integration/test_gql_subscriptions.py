"""Subscriptions with gql's transport for AppSync: who may subscribe, and what everybody else is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest
from botocore.credentials import Credentials
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncIAMAuthentication, AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportQueryError,
    TransportServerError,
)

from livebus.runtime.cognito.tokens import SigningKeys
from support.running import USER, RunningRuntime
from support.sockets import SUBSCRIPTION, opened, run
from support.tokens import claims_of, expired, foreign, runtime_key, tampered

UNAUTHORIZED = "You are not authorized to make this call."


def transport(runtime: RunningRuntime, auth: Any, path: str = "") -> AppSyncWebsocketsTransport:
    return AppSyncWebsocketsTransport(
        f"{runtime.outputs['RealtimeUrl']}{path}", auth=auth, connect_args={"proxy": None}, close_timeout=2
    )


def jwt(runtime: RunningRuntime, token: str) -> AppSyncJWTAuthentication:
    return AppSyncJWTAuthentication(runtime.host, token)


def iam(runtime: RunningRuntime, secret: str = "test") -> AppSyncIAMAuthentication:
    return AppSyncIAMAuthentication(runtime.host, credentials=Credentials("test", secret), region_name="us-east-1")


async def received(runtime: RunningRuntime, auth: Any, message: str, path: str = "") -> Any:
    """Subscribe, publish a message, and return what arrives."""
    before = await asyncio.to_thread(runtime.subscribers)
    async with (
        Client(transport=transport(runtime, auth, path)) as session,
        aclosing(session.subscribe(gql(SUBSCRIPTION))) as results,
    ):
        waiting = asyncio.ensure_future(anext(results))
        await asyncio.to_thread(runtime.wait_for_subscribers, before + 1)
        await asyncio.to_thread(runtime.put, message)
        return (await waiting)["onPublishMsgFromEb"]


async def refused(runtime: RunningRuntime, auth: Any) -> TransportError:
    """Try to subscribe, and return the error that the user of gql sees."""

    async def subscribe() -> None:
        async with (
            Client(transport=transport(runtime, auth)) as session,
            aclosing(session.subscribe(gql(SUBSCRIPTION))) as results,
        ):
            await anext(results)

    with pytest.raises(TransportError) as error:
        await subscribe()
    return error.value


@pytest.mark.parametrize("member", ["AccessToken", "IdToken"])
@pytest.mark.parametrize("path", ["", "/realtime"])
def test_either_token_subscribes_on_either_path(runtime: RunningRuntime, member: str, path: str) -> None:
    """The access token and the id token both let a user of the pool subscribe."""
    token = runtime.tokens()[member]
    assert run(received(runtime, jwt(runtime, token), f"by {member}", path)) == f"by {member}"


def test_a_refreshed_token_subscribes(runtime: RunningRuntime) -> None:
    """REFRESH_TOKEN_AUTH gives a new token that is as good as the first."""
    refresh_token = runtime.tokens()["RefreshToken"]
    answer = runtime.client("cognito-idp").initiate_auth(
        ClientId=runtime.outputs["UserPoolClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh_token},
    )
    token = answer["AuthenticationResult"]["AccessToken"]
    assert run(received(runtime, jwt(runtime, token), "refreshed")) == "refreshed"


def test_bearer_before_the_token_is_taken(runtime: RunningRuntime) -> None:
    """``Bearer <token>`` is the same as the bare token."""
    token = f"Bearer {runtime.tokens()['AccessToken']}"
    assert run(received(runtime, jwt(runtime, token), "bearer")) == "bearer"


def other_key(token: str, own: SigningKeys) -> str:
    return foreign(token, SigningKeys.generate())


def other_pool(token: str, own: SigningKeys) -> str:
    return foreign(token, own, iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Elsewhere")


def other_client(token: str, own: SigningKeys) -> str:
    name = "client_id" if "client_id" in claims_of(token) else "aud"
    return foreign(token, own, **{name: "another-client"})


@pytest.mark.parametrize("member", ["AccessToken", "IdToken"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda token, own: tampered(token), UNAUTHORIZED),
        (expired, "Token has expired."),
        (other_key, UNAUTHORIZED),
        (other_pool, UNAUTHORIZED),
        (other_client, UNAUTHORIZED),
        (lambda token, own: token[:-20], UNAUTHORIZED),
        (lambda token, own: "nonsense", UNAUTHORIZED),
    ],
)
def test_a_token_that_is_not_good_does_not_connect(
    runtime: RunningRuntime, member: str, change: Callable[[str, SigningKeys], str], message: str
) -> None:
    """The connection is refused with connection_error 401, and gql tells its user why."""
    own = runtime_key(runtime.settings.state)
    error = run(refused(runtime, jwt(runtime, change(runtime.tokens()[member], own))))
    assert isinstance(error, TransportServerError)
    assert "UnauthorizedException" in str(error)
    assert message in str(error)


def test_a_token_that_expires_after_connecting_does_not_subscribe(runtime: RunningRuntime) -> None:
    """Each start is authorized anew: on a good connection, an expired token is refused for that subscription only."""

    async def check() -> None:
        token = runtime.tokens()["AccessToken"]
        late = expired(token, runtime_key(runtime.settings.state))
        good = {"Authorization": token, "host": runtime.host}
        async with opened(str(runtime.outputs["RealtimeUrl"]), good) as socket:
            assert (await socket.init())["type"] == "connection_ack"
            socket.header = {**good, "Authorization": late}
            answer = await socket.start("late")
            assert answer == {
                "type": "error",
                "id": "late",
                "payload": {"errors": [{"errorType": "UnauthorizedException", "message": "Token has expired."}]},
            }
            socket.header = good
            assert await socket.start("good") == {"type": "start_ack", "id": "good"}

    run(check())


def test_iam_connects_and_may_not_subscribe(runtime: RunningRuntime) -> None:
    """A signature is good for the API, and the subscription is for users of the pool only: refused as AppSync does."""
    error = run(refused(runtime, iam(runtime)))
    assert isinstance(error, TransportQueryError)
    message = "Not Authorized to access onPublishMsgFromEb on type Subscription"
    assert error.errors == [{"errors": [{"errorType": "Unauthorized", "message": message}]}]


def test_a_wrong_signature_does_not_connect(runtime: RunningRuntime) -> None:
    """A request signed with another secret key is refused, and gql tells its user why."""
    error = run(refused(runtime, iam(runtime, "wrong")))
    assert isinstance(error, TransportServerError)
    assert "The request signature we calculated does not match the signature you provided" in str(error)


def test_an_api_key_does_not_connect(runtime: RunningRuntime) -> None:
    """The API takes no API keys."""
    error = run(refused(runtime, AppSyncApiKeyAuthentication(runtime.host, "da2-nothing")))
    assert isinstance(error, TransportServerError)
    assert UNAUTHORIZED in str(error)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("query { placeholder }", "query not supported through the realtime channel"),
        ('mutation { publishMsgFromEB(msg: "x") }', "mutation not supported through the realtime channel"),
        ("subscription { onPublishMsgFromEB }", "Field 'onPublishMsgFromEB' in type 'Subscription' is undefined"),
        ("subscription {", "unknown not supported through the realtime channel"),
    ],
)
def test_what_is_no_subscription_is_refused(runtime: RunningRuntime, query: str, words: str) -> None:
    """A start that cannot be one gets an error of its own; the connection goes on."""

    async def check() -> None:
        header = {"Authorization": runtime.tokens()["AccessToken"], "host": runtime.host}
        async with opened(str(runtime.outputs["RealtimeUrl"]), header) as socket:
            await socket.init()
            answer = await socket.start("1", query)
            assert (answer["type"], answer["id"]) == ("error", "1")
            assert words in str(answer["payload"]["errors"])
            assert await socket.start("1") == {"type": "start_ack", "id": "1"}

    run(check())


def test_without_the_subprotocol_the_client_learns_why(runtime: RunningRuntime) -> None:
    """A handshake without ``graphql-ws`` is taken up and answered with NoProtocolError."""
    from websockets.asyncio.client import connect

    async def check() -> str:
        async with connect(str(runtime.outputs["RealtimeUrl"]), proxy=None) as connection:
            return str(await connection.recv())

    assert (
        run(check())
        == '{"type":"connection_error","payload":{"errors":[{"message":"NoProtocolError","errorCode":400}]}}'
    )


def test_a_path_that_is_no_api_refuses_the_handshake(runtime: RunningRuntime) -> None:
    """A path that the runtime does not know is a 404 to the upgrade."""
    auth = jwt(runtime, runtime.tokens()["AccessToken"])

    async def check() -> str:
        with pytest.raises(TransportConnectionFailed) as error:
            async with Client(transport=transport(runtime, auth, "-none")):
                pass
        return str(error.value.__cause__)

    assert "404" in run(check())


def test_the_user_is_the_one_that_was_asked_for(runtime: RunningRuntime) -> None:
    """The outputs name the user that --user made."""
    assert (runtime.outputs["UserName"], runtime.outputs["Password"]) == USER
