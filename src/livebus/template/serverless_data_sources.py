"""
What SAM makes of a data source of AWS::Serverless::GraphQLApi, and of a Lambda authorizer: roles and permissions beside it.

In: the object below DataSources, in long form. Out: resources by logical id, as the SAM transform makes them.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-graphqlapi-datasource.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_READ = ("GetItem", "Query", "Scan", "BatchGetItem", "ConditionCheckItem", "PartiQLSelect")
_WRITE = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate")
_TABLE_ACTIONS = {"Read": _READ, "Write": _WRITE}
_APPSYNC = "appsync.amazonaws.com"

Resource = tuple[str, dict[str, Any]]


def table_source(logical_id: str, api_id: Any, name: str, given: Mapping[str, Any]) -> Iterator[Resource]:
    """A source of type AMAZON_DYNAMODB; without a ServiceRoleArn with a role that reads and writes the table."""
    region = given.get("Region", {"Ref": "AWS::Region"})
    config: dict[str, Any] = {"AwsRegion": region}
    config |= {
        member: given[member]
        for member in ("TableName", "UseCallerCredentials", "Versioned")
        if given.get(member) is not None
    }
    if "DeltaSync" in given:
        config["DeltaSyncConfig"] = given["DeltaSync"]
    permissions = given.get("Permissions")
    wanted = permissions if isinstance(permissions, list) else list(_TABLE_ACTIONS)
    arn = given.get("TableArn") or _table_arn(given.get("TableName"), region)
    resources = [arn, {"Fn::Sub": ["${DestinationArn}/index/*", {"DestinationArn": arn}]}]
    statements = [
        {"Effect": "Allow", "Action": [f"dynamodb:{each}" for each in actions], "Resource": resources}
        for permission, actions in _TABLE_ACTIONS.items()
        if permission in wanted
    ]
    properties = _properties(logical_id, api_id, name, given, "AMAZON_DYNAMODB", DynamoDBConfig=config)
    yield logical_id, {"Type": "AWS::AppSync::DataSource", "Properties": properties}
    if not given.get("ServiceRoleArn"):
        yield from _role(logical_id, f"{logical_id}ToTableConnectorPolicy", statements)


def function_source(logical_id: str, api_id: Any, name: str, given: Mapping[str, Any]) -> Iterator[Resource]:
    """A source of type AWS_LAMBDA; without a ServiceRoleArn with a role that invokes the function."""
    arn = given.get("FunctionArn")
    config = {"LambdaFunctionArn": arn} if arn is not None else {}
    statement = {
        "Effect": "Allow",
        "Action": ["lambda:InvokeAsync", "lambda:InvokeFunction"],
        "Resource": [arn, {"Fn::Sub": ["${DestinationArn}:*", {"DestinationArn": arn}]}],
    }
    properties = _properties(logical_id, api_id, name, given, "AWS_LAMBDA", LambdaConfig=config)
    yield logical_id, {"Type": "AWS::AppSync::DataSource", "Properties": properties}
    if not given.get("ServiceRoleArn"):
        yield from _role(logical_id, f"{logical_id}ToLambdaConnectorPolicy", [statement] if arn is not None else [])


def authorizer_permissions(api: str, providers: Sequence[Mapping[str, Any]]) -> Iterator[Resource]:
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
            "Principal": _APPSYNC,
            "SourceArn": {"Fn::Sub": [source, {"SourceResourceId": {"Fn::GetAtt": [api, "ApiId"]}}]},
        }
        body = {"Type": "AWS::Lambda::Permission", "Properties": properties}
        yield f"{api}ToLambdaAuthConnector{number}WriteLambdaPermission", body


def _properties(
    logical_id: str, api_id: Any, name: str, given: Mapping[str, Any], kind: str, **config: Any
) -> dict[str, Any]:
    properties = {"ApiId": api_id, "Name": given.get("Name") or name, "Type": kind, **config}
    properties["ServiceRoleArn"] = given.get("ServiceRoleArn") or {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}
    if "Description" in given:
        properties["Description"] = given["Description"]
    return properties


def _role(logical_id: str, policy: str, statements: Sequence[Mapping[str, Any]]) -> Iterator[Resource]:
    trust = {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [_APPSYNC]}}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = f"{logical_id}Role"
    yield role, {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}
    permissions = {"Version": "2012-10-17", "Statement": list(statements)}
    properties = {"PolicyDocument": permissions, "Roles": [{"Ref": role}]}
    yield policy, {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}


def _table_arn(name: Any, region: Any) -> Any:
    text = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}"
    return {"Fn::Sub": [text, {"__TableName__": name, "__Region__": region}]}
