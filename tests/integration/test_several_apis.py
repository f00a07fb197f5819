"""A second API in the template: its own path, its own subscribers, and signatures over either path."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncIAMAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

from support.application import change, copied
from support.running import RunningRuntime
from support.sockets import SUBSCRIPTION, opened, run

SECOND = """
  SecondApi:
    Type: AWS::AppSync::GraphQLApi
    Properties:
      Name: second
      AuthenticationType: AWS_IAM

  SecondSchema:
    Type: AWS::AppSync::GraphQLSchema
    Properties:
      ApiId: !GetAtt SecondApi.ApiId
      Definition: |
        type Query { placeholder: String }
        type Mutation { publish(msg: String!): String }
        type Subscription { onPublish: String @aws_subscribe(mutations: ["publish"]) }
"""
# What botocore signs of a real-time message: these headers, as gql and Amplify send them.
HEADERS = {
    "accept": "application/json, text/javascript",
    "content-encoding": "amz-1.0",
    "content-type": "application/json; charset=UTF-8",
}


@pytest.fixture
def runtime(tmp_path: Path, start_runtime: Any) -> RunningRuntime:
    outputs = "Outputs:\n  SecondUrl:\n    Value: !GetAtt SecondApi.RealtimeUrl\n"
    template = copied(
        tmp_path / "app", ("\n  GraphQLSchema:\n", f"{SECOND}\n  GraphQLSchema:\n"), ("Outputs:\n", outputs)
    )
    change(template.parent / "schema.graphql", "String @aws_cognito_user_pools @aws_sub", "String @aws_iam @aws_sub")
    running: RunningRuntime = start_runtime(template=template)
    return running


def iam(runtime: RunningRuntime) -> AppSyncIAMAuthentication:
    return AppSyncIAMAuthentication(runtime.host, credentials=Credentials("test", "test"), region_name="us-east-1")


def signed(runtime: RunningRuntime, path: str, body: str) -> dict[str, str]:
    """The header object of a client that signs the path which it dials."""
    unsigned = AWSRequest("POST", f"http://{runtime.host}{path}", data=body.encode(), headers=HEADERS)
    SigV4Auth(Credentials("test", "test"), "appsync", "us-east-1").add_auth(unsigned)
    return {**dict(unsigned.headers), "host": runtime.host}


def test_iam_subscribes_where_it_may(runtime: RunningRuntime) -> None:
    """gql with AppSyncIAMAuthentication gets the messages of a subscription that is open to AWS_IAM."""

    async def check() -> Any:
        url = str(runtime.outputs["RealtimeUrl"])
        transport = AppSyncWebsocketsTransport(url, auth=iam(runtime), connect_args={"proxy": None})
        async with Client(transport=transport) as session, aclosing(session.subscribe(gql(SUBSCRIPTION))) as results:
            waiting = asyncio.ensure_future(anext(results))
            await asyncio.to_thread(runtime.wait_for_subscribers, 1)
            await asyncio.to_thread(runtime.put, "signed")
            return (await waiting)["onPublishMsgFromEb"]

    assert run(check()) == "signed"


def test_the_second_api_takes_gqls_signature(runtime: RunningRuntime) -> None:
    """gql signs /graphql wherever it dials: the second API lets it in on its own path."""

    async def check() -> None:
        url = str(runtime.outputs["SecondUrl"])
        transport = AppSyncWebsocketsTransport(url, auth=iam(runtime), connect_args={"proxy": None})
        query = gql("subscription { onPublish }")
        async with Client(transport=transport) as session, aclosing(session.subscribe(query)) as results:
            waiting = asyncio.ensure_future(anext(results))
            await asyncio.to_thread(runtime.wait_for_subscribers, 1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    run(check())


def test_the_second_api_takes_a_signature_over_its_own_path(runtime: RunningRuntime) -> None:
    """Amplify and Apollo sign the path that they dial."""
    url = str(runtime.outputs["SecondUrl"])
    path = url.partition(runtime.host)[2]
    assert path != "/graphql"
    data = json.dumps({"query": "subscription { onPublish }"})

    async def check() -> tuple[str, Any]:
        async with opened(f"{url}/realtime", signed(runtime, f"{path}/connect", "{}")) as socket:
            acknowledged = await socket.init()
            authorization = {"authorization": signed(runtime, path, data)}
            await socket.send({"id": "1", "type": "start", "payload": {"data": data, "extensions": authorization}})
            return acknowledged["type"], await socket.receive()

    assert run(check()) == ("connection_ack", {"type": "start_ack", "id": "1"})


def test_a_signature_over_another_path_is_refused(runtime: RunningRuntime) -> None:
    """What was signed for one API's path is not good for another's, except for the path that gql signs."""
    path = str(runtime.outputs["SecondUrl"]).partition(runtime.host)[2]

    async def check() -> Any:
        async with opened(str(runtime.outputs["RealtimeUrl"]), signed(runtime, f"{path}/connect", "{}")) as socket:
            return await socket.receive()

    error = run(check())["payload"]["errors"][0]
    assert (error["errorType"], error["errorCode"]) == ("InvalidSignatureException", 403)
