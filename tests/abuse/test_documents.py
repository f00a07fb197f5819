"""GraphQL documents that are made to hurt: each is answered within its budget, and says what it was."""

from __future__ import annotations

import json

import pytest

from support.limited import run_limited

SCHEMA = """
type Query { node: Node }
type Node { id: ID self: Node other: Node name(a: Int): String }
type Mutation { m: Node }
type Subscription { s: Node @aws_subscribe(mutations: ["m"]) }
"""
RUN = """
import json
from livebus.caller import Caller
from livebus.errors import Place
from livebus.execution import Executor
from livebus.operation import GraphQLRequest, Resolution, Services
from livebus.schema import parse_schema

class Resolver:
    asks = False

    def run(self, context, services):
        return Resolution({"id": 1, "self": {"id": 2}})

executor = Executor(parse_schema(SCHEMA, Place("s")), {("Query", "node"): Resolver()}, allows=lambda *_: True)
answer = executor.execute(GraphQLRequest(QUERY), Caller("API_KEY"), Services(1.0, lambda: "id"))
print(json.dumps([error["message"] for error in answer.errors][:1]))
"""
SECONDS = 20  # of processor time; of which a budget is one or two
ABORTED = "Validation aborted. The document has more equal fields or nested fragments than the local runtime looks at."
DOCUMENTS = {
    "1,300 equal fields": ("{ node {" + " self { id }" * 1_300 + "} }", ABORTED),
    "1,300 equal fields, nested": ("{" + " node { self { id name } }" * 1_300 + "}", ABORTED),
    "1,300 fields that differ in an argument": (
        "{ node {" + " ".join(f"name(a: {n})" for n in range(1_300)) + "} }",
        ABORTED,
    ),
    "500 introspections": (
        "{" + " ".join(f"a{n}: __schema {{ types {{ name fields {{ name }} }} }}" for n in range(500)) + "}",
        "The query asks for __schema and __type more than 10 times.",
    ),
    "a deep introspection": (
        "{ __schema { types {" + " fields { type {" * 6 + " name" + " } }" * 6 + " } } }",
        "Maximum introspection depth exceeded",
    ),
    "fragments that double each other": (
        "{ node { ...f0 } }"
        + "".join(f" fragment f{n} on Node {{ self {{ ...f{n + 1} }} other {{ ...f{n + 1} }} }}" for n in range(14))
        + " fragment f14 on Node { id }",
        "The query selects too many fields.",
    ),
    "a chain of 1,200 fragments": (
        "{ node { ...f0 } }"
        + "".join(f" fragment f{n} on Node {{ ...f{n + 1} id }}" for n in range(1_200))
        + " fragment f1200 on Node { id }",
        ABORTED,
    ),
}


@pytest.mark.parametrize(("query", "message"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_that_hurts_is_answered_within_its_budget(query: str, message: str) -> None:
    """In a process of its own that has 20 seconds and 600 MB."""
    told = run_limited(f"SCHEMA = {SCHEMA!r}\nQUERY = {query!r}\n{RUN}", cpu_seconds=SECONDS, megabytes=600)
    assert json.loads(told) == [message]


def test_a_document_as_tools_send_it_stays_within_its_budget() -> None:
    """The introspection query of GraphQL's own library, which tools ask for."""
    from graphql import get_introspection_query

    query = get_introspection_query(descriptions=True, input_value_deprecation=True)
    told = run_limited(f"SCHEMA = {SCHEMA!r}\nQUERY = {query!r}\n{RUN}", cpu_seconds=SECONDS, megabytes=600)
    assert json.loads(told) == []
