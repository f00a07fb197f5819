"""GraphQL over HTTP: who may do what, in AppSync's words and statuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncIAMAuthentication, AppSyncJWTAuthentication
from gql.transport.exceptions import TransportQueryError

from support.http import Answer, request
from support.running import RunningRuntime
from support.sockets import run, subscribed
from support.tokens import expired, runtime_key, tampered

MUTATION = "mutation M($msg: String!) { publishMsgFromEB(msg: $msg) }"
INTROSPECTION = "{ __schema { queryType { name } } }"


def post(runtime: RunningRuntime, body: Any, **headers: str) -> Answer:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json", **headers}
    return request(runtime.port, "POST", "/graphql", body=text, headers=given)


def signed(runtime: RunningRuntime, body: Any, secret: str = "test") -> Answer:
    text = json.dumps(body).encode()
    unsigned = AWSRequest("POST", f"{runtime.url}/graphql", data=text, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials("test", secret), "appsync", "us-east-1").add_auth(unsigned)
    return post(runtime, text, **dict(unsigned.headers))


def test_a_users_mutation_is_refused_in_appsyncs_shape(runtime: RunningRuntime) -> None:
    """The mutation is EventBridge's: a user of the pool gets Unauthorized inside a 200, and nobody a message."""
    token = runtime.tokens()["AccessToken"]
    answer = post(runtime, {"query": MUTATION, "variables": {"msg": "mine"}}, Authorization=token)
    assert answer.status == 200
    assert answer.json() == {
        "data": None,
        "errors": [
            {
                "path": ["publishMsgFromEB"],
                "data": None,
                "errorType": "Unauthorized",
                "errorInfo": None,
                "locations": [{"line": 1, "column": 29, "sourceName": None}],
                "message": "Not Authorized to access publishMsgFromEB on type Mutation",
            }
        ],
    }


def test_gql_raises_the_refusal(runtime: RunningRuntime) -> None:
    """gql over HTTP shows the refused mutation as TransportQueryError."""
    auth = AppSyncJWTAuthentication(runtime.host, runtime.tokens()["AccessToken"])

    async def check() -> TransportQueryError:
        async with Client(transport=AIOHTTPTransport(str(runtime.outputs["GraphQLUrl"]), auth=auth)) as session:
            with pytest.raises(TransportQueryError) as error:
                await session.execute(GraphQLRequest(MUTATION, variable_values={"msg": "mine"}))
            return error.value

    (error,) = run(check()).errors or []
    assert (error["errorType"], error["path"]) == ("Unauthorized", ["publishMsgFromEB"])


def test_an_iam_mutation_reaches_the_subscriber(runtime: RunningRuntime) -> None:
    """What EventBridge does, whoever holds the credentials may do: the mutation's result goes to subscribers."""
    auth = AppSyncIAMAuthentication(runtime.host, credentials=Credentials("test", "test"), region_name="us-east-1")

    async def check() -> tuple[Any, Any]:
        token = runtime.tokens()["AccessToken"]
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), token) as socket:
            async with Client(transport=AIOHTTPTransport(str(runtime.outputs["GraphQLUrl"]), auth=auth)) as session:
                result = await session.execute(GraphQLRequest(MUTATION, variable_values={"msg": "größer 🚌"}))
            return result, await socket.message()

    assert run(check()) == ({"publishMsgFromEB": "größer 🚌"}, "größer 🚌")


def test_a_user_may_query(runtime: RunningRuntime) -> None:
    """Query.placeholder is the users'; a field without a resolver is null."""
    answer = post(runtime, {"query": "{ placeholder }"}, Authorization=runtime.tokens()["IdToken"])
    assert (answer.status, answer.json()) == (200, {"data": {"placeholder": None}})


def test_iam_may_not_query(runtime: RunningRuntime) -> None:
    """Query.placeholder is the users' only."""
    answer = signed(runtime, {"query": "{ placeholder }"})
    assert answer.json()["errors"][0]["message"] == "Not Authorized to access placeholder on type Query"
    assert answer.json()["data"] == {"placeholder": None}


