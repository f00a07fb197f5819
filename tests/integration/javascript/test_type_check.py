"""Resolver code under the TypeScript that npm has: what people were refused by AppSync is found, and sound code is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.validate.project import Project
from livebus.validate.type_check import TypeCheck
from livebus.validate.validation import Options, Validation

PROJECT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE = """
Resources:
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: a, AuthenticationType: API_KEY}}
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: {ApiId: !GetAtt Api.ApiId, Definition: "type Query { q(msg: String): String }"}
  None: {Type: AWS::AppSync::DataSource, Properties: {ApiId: !GetAtt Api.ApiId, Name: none, Type: NONE}}
  Resolver:
    Type: AWS::AppSync::Resolver
    DependsOn: Schema
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: q
      DataSourceName: !GetAtt None.Name
      Runtime: {Name: APPSYNC_JS, RuntimeVersion: 1.0.0}
      CodeS3Location: code.js
"""
CODE = """import {{ util }} from '@aws-appsync/utils';
{before}
export function request(ctx) {{
  {inside}
  return {{ payload: ctx.args.msg }};
}}
export function response(ctx) {{ return ctx.result; }}
"""


@pytest.fixture
def types(typescript: Path) -> TypeCheck:
    return TypeCheck(typescript)


def found(folder: Path, types: TypeCheck, code: str) -> list[tuple[str, int | None]]:
    (folder / "template.yaml").write_text(TEMPLATE, "utf-8")
    (folder / "code.js").write_text(code, "utf-8")
    options = Options(NOW, events=(), only=("W9206",), check_types=types.findings)
    report = Validation(Project(folder / "template.yaml"), options).run()
    return [(each.fault.found.partition(":")[0], each.fault.place.line) for each in report.findings]


@pytest.mark.parametrize(
    ("before", "inside", "expected"),
    [
        ("", "", []),
        ("", "let n = 1; n = 'a';", [("TS2322", 4)]),
        ("", "const parts = [{ a: 5 }]; parts.push({ b: 6 });", [("TS2345", 4)]),
        ("", "const pair = ['.*', ctx.args.msg]; util.matches(...pair);", [("TS2556", 4)]),
        ("function f(a) { return a; }", "f(1, 2);", [("TS2554", 4)]),
        ("const label = ({ text, suffix }) => text + suffix;", "label({ text: 'a' });", [("TS2345", 4)]),
        ("", "util.noSuchThing();", [("TS2339", 4)]),
    ],
)
def test_kinds(tmp_path: Path, types: TypeCheck, before: str, inside: str, expected: list[tuple[str, int]]) -> None:
    """By the numbers that TypeScript gives them, at their lines."""
    assert found(tmp_path, types, CODE.format(before=before, inside=inside)) == expected


@pytest.mark.parametrize("template", ["template.yaml", "examples/orders/template.yaml"])
def test_our_own_code_passes(types: TypeCheck, template: str) -> None:
    """What the project ships is taken."""
    options = Options(NOW, events=(), only=("W9206",), check_types=types.findings)

    assert Validation(Project(PROJECT / template), options).run().findings == []
