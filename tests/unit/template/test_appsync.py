"""GraphQL APIs, their ways in and their schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.template.application import AuthProvider

Line = Callable[..., str]
Load = Callable[..., Any]
Faults = Callable[..., list[str]]

ADDITIONAL = "- AuthenticationType: API_KEY"


def test_an_api(line: Line, load: Load) -> None:
    """An API has its URLs, its ways in, its keys and its schema with the line where that begins."""
    (api,) = load(line()).apis

    assert (api.name, api.graphql_url, api.realtime_url) == (
        "orders",
        "http://127.0.0.1:4566/graphql",
        "ws://127.0.0.1:4566/graphql",
    )
    assert [provider.mode for provider in api.providers] == ["AWS_IAM", "API_KEY"]
    assert [key[:4] for key in api.api_keys] == ["da2-"]
    assert api.schema.startswith("type Order")
    assert line().splitlines()[api.schema_place.line - 1].strip().startswith("type Order")
    assert (api.introspection, api.query_depth_limit, api.resolver_count_limit) == (True, 0, 0)


def test_a_schema_from_a_file(line: Line, load: Load) -> None:
    """A schema in a file has that file's own lines."""
    text = line(("      Definition: |", "      DefinitionS3Location: schema.graphql\n      Description: |"))
    application = load(text)

    assert (application.apis[0].schema, str(application.apis[0].schema_place)) == (
        "type Query { a: String }",
        "schema.graphql:1:1",
    )
    assert application.files == ("schema.graphql",)
    assert [warning.split(": ", 1)[1] for warning in application.warnings] == [
        "Encountered unsupported property Description of AWS::AppSync::GraphQLSchema 'Schema'"
    ]


def test_settings(line: Line, load: Load) -> None:
    """Limits, introspection and variables are read."""
    settings = (
        "Name: orders\n      QueryDepthLimit: '5'\n      ResolverCountLimit: 7\n      IntrospectionConfig: DISABLED"
    )
    settings += "\n      EnvironmentVariables: {STAGE: dev, NUMBER: 1}\n      Authen"
    (api,) = load(line(("Name: orders\n      Authen", settings))).apis

    assert (api.query_depth_limit, api.resolver_count_limit, api.introspection) == (5, 7, False)
    assert api.environment_variables == {"STAGE": "dev", "NUMBER": "1"}


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (
            "{AuthenticationType: AMAZON_COGNITO_USER_POOLS, UserPoolConfig: {UserPoolId: p, AppIdClientRegex: r}}",
            AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id="p", app_id_client_regex="r"),
        ),
        (
            "{AuthenticationType: OPENID_CONNECT, OpenIDConnectConfig: {Issuer: i, ClientId: c}}",
            AuthProvider("OPENID_CONNECT", issuer="i", client_id="c"),
        ),
        ("{AuthenticationType: API_KEY}", AuthProvider("API_KEY")),
    ],
)
def test_ways_in(line: Line, load: Load, provider: str, expected: AuthProvider) -> None:
    """Each mode has its own members."""
    assert load(line((ADDITIONAL, f"- {provider}"))).apis[0].additional_providers == (expected,)


def test_a_user_pool_of_another_stack(line: Line, load: Load) -> None:
    """Whoever relies on a pool that is not here hears that nobody can sign in."""
    provider = "- {AuthenticationType: AMAZON_COGNITO_USER_POOLS, UserPoolConfig: {UserPoolId: us-east-1_abc}}"

    assert [warning.split(": ", 1)[1] for warning in load(line((ADDITIONAL, provider))).warnings] == [
        "user pool 'us-east-1_abc' is not in the template: nobody can sign in to it here"
    ]