def test_a_wrong_signature_is_refused(runtime: RunningRuntime) -> None:
    """A signature made with another secret key is InvalidSignatureException with 403."""
    answer = signed(runtime, {"query": "{ placeholder }"}, secret="wrong")
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Valid authorization header not provided."),
        ({"Authorization": "nonsense"}, "You are not authorized to make this call."),
        ({"x-api-key": "da2-nothing"}, "You are not authorized to make this call."),
    ],
)
def test_whoever_is_not_let_in_gets_401(runtime: RunningRuntime, headers: dict[str, str], message: str) -> None:
    """No credentials, or none that the API takes: 401, in AppSync's shape, with the type in a header too."""
    answer = post(runtime, {"query": "{ placeholder }"}, **headers)
    assert answer.status == 401
    assert answer.json() == {"errors": [{"errorType": "UnauthorizedException", "message": message}]}
    assert answer.headers["x-amzn-ErrorType"] == "UnauthorizedException"


def test_tampered_and_expired_tokens_get_401(runtime: RunningRuntime) -> None:
    """A token that was changed, and one whose time is over, are refused in AppSync's words."""
    token = runtime.tokens()["AccessToken"]
    late = expired(token, runtime_key(runtime.settings.state))
    answers = [post(runtime, {"query": "{ placeholder }"}, Authorization=bad) for bad in (tampered(token), late)]
    assert [answer.status for answer in answers] == [401, 401]
    messages = [answer.json()["errors"][0]["message"] for answer in answers]
    assert messages == ["You are not authorized to make this call.", "Token has expired."]


@pytest.mark.parametrize(
    ("body", "status", "error_type"),
    [
        (b"", 400, "MalformedHttpRequestException"),
        (b"meow", 400, "MalformedHttpRequestException"),
        (b"[]", 400, "MalformedHttpRequestException"),
        (b"{}", 400, "MalformedHttpRequestException"),
        (b'{"query": "query A { placeholder } query B { placeholder }"}', 400, "BadRequestException"),
    ],
)
def test_what_is_no_request_gets_400(runtime: RunningRuntime, body: bytes, status: int, error_type: str) -> None:
    """Bodies that are no GraphQL request are refused with AppSync's types."""
    answer = post(runtime, body, Authorization=runtime.tokens()["AccessToken"])
    assert (answer.status, answer.json()["errors"][0]["errorType"]) == (status, error_type)


def test_introspection_is_off_by_default(runtime: RunningRuntime) -> None:
    """The template turns introspection off."""
    answer = post(runtime, {"query": INTROSPECTION}, Authorization=runtime.tokens()["AccessToken"])
    assert answer.json().get("data") is None
    assert "'__schema' in type 'Query' is undefined" in answer.json()["errors"][0]["message"]


def test_introspection_can_be_set(start_runtime: Any) -> None:
    """With the parameter Introspection=ENABLED a user reads the schema."""
    runtime = start_runtime(parameters={"Introspection": "ENABLED"})
    answer = post(runtime, {"query": INTROSPECTION}, Authorization=runtime.tokens()["AccessToken"])
    assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


def test_get_is_answered_too(runtime: RunningRuntime) -> None:
    """A query in the URL is a request as well; other methods are none."""
    headers = {"Authorization": runtime.tokens()["AccessToken"]}
    answer = request(runtime.port, "GET", "/graphql?query=%7Bplaceholder%7D", headers=headers)
    assert (answer.status, answer.json()) == (200, {"data": {"placeholder": None}})
    assert request(runtime.port, "DELETE", "/graphql", headers=headers).status == 405


def test_the_pools_public_documents_are_there(runtime: RunningRuntime) -> None:
    """The keys and the configuration of the pool lie where Cognito has them."""
    pool = runtime.outputs["UserPoolId"]
    keys = request(runtime.port, "GET", f"/{pool}/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in keys] == [runtime_key(runtime.settings.state).kid]
    configuration = request(runtime.port, "GET", f"/{pool}/.well-known/openid-configuration").json()
    assert configuration["jwks_uri"] == f"{runtime.url}/{pool}/.well-known/jwks.json"
    assert request(runtime.port, "GET", "/us-east-1_None/.well-known/jwks.json").status == 404
