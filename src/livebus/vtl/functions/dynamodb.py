"""
``$util.dynamodb``: values in DynamoDB's typed form, and as its JSON text where the name ends in Json.

The forms are those recorded of the JavaScript helpers (numbers stay numbers, null is ``{"NULL": null}``); AWS does not
document other ones for templates. https://docs.aws.amazon.com/appsync/latest/devguide/dynamodb-helpers-in-util-dynamodb.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from livebus.vtl.budget import Budget
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import is_number, json_of, plain, text_of

_S3 = ("key", "bucket", "region", "version")


def typed(value: Any, budget: Budget) -> dict[str, Any]:
    """A value in DynamoDB's form: S, N, BOOL, NULL, L and M; never a set, never B."""
    return _typed(plain(value, budget))


def _typed(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": None}
    if isinstance(value, bool):
        return {"BOOL": value}
    if is_number(value):
        return {"N": value}
    if isinstance(value, list):
        return {"L": [_typed(item) for item in value]}
    if isinstance(value, dict):
        return {"M": {key: _typed(item) for key, item in value.items()}}
    return {"S": value}


def typed_members(value: dict[Any, Any], budget: Budget) -> dict[str, Any]:
    return {text_of(key, budget): typed(item, budget) for key, item in value.items()}


def _both(name: str, kind: str, convert: Callable[[Any, Budget], Any]) -> None:
    """The function that gives an object and the one that gives its JSON text; null for null."""

    def give(evaluation: Evaluation, value: Any) -> Any:
        return None if value is None else convert(value, evaluation.budget)

    def give_text(evaluation: Evaluation, value: Any) -> str:
        return json_of(give(evaluation, value), evaluation.budget)

    function(f"util.dynamodb.{name}", kind)(give)
    function(f"util.dynamodb.{name}Json", kind)(give_text)


def _tagged(tag: str) -> Callable[[Any, Budget], Any]:
    return lambda value, budget: {tag: plain(value, budget)}


_both("toString", "text", _tagged("S"))
_both("toStringSet", "list", _tagged("SS"))
_both("toNumber", "number", _tagged("N"))
_both("toNumberSet", "list", _tagged("NS"))
_both("toBinary", "text", _tagged("B"))
_both("toBinarySet", "list", _tagged("BS"))
_both("toBoolean", "bool", _tagged("BOOL"))
_both("toList", "list", typed)
_both("toMap", "map", typed)
_both("toMapValues", "map", typed_members)


@function("util.dynamodb.toDynamoDB", "any")
def _to_dynamodb(evaluation: Evaluation, value: Any) -> Any:
    return typed(value, evaluation.budget)


@function("util.dynamodb.toDynamoDBJson", "any")
def _to_dynamodb_json(evaluation: Evaluation, value: Any) -> str:
    return json_of(typed(value, evaluation.budget), evaluation.budget)


@function("util.dynamodb.toNull")
def _to_null(evaluation: Evaluation) -> Any:
    return {"NULL": None}


@function("util.dynamodb.toNullJson")
def _to_null_json(evaluation: Evaluation) -> str:
    return '{"NULL":null}'


@function("util.dynamodb.toS3Object", "text text text", "text text text text")
def _to_s3(evaluation: Evaluation, *given: Any) -> Any:
    place = dict(zip(_S3, given, strict=False))
    return {"S": json_of({"s3": place}, evaluation.budget)}


@function("util.dynamodb.toS3ObjectJson", "text text text", "text text text text")
def _to_s3_json(evaluation: Evaluation, *given: Any) -> str:
    return json_of(_to_s3(evaluation, *given), evaluation.budget)


@function("util.dynamodb.fromS3ObjectJson", "text")
def _from_s3(evaluation: Evaluation, text: str | None) -> Any:
    """The members of a text that toS3Object made; null for any other."""
    try:
        read = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    place = read.get("s3") if isinstance(read, dict) else None
    return plain(place, evaluation.budget) if isinstance(place, dict) else None
