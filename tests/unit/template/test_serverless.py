"""
AWS::Serverless::GraphQLApi: what is made of it is what the SAM transform makes of it, and faults stand where it is written.
"""

from __future__ import annotations

from typing import Any

import pytest
from boto3.session import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from livebus.errors import NOWHERE, InvalidTemplate
from livebus.template import Environment, load_application
from livebus.template.document import read_document
from livebus.template.serverless import expanded

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Conditions:
  Wanted: !Equals [a, a]
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Condition: Wanted
    Properties:
      Name: orders
      QueryDepthLimit: 5
      Auth:
        Type: AMAZON_COGNITO_USER_POOLS
        UserPool:
          UserPoolId: !Ref Pool
          AwsRegion: !Ref AWS::Region
          DefaultAction: ALLOW
        Additional:
          - Type: AWS_IAM
          - Type: API_KEY
          - Type: AMAZON_COGNITO_USER_POOLS
            UserPool:
              UserPoolId: us-east-1_Another01
              DefaultAction: DENY
      SchemaInline: |
        type Query {
          order: String
        }
        type Mutation {
          publish(msg: String!): String
          other: String
        }
      ApiKeys:
        Visitors:
          Description: Visitors
          ExpiresOn: 1893456000
      DataSources:
        Lambda:
          Worker:
            FunctionArn: arn:aws:lambda:us-east-1:123456789012:function:worker
            ServiceRoleArn: arn:aws:iam::123456789012:role/worker
          Other:
            Description: another function
            FunctionArn: arn:aws:lambda:us-east-1:123456789012:function:other
        DynamoDb:
          Stock:
            TableName: !Ref Goods
            TableArn: !GetAtt Goods.Arn
          Prices:
            Name: prices
            TableName: prices
            Region: eu-west-1
            Permissions: [Read]
            UseCallerCredentials: true
      Functions:
        Pass:
          Runtime: {Name: APPSYNC_JS, Version: 1.0.0}
          DataSource: None
          InlineCode: |
            export function request(ctx) {
              return { payload: ctx.args.msg };
            }
            export function response(ctx) {
              return ctx.result;
            }
        Work:
          Name: work
          Runtime: {Name: APPSYNC_JS, Version: 1.0.0}
          DataSource: Worker
          CodeUri: ./work.js
          MaxBatchSize: 5
        Elsewhere:
          Id: abcdef
      Resolvers:
        Mutation:
          publish:
            Pipeline: [Pass]
          Other:
            FieldName: other
            Runtime: {Name: APPSYNC_JS, Version: 1.0.0}
            InlineCode: |
              export function request() {
                return {};
              }
              export function response(ctx) {
                return ctx.prev.result;
              }
            Pipeline: [Pass, Elsewhere, Work]
  Pool:
    Type: AWS::Cognito::UserPool
  Goods:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""

# Data sources without roles of their own, and a Lambda authorizer: SAM makes roles and permissions.
SOURCES = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::DynamoDB::Table
  Worker:
    Type: AWS::Lambda::Function
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      Auth:
        Type: AWS_LAMBDA
        LambdaAuthorizer: {AuthorizerUri: !GetAtt Worker.Arn}
        Additional:
          - Type: AWS_IAM
      SchemaInline: "type Query { order: String }"
      DataSources:
        DynamoDb:
          Orders:
            TableName: !Ref Table
            TableArn: !GetAtt Table.Arn
            Description: what was ordered
          Elsewhere:
            Name: other
            TableName: !Ref Table
            Region: eu-west-1
            Permissions: [Read]
            UseCallerCredentials: true
          Given:
            TableName: !Ref Table
            ServiceRoleArn: arn:aws:iam::123456789012:role/given
        Lambda:
          Ask:
            FunctionArn: !GetAtt Worker.Arn
