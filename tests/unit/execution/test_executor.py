"""The executor: what resolvers are given, what mutations publish, whom fields are shown to, what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from livebus.caller import AWS_IAM, Caller
from livebus.execution import Executor
from livebus.operation import GraphQLRequest, Publication, Resolution, ResolverError, Services, driven
from livebus.schema import parse_schema

from .conftest import SERVICES, StubResolver

SCHEMA = """
type Query { order(id: ID!): Order  orders: [Order]  ping: String  found: [Found] }
type Mutation {
  publishMsgFromEB(msg: String!): String! @aws_iam
  place(id: ID, note: String = "none"): Order
  count: Int
}
type Subscription {
  onPublishMsgFromEb: String @aws_cognito_user_pools @aws_subscribe(mutations: ["publishMsgFromEB"])
}
interface Found { id: ID }
type Order implements Found { id: ID total(currency: String): Float customer: Customer lines: [Line] }
type Line implements Found { id: ID sku: String }
type Customer { name: String order: Order }
"""


def test_the_motivating_mutation(make_api: Callable[..., Any]) -> None:
    """The mutation that an EventBridge rule runs returns its message and publishes it."""
    api = make_api(SCHEMA, {"Mutation.publishMsgFromEB": lambda context: context["arguments"]["msg"]})
    response = api.run("mutation Publish($msg: String!) {publishMsgFromEB(msg: $msg)}", {"msg": "hello"})

    assert response.body() == b'{"data":{"publishMsgFromEB":"hello"}}'
    assert response.publications == (Publication("publishMsgFromEB", "hello"),)


def test_the_context_of_a_resolver(make_api: Callable[..., Any]) -> None:
    """A resolver is given arguments, identity, source, request and info in the shapes of ctx."""
    contexts = []

    class Resolver:
        asks = False

        def run(self, context: Any, _services: Services, _told: object = None) -> Resolution:
            contexts.append(context)
            return Resolution({"id": 1})

    executor = Executor(parse_schema(SCHEMA), {("Query", "order"): Resolver()}, allows=lambda *_: True)
    query = (
        "query Q($id: ID!, $full: Boolean!) {\n  order(id: $id) {\n    nr: id\n    customer { name }\n"
        '    ...Lines @include(if: $full)\n    ... on Order { total(currency: "EUR") }\n  }\n}\n'
        "fragment Lines on Order { lines { sku } }"
    )
    request = GraphQLRequest(query, {"id": 7, "full": False, "more": 1}, headers={"x-app": "a"})
    executor.execute(request, Caller("AWS_IAM", {"accountId": "1"}), Services(0.0, str))

    assert contexts == [
        {
            "arguments": {"id": "7"},
            "identity": {"accountId": "1"},
            "source": None,
            "request": {"headers": {"x-app": "a"}, "domainName": None},
            "info": {
                "fieldName": "order",
                "parentTypeName": "Query",
                "selectionSetList": ["nr", "customer", "customer/name", "total"],
                "selectionSetGraphQL": (
                    "{\n  nr: id\n  customer {\n    name\n  }\n  ...Lines @include(if: $full)\n"
                    '  ... on Order {\n    total(currency: "EUR")\n  }\n}'
                ),
                "variables": {"id": 7, "full": False, "more": 1},
            },
        }
    ]


def test_conditions_are_decided_for_each_request(make_api: Callable[..., Any]) -> None:
    """One document with @skip and @include answers each request by that request's variables."""
    api = make_api(SCHEMA, {"Query.order": {"id": "1", "total": 2.5}})
    query = "query ($a: Boolean!, $b: Boolean = true) {order(id: 1) {id @skip(if: $a) total @include(if: $b)}}"

    assert [
        api.run(query, variables).data["order"]
        for variables in ({"a": True}, {"a": False}, {"a": False, "b": False}, {"a": True, "b": False}, {"a": True})
    ] == [{"total": 2.5}, {"id": "1", "total": 2.5}, {"id": "1"}, {}, {"total": 2.5}]
    assert api.contexts[2]["info"]["selectionSetList"] == ["id"]


def test_resolvers_below_the_root(make_api: Callable[..., Any]) -> None:
    """A field's own resolver is given its parent as source, wherever the field stands."""
    api = make_api(
        SCHEMA,
        {
            "Query.orders": [{"id": "1"}, None, {"id": "2"}, {}],
            "Order.customer": lambda context: {"name": f"customer of {context['source'].get('id')}"},
        },
    )

    assert api.run("{orders {customer {name}}}").data == {
        "orders": [
            {"customer": {"name": "customer of 1"}},
            None,
            {"customer": {"name": "customer of 2"}},
            {"customer": {"name": "customer of None"}},
        ]
    }


