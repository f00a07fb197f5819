"""Data sources of AWS::Serverless::GraphQLApi: settings, roles, policies; and permissions for Lambda authorizers."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.serverless_data_sources import SOURCE_KINDS, authorizer_permissions, role_and_policy, settings

TABLE, FUNCTION = SOURCE_KINDS["DynamoDb"], SOURCE_KINDS["Lambda"]
READ = ["GetItem", "Query", "Scan", "BatchGetItem", "ConditionCheckItem", "PartiQLSelect"]
WRITE = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate"]


def test_settings_have_appsyncs_names() -> None:
    """A table is in the stack's region where nothing else is said; what is null is left out."""
    assert settings(TABLE, {"TableName": "t", "Versioned": None}) == {
        "AwsRegion": {"Ref": "AWS::Region"},
        "TableName": "t",
    }
    given = {"Region": "r", "TableName": "t", "UseCallerCredentials": False, "Versioned": True, "DeltaSync": {"a": 1}}
    assert settings(TABLE, given) == {
        "AwsRegion": "r",
        "TableName": "t",
        "UseCallerCredentials": False,
        "Versioned": True,
        "DeltaSyncConfig": {"a": 1},
    }
    assert settings(FUNCTION, {"FunctionArn": "arn:f", "Name": "n"}) == {"LambdaFunctionArn": "arn:f"}
    assert [(each.type, each.suffix, each.config) for each in (TABLE, FUNCTION)] == [
        ("AMAZON_DYNAMODB", "DynamoDB", "DynamoDBConfig"),
        ("AWS_LAMBDA", "Lambda", "LambdaConfig"),
    ]


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": ["appsync.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}
            ],
        }
    },
}


def statement(actions: list[str], arn: Any, below: str) -> dict[str, Any]:
    parts = {"Fn::Sub": ["${DestinationArn}" + below, {"DestinationArn": arn}]}
    return {"Effect": "Allow", "Action": actions, "Resource": [arn, parts]}


def policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
            "Roles": [{"Ref": "SRole"}],
        },
    }


def on_table(actions: list[str], arn: Any) -> dict[str, Any]:
    return statement([f"dynamodb:{action}" for action in actions], arn, "/index/*")


MADE_UP = {
    "Fn::Sub": [
        "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}",
        {"__TableName__": "t", "__Region__": {"Ref": "AWS::Region"}},
    ]
}


@pytest.mark.parametrize(
    ("given", "statements"),
    [
        ({"TableName": "t"}, [on_table(READ, MADE_UP), on_table(WRITE, MADE_UP)]),
        ({"TableName": "t", "Permissions": []}, [on_table(READ, MADE_UP), on_table(WRITE, MADE_UP)]),
        ({"TableName": "t", "Permissions": "Read"}, [on_table(READ, MADE_UP), on_table(WRITE, MADE_UP)]),
        ({"TableArn": "arn:t", "Permissions": ["Write", "Read"]}, [on_table(READ, "arn:t"), on_table(WRITE, "arn:t")]),
        ({"TableArn": "arn:t", "Permissions": ["Read"]}, [on_table(READ, "arn:t")]),
        ({"TableArn": "arn:t", "Permissions": ["Write"]}, [on_table(WRITE, "arn:t")]),
    ],
)
def test_a_tables_role(given: dict[str, Any], statements: list[dict[str, Any]]) -> None:
    """May read and write where nothing is said; the table's ARN, or one made of its name and region."""
    assert dict(role_and_policy(TABLE, "S", given)) == {"SRole": ROLE, "SToTableConnectorPolicy": policy(statements)}


def test_a_tables_own_region() -> None:
    """Stands in the ARN that is made of its name."""
    _, (_, made) = role_and_policy(TABLE, "S", {"TableName": "t", "Region": "r"})
    (arn, _below) = made["Properties"]["PolicyDocument"]["Statement"][0]["Resource"]
    assert arn["Fn::Sub"][1] == {"__TableName__": "t", "__Region__": "r"}


def test_a_functions_role() -> None:
    """May invoke it, and each of its versions and aliases."""
    expected = statement(["lambda:InvokeAsync", "lambda:InvokeFunction"], "arn:f", ":*")
    assert dict(role_and_policy(FUNCTION, "S", {"FunctionArn": "arn:f"})) == {
        "SRole": ROLE,
        "SToLambdaConnectorPolicy": policy([expected]),
    }


def test_appsync_may_invoke_authorizers() -> None:
    """Each function once, numbered from one; what has none is passed over."""
    providers = [
        {"Type": "AWS_IAM"},
        {"LambdaAuthorizer": {"AuthorizerUri": "arn:f"}},
        {"LambdaAuthorizer": {"AuthorizerUri": {"Fn::GetAtt": ["G", "Arn"]}}},
        {"LambdaAuthorizer": {"AuthorizerUri": "arn:f"}},
        {"LambdaAuthorizer": {}},
        {"LambdaAuthorizer": "text"},
    ]

    def permission(arn: Any) -> dict[str, Any]:
        source = "arn:${AWS::Partition}:appsync:${AWS::Region}:${AWS::AccountId}:apis/${SourceResourceId}"
        return {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn,
                "Principal": "appsync.amazonaws.com",
                "SourceArn": {"Fn::Sub": [source, {"SourceResourceId": {"Fn::GetAtt": ["Api", "ApiId"]}}]},
            },
        }

    assert dict(authorizer_permissions("Api", providers)) == {
        "ApiToLambdaAuthConnector1WriteLambdaPermission": permission("arn:f"),
        "ApiToLambdaAuthConnector2WriteLambdaPermission": permission({"Fn::GetAtt": ["G", "Arn"]}),
    }
