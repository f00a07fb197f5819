"""Resolvers in mapping templates, end to end: an app's mutation puts an event, and the event reaches subscribers."""

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
from support.sockets import run, subscribed

CODE = """      Runtime:
        Name: APPSYNC_JS
        RuntimeVersion: 1.0.0
      CodeS3Location: ./resolvers/publishMsgFromEB.js
"""
INLINE = """      RequestMappingTemplate: |
        {
          "version": "2017-02-28",
          "payload": $util.toJson($ctx.args.msg),
        }
      ResponseMappingTemplate: $util.toJson($ctx.result)
"""
SAY = """
  BusDataSource:
    Type: AWS::AppSync::DataSource
    Properties:
      ApiId: !GetAtt GraphQLApi.ApiId
      Name: bus
      Type: AMAZON_EVENTBRIDGE
      EventBridgeConfig: {EventBusArn: !GetAtt EventBus.Arn}
      ServiceRoleArn: !GetAtt TargetRole.Arn

  SayResolver:
    Type: AWS::AppSync::Resolver
    DependsOn: GraphQLSchema
    Properties:
      ApiId: !GetAtt GraphQLApi.ApiId
      TypeName: Mutation
      FieldName: say
      DataSourceName: !GetAtt BusDataSource.Name
      RequestMappingTemplateS3Location: ./resolvers/say.request.vtl
      ResponseMappingTemplateS3Location: ./resolvers/say.response.vtl

  BrokenResolver:
    Type: AWS::AppSync::Resolver
    DependsOn: GraphQLSchema
    Properties:
      ApiId: !GetAtt GraphQLApi.ApiId
      TypeName: Mutation
      FieldName: broken
      DataSourceName: !GetAtt NoneDataSource.Name
      RequestMappingTemplate: "#if(true)"
      ResponseMappingTemplate: "{}"
"""
REQUEST = """#set($events = [])
#foreach($word in $ctx.args.words)
$util.qr($events.add({"source": "sample.source", "detailType": "message", "detail": {"msg": $word}}))
#end
{
  "version": "2018-05-29",
  "operation": "PutEvents",
  "events": $util.toJson($events)
}
"""
RESPONSE = """#if($ctx.error)
  $util.error($ctx.error.message, $ctx.error.type)
#end
$ctx.result.Entries.size()
"""


@pytest.fixture
def runtime(tmp_path: Path, start_runtime: Any) -> RunningRuntime:
    template = copied(tmp_path / "app", (CODE, INLINE), ("\n  PublishResolver:\n", f"{SAY}\n  PublishResolver:\n"))
    folder = template.parent
    change(
        folder / "schema.graphql",
        "type Mutation {\n",
        "type Mutation {\n  say(words: [String!]!): Int @aws_iam\n  broken: String @aws_iam\n",
    )
    (folder / "resolvers" / "say.request.vtl").write_text(REQUEST)
    (folder / "resolvers" / "say.response.vtl").write_text(RESPONSE)
    running: RunningRuntime = start_runtime(template=template)
    return running


def mutate(runtime: RunningRuntime, query: str) -> Any:
    body = json.dumps({"query": query}).encode()
    unsigned = AWSRequest("POST", f"{runtime.url}/graphql", data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials("test", "test"), "appsync", "us-east-1").add_auth(unsigned)
    return request(runtime.port, "POST", "/graphql", body=body, headers=dict(unsigned.headers)).json()


def test_an_event_goes_all_the_way(runtime: RunningRuntime) -> None:
    """PutEvents, rule, mutation with a template as its resolver, subscriber; and the same for events that a template puts."""

    async def check() -> list[Any]:
        async with AsyncExitStack() as stack:
            token = runtime.tokens()["AccessToken"]
            socket = await stack.enter_async_context(subscribed(str(runtime.outputs["RealtimeUrl"]), token))
            await socket.start("1", "subscription { onPublishMsgFromEb }")
            runtime.put('say "hi"\n')
            first = [(await socket.receive())["payload"]["data"]["onPublishMsgFromEb"] for _ in range(2)]
            answer = mutate(runtime, 'mutation { say(words: ["one"]) }')
            second = [(await socket.receive())["payload"]["data"]["onPublishMsgFromEb"] for _ in range(2)]
            return [*first, answer, *second]

    assert run(check()) == ['say "hi"\n', 'say "hi"\n', {"data": {"say": 1}}, "one", "one"]


def test_a_template_that_does_not_parse_fails_its_field_alone(runtime: RunningRuntime) -> None:
    """The application is served; the field ends in AppSync's error, whatever is called beside it."""
    answer = mutate(runtime, 'mutation { broken say(words: ["a", "b"]) }')
    assert answer["data"] == {"broken": None, "say": 2}
    (error,) = answer["errors"]
    assert (error["errorType"], error["message"], error["path"]) == (
        "MappingTemplate",
        'Encountered "<EOF>" at velocity[line 1, column 10]',
        ["broken"],
    )
