"""
Where names lead to: variables of the whole template, arguments of macros, the scope of a loop.

A macro's arguments are expressions of its caller, evaluated each time that the macro uses them; what a macro sets under
the name of an argument is its own, everything else is the template's. That is Apache Velocity's way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from livebus.vtl.syntax import Expression
from livebus.vtl.values import Printable

Evaluate = Callable[[Expression, "Scope"], Any]


class Loop:
    """``$foreach`` inside of a loop over so many items."""

    __slots__ = ("index", "parent", "size")

    def __init__(self, size: int, parent: Loop | None) -> None:
        self.index = 0
        self.size = size
        self.parent = parent

    def member(self, name: str) -> Any:
        """A member by its name as a property; None where it has none."""
        if name == "topmost":
            loop = self
            while loop.parent is not None:
                loop = loop.parent
            return loop
        return {
            "index": self.index,
            "count": self.index + 1,
            "hasNext": self.index + 1 < self.size,
            "first": self.index == 0,
            "last": self.index + 1 == self.size,
            "parent": self.parent,
        }.get(name)


class Definition(Printable):
    """What ``#define`` defines, or the body of a macro's call: rendered when it is printed, in its own scope."""

    __slots__ = ("_render", "_under_way", "name")

    def __init__(self, name: str, render: Callable[[], str]) -> None:
        self.name = name
        self._render = render
        self._under_way = False

    def text(self) -> str:
        if self._under_way:  # it prints itself
            return f"${self.name}"
        self._under_way = True
        try:
            return self._render()
        finally:
            self._under_way = False


class Scope:
    """``arguments`` are those of the macro that is under way; ``caller`` is the scope in which it was called."""

    __slots__ = ("_arguments", "_caller", "_own", "_variables")

    def __init__(
        self,
        variables: dict[str, Any],
        arguments: Mapping[str, Expression | Definition | None] | None = None,
        caller: Scope | None = None,
    ) -> None:
        self._variables = variables
        self._arguments = arguments or {}
        self._own: dict[str, Any] = {}
        self._caller = caller

    def inner(self, arguments: Mapping[str, Expression | Definition | None]) -> Scope:
        return Scope(self._variables, arguments, self)

    def get(self, name: str, evaluate: Evaluate) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope._own:
                return scope._own[name]
            if name in scope._arguments:
                argument = scope._arguments[name]
                if argument is None or isinstance(argument, Definition):
                    return argument
                assert scope._caller is not None, "arguments have a caller"
                return evaluate(argument, scope._caller)
            scope = scope._caller
        return self._variables.get(name)

    def set(self, name: str, value: Any) -> None:
        """Set a variable; None takes it away."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope._arguments:
                scope._own[name] = value
                return
            scope = scope._caller
        if value is None:
            self._variables.pop(name, None)
        else:
            self._variables[name] = value

    def argument(self, name: str) -> Expression | Definition | None:
        """The expression that a macro was given under a name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope._arguments:
                return None if name in scope._own else scope._arguments[name]
            scope = scope._caller
        return None
