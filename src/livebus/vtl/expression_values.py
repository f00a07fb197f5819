"""
Evaluates references and expressions.

In: nodes of the syntax tree. Out: values as :mod:`livebus.vtl.values` has them; None where there is none. What a Java
method would throw ends the template in the words of Apache Velocity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livebus.vtl.arithmetic import calculated, compared, same, truth
from livebus.vtl.budget import MAX_BITS
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions import invoke, namespace
from livebus.vtl.methods import JavaError, NoSuchMethod, call
from livebus.vtl.scopes import Loop, Scope
from livebus.vtl.syntax import (
    Binary,
    Block,
    Expression,
    Index,
    Interpolated,
    ListLiteral,
    Literal,
    MapLiteral,
    Not,
    Property,
    RangeLiteral,
    Reference,
    Step,
)
from livebus.vtl.values import Entry, Namespace, java_class, text_of

CONTEXT_NAMES = ("ctx", "context")
NAMESPACE_NAMES = {"util": "util", "utils": "util", "extensions": "extensions"}
"""Names that AppSync defines, and the namespaces that they are."""

Place = Callable[[int], tuple[int, int]]


class ExpressionValues:
    """``at`` is where in the template the evaluation is; ``place`` turns that into line and column."""

    def __init__(self, evaluation: Evaluation, place: Place) -> None:
        self.at = 0
        self.evaluation = evaluation
        self.budget = evaluation.budget
        self.place = place
        variables: dict[str, Any] = dict.fromkeys(CONTEXT_NAMES, evaluation.context)
        variables |= {name: Namespace(path) for name, path in NAMESPACE_NAMES.items()}
        self.scope = Scope(variables)

    def text(self, block: Block) -> str:
        """The text of a template inside of a string."""
        raise NotImplementedError

    # --- expressions ------------------------------------------------------------------------------------------------

    def value(self, node: Expression) -> Any:
        self.budget.enter()
        self.at = node.at
        found = _VALUES[type(node)](self, node)
        self.budget.leave()
        return found

    def value_in(self, node: Expression, scope: Scope) -> Any:
        """The value that an expression has in another scope."""
        before, self.scope = self.scope, scope
        try:
            return self.value(node)
        finally:
            self.scope = before

    def truth(self, node: Expression) -> bool:
        """What an expression is as a condition: literals but ``true`` are no condition, and count as false."""
        if isinstance(node, Literal):
            return node.value is True
        if isinstance(node, Reference):
            return truth(self.value(node))
        if isinstance(node, Not) or (isinstance(node, Binary) and node.operator not in "+-*/%"):
            return bool(self.value(node))
        return False

    def _interpolated(self, node: Interpolated) -> str:
        return self.text(node.block)

    def _list(self, node: ListLiteral) -> list[Any]:
        return [self.value(item) for item in node.items]

    def _map(self, node: MapLiteral) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in node.entries:
            self.java(made, "put", [self.value(key), self.value(value)], node.at)
        return made

    def _range(self, node: RangeLiteral) -> list[int] | None:
        first, last = self.value(node.first), self.value(node.last)
        if not isinstance(first, int) or not isinstance(last, int) or isinstance(first, bool) or isinstance(last, bool):
            return None
        self.budget.spend(abs(last - first))
        return list(range(first, last + 1) if first <= last else range(first, last - 1, -1))

    def _not(self, node: Not) -> bool:
        return not self.truth(node.operand)

    def _binary(self, node: Binary) -> Any:
        operator = node.operator
        if operator == "||":
            return self.truth(node.left) or self.truth(node.right)
        if operator == "&&":
            return self.truth(node.left) and self.truth(node.right)
        left, right = self.value(node.left), self.value(node.right)
        self.at = node.at
        if operator == "==":
            return same(left, right, self.budget)
        if operator == "!=":
            return not same(left, right, self.budget)
        if operator[0] in "<>":
            return compared(operator, left, right)
        if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
            return self._joined(node, left, right)
        return calculated(operator, left, right)

    def _joined(self, node: Binary, left: Any, right: Any) -> str:
        texts = []
        for operand, value in ((node.left, left), (node.right, right)):
            source = operand.source if isinstance(operand, Reference) else "null"
            texts.append(source if value is None else text_of(value, self.budget))
        self.budget.text(sum(map(len, texts)))
        return "".join(texts)

    # --- references -------------------------------------------------------------------------------------------------

    def reference(self, node: Reference) -> Any:
        value = self.scope.get(node.root, self.value_in)
        for step in node.steps:
            if value is None:
                return None
            value = self.step(value, step)
        return value

    def step(self, value: Any, step: Step) -> Any:
        """What a step of a reference leads to."""
        self.budget.spend()
        if isinstance(step, Property):
            return self.member(value, step.name)
        if isinstance(step, Index):
            return self._indexed(value, self.value(step.value), step.at)
        arguments = [self.value(argument) for argument in step.arguments]
        self.at = step.at
        if isinstance(value, Namespace):
            self.evaluation.place = self.place(step.at)
            return invoke(f"{value.name}.{step.name}", arguments, self.evaluation)
        if isinstance(value, Loop):
            if arguments:
                return None
            name = step.name.removeprefix("get").removeprefix("is") if step.name != "hasNext" else step.name
            return value.member(name[:1].lower() + name[1:])
        return self.java(value, step.name, arguments, step.at)

    def member(self, value: Any, name: str) -> Any:
        """A property, as a getter of Java or a map's entry."""
        if isinstance(value, dict):
            return value.get(name)
        if isinstance(value, Namespace):
            return namespace(f"{value.name}.{name}")
        if isinstance(value, Loop):
            return value.member(name)
        if isinstance(value, Entry):
            return {"key": value.key, "value": value.value}.get(name)
        if name == "empty" and isinstance(value, str | list):
            return not value
        return None

    def _indexed(self, value: Any, index: Any, at: int) -> Any:
        if isinstance(value, dict):
            return self.java(value, "get", [index], at)
        if not isinstance(value, list):
            return None
        if isinstance(index, int) and index < 0:
            index += len(value)  # counted from the end
        return self.java(value, "get", [index], at)

    def java(self, value: Any, name: str, arguments: list[Any], at: int) -> Any:
        """The result of a Java method, None where there is no such method."""
        try:
            found = call(value, name, arguments, self.budget)
        except NoSuchMethod:
            return None
        except JavaError as error:
            line, column = self.place(at)
            raise self.evaluation.fail(
                f"Invocation of method '{name}' in  class {java_class(value)} threw exception {error.java_type}: {error} "
                f"at velocity[line {line}, column {column}]"
            ) from None
        if isinstance(found, int) and found.bit_length() > MAX_BITS:
            return None
        return found


_VALUES: dict[type, Callable[[ExpressionValues, Any], Any]] = {
    Literal: lambda _, node: node.value,
    Reference: ExpressionValues.reference,
    Interpolated: ExpressionValues._interpolated,
    ListLiteral: ExpressionValues._list,
    MapLiteral: ExpressionValues._map,
    RangeLiteral: ExpressionValues._range,
    Not: ExpressionValues._not,
    Binary: ExpressionValues._binary,
}
