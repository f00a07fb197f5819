"""AWS_LAMBDA data sources: requests, outcomes, batches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.data_source import functions
from livebus.data_source.functions import FunctionRequest
from livebus.data_source.refusal import RefusedRequest
from livebus.operation import Answer


def test_requests() -> None:
    """The payload alone is the event; what is unknown is refused by its name."""
    assert functions.read_request({"operation": "Invoke", "payload": {"é": 1}}).body == '{"é": 1}'.encode()
    assert functions.read_request({"operation": "BatchInvoke", "invocationType": "Event"}) == FunctionRequest(
        None, "Event"
    )
    gathered = functions.gathered([FunctionRequest(1, "Event"), FunctionRequest(2, "Event")])
    assert gathered == FunctionRequest([1, 2], "Event")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], "The request to an AWS_LAMBDA data source is []; expected an object"),
        ({"operation": "Invoke", "more": 1}, "Unsupported element '$[more]'."),
        ({}, "operation is null; expected one of Invoke, BatchInvoke"),
        (
            {"operation": "Invoke", "invocationType": "DryRun"},
            'invocationType is "DryRun"; expected RequestResponse or Event',
        ),
    ],
)
def test_requests_that_are_not_sent(given: Any, expected: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        functions.read_request(given)
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    ("error_type", "is_direct", "expected"),
    [
        ("ValueError", False, {"type": "Lambda:Unhandled"}),
        ("ValueError", True, {"type": "Lambda:Unhandled"}),
        ("TypeError", True, {"type": "Lambda:Unhandled"}),
        ("OrderError", False, {"type": "Lambda:Unhandled"}),
        ("OrderError", True, {"type": "OrderError"}),
        ("Sandbox.Timedout", True, {"type": "Lambda:Unhandled", "unhandledErrorType": "Sandbox.Timedout"}),
    ],
)
def test_errors(error_type: str, *, is_direct: bool, expected: dict[str, Any]) -> None:
    """A class of the function's own keeps its name where the function is invoked directly."""
    error = {"errorType": error_type, "errorMessage": "m"}
    assert functions.answered(b"", error, is_direct=is_direct) == Answer(error={"message": "m", **expected})


def test_batches() -> None:
    """A list of the same length; items of direct functions have their own errors."""
    assert functions.spread(Answer([1, None]), 2, is_direct=False) == [Answer(1), Answer(None)]
    items = [
        {"data": 1, "more": 2},
        {"data": {"a": 1}, "errorMessage": "m", "errorType": "T"},
        {"errorMessage": "m"},
        5,
    ]
    assert functions.spread(Answer(items), 4, is_direct=True) == [
        Answer(1),
        Answer({"a": 1}, {"message": "m", "type": "T"}),
        Answer(None, {"message": "m", "type": None}),
        Answer(error={"message": "5 is no result of a batch: it has no data", "type": "Lambda:Unhandled"}),
    ]
    failed = Answer(error={"message": "m", "type": "T"})
    assert functions.spread(failed, 2, is_direct=True) == [failed, failed]


@pytest.mark.parametrize(("result", "shown"), [([1], "a list of 1"), ({"n": 1}, '{"n": 1}'), (None, "null")])
def test_batches_of_another_length(result: Any, shown: str) -> None:
    """Every item fails, with both numbers."""
    message = f"The function has to answer a batch of 2 with a list of 2 results; it answered {shown}."
    expected = Answer(error={"message": message, "type": "Lambda:IllegalArgument"})
    assert functions.spread(Answer(result), 2, is_direct=False) == [expected, expected]


def test_a_result() -> None:
    """Event has none."""
    assert [functions.answered(payload, {}).result for payload in (json.dumps([1]).encode(), b"")] == [[1], None]
