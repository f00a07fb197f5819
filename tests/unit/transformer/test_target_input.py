"""What targets get of events: the recorded cases first, then what AWS leaves open, then what PutTargets refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import InvalidTransformer, Place
from livebus.event.envelope import Event
from livebus.template.application import Target
from livebus.transformer import NotTransformable, Placeholder, TooLarge, Transformer, compile_transformer
from livebus.transformer.template_reader import position

VECTORS = Path(__file__).parents[2] / "vectors" / "transformer"
RULE_ARN = "arn:aws:events:us-east-1:111111111111:rule/test-bus/test-rule"
INPUT_PLACE = Place("template.yaml", 88)

Case = dict[str, Any]


def delivered_cases() -> list[Any]:
    """Every case of the vector files with a value, a text or an outcome."""
    cases = []
    for name in ("recorded.json", "undocumented.json"):
        vectors = json.loads((VECTORS / name).read_text(encoding="utf-8"))
        for case in vectors["cases"]:
            case.setdefault("paths", vectors["paths"])
            cases.append(pytest.param(case, vectors["event"], id=f"{name[:-5]}: {case['name']}"))
    return cases


def refused_cases() -> list[Any]:
    """Every case that PutTargets refuses."""
    vectors = json.loads((VECTORS / "refused.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in vectors["cases"]]


def target(case: Case) -> Target:
    """A target with the inputs of a case."""
    transformer = None
    if "template" in case:
        transformer = {"InputPathsMap": case.get("paths"), "InputTemplate": case["template"]}
    return Target(
        id="Api",
        arn="arn:aws:appsync:us-east-1:111111111111:endpoints/graphql-api/x",
        api="Api",
        graphql_operation="",
        input=case.get("input"),
        input_path=case.get("input_path"),
        input_transformer=transformer,
        input_place=INPUT_PLACE,
    )


def compiled(case: Case) -> Transformer:
    """The transformer of a case, for one and the same rule."""
    return compile_transformer(target(case), rule_name="test-rule", rule_arn=RULE_ARN)


def template(text: str, **paths: str) -> Transformer:
    """The transformer of an InputTemplate with these entries in InputPathsMap."""
    return compiled({"template": text, "paths": paths})


def event(detail: Any) -> Event:
    """An event with this detail."""
    envelope = {
        "version": "0",
        "id": "1",
        "detail-type": "t",
        "source": "s",
        "account": "111111111111",
        "time": "2025-03-12T10:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
    return Event(envelope, "default", "2025-03-12T10:00:01Z")


@pytest.mark.parametrize(("case", "envelope"), delivered_cases())
def test_an_event_gives_what_the_vector_says(case: Case, envelope: dict[str, Any]) -> None:
    """A template, a path or an input gives the value or the text of its vector, or nothing, with the reason."""
    transformer = compiled(case)
    incoming = Event(envelope, "test-bus", "2025-03-12T10:00:01Z")

    if "value" in case or "value_is_event" in case:
        expected = envelope if "value_is_event" in case else case["value"]

        assert expected == transformer.apply(incoming)
        assert json.dumps(expected) == json.dumps(transformer.apply(incoming))
        assert expected == json.loads(transformer.rendered(incoming))
    elif "text" in case:
        assert case["text"] == transformer.rendered(incoming)
        with pytest.raises(NotTransformable) as outcome:
            transformer.apply(incoming)
        assert outcome.value.reason.endswith("AppSync takes a JSON object as variables")
    else:
        with pytest.raises(NotTransformable) as outcome:
            transformer.apply(incoming)
        assert case["undelivered"] in outcome.value.reason


@pytest.mark.parametrize("case", refused_cases())
def test_put_targets_refuses_with_all_faults(case: Case) -> None:
    """An input that PutTargets refuses raises every fault, each with its place."""
    with pytest.raises(InvalidTransformer) as refusal:
        compiled(case)

    found = [fault.found for fault in refusal.value.faults]
    assert len(case["faults"]) == len(found), found
    assert case["faults"] == [text[: len(prefix)] for text, prefix in zip(found, case["faults"], strict=True)]
    assert {INPUT_PLACE} == {fault.place for fault in refusal.value.faults}
    assert case.get("advice", "") in [fault.advice for fault in refusal.value.faults] + [""]


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"input": json.dumps("x" * 8191)}, "Input for target Api has 8193 characters"),
        ({"input_path": "$." + "x" * 255}, "InputPath of target 'Api' has 257 characters"),
        ({"template": "{" + " " * 8191 + "}"}, "InputTemplate for target Api has 8193 characters"),
        (
            {"template": "{}", "paths": {f"k{n}": "$.detail" for n in range(101)}},
            "InputPathsMap of target 'Api' has 101 entries",
        ),
        (
            {"template": "{}", "paths": {"k" * 257: "$.detail"}},
            f"InputPathsMap of target 'Api' has a key of 257 characters, '{'k' * 20}'…",
        ),
        (
            {"template": "{}", "paths": {"k": "$." + "x" * 255}},
            "InputPathsMap of target 'Api', key 'k', has 257 characters",
        ),
        ({"template": "{}", "paths": {"k": 1}}, "InputPathsMap of target 'Api', key 'k', is 1"),
        ({"template": "{}", "paths": ["k"]}, "InputPathsMap of target 'Api' is ['k']"),
    ],
)
def test_one_above_each_limit_is_refused(case: Case, found: str) -> None:
    """What is one longer than AWS's limit, or of another kind, is refused by its size or value."""
    with pytest.raises(InvalidTransformer) as refusal:
        compiled(case)

    assert [found] == [fault.found for fault in refusal.value.faults]


