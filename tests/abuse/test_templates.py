"""Templates of strangers: whatever they ask for, `livebus validate` and the runtime's reading end, in bounded memory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livebus.lint import CfnLint
from support.hostile import GROWING, Hostile, joined, output, template
from support.limited import Ended, loaded, validated

MEGABYTE = 1_000_000


def found(ended: Ended) -> str:
    """What was found; it kept within the limits, and found something."""
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert ended.code == 1, ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("function", ["Fn::Base64", "Fn::ToJsonString"])
def test_functions_in_themselves_end_at_the_bound_for_what_all_yield(tmp_path: Path, function: str) -> None:
    """A thousand bytes of nested functions ask for gigabytes."""
    value: Any = '"\\'
    for _ in range(95):
        value = {function: value}
    assert "the template's functions yield more than 16,777,216 characters" in found(
        validated(output(value).written(tmp_path))
    )


@pytest.mark.parametrize("read", [validated, loaded])
def test_a_mapping_is_not_joined_as_often_as_it_is_named(tmp_path: Path, read: Any) -> None:
    value = joined([{"Fn::FindInMap": ["M", "a", "b"]}] * 10_000)
    hostile = output(value, Mappings={"M": {"a": {"b": "x" * 400_000}}})
    assert "the template's functions yield more than" in found(read(hostile.written(tmp_path)))


@pytest.mark.parametrize(
    "body",
    [
        {"Fn::ForEach::B": ["B", [str(each) for each in range(1000)], {"Fn::ForEach::C": ["C", ["c"] * 1000, {}]}]},
        {"O${A}": {"Value": [[1]] * 50_000}},
        {"O": {"Value": "${A}" * 100_000}},
    ],
    ids=["of nothing", "of much", "of text"],
)
def test_loops_end_at_the_bound_for_what_all_make(tmp_path: Path, body: Any) -> None:
    """Three loops of a thousand turns that make nothing are a thousand million turns."""
    items = ["x" * 100_000] if "O" in body else [f"a{each}" for each in range(1000)]
    hostile = output("x", Transform="AWS::LanguageExtensions", Outputs={"Fn::ForEach::A": ["A", items, body]})
    assert found(validated(hostile.written(tmp_path))).count("loops make more than 4,000,000 characters") == 1


def test_the_rest_is_told_after_the_bound(tmp_path: Path) -> None:
    """What stands elsewhere in the template is looked at all the same."""
    value = joined([{"Fn::FindInMap": ["M", "a", "b"]}] * 1000)
    hostile = output(value, Mappings={"M": {"a": {"b": "x" * 400_000}}})
    assert isinstance(hostile.template, dict)
    hostile.template["Resources"]["Rule"]["Properties"]["EventBusName"] = {"Ref": "Buss"}
    text = found(validated(hostile.written(tmp_path)))
    assert "Unresolved resource dependencies [Buss]" in text
    assert text.count("functions yield more than") == 1


def test_thousands_of_wrong_references_are_told_without_a_suggestion_for_each(tmp_path: Path) -> None:
    names = {f"SomeResourceThatIsThere{index}": {"Type": "AWS::SNS::Topic"} for index in range(490)}
    hostile = output(joined([{"Ref": f"SomeResourceThatIsNot{index}"} for index in range(6000)]))
    assert isinstance(hostile.template, dict)
    hostile.template["Resources"].update(names)
    text = found(validated(hostile.written(tmp_path)))
    assert "Did you mean" in text
    assert "there are more than 1,000 of these" in text


@pytest.mark.parametrize(
    ("section", "count", "quota"),
    [("Resources", 501, 500), ("Outputs", 201, 200), ("Parameters", 201, 200), ("Mappings", 201, 200)],
)
def test_a_quota_of_cloudformation_ends_the_work(tmp_path: Path, section: str, count: int, quota: int) -> None:
    member = {
        "Resources": {"Type": "AWS::SNS::Topic"},
        "Outputs": {"Value": "x"},
        "Parameters": {"Type": "String", "Default": "x"},
        "Mappings": {"a": {"b": "c"}},
    }[section]
    document = template()
    document[section] = {f"M{index}": member for index in range(count)}
    text = found(validated(Hostile(document).written(tmp_path)))
    assert f"Number of {section.lower()}, {count}, is greater than maximum allowed, {quota}" in text
    assert "cloudformation-limits.html" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a0 [x]\n" + "".join(f"b{i}: &a{i} [*a{i - 1},*a{i - 1}]\n" for i in range(1, 40)), "200000 values"),
        (f"a: &a {'x' * 400_000}\nb: [{','.join(['*a'] * 1000)}]\n", "more than 1,048,576 characters"),
        ("[" * 500_000, "nested more than 100 levels deep"),
        ("Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {a: " + "9" * 900_000 + "}}}", "is not a number"),
        ("#" * 1_100_000, "the template is too large"),
    ],
)
def test_yaml_that_grows_is_refused_where_it_does(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in found(validated(Hostile(text).written(tmp_path)))


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("^(a|aa)+$", "a" * 4000 + "!", "takes too long on the value"),
        ("((a{1000}){1000}){1000}", "a", "is not emulated: it comes to more than 50,000 steps"),
        ("(" * 4000 + ")" * 4000, "a", "is not emulated: it is nested or repeated too far"),
        ("a|" * 100_000, "a", "is not emulated: it has more than 8,192 characters"),
    ],
)
def test_an_allowed_pattern_ends(tmp_path: Path, pattern: str, value: str, expected: str) -> None:
    parameter = {"Type": "String", "AllowedPattern": pattern, "Default": value}
    hostile = output("x", Parameters={f"P{index}": parameter for index in range(3)})
    assert expected in found(validated(hostile.written(tmp_path)))


def test_a_client_regex_that_takes_too_long_lets_nobody_in(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        pool = {"UserPoolId": {"Ref": "Pool"}}
        document["Resources"] |= {
            "Pool": {"Type": "AWS::Cognito::UserPool"},
            "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": pool},
        }
        document["Resources"]["Api"]["Properties"]["AdditionalAuthenticationProviders"] = [
            {
                "AuthenticationType": "AMAZON_COGNITO_USER_POOLS",
                "UserPoolConfig": {**pool, "AppIdClientRegex": "^(([a-z]|[a-z0-9])+)+[A-Z]$"},
            }
        ]

    text = found(validated(Hostile(template(change)).written(tmp_path)))
    assert "matches no client of 'Pool'" in text


@settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(shape=st.sampled_from(sorted(GROWING)), size=st.integers(200_000, MEGABYTE))
def test_whatever_grows_keeps_within_the_limits(
    tmp_path_factory: pytest.TempPathFactory, shape: str, size: int
) -> None:
    """Any shape at any size up to 1 MB: 20 s and 500 MB at the most, and no traceback."""
    ended = validated(GROWING[shape](size).written(tmp_path_factory.mktemp("growing")))
    assert ended.held, (shape, size, ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])


@pytest.mark.parametrize("read", [validated, loaded])
def test_a_name_like_one_in_a_nested_stack_is_refused(tmp_path: Path, read: Any) -> None:
    """``A:B`` is what B in the stack A is called; a template's own resource of that name is named, and nothing breaks."""
    (tmp_path / "b.yaml").write_text('{"Resources": {"B": {"Type": "AWS::SNS::Topic"}}}')
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "b.yaml"}}
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps({"Resources": {"A": nested, "A:B": nested}}))

    assert "'A:B'" in (text := found(read(path))) or "name A:B is non alphanumeric" in text
    assert "Traceback" not in text


