"""What resolvers ask of their data sources' roles; templates with roles that lack it are in tests/vectors/checks."""

from __future__ import annotations

import pytest

from livebus.checks.api.data_source_roles import CHECKS
from livebus.checks.inspection import Inspection
from livebus.template.document import read_document

TEXT = """
Resources:
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: a, AuthenticationType: API_KEY}}
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: {ApiId: !GetAtt Api.ApiId, Definition: "type Query { q: String }"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      ROLE
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: appsync.amazonaws.com}, Action: "*"}]}
      Policies: [{PolicyName: p, PolicyDocument: {Statement: [STATEMENT]}}]
  Source:
    Type: AWS::AppSync::DataSource
    Properties: {ApiId: !GetAtt Api.ApiId, Name: s, ServiceRoleArn: !GetAtt Role.Arn, SOURCE}
  Resolver:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: q
      DataSourceName: !GetAtt Source.Name
      Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}
      Code: |
        CODE
"""
TABLE = "Type: AMAZON_DYNAMODB, DynamoDBConfig: {AwsRegion: !Ref AWS::Region, TableName: t}"
BUS = 'Type: AMAZON_EVENTBRIDGE, EventBridgeConfig: {EventBusArn: "arn:aws:events:us-east-1:123456789012:event-bus/default"}'
NOTHING = "{Effect: Allow, Action: 'logs:Put*', Resource: '*'}"
HELPERS = "import { NAMES } from '@aws-appsync/utils/dynamodb';"


def missed(code: str, source: str = TABLE, statement: str = NOTHING, role: str = "Description: r") -> list[str]:
    """The actions that are said to be missing."""
    text = TEXT.replace("SOURCE", source).replace("STATEMENT", statement).replace("ROLE", role)
    text = text.replace("CODE", code.replace("\n", "\n        "))
    inspection = Inspection(read_document(text, "t.yaml"), lambda _: "")
    return [fault.found.rpartition(" ")[2] for check in CHECKS for fault in check.find(inspection)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("export function request(ctx) { return { operation: 'GetItem' }; }", ["dynamodb:GetItem"]),
        ('export function request(ctx) { return { "operation" : "BatchPutItem" }; }', ["dynamodb:BatchWriteItem"]),
        ("export function request(ctx) { return { operation: 'Sync' }; }", []),
        (
            HELPERS.replace("NAMES", "put, query as find") + "\nput({}); find<T>({});",
            ["dynamodb:PutItem", "dynamodb:Query"],
        ),
        (HELPERS.replace("NAMES", "get, scan") + "\nget({}); other.scan({});", ["dynamodb:GetItem"]),
        ("import * as ddb from '@aws-appsync/utils/dynamodb';\nddb.remove({});", ["dynamodb:DeleteItem"]),
        ("put({});", []),
    ],
)
def test_what_code_asks_of_a_table(code: str, expected: list[str]) -> None:
    """Operations of requests, and helpers that are imported and called."""
    assert missed(code) == expected


def test_a_bus() -> None:
    """Is put onto; a role that may do so is none to be told of."""
    assert missed("x", BUS) == ["events:PutEvents"]
    assert missed("x", BUS, "{Effect: Allow, Action: 'events:Put*', Resource: '*'}") == []


@pytest.mark.parametrize(
    ("statement", "role"),
    [
        (NOTHING, "ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonEventBridgeFullAccess']"),
        (NOTHING, "PermissionsBoundary: 'arn:aws:iam::123456789012:policy/b'"),
        ("{Effect: Allow, Action: 'events:X', Resource: '*', Condition: {Bool: {a: true}}}", "Description: r"),
    ],
)
def test_rights_that_are_not_known(statement: str, role: str) -> None:
    """Are held against nobody."""
    assert missed("x", BUS, statement, role) == []