@pytest.mark.parametrize(
    ("case", "expected", "advice"),
    [
        ({"template": "{}", "paths": ["k"]}, "a map from names to JSONPaths", ""),
        ({"template": "{}", "paths": {f"k{n}": "$.detail" for n in range(101)}}, "at most 100", ""),
        ({"template": "{}", "paths": {"AWS.x": "$.a"}}, "no key that begins with 'AWS.'", ""),
        ({"template": "{}", "paths": {"k" * 257: "$.detail"}}, "1 to 256", ""),
        ({"template": "{}", "paths": {"a b": "$.detail"}}, "letters, digits, '-' and '_'", ""),
        ({"template": '{"a": <mesage>}', "paths": {"message": "$.a"}}, None, "Did you mean <message>?"),
        ({"template": '{"a": <zzz>}', "paths": {"message": "$.a"}}, None, "Add zzz to InputPathsMap."),
    ],
)
def test_what_was_expected_is_told(case: Case, expected: str | None, advice: str) -> None:
    """And what to do next, where that is not said by it."""
    predefined = (
        "a key of InputPathsMap or one of aws.events.rule-arn, aws.events.rule-name, aws.events.event.ingestion-time,"
        " aws.events.event, aws.events.event.json"
    )
    with pytest.raises(InvalidTransformer) as refusal:
        compiled(case)

    assert [(fault.expected, fault.advice) for fault in refusal.value.faults] == [(expected or predefined, advice)]


@pytest.mark.parametrize(
    ("offset", "place"), [(0, (1, 1)), (1, (2, 1)), (2, (2, 2)), (3, (2, 3)), (4, (3, 1)), (5, (3, 2))]
)
def test_lines_and_columns_begin_at_one(offset: int, place: tuple[int, int]) -> None:
    """Of a text that may begin with an empty line; a line feed is the last column of its line."""
    assert position("\nab\nc", offset) == place


@pytest.mark.parametrize(
    "case",
    [
        {"input": '"' + "x" * 8190 + '"'},
        {"input_path": "$." + "x" * 254},
        {"template": "{" + " " * 8190 + "}"},
        {"template": "{}", "paths": {f"k{n}": "$.detail" for n in range(100)}},
        {"template": "{}", "paths": {"k" * 256: "$." + "x" * 254}},
        {"template": '{"a":' + "[" * 99 + "]" * 99 + "}"},
    ],
)
def test_the_limits_themselves_are_taken(case: Case) -> None:
    """What is exactly as long as AWS's limit is taken."""
    assert "Input" in compiled(case).form


def test_nesting_is_limited_and_named() -> None:
    """A template nested beyond every use is refused rather than read to the end of the stack."""
    with pytest.raises(InvalidTransformer) as refusal:
        template('{"a":' + "[" * 4000)

    assert "no deeper nesting than 100 levels" in str(refusal.value)


def test_a_refusal_of_an_event_names_template_placeholder_and_value() -> None:
    """The reason says which template, which placeholder in which line and column, and where the value came from."""
    transformer = template('{\n  "msg": "Hello <msg>"\n}', msg="$.detail.msg")

    with pytest.raises(NotTransformable) as outcome:
        transformer.apply(event({"msg": 'a "b"'}))

    assert outcome.value.reason == (
        "InputTemplate of target 'Api' (template.yaml:88) has the placeholder <msg> between quotes (line 2, column 17), "
        "and the value at $.detail.msg is a string with '\"' in it: EventBridge does not escape values, so the text is "
        "not JSON any more. Write <msg> without quotes as the whole value"
    )


def test_values_that_break_the_json_only_together_are_still_an_outcome() -> None:
    """Two values of which each is sound JSON text may break it together: an outcome, not a crash."""
    transformer = template('{"a": "<one><two>"}', one="$.detail.one", two="$.detail.two")

    with pytest.raises(NotTransformable) as outcome:
        transformer.apply(event({"one": "\\\\", "two": '\\u12" '}))

    assert "InputTemplate of target 'Api'" in outcome.value.reason


