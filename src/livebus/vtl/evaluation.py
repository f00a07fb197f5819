"""
What one evaluation of a template has at hand, and what it leaves behind.

Functions of ``$util`` get an :class:`Evaluation`: the context, the request's time and ids, what may still be spent; and
they collect here what they bring about besides their value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from livebus.operation import ResolverError as GraphQLError
from livebus.operation import Services
from livebus.vtl.budget import Budget

MAX_LOGS = 1_000
MAX_ERRORS = 1_000
MAX_LOG_LINE = 16_384


class Halt(Exception):
    """The template ends in this error."""

    def __init__(self, error: GraphQLError) -> None:
        self.error = error
        super().__init__(error.message)


@dataclass(frozen=True, slots=True)
class LogLine:
    """``$util.log``: ``level`` is INFO, DEBUG or ERROR; line and column count from 1 in the template's text."""

    level: str
    text: str
    line: int
    column: int


@dataclass(slots=True)
class Effects:
    """
    What a template brings about besides its text, in the shapes of :class:`~livebus.operation.Resolution`.

    ``response_headers`` are those of ``$util.http.addResponseHeader`` as they were asked for: name and value, None for null.
    """

    appended: list[GraphQLError] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    subscription_filter: Any = None
    invalidation_filter: Any = None
    invalidations: list[Any] = field(default_factory=list)
    response_headers: list[tuple[str, str | None]] = field(default_factory=list)


class Evaluation:
    """One evaluation under way. ``context`` is ``$ctx``; ``services`` is None where the caller has no time and no ids."""

    def __init__(self, context: dict[Any, Any], services: Services | None, budget: Budget) -> None:
        self.context = context
        self.services = services
        self.budget = budget
        self.effects = Effects()
        self.place = (1, 1)  # of the function that is called

    @property
    def now(self) -> int:
        """The request's time in epoch milliseconds."""
        # Whole milliseconds; the thousandth keeps 1.001 s at 1001 ms where the product falls just short of it.
        return int(self._services().now * 1000 + 0.001)

    def new_id(self) -> str:
        return self._services().new_id()

    def _services(self) -> Services:
        if self.services is None:
            raise self.fail("The template asks for the time or for an id, and none is offered here")
        return self.services

    @staticmethod
    def fail(message: str, error_type: str = "MappingTemplate") -> Halt:
        return Halt(GraphQLError(message, error_type))

    def member(self, *names: str) -> Any:
        """A value inside of the context; None where it has none."""
        value: Any = self.context
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def log(self, level: str, text: str) -> None:
        if len(self.effects.logs) < MAX_LOGS:
            self.effects.logs.append(LogLine(level, text[:MAX_LOG_LINE], *self.place))
