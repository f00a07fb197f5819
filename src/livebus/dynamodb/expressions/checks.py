"""
What can be said of an expression without an item: values of a type that an operator or a function does not take.
"""

from __future__ import annotations

from typing import Any

from livebus.dynamodb.attribute_values import SCALARS, TYPE_NAMES, shown, sortable
from livebus.dynamodb.expressions.lexer import ExpressionFault
from livebus.dynamodb.expressions.syntax import (
    Add,
    And,
    Between,
    Comparison,
    Condition,
    Delete,
    Function,
    IfNotExists,
    In,
    ListAppend,
    Literal,
    Not,
    Operand,
    Or,
    Path,
    Set,
    Size,
    Sum,
    Update,
)

_SETS = frozenset({"SS", "NS", "BS"})
_SIZED = frozenset({"S", "B", "SS", "NS", "BS", "L", "M"})


def check_condition(condition: Condition) -> None:
    """Raises ExpressionFault."""
    match condition:
        case Comparison(comparator, left, right):
            _check_sizes(left, right)
            if comparator not in ("=", "<>"):
                _check_ordered(comparator, left, right)
            if isinstance(left, Path) and left == right:
                raise ExpressionFault(
                    "The first operand must be distinct from the remaining operands for this operator or function;"
                    f" operator: {comparator}, first operand: {left}"
                )
        case Between(operand, low, high):
            _check_sizes(operand, low, high)
            _check_ordered("BETWEEN", operand, low, high)
            _check_bounds(low, high)
        case In(operand, options):
            _check_sizes(operand, *options)
        case Function(name, arguments):
            _check_sizes(*arguments)
            _check_function(name, arguments)
        case Not(part):
            check_condition(part)
        case And(parts) | Or(parts):
            for each in parts:
                check_condition(each)


def _check_sizes(*operands: Operand) -> None:
    for operand in operands:
        if isinstance(operand, Size) and (kind := _kind(operand.of)) and kind not in _SIZED:
            raise _wrong_type("operator or function: size", kind)


def _check_ordered(operator: str, *operands: Operand) -> None:
    for operand in operands:
        kind = _kind(operand)
        if kind is not None and kind not in SCALARS:
            raise _wrong_type(f"operator or function: {operator}", kind)


def _check_bounds(low: Operand, high: Operand) -> None:
    if not isinstance(low, Literal) or not isinstance(high, Literal):
        return
    first, last = sortable(low.value), sortable(high.value)
    assert first is not None
    assert last is not None
    both = f"lower bound operand: {shown(low.value)}, upper bound operand: {shown(high.value)}"
    if first[0] != last[0]:
        raise ExpressionFault(f"The BETWEEN operator requires same data type for lower and upper bounds; {both}")
    if first[1] > last[1]:
        raise ExpressionFault(
            f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {both}"
        )


def _check_function(name: str, arguments: tuple[Operand, ...]) -> None:
    for argument in arguments:
        kind = _kind(argument)
        if name == "begins_with" and kind is not None and kind not in ("S", "B"):
            raise _wrong_type(f"operator or function: {name}", kind)
    if name == "attribute_type":
        argument = arguments[1]
        if not isinstance(argument, Literal) or "S" not in argument.value:
            raise _wrong_type(f"operator or function: {name}", _kind(argument) or "M")
        if argument.value["S"] not in TYPE_NAMES:
            known = ",".join(TYPE_NAMES)
            raise ExpressionFault(
                f"Invalid attribute type name found; type: {argument.value['S'][:100]}, valid types: {{{known}}}"
            )
    if len(arguments) > 1 and isinstance(arguments[0], Path) and arguments[0] == arguments[1]:
        raise ExpressionFault(
            "The first operand must be distinct from the remaining operands for this operator or function;"
            f" operator: {name}, first operand: {arguments[0]}"
        )


def check_update(update: Update) -> None:
    """Raises ExpressionFault."""
    for action in update:
        match action:
            case Add(_, Literal(value)) if (kind := _kind_of(value)) != "N" and kind not in _SETS:
                raise _wrong_type("operator: ADD", kind, "ALLOWED_FOR_ADD_OPERAND")
            case Delete(_, Literal(value)) if (kind := _kind_of(value)) not in _SETS:
                raise _wrong_type("operator: DELETE", kind, "ALLOWED_FOR_DELETE_OPERAND")
            case Set(_, value):
                _check_update_operand(value)


def _check_update_operand(value: Any) -> None:
    match value:
        case Sum(sign, left, right):
            for each in (left, right):
                kind = _kind(each)
                if kind is not None and kind != "N":
                    raise _wrong_type(f"operator or function: {sign}", kind)
                _check_update_operand(each)
        case ListAppend(first, second):
            for each in (first, second):
                kind = _kind(each)
                if kind is not None and kind != "L":
                    raise _wrong_type("operator or function: list_append", kind)
                _check_update_operand(each)
        case IfNotExists(_, otherwise):
            _check_update_operand(otherwise)


def _kind(operand: Any) -> str | None:
    return _kind_of(operand.value) if isinstance(operand, Literal) else None


def _kind_of(value: dict[str, Any]) -> str:
    return next(iter(value))


def _wrong_type(operator: str, kind: str, typeset: str = "") -> ExpressionFault:
    shown_kind = TYPE_NAMES[kind] if typeset else kind
    ending = f", typeset: {typeset}" if typeset else ""
    return ExpressionFault(
        f"Incorrect operand type for operator or function; {operator}, operand type: {shown_kind}{ending}"
    )
