"""
The expressions of a resolver's request, gathered into the parameters of one DynamoDB call.

Each part of a request (query, filter, projection, update, condition) has names and values of its own; DynamoDB has one map
for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.dynamodb.appsync.errors import refused
from livebus.dynamodb.appsync.members import Members
from livebus.dynamodb.appsync.values import typed_item

EXPRESSION = ("expression", "expressionNames", "expressionValues")


@dataclass(slots=True)
class Expressions:
    """What was gathered so far."""

    texts: dict[str, str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, parameter: str, given: Members) -> None:
        """Take a part for one of DynamoDB's parameters. Empty maps count as none, since DynamoDB refuses them."""
        self.texts[parameter] = given.text("expression")
        if given.has("expressionNames"):
            self._merge(self.names, given.object("expressionNames").values, given)
        if given.has("expressionValues"):
            self._merge(self.values, typed_item(given.object("expressionValues")), given)

    @staticmethod
    def _merge(known: dict[str, Any], new: Mapping[str, Any], given: Members) -> None:
        for name, value in new.items():
            if name in known and known[name] != value:
                raise refused(f"'{given.path}' gives {name} another meaning than another part of the request.")
            known[name] = value

    def parameters(self) -> dict[str, Any]:
        made: dict[str, Any] = dict(self.texts)
        if self.names:
            made["ExpressionAttributeNames"] = self.names
        if self.values:
            made["ExpressionAttributeValues"] = self.values
        return made


def add_projection(expressions: Expressions, request: Members) -> None:
    if request.has("projection"):
        projection = request.object("projection")
        projection.allow("expression", "expressionNames")
        expressions.add("ProjectionExpression", projection)


def add_update(expressions: Expressions, request: Members) -> None:
    update = request.object("update")
    update.allow(*EXPRESSION)
    expressions.add("UpdateExpression", update)
