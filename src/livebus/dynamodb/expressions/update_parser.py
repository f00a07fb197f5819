"""
Parses update expressions: SET, REMOVE, ADD and DELETE, each at most once.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from livebus.dynamodb.expressions.lexer import ExpressionFault
from livebus.dynamodb.expressions.parser import Parser
from livebus.dynamodb.expressions.projections import check_paths
from livebus.dynamodb.expressions.syntax import (
    Action,
    Add,
    Delete,
    IfNotExists,
    ListAppend,
    Path,
    Remove,
    Set,
    Sum,
    Update,
    UpdateOperand,
)

_MAX_NESTING = 100


@lru_cache(512)
def parse_update(text: str) -> Update:
    """Raises ExpressionFault. That paths do not overlap is checked once names are known: ``check_update``."""
    parser = _UpdateParser(text)
    actions = parser.update()
    parser.end()
    return tuple(actions)


def check_update(update: Update) -> None:
    """Raises ExpressionFault where two actions change the same part of an item."""
    check_paths([action.path for action in update])


class _UpdateParser(Parser):
    def update(self) -> list[Action]:
        clauses: dict[str, Callable[[], Action]] = {
            "SET": self._set,
            "REMOVE": self._remove,
            "ADD": self._add,
            "DELETE": self._delete,
        }
        seen: set[str] = set()
        actions: list[Action] = []
        while self.token.kind != "end":
            word = self.token.text.upper()
            if self.token.kind != "name" or word not in clauses:
                raise self.fault()
            if word in seen:
                raise ExpressionFault(f'The "{word}" section can only be used once in an update expression;')
            seen.add(word)
            self.advance()
            actions.append(clauses[word]())
            while self.takes(","):
                actions.append(clauses[word]())
        return actions

    def _set(self) -> Set:
        path = self.path()
        self.count_operator()
        self.expect("=")
        left = self._operand()
        for sign in ("+", "-"):
            if self.takes(sign):
                self.count_operator()
                return Set(path, Sum(sign, left, self._operand()))
        return Set(path, left)

    def _remove(self) -> Remove:
        self.count_operator()
        return Remove(self.path())

    def _add(self) -> Add:
        self.count_operator()
        return Add(self.path(), self.placeholder())

    def _delete(self) -> Delete:
        self.count_operator()
        return Delete(self.path(), self.placeholder())

    def _operand(self, depth: int = 0) -> UpdateOperand:
        if depth > _MAX_NESTING:
            raise ExpressionFault("The expression is nested too deeply")
        if self.takes("("):
            operand = self._operand(depth + 1)
            self.expect(")")
            return operand
        if self.token.kind == "value":
            return self.placeholder()
        if not self.is_call():
            return self.path()
        name = self.token.text
        if name not in ("if_not_exists", "list_append"):
            raise ExpressionFault(f"Invalid function name; function: {name}")
        self.count_operator()
        self.advance()
        self.expect("(")
        first = self._operand(depth + 1)
        self.expect(",")
        second = self._operand(depth + 1)
        self.expect(")")
        if name == "list_append":
            return ListAppend(first, second)
        if not isinstance(first, Path):
            raise ExpressionFault(f"Operator or function requires a document path; operator or function: {name}")
        return IfNotExists(first, second)