MODES = "API_KEY, AWS_IAM, AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT, AWS_LAMBDA"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "AuthenticationType: AWS_IAM",
            "AuthenticationType: IAM",
            f"AuthenticationType is 'IAM'; expected one of {MODES}. Did you mean 'AWS_IAM'?",
        ),
        (
            ADDITIONAL,
            "- {AuthenticationType: AWS_LAMBDA, LambdaAuthorizerConfig: {AuthorizerResultTtlInSeconds: 3601}}",
            "AuthorizerResultTtlInSeconds is 3601; expected a number from 0 to 3600",
        ),
        (ADDITIONAL, "- AuthenticationType: AWS_IAM", "AWS_IAM is there twice; expected each mode once"),
        (ADDITIONAL, "- x", "AdditionalAuthenticationProviders holds 'x'; expected objects"),
        (
            ADDITIONAL,
            "- AuthenticationType: AMAZON_COGNITO_USER_POOLS",
            "AMAZON_COGNITO_USER_POOLS, in UserPoolConfig, has no UserPoolId",
        ),
        (ADDITIONAL, "- AuthenticationType: OPENID_CONNECT", "OPENID_CONNECT, in OpenIDConnectConfig, has no Issuer"),
        (
            "Name: orders\n      Authen",
            "Name: orders\n      ApiType: MERGED\n      Authen",
            "ApiType 'MERGED' is not emulated; expected GRAPHQL. Write the schema into one API.",
        ),
        (
            "Name: orders\n      Authen",
            "Name: orders\n      Visibility: PRIVATE\n      Authen",
            "Visibility 'PRIVATE' is not emulated; expected GLOBAL. EventBridge does not reach private APIs.",
        ),
        (
            "Name: orders\n      Authen",
            "Name: orders\n      QueryDepthLimit: deep\n      Authen",
            "QueryDepthLimit is 'deep'; expected a number from 0 to 75",
        ),
        (
            "Name: orders\n      Authen",
            "Name: orders\n      IntrospectionConfig: false\n      Authen",
            "IntrospectionConfig is 'false'; expected one of ENABLED, DISABLED",
        ),
        (
            "Name: orders\n      Authen",
            "Name: orders\n      EnvironmentVariables: [a]\n      Authen",
            "EnvironmentVariables is a list; expected an object",
        ),
        (
            "Name: orders\n      Authen",
            "Name: orders\n      EnvironmentVariables: {1b: x}\n      Authen",
            "'1b' is no name of a variable in EnvironmentVariables; expected a letter, then one or more letters, digits and '_'",
        ),
        (
            "Name: orders\n      Authen",
            f"Name: orders\n      EnvironmentVariables: {{KEY: {'x' * 513}}}\n      Authen",
            "the variable 'KEY' has 513 characters; expected 512 at the most",
        ),
        (
            "Name: orders\n      Authen",
            f"Name: orders\n      EnvironmentVariables: {{{', '.join(f'K{number}: x' for number in range(51))}}}\n      Authen",
            "EnvironmentVariables has 51 variables; expected 50 at the most",
        ),
        (
            "Definition: |",
            "DefinitionS3Location: x\n      Definition: |",
            "the schema has both Definition and DefinitionS3Location; expected one of the two",
        ),
        (
            "Definition: |",
            "DefinitionS3Location: skema.graphql\n      Description: |",
            "'skema.graphql' is not there. See the paths in the template.",
        ),
        (
            "Type: AWS::AppSync::GraphQLSchema\n    Properties:\n      ApiId: !GetAtt Api.ApiId",
            "Type: AWS::AppSync::GraphQLSchema\n    Properties:\n      ApiId: !Ref Api",
            None,
        ),
        (
            "Outputs:",
            (
                "  More: {Type: 'AWS::AppSync::GraphQLSchema', Properties: {ApiId: !GetAtt Api.ApiId, Definition: x}}"
                "\nOutputs:"
            ),
            "API 'Api' has another schema: 'Schema'",
        ),
        (
            "Outputs:",
            "  More: {Type: 'AWS::AppSync::ApiKey', Properties: {ApiId: abc}}\nOutputs:",
            "ApiId 'abc' is not an API of this template. Write !GetAtt, the API's logical id, and .ApiId behind it.",
        ),
    ],
)
def test_faults(line: Line, faults: Faults, old: str, new: str, expected: str | None) -> None:
    """What is wrong with an API is told with what would be right."""
    told = [fault.split(": ", 1)[1] for fault in faults(line((old, new)))]

    if expected is None:
        assert [each.split(" is not an API")[1] for each in told if " is not an API" in each] == [
            " of this template. Write !GetAtt Api.ApiId: Ref is the API's ARN."
        ]
        assert "API 'Api' has no AWS::AppSync::GraphQLSchema" in told
    else:
        assert told == [expected]


def test_keys_of_an_events_api_are_not_this_apis(line: Line, load: Load) -> None:
    """AppSync Events has keys as well: they are no fault, and open nothing here."""
    more = (
        "  Events: {Type: 'AWS::AppSync::Api', Properties: {Name: e}}\n"
        "  EventsKey: {Type: 'AWS::AppSync::ApiKey', Properties: {ApiId: !GetAtt Events.ApiId}}\nOutputs:"
    )
    application = load(line(("Outputs:", more)))
    assert len(application.apis[0].api_keys) == 1


def test_a_lambda_authorizers_settings(line: Line, load: Load) -> None:
    """Its function, how long an answer holds (five minutes where nothing is said), and what a token looks like."""
    given = "LambdaAuthorizerConfig: {AuthorizerUri: 'arn:f', IdentityValidationExpression: '^a', AuthorizerResultTtlInSeconds: 0}"
    for config, expected in (
        (f", {given}", AuthProvider("AWS_LAMBDA", authorizer_arn="arn:f", authorizer_ttl=0, token_pattern="^a")),
        (
            ", LambdaAuthorizerConfig: {AuthorizerUri: 'arn:f'}",
            AuthProvider("AWS_LAMBDA", authorizer_arn="arn:f", authorizer_ttl=300),
        ),
    ):
        text = line((ADDITIONAL, f"- {{AuthenticationType: AWS_LAMBDA{config}}}"))
        assert load(text).apis[0].additional_providers == (expected,)


def test_a_user_pools_default_action(line: Line, load: Load) -> None:
    """Of the API's first way in: ALLOW, or DENY."""
    given = "AuthenticationType: AMAZON_COGNITO_USER_POOLS\n      UserPoolConfig: {UserPoolId: p, DefaultAction: DENY}"
    (api,) = load(line(("AuthenticationType: AWS_IAM", given))).apis
    assert (api.default_provider.mode, api.default_provider.default_action) == ("AMAZON_COGNITO_USER_POOLS", "DENY")
