"""Documents and variables that are made to hurt: each is answered, none runs away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.caller import Caller
from livebus.execution import Errors, Executor, GraphQLResponse
from livebus.operation import GraphQLRequest, Services
from livebus.schema import parse_schema

SCHEMA = """
type Query { node: Node echo(input: Input texts: [[String]] json: AWSJSON): String }
type Subscription { echo(input: Input texts: [[String]] json: AWSJSON): String }
type Node { node: Node nodes: [Node!]! leaf: Int }
input Input { input: Input list: [[Int]] }
"""
MALFORMED = {"errorType": "MalformedHttpRequestException", "message": "Unable to parse GraphQL query."}


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"leaf": 1}
    for _ in range(levels):
        node = {"node": node, "nodes": [node], "leaf": 1}
    return node


def test_deep_selections_end_at_the_deepest_limit_of_appsync(make_api: Callable[..., Any]) -> None:
    """A query of 190 levels, lists among them, is answered down to the 75th; what is below is null with an error."""
    api = make_api(SCHEMA, {"Query.node": nested(200)})
    response = api.run("{node" + "{node" * 189 + "{leaf}" + "}" * 190)

    depth, value = 0, response.data
    while value is not None:
        depth, value = depth + 1, value["node"]
    assert depth == 76
    assert [error["errorType"] for error in response.errors] == ["QueryDepthLimitReached"]
    assert len(response.errors[0]["path"]) == 76


def test_deep_lists_fit_the_stack(make_api: Callable[..., Any]) -> None:
    """Lists of non-null objects, 74 levels deep, are completed."""
    api = make_api(SCHEMA, {"Query.node": nested(100)})
    response = api.run("{node" + "{nodes" * 73 + "{leaf}" + "}" * 74)

    assert response.errors == ()


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{node" * 5_000, {}),
        ("{" + " ".join(f"a{n}: node {{leaf}}" for n in range(5_000)) + "}", {}),
        ("#\n" * 50_000 + "{node {leaf}}", {}),
        ("\ud800", {}),
        ("", {}),
    ],
    ids=["5,000 levels", "35,000 tokens", "50,000 comments", "half a surrogate pair", "nothing"],
)
def test_documents_that_are_too_much(query: str, variables: dict[str, Any], make_api: Callable[..., Any]) -> None:
    """Documents beyond the bounds of the parser are malformed."""
    response = make_api(SCHEMA).run(query, variables)

    assert (response.status, response.errors) == (400, (MALFORMED,))


def test_fragments_that_double_each_other(make_api: Callable[..., Any]) -> None:
    """Forty fragments that spread out to a million million fields are refused before anything runs."""
    fragments = "".join(
        f" fragment F{n} on Node {{x: node {{...F{n + 1}}} y: node {{...F{n + 1}}}}}" for n in range(40)
    )
    api = make_api(SCHEMA, {"Query.node": nested(50)})
    response = api.run("{node {...F0}}" + fragments + " fragment F40 on Node {leaf}")

    words = {"errorType": "BadRequestException", "message": "The query selects too many fields."}
    assert (response.status, response.errors) == (400, (words,))
    assert api.contexts == []


def test_equal_fields_end_the_validation(make_api: Callable[..., Any]) -> None:
    """Over a thousand equal fields with fields below them are not compared with one another: the document is refused, with the reason."""
    api = make_api(SCHEMA, {"Query.node": nested(50)})
    response = api.run("{node {" + " node {leaf}" * 1_300 + "}}")

    words = "The document has more equal fields or nested fragments than the local runtime looks at."
    assert [error["message"] for error in response.errors] == [f"Validation aborted. {words}"]
    assert api.contexts == []


def test_variables_that_are_nested_too_deeply(make_api: Callable[..., Any]) -> None:
    """An input object of 1,000 levels is refused before anything runs."""
    value: dict[str, Any] = {}
    for _ in range(1_000):
        value = {"input": value}
    api = make_api(SCHEMA, {"Query.echo": "a"})
    response = api.run("query ($input: Input) {echo(input: $input)}", {"input": value})

    assert (response.status, response.errors) == (400, (MALFORMED,))
    assert api.contexts == []


def test_levels_of_variables_have_a_bound_of_their_own(make_api: Callable[..., Any]) -> None:
    """200 levels of input objects and lists are taken, whatever Python bears; one more is malformed, to a subscription as well."""

    def given(objects: int) -> dict[str, Any]:
        """Variables of so many objects in each other, and a list of lists, a number in it, in the last one."""
        value: dict[str, Any] = {"list": [[1]]}
        for _ in range(objects - 1):
            value = {"input": value}
        return {"input": value}

    api = make_api(SCHEMA, {"Query.echo": "a", "Subscription.echo": "a"})
    assert api.run("query ($input: Input) {echo(input: $input)}", given(198)).status == 200
    response = api.run("query ($input: Input) {echo(input: $input)}", given(199))
    assert (response.status, response.errors) == (400, (MALFORMED,))
    assert api.subscribe("subscription ($input: Input) {echo(input: $input)}", given(199)) == Errors((MALFORMED,))


@pytest.mark.parametrize(("name", "type_"), [("texts", "[[String]]"), ("json", "AWSJSON")])
def test_lists_in_lists_where_a_text_is_declared(name: str, type_: str, make_api: Callable[..., Any]) -> None:
    """A value of 1,000 lists is malformed, and a subscription is told nothing else."""
    value: list[Any] = []
    for _ in range(1_000):
        value = [value]
    api = make_api(SCHEMA, {"Query.echo": "a", "Subscription.echo": "a"})
    document = f"($value: {type_}) {{echo({name}: $value)}}"
    response = api.run(f"query {document}", {"value": value})
    assert (response.status, response.errors) == (400, (MALFORMED,))
    assert api.subscribe(f"subscription {document}", {"value": value}) == Errors((MALFORMED,))


_EXECUTOR = Executor(parse_schema(SCHEMA), {}, allows=lambda *_: True, cache_size=4)
_PIECES = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        ":",
        "...",
        "on",
        "@",
        "$a",
        "!",
        "[",
        "]",
        "=",
        "|",
        '"',
        "#",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "node",
        "leaf",
        "nodes",
        "echo",
        "input",
        "Node",
        "Query",
        "null",
        "1",
        "1.5",
        "\n",
        "skip",
        "include",
        "if",
        "true",
        "__typename",
        "__schema",
        "é",
        "\x00",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=30))
def test_any_text_is_answered(pieces: list[str]) -> None:
    """Whatever is sent as a document: there is an answer, and it can be written as JSON."""
    request = GraphQLRequest(" ".join(pieces), {"a": 1})
    response = _EXECUTOR.execute(request, Caller("AWS_IAM"), Services(0.0, str))
    _EXECUTOR.subscribe(request, Caller("AWS_IAM"), Services(0.0, str))

    assert isinstance(response, GraphQLResponse)
    assert response.body().startswith((b'{"data":', b'{"errors":'))
