"""Our execution against graphql-core's: where AppSync follows the specification, both give the same data."""

from __future__ import annotations

from typing import Any

from graphql import execute_sync, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.caller import Caller
from livebus.execution import Executor
from livebus.operation import GraphQLRequest, Resolution, Services
from livebus.schema import parse_schema

SCHEMA = parse_schema(
    """
    type Query { node: Node }
    interface Thing { id: ID }
    type Node implements Thing { id: ID name: String! size: Int node: Node nodes: [Node!] grid: [[Int!]]! thing: Thing }
    type Leaf implements Thing { id: ID weight: Float! }
    """
)
TEXTS = st.one_of(st.none(), st.text(max_size=3))


def nodes(deeper: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "__typename": st.just("Node"),
            "id": TEXTS,
            "name": TEXTS,
            "size": st.one_of(st.none(), st.integers(-5, 5)),
            "node": deeper,
            "nodes": st.one_of(st.none(), st.lists(deeper, max_size=3)),
            "grid": st.one_of(
                st.none(), st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=2)))
            ),
            "thing": st.one_of(
                deeper.map(lambda node: node and {**node, "__typename": "Node"}),
                st.fixed_dictionaries({"__typename": st.just("Leaf"), "weight": st.one_of(st.none(), st.just(1.5))}),
            ),
        },
    )


NODES = st.recursive(st.none(), nodes, max_leaves=12)


def selections(deeper: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    field = st.one_of(
        st.sampled_from(["id", "name", "size", "grid", "__typename", "nr: id", "again: name"]),
        deeper.map(lambda below: f"node {below}"),
        deeper.map(lambda below: f"nodes {below}"),
        deeper.map(lambda below: f"other: node {below}"),
        deeper.map(lambda below: f"thing {{id ... on Leaf {{weight}} ... on Node {below}}}"),
        deeper.map(lambda below: f"... on Thing {{id ... on Node {below}}}"),
        st.booleans().map(lambda on: f"size @include(if: {'true' if on else 'false'})"),
        st.sampled_from(["size @skip(if: $on)", "... @include(if: $on) {name}", "...Shared"]),
    )
    return st.lists(field, min_size=1, max_size=4).map(lambda fields: "{" + " ".join(fields) + "}")


SELECTIONS = st.recursive(st.just("{id name}"), selections, max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(NODES, SELECTIONS, st.booleans())
def test_the_data_is_graphql_cores(node: Any, selection: str, on: bool) -> None:
    """For any data and any selection the response's data is what graphql-core gives, nulls and their spread included."""
    query = f"query ($on: Boolean! = true) {{node {selection} node {{...Shared ... @skip(if: $on) {{id}}}}}}"
    query += " fragment Shared on Node {name nodes {id}}"

    class Resolver:
        asks = False

        def run(self, _context: Any, _services: Services, _told: object = None) -> Resolution:
            return Resolution(node)

    executor = Executor(SCHEMA, {("Query", "node"): Resolver()}, allows=lambda *_: True)
    ours = executor.execute(GraphQLRequest(query, {"on": on}), Caller("AWS_IAM"), Services(0.0, str))
    theirs = execute_sync(SCHEMA.graphql, parse(query), {"node": node}, variable_values={"on": on})

    assert ours.status == 200
    assert ours.data == theirs.data
    assert list(map(str, ours.data or {})) == list(map(str, theirs.data or {}))
    assert bool(ours.errors) == bool(theirs.errors)
