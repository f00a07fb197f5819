"""A whole template, and whatever may be wrong with it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.compilation import compile_line
from livebus.errors import InvalidTemplate, LivebusError
from livebus.template import Environment, load_application
from livebus.template.document import read_document

ROOT = Path(__file__).parents[3]
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
BODY = read_document(TEMPLATE, "template.yaml").body

Line = Callable[..., str]
Load = Callable[..., Any]
Faults = Callable[..., list[str]]


def read_file(name: str) -> str:
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LivebusError(f"cannot read {name!r}: {error}") from None


def load_project(text: str) -> Any:
    return load_application(text, file="template.yaml", read_file=read_file, environment=Environment(stack_name="app"))


def test_the_projects_own_template() -> None:
    """The template of the project is loaded without a warning."""
    application = load_project(TEMPLATE)

    assert application.warnings == ()
    assert application.files == ("./schema.graphql", "./resolvers/publishMsgFromEB.js")
    assert application.outputs["EventBusName"] == "app"
    assert application.outputs["RuleArn"] == application.rules[0].arn
    assert application.rules[0].targets[0].arn == application.outputs["GraphQLEndpointArn"]
    assert application.outputs["DeadLetterQueueUrl"] == application.queues[0].url
    assert application.parameters["EventSource"] == "sample.source"


def test_the_same_template_in_json() -> None:
    """YAML and JSON make the same application, but for places."""
    yaml, from_json = load_project(TEMPLATE), load_project(json.dumps(BODY))

    assert from_json.outputs == yaml.outputs
    assert from_json.rules[0].event_pattern == yaml.rules[0].event_pattern
    assert from_json.apis[0].resolvers[0].code == yaml.apis[0].resolvers[0].code


def test_parameters(line: Line, load: Load) -> None:
    """Values for parameters reach what refers to them; lists are told joined."""
    text = line(
        ("Parameters:\n  Source", "Parameters:\n  Names: {Type: CommaDelimitedList, Default: 'a, b'}\n  Source")
    )
    application = load(text, Source="other")

    assert json.loads(application.rules[0].event_pattern) == {"source": ["other"]}
    assert application.parameters == {"Names": "a,b", "Source": "other"}


def test_all_faults_at_once(line: Line, faults: Faults) -> None:
    """Faults of the text, of references, types, names and files come together, in the order of the text."""
    text = line(
        ("Default: shop.orders", "Default: shop.orders\n    Default: x"),
        ("MaximumRetryAttempts: 3", "MaximumRetryAttempts: many"),
        ("RoleArn: !GetAtt Role.Arn", "RoleArn: !GetAtt Rolle.Arn"),
        ("Definition: |", "DefinitionS3Location: x\n      Description: |"),
        ("Type: NONE", "Type: RELATIONAL_DATABASE"),
        ("Value: !Ref Bus", "Value: !Ref Buss"),
    )

    assert [fault.split(": ")[1] for fault in faults(text, Sauce="x")] == [
        "[Sauce] do not exist in the template. Did you mean 'Source'?",
        "duplicate key 'Default'; expected each key once. Remove one of the two.",
        "instance of Fn::GetAtt references undefined resource Rolle. Did you mean 'Role'?",
        "MaximumRetryAttempts is 'many'; expected a number from 0 to 185",
        "'x' is not there. See the paths in the template.",
        (
            "data source type 'RELATIONAL_DATABASE' is not emulated; expected one of NONE, AMAZON_EVENTBRIDGE, "
            "AMAZON_DYNAMODB, AWS_LAMBDA, HTTP"
        ),
        "Unresolved resource dependencies [Buss] in the Outputs block of the template. Did you mean 'Bus'?",
    ]


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("AWS::AppSync::Api", "AppSync Events APIs cannot be the target of a rule."),
        ("AWS::EventsV2::EventBus", "A V2 bus cannot target AppSync; use AWS::Events::EventBus."),
        ("AWS::CloudFormation::Stack", "Run the nested template by itself."),
    ],
)
def test_what_is_not_emulated(line: Line, faults: Faults, kind: str, advice: str) -> None:
    """What AWS has and the runtime has not is told by its name, and stops nothing else."""
    told = faults(line(("Outputs:", f"  X: {{Type: '{kind}'}}\nOutputs:")))

    assert told == [f"t.yaml:121:3 (Resources/X): {kind} 'X' is not emulated. {advice}"]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (
            "  X: {Type: 'AWS::EC2::VPC'}\n",
            ["t.yaml:121:3 (Resources/X): AWS::EC2::VPC 'X' does nothing here."],
        ),
        (
            "  X: {Type: 'AWS::Events::Rules'}\n",
            ["t.yaml:121:3 (Resources/X): AWS::Events::Rules 'X' does nothing here. Did you mean 'AWS::Events::Rule'?"],
        ),
        ("  X: {Type: 'AWS::CloudWatch::Alarm'}\n", []),
        ("Rules: {}\n", []),
        (
            "Metadata: {a: &a x, b: *a}\n",
            ["t.yaml: CloudFormation takes no YAML aliases; the SAM CLI expands them before it hands a template on"],
        ),
        ("Transform: AWS::Serverless-2016-10-31\nMetadata: {a: &a x, b: *a}\n", []),
    ],
)
def test_what_does_nothing_here(line: Line, load: Load, extra: str, expected: list[str]) -> None:
    """What is not on the event's way is told once, unless it is plainly part of a deployment only."""
    assert list(load(line(("Outputs:", f"{extra}Outputs:"))).warnings) == expected