"""

# What SAM adds and nothing here reads, and the code that it gives resolvers without any: ours does the same in other words.
_UNREAD = ("Tags", "LogConfig")


def _by_sam(text: str) -> dict[str, Any]:
    document = read_document(text, "template.yaml")
    translator = Translator({}, Parser(), boto_session=Session(region_name="us-east-1"))
    translated = translator.translate(document.body, parameter_values={})
    return dict(translated["Resources"])


def _compared(resources: dict[str, Any]) -> dict[str, Any]:
    compared = {}
    for logical_id, body in resources.items():
        properties = {name: value for name, value in body.get("Properties", {}).items() if name not in _UNREAD}
        if logical_id == "ApiMutationpublish":
            properties.pop("Code")
        depends = body.get("DependsOn", [])
        compared[logical_id] = {
            "Type": body["Type"],
            "Condition": body.get("Condition"),
            "DependsOn": [depends] if isinstance(depends, str) else depends,
            "Properties": properties,
        }
    return compared


def test_what_is_made_is_what_sam_makes() -> None:
    """Logical ids, types, properties, conditions and dependencies are those of the SAM translator."""
    document = read_document(TEMPLATE, "template.yaml")
    expected = _compared(_by_sam(TEMPLATE))

    actual = _compared(expanded(document).body["Resources"])

    assert expected == actual


def test_data_sources_have_the_roles_that_sam_makes() -> None:
    """With their policies; of a source that names its role none. A Lambda authorizer may be invoked."""

    def whole(resources: dict[str, Any]) -> dict[str, Any]:
        return {
            logical_id: (body["Type"], body["Properties"])
            for logical_id, body in resources.items()
            if "DataSource" in logical_id or body["Type"] == "AWS::Lambda::Permission"
        }

    actual = whole(expanded(read_document(SOURCES, "template.yaml")).body["Resources"])

    assert whole(_by_sam(SOURCES)) == actual
    assert len(actual) == 11


def test_a_template_without_such_an_api_is_left_alone() -> None:
    """Where there is nothing to expand, the document is the very same."""
    document = read_document("Resources:\n  Pool:\n    Type: AWS::Cognito::UserPool\n", "template.yaml")

    assert document is expanded(document)


def test_members_keep_their_places() -> None:
    """The place of a made property is where the user wrote it."""
    document = expanded(read_document(TEMPLATE, "template.yaml"))
    lines = TEMPLATE.splitlines()

    def line(*path: str | int) -> str:
        return lines[(document.place(("Resources", *path)).line or 0) - 1].strip()

    assert line("ApiSchema", "Properties", "Definition") == "type Query {"
    assert line("Api", "Properties", "AdditionalAuthenticationProviders", 1, "AuthenticationType") == "- Type: API_KEY"
    assert (
        lines[(document.place(("Resources", "ApiPass", "Properties", "Code")).line or 0)].strip()
        == "return { payload: ctx.args.msg };"
    )
    assert line("ApiWork", "Properties", "DataSourceName") == "DataSource: Worker"
    assert line("ApiMutationpublish") == "publish:"


def _faults(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(InvalidTemplate) as raised:
        load_application(text, file="template.yaml", read_file=lambda _: "", environment=Environment())
    return [(fault.found, fault.place.line) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Pipeline: [Pass]", "Pipeline: [Past]", "Function 'Past' does not exist."),
        (
            "Pipeline: [Pass]",
            "Caching: {Ttl: 5}",
            "Resolver 'publish' must have Pipeline defined. Unit resolvers are not supported.",
        ),
        (
            "QueryDepthLimit: 5",
            "DepthLimit: 5",
            "property DepthLimit not defined for resource of type AWS::Serverless::GraphQLApi",
        ),
        ("DataSource: Worker", "DataSource: Worked", "data source 'Worked' is not there"),
        ("      Functions:\n", "      Functions: []\n      Tags:\n", "Functions is a list"),
        ("Transform: AWS::Serverless-2016-10-31\n", "", "Unrecognized resource types: [AWS::Serverless::GraphQLApi]"),
    ],
)
def test_what_sam_refuses_is_told_at_its_line(old: str, new: str, found: str) -> None:
    """A fault names what is wrong, and stands at the line where it is written."""
    assert TEMPLATE.count(old) == 1
    text = TEMPLATE.replace(old, new)
    part = new.strip().split("\n")[0] or "Type: AWS::Serverless::GraphQLApi"
    expected = next(number for number, line in enumerate(text.splitlines(), 1) if part in line)

    faults = dict(_faults(text))

    assert found in faults
    assert faults[found] in (expected, expected - 1)


def test_the_api_runs_here() -> None:
    """A resolver without code of its own is a pipeline that gives what its last function gives."""
    text = TEMPLATE.replace("DataSource: Worker", "DataSource: none").replace("CodeUri: ./work.js", "InlineCode: x")
    text = text[: text.index("      DataSources:")] + text[text.index("      Functions:") :]
    text = text.replace(", Elsewhere, Work]", "]")
    application = load_application(text, file="t", read_file=lambda _: "", environment=Environment())

    (api,) = application.apis

    assert [resolver.field_name for resolver in api.resolvers] == ["publish", "other"]
    assert [function.name for function in api.resolvers[0].functions] == ["Pass"]
    assert "ctx.prev.result" in api.resolvers[0].code
    assert [each.mode for each in api.providers[:3]] == ["AMAZON_COGNITO_USER_POOLS", "AWS_IAM", "API_KEY"]
    assert [each.default_action for each in api.providers if each.user_pool_id] == [("ALLOW"), None]
    assert api.schema_place != NOWHERE


def test_what_has_another_name_stands_where_it_was_written() -> None:
    """Ways in, settings and versions: a fault of the expanded template is told at SAM's own line."""
    text = """Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      Auth:
        Type: API_KEY
        Additional:
          - Type: AWS_IAM
          - UserPool:
              UserPoolId: p
      Logging:
        FieldLogLevel: ERROR
      SchemaInline: "type Query { a: String }"
      Functions:
        step:
          Runtime:
            Name: APPSYNC_JS
            Version: 1.0.0
          DataSource: none
          InlineCode: x
"""
    document = expanded(read_document(text, "t.yaml"))

    def line(*path: str | int) -> int | None:
        assert path in document.places, path
        return document.place(path).line

    api = ("Resources", "Api", "Properties")
    assert line(*api, "AuthenticationType") == 7
    assert line(*api, "AdditionalAuthenticationProviders") == 8
    assert line(*api, "AdditionalAuthenticationProviders", 0, "AuthenticationType") == 9
    assert line(*api, "AdditionalAuthenticationProviders", 1, "UserPoolConfig") == 10
    assert line(*api, "AdditionalAuthenticationProviders", 1, "UserPoolConfig", "UserPoolId") == 11
    assert line(*api, "LogConfig", "FieldLogLevel") == 13
    versions = {document.places[path] for path in document.places if path[-1] == "RuntimeVersion"}
    assert [row for row, _ in versions] == [19]
