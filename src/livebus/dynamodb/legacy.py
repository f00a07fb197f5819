"""
Conditions from before expressions: ``Expected`` as the condition that it stands for.

Other parameters of that time (AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, AttributesToGet) are refused by
their names.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.Expected.html
"""

from __future__ import annotations

from typing import Any

from livebus.dynamodb import parameters
from livebus.dynamodb.attribute_values import read_value
from livebus.dynamodb.errors import constraint, invalid_values
from livebus.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Literal,
    Not,
    Or,
    Path,
)
from livebus.dynamodb.parameters import Request

_COMPARATORS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
# How many values each operator takes; None for one or more.
_VALUES: dict[str, int | None] = {
    **dict.fromkeys(_COMPARATORS, 1),
    "NOT_NULL": 0,
    "NULL": 0,
    "CONTAINS": 1,
    "NOT_CONTAINS": 1,
    "BEGINS_WITH": 1,
    "IN": None,
    "BETWEEN": 2,
}
_EXPRESSIONS = ("ConditionExpression", "UpdateExpression")


def expected(request: Request) -> Condition | None:
    """The condition of a request's Expected and ConditionalOperator. Raises DynamoDBError."""
    parameters.refuse_mixture(request, ("Expected", "ConditionalOperator", "AttributeUpdates"), _EXPRESSIONS)
    parameters.refuse_legacy(request, "AttributeUpdates")
    given = parameters.mapping_or_none(request, "Expected")
    operator = parameters.choice(request, "ConditionalOperator", ("OR", "AND"), "AND")
    if not given:
        return None
    parts = tuple(_part(name, parameters.mapping(each)) for name, each in given.items())
    return And(parts) if operator == "AND" else Or(parts)


def _part(name: str, given: Request) -> Condition:
    path = Path((name,))
    operator = parameters.text_or_none(given, "ComparisonOperator")
    if operator is None:
        if not parameters.flag(given, "Exists", default=True):
            if given.get("Value") is not None:
                raise invalid_values(f"Value cannot be used when Exists is set to false for Attribute: {name}")
            return Function("attribute_not_exists", (path,))
        if given.get("Value") is None:
            raise invalid_values(f"Value must be provided when Exists is set to true for Attribute: {name}")
        return Comparison("=", path, Literal(read_value(given["Value"])[0]))
    if operator not in _VALUES:
        allowed = f"Member must satisfy enum value set: [{', '.join(_VALUES)}]"
        raise constraint("expected.member.comparisonOperator", operator[:100], allowed)
    given_values = (
        [given["Value"]] if given.get("Value") is not None else parameters.sequence(given, "AttributeValueList", 0, 100)
    )
    values = tuple(Literal(read_value(value)[0]) for value in given_values)
    count = _VALUES[operator]
    if len(values) != count if count is not None else not values:
        raise invalid_values(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    return _condition(path, operator, values)


def _condition(path: Path, operator: str, values: tuple[Any, ...]) -> Condition:
    if operator in _COMPARATORS:
        return Comparison(_COMPARATORS[operator], path, values[0])
    match operator:
        case "NOT_NULL":
            return Function("attribute_exists", (path,))
        case "NULL":
            return Function("attribute_not_exists", (path,))
        case "CONTAINS":
            return Function("contains", (path, values[0]))
        case "NOT_CONTAINS":
            return Not(Function("contains", (path, values[0])))
        case "BEGINS_WITH":
            return Function("begins_with", (path, values[0]))
        case "IN":
            return In(path, values)
    return Between(path, values[0], values[1])
