"""
``$util.transform``: filters of GraphQL arguments, as data sources and subscriptions want them.

https://docs.aws.amazon.com/appsync/latest/devguide/transformation-helpers-in-util-transform.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from livebus.vtl.budget import Budget
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.dynamodb import typed
from livebus.vtl.functions.registry import function
from livebus.vtl.values import json_of, plain

# --- subscriptions --------------------------------------------------------------------------------------------------

_Group = list[dict[str, Any]]


@function("util.transform.toSubscriptionFilter", "any", "any any", "any any any")
def _subscription(evaluation: Evaluation, given: Any, ignored: Any = None, rules: Any = None) -> Any:
    """Recorded against AWS: alternatives multiply out, operators are carried through as written."""
    if not isinstance(given, dict):
        return None
    budget = evaluation.budget
    skipped = ignored if isinstance(ignored, list) else []
    groups = _alternatives(plain(given, budget), skipped, budget)
    added = (
        [group for field, value in plain(rules, budget).items() for group in _operators(field, value)]
        if isinstance(rules, dict)
        else []
    )
    if added:
        groups = _combined(groups, added, budget)
    return {"filterGroup": [{"filters": filters} for filters in groups if filters]}


def _operators(field: str, value: Any) -> list[_Group]:
    if not isinstance(value, dict):
        return []
    return [[{"fieldName": field, "operator": operator, "value": operand}] for operator, operand in value.items()]


def _combined(left: list[_Group], right: list[_Group], budget: Budget) -> list[_Group]:
    budget.spend(len(left) * len(right) * (1 + len(left[0]) if left else 1))
    return [[*one, *other] for one in left for other in right]


def _alternatives(given: dict[str, Any], skipped: list[Any], budget: Budget) -> list[_Group]:
    groups: list[_Group] = [[]]
    for key, value in given.items():
        if key in skipped:
            continue
        if key == "and" and isinstance(value, list):
            for member in value:
                if isinstance(member, dict):
                    groups = _combined(groups, _alternatives(member, skipped, budget), budget)
        elif key == "or" and isinstance(value, list):
            members = [
                group
                for member in value
                if isinstance(member, dict)
                for group in _alternatives(member, skipped, budget)
                if group
            ]
            groups = _combined(groups, members, budget) if members else groups
        else:
            own = _operators(key, value)
            groups = _combined(groups, own, budget) if own else groups
    return groups


# --- DynamoDB -------------------------------------------------------------------------------------------------------

_COMPARED = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FUNCTIONS = {
    "contains": "contains({name},{value})",
    "notContains": "NOT contains({name},{value})",
    "beginsWith": "begins_with({name},{value})",
}
_TYPES = {
    "_null": "NULL",
    "string": "S",
    "stringSet": "SS",
    "number": "N",
    "numberSet": "NS",
    "binary": "B",
    "binarySet": "BS",
    "boolean": "BOOL",
    "list": "L",
    "map": "M",
}


class _Unrenderable(Exception):
    """A filter that AppSync answers with null."""


@function("util.transform.toDynamoDBFilterExpression", "any")
@function("util.transform.toDynamoDBConditionExpression", "any")
def _dynamodb(evaluation: Evaluation, given: Any) -> str | None:
    """Recorded against AWS: JSON text of expression, names and values; null for what cannot be written so."""
    rendering = _Rendering(evaluation.budget)
    try:
        expression = rendering.filter(plain(given, evaluation.budget), "")
    except _Unrenderable:
        return None
    members = {"expression": expression, "expressionNames": rendering.names, "expressionValues": rendering.values}
    return json_of(members, evaluation.budget)


class _Rendering:
    def __init__(self, budget: Budget) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._budget = budget

    def filter(self, given: Any, prefix: str) -> str:
        """An object's members, joined by AND. ``prefix`` is the way to it, in the names of values."""
        if not isinstance(given, dict):
            raise _Unrenderable
        return " AND ".join(self._member(name, value, prefix) for name, value in given.items())

    def _member(self, name: str, value: Any, prefix: str) -> str:
        if name in ("and", "or"):
            if not isinstance(value, list):
                raise _Unrenderable
            parts = [self.filter(part, f"{prefix}{name}_{index}_") for index, part in enumerate(value)]
            if len(parts) < 2:
                return "".join(parts)
            # A part of one condition brings its own parentheses.
            return "(" + f" {name.upper()} ".join(parts) + ")"
        if name == "not":
            return f"(NOT {self.filter(value, f'{prefix}not_')})"
        return self._field(name, value, prefix)

    def _field(self, name: str, operators: Any, prefix: str) -> str:
        if not isinstance(operators, dict):
            raise _Unrenderable
        self.names[f"#{name}"] = name
        conditions = [
            f"({condition})"
            for operator, operand in operators.items()
            for condition in self._condition(f"#{name}", f":{prefix}{name}_{operator}", operator, operand)
        ]
        return conditions[0] if len(conditions) == 1 else f"({' AND '.join(conditions)})" if conditions else ""

    def _value(self, name: str, value: Any) -> str:
        self.values[name] = typed(value, self._budget)
        return name

    def _condition(self, name: str, key: str, operator: str, operand: Any) -> Iterator[str]:
        if operator in _COMPARED:
            yield f"{name} {_COMPARED[operator]} {self._value(key, operand)}"
        elif operator in _FUNCTIONS:
            yield _FUNCTIONS[operator].format(name=name, value=self._value(key, operand))
        elif operator == "between" and isinstance(operand, list) and len(operand) > 1:
            start, end = self._value(f"{key}_start", operand[0]), self._value(f"{key}_end", operand[1])
            yield f"{name} BETWEEN {start} AND {end}"
        elif operator == "in" and isinstance(operand, list):
            listed = ", ".join(self._value(f"{key}_{index}", item) for index, item in enumerate(operand))
            yield f"{name} IN ({listed})" if listed else "null"
        elif operator == "attributeExists" and isinstance(operand, bool):
            yield f"attribute_{'' if operand else 'not_'}exists({name})"
        elif operator == "attributeType" and isinstance(operand, str) and operand in _TYPES:
            yield f"attribute_type({name},{self._value(key, _TYPES[operand])})"
        elif operator == "size" and isinstance(operand, dict):
            for compared, value in operand.items():
                if compared not in _COMPARED:
                    raise _Unrenderable
                yield f"size({name}) {_COMPARED[compared]} {self._value(f'{key}_{compared}', value)}"
        else:
            raise _Unrenderable


