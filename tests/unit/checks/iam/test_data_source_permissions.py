"""Roles of data sources: what is told of them, and what is left in peace because it is not known."""

from __future__ import annotations

import pytest

from livebus.checks.iam import data_source_permissions
from livebus.checks.inspection import Inspection
from livebus.checks.running import run_checks
from livebus.errors import LivebusError
from livebus.template import Environment
from livebus.template.document import read_document

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {Type: String}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: appsync.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: Read
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn}
  Api:
    Type: AWS::AppSync::GraphQLApi
    Properties: {Name: notes, AuthenticationType: AWS_IAM}
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: {ApiId: !GetAtt Api.ApiId, Definition: "type Query { note(id: ID!): String }"}
  Source:
    Type: AWS::AppSync::DataSource
    Properties:
      ApiId: !GetAtt Api.ApiId
      Name: notes
      Type: AMAZON_DYNAMODB
      ServiceRoleArn: !GetAtt Role.Arn
      DynamoDBConfig: {TableName: !Ref Table, AwsRegion: !Ref AWS::Region}
  Resolver:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: note
      DataSourceName: !GetAtt Source.Name
      RequestMappingTemplate: '{"version": "2018-05-29", "operation": "GetItem", "key": {"id": {"S": "a"}}}'
      ResponseMappingTemplate: $util.toJson($ctx.result)
"""
ALLOWED = "{Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn}"


def found(text: str) -> list[str]:
    def read_file(name: str) -> str:
        raise LivebusError(name)

    environment = Environment(assumes_parameters=True)
    inspection = Inspection(read_document(text, "template.yaml"), read_file, environment=environment)
    return [finding.check.id for finding in run_checks(data_source_permissions.CHECKS, inspection)]


def test_what_the_role_does_not_allow_is_told() -> None:
    assert found(TEMPLATE) == ["E9137"]


@pytest.mark.parametrize(
    "statement",
    [
        "{Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Table.Arn}",
        "{Effect: Allow, Action: 'dynamodb:Get*', Resource: '*'}",
        "{Effect: Allow, Action: dynamodb:GetItem, Resource: !Sub 'arn:aws:dynamodb:eu-west-1:*:table/${Table}'}",
        "{Effect: Allow, Action: dynamodb:GetItem, Resource: !Sub 'arn:aws:dynamodb:eu-west-1:111122223333:table/${Table}'}",
        "{Effect: Allow, Action: dynamodb:GetItem, Resource: !Sub 'arn:aws:dynamodb:eu-west-1:*:table/${Name}'}",
        "{Effect: Allow, Action: dynamodb:GetItem, Resource: !ImportValue TableArn}",
        "{Effect: Allow, Action: dynamodb:GetItem, Resource: '*', Condition: {StringEquals: {'aws:PrincipalTag/x': y}}}",
    ],
    ids=["all", "some", "region and account", "spelled out", "a parameter", "an import", "a condition"],
)
def test_what_may_allow_it_is_left_in_peace(statement: str) -> None:
    """Accounts and regions that are spelled out are the deployment's; what hangs on others is not known."""
    assert found(TEMPLATE.replace(ALLOWED, statement)) == []


@pytest.mark.parametrize(
    "more",
    [
        "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess]\n",
        "      ManagedPolicyArns: [!ImportValue Policy]\n",
    ],
)
def test_policies_that_are_not_in_the_template_may_allow_it(more: str) -> None:
    assert found(TEMPLATE.replace("      Policies:\n", f"{more}      Policies:\n")) == []


def test_connectors_of_sam_may_allow_it() -> None:
    connector = "  Link:\n    Type: AWS::Serverless::Connector\n    Properties: {Permissions: [Read]}\n"

    assert found(TEMPLATE.replace("  Api:\n", f"{connector}  Api:\n", 1)) == []


def test_a_denial_counts_whatever_else_may_allow_it() -> None:
    more = "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess]\n"
    denied = TEMPLATE.replace("      Policies:\n", f"{more}      Policies:\n").replace("Effect: Allow, Action: dynamodb:PutItem", "Effect: Deny, Action: 'dynamodb:*'")  # fmt: skip

    assert found(denied) == ["E9137"]
