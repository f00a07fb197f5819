"""
Station: execution of GraphQL operations as AppSync does it.

In: a GraphQL request, its caller, the API's schema and resolvers. Out: a response in AppSync's shape, what the
mutation publishes, or the start of a subscription.

::

    requests      an HTTP request → GraphQLRequest, or the answer to one that is none
    executor      Executor: execute() for queries and mutations, subscribe() for subscriptions
      operations    documents, parsed and validated once, and their operations
        validation    what is wrong with a document, in graphql-java's words; literals: with a value in it
        variables     the values that came along, coerced
        plan          the fields of an operation: arguments, selections, resolver, completion
      run           one run: authorize, resolve, complete each field; gather errors
        completion    a value made to fit its type
      start         the start of a subscription: authorized, resolver run once, selection ready
    responses     GraphQLResponse and the shapes of errors

The documents are graphql-core's; the execution is ours. AppSync runs on graphql-java, whose errors, coercions and
order differ from graphql-core's at almost every step, and a planned document runs faster.
https://docs.aws.amazon.com/appsync/latest/devguide/graphql-overview.html
"""

from livebus.execution.executor import Executor
from livebus.execution.requests import read_http_request
from livebus.execution.responses import Error, Errors, GraphQLResponse, request_error

__all__ = ["Error", "Errors", "Executor", "GraphQLResponse", "read_http_request", "request_error"]
