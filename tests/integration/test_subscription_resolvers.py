"""Subscription resolvers: filters, refusals and invalidation, from the event to the frame."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.application import change, copied
from support.http import request
from support.running import RunningRuntime
from support.sockets import Socket, run, subscribed

SCHEMA = """
type Message @aws_iam @aws_cognito_user_pools { msg: String }
type Query { placeholder: String }
type Mutation {
  publishMsgFromEB(msg: String!): Message @aws_iam
  close(msg: String!): String @aws_iam
}
type Subscription {
  onPublishMsgFromEb(msg: String): Message @aws_cognito_user_pools @aws_subscribe(mutations: ["publishMsgFromEB"])
}
"""
PUBLISH = """
export function request(ctx) { return { payload: { msg: ctx.args.msg } } }
export function response(ctx) { return ctx.result }
"""
SUBSCRIBE = """
import { util, extensions } from '@aws-appsync/utils'
export function request(ctx) { return { payload: null } }
export function response(ctx) {
  const { msg } = ctx.args
  if (msg === 'forbidden') util.unauthorized()
  if (msg === 'error') util.error('not today', 'Closed')
  const operator = msg === 'broken' ? 'nonsense' : 'beginsWith'
  extensions.setSubscriptionFilter({ filterGroup: [{ filters: [{ fieldName: 'msg', operator, value: msg }] }] })
  extensions.setSubscriptionInvalidationFilter({
    filterGroup: [{ filters: [{ fieldName: 'msg', operator: 'eq', value: msg }] }],
  })
  return null
}
"""
CLOSE = """
import { extensions } from '@aws-appsync/utils'
export function request(ctx) { return { payload: ctx.args.msg } }
export function response(ctx) {
  extensions.invalidateSubscriptions({ subscriptionField: 'onPublishMsgFromEb', payload: { msg: ctx.args.msg } })
  return ctx.result
}
"""
RESOLVER = """
  {name}Resolver:
    Type: AWS::AppSync::Resolver
    DependsOn: GraphQLSchema
    Properties:
      ApiId: !GetAtt GraphQLApi.ApiId
      TypeName: {type}
      FieldName: {field}
      DataSourceName: !GetAtt NoneDataSource.Name
      Runtime: {{Name: APPSYNC_JS, RuntimeVersion: 1.0.0}}
      CodeS3Location: ./resolvers/{name}.js
"""


@pytest.fixture
def runtime(tmp_path: Path, start_runtime: Any) -> RunningRuntime:
    template = copied(tmp_path / "app", ("publishMsgFromEB(msg: $msg)\n", "publishMsgFromEB(msg: $msg) { msg }\n"))
    folder = template.parent
    more = RESOLVER.format(name="Subscribe", type="Subscription", field="onPublishMsgFromEb")
    more += RESOLVER.format(name="Close", type="Mutation", field="close")
    change(template, "\n  PublishResolver:\n", f"{more}\n  PublishResolver:\n")
    (folder / "schema.graphql").write_text(SCHEMA)
    for name, code in (("publishMsgFromEB", PUBLISH), ("Subscribe", SUBSCRIBE), ("Close", CLOSE)):
        (folder / "resolvers" / f"{name}.js").write_text(code)
    running: RunningRuntime = start_runtime(template=template)
    return running


def query(msg: str) -> str:
    return f"subscription {{ onPublishMsgFromEb(msg: {json.dumps(msg)}) {{ msg }} }}"


async def connected(runtime: RunningRuntime, stack: AsyncExitStack) -> Socket:
    token = runtime.tokens()["AccessToken"]
    return await stack.enter_async_context(subscribed(str(runtime.outputs["RealtimeUrl"]), token, 0))


def test_an_enhanced_filter_chooses_the_messages(runtime: RunningRuntime) -> None:
    """Each subscription gets what its own filter lets through."""

    async def check() -> list[tuple[str, str]]:
        async with AsyncExitStack() as stack:
            socket = await connected(runtime, stack)
            await socket.start("1", query("red"))
            await socket.start("2", query("re"))
            runtime.put("blue", "reed", "red", "green", "rest")
            frames = [await socket.receive() for _ in range(4)]
            return [(frame["id"], frame["payload"]["data"]["onPublishMsgFromEb"]["msg"]) for frame in frames]

    assert sorted(run(check())) == [("1", "red"), ("2", "red"), ("2", "reed"), ("2", "rest")]


@pytest.mark.parametrize(
    ("msg", "errors"),
    [
        (
            "forbidden",
            [
                {
                    "errorType": "Unauthorized",
                    "message": "Not Authorized to access onPublishMsgFromEb on type Subscription",
                }
            ],
        ),
        ("error", [{"errorType": "Closed", "message": "not today"}]),
    ],
)
def test_a_resolver_can_refuse(runtime: RunningRuntime, msg: str, errors: list[dict[str, str]]) -> None:
    """What the resolver raises is the error of the start; the connection goes on."""

    async def check() -> tuple[Any, Any]:
        async with AsyncExitStack() as stack:
            socket = await connected(runtime, stack)
            return await socket.start("1", query(msg)), await socket.start("1", query("red"))

    refused, started = run(check())
    assert refused == {"type": "error", "id": "1", "payload": {"errors": errors}}
    assert started == {"type": "start_ack", "id": "1"}


def test_a_filter_that_is_none_is_refused(runtime: RunningRuntime) -> None:
    """A filter that AppSync would refuse is an error with the code 400 and without a type."""

    async def check() -> Any:
        async with AsyncExitStack() as stack:
            socket = await connected(runtime, stack)
            return await socket.start("1", query("broken"))

    refused = run(check())
    assert (refused["type"], refused["id"]) == ("error", "1")
    (error,) = refused["payload"]["errors"]
    assert sorted(error) == ["errorCode", "message"]
    assert error["errorCode"] == 400
    assert runtime.subscribers() == 0


def test_invalidated_subscriptions_are_completed(runtime: RunningRuntime) -> None:
    """A mutation that invalidates ends the subscriptions that its payload matches, and no others."""

    async def check() -> list[Any]:
        async with AsyncExitStack() as stack:
            socket = await connected(runtime, stack)
            await socket.start("1", query("red"))
            await socket.start("2", query("r"))
            body = json.dumps({"query": 'mutation { close(msg: "red") }'}).encode()
            unsigned = AWSRequest(
                "POST", f"{runtime.url}/graphql", data=body, headers={"Content-Type": "application/json"}
            )
            SigV4Auth(Credentials("test", "test"), "appsync", "us-east-1").add_auth(unsigned)
            answer = request(runtime.port, "POST", "/graphql", body=body, headers=dict(unsigned.headers))
            assert answer.json() == {"data": {"close": "red"}}
            runtime.put("red")
            return [await socket.receive(), await socket.receive(), await socket.start("1", query("red"))]

    completed, data, started = run(check())
    assert completed == {"type": "complete", "id": "1"}
    assert (data["type"], data["id"]) == ("data", "2")
    assert started == {"type": "start_ack", "id": "1"}
