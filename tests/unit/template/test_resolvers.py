"""Data sources, functions and resolvers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.errors import InvalidTemplate, Place
from livebus.operation import Services
from livebus.resolver import compile_resolver
from livebus.template import Environment, load_application
from livebus.template.application import DataSource, HttpEndpoint, Signing, SourceTable, TemplateText

Line = Callable[..., str]
Load = Callable[..., Any]
Faults = Callable[..., list[str]]

RUNTIME = "Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}"
PIPELINE = f"""
  Step:
    Type: AWS::AppSync::FunctionConfiguration
    Properties:
      ApiId: !GetAtt Api.ApiId
      Name: step
      DataSourceName: none
      {RUNTIME}
      CodeS3Location: code.js

  Whole:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: order
      Kind: PIPELINE
      PipelineConfig: {{Functions: [!GetAtt Step.FunctionId]}}
      {RUNTIME}
      CodeS3Location: code.js

Outputs:
"""


def test_a_unit_resolver(line: Line, load: Load) -> None:
    """Inline code has the template's own lines; a resolver has its data source."""
    (resolver,) = load(line()).apis[0].resolvers
    lines = resolver.code.splitlines()

    assert (resolver.type_name, resolver.field_name, resolver.code_file) == ("Mutation", "publish", "t.yaml")
    assert resolver.data_source == DataSource("none", "NONE", None, "None")
    assert (
        line().splitlines()[lines.index("export function request(ctx) {")].strip() == "export function request(ctx) {"
    )
    assert lines[0] == ""


def test_a_pipeline(line: Line, load: Load) -> None:
    """A pipeline resolver has its functions, and code from a file has that file's own lines."""
    application = load(line(("Outputs:\n", PIPELINE.lstrip("\n"))))
    _, resolver = application.apis[0].resolvers
    (step,) = resolver.functions

    assert (resolver.data_source, resolver.code_file) == (None, "code.js")
    assert (step.name, step.data_source.name, step.code) == ("step", "none", "export function request() {}")
    assert application.files == ("code.js",)


def test_events_from_resolvers(line: Line, load: Load) -> None:
    """A data source that puts events knows its bus."""
    text = line(("Type: NONE", "Type: AMAZON_EVENTBRIDGE\n      EventBridgeConfig: {EventBusArn: !GetAtt Bus.Arn}"))
    (resolver,) = load(text).apis[0].resolvers

    assert resolver.data_source.event_bus_arn == "arn:aws:events:us-east-1:123456789012:event-bus/orders"


ROLE = """
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}

Outputs:
"""


@pytest.mark.parametrize(
    ("config", "member", "expected"),
    [
        ("AWS_LAMBDA\n      LambdaConfig: {LambdaFunctionArn: f}", "function_arn", "f"),
        (
            "AMAZON_DYNAMODB\n      DynamoDBConfig: {TableName: orders, AwsRegion: eu-west-1}",
            "table",
            SourceTable("orders", "eu-west-1", versioned=False),
        ),
        ("HTTP\n      HttpConfig: {Endpoint: https://api.example}", "endpoint", HttpEndpoint("https://api.example")),
        (
            (
                "HTTP\n      HttpConfig:\n        Endpoint: https://api.example\n        AuthorizationConfig:\n"
                "          AuthorizationType: AWS_IAM\n"
                "          AwsIamConfig: {SigningRegion: eu-west-1, SigningServiceName: states}"
            ),
            "endpoint",
            HttpEndpoint("https://api.example", Signing("eu-west-1", "states")),
        ),
    ],
)
def test_a_data_source_has_what_its_type_needs(
    line: Line, load: Load, config: str, member: str, expected: object
) -> None:
    """And the role that AppSync takes for it, where the template makes that role."""
    text = line(
        ("Type: NONE", f"Type: {config}\n      ServiceRoleArn: !GetAtt Reader.Arn"), ("Outputs:\n", ROLE.lstrip("\n"))
    )
    (resolver,) = load(text).apis[0].resolvers
    source = resolver.data_source
    assert getattr(source, member) == expected
    assert [each for each in ("function_arn", "table", "endpoint", "event_bus_arn") if getattr(source, each)] == [
        member
    ]
    assert source.role.name == "reader"


