"""
One CloudFormation template for all cases: an API with a resolver for each file, language and data source.

What it makes, besides: one table on demand with an index, one function of Python, one event bus, two roles that may use
these and nothing else. No name is given, so that several such stacks stand side by side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.conformance import handlers
from support.conformance.cases import Case, Variant
from support.conformance.subscriptions import SubscriptionCase

BATCH = 5
_FUNCTION = """
import json


class TeaError(Exception):
    pass


def handler(event, context):
    if isinstance(event, list):
        return [one(each) for each in event[1:] if each.get("what") == "short"] or [one(each) for each in event]
    if "arguments" in event:  # of a resolver without code or templates: its context
        given = event["arguments"]["given"]
        one(json.loads(given) if isinstance(given, str) else given)
        return {"value": sorted(event)}
    return one(event)


def one(event):
    if isinstance(event, dict) and "currentValue" in event:  # of a condition that failed
        return {"action": "discard"}
    what = (event or {}).get("what")
    if what == "raise":
        raise ValueError("out of leaves")
    if what == "own":
        raise TeaError("too hot")
    return {"heard": event}
"""
_TYPES = {
    "none": "NONE",
    "table": "AMAZON_DYNAMODB",
    "function": "AWS_LAMBDA",
    "bus": "AMAZON_EVENTBRIDGE",
    "tables_over_http": "HTTP",
    "identity_over_http": "HTTP",
}
_ARGUMENTS = "(name: String!, given: AWSJSON): AWSJSON"


@dataclass
class Field:
    """A field of Query, or of Item where it is gathered; its variants are told apart by the argument ``name``."""

    name: str
    language: str
    source: str
    is_of_items: bool
    variants: list[Variant] = field(default_factory=list)


def field_name(variant: Variant) -> str:
    """The field that runs a variant."""
    case = variant.case
    if case.is_alone or "functions" in variant.code or "direct" in variant.code or case.on_items:
        return f"{case.family}_{case.name}_{variant.language}"
    return f"{case.family}_{case.source}_{variant.language}"


def fields(cases: Iterable[Case]) -> list[Field]:
    found: dict[str, Field] = {}
    for case in cases:
        for variant in case.variants:
            name = field_name(variant)
            made = found.setdefault(name, Field(name, variant.language, case.source, bool(case.on_items)))
            made.variants.append(variant)
    return list(found.values())


def template(cases: Sequence[Case], subscriptions: Sequence[SubscriptionCase], *, python: str) -> dict[str, Any]:
    """The template as an object. ``python`` is the function's Runtime."""
    made = fields(cases)
    resources: dict[str, Any] = {**_surroundings(python), **_sources(), "Schema": _schema(made, subscriptions)}
    for each in made:
        resources.update(_resolver(each))
    resources.update(_own(subscriptions))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Cases of Livebus' conformance suite, one API; deleted when they have run",
        "Resources": resources,
        "Outputs": {
            "GraphQLUrl": {"Value": _get("Api", "GraphQLUrl")},
            "RealtimeUrl": {"Value": _get("Api", "RealtimeUrl")},
            "ApiKey": {"Value": _get("Key", "ApiKey")},
            "Table": {"Value": {"Ref": "Table"}},
            "Function": {"Value": _get("Function", "Arn")},
        },
    }


def body(made: Mapping[str, Any]) -> str:
    """The template's text, as short as it gets."""
    return json.dumps(made, separators=(",", ":"))


def _get(resource: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, attribute]}


def _role(service: str, statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policies = [{"PolicyName": "Use", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]}}
    return {"Type": "AWS::IAM::Role", "Properties": {**properties, **({"Policies": policies} if statements else {})}}