def test_functions_nested_too_deeply_for_python(monkeypatch: pytest.MonkeyPatch, line: Line, faults: Faults) -> None:
    """Should a template find a way to Python's own bound, it is told as a fault of the template."""

    def endless(*_: object) -> None:
        # Raised by hand: CPython 3.13.0 recurses into such a call without end, until memory is gone.
        raise RecursionError

    monkeypatch.setattr("livebus.template.loading.read_buses", endless)

    assert faults(line()) == ["t.yaml: the template's functions are nested too deeply"]


# --- whatever is put in its place -----------------------------------------------------------------------------------


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


def _deep(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


PATHS = sorted(_paths(BODY), key=str)
JUNK = [
    None,
    [],
    {},
    7,
    -1,
    1e300,
    10**30,
    "",
    "junk",
    True,
    "\0",
    "\ud800",
    [{}],
    ["a", None],
    [1, [2], {"a": 1}],
    {"a": {"b": [1]}},
    {"Ref": "X"},
    {"Ref": ["a"]},
    {"Ref": "PublishRule"},
    {"Ref": "AWS::NoValue"},
    {"Fn::GetAtt": ["EventBus", "Arn"]},
    {"Fn::GetAtt": "EventBus"},
    {"Fn::Sub": "${A.B}"},
    {"Fn::Transform": {}},
    {"Fn::If": ["SelfSignUpEnabled", "a", {"Ref": "AWS::NoValue"}]},
    {"Fn::Join": ["", [["a"]]]},
    {"Condition": "X"},
    {"Fn::Select": ["9", ["a"]]},
    _deep(40),
    _deep(1000),
]
VALUES = st.sampled_from(JUNK) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _fresh(value: Any, levels: int = 100) -> Any:
    """A copy as deep as a path may lead: what one example puts into a value is in no other's."""
    if levels and isinstance(value, dict):
        return {key: _fresh(item, levels - 1) for key, item in value.items()}
    return [_fresh(item, levels - 1) for item in value] if levels and isinstance(value, list) else value


def _put(body: Any, path: tuple[Any, ...], value: Any, *, rename: bool) -> None:
    for step in path[:-1]:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return
    if rename and isinstance(body, dict) and path[-1] in body:
        body[f"{path[-1][:-1]}x"] = body.pop(path[-1])
    elif isinstance(body, dict) or (isinstance(body, list) and isinstance(path[-1], int) and path[-1] < len(body)):
        body[path[-1]] = value


def _text(body: Any) -> str:
    """The JSON of a template, also where it is too deep for the standard library's encoder."""
    try:
        return json.dumps(body)
    except RecursionError:
        return '{"Resources":' + "[" * 1000 + "]" * 1000 + "}"


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PATHS), VALUES, st.booleans()), min_size=1, max_size=3))
def test_nothing_but_faults_comes_out(changes: list[tuple[tuple[Any, ...], Any, bool]]) -> None:
    """Whatever stands anywhere in a template, it is loaded and compiled, or refused with faults that can be told."""
    body = copy.deepcopy(BODY)
    for path, value, rename in changes:
        _put(body, path, _fresh(value), rename=rename)
    try:
        compile_line(load_project(_text(body)))
        told = ["nothing"]
    except InvalidTemplate as refused:
        told = [str(fault) for fault in refused.faults]

    assert all(told)


@settings(max_examples=100, deadline=None)
@given(
    cuts=st.lists(st.integers(0, len(TEMPLATE)), min_size=1, max_size=3),
    put=st.sampled_from(
        ["\t", "!", "&a ", "*a", "<<: *a", "{", "]", ":", "- ", "|", "\r\n", "\0", "!!set ", "? ", "---\n"]
    )
    | st.text(max_size=4),
    drop=st.integers(0, 30),
)
def test_nothing_but_faults_comes_out_of_broken_text(cuts: list[int], put: str, drop: int) -> None:
    """Whatever happens to the text, it is read, or refused with a fault."""
    text = TEMPLATE
    for cut in cuts:
        text = text[:cut] + put + text[cut + drop :]
    try:
        load_project(text)
        told = ["nothing"]
    except InvalidTemplate as refused:
        told = [str(fault) for fault in refused.faults]

    assert all(told)