@pytest.mark.parametrize("kind", ["AWS::AppSync::Resolver", "AWS::AppSync::FunctionConfiguration"])
def test_calls_may_be_gathered(line: Line, load: Load, kind: str) -> None:
    """MaxBatchSize is kept, of resolvers and of functions."""
    text = line(("Outputs:\n", PIPELINE.lstrip("\n")))
    at = text.index("Properties:\n", text.index(kind)) + len("Properties:\n")
    unit, pipeline = load(text[:at] + "      MaxBatchSize: 7\n" + text[at:]).apis[0].resolvers
    found = unit if kind.endswith("Resolver") else pipeline.functions[0]
    assert (found.max_batch_size, found.is_direct) == (7, False)


def test_mapping_templates(line: Line, load: Load) -> None:
    """Inline or in a file; each text knows where it begins."""
    text = line()
    code = text[text.index("      Runtime:") : text.index("\n\n", text.index("      Code: |"))]
    inline = "      RequestMappingTemplate: |\n        {}\n      ResponseMappingTemplateS3Location: code.js"
    text = text.replace(code, inline)
    (resolver,) = load(text).apis[0].resolvers
    assert (resolver.code, resolver.code_file) == ("", "")
    request, response = resolver.templates.texts
    at = text.splitlines().index("        {}") + 1
    assert (request.text, request.place.file, request.place.line) == ("{}\n", "t.yaml", at)
    assert response == TemplateText("export function request() {}", Place("code.js", 1, 1))