def _surroundings(python: str) -> dict[str, Any]:
    table = [_get("Table", "Arn"), {"Fn::Sub": "${Table.Arn}/index/*"}]
    function = [_get("Function", "Arn"), {"Fn::Sub": "${Function.Arn}:*"}]
    return {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "shop", "AttributeType": "S"},
                    {"AttributeName": "id", "AttributeType": "S"},
                    {"AttributeName": "grams", "AttributeType": "N"},
                ],
                "KeySchema": [
                    {"AttributeName": "shop", "KeyType": "HASH"},
                    {"AttributeName": "id", "KeyType": "RANGE"},
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "byGrams",
                        "KeySchema": [
                            {"AttributeName": "shop", "KeyType": "HASH"},
                            {"AttributeName": "grams", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
        },
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}-bus"}}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": python,
                "Handler": "index.handler",
                "Role": _get("FunctionRole", "Arn"),
                "Timeout": 10,
                "Code": {"ZipFile": _FUNCTION},
            },
        },
        # Without logs: nothing of the stack is left behind.
        "FunctionRole": _role("lambda.amazonaws.com", []),
        "SourceRole": _role(
            "appsync.amazonaws.com",
            [
                {"Effect": "Allow", "Action": "dynamodb:*", "Resource": table},
                {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function},
                {"Effect": "Allow", "Action": "events:PutEvents", "Resource": _get("Bus", "Arn")},
            ],
        ),
        "Api": {
            "Type": "AWS::AppSync::GraphQLApi",
            "Properties": {"Name": {"Ref": "AWS::StackName"}, "AuthenticationType": "API_KEY"},
        },
        "Key": {"Type": "AWS::AppSync::ApiKey", "Properties": {"ApiId": _get("Api", "ApiId")}},
    }


def _sources() -> dict[str, Any]:
    region = {"Ref": "AWS::Region"}

    def signed(service: str) -> dict[str, Any]:
        signing = {"SigningRegion": region, "SigningServiceName": service}
        return {
            "Endpoint": {"Fn::Sub": f"https://{service}.${{AWS::Region}}.amazonaws.com"},
            "AuthorizationConfig": {"AuthorizationType": "AWS_IAM", "AwsIamConfig": signing},
        }

    settings: dict[str, dict[str, Any]] = {
        "none": {},
        "table": {"DynamoDBConfig": {"TableName": {"Ref": "Table"}, "AwsRegion": region}},
        "function": {"LambdaConfig": {"LambdaFunctionArn": _get("Function", "Arn")}},
        "bus": {"EventBridgeConfig": {"EventBusArn": _get("Bus", "Arn")}},
        "tables_over_http": {"HttpConfig": signed("dynamodb")},
        "identity_over_http": {"HttpConfig": signed("sts")},
    }
    return {
        logical_id("source", name): {
            "Type": "AWS::AppSync::DataSource",
            "Properties": {
                "ApiId": _get("Api", "ApiId"),
                "Name": name,
                "Type": _TYPES[name],
                **({} if name == "none" else {"ServiceRoleArn": _get("SourceRole", "Arn")}),
                **own,
            },
        }
        for name, own in settings.items()
    }


def logical_id(*parts: str) -> str:
    return "".join(word[:1].upper() + word[1:] for part in parts for word in re.split(r"[^A-Za-z0-9]", part))


def _schema(made: Sequence[Field], subscriptions: Sequence[SubscriptionCase]) -> dict[str, Any]:
    query = [f"  {each.name}{_ARGUMENTS}" for each in made if not each.is_of_items]
    items = [f"  {each.name}{_ARGUMENTS}" for each in made if each.is_of_items]
    mutations = [f"  {each.mutation}(given: AWSJSON): AWSJSON" for each in subscriptions if each.mutation]
    subscribed = [f'  {each.field}: Word @aws_subscribe(mutations: ["say"])' for each in subscriptions]
    lines = [
        "type Query {",
        "  items(count: Int!): [Item]",
        *query,
        "}",
        "type Item {",
        "  number: Int",
        *items,
        "}",
        "type Word {",
        "  id: ID!",
        "  leaf: String",
        "  grams: Int",
        "}",
        "type Mutation {",
        "  say(id: ID!, leaf: String, grams: Int): Word",
        *mutations,
        "}",
        "type Subscription {",
        *subscribed,
        "}" if subscribed else '  onSay: Word @aws_subscribe(mutations: ["say"])\n}',
    ]
    return {
        "Type": "AWS::AppSync::GraphQLSchema",
        "Properties": {"ApiId": _get("Api", "ApiId"), "Definition": "\n".join(lines)},
    }


