"""``livebus outputs`` against a runtime, by its state file and as a stack on AWS is asked: boto3 says the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.cli import outputs
from support.running import RunningRuntime

KEYS = """\
Resources:
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: keys, AuthenticationType: API_KEY}}
  Schema: {Type: AWS::AppSync::GraphQLSchema, Properties: {ApiId: !GetAtt Api.ApiId, Definition: "type Query {a: Int}"}}
  Key: {Type: AWS::AppSync::ApiKey, Properties: {ApiId: !GetAtt Api.ApiId}}
"""
PEOPLE = """\
  Users: {Type: AWS::Cognito::UserPool}
  App: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Users}}
  Identities:
    Type: AWS::Cognito::IdentityPool
    Properties:
      AllowUnauthenticatedIdentities: true
      CognitoIdentityProviders: [{ClientId: !Ref App, ProviderName: !GetAtt Users.ProviderName}]
"""
MORE = """\
  Others: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: false}}
"""

Run = Callable[..., Any]


@pytest.fixture
def started(start_runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunningRuntime]:
    """Starts a runtime whose state is in the folder that one stands in; a text is its template."""

    def start(template: Path | str) -> RunningRuntime:
        monkeypatch.chdir(tmp_path)
        file = template if isinstance(template, Path) else tmp_path / "template.yaml"
        if isinstance(template, str):
            file.write_text(template)
        running: RunningRuntime = start_runtime(template=file, state=tmp_path / ".livebus")
        return running

    return start


@pytest.fixture
def amplify(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """The document, or what is told where there is none."""

    def run(*arguments: str) -> Any:
        code = outputs.main(["--amplify", "-", *(arguments or ("--local",))])
        out, err = capfdbinary.readouterr()
        return json.loads(out) if code == 0 else err.decode()

    return run


def test_outputs_are_the_stacks(
    started: Callable[..., RunningRuntime], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In lines and as an object: what CloudFormation says, and no password."""
    runtime = started(project / "template.yaml")
    described = runtime.client("cloudformation").describe_stacks(StackName="livebus")["Stacks"][0]["Outputs"]
    expected = {each["OutputKey"]: each["OutputValue"] for each in described}
    assert outputs.main(["--local", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected
    assert outputs.main(["--local"]) == 0
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert shown == expected
    assert "Passw0rd!" not in str(shown)


def test_each_api_has_its_own_users(started: Callable[..., RunningRuntime], project: Path, amplify: Run) -> None:
    """The orders example: the first API by default, the other by its name; the API's own user pool, and its app client."""
    runtime = started(project / "examples" / "orders" / "template.yaml")
    for team, arguments in (("Rewards", ()), ("Fulfillment", ("--local", "--api", "FulfillmentApi"))):
        document = amplify(*arguments)
        assert document["auth"]["user_pool_id"] == runtime.outputs[f"{team}UserPoolId"]
        assert document["auth"]["user_pool_client_id"] == runtime.outputs[f"{team}UserPoolClientId"]
        assert document["data"]["url"] == runtime.outputs[f"{team}GraphQLUrl"]
        assert document["custom"]["livebus"] == {
            "endpoint": runtime.url,
            "realtime_url": runtime.outputs[f"{team}RealtimeUrl"],
        }


def test_a_stack_is_asked_as_on_aws(
    started: Callable[..., RunningRuntime], project: Path, amplify: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, with credentials, over CloudFormation and AppSync: the same document."""
    runtime = started(project / "template.yaml")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    local = amplify()
    assert amplify("--stack-name", "livebus", "--region", "us-east-1", "--endpoint-url", runtime.url) == local
    assert local["data"] == {
        "url": runtime.outputs["GraphQLUrl"],
        "aws_region": "us-east-1",
        "default_authorization_type": "AMAZON_COGNITO_USER_POOLS",
        "authorization_types": ["AWS_IAM"],
    }


def test_an_api_key_and_no_users(started: Callable[..., RunningRuntime], amplify: Run) -> None:
    """Found among the resources: the template has no Outputs."""
    runtime = started(KEYS)
    api_id = next(
        iter(runtime.call(lambda: [each.compiled.api.api_id for each in runtime.runtime.served.paths.values()]))
    )
    keys = runtime.client("appsync").list_api_keys(apiId=api_id)["apiKeys"]
    document = amplify()
    assert [document["data"]["api_key"]] == [each["id"] for each in keys]
    assert document["data"]["default_authorization_type"] == "API_KEY"
    assert "auth" not in document


def test_an_identity_pool_with_guests(started: Callable[..., RunningRuntime], amplify: Run) -> None:
    """Of the stack's one; what DescribeIdentityPool says of guests."""
    runtime = started(KEYS + PEOPLE)
    resources = runtime.client("cloudformation").list_stack_resources(StackName="livebus")["StackResourceSummaries"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    assert amplify()["auth"] == {
        "aws_region": "us-east-1",
        "user_pool_id": ids["Users"],
        "user_pool_client_id": ids["App"],
        "identity_pool_id": ids["Identities"],
        "unauthenticated_identities_enabled": True,
    }


def test_of_several_one_has_to_be_named(started: Callable[..., RunningRuntime], amplify: Run) -> None:
    """They are listed, with the flag; what is named is taken, and a name that is none is told."""
    started(KEYS + PEOPLE + MORE)
    told = "error: the runtime's template has 2 identity pools; expected --identity-pool with Identities or Others\n"
    assert amplify() == told
    assert amplify("--local", "--identity-pool", "Others")["auth"]["unauthenticated_identities_enabled"] is False
    assert "has no identity pool 'Other'" in amplify("--local", "--identity-pool", "Other")
    assert "has no API 'Apj'" in amplify("--local", "--api", "Apj")


def test_two_apis_are_listed(started: Callable[..., RunningRuntime], amplify: Run) -> None:
    """With the flag that chooses."""
    second = KEYS.removeprefix("Resources:\n").replace("Api:", "Second:").replace("Api.", "Second.")
    second = second.replace("Schema:", "Schema2:").replace("Key:", "Key2:").replace("name: keys", "second")
    started(KEYS + second)
    assert amplify() == "error: the runtime's template has 2 APIs; expected --api with Api or Second\n"
    assert "api_key" in amplify("--local", "--api", "Second")["data"]
