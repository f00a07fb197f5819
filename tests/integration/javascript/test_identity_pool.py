"""
Amplify 6 with the credentials of an identity pool, against the local runtime: what it signs with them is let in, and the
role's policy decides field by field.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.program import Program
from support.running import USER

TEMPLATE = """\
Resources:
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: chat, AuthenticationType: AWS_IAM}}
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties:
      ApiId: !GetAtt Api.ApiId
      Definition: |
        type Query { hello: String  secret: String }
        type Mutation { send(text: String!): String! }
        type Subscription { onSend: String @aws_subscribe(mutations: ["send"]) }
  Nothing: {Type: AWS::AppSync::DataSource, Properties: {ApiId: !GetAtt Api.ApiId, Name: none, Type: NONE}}
  Send:
    Type: AWS::AppSync::Resolver
    DependsOn: Schema
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Mutation
      FieldName: send
      DataSourceName: !GetAtt Nothing.Name
      Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}
      Code: |
        export const request = (ctx) => ({ payload: `${ctx.identity.cognitoIdentityAuthType}: ${ctx.args.text}` });
        export const response = (ctx) => ctx.result;
  Users: {Type: AWS::Cognito::UserPool}
  App: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Users}}
  Identities:
    Type: AWS::Cognito::IdentityPool
    Properties:
      AllowUnauthenticatedIdentities: true
      CognitoIdentityProviders: [{ClientId: !Ref App, ProviderName: !GetAtt Users.ProviderName}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Identities
      Roles: {authenticated: !GetAtt SignedIn.Arn, unauthenticated: !GetAtt Guest.Arn}
  SignedIn:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Federated: cognito-identity.amazonaws.com}
          Action: sts:AssumeRoleWithWebIdentity
          Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": !Ref Identities}}
      Policies:
        - PolicyName: chat
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: appsync:GraphQL
              Resource:
                - !Sub ${Api.Arn}/types/Mutation/fields/send
                - !Sub ${Api.Arn}/types/Subscription/fields/onSend
  Guest:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Federated: cognito-identity.amazonaws.com}
          Action: sts:AssumeRoleWithWebIdentity
          Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": !Ref Identities}}
      Policies:
        - PolicyName: hello
          PolicyDocument:
            Statement: {Effect: Allow, Action: appsync:GraphQL, Resource: !Sub "${Api.Arn}/types/Query/fields/hello"}
Outputs:
  GraphQLUrl: {Value: !GetAtt Api.GraphQLUrl}
  RealtimeUrl: {Value: !GetAtt Api.RealtimeUrl}
  UserPoolId: {Value: !Ref Users}
  UserPoolClientId: {Value: !Ref App}
  IdentityPoolId: {Value: !Ref Identities}
"""
SEND = 'mutation { send(text: "hello") }'


@pytest.fixture
def pool_outputs(project: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The outputs of a runtime with the template above."""
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    file = tmp_path / "outputs.json"
    options = (
        *("--template", tmp_path / "template.yaml", "--port", "0", "--outputs", file, "--state", tmp_path / "state"),
        *("--user", ":".join(USER), "--no-reload"),
    )
    with Program(sys.executable, project / "scripts" / "local.py", *options) as program:
        while not program.line().startswith("export AWS_SECRET_ACCESS_KEY"):
            pass
        yield json.loads(file.read_text())


def unauthorized(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["errorType"], error["message"]) for error in answer["error"]["errors"]]


def test_the_role_decides_field_by_field(amplify: Program, pool_outputs: dict[str, str]) -> None:
    """A guest may read one field; who signed in may send and subscribe, over HTTP and the socket; the roles differ."""
    amplify.call("configureIdentityPool", name="local", outputs=pool_outputs)
    guest = amplify.call("identity")
    assert guest["hasToken"] is True
    assert amplify.call("graphql", query="query { hello }") == {"data": {"hello": None}}
    told = unauthorized(amplify.ask("graphql", query=SEND))
    assert told == [("Unauthorized", "Not Authorized to access send on type Mutation")]

    name, password = USER
    amplify.call("signIn", username=name, password=password, flow="USER_SRP_AUTH")
    signed_in = amplify.call("identity")
    assert signed_in["identityId"] != guest["identityId"]
    amplify.call("subscribe", query="subscription { onSend }")
    assert amplify.call("graphql", query=SEND) == {"data": {"send": "authenticated: hello"}}
    assert amplify.call("next", within=15_000) == {"data": {"onSend": "authenticated: hello"}}
    told = unauthorized(amplify.ask("graphql", query="query { hello }"))
    assert told == [("Unauthorized", "Not Authorized to access hello on type Query")]
    amplify.call("unsubscribe")
    amplify.call("signOut")
