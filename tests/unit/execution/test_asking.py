"""Requests whose resolvers ask for calls of data sources: who asks together, in which order, and what runs twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.caller import Caller
from livebus.errors import NOWHERE
from livebus.execution import Errors, Executor
from livebus.operation import (
    Answer,
    Call,
    GraphQLRequest,
    Resolution,
    ResolverError,
    Services,
    Told,
    driven,
)
from livebus.schema import parse_schema

SCHEMA = """
type Order { id: ID!, lines: [Line!], customer: Customer }
type Line { sku: String!, stock: Int }
type Customer { name: String! }
type Query { order(id: ID!): Order, one: String, two: String }
type Mutation { first: String, second: String, third: String }
schema { query: Query, mutation: Mutation }
"""


@dataclass
class Source:
    name: str
    type: str = "AMAZON_DYNAMODB"


@dataclass
class Asks:
    """Asks its source once, with its arguments and its parent's id, and gives back what it was told."""

    source: Source
    runs: list[str] = field(default_factory=list)
    asks: bool = True

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution | Call:
        self.runs.append(context["info"]["fieldName"])
        assert told is not None
        if not told.get("call"):
            return Call(self.source, {"args": context["arguments"], "of": context["source"]})
        answer = told["call"][0]
        if answer["error"] is not None:
            return Resolution(error=ResolverError(answer["error"]["message"], answer["error"]["type"]))
        return Resolution(answer["result"])


@dataclass
class Plain:
    value: Any
    runs: list[str] = field(default_factory=list)
    asks: bool = False

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution:
        self.runs.append(context["info"]["fieldName"])
        return Resolution(self.value)


def executor(**resolvers: Any) -> Executor:
    """``Type_field`` names the field of each resolver."""
    by_field = {(name.split("_")[0], name.split("_")[1]): resolver for name, resolver in resolvers.items()}
    return Executor(parse_schema(SCHEMA, NOWHERE), by_field, allows=lambda *_: True)


def request(query: str) -> tuple[GraphQLRequest, Caller, Services]:
    return GraphQLRequest(query), Caller("AWS_IAM"), Services(0.0, str)


def test_fields_of_one_level_ask_together() -> None:
    """A level's calls come in one go, the next level's after their answers; the response has all of them."""
    stock = Source("Stock")
    asking = executor(
        Query_order=Asks(Source("Orders")), Order_customer=Asks(Source("People")), Line_stock=Asks(stock)
    ).executing(*request('{ order(id: "1") { id lines { sku stock } customer { name } } }'))

    rounds = [next(asking)]
    rounds.append(asking.send([Answer({"id": "1", "lines": [{"sku": "a"}, {"sku": "b"}]})]))
    try:
        asking.send([Answer(7), Answer(8), Answer({"name": "Ada"})])
    except StopIteration as ended:
        response = ended.value

    assert [[call.source.name for call in calls] for calls in rounds] == [["Orders"], ["Stock", "Stock", "People"]]
    assert [call.request["of"] for call in rounds[1]] == [{"sku": "a"}, {"sku": "b"}, rounds[1][2].request["of"]]
    assert response.errors == ()
    assert response.data == {
        "order": {
            "id": "1",
            "lines": [{"sku": "a", "stock": 7}, {"sku": "b", "stock": 8}],
            "customer": {"name": "Ada"},
        }
    }


def test_root_fields_of_a_mutation_ask_one_after_another() -> None:
    """The second waits for the first to be over; what is not asked runs once, in its turn."""
    plain = Plain("2")
    asking = executor(
        Mutation_first=Asks(Source("A")), Mutation_second=plain, Mutation_third=Asks(Source("C"))
    ).executing(*request("mutation { first second third }"))

    assert [call.source.name for call in next(asking)] == ["A"]
    assert plain.runs == []
    assert [call.source.name for call in asking.send([Answer("1")])] == ["C"]
    assert plain.runs == ["second"]
    try:
        asking.send([Answer("3")])
    except StopIteration as ended:
        response = ended.value
    assert response.data == {"first": "1", "second": "2", "third": "3"}
    assert plain.runs == ["second"]
    assert [each.mutation for each in response.publications] == ["first", "second", "third"]


def test_an_answer_with_an_error_is_the_fields_own() -> None:
    """The other field has its value."""

    def perform(call: Call) -> Answer:
        return Answer("x") if call.source.name == "A" else Answer(error={"message": "no table", "type": "DynamoDB:X"})

    api = executor(Query_one=Asks(Source("A")), Query_two=Asks(Source("B")))
    response = driven(api.executing(*request("{ one two }")), perform)

    assert response.data == {"one": "x", "two": None}
    assert [(error["message"], error["errorType"], error["path"]) for error in response.errors] == [
        ("no table", "DynamoDB:X", ["two"])
    ]


def test_a_source_that_nobody_plays_is_named() -> None:
    """Where no calls are performed, the field alone fails, and says so."""
    api = executor(Query_one=Asks(Source("Table")), Query_two=Plain("2"))
    response = api.execute(*request("{ one two }"))

    assert response.data == {"one": None, "two": "2"}
    assert response.errors[0]["message"] == (
        "The data source 'Table' (AMAZON_DYNAMODB) is not emulated by the local runtime."
    )
    assert response.errors[0]["errorType"] == "NotEmulated"


def test_a_request_without_asking_resolvers_is_over_at_once() -> None:
    """It yields nothing."""
    assert list(executor(Query_one=Plain("1")).executing(*request("{ one }"))) == []


def test_a_subscription_begins_when_its_resolver_has_its_answer() -> None:
    """Its call goes out once; what it is told decides how the subscription begins, and the resolver runs once more."""
    resolver = Asks(Source("Rights"))
    schema = SCHEMA.replace("mutation: Mutation", "mutation: Mutation, subscription: Subscription")
    schema += 'type Subscription { onFirst: String @aws_subscribe(mutations: ["first"]) }'
    api = Executor(parse_schema(schema, NOWHERE), {("Subscription", "onFirst"): resolver}, allows=lambda *_: True)
    asked: list[str] = []

    def perform(call: Call) -> Answer:
        asked.append(call.source.name)
        return Answer(error={"message": "not for you", "type": "Denied"})

    started = driven(api.subscribing(*request("subscription { onFirst }")), perform)

    assert isinstance(started, Errors)
    assert [(error["message"], error["errorType"]) for error in started.errors] == [("not for you", "Denied")]
    assert (asked, resolver.runs) == (["Rights"], ["onFirst", "onFirst"])