CODE = "      Code: |"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "Type: NONE",
            "Type: RELATIONAL_DATABASE",
            [
                (
                    "data source type 'RELATIONAL_DATABASE' is not emulated; expected one of NONE, AMAZON_EVENTBRIDGE, "
                    "AMAZON_DYNAMODB, AWS_LAMBDA, HTTP"
                )
            ],
        ),
        (
            "Type: NONE",
            "Type: AMAZON_DYNAMODB\n      DynamoDBConfig: {TableName: orders}",
            ["AWS::AppSync::DataSource 'None', in DynamoDBConfig, has no AwsRegion"],
        ),
        (
            "Type: NONE",
            "Type: AMAZON_DYNAMODB\n      DynamoDBConfig: {TableName: orders, AwsRegion: eu-west-1, Versioned: true}",
            ["data source 'none' is versioned, which is not emulated; expected a table without conflict detection"],
        ),
        (
            "Type: NONE",
            "Type: AWS_LAMBDA",
            ["AWS::AppSync::DataSource 'None', in LambdaConfig, has no LambdaFunctionArn"],
        ),
        ("Type: NONE", "Type: HTTP", ["AWS::AppSync::DataSource 'None', in HttpConfig, has no Endpoint"]),
        (
            "Type: NONE",
            "Type: HTTP\n      HttpConfig: {Endpoint: https://a.b, AuthorizationConfig: {AuthorizationType: BASIC}}",
            ["AuthorizationType is 'BASIC'; expected one of AWS_IAM"],
        ),
        (
            "Type: NONE",
            "Type: HTTP\n      HttpConfig: {Endpoint: api.example}",
            ["Endpoint is 'api.example'; expected https://<host>, without a path"],
        ),
        (
            "Type: NONE",
            "Type: AMAZON_EVENTBRIGDE",
            [
                (
                    "Type is 'AMAZON_EVENTBRIGDE'; expected one of NONE, AMAZON_EVENTBRIDGE, AMAZON_BEDROCK_RUNTIME, "
                    "AMAZON_DYNAMODB, AMAZON_ELASTICSEARCH, AMAZON_OPENSEARCH_SERVICE, AWS_LAMBDA, HTTP, "
                    "RELATIONAL_DATABASE. Did you mean 'AMAZON_EVENTBRIDGE'?"
                )
            ],
        ),
        (
            "Type: NONE",
            "Type: AMAZON_EVENTBRIDGE",
            ["AWS::AppSync::DataSource 'None', in EventBridgeConfig, has no EventBusArn"],
        ),
        ("Name: none", "Name: none-1", ["Name is 'none-1'; expected letters, digits and '_', and no digit first"]),
        ("!GetAtt None.Name", "non", ["data source 'non' is not there. Did you mean 'none'?"]),
        ("!GetAtt None.Name", "x", ["data source 'x' is not there. The API has: 'none'."]),
        (
            "RuntimeVersion: 1.0.0",
            "RuntimeVersion: 2.0.0",
            ["RuntimeVersion is '2.0.0'; expected one of 1.0.0. Did you mean '1.0.0'?"],
        ),
        ("Name: APPSYNC_JS", "Name: NODE", ["Name is 'NODE'; expected one of APPSYNC_JS"]),
        (RUNTIME, "Runtime: APPSYNC_JS", ["Runtime is 'APPSYNC_JS'; expected an object"]),
        (
            RUNTIME,
            "Runtime: {Name: APPSYNC_JS}",
            ["the Runtime of AWS::AppSync::Resolver 'Resolver' has no RuntimeVersion"],
        ),
        (RUNTIME, "Description: x", ["AWS::AppSync::Resolver 'Resolver' has no Runtime"]),
        (
            CODE,
            "      RequestMappingTemplate: '{}'\n" + CODE,
            [
                (
                    "'Resolver' has Code and Runtime and RequestMappingTemplate; expected Code and Runtime, or mapping "
                    "templates"
                )
            ],
        ),
        (
            CODE,
            "      CodeS3Location: kode.js\n      Description: |",
            ["'kode.js' is not there. See the paths in the template."],
        ),
        (CODE, "      CodeS3Location: ''\n      Description: |", ["CodeS3Location is ''; expected the name of a file"]),
        (
            CODE,
            '      CodeS3Location: "a\\0b"\n      Description: |',
            ["CodeS3Location is 'a\\x00b'; expected the name of a file"],
        ),
        (
            CODE,
            "      Cod: |",
            [
                "'Resolver' has neither Code nor CodeS3Location",
                "Encountered unsupported property Cod. Did you mean 'Code'?",
            ],
        ),
        (
            "FieldName: publish",
            "Field: publish",
            [("AWS::AppSync::Resolver 'Resolver' has no FieldName. Is 'Field' meant to be 'FieldName'?")],
        ),
        (
            "FieldName: publish",
            "FieldName: publish\n      MaxBatchSize: -1",
            ["MaxBatchSize is -1; expected a number from 0 to 2000"],
        ),
        (
            "FieldName: publish",
            "FieldName: publish\n      MaxBatchSize: 2001",
            ["MaxBatchSize is 2001; expected a number from 0 to 2000"],
        ),
        (
            "FieldName: publish",
            "FieldName: publish\n      Kind: PIPELINES",
            ["Kind is 'PIPELINES'; expected one of UNIT, PIPELINE. Did you mean 'PIPELINE'?"],
        ),
        (
            "FieldName: publish",
            "FieldName: publish\n      Kind: PIPELINE\n      PipelineConfig: {Functions: [x]}",
            ["function 'x' is not there; expected the FunctionId of a function of this API"],
        ),
        (
            "Outputs:",
            (
                "  Again:\n    Type: AWS::AppSync::Resolver\n    Properties: {ApiId: !GetAtt Api.ApiId, TypeName: "
                f"Mutation, FieldName: publish, DataSourceName: none, {RUNTIME}, Code: x}}\nOutputs:"
            ),
            ["Mutation.publish has a resolver already: 'Resolver'"],
        ),
        (
            "Outputs:",
            (
                "  Again:\n    Type: AWS::AppSync::DataSource\n    Properties: {ApiId: !GetAtt Api.ApiId, Name: none, "
                "Type: NONE}\nOutputs:"
            ),
            ["the API has another data source 'none'"],
        ),
    ],
)
def test_faults(line: Line, faults: Faults, old: str, new: str, expected: list[str]) -> None:
    """What AppSync refuses, and what it has and we have not, is told by its name."""
    assert [fault.split(": ", 1)[1] for fault in faults(line((old, new)))] == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("!GetAtt None.Name", "non", ["data source 'non' is not there. Did you mean 'none'?"]),
        (
            "DataSourceName: !GetAtt None.Name, ",
            "",
            ["AWS::AppSync::FunctionConfiguration 'Step' has no DataSourceName"],
        ),
        (
            "!GetAtt None.Name",
            "!Ref None",
            ["this is the ARN of AWS::AppSync::DataSource 'None'. Write !GetAtt None.Name."],
        ),
        (
            "!GetAtt None.Name",
            "None",
            ["this is the logical id of AWS::AppSync::DataSource 'None'. Write !GetAtt None.Name."],
        ),
        (
            "!GetAtt None.Name",
            "!GetAtt Foreign.Name",
            ["AWS::AppSync::DataSource 'Foreign' is of another API. The API has: 'none'."],
        ),
        ("Name: none, Type", "Type", ["AWS::AppSync::DataSource 'None' has no Name"]),
        (", Type: NONE}", "}", ["AWS::AppSync::DataSource 'None' has no Type"]),
        (
            "{ApiId: !GetAtt Api.ApiId, Name: none,",
            "{ApiId: x, Name: none,",
            [("ApiId 'x' is not an API of this template. Write !GetAtt, the API's logical id, and .ApiId behind it.")],
        ),
        (
            "[!GetAtt Step.FunctionId]",
            "[!Ref Step]",
            [
                (
                    "this is the ARN of AWS::AppSync::FunctionConfiguration 'Step'; expected the FunctionId of a function of "
                    "this API. Write !GetAtt Step.FunctionId."
                )
            ],
        ),
        (
            "[!GetAtt Step.FunctionId]",
            "[!GetAtt Step.Name]",
            [
                (
                    "this is the Name of AWS::AppSync::FunctionConfiguration 'Step'; expected the FunctionId of a function of "
                    "this API. Write !GetAtt Step.FunctionId."
                )
            ],
        ),
        (
            "[!GetAtt Step.FunctionId]",
            "[!GetAtt ForeignStep.FunctionId]",
            [
                (
                    "AWS::AppSync::FunctionConfiguration 'ForeignStep' is of another API; expected the FunctionId of a "
                    "function of this API"
                )
            ],
        ),
    ],
)
def test_what_a_pipeline_lacks(faults: Faults, old: str, new: str, expected: list[str]) -> None:
    """A data source or a function that is wrong is told once, where it is wrong, and by names that the template has."""
    code = f"{RUNTIME}, Code: x"
    text = f"""Resources:
  Api: {{Type: AWS::AppSync::GraphQLApi, Properties: {{Name: a, AuthenticationType: AWS_IAM}}}}
  Schema: {{Type: AWS::AppSync::GraphQLSchema, Properties: {{ApiId: !GetAtt Api.ApiId, Definition: "type Query {{ a: Int }}"}}}}
  None: {{Type: AWS::AppSync::DataSource, Properties: {{ApiId: !GetAtt Api.ApiId, Name: none, Type: NONE}}}}
  Step: {{Type: AWS::AppSync::FunctionConfiguration, Properties: {{ApiId: !GetAtt Api.ApiId, Name: step, DataSourceName: !GetAtt None.Name, {code}}}}}
  Resolver: {{Type: AWS::AppSync::Resolver, Properties: {{ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: a, Kind: PIPELINE, PipelineConfig: {{Functions: [!GetAtt Step.FunctionId]}}, {code}}}}}
  Other: {{Type: AWS::AppSync::GraphQLApi, Properties: {{Name: o, AuthenticationType: AWS_IAM}}}}
  OtherSchema: {{Type: AWS::AppSync::GraphQLSchema, Properties: {{ApiId: !GetAtt Other.ApiId, Definition: "type Query {{ a: Int }}"}}}}
  Foreign: {{Type: AWS::AppSync::DataSource, Properties: {{ApiId: !GetAtt Other.ApiId, Name: foreign, Type: "NONE"}}}}
  ForeignStep: {{Type: AWS::AppSync::FunctionConfiguration, Properties: {{ApiId: !GetAtt Other.ApiId, Name: foreignStep, DataSourceName: !GetAtt Foreign.Name, {code}}}}}
"""
    assert text.count(old) == 1

    assert [fault.split(": ", 1)[1] for fault in faults(text.replace(old, new))] == expected


