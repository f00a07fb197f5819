"""
Operations: a request's document, parsed, validated and planned once for all requests that send it.

In: a document's text and an operation's name. Out: an :class:`Operation`, or the answer that AppSync gives to a
document without such a one. A :class:`Documents` keeps as many as it is told, the least recently used go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, parse

from livebus.execution.plan import Planner
from livebus.execution.planned import PlannedField
from livebus.execution.responses import GraphQLResponse, malformed, request_error
from livebus.execution.selections import Selections, condition_variables
from livebus.execution.validation import validate_document
from livebus.execution.variables import declared_variables
from livebus.operation import Resolver
from livebus.schema import Schema

# graphql-java's bound on a document.
MAX_TOKENS = 15_000
# Longer documents are taken, and read anew each time: a cache full of them would be large.
MAX_CACHED_CHARACTERS = 8_192
# Plans of one operation, for different decisions about @skip and @include.
MAX_PLANS = 16


def parse_document(text: str) -> DocumentNode:
    """A document's syntax tree. Raises GraphQLError where AppSync would call it malformed."""
    return parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_TOKENS, allow_empty_selection_sets=False)


class Operation:
    """One operation of a validated document, with its plans."""

    __slots__ = ("_conditions", "_documents", "_plans", "document", "node", "variables")

    def __init__(self, documents: Documents, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.document = document
        self.node = node
        self.variables = declared_variables(documents.schema.graphql, node)
        self._documents = documents
        self._conditions = condition_variables(document)
        self._plans: dict[tuple[Any, ...], tuple[PlannedField, ...]] = {}

    @property
    def type(self) -> OperationType:
        return self.node.operation

    def plan(self, variables: Mapping[str, Any]) -> tuple[PlannedField, ...]:
        """The planned root fields for coerced variables; raises TooManyFields."""
        decisions = tuple(variables.get(name) for name in self._conditions) if self._conditions else ()
        plan = self._plans.get(decisions)
        if plan is None:
            plan = self._documents.planner(self, variables).root()
            if len(self._plans) < MAX_PLANS:
                self._plans[decisions] = plan
        return plan


class Documents:
    """The documents that have been sent to one API."""

    def __init__(
        self,
        schema: Schema,
        resolvers: Mapping[tuple[str, str], Resolver],
        *,
        introspection: bool,
        query_depth_limit: int,
        cache_size: int,
    ) -> None:
        self.schema = schema
        self._resolvers = resolvers
        self._introspection = introspection
        self._query_depth_limit = query_depth_limit
        self._cache_size = cache_size
        self._cache: OrderedDict[tuple[str, str | None], Operation | GraphQLResponse] = OrderedDict()

    def operation(self, text: str, name: str | None) -> Operation | GraphQLResponse:
        """The operation of this name in a document; with None the only one in it."""
        key = (text, name)
        found = self._cache.get(key)
        if found is not None:
            self._cache.move_to_end(key)
            return found
        try:
            found = self._read(text, name)
        except RecursionError:
            found = malformed()
        if len(text) <= MAX_CACHED_CHARACTERS and self._cache_size > 0:
            self._cache[key] = found
            if len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)
        return found

    def selections(self, operation: Operation, variables: Mapping[str, Any]) -> Selections:
        """The selections of an operation, its conditions decided by these variables."""
        return Selections(self.schema.graphql, operation.document, variables)

    def planner(self, operation: Operation, variables: Mapping[str, Any]) -> Planner:
        """What plans an operation's fields, its conditions decided by these variables."""
        return Planner(self.selections(operation, variables), operation.node, self._resolvers, self._query_depth_limit)

    def _read(self, text: str, name: str | None) -> Operation | GraphQLResponse:
        try:
            document = parse_document(text)
        except GraphQLError:
            return malformed()
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if not operations:
            return malformed()
        if name is None and len(operations) > 1:
            return request_error("BadRequestException", "Missing operation name.")
        chosen = [node for node in operations if name is None or (node.name is not None and node.name.value == name)]
        if not chosen:
            return request_error("BadRequestException", f"Unknown operation named '{name}'.")
        errors = validate_document(self.schema.graphql, document, introspection=self._introspection)
        if errors:
            return GraphQLResponse(errors=tuple(errors))
        return Operation(self, document, chosen[0])
