"""
Applications that strangers might hand in: small in bytes, large in what they ask for. Each grows with a number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """type Query { placeholder: String }
type Mutation { put(msg: String!): String! @aws_iam }
type Subscription { on: String @aws_subscribe(mutations: ["put"]) }
"""
_CODE = """export function request(ctx) { return { payload: ctx.arguments.msg }; }
export function response(ctx) { return ctx.result; }
"""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A template (text, or an object), a schema, a file of events."""

    template: str | Mapping[str, Any]
    schema: str = SCHEMA
    events: str = ""

    def written(self, folder: Path) -> Path:
        """Write it into a folder; the template's path."""
        text = self.template if isinstance(self.template, str) else json.dumps(self.template)
        (folder / "template.yaml").write_text(text, encoding="utf-8")
        (folder / "schema.graphql").write_text(self.schema, encoding="utf-8")
        if self.events:
            (folder / "events").mkdir()
            (folder / "events" / "events.json").write_text(self.events, encoding="utf-8")
        return folder / "template.yaml"


def template(change: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, Any]:
    """A sound template, with a change made to it."""
    api = {"ApiId": {"Fn::GetAtt": ["Api", "ApiId"]}}
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus"}},
            "Api": {
                "Type": "AWS::AppSync::GraphQLApi",
                "Properties": {"Name": "api", "AuthenticationType": "AWS_IAM"},
            },
            "Schema": {
                "Type": "AWS::AppSync::GraphQLSchema",
                "Properties": {**api, "DefinitionS3Location": "schema.graphql"},
            },
            "None": {"Type": "AWS::AppSync::DataSource", "Properties": {**api, "Name": "none", "Type": "NONE"}},
            "Put": {
                "Type": "AWS::AppSync::Resolver",
                "DependsOn": "Schema",
                "Properties": {
                    **api,
                    "TypeName": "Mutation",
                    "FieldName": "put",
                    "DataSourceName": {"Fn::GetAtt": ["None", "Name"]},
                    "Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"},
                    "Code": _CODE,
                },
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "events.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            }
                        ],
                    },
                    "Policies": [
                        {
                            "PolicyName": "put",
                            "PolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": [
                                    {
                                        "Effect": "Allow",
                                        "Action": "appsync:GraphQL",
                                        "Resource": {"Fn::Sub": "${Api.Arn}/types/Mutation/fields/put"},
                                    }
                                ],
                            },
                        }
                    ],
                },
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "Name": "rule",
                    "EventBusName": {"Ref": "Bus"},
                    "EventPattern": {"source": ["s"], "detail": {"msg": [{"prefix": ""}]}},
                    "Targets": [
                        {
                            "Id": "target",
                            "Arn": {"Fn::GetAtt": ["Api", "GraphQLEndpointArn"]},
                            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                            "InputTransformer": {
                                "InputPathsMap": {"msg": "$.detail.msg"},
                                "InputTemplate": '{"msg": <msg>}',
                            },
                            "AppSyncParameters": {"GraphQLOperation": "mutation P($msg: String!) { put(msg: $msg) }"},
                        }
                    ],
                },
            },
        },
        "Outputs": {"Value": {"Value": {"Ref": "Bus"}}},
    }
    change(document)
    return document


def output(value: Any, **sections: Any) -> Hostile:
    """A template that evaluates a value for an output."""

    def change(document: dict[str, Any]) -> None:
        document["Outputs"]["Value"]["Value"] = value
        document.update(sections)

    return Hostile(template(change))


def target(**members: Any) -> Hostile:
    """A template whose target has other members."""

    def change(document: dict[str, Any]) -> None:
        found = document["Resources"]["Rule"]["Properties"]["Targets"][0]
        del found["InputTransformer"]
        found.update(members)

    return Hostile(template(change))


def operation(text: str) -> Hostile:
    """A template whose target runs another operation."""
    return target(AppSyncParameters={"GraphQLOperation": text})