def test_fragments_inside_fragments(make_api: Callable[..., Any]) -> None:
    """A field counts where all the fragments around it do, and a fragment counts wherever it is spread."""
    found = [{"__typename": "Order", "id": "1"}, {"__typename": "Line", "id": "2"}]
    api = make_api(SCHEMA, {"Query.found": found})

    assert api.run("{found {... on Order {... on Found {id}}}}").data == {"found": [{"id": "1"}, {}]}
    assert api.run("{found {... on Order {...F} ... on Line {...F}}} fragment F on Found {id}").data == {
        "found": [{"id": "1"}, {"id": "2"}]
    }


def test_publications_have_no_aliases(make_api: Callable[..., Any]) -> None:
    """What is published is keyed by field names, the first of two aliases of a field counts."""
    order = {"id": "1", "customer": {"name": "Ada"}, "lines": [{"sku": "a"}, None]}
    total = {"EUR": 1.5, "USD": 2.5}
    results = {
        "Mutation.place": order,
        "Mutation.count": 3,
        "Order.total": lambda context: total[context["arguments"]["currency"]],
    }
    api = make_api(SCHEMA, results)
    response = api.run(
        'mutation {a: place {nr: id x: total(currency: "EUR") y: total(currency: "USD") __typename'
        " customer {who: name} lines {sku}} b: count}"
    )

    assert response.data == {
        "a": {
            "nr": "1",
            "x": 1.5,
            "y": 2.5,
            "__typename": "Order",
            "customer": {"who": "Ada"},
            "lines": [{"sku": "a"}, None],
        },
        "b": 3,
    }
    assert response.publications == (
        Publication(
            "place",
            {
                "id": "1",
                "total": 1.5,
                "__typename": "Order",
                "customer": {"name": "Ada"},
                "lines": [{"sku": "a"}, None],
            },
        ),
        Publication("count", 3),
    )


def test_publications_tell_the_type_behind_an_interface(make_api: Callable[..., Any]) -> None:
    """Where a field's type is an interface, what is published says which type it was, the response does not."""
    schema = (
        "type Query {a: Int} type Mutation {find: [Found]} interface Found {id: ID}"
        " type Order implements Found {id: ID} type Line implements Found {id: ID sku: String}"
    )
    found = [{"__typename": "Order", "id": "1"}, None, {"__typename": "Line", "id": "2", "sku": "a"}]
    response = make_api(schema, {"Mutation.find": found}).run("mutation {find {id ... on Line {s: sku}}}")

    assert json.loads(response.body()) == {"data": {"find": [{"id": "1"}, None, {"id": "2", "s": "a"}]}}
    assert response.publications == (
        Publication("find", [{"__typename": "Order", "id": "1"}, None, {"__typename": "Line", "id": "2", "sku": "a"}]),
    )


def test_what_is_not_published(make_api: Callable[..., Any]) -> None:
    """A null with an error is not published; a null without one is, and so is a value with an error inside."""
    error = Resolution(error=ResolverError("no", "E"))
    api = make_api(SCHEMA, {"Mutation.count": error, "Mutation.place": {"id": "1", "total": "x"}})

    assert api.run("mutation {count place {id total}}").publications == (
        Publication("place", {"id": "1", "total": None}),
    )
    assert make_api(SCHEMA).run("mutation {count}").publications == (Publication("count", None),)
    assert api.run("mutation {__typename}").publications == ()
    assert api.run("{ping}").publications == ()


def test_a_mutation_ends_where_it_becomes_null(make_api: Callable[..., Any]) -> None:
    """Fields run one after another; when one nulls the whole response those after it do not run."""
    results = {"Mutation.count": 1, "Mutation.publishMsgFromEB": None, "Mutation.place": {"id": "1"}}
    api = make_api(SCHEMA, results)
    response = api.run('mutation {count publishMsgFromEB(msg: "a") place {id}}')

    assert response.data is None
    assert [context["info"]["fieldName"] for context in api.contexts] == ["count", "publishMsgFromEB"]
    assert response.publications == (Publication("count", 1),)


def test_permission_is_asked_once_for_each_field(make_api: Callable[..., Any]) -> None:
    """Permission is asked before a resolver runs, once for a field of the document, whatever the length of a list."""
    api = make_api(SCHEMA, {"Query.orders": [{"id": str(n)} for n in range(50)]}, ["Order.customer"])
    response = api.run("{orders {id customer {name}} __typename}")

    assert api.asked == [("Query", "orders"), ("Order", "id"), ("Order", "customer")]
    assert len(response.errors) == 50
    assert response.errors[49]["path"] == ["orders", 49, "customer"]


