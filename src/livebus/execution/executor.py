"""
The executor of an API: operation × schema × resolvers → a result in AppSync's shape.

In: GraphQL requests with their callers. Out: responses, what mutations publish, or the start of a subscription.
https://docs.aws.amazon.com/appsync/latest/devguide/graphql-overview.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import OperationType

from livebus.caller import Caller
from livebus.execution.operations import Documents, Operation
from livebus.execution.planned import PlannedField
from livebus.execution.responses import Errors, GraphQLResponse, document_error, malformed, request_error
from livebus.execution.run import Allows, Memory, Run
from livebus.execution.selections import TooManyFields
from livebus.execution.start import select, start
from livebus.execution.variables import InvalidVariable, TooDeep, coerce_variables
from livebus.operation import Asking, GraphQLRequest, Resolver, Services, SubscriptionStart, driven
from livebus.schema import Schema


class Executor:
    """
    Runs the requests of one API.

    ``resolvers`` are compiled ones by (type, field). ``allows`` answers whether a caller may see a type's field; it
    is asked once for each field of a document and request. ``asks``: some resolver may ask for calls of data sources. The limits are AWS::AppSync::GraphQLApi's QueryDepthLimit
    and ResolverCountLimit, 0 for none of one's own. ``cache_size`` bounds the documents that are kept validated.
    """

    def __init__(
        self,
        schema: Schema,
        resolvers: Mapping[tuple[str, str], Resolver],
        *,
        allows: Allows,
        introspection: bool = True,
        query_depth_limit: int = 0,
        resolver_count_limit: int = 0,
        cache_size: int = 512,
    ) -> None:
        self._allows = allows
        self._resolver_count_limit = resolver_count_limit
        self.asks = any(resolver.asks for resolver in resolvers.values())
        self._documents = Documents(
            schema,
            resolvers,
            introspection=introspection,
            query_depth_limit=query_depth_limit,
            cache_size=cache_size,
        )

    def is_mutation(self, request: GraphQLRequest) -> bool:
        """Whether a request is a mutation: what it did would stay."""
        operation = self._documents.operation(request.query, request.operation_name)
        return not isinstance(operation, GraphQLResponse) and operation.type is OperationType.MUTATION

    def execute(self, request: GraphQLRequest, caller: Caller, services: Services) -> GraphQLResponse:
        """Run a query or a mutation; ``services.call`` performs what resolvers ask for, one call after another."""
        if not self.asks:
            return self.execute_at_once(request, caller, services)
        return driven(self.executing(request, caller, services), services.call)

    def execute_at_once(self, request: GraphQLRequest, caller: Caller, services: Services) -> GraphQLResponse:
        """Run a query or a mutation of an API none of whose resolvers ``asks``: there is one pass, and nothing to wait for."""
        prepared = self._prepared(request)
        if isinstance(prepared, GraphQLResponse):
            return prepared
        operation, variables, plan = prepared
        run = Run(request, variables, caller, services, self._allows, resolver_count_limit=self._resolver_count_limit)
        return run.mutation(plan) if operation.type is OperationType.MUTATION else run.query(plan)

    def executing(self, request: GraphQLRequest, caller: Caller, services: Services) -> Asking[GraphQLResponse]:
        """
        Run a query or a mutation, and yield the calls of data sources that it needs on its way.

        Fields of one level ask together, the root fields of a mutation one after another. Subscriptions are not run here:
        AppSync has the real-time endpoint for them.
        """
        prepared = self._prepared(request)
        if isinstance(prepared, GraphQLResponse):
            return prepared
        operation, variables, plan = prepared
        memory = Memory() if self.asks else None
        while True:
            run = Run(
                request,
                variables,
                caller,
                services,
                self._allows,
                resolver_count_limit=self._resolver_count_limit,
                memory=memory,
            )
            response = run.mutation(plan) if operation.type is OperationType.MUTATION else run.query(plan)
            if memory is None or not run.calls:
                return response
            memory.tell(run.calls, (yield [call for _, call in run.calls]))

    def _prepared(
        self, request: GraphQLRequest
    ) -> tuple[Operation, dict[str, Any], tuple[PlannedField, ...]] | GraphQLResponse:
        """The operation of a query or a mutation, its coerced variables and its plan; or the answer that it has none."""
        operation = self._documents.operation(request.query, request.operation_name)
        if isinstance(operation, GraphQLResponse):
            return operation
        if operation.type is OperationType.SUBSCRIPTION:
            # AWS does not document the answer; we say it like the real-time endpoint says the opposite.
            return request_error("UnsupportedOperation", "subscription not supported through the HTTP channel")
        try:
            variables = coerce_variables(operation.variables, request.variables)
            return operation, variables, operation.plan(variables)
        except InvalidVariable as invalid:
            return GraphQLResponse(errors=(document_error(invalid.message, invalid.locations),))
        except TooManyFields as many:
            return request_error("BadRequestException", str(many))
        except (TooDeep, RecursionError):
            return malformed()

    def subscribe(self, request: GraphQLRequest, caller: Caller, services: Services) -> SubscriptionStart | Errors:
        """Begin a subscription; ``services.call`` performs what its resolver asks for."""
        return driven(self.subscribing(request, caller, services), services.call)

    def subscribing(
        self, request: GraphQLRequest, caller: Caller, services: Services
    ) -> Asking[SubscriptionStart | Errors]:
        """
        Begin a subscription, or say why not: what a ``start`` message on the real-time endpoint leads to.

        Yields the calls of data sources that its resolver asks for.
        """
        operation = self._documents.operation(request.query, request.operation_name)
        if isinstance(operation, GraphQLResponse):
            if operation.status == 200:
                return Errors(operation.errors)
            return _unsupported("unknown")
        if operation.type is not OperationType.SUBSCRIPTION:
            return _unsupported(operation.type.value)
        try:
            variables = coerce_variables(operation.variables, request.variables)
            plan = operation.plan(variables)
            selections = self._documents.selections(operation, variables)
            selection = select(selections, operation.node)
        except InvalidVariable as error:
            return Errors(({"message": error.message},))
        except TooDeep:
            return Errors(malformed().errors)
        except (TooManyFields, RecursionError):
            return Errors(({"errorType": "BadRequestException", "message": "The query selects too many fields."},))
        memory = Memory() if self.asks else None
        while True:
            run = Run(request, variables, caller, services, self._allows, memory=memory)
            started = start(run, plan[0], variables, selection)
            if memory is None or not run.calls:
                return started
            memory.tell(run.calls, (yield [call for _, call in run.calls]))


def _unsupported(kind: str) -> Errors:
    message = f"{kind} not supported through the realtime channel"
    return Errors(({"errorType": "UnsupportedOperation", "message": message},))
