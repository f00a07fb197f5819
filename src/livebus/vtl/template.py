"""
A mapping template: parsed once, evaluated for each request.

In: a text; then for each request a context and, where the template asks for time or ids, the request's Services. Out: an
:class:`Evaluated`. Nothing is shared between two evaluations, so that one template may serve many threads.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-overview.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from livebus.errors import ResolverError
from livebus.operation import ResolverError as GraphQLError
from livebus.operation import Services
from livebus.vtl.budget import Budget, Exceeded
from livebus.vtl.directives import Directives, Returned
from livebus.vtl.evaluation import Effects, Evaluation, Halt
from livebus.vtl.json_text import NotJson, read_json
from livebus.vtl.parser import parse
from livebus.vtl.references import Mention, mentions
from livebus.vtl.source import Source
from livebus.vtl.values import json_of, plain, taken

MAX_TEMPLATE = 64 * 1024  # characters


@dataclass(frozen=True, slots=True)
class Evaluated:
    """
    What came of one evaluation.

    ``text`` is what was printed. Where ``#return`` ended the template, ``returned`` is true and ``value`` its value.
    ``error`` is what ended it otherwise; ``error_place`` are line and column of a fault that is not ``$util.error``'s.
    ``context`` is ``$ctx`` as the template left it: stash, arguments and outErrors may have changed.
    """

    text: str = ""
    returned: bool = False
    value: Any = None
    error: GraphQLError | None = None
    error_place: tuple[int, int] | None = None
    effects: Effects = field(default_factory=Effects)
    context: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> Any:
        """The value that the text is as JSON. Raises NotJson, whose words are AppSync's."""
        return read_json(self.text)


class MappingTemplate:
    """A template that parses. Raises InvalidMappingTemplate with ``reason``, ``line`` and ``column``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._source = Source(text)
        if len(text) > MAX_TEMPLATE:
            raise self._source.refuse(f"A template of {len(text):,} characters", 0, f"at most {MAX_TEMPLATE:,}")
        try:
            self._tree = parse(text)
        except RecursionError:
            raise self._source.refuse("Too many blocks and parentheses in one another", 0) from None

    @cached_property
    def references(self) -> tuple[Mention, ...]:
        """Every reference that the template names, in its order: for whoever checks it without evaluating it."""
        return mentions(self._tree, self._source.place)

    def render(self, ctx: Mapping[str, Any], services: Services | None = None) -> str:
        """
        The text that the template prints.

        ``ctx`` is ``$ctx`` with the members that it is to have; nothing in it is changed. Raises ResolverError for
        ``$util.error``, and for what cannot be evaluated. Where ``#return`` ends the template, the text is its value as
        JSON.
        """
        outcome = self.evaluate(ctx, services)
        if outcome.error is not None:
            line, column = outcome.error_place or (None, None)
            error = outcome.error
            raise ResolverError(error.message, error.error_type, error.data, error.error_info, line=line, column=column)
        return json_of(outcome.value, Budget()) if outcome.returned else outcome.text

    def evaluate(self, ctx: Mapping[str, Any], services: Services | None = None) -> Evaluated:
        """Evaluate the template; what goes wrong is the outcome's error."""
        budget = Budget()
        context: dict[Any, Any] = {}
        evaluation = Evaluation(context, services, budget)
        run = Directives(self._tree, evaluation, self._source.place)
        text, value, returned = "", None, False
        error: GraphQLError | None = None
        place: tuple[int, int] | None = None
        try:
            context.update(_copied(ctx, budget))
            try:
                text = run.run()
            except Returned as ended:
                returned, value = True, plain(ended.value, budget)
        except Halt as halt:
            error, place = halt.error, self._source.place(run.at)
        except (Exceeded, RecursionError, MemoryError) as exceeded:
            place = self._source.place(run.at)
            found = (
                str(exceeded) if isinstance(exceeded, Exceeded) else "The template needs too much memory and was ended"
            )
            error = GraphQLError(f"{found}, at velocity[line {place[0]}, column {place[1]}]", "MappingTemplate")
        if returned:
            text = ""
        return Evaluated(text, returned, value, error, place, evaluation.effects, context)


def _copied(ctx: Mapping[str, Any], budget: Budget) -> dict[str, Any]:
    """The context's members, copied; what stands there under two names stays one."""
    copies: dict[int, Any] = {}
    for value in ctx.values():
        if id(value) not in copies:
            copies[id(value)] = taken(value, budget, 1)
    return {name: copies[id(value)] for name, value in ctx.items()}


__all__ = ["Evaluated", "MappingTemplate", "NotJson"]