def test_what_one_caller_may_see_is_no_others() -> None:
    """Callers that take turns with one document are each asked about; who was let in before lets nobody else in."""
    contexts: list[Mapping[str, Any]] = []
    admitted, other = Caller(AWS_IAM, {"userArn": "a"}), Caller(AWS_IAM, {"userArn": "b"})
    executor = Executor(
        parse_schema(SCHEMA),
        {("Mutation", "count"): StubResolver(1, contexts)},
        allows=lambda caller, _type, _field: caller is admitted,
    )
    request = GraphQLRequest("mutation {count}")
    services = Services(now=0.0, new_id=lambda: "")
    turns = [admitted, other, admitted, admitted, other, other]
    answers = [executor.execute(request, caller, services) for caller in turns]

    assert [answer.data["count"] for answer in answers] == [1, None, 1, 1, None, None]
    assert [[error["errorType"] for error in answer.errors] for answer in answers] == [
        [], ["Unauthorized"], [], [], ["Unauthorized"], ["Unauthorized"],
    ]  # fmt: skip
    assert [context["identity"] for context in contexts] == [{"userArn": "a"}] * 3


@pytest.mark.parametrize(
    "query",
    [
        'mutation {publishMsgFromEB(msg: "x") count}',
        "mutation {publishMsgFromEB}",
        "{ping}",
        "{",
        "subscription {onPublishMsgFromEb}",
        "mutation M($msg: String!) {publishMsgFromEB(msg: $msg)}",
    ],
)
def test_what_asks_nothing_runs_the_same_in_one_go(make_api: Callable[..., Any], query: str) -> None:
    """A request that needs no calls comes to the same whether it is driven pass by pass or run at once."""
    api = make_api(SCHEMA, {"Mutation.publishMsgFromEB": "m", "Mutation.count": 1, "Query.ping": "p"})
    request = GraphQLRequest(query)
    at_once = api.executor.execute_at_once(request, api.caller, SERVICES)

    assert driven(api.executor.executing(request, api.caller, SERVICES), SERVICES.call) == at_once


def test_denied_fields_do_not_run(make_api: Callable[..., Any]) -> None:
    """The resolver of a field that the caller may not see is not run."""
    api = make_api(SCHEMA, {"Mutation.count": 1}, ["Mutation.count"])
    response = api.run("mutation {count}")

    assert (response.data, response.publications, api.contexts) == ({"count": None}, (), [])


def test_appended_errors_keep_the_value(make_api: Callable[..., Any]) -> None:
    """Errors that a resolver appended stand beside the value that it returned, before the one that ended it."""
    appended = (ResolverError("one", "A", {"id": 1, "x": 2}, "info"), ResolverError("two"))
    kept = make_api(SCHEMA, {"Query.order": Resolution({"id": 1}, appended=appended)}).run("{order(id: 1) {id}}")
    ended = make_api(SCHEMA, {"Query.order": Resolution(error=ResolverError("end"), appended=appended)}).run(
        "{order(id: 1) {id}}"
    )

    assert kept.data == {"order": {"id": "1"}}
    assert [(e["message"], e["errorType"], e["data"], e["errorInfo"]) for e in kept.errors] == [
        ("one", "A", {"id": 1}, "info"),
        ("two", None, None, None),
    ]
    assert [error["message"] for error in ended.errors] == ["one", "two", "end"]


def test_what_resolvers_leave_behind(make_api: Callable[..., Any]) -> None:
    """Invalidations and logs of all resolvers come with the response, in the order of the fields."""
    first = Resolution(1, invalidations=({"subscriptionField": "onA"},), logs=("a",))
    second = Resolution({"id": 1}, invalidations=({"subscriptionField": "onB"},), logs=("b", "c"))
    response = make_api(SCHEMA, {"Mutation.count": first, "Mutation.place": second}).run("mutation {count place {id}}")

    assert response.invalidations == ({"subscriptionField": "onA"}, {"subscriptionField": "onB"})
    assert response.logs == ("a", "b", "c")


def test_a_resolver_is_given_the_requests_services() -> None:
    """Time, ids and event buses come with the request, and reach each resolver as they are."""
    given: list[Services] = []

    class Resolver:
        asks = False

        def run(self, _context: Any, services: Services, _told: object = None) -> Resolution:
            given.append(services)
            return Resolution("pong")

    executor = Executor(parse_schema(SCHEMA), {("Query", "ping"): Resolver()}, allows=lambda *_: True)
    services = Services(1.5, lambda: "an id")
    executor.execute(GraphQLRequest("{a: ping b: ping}"), Caller("AWS_IAM"), services)

    assert given == [services, services]
    assert [each is services for each in given] == [True, True]


