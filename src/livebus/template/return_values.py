"""
Data: what the resources of each type that runs here answer to Ref ("") and to GetAtt, by the attribute's name.

In: a resource, by its logical id, among those of its template, and where that is deployed to. Out: its answers. Shapes follow the
"Return values" part of each resource's page in the CloudFormation template reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from livebus.template.environment import Environment
from livebus.template.resource_types import known_types

if TYPE_CHECKING:
    from livebus.template.attributes import ResourceAttributes

Answer = Callable[["ResourceAttributes", str, Environment], dict[str, Any]]


def is_arn(attribute: str, kind: str) -> bool:
    return attribute.endswith("Arn") and kind.count("::") == 2


def inert(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    kind = of.type_of(logical_id)
    known = known_types().get(kind)
    if known is None or not known.ref:
        return {"": env.physical_name(logical_id)}
    if is_arn(known.ref, kind):
        return {"": of.arn(logical_id)}
    return {"": of.text_of(logical_id, known.ref) or env.physical_name(logical_id)}


def _event_bus(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "Name")
    return {"": name, "Name": name, "Arn": env.arn("events", f"event-bus/{name}"), "Policy": ""}


def _rule(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name, bus = of.name(logical_id, "Name"), bus_name(of.text_of(logical_id, "EventBusName"))
    is_default = bus == "default"
    arn = env.arn("events", f"rule/{name}" if is_default else f"rule/{bus}/{name}")
    # A rule on a custom bus is believed to answer to Ref with "bus|rule"; AWS does not document it.
    return {"": name if is_default else f"{bus}|{name}", "Arn": arn, "RuleName": name}


def bus_name(given: str | None) -> str:
    """An EventBusName, which may be a name or an ARN, as the name. None is the account's default bus."""
    return given.rsplit("event-bus/", 1)[-1] if given else "default"