def _resolver(each: Field) -> dict[str, Any]:
    """The resolver of a field, and the functions of its pipeline where it has one."""
    variant = each.variants[0]
    functions = variant.code.get("functions")
    name = logical_id(each.name)
    resources: dict[str, Any] = {}
    if "direct" in variant.code:
        own: dict[str, Any] = {}
    elif each.language == "js":
        own = {**_js_runtime(), "Code": handlers.javascript("none" if functions else each.source, each.variants)}
    else:
        request, response = handlers.templates("none" if functions else each.source, each.variants)
        own = {"RequestMappingTemplate": request, "ResponseMappingTemplate": response}
    if functions is None:
        own["DataSourceName"] = _get(logical_id("source", each.source), "Name")
    else:
        ids = []
        for index, function in enumerate(functions, 1):
            resources[f"{name}Step{index}"] = _function(f"{each.name}_{index}", each.language, function)
            ids.append(_get(f"{name}Step{index}", "FunctionId"))
        own.update(Kind="PIPELINE", PipelineConfig={"Functions": ids})
    if variant.case.on_items and each.source == "function":
        own["MaxBatchSize"] = BATCH
    resources[name] = _resolver_of("Item" if each.is_of_items else "Query", each.name, own)
    return resources


def _js_runtime() -> dict[str, Any]:
    return {"Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}}


def _resolver_of(kind: str, name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::AppSync::Resolver",
        "DependsOn": "Schema",
        "Properties": {"ApiId": _get("Api", "ApiId"), "TypeName": kind, "FieldName": name, **own},
    }


def _function(name: str, language: str, given: Mapping[str, Any]) -> dict[str, Any]:
    source = given.get("source", "none")
    if language == "js":
        code = handlers.javascript_of(source, given["request"], given.get("response"))
        own = {**_js_runtime(), "Code": code}
    else:
        own = {
            "FunctionVersion": "2018-05-29",
            "RequestMappingTemplate": handlers.function_template(given["request"]),
            "ResponseMappingTemplate": handlers.function_template(
                given.get("response") or handlers.vtl_response(source)
            ),
        }
    return {
        "Type": "AWS::AppSync::FunctionConfiguration",
        "DependsOn": "Schema",
        "Properties": {
            "ApiId": _get("Api", "ApiId"),
            "Name": name,
            "DataSourceName": _get(logical_id("source", source), "Name"),
            **own,
        },
    }


def _own(subscriptions: Sequence[SubscriptionCase]) -> dict[str, Any]:
    """Resolvers of the list of items, and of what subscription cases need."""
    none = _get(logical_id("source", "none"), "Name")
    counted = (
        f"{handlers.IMPORTS}export function request(ctx) {{\n  const items = [];\n"
        "  for (const each of 'abcdefghij'.slice(0, ctx.args.count).split('')) {\n    items.push({ number: items.length });\n"
        "  }\n  return { payload: items };\n}\nexport function response(ctx) {\n  return ctx.result;\n}\n"
    )
    said = f"{handlers.IMPORTS}{{request}}export function response(ctx) {{\n  return ctx.result;\n}}\n".replace(
        "{request}", "export function request(ctx) {\n  return { payload: ctx.args };\n}\n"
    )
    resources = {
        "Items": _resolver_of("Query", "items", {**_js_runtime(), "Code": counted, "DataSourceName": none}),
        "Say": _resolver_of("Mutation", "say", {**_js_runtime(), "Code": said, "DataSourceName": none}),
    }
    for case in subscriptions:
        for kind, name, text in case.resolvers:
            if case.language == "js":
                own = {**_js_runtime(), "Code": handlers.javascript_of("none", "return { payload: null };", text)}
            else:
                request = '{"version": "2018-05-29", "payload": null}'
                own = {
                    "RequestMappingTemplate": request,
                    "ResponseMappingTemplate": handlers.function_template(text),
                }
            resources[logical_id(name)] = _resolver_of(kind, name, {**own, "DataSourceName": none})
    return resources