def pattern(value: Any) -> Hostile:
    """A template whose rule has another pattern."""
    return Hostile(template(lambda document: document["Resources"]["Rule"]["Properties"].update(EventPattern=value)))


def schema(text: str) -> Hostile:
    """A sound template with another schema, whose Query and Mutation are there."""
    return Hostile(template(), f"type Mutation {{ put(msg: String!): String! }}\ntype Query {{ a: String }}\n{text}")


def joined(items: list[Any]) -> Any:
    return {"Fn::Join": ["", items]}


def _nested(function: str, times: int, value: Any) -> Any:
    for _ in range(times):
        value = {function: [value] if function == "Fn::ToJsonString" else value}
    return value


def _listed(form: str, count: int, between: str = " ") -> str:
    return between.join(form.replace("#", str(index)) for index in range(count))


def _keyed(value: object) -> object:
    """A value below eighty keys, each about as long as YAML reads one."""
    for _ in range(80):
        value = {"k" * 1000: value}
    return value


def _resource(value: object, kind: str = "AWS::SNS::Topic", name: str = "Tags") -> Hostile:
    added = {"Added": {"Type": kind, "Properties": {name: value}}}
    return Hostile(template(lambda document: document["Resources"].update(added)))


# By name, what asks for much in about so many bytes.
GROWING: Mapping[str, Callable[[int], Hostile]] = {
    "base64 in base64": lambda size: output(_nested("Fn::Base64", 90, "x" * (size // 2))),
    "a mapping joined": lambda size: output(
        joined([{"Fn::FindInMap": ["M", "a", "b"]}] * (size // 80)), Mappings={"M": {"a": {"b": "x" * (size // 2)}}}
    ),
    "a mapping split": lambda size: output(
        joined([{"Fn::Join": ["", {"Fn::Split": [",", {"Fn::FindInMap": ["M", "a", "b"]}]}]}] * (size // 150)),
        Mappings={"M": {"a": {"b": "," * (size // 2)}}},
    ),
    "a variable substituted": lambda size: output({"Fn::Sub": ["${x}" * (size // 8), {"x": "y" * (size // 2)}]}),
    "wrong references": lambda size: output(joined([{"Ref": f"NotThere{index}"} for index in range(size // 26)])),
    "resources": lambda size: Hostile(
        template(
            lambda document: document["Resources"].update(
                {f"R{index}": {"Type": "AWS::SNS::Topic"} for index in range(size // 40)}
            )
        )
    ),
    "an alias of an alias": lambda size: Hostile(
        "a: &a0 [x]\n" + "".join(f"b{i}: &a{i} [{_listed(f'*a{i - 1}', 9, ',')}]\n" for i in range(1, size // 70 + 1))
    ),
    "a long text by aliases": lambda size: Hostile(
        f"Metadata:\n  a: &a {'x' * (size // 2)}\n  b: [{_listed('*a', size // 6, ',')}]\n"
    ),
    "brackets": lambda size: Hostile("[" * size),
    "an allowed pattern": lambda size: output(
        "x", Parameters={"P": {"Type": "String", "AllowedPattern": "(a{999}){999}|" * (size // 14), "Default": "a"}}
    ),
    "equal fields": lambda size: operation(f"mutation P {{ {'put ' * (size // 4)} }}"),
    "fields of other names": lambda size: operation(f"mutation P {{ {_listed('pot#', size // 8)} }}"),
    "fragments of fragments": lambda size: operation(
        "mutation P { ...F0 }" + _listed("fragment F# on Mutation { ...F1 ...F# }", size // 45)
    ),
    "variables": lambda size: operation(f"mutation P({_listed('$v#: Int', size // 14)}) {{ put }}"),
    "a nested list": lambda size: operation(f"mutation P {{ put(msg: {'[' * (size // 2)}{']' * (size // 2)}) }}"),
    "placeholders": lambda size: target(
        InputTransformer={
            "InputPathsMap": {f"p{index}": f"$.detail.p{index}" for index in range(size // 40)},
            "InputTemplate": "{ " + _listed('"p#": <p#>', size // 40, ", ") + " }",
        }
    ),
    "a constant input": lambda size: target(Input="[" * size),
    "values of a pattern": lambda size: pattern({"source": [f"s{index}" for index in range(size // 10)]}),
    "alternatives of a pattern": lambda size: pattern(
        {"detail": {f"k{index}": {"$or": [{"a": [1]}, {"b": [2]}]} for index in range(size // 50)}}
    ),
    "wildcards": lambda size: pattern({"source": [{"wildcard": "*a" * (size // 2)}]}),
    "missing types": lambda size: schema(_listed("type T# { a: Missing# }", size // 31)),
    "interfaces": lambda size: schema(
        _listed("interface I# { a: Int }", 400)
        + _listed(f"type T# implements {_listed('I#', 400, ' & ')} {{ a: Int }}", max(1, size // 2800))
    ),
    "values of an enum": lambda size: schema(f"enum E {{ {_listed('V#', size // 8)} }}"),
    "one value of an enum": lambda size: schema(f"enum E {{ {'V ' * (size // 2)} }}"),
    "one member of a union": lambda size: schema(f"type T {{ a: Int }} union U = {'T|' * (size // 2)}T"),
    "inputs in inputs": lambda size: schema(_listed("input I# { a: I1! b: I#! c: I2! }", size // 40)),
    "unknown directives": lambda size: schema(f"type T {{ a: Int {_listed('@aws_subscrib#', size // 20)} }}"),
    "unknown mutations": lambda size: Hostile(
        template(),
        f"type Query {{ a: Int }} type Mutation {{ {_listed('putOne#: Int', size // 40)} }} type Subscription {{"
        " on: Int @aws_subscribe(mutations: [" + _listed('"putOme#"', size // 26) + "]) }",
    ),
    "subscriptions of one mutation": lambda size: Hostile(
        template(),
        "type Query { a: String } type Mutation { put(msg: String!): String! } type Subscription {"
        + _listed('s#: String @aws_subscribe(mutations: ["put"])\n', size // 50)
        + "}",
    ),
    "fields that extend a type": lambda size: schema(_listed("extend type Query { a#: Int }", size // 33)),
    "descriptions": lambda size: schema(
        _listed('"long" type T# { a: Int }', size // 30) + f'"{"x" * (size // 2)}" scalar S'
    ),
    "suppressions": lambda size: Hostile(
        template(
            lambda document: document.update(
                Metadata={"Livebus": {"Ignore": [{"Id": f"W9{index}"} for index in range(size // 20)]}}
            )
        )
    ),
    "faults below long keys": lambda size: _resource(
        _keyed([{"Ref": f"No{index}"} for index in range((size - 80_000) // 19)])
    ),
    "events of a function by a SAM API": lambda size: _resource(
        {
            f"E{index}": {"Type": "Api", "Properties": {"Path": f"/{index}", "Method": "get"}}
            for index in range(size // 75)
        },
        "AWS::Serverless::Function",
        "Events",
    ),
    "events that are none": lambda size: Hostile(
        template(), events=json.dumps([{"Source": 1, "Fault": index} for index in range(size // 32)])
    ),
    "deep details": lambda size: Hostile(
        template(),
        events=json.dumps(
            [{"Source": "s", "DetailType": "d", "EventBusName": "bus", "Detail": "[" * (size // 3) + "]" * (size // 3)}]
        ),
    ),
    "digits of a detail": lambda size: Hostile(
        template(),
        events=json.dumps(
            [{"Source": "s", "DetailType": "d", "EventBusName": "bus", "Detail": '{"msg":' + "9" * size + "}"}]
        ),
    ),
    "events": lambda size: Hostile(
        template(),
        events=json.dumps(
            [{"Source": "s", "DetailType": "d", "EventBusName": "bus", "Detail": '{"msg":"x"}'}] * (size // 90)
        ),
    ),
}
