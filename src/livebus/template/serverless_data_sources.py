"""
What the SAM transform makes of a data source inside AWS::Serverless::GraphQLApi: its settings, a role, and the role's policy;
and of a Lambda authorizer: a permission.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-graphqlapi-datasource.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_READ = ("GetItem", "Query", "Scan", "BatchGetItem", "ConditionCheckItem", "PartiQLSelect")
_WRITE = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate")
_TABLE_ACTIONS = {"Read": _READ, "Write": _WRITE}
_TABLE = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}"


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A group of DataSources: its AppSync type, and what its resources' logical ids and its settings are called."""

    type: str
    suffix: str
    config: str
    # From SAM's members to those of the settings.
    members: Mapping[str, str]


SOURCE_KINDS = {
    "DynamoDb": SourceKind(
        "AMAZON_DYNAMODB",
        "DynamoDB",
        "DynamoDBConfig",
        {
            "Region": "AwsRegion",
            "TableName": "TableName",
            "UseCallerCredentials": "UseCallerCredentials",
            "Versioned": "Versioned",
            "DeltaSync": "DeltaSyncConfig",
        },
    ),
    "Lambda": SourceKind("AWS_LAMBDA", "Lambda", "LambdaConfig", {"FunctionArn": "LambdaFunctionArn"}),
}


def settings(kind: SourceKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """The DynamoDBConfig or LambdaConfig of a data source."""
    made = {name: given[sam_name] for sam_name, name in kind.members.items() if given.get(sam_name) is not None}
    return {"AwsRegion": {"Ref": "AWS::Region"}, **made} if kind.type == "AMAZON_DYNAMODB" else made


def role_and_policy(
    kind: SourceKind, logical_id: str, given: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The role that SAM gives the data source ``logical_id``, and its policy, by their logical ids, without their attributes."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": ["appsync.amazonaws.com"]},
        "Action": ["sts:AssumeRole"],
    }
    properties = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    yield f"{logical_id}Role", {"Type": "AWS::IAM::Role", "Properties": properties}
    is_table = kind.type == "AMAZON_DYNAMODB"
    statements = list(_on_table(given)) if is_table else [_on_function(given)]
    policy = {
        "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        "Roles": [{"Ref": f"{logical_id}Role"}],
    }
    target = "Table" if is_table else "Lambda"
    yield f"{logical_id}To{target}ConnectorPolicy", {"Type": "AWS::IAM::ManagedPolicy", "Properties": policy}


def authorizer_permissions(api: str, providers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What lets AppSync invoke the functions of Lambda authorizers, each function once."""
    arns: list[Any] = []
    for provider in providers:
        authorizer = provider.get("LambdaAuthorizer")
        arn = authorizer.get("AuthorizerUri") if isinstance(authorizer, Mapping) else None
        if arn is not None and arn not in arns:
            arns.append(arn)
    source = "arn:${AWS::Partition}:appsync:${AWS::Region}:${AWS::AccountId}:apis/${SourceResourceId}"
    for number, arn in enumerate(arns, 1):
        properties = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": arn,
            "Principal": "appsync.amazonaws.com",
            "SourceArn": {"Fn::Sub": [source, {"SourceResourceId": {"Fn::GetAtt": [api, "ApiId"]}}]},
        }
        body = {"Type": "AWS::Lambda::Permission", "Properties": properties}
        yield f"{api}ToLambdaAuthConnector{number}WriteLambdaPermission", body


def _on_table(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = {"__TableName__": given.get("TableName"), "__Region__": given.get("Region") or {"Ref": "AWS::Region"}}
    arn = given.get("TableArn") or {"Fn::Sub": [_TABLE, names]}
    permissions = given.get("Permissions")
    wanted = permissions if isinstance(permissions, list) and permissions else ["Read", "Write"]
    for category, actions in _TABLE_ACTIONS.items():
        if category in wanted:
            yield _allow([f"dynamodb:{action}" for action in actions], arn, "/index/*")


def _on_function(given: Mapping[str, Any]) -> dict[str, Any]:
    return _allow(["lambda:InvokeAsync", "lambda:InvokeFunction"], given.get("FunctionArn"), ":*")


def _allow(actions: list[str], arn: Any, below: str) -> dict[str, Any]:
    parts = {"Fn::Sub": [f"${{DestinationArn}}{below}", {"DestinationArn": arn}]}
    return {"Effect": "Allow", "Action": actions, "Resource": [arn, parts]}