DIRECT = """
  Asking:
    Type: AWS::AppSync::Resolver
    Properties: {ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: a, DataSourceName: !Ref Shared}

"""
ELSEWHERE = """
  Audited:
    Type: AWS::AppSync::FunctionConfiguration
    Properties:
      ApiId: !GetAtt Api.ApiId
      Name: audited
      DataSourceName: !ImportValue shared-source
      Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}
      CodeS3Location: code.js

  Whole:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: order
      Kind: PIPELINE
      PipelineConfig: {Functions: [!GetAtt Audited.FunctionId, !ImportValue audit, abcdefghijklmnopqrstuvwxyz]}
      Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}
      CodeS3Location: code.js

  Unit:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: orders
      DataSourceName: !ImportValue shared-source
      Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}
      CodeS3Location: code.js

Outputs:
"""
NEEDED = [
    (
        "AWS::AppSync::FunctionConfiguration 'Audited' uses the data source '{{resolve:export:shared-source}}', "
        "which is not in this template"
    ),
    "AWS::AppSync::Resolver 'Whole' runs the function '{{resolve:export:audit}}', which is not in this template",
    "AWS::AppSync::Resolver 'Whole' runs the function 'abcdefghijklmnopqrstuvwxyz', which is not in this template",
    "AWS::AppSync::Resolver 'Unit' uses the data source '{{resolve:export:shared-source}}', which is not in this template",
]


