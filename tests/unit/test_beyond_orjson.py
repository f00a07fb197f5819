"""What orjson refuses is written as JSON all the same."""

from __future__ import annotations

import json
import math
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from livebus.beyond_orjson import json_text
from livebus.execution.responses import GraphQLResponse
from livebus.resolver.engine import to_json
from livebus.runtime.page.service import _line

LARGE = 2**70
# What is read of 1e400, which an event may well have.
BEYOND = json.loads("1e400")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (LARGE, "1180591620717411303424"),
        (BEYOND, "null"),
        ([BEYOND, -BEYOND, math.nan, 1.5, (LARGE, BEYOND)], "[null,null,null,1.5,[1180591620717411303424,null]]"),
        (
            {"a": {"b": BEYOND}, "c": LARGE, "d": "Infinity"},
            '{"a":{"b":null},"c":1180591620717411303424,"d":"Infinity"}',
        ),
        ("\ud83d", '"\\ud83d"'),
        (MappingProxyType({"a": [BEYOND]}), '{"a":[null]}'),
    ],
    ids=str,
)
def test_what_is_written_can_be_read(value: Any, text: str) -> None:
    """By every reader of JSON: a number that JSON has not is null, as orjson writes it."""
    assert json_text(value, default=dict) == text
    json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("value", [[BEYOND], {"a": math.nan}, 1.5, "text", None, True])
def test_it_is_what_orjson_writes_of_the_same(value: Any) -> None:
    """A value does not hang on what else is beside it."""
    assert json_text(value) == orjson.dumps(value).decode()


def test_what_json_has_nothing_for_is_refused() -> None:
    """Unless ``default`` makes something of it."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        json_text({"a": object(), "b": BEYOND})
    assert json_text({"a": 1j, "b": BEYOND}, default=str) == '{"a":"1j","b":null}'


def test_each_that_writes_json_for_others_writes_null() -> None:
    """The page, a GraphQL answer, what code of resolvers reads: a large number beside an infinity made Infinity of it."""
    value = {"large": LARGE, "beyond": BEYOND, "half": "\ud83d"}
    expected = {**value, "beyond": None}
    response = GraphQLResponse(errors=({"message": "m", "errorInfo": value},))
    texts = [_line(value), to_json(value), response.body()]
    assert [json.loads(text, parse_constant=pytest.fail) for text in texts[:2]] == [expected, expected]
    assert json.loads(texts[2], parse_constant=pytest.fail)["errors"][0]["errorInfo"] == expected