# --- OpenSearch -----------------------------------------------------------------------------------------------------

_RANGES = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
_QUERIES = {
    "eq": "term",
    "match": "match",
    "matchPhrase": "match_phrase",
    "matchPhrasePrefix": "match_phrase_prefix",
    "regexp": "regexp",
    "wildcard": "wildcard",
}


@function("util.transform.toElasticsearchQueryDSL", "any")
def _opensearch(evaluation: Evaluation, given: Any) -> str | None:
    """JSON text of an OpenSearch query, in the form that AppSync documents; null for an operator that it does not name."""
    try:
        return json_of(_query(plain(given, evaluation.budget)), evaluation.budget)
    except _Unrenderable:
        return None


def _must(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else {"bool": {"must": parts}}


def _query(given: Any) -> Any:
    if not isinstance(given, dict):
        raise _Unrenderable
    parts: list[Any] = []
    for name, value in given.items():
        if name in ("and", "or"):
            if not isinstance(value, list):
                raise _Unrenderable
            parts.append({"bool": {"must" if name == "and" else "should": [_query(each) for each in value]}})
        elif name == "not":
            parts.append({"bool": {"must_not": _query(value)}})
        elif isinstance(value, dict):
            parts.append(_must([_field_query(name, operator, operand) for operator, operand in value.items()]))
        else:
            raise _Unrenderable
    return _must(parts)


def _field_query(name: str, operator: str, operand: Any) -> Any:
    if operator in _QUERIES:
        return {_QUERIES[operator]: {name: operand}}
    if operator == "ne":
        return {"bool": {"must_not": {"term": {name: operand}}}}
    if operator in _RANGES:
        return {"range": {name: {operator: operand}}}
    if operator == "range" and isinstance(operand, list) and len(operand) == 2:
        return {"range": {name: {"gte": operand[0], "lte": operand[1]}}}
    if operator == "exists" and isinstance(operand, bool):
        found = {"exists": {"field": name}}
        return found if operand else {"bool": {"must_not": found}}
    raise _Unrenderable
