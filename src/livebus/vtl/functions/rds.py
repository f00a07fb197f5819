"""
``$util.rds``: rows of what the RDS Data API answered.

https://docs.aws.amazon.com/appsync/latest/devguide/rds-helpers-in-util-rds.html
"""

from __future__ import annotations

from typing import Any

from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.general import parse_json
from livebus.vtl.functions.registry import function
from livebus.vtl.values import json_of

_VALUES = ("stringValue", "longValue", "doubleValue", "booleanValue", "blobValue", "arrayValue")


def _value(field: Any) -> Any:
    if not isinstance(field, dict) or field.get("isNull"):
        return None
    return next((field[name] for name in _VALUES if name in field), None)


def _rows(statement: Any) -> list[Any]:
    columns = statement.get("columnMetadata") if isinstance(statement, dict) else None
    records = statement.get("records") if isinstance(statement, dict) else None
    names = [
        (column.get("label") or column.get("name") or str(index)) if isinstance(column, dict) else str(index)
        for index, column in enumerate(columns if isinstance(columns, list) else [])
    ]
    return [
        dict(zip(names, map(_value, record), strict=False))
        for record in (records if isinstance(records, list) else [])
        if isinstance(record, list)
    ]


@function("util.rds.toJsonObject", "any")
def _to_object(evaluation: Evaluation, result: Any) -> Any:
    """For each statement the list of its rows, by the columns' names. ``result`` is the answer, or its JSON text."""
    answer = parse_json(evaluation, result) if isinstance(result, str) else result
    statements = answer.get("sqlStatementResults") if isinstance(answer, dict) else None
    if not isinstance(statements, list):
        return None
    evaluation.budget.text(len(json_of(statements, evaluation.budget)))
    return [_rows(statement) for statement in statements]


@function("util.rds.toJsonString", "any")
def _to_text(evaluation: Evaluation, result: Any) -> str | None:
    rows = _to_object(evaluation, result)
    return None if rows is None else json_of(rows, evaluation.budget)