def test_placeholders_say_where_they_stand_and_whether_quoted() -> None:
    """Checks can read each use of a variable: name, path, quotes, line and column."""
    transformer = template(
        '{"a": <id>,\n "b": "x\\" <id> <aws.events.rule-name>"}', id="$.detail.id", unused="$.detail.other"
    )

    assert (
        Placeholder("id", "$.detail.id", False, 1, 7),
        Placeholder("id", "$.detail.id", True, 2, 12),
        Placeholder("aws.events.rule-name", None, True, 2, 17),
    ) == transformer.placeholders
    assert transformer.paths == {"id": "$.detail.id", "unused": "$.detail.other"}
    assert transformer.keys == ("a", "b")
    assert transformer.text == '{"a": <id>,\n "b": "x\\" <id> <aws.events.rule-name>"}'
    assert transformer.form == "InputTransformer"


def test_explain_pairs_placeholders_with_what_they_become() -> None:
    """For one event, explain tells what stands for each placeholder, a missing value as nothing."""
    transformer = template('{"a": <id>, "b": "<n> <gone>"}', id="$.detail.id", n="$.detail.n", gone="$.detail.gone")

    explained = transformer.explain(event({"id": "é", "n": {"x": 1}}))

    assert [(each.name, text) for each, text in explained] == [("id", "é"), ("n", '{"x":1}'), ("gone", "")]


@pytest.mark.parametrize(
    ("case", "keys", "never"),
    [
        ({}, None, False),
        ({"input": '{"a": 1}'}, ("a",), False),
        ({"input": "1"}, None, True),
        ({"input_path": "$.detail"}, None, False),
        ({"template": '{"a": {"b": 1}, "c": [{"d": 1}]}'}, ("a", "c"), False),
        ({"template": "<aws.events.event.json>"}, None, False),
        ({"template": '[{"a": 1}]'}, None, True),
        ({"template": "1"}, None, True),
        ({"template": '"text"'}, None, True),
        ({"template": "text"}, None, True),
    ],
)
def test_checks_can_ask_for_keys_and_for_never(case: Case, keys: tuple[str, ...] | None, never: bool) -> None:
    """The names of the variables are known where the template fixes them, and so is that nothing is ever delivered."""
    transformer = compiled(case)

    assert keys == transformer.keys
    assert never == (transformer.never is not None)


def test_an_apply_that_can_never_succeed_gives_the_reason_known_beforehand() -> None:
    """The reason of a hopeless template is the same for checks and for events."""
    transformer = template('"text"')

    with pytest.raises(NotTransformable) as outcome:
        transformer.apply(event({}))

    assert transformer.never == outcome.value.reason


@pytest.mark.parametrize(
    "text",
    [
        'say "hi" \\ and \\n',
        "one\ntwo\r\n\ttab\x00\x1f\x7f",
        "👩‍👩‍👧‍👦 🇩🇪 e\u0301 \u2028 \ufeff",
        "שלום \u202eעולם\u202c مرحبا",
        "</script><msg> ${x} {{y}}",
        "x" * 200_000 + '"',
    ],
)
def test_unquoted_strings_survive_byte_for_byte(text: str) -> None:
    """Whatever a string holds, an unquoted placeholder delivers exactly it, alone and beside the way over text."""
    alone = template('{"msg": <msg>}', msg="$.detail.msg")
    beside = template('{"msg": <msg>, "other": "<other>"}', msg="$.detail.msg", other="$.detail.other")
    incoming = event({"msg": text, "other": "\\n"})

    assert {"msg": text} == alone.apply(incoming)
    assert {"msg": text, "other": "\n"} == beside.apply(incoming)
    assert text.encode() == json.loads(alone.rendered(incoming))["msg"].encode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES, st.lists(st.sampled_from(['"f": 1', '"v": <v>', '"q": "a<v>b"', '"n": {"x": [<v>, "<v>"]}'])))
def test_the_tree_gives_what_the_text_would(value: Any, members: list[str]) -> None:
    """Building the value directly gives the same as inserting texts and parsing them, for every value and template."""
    text = "{" + ", ".join(members) + "}"
    as_json = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    raw = value if isinstance(value, str) else as_json
    pieces = text.replace('"a<v>b"', "\0QUOTED").replace('"<v>"', "\0ALONE").split("<v>")
    inserted = as_json.join(pieces).replace("\0QUOTED", f'"a{raw}b"').replace("\0ALONE", f'"{raw}"')
    try:
        expected = json.loads(inserted)
    except json.JSONDecodeError:
        expected = NotTransformable

    try:
        actual = template(text, v="$.detail.v").apply(event({"v": value}))
    except NotTransformable as outcome:
        actual = type(outcome)

    assert expected == actual


def test_what_grows_beyond_a_request_is_not_made() -> None:
    """The same value in many places: told by its size, before there is a text of that size."""
    grows = template('{"msg": "' + "<msg>" * 1500 + '"}', msg="$.detail.msg")
    with pytest.raises(TooLarge, match="more than 1,048,576 characters"):
        grows.apply(event({"msg": "x" * 200_000}))
    with pytest.raises(TooLarge):
        grows.rendered(event({"msg": "x" * 700}))
    assert grows.apply(event({"msg": "x" * 600})) == {"msg": "x" * 900_000}
