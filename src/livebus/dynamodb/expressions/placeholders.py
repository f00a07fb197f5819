"""
Puts a request's names and values in place of the placeholders of its expressions, and tells those that are not used.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from livebus.dynamodb.attribute_values import Value, read_value, wrong_shape
from livebus.dynamodb.errors import DynamoDBError, invalid
from livebus.dynamodb.expressions import checks
from livebus.dynamodb.expressions.lexer import ExpressionFault
from livebus.dynamodb.expressions.parser import parse_condition, parse_projection
from livebus.dynamodb.expressions.projections import check_paths
from livebus.dynamodb.expressions.syntax import (
    Action,
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
    Placeholder,
    Remove,
    Set,
    Size,
    Sum,
    Update,
    UpdateOperand,
)
from livebus.dynamodb.expressions.update_parser import check_update, parse_update

_NAME_KEY = re.compile(r"#[A-Za-z0-9_]+")
_VALUE_KEY = re.compile(r":[A-Za-z0-9_]+")
_LONGEST_NAME = 65_535
_T = TypeVar("_T")


class Placeholders:
    """
    Made of the whole request (or a part of one that has names and values of its own): of its members
    ExpressionAttributeNames and ExpressionAttributeValues, and of whether any of ``expressions`` is there.
    """

    def __init__(self, request: Mapping[str, Any], *expressions: str) -> None:
        has_expression = any(request.get(name) is not None for name in expressions)
        self._names = self._read(request, "ExpressionAttributeNames", _NAME_KEY, has_expression, self._name)
        self._values = self._read(request, "ExpressionAttributeValues", _VALUE_KEY, has_expression, self._value)
        self._unused = {*self._names, *self._values}

    @staticmethod
    def _read(
        request: Mapping[str, Any],
        member: str,
        key: re.Pattern[str],
        has_expression: bool,  # noqa: FBT001 - one of a row of facts
        read: Callable[[str, Any], _T],
    ) -> dict[str, _T]:
        given = request.get(member)
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            raise wrong_shape()
        if not has_expression:
            raise invalid(f"{member} can only be specified when using expressions")
        if not given:
            raise invalid(f"{member} must not be empty")
        for name in given:
            if not isinstance(name, str) or not key.fullmatch(name):
                raise invalid(f'{member} contains invalid key: Syntax error; key: "{str(name)[:100]}"')
        return {name: read(name, value) for name, value in given.items()}

    @staticmethod
    def _name(key: str, name: Any) -> str:
        if not isinstance(name, str):
            raise wrong_shape()
        if not 0 < len(name) <= _LONGEST_NAME:
            raise invalid(f"ExpressionAttributeNames contains invalid value for key {key}")
        return name

    @staticmethod
    def _value(key: str, value: Any) -> Value:
        try:
            return read_value(value)[0]
        except DynamoDBError as error:
            if error.code == "SerializationException":
                raise
            raise invalid(f"ExpressionAttributeValues contains invalid value: {error.message} for key {key}") from None

    def check_all_used(self) -> None:
        """Raises DynamoDBError where a name or a value was not asked for."""
        for member, known in (("Names", self._names), ("Values", self._values)):
            unused = ", ".join(name for name in known if name in self._unused)
            if unused:
                raise invalid(
                    f"Value provided in ExpressionAttribute{member} unused in expressions: keys: {{{unused}}}"
                )

    # --- expressions ------------------------------------------------------------------------------------------------

    def condition(self, request: Mapping[str, Any], member: str) -> Condition | None:
        """A condition of the request, bound; None where the request has none."""

        def bound(text: str) -> Condition:
            condition = self._condition(parse_condition(text))
            checks.check_condition(condition)
            return condition

        return self._bound(request, member, bound)

    def update(self, request: Mapping[str, Any], member: str = "UpdateExpression") -> Update:
        """An update expression of the request, bound; empty where the request has none."""

        def bound(text: str) -> Update:
            update = tuple(self._action(action) for action in parse_update(text))
            check_update(update)
            checks.check_update(update)
            return update

        return self._bound(request, member, bound) or ()

    def projection(self, request: Mapping[str, Any], member: str = "ProjectionExpression") -> tuple[Path, ...]:
        """The paths of a projection; none where the request has none."""

        def bound(text: str) -> tuple[Path, ...]:
            paths = tuple(self._path(path) for path in parse_projection(text))
            check_paths(paths)
            return paths

        return self._bound(request, member, bound) or ()

    @staticmethod
    def _bound(request: Mapping[str, Any], member: str, bind: Callable[[str], _T]) -> _T | None:
        text = request.get(member)
        if text is None:
            return None
        if not isinstance(text, str):
            raise wrong_shape()
        try:
            return bind(text)
        except ExpressionFault as fault:
            raise invalid(f"Invalid {member}: {fault}") from None

    # --- binding ----------------------------------------------------------------------------------------------------

    def _path(self, path: Path) -> Path:
        if not any(isinstance(step, str) and step[0] == "#" for step in path.steps):
            return path
        return Path(tuple(self._step(step) for step in path.steps))

    def _step(self, step: str | int) -> str | int:
        if isinstance(step, int) or step[0] != "#":
            return step
        name = self._names.get(step)
        if name is None:
            raise ExpressionFault(
                f"An expression attribute name used in the document path is not defined; attribute name: {step}"
            )
        self._unused.discard(step)
        return name

    def _literal(self, placeholder: Placeholder) -> Literal:
        value = self._values.get(placeholder.name)
        if value is None:
            raise ExpressionFault(
                f"An expression attribute value used in expression is not defined; attribute value: {placeholder.name}"
            )
        self._unused.discard(placeholder.name)
        return Literal(value)

    def _operand(self, operand: Operand) -> Operand:
        match operand:
            case Path():
                return self._path(operand)
            case Placeholder():
                return self._literal(operand)
            case Size(Path() as path):
                return Size(self._path(path))
            case Size(Placeholder() as placeholder):
                return Size(self._literal(placeholder))
        return operand

    def _condition(self, condition: Condition) -> Condition:
        match condition:
            case Comparison(comparator, left, right):
                return Comparison(comparator, self._operand(left), self._operand(right))
            case Between(operand, low, high):
                return Between(self._operand(operand), self._operand(low), self._operand(high))
            case In(operand, options):
                return In(self._operand(operand), tuple(map(self._operand, options)))
            case Function(name, arguments):
                return Function(name, tuple(map(self._operand, arguments)))
            case Not(part):
                return Not(self._condition(part))
            case And(parts):
                return And(tuple(map(self._condition, parts)))
            case Or(parts):
                return Or(tuple(map(self._condition, parts)))

    def _action(self, action: Action) -> Action:
        path = self._path(action.path)
        match action:
            case Set(_, Sum(sign, left, right)):
                return Set(path, Sum(sign, self._update_operand(left), self._update_operand(right)))
            case Set(_, value):
                assert not isinstance(value, Sum)
                return Set(path, self._update_operand(value))
            case Remove():
                return Remove(path)
            case Add(_, value):
                return Add(path, self._literal(value) if isinstance(value, Placeholder) else value)
            case Delete(_, value):
                return Delete(path, self._literal(value) if isinstance(value, Placeholder) else value)

    def _update_operand(self, operand: UpdateOperand) -> UpdateOperand:
        match operand:
            case Path():
                return self._path(operand)
            case Placeholder():
                return self._literal(operand)
            case IfNotExists(path, otherwise):
                return IfNotExists(self._path(path), self._update_operand(otherwise))
            case ListAppend(first, second):
                return ListAppend(self._update_operand(first), self._update_operand(second))
        return operand
