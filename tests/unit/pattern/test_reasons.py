"""Why an event does not match."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.pattern import EventPattern

SAMPLE = '{"source":["sample.source"],"detail":{"msg":[{"exists":true}]}}'


@pytest.mark.parametrize(
    ("pattern", "event", "reasons"),
    [
        (SAMPLE, {"source": "sample.source", "detail": {"msg": ""}}, []),
        (
            SAMPLE,
            {"source": "other.source", "detail": {}},
            [
                '$.source: "other.source" is none of ["sample.source"]',
                "$.detail.msg: missing, expected any value (exists: true)",
            ],
        ),
        (
            SAMPLE,
            {"Source": "sample.source", "detail": '{"msg":1}'},
            [
                '$.source: missing (did you mean "Source"?), expected one of ["sample.source"]',
                "$.detail.msg: missing ($.detail is a string), expected any value (exists: true)",
            ],
        ),
        (
            SAMPLE,
            {"source": "sample.source", "detail": {"msgs": 1}},
            ['$.detail.msg: missing (did you mean "msgs"?), expected any value (exists: true)'],
        ),
        (
            SAMPLE,
            {"source": "sample.source", "detail": {"msg": {"text": 1}}},
            ["$.detail.msg: an object, expected any value (exists: true)"],
        ),
        (
            SAMPLE,
            {"source": "sample.source", "detail": {"msg": [[]]}},
            ["$.detail.msg: an empty array, expected any value (exists: true)"],
        ),
        (
            '{"a":{"b":[1]}}',
            {"a": []},
            ["$.a.b: missing ($.a is an empty array), expected one of [1]"],
        ),
        ('{"a":{"b":[1]}}', {"a": [None]}, ["$.a.b: missing ($.a is null), expected one of [1]"]),
        ('{"a":{"b":[1]}}', {"a": 7}, ["$.a.b: missing ($.a is a number), expected one of [1]"]),
        (
            '{"a":[1,"1",{"prefix":"x"},{"numeric":[">",5]}]}',
            {"a": ["y", None, True, 2.5, 2]},
            ['$.a: none of "y", null, true, 2.5, 2 is one of [1, "1", {"prefix":"x"}, {"numeric":[">",5]}]'],
        ),
        (
            '{"a":[1]}',
            {"a": list(range(2, 10))},
            ["$.a: none of 2, 3, 4, 5, 6 and 3 more is one of [1]"],
        ),
        ('{"a":[1]}', {"a": [2, 3]}, ["$.a: none of 2, 3 is one of [1]"]),
        ('{"a":[1]}', {"a": list(range(2, 8))}, ["$.a: none of 2, 3, 4, 5, 6 and 1 more is one of [1]"]),
        ('{"a":[1]}', {"a": list(range(2, 7))}, ["$.a: none of 2, 3, 4, 5, 6 is one of [1]"]),
        ('{"a":[{"exists":false}]}', {"a": False}, ["$.a: false is there, expected no value (exists: false)"]),
        ('{"a":[1]}', {"a": "x" * 200}, ['$.a: "' + "x" * 118 + "… is none of [1]"]),
        (
            '{"d":{"x":[1],"y":[2],"z":[3]}}',
            {"d": [{"x": 1, "z": 3}, {"y": 2, "z": 3}]},
            ["no single element of an array meets all of these together: $.d.x: one of [1]; $.d.y: one of [2]"],
        ),
        (
            '{"d":{"x":[1],"y":[{"exists":false}]}}',
            {"d": [{"x": 1, "y": 2}]},
            ["$.d.y: 2 is there, expected no value (exists: false)"],
        ),
        (
            '{"a":[1],"d":{"$or":[{"x":[1]},{"y":[2],"z":[3]}]}}',
            {"a": 2, "d": {"y": 3}},
            [
                "$.a: 2 is none of [1]",
                "$.d.$or[0]: $.d.x: missing, expected one of [1]",
                "$.d.$or[1]: $.d.y: 3 is none of [2]",
                "$.d.$or[1]: $.d.z: missing, expected one of [3]",
            ],
        ),
        (
            '{"a":[1],"d":{"$or":[{"x":[1]},{"y":[2]}]}}',
            {"a": 2, "d": {"y": 2}},
            ["$.a: 2 is none of [1]"],
        ),
        (
            '{"$or":[{"a":[1]},{"$or":[{"b":[2]},{"c":[3]}]}]}',
            {"b": 0},
            [
                "$.$or[0]: $.a: missing, expected one of [1]",
                "$.$or[1] $.$or[0]: $.b: 0 is none of [2]",
                "$.$or[1] $.$or[1]: $.c: missing, expected one of [3]",
            ],
        ),
    ],
)
def test_what_fails_is_told_with_path_finding_and_expectation(
    pattern: str, event: dict[str, Any], reasons: list[str]
) -> None:
    """Every condition that fails has its reason, and of the members of a $or those that lack least."""
    assert reasons == EventPattern(pattern).explain(event)


def test_an_explanation_of_a_deep_path_is_no_crash() -> None:
    """A path of hundreds of steps is explained like any other."""
    pattern = EventPattern('{"k":' * 900 + "[1]" + "}" * 900)

    for value, kind in ((1, "a number"), ("x", "a string"), (None, "null"), (True, "true"), (False, "false")):
        told = [f"$.{'k.' * 899}k: missing ($.k is {kind}), expected one of [1]"]
        assert pattern.explain({"k": value}) == told


def test_conditions_are_told_as_data() -> None:
    """Each field with what was found and expected; the unmet one's sentence is the one that ``explain`` has."""
    pattern = EventPattern('{"source": ["a"], "detail": {"total": [{"numeric": [">", 0]}], "id": [{"exists": true}]}}')
    event = {"source": "a", "detail": {"total": "12"}}
    told = {each["path"]: each for each in pattern.conditions(event)}

    assert {path: (each["found"], each["met"]) for path, each in told.items()} == {
        "$.source": ('"a"', True),
        "$.detail.total": ('"12"', False),
        "$.detail.id": ("missing", False),
    }
    assert sorted(each["why"] for each in told.values() if each["why"]) == sorted(pattern.explain(event))