def nests(folder: Path, *locations: str) -> Path:
    """A template that nests what the locations name."""
    stacks = {
        f"A{n}": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": each}}
        for n, each in enumerate(locations)
    }
    path = folder / "template.yaml"
    path.write_text(json.dumps({"Resources": stacks}))
    return path


def test_loops_in_nested_templates_count_as_what_they_make(tmp_path: Path) -> None:
    """A hundred stacks of one loop each ask for 40,000 resources: 2,500 are read, and the others named."""
    made = {"R${x}": {"Type": "AWS::SNS::Topic"}}
    loop = {"Fn::ForEach::L": ["x", [f"a{n}" for n in range(400)], made]}
    (tmp_path / "b.yaml").write_text(json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": loop}))

    ended = validated(nests(tmp_path, *["b.yaml"] * 100))

    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert "the template nests too much: 'A6' is not read" in ended.stdout


def test_texts_that_are_nested_often_count_as_often(tmp_path: Path) -> None:
    """A hundred times 900,000 characters."""
    topic = {"Type": "AWS::SNS::Topic", "Metadata": {"x": "y" * 900_000}}
    (tmp_path / "b.yaml").write_text(json.dumps({"Resources": {"B": topic}}))

    ended = validated(nests(tmp_path, *["b.yaml"] * 100))

    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert "the template nests too much: 'A4' is not read" in ended.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_cfn_lint_reads_no_device_and_waits_for_no_pipe(tmp_path: Path) -> None:
    """Its own rule for nested stacks opens what TemplateURL names; Livebus lets it open what Livebus would."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "b.yaml").write_text(json.dumps({"Resources": {"B": {"Type": "AWS::SNS::Topic"}}}))
    path = nests(tmp_path, "/dev/zero", "pipe", "b.yaml")

    matches = {each.check.id for each in CfnLint().findings(path)}

    assert matches == {"W3002"}
