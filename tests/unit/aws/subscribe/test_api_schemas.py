"""Which API is meant, and where its schema comes from, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from livebus.aws.local_runtime import LocalRuntime
from livebus.aws.subscribe.api_schemas import ApiSchemas
from livebus.errors import LivebusError
from livebus.stack.api_address import ApiAddress, find_api
from livebus.subscribe.document import subscription_fields
from support.application import change, copied

OUTPUTS = {
    "GraphQLUrl": "http://127.0.0.1:1/graphql",
    "RealtimeUrl": "ws://127.0.0.1:1/graphql",
    "SecondUrl": "http://127.0.0.1:1/second/graphql",
}
SECOND = """
  SecondApi:
    Type: AWS::AppSync::GraphQLApi
    Properties: {Name: second, AuthenticationType: AWS_IAM}

  SecondSchema:
    Type: AWS::AppSync::GraphQLSchema
    Properties:
      ApiId: !GetAtt SecondApi.ApiId
      Definition: "type Query { a: String } type Subscription { onSecond: String }"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template with two APIs."""
    template = copied(tmp_path / "app", ("\n  GraphQLSchema:\n", f"{SECOND}\n  GraphQLSchema:\n"))
    change(template, "Outputs:\n", "Outputs:\n  SecondUrl:\n    Value: !GetAtt SecondApi.GraphQLUrl\n")
    return template.parent


def session(template: Path | None = None, *, stack_name: str = "livebus") -> Any:
    """With ``template`` there is a runtime that runs it as the stack livebus; others were deployed."""
    runtime = LocalRuntime("", "", "", "", "", {}, str(template), "livebus") if template else None

    def api(wanted: str, ids: Mapping[str, Sequence[str]]) -> ApiAddress:
        return find_api(OUTPUTS, "the stack", wanted, logical_ids=ids)

    return SimpleNamespace(
        runtime=runtime,
        outputs=OUTPUTS,
        api=api,
        stack_name=stack_name,
        owner="the stack",
        deployed_template=lambda: DEPLOYED,
        parameters_of=lambda _: {},
        stored={"s3://bucket/schema": "type Query { a: String } type Subscription { onDeployed: String }"}.__getitem__,
    )


DEPLOYED = """
Resources:
  Api:
    Type: AWS::AppSync::GraphQLApi
    Properties: {Name: deployed, AuthenticationType: AWS_IAM}
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: {ApiId: !GetAtt Api.ApiId, DefinitionS3Location: s3://bucket/schema}
Outputs:
  GraphQLUrl: {Value: !GetAtt Api.GraphQLUrl}
"""


def no_token() -> str:
    raise LivebusError("the API would be asked")


def fields(schemas: ApiSchemas, field: str | None = None) -> list[str]:
    return subscription_fields(schemas.find(field, no_token))


@pytest.mark.parametrize(
    ("wanted", "path", "expected"),
    [
        ("", "/graphql", ["onPublishMsgFromEb"]),
        ("GraphQLApi", "/graphql", ["onPublishMsgFromEb"]),
        ("SecondUrl", "/second/graphql", ["onSecond"]),
        ("SecondApi", "/second/graphql", ["onSecond"]),
        ("Second", "/second/graphql", ["onSecond"]),
        ("http://127.0.0.1:1/second/graphql", "/second/graphql", None),
    ],
)
def test_each_api_has_its_own_schema(folder: Path, wanted: str, path: str, expected: list[str] | None) -> None:
    """By the template's Outputs, which the stack has, too; of a URL alone nobody knows which API it is."""
    schemas = ApiSchemas(session(), wanted, nearest=folder / "template.yaml")
    assert schemas.api.graphql_url == f"http://127.0.0.1:1{path}"
    if expected is None:
        with pytest.raises(LivebusError, match="would be asked"):
            fields(schemas)
    else:
        assert fields(schemas) == expected


def test_the_runtimes_template_comes_first(folder: Path, tmp_path: Path) -> None:
    """What it runs is what it serves: a field that is not there is nowhere."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "template.yaml").write_text("Resources: {}")
    schemas = ApiSchemas(session(folder / "template.yaml"), nearest=other / "template.yaml")
    assert fields(schemas, "onOther") == ["onPublishMsgFromEb"]


def test_a_template_that_happens_to_lie_here_may_be_another_stacks(folder: Path) -> None:
    """Where it lacks the field, the API is asked."""
    with pytest.raises(LivebusError, match="would be asked"):
        fields(ApiSchemas(session(), nearest=folder / "template.yaml"), "onOther")


def test_a_given_file_is_taken_at_its_word(folder: Path) -> None:
    """A schema before a template; what is wrong with it is told."""
    schema = folder / "own.graphql"
    schema.write_text("type Query { a: String } type Subscription { onOwn: String }")
    schemas = ApiSchemas(session(), template=folder / "template.yaml", schema=schema)
    assert (fields(schemas, "onOther"), schemas.is_given) == (["onOwn"], True)
    assert fields(ApiSchemas(session(), template=folder / "template.yaml"), "onOther") == ["onPublishMsgFromEb"]
    for given in ({"schema": folder / "none"}, {"template": folder / "none"}):
        with pytest.raises(LivebusError, match=r"none: cannot be read: No such file or directory$"):
            fields(ApiSchemas(session(), nearest=folder / "template.yaml", **given))
    schema.write_text("type Query {")
    with pytest.raises(LivebusError, match=r"own\.graphql:1:13: Syntax Error"):
        fields(ApiSchemas(session(), schema=schema))


def test_a_look_at_the_schema_is_enough_for_the_default(folder: Path, tmp_path: Path) -> None:
    """Without a template nothing speaks against it; a broken one is not a reason to stop."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "template.yaml").write_text("Resources: [")
    found = {
        "beside the template": ApiSchemas(session(), nearest=folder / "template.yaml").seems_to_have(
            "onPublishMsgFromEb"
        ),
        "not there": ApiSchemas(session(), nearest=folder / "template.yaml").seems_to_have("onOther"),
        "no template": ApiSchemas(session()).seems_to_have("onOther"),
        "a broken one": ApiSchemas(session(), nearest=broken / "template.yaml").seems_to_have("onOther"),
        "another API": ApiSchemas(session(), "SecondUrl", nearest=folder / "template.yaml").seems_to_have(
            "onPublishMsgFromEb"
        ),
    }
    assert found == {
        "beside the template": True,
        "not there": False,
        "no template": True,
        "a broken one": True,
        "another API": False,
    }


def test_a_deployed_stack_has_its_own_template(folder: Path) -> None:
    """Whatever the runtime was started with, and whatever lies in the folder: CloudFormation and S3 have it."""
    template = folder / "template.yaml"
    schemas = ApiSchemas(session(template, stack_name="other"), nearest=template)
    assert schemas.seems_to_have("onPublishMsgFromEb") is False
    assert fields(schemas) == ["onDeployed"]


def test_a_deployed_template_that_cannot_be_read_is_asked_for_at_the_api(folder: Path) -> None:
    """It may name what is not there any more; a neighbour's is not taken for it."""
    other = session(folder / "template.yaml", stack_name="other")

    def gone() -> str:
        raise LivebusError("no such stack")

    other.deployed_template = gone
    with pytest.raises(LivebusError, match="would be asked"):
        fields(ApiSchemas(other, nearest=folder / "template.yaml"))


def test_a_schema_hangs_on_the_values_that_the_runtime_has(folder: Path) -> None:
    """Which schema it is, a parameter says: the folder's default does not count where the runtime was given another."""
    template = folder / "template.yaml"
    change(template, "\nParameters:\n", "\nParameters:\n  Schema: {Type: String, Default: schema.graphql}\n")
    change(template, "DefinitionS3Location: ./schema.graphql", "DefinitionS3Location: !Ref Schema")
    (folder / "given.graphql").write_text("type Query { a: String } type Subscription { onGiven: String }")
    found = session(template)
    found.parameters_of = lambda name: {"Schema": "given.graphql"} if name == "livebus" else {}
    schemas = ApiSchemas(found, "GraphQLUrl")
    assert list(subscription_fields(schemas.find("onGiven", lambda: ""))) == ["onGiven"]