def _api_destination(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    return _with_suffix(of, logical_id, env, "api-destination")


def _connection(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    answers = _with_suffix(of, logical_id, env, "connection")
    secret = f"secret:events!connection/{answers['']}/{_uuid(env, logical_id)}-{env.derived(logical_id, 6)}"
    return answers | {"SecretArn": env.arn("secretsmanager", secret)}


def _with_suffix(of: ResourceAttributes, logical_id: str, env: Environment, kind: str) -> dict[str, Any]:
    """What has a name of its own and, in its ARN, a UUID behind it: IAM's policies name it without."""
    name = of.name(logical_id, "Name")
    arn = env.arn("events", f"{kind}/{name}")
    return {"": name, "Arn": f"{arn}/{_uuid(env, logical_id)}", "ArnForPolicy": arn}


def _uuid(env: Environment, logical_id: str) -> str:
    digits = hashlib.sha256(env.derived(logical_id, 52).encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _archive(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "ArchiveName")
    return {"": name, "Arn": env.arn("events", f"archive/{name}")}


def _role(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "RoleName")
    path = of.text_of(logical_id, "Path") or "/"
    role_id = "AROA" + env.derived(logical_id, 17).upper()
    return {"": name, "Arn": env.arn("iam", f"role{path}{name}", regional=False), "RoleId": role_id}


def _managed_policy(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    path, name = of.text_of(logical_id, "Path") or "/", of.name(logical_id, "ManagedPolicyName")
    arn = env.arn("iam", f"policy{path}{name}", regional=False)
    return {"": arn, "PolicyArn": arn}


def _queue(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "QueueName")
    if of.text_of(logical_id, "FifoQueue").lower() == "true" and not name.endswith(".fifo"):
        name = f"{name[:75]}.fifo"
    url = f"{env.endpoint}/{env.account}/{name}"
    return {"": url, "QueueUrl": url, "QueueName": name, "Arn": env.arn("sqs", name)}


def _graphql_api(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    api_id, path = env.derived(logical_id, 26), of.api_path(logical_id)
    scheme, host = env.endpoint.split("://", 1)
    socket_scheme = "wss" if scheme == "https" else "ws"
    arn = env.arn("appsync", f"apis/{api_id}")
    return {
        "": arn,
        "ApiId": api_id,
        "Arn": arn,
        "GraphQLEndpointArn": env.arn("appsync", f"endpoints/graphql-api/{env.endpoint_id(logical_id)}"),
        "GraphQLUrl": f"{env.endpoint}{path}",
        "GraphQLDns": host,
        "RealtimeUrl": f"{socket_scheme}://{host}{path}",
        "RealtimeDns": host,
    }


def _graphql_schema(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    schema_id = f"{_api_id_of(of, logical_id)}GraphQLSchema"
    return {"": schema_id, "Id": schema_id}


def _data_source(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "Name")
    arn = env.arn("appsync", f"apis/{_api_id_of(of, logical_id)}/datasources/{name}")
    return {"": arn, "DataSourceArn": arn, "Name": name}


def _resolver(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    type_name, field_name = of.text_of(logical_id, "TypeName"), of.text_of(logical_id, "FieldName")
    arn = env.arn("appsync", f"apis/{_api_id_of(of, logical_id)}/types/{type_name}/resolvers/{field_name}")
    return {"": arn, "ResolverArn": arn, "TypeName": type_name, "FieldName": field_name}


def _function(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    function_id = env.derived(logical_id, 26)
    arn = env.arn("appsync", f"apis/{_api_id_of(of, logical_id)}/functions/{function_id}")
    return {
        "": arn,
        "FunctionArn": arn,
        "FunctionId": function_id,
        "Name": of.name(logical_id, "Name"),
        "DataSourceName": of.text_of(logical_id, "DataSourceName"),
    }


def _api_key(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    key_id = f"da2-{env.derived(logical_id, 26)}"
    arn = env.arn("appsync", f"apis/{_api_id_of(of, logical_id)}/apikeys/{key_id}")
    return {"": key_id, "ApiKey": key_id, "ApiKeyId": key_id, "Arn": arn}


def _api_id_of(of: ResourceAttributes, logical_id: str) -> str:
    return of.text_of(logical_id, "ApiId")


def _user_pool(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    pool_id = f"{env.region}_{env.derived(logical_id, 9)}"
    name = f"cognito-idp.{env.region}.amazonaws.com/{pool_id}"
    return {
        "": pool_id,
        "UserPoolId": pool_id,
        "Arn": env.arn("cognito-idp", f"userpool/{pool_id}"),
        "ProviderName": name,
        "ProviderURL": f"https://{name}",
    }


def _user_pool_client(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    client_id = env.derived(logical_id, 26)
    return {"": client_id, "ClientId": client_id, "ClientSecret": env.derived(f"{logical_id}/secret", 51)}


def _identity_pool(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    digits = hashlib.sha256(env.derived(logical_id, 52).encode()).hexdigest()[:32]
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    name = of.text_of(logical_id, "IdentityPoolName") or env.physical_name(logical_id, 128)
    return {"": f"{env.region}:{uuid}", "Id": f"{env.region}:{uuid}", "Name": name}


def _role_attachment(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    pool_id = of.text_of(logical_id, "IdentityPoolId")
    return {"": pool_id, "Id": pool_id}


def _parameter(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "Name")
    return {"": name, "Type": of.text_of(logical_id, "Type"), "Value": of.text_of(logical_id, "Value")}


def _group(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    return {"": of.name(logical_id, "GroupName")}


def _table(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    from livebus.dynamodb import names  # here, so that an application without tables loads nothing of them

    name = of.name(logical_id, "TableName")
    arn = env.arn("dynamodb", f"table/{name}")
    answers = {"": name, "Arn": arn, "TableId": names.table_id(arn)}
    if of.has(logical_id, "StreamSpecification"):
        answers["StreamArn"] = names.stream_arn(arn)
    return answers


def _log_group(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "LogGroupName")
    return {"": name, "Arn": env.arn("logs", f"log-group:{name}:*")}


def _alarm(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "AlarmName")
    return {"": name, "Arn": env.arn("cloudwatch", f"alarm:{name}")}


def _topic(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "TopicName")
    arn = env.arn("sns", name)
    return {"": arn, "TopicArn": arn, "TopicName": name}


def _bucket(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = (of.text_of(logical_id, "BucketName") or env.physical_name(logical_id, 63)).lower()
    return {
        "": name,
        "Arn": f"arn:{env.partition}:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{env.region}.amazonaws.com",
    }


def _lambda_function(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    name = of.name(logical_id, "FunctionName")
    return {"": name, "Arn": env.arn("lambda", f"function:{name}")}


def _lambda_alias(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    arn = f"{_function_arn(of, logical_id, env)}:{of.text_of(logical_id, 'Name')}"
    return {"": arn, "AliasArn": arn}


def _lambda_version(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    arn = f"{_function_arn(of, logical_id, env)}:1"
    return {"": arn, "FunctionArn": arn, "Version": "1"}


def _function_arn(of: ResourceAttributes, logical_id: str, env: Environment) -> str:
    given = of.text_of(logical_id, "FunctionName")
    return given if given.startswith("arn:") else env.arn("lambda", f"function:{given}")


def _layer_version(of: ResourceAttributes, logical_id: str, env: Environment) -> dict[str, Any]:
    arn = env.arn("lambda", f"layer:{of.name(logical_id, 'LayerName')}:1")
    return {"": arn, "LayerVersionArn": arn}


ANSWERS: Mapping[str, Answer] = {
    "AWS::AppSync::ApiKey": _api_key,
    "AWS::AppSync::DataSource": _data_source,
    "AWS::AppSync::FunctionConfiguration": _function,
    "AWS::AppSync::GraphQLApi": _graphql_api,
    "AWS::AppSync::GraphQLSchema": _graphql_schema,
    "AWS::AppSync::Resolver": _resolver,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Cognito::IdentityPool": _identity_pool,
    "AWS::Cognito::IdentityPoolRoleAttachment": _role_attachment,
    "AWS::Cognito::UserPool": _user_pool,
    "AWS::Cognito::UserPoolClient": _user_pool_client,
    "AWS::Cognito::UserPoolGroup": _group,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::ApiDestination": _api_destination,
    "AWS::Events::Archive": _archive,
    "AWS::Events::Connection": _connection,
    "AWS::Events::EventBus": _event_bus,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Alias": _lambda_alias,
    "AWS::Lambda::Function": _lambda_function,
    "AWS::Lambda::LayerVersion": _layer_version,
    "AWS::Lambda::Version": _lambda_version,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::SSM::Parameter": _parameter,
}
