"""
The condition of a Query on its keys: which conditions it may be, one partition and an operator for the sort key.

In: a bound condition and the names and types of the two keys. Out: the partition key's value, the operator and its operands; the range
of keys that these are is made in ``dynamodb.reading``.
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

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
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
    by_name = {term.name: term for term in terms}
    if len(by_name) != len(terms):
        raise invalid("KeyConditionExpressions must only contain one condition per key")
    if len(terms) > 2:
        raise invalid("Conditions can be of length 1 or 2 only")
    first = by_name.pop(partition[0], None)
    if first is None:
        raise invalid(f"Query condition missed key schema element: {partition[0]}")
    if first.operator != "=":
        raise invalid("Query key condition not supported")
    _check_values(first, partition[1])
    if not by_name:
        return KeyCondition(first.operands[0])
    second = by_name.get(sort[0]) if sort else None
    if sort is None or second is None:
        missed = (
            f"Query condition missed key schema element: {sort[0]}" if sort else "Query key condition not supported"
        )
        raise invalid(missed)
    _check_values(second, sort[1])
    return KeyCondition(first.operands[0], second.operator, second.operands)


def _check_values(term: _Term, kind: str) -> None:
    """The values that a key is compared with have to be of its type, and something."""
    if any(kind not in value for value in term.operands):
        raise invalid_values("Condition parameter type does not match schema type")
    if any(content == "" for value in term.operands for content in value.values()):
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an"
            f" empty {'string' if kind == 'S' else 'binary'} value. Key: {term.name}"
        )


def _flat(parts: tuple[Condition, ...]) -> list[Condition]:
    """Conditions that brackets hold together are joined by AND all the same."""
    flat: list[Condition] = []
    for part in parts:
        flat += _flat(part.parts) if isinstance(part, And) else [part]
    return flat


def _term(condition: Condition) -> _Term:
    match condition:
        case Comparison(comparator, left, right) if comparator != "<>":
            if isinstance(right, Path) and not isinstance(left, Path):
                left, right, comparator = right, left, _MIRRORED[comparator]
            return _Term(_name(left), comparator, (_literal(right),))
        case Between(operand, low, high):
            return _Term(_name(operand), BETWEEN, (_literal(low), _literal(high)))
        case Function("begins_with", (operand, prefix)):
            return _Term(_name(operand), BEGINS_WITH, (_literal(prefix),))
    raise _not_for_keys(_operator(condition))


def _operator(condition: Condition) -> str:
    """What a condition that keys cannot have is called."""
    match condition:
        case Comparison(comparator, _, _):
            return comparator
        case Function(name, _):
            return name
    return {And: "AND", Or: "OR", Not: "NOT", In: "IN", Between: BETWEEN}[type(condition)]


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
