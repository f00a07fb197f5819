"""
The condition of a Query on its keys: one partition, and a range in it.

In: a bound condition and the names and types of the two keys. Out: the partition key's value and a range of sort keys.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

from dataclasses import dataclass

from livebus.dynamodb.attribute_values import Value
from livebus.dynamodb.errors import DynamoDBError, invalid, invalid_values
from livebus.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Literal,
    Not,
    Operand,
    Or,
    Path,
)

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "<>": "<>"}
BEGINS_WITH, BETWEEN = "begins_with", "BETWEEN"


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """``operator``: =, <, <=, >, >=, BETWEEN, begins_with; empty where any sort key will do."""

    partition: Value
    operator: str = ""
    operands: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class _Term:
    name: str
    operator: str
    operands: tuple[Value, ...]


def key_condition(condition: Condition, partition: tuple[str, str], sort: tuple[str, str] | None) -> KeyCondition:
    """``partition`` and ``sort`` are names and types of keys. Raises DynamoDBError."""
    parts = condition.parts if isinstance(condition, And) else (condition,)
    terms = [_term(part) for part in _flat(parts)]
    names = [term.name for term in terms]
    if len(set(names)) != len(names):
        raise invalid("KeyConditionExpressions must only contain one condition per key")
    if len(terms) > 2:
        raise invalid("Conditions can be of length 1 or 2 only")
    keys = dict([partition, *([sort] if sort else [])])
    by_name = {term.name: term for term in terms}
    first = by_name.get(partition[0])
    if first is None:
        raise invalid(f"Query condition missed key schema element: {partition[0]}")
    if len(terms) == 2 and (sort is None or sort[0] not in by_name):
        raise invalid(
            f"Query condition missed key schema element: {sort[0]}" if sort else "Query key condition not supported"
        )
    if first.operator != "=":
        raise invalid("Query key condition not supported")
    for term in terms:
        if any(keys[term.name] not in value for value in term.operands):
            raise invalid_values("Condition parameter type does not match schema type")
        if any(content == "" for value in term.operands for content in value.values()):
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an"
                f" empty {'string' if keys[term.name] == 'S' else 'binary'} value. Key: {term.name}"
            )
    second = by_name.get(sort[0]) if sort else None
    if second is None:
        return KeyCondition(first.operands[0])
    if second.operator == BEGINS_WITH and keys[second.name] == "N":
        raise invalid(
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function;"
            " operator or function: begins_with, operand type: N"
        )
    return KeyCondition(first.operands[0], second.operator, second.operands)


def _flat(parts: tuple[Condition, ...]) -> list[Condition]:
    """Conditions that brackets hold together are joined by AND all the same."""
    flat: list[Condition] = []
    for part in parts:
        flat += _flat(part.parts) if isinstance(part, And) else [part]
    return flat


def _term(condition: Condition) -> _Term:
    match condition:
        case Comparison(comparator, left, right):
            if isinstance(right, Path) and not isinstance(left, Path):
                left, right, comparator = right, left, _MIRRORED[comparator]
            if comparator == "<>":
                raise _not_for_keys("<>")
            return _Term(_name(left), comparator, (_literal(right),))
        case Between(operand, low, high):
            return _Term(_name(operand), BETWEEN, (_literal(low), _literal(high)))
        case Function("begins_with", (operand, prefix)):
            return _Term(_name(operand), BEGINS_WITH, (_literal(prefix),))
        case Function(name, _):
            raise _not_for_keys(name)
        case Or():
            raise _not_for_keys("OR")
        case Not():
            raise _not_for_keys("NOT")
        case In():
            raise _not_for_keys("IN")
        case And():
            raise _not_for_keys("AND")


def _name(operand: Operand) -> str:
    if not isinstance(operand, Path):
        raise invalid("Invalid condition in KeyConditionExpression: a condition has no key's name on one side")
    if len(operand.steps) != 1 or not isinstance(operand.steps[0], str):
        raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
    return operand.steps[0]


def _literal(operand: Operand) -> Value:
    if isinstance(operand, Path):
        raise invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
    if not isinstance(operand, Literal):
        raise _not_for_keys("size")
    return operand.value


def _not_for_keys(operator: str) -> DynamoDBError:
    return invalid(f"Invalid operator used in KeyConditionExpression: {operator}")
