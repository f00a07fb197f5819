"""Event patterns and input transformers of strangers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.hostile import Hostile, pattern, target, template
from support.limited import validated


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"source": [f"s{index}" for index in range(60_000)]}, "E9"),
        ({"detail": {f"k{i}": {"$or": [{f"a{j}": [j]} for j in range(6)]} for i in range(60)}}, "E9"),
        ({"source": [{"wildcard": "*a" * 400_000}]}, "E9"),
        ('{"a":' * 100_000 + "[1]" + "}" * 100_000, "E9"),
        ('{"a":[' + "9" * 900_000 + "]}", "E9"),
        ('{"a":[{"numeric":["<",1e999999999]}]}', "E9"),
    ],
    ids=["values", "alternatives", "wildcards", "depth", "digits", "exponent"],
)
def test_a_pattern_that_grows_is_refused(tmp_path: Path, value: Any, expected: str) -> None:
    ended = validated(pattern(value).written(tmp_path))
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert expected in ended.stdout


def test_wildcards_take_no_time_on_long_values(tmp_path: Path) -> None:
    """Nothing is tried twice, neither by a pattern's stars nor by a policy's."""

    def change(document: dict[str, Any]) -> None:
        resources = document["Resources"]
        resources["Rule"]["Properties"]["EventPattern"] = {"detail": {"msg": [{"wildcard": "*" + "a*" * 200 + "b"}]}}
        statement = {"Effect": "Deny", "Action": "*a" * 300 + "b", "Resource": "*a*:" * 200 + "b"}
        resources["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] += [statement] * 50

    event = {"Source": "s", "DetailType": "d", "EventBusName": "bus", "Detail": json.dumps({"msg": "a" * 200_000})}
    ended = validated(Hostile(template(change), events=json.dumps([event] * 4)).written(tmp_path))
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {f"p{index}": f"$.detail.p{index}" for index in range(9000)},
                    "InputTemplate": "{" + ",".join(f'"p{index}": <p{index}>' for index in range(9000)) + "}",
                }
            },
            "has 9000 entries",
        ),
        ({"InputTransformer": {"InputPathsMap": {"msg": "$" + ".a" * 200_000}, "InputTemplate": "<msg>"}}, "E9"),
        ({"Input": "[" * 600_000}, "has 600000 characters"),
        ({"InputPath": "$" + ".a" * 200_000}, "E9"),
    ],
    ids=["placeholders", "path", "input", "input path"],
)
def test_an_input_that_grows_is_refused(tmp_path: Path, members: Any, expected: str) -> None:
    ended = validated(target(**members).written(tmp_path))
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert expected in ended.stdout