def test_headers_that_resolvers_add(make_api: Callable[..., Any]) -> None:
    """Those of all resolvers come with the response; one that is ignored is told at its field, whose value stays."""
    first = Resolution(1, response_headers=(("x-one", "1"), ("x-two", "2"), ("vary", "*")))
    second = Resolution({"id": 1}, response_headers=(("X-One", "3"),))
    response = make_api(SCHEMA, {"Mutation.count": first, "Mutation.place": second}).run(
        "mutation {n: count place {id}}"
    )

    assert response.data == {"n": 1, "place": {"id": "1"}}
    assert response.headers == (("X-One", "3"), ("x-two", "2"))
    assert response.errors == (
        {
            "path": ["n"],
            "data": None,
            "errorType": "ResponseHeaderError",
            "errorInfo": None,
            "locations": [{"line": 1, "column": 11, "sourceName": None}],
            "message": "The response header 'vary' is ignored: AppSync does not let resolvers set it.",
        },
    )


def test_ignored_headers_are_told_twenty_times(make_api: Callable[..., Any]) -> None:
    """What else is ignored in one request is ignored in silence."""
    api = make_api(SCHEMA, {"Query.ping": Resolution("pong", response_headers=(("", ""),) * 30)})
    response = api.run("{a: ping b: ping}")

    assert [error["path"] for error in response.errors] == [["a"]] * 20


def test_introspection(make_api: Callable[..., Any]) -> None:
    """The schema's own fields are answered beside others, AppSync's scalars and directives included."""
    api = make_api(SCHEMA, {"Query.ping": "pong"})
    response = api.run(
        "query ($name: String!) {a: __type(name: $name) {name kind} __schema {...S} ping}"
        " fragment S on __Schema {types {name} directives {name}}",
        {"name": "AWSJSON"},
    )

    assert response.data["a"] == {"name": "AWSJSON", "kind": "SCALAR"}
    assert response.data["ping"] == "pong"
    names = {item["name"] for item in response.data["__schema"]["types"]}
    assert names >= {"Order", "AWSDateTime", "Int", "Float", "ID", "Boolean", "String"}
    assert {"aws_iam", "aws_subscribe"} <= {item["name"] for item in response.data["__schema"]["directives"]}


def test_subscriptions_are_not_run_over_http(make_api: Callable[..., Any]) -> None:
    """A subscription sent as a request is refused."""
    response = make_api(SCHEMA).run("subscription {onPublishMsgFromEb}")

    assert (response.status, response.errors[0]["errorType"]) == (400, "UnsupportedOperation")


def test_one_of_several_operations(make_api: Callable[..., Any]) -> None:
    """The operation of the given name runs, and the same document serves another name."""
    api = make_api(SCHEMA, {"Query.ping": "pong", "Mutation.count": 1})
    query = "query A {ping} mutation B {count}"

    assert (api.run(query, name="A").data, api.run(query, name="B").data) == ({"ping": "pong"}, {"count": 1})


def test_the_cache_is_bounded(make_api: Callable[..., Any]) -> None:
    """More documents than the cache holds, or none at all, are answered all the same."""
    for size in (0, 1, 2):
        api = make_api(SCHEMA, {"Query.ping": "pong"}, cache_size=size)
        answers = [api.run(f"{{a{n % 3}: ping}}").data for n in range(6)]

        assert answers == [{f"a{n % 3}": "pong"} for n in range(6)]
        assert len(api.executor._documents._cache) == min(size, 3)


def test_requests_leave_nothing_behind(make_api: Callable[..., Any]) -> None:
    """Two requests with one document get the arguments and the errors of their own."""
    api = make_api(SCHEMA, {"Mutation.place": lambda context: {"id": context["arguments"]["id"], "total": "x"}})
    query = "mutation ($id: ID) {place(id: $id) {id total}}"
    first, second = api.run(query, {"id": 1}), api.run(query, {"id": 2})

    assert (first.data, second.data) == ({"place": {"id": "1", "total": None}}, {"place": {"id": "2", "total": None}})
    assert (len(first.errors), len(second.errors)) == (1, 1)


def test_defaults_of_arguments(make_api: Callable[..., Any]) -> None:
    """The schema's default stands in for an argument that is not in the document, and not for an explicit null."""
    api = make_api(SCHEMA, {"Mutation.place": None})
    for query in ("place", "place(note: null)", 'place(note: "a", id: null)'):
        api.run(f"mutation {{{query} {{id}}}}")

    assert [context["arguments"] for context in api.contexts] == [
        {"note": "none"},
        {"note": None},
        {"note": "a", "id": None},
    ]


def test_numbers_beyond_64_bits_can_be_written(make_api: Callable[..., Any]) -> None:
    """An error's info that orjson does not write is written all the same."""
    error = Resolution(error=ResolverError("no", "E", None, {"n": 2**70}))
    body = make_api(SCHEMA, {"Query.ping": error}).run("{ping}").body()

    assert json.loads(body)["errors"][0]["errorInfo"] == {"n": 2**70}
