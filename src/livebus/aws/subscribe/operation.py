"""
One GraphQL subscription, as it is sent to AppSync.

In: its text and variables. Out: an :class:`Operation`, or InvalidOperation where it is not one subscription to one field,
which is all that AppSync takes: https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gql import GraphQLRequest
from graphql import FieldNode, GraphQLSyntaxError, OperationDefinitionNode, OperationType

from livebus.errors import InvalidOperation, Place


@dataclass(frozen=True, slots=True, eq=False)
class SubscriptionOperation:
    """A GraphQL subscription and its variables; ``field`` is the key of its messages' data, ``name`` for people."""

    request: GraphQLRequest
    field: str
    name: str

    @staticmethod
    def parse(query: str, variables: Mapping[str, Any] | None = None, name: str = "") -> SubscriptionOperation:
        """
        Parse a text. Without a ``name`` it has that of the operation, or of its field.

        Raises InvalidOperation where it is not one subscription to one field.
        """
        try:
            request = GraphQLRequest(query, variable_values=None if variables is None else dict(variables))
        except GraphQLSyntaxError as error:
            line, column = error.locations[0] if error.locations else (1, 1)
            raise InvalidOperation(error.message, Place(line=line, column=column)) from None
        operations = [node for node in request.document.definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) != 1 or operations[0].operation is not OperationType.SUBSCRIPTION:
            kinds = ", ".join(node.operation.value for node in operations) or "none"
            raise InvalidOperation(f"the operations in it: {kinds}", expected="one subscription")
        fields = operations[0].selection_set.selections
        if len(fields) != 1 or not isinstance(fields[0], FieldNode):
            kinds = ", ".join(node.kind.replace("_", " ") for node in fields)
            raise InvalidOperation(f"the subscription selects: {kinds}", expected="one field")
        field = (fields[0].alias or fields[0].name).value
        own_name = operations[0].name.value if operations[0].name else field
        return SubscriptionOperation(request, field, name or own_name)


def with_names_of_their_own(operations: Iterable[SubscriptionOperation]) -> tuple[SubscriptionOperation, ...]:
    """The same operations; the second one of a name is called ``name#2``, and so on."""
    taken: dict[str, int] = {}
    named = []
    for operation in operations:
        number = taken[operation.name] = taken.get(operation.name, 0) + 1
        name = operation.name if number == 1 else f"{operation.name}#{number}"
        named.append(SubscriptionOperation(GraphQLRequest(operation.request), operation.field, name))
    return tuple(named)
