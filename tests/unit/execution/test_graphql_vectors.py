"""The recorded, observed and documented answers of AppSync in tests/vectors/graphql."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.execution import GraphQLResponse, read_http_request
from livebus.operation import GraphQLRequest

VECTORS = Path(__file__).parents[2] / "vectors" / "graphql"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


HTTP, VALIDATION, VARIABLES, RESULTS = map(vectors, ("http.json", "validation.json", "variables.json", "results.json"))


def places(locations: list[list[int]] | None) -> list[dict[str, Any]] | None:
    """Locations as AppSync shows them, from the short form in the vectors."""
    if locations is None:
        return None
    return [{"line": line, "column": column, "sourceName": None} for line, column in locations]


def with_places(error: dict[str, Any]) -> dict[str, Any]:
    return {**error, "locations": places(error["locations"])}


@pytest.mark.parametrize("case", HTTP["cases"], ids=lambda case: case["behaviour"])
def test_http_requests(case: dict[str, Any], make_api: Callable[..., Any]) -> None:
    """A request's body gets the status and the body that AppSync answers with."""
    request = read_http_request("POST", "application/json", case["body"].encode())
    response = request
    if isinstance(request, GraphQLRequest):
        response = make_api(HTTP["schema"]).run(request.query, request.variables, request.operation_name)

    assert isinstance(response, GraphQLResponse)
    assert case["status"] == response.status
    assert case["response"] == json.loads(response.body())


@pytest.mark.parametrize("case", VALIDATION["cases"], ids=lambda case: case["query"])
def test_validation_errors(case: dict[str, Any], make_api: Callable[..., Any]) -> None:
    """An invalid document is answered with status 200, no data, and one error in graphql-java's words."""
    response = make_api(VALIDATION["schema"]).run(case["query"])

    expected = {
        "data": None,
        "errors": [{"path": None, "locations": places(case["locations"]), "message": case["message"]}],
    }
    assert expected == json.loads(response.body())
    assert response.status == 200


@pytest.mark.parametrize("case", VARIABLES["cases"], ids=lambda case: f"{case['query']} {case['variables']}")
def test_variables(case: dict[str, Any], make_api: Callable[..., Any]) -> None:
    """Variables that do not fit are named in AppSync's words; others reach the resolver coerced."""
    api = make_api(VARIABLES["schema"], {"Query.echo": None, "Query.order": None})
    response = api.run(case["query"], case["variables"])

    if "error" in case:
        assert {"data": None, "errors": [{"path": None, **with_places(case["error"])}]} == json.loads(response.body())
        assert not api.contexts
    else:
        assert response.errors == ()
        assert case["arguments"] == api.contexts[0]["arguments"]


@pytest.mark.parametrize("case", RESULTS["cases"], ids=lambda case: case["behaviour"])
def test_results(case: dict[str, Any], make_api: Callable[..., Any]) -> None:
    """What resolvers return is completed, and what is wrong with it told, as AppSync does."""
    limits = {name: case[name] for name in ("query_depth_limit", "resolver_count_limit") if name in case}
    api = make_api(RESULTS["schema"], case.get("results"), case.get("denied", ()), **limits)
    response = api.run(case["query"])

    expected: dict[str, Any] = {"data": case["data"]}
    if "errors" in case:
        expected["errors"] = [with_places(error) for error in case["errors"]]
    assert expected == json.loads(response.body())


def test_members_stand_in_appsyncs_order(make_api: Callable[..., Any]) -> None:
    """The bytes of an error have their members in the order in which AppSync writes them."""
    api = make_api("type Query { text: String }", {"Query.text": "a"}, ["Query.text"])

    expected = (
        b'{"data":{"text":null},"errors":[{"path":["text"],"data":null,"errorType":"Unauthorized","errorInfo":null,'
        b'"locations":[{"line":1,"column":2,"sourceName":null}],"message":"Not Authorized to access text on type Query"}]}'
    )
    assert expected == api.run("{text}").body()