def test_what_another_stack_has_is_no_mistake(line: Line, load: Load) -> None:
    """
    AppSync takes data sources and functions that another stack made; their fields fail here, and all else runs.

    A function of this template that needs one makes the pipelines that run it such, and is told once.
    """
    text = line(("Outputs:\n", ELSEWHERE.lstrip("\n")))
    environment = Environment(assumes_exports=True)
    application = load_application(text, file="t.yaml", read_file=lambda _: "x", environment=environment)
    known, whole, unit = application.apis[0].resolvers
    assert known.elsewhere == ()
    assert [fault.found for fault in whole.elsewhere] == NEEDED[:3]
    assert [fault.found for fault in unit.elsewhere] == NEEDED[3:]
    assert {fault.not_emulated for fault in (*whole.elsewhere, *unit.elsewhere)} == {True}
    told = [each for each in application.warnings if "not in this template" in each]
    assert told == [str(fault) for fault in (*whole.elsewhere, *unit.elsewhere)]
    error = compile_resolver(whole).run({}, Services(0.0, str)).error
    assert error.error_type == "NotEmulated"
    assert error.message == f"The resolver is not emulated by the local runtime: {'; '.join(NEEDED[:3])}"


def test_the_texts_of_what_cannot_be_run_are_kept(line: Line) -> None:
    """Checks look at them all the same."""
    text = line(("Outputs:\n", ELSEWHERE.lstrip("\n")))
    at = text.index("      Runtime:", text.index("  Unit:"))
    text = text[:at] + '      RequestMappingTemplate: "{}"\n\nOutputs:\n' + text.rpartition("Outputs:\n")[2]
    environment = Environment(assumes_exports=True)
    application = load_application(text, file="t.yaml", read_file=lambda _: "x", environment=environment)
    (*_, unit) = application.apis[0].resolvers
    assert [template.text for template in unit.templates.texts if template] == ["{}"]


def test_a_name_that_is_known_and_not_there_is_a_mistake(line: Line, faults: Faults) -> None:
    """The template's own API has no other data sources or functions when it is made."""
    text = line(("Outputs:\n", ELSEWHERE.lstrip("\n")))
    text = text.replace("!ImportValue audit, abcdefghijklmnopqrstuvwxyz", "audit")
    text = text.replace("!ImportValue shared-source", "shared")
    assert [fault.split(": ", 1)[1] for fault in faults(text)] == [
        "data source 'shared' is not there. The API has: 'none'.",
        "function 'audit' is not there; expected the FunctionId of a function of this API",
        "data source 'shared' is not there. The API has: 'none'.",
    ]


def test_what_a_stack_beside_it_gives_is_no_mistake_either(line: Line) -> None:
    """Its values are known there, and are no names of this template's all the same."""
    text = line(("Outputs:\n", ELSEWHERE.lstrip("\n"))).replace("audit, abc", "audit, !GetAtt Audited.FunctionId, abc")
    environment = Environment(exports={"shared-source": "shared", "audit": "check"})
    application = load_application(text, file="t.yaml", read_file=lambda _: "x", environment=environment)
    _, whole, unit = application.apis[0].resolvers
    assert [fault.found.partition(" uses ")[2] or fault.found.partition(" runs ")[2] for fault in whole.elsewhere] == [
        "the data source 'shared', which is not in this template",  # once, though two steps need it
        "the function 'check', which is not in this template",
        "the function 'abcdefghijklmnopqrstuvwxyz', which is not in this template",
    ]
    assert len(unit.elsewhere) == 1


def test_of_a_data_source_whose_parameter_has_no_value_nothing_more_is_told(line: Line, faults: Faults) -> None:
    """It may be a function, which is invoked without code."""
    text = line(
        ("Resources:\n", "Resources:\n" + DIRECT.lstrip("\n")),
        ("Parameters:\n  Source:", "Parameters:\n  Shared: {Type: String}\n  Source:"),
    )
    assert faults(text) == [
        (
            "t.yaml:3:3 (Parameters/Shared): Parameters: [Shared] must have values. "
            "Give it one with --set Shared=… or add a Default."
        )
    ]


def test_a_batch_is_held_whatever_the_data_source_is(line: Line) -> None:
    """AppSync's bound does not depend on what another stack has."""
    text = line(("Outputs:\n", ELSEWHERE.lstrip("\n")))
    text = text.replace(
        "      DataSourceName: !ImportValue", "      MaxBatchSize: 2001\n      DataSourceName: !ImportValue"
    )
    with pytest.raises(InvalidTemplate) as raised:
        load_application(text, file="t.yaml", read_file=lambda _: "x", environment=Environment(assumes_exports=True))
    assert [fault.expected for fault in raised.value.faults] == ["a number from 0 to 2000"] * 2
