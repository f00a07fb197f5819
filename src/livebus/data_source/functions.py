"""
AWS_LAMBDA data sources: the event that a function gets, and what the response handler sees of its outcome.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-lambda-js.html
https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from livebus.data_source.refusal import RefusedRequest, members_of, shown
from livebus.operation import Answer

_MEMBERS = ("version", "operation", "payload", "invocationType")
_OPERATIONS = ("Invoke", "BatchInvoke")
_UNHANDLED = "Lambda:Unhandled"
# Classes that a function did not make itself: what is raised is no word of its own to the client.
_LANGUAGE = frozenset(
    {
        *(
            name
            for name, value in vars(builtins).items()
            if isinstance(value, type) and issubclass(value, BaseException)
        ),
        *(
            "AggregateError",
            "Error",
            "EvalError",
            "RangeError",
            "ReferenceError",
            "SyntaxError",
            "TypeError",
            "URIError",
        ),
    }
)
InvocationType = Literal["RequestResponse", "Event"]


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """What a request handler asks of a function: ``payload`` is any JSON value."""

    payload: Any
    type: InvocationType = "RequestResponse"

    @property
    def body(self) -> bytes:
        return json.dumps(self.payload, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


def read_request(given: Any) -> FunctionRequest:
    """
    The request of a handler's value: ``{operation, payload, invocationType}``.

    Raises RefusedRequest; AppSync's words but for unknown members are not known.
    """
    request = members_of(given, "The request to an AWS_LAMBDA data source", _MEMBERS)
    operation = request.get("operation")
    if operation not in _OPERATIONS:
        raise RefusedRequest(f"operation is {shown(operation)}; expected one of {', '.join(_OPERATIONS)}")
    kind = request.get("invocationType")
    if kind not in (None, "RequestResponse", "Event"):
        raise RefusedRequest(f"invocationType is {shown(kind)}; expected RequestResponse or Event")
    return FunctionRequest(request.get("payload"), "Event" if kind == "Event" else "RequestResponse")


def gathered(requests: Sequence[FunctionRequest]) -> FunctionRequest:
    """One request for several that are gathered: a list of their payloads."""
    return FunctionRequest([request.payload for request in requests], requests[0].type)


def answered(payload: bytes, error: Mapping[str, Any], *, is_direct: bool = False) -> Answer:
    """
    What becomes of a function's outcome: ``payload`` is JSON text, ``error`` the members of an error, empty without one.

    The class of an exception is lost, as clients see it on AWS. Only where a function is invoked directly, and its
    class is its own, AppSync's page says that the class is the errorType.
    """
    if error:
        kind = str(error.get("errorType") or "")
        is_own = is_direct and kind and "." not in kind and kind not in _LANGUAGE
        members = {"message": str(error.get("errorMessage", "")), "type": kind if is_own else _UNHANDLED}
        if kind.startswith(("Sandbox.", "Runtime.", "Function.")):
            members["unhandledErrorType"] = kind
        return Answer(error=members)
    return Answer(json.loads(payload) if payload else None)


def spread(answer: Answer, count: int, *, is_direct: bool) -> list[Answer]:
    """
    The answers to several requests that were gathered.

    A function has to answer with a list of the same length; AppSync's words where it does not are not known. Items of a
    function that is invoked directly have ``data``, and ``errorMessage`` and ``errorType`` where that one failed.
    """
    if answer.error is not None:
        return [answer] * count
    items = answer.result
    if not isinstance(items, list) or len(items) != count:
        got = f"a list of {len(items)}" if isinstance(items, list) else shown(items)
        message = f"The function has to answer a batch of {count} with a list of {count} results; it answered {got}."
        return [Answer(error={"message": message, "type": "Lambda:IllegalArgument"})] * count
    return [_item(item) for item in items] if is_direct else [Answer(item) for item in items]


def _item(item: Any) -> Answer:
    if not isinstance(item, dict):
        return Answer(error={"message": f"{shown(item)} is no result of a batch: it has no data", "type": _UNHANDLED})
    message = item.get("errorMessage")
    if message is None:
        return Answer(item.get("data"))
    kind = item.get("errorType")
    return Answer(item.get("data"), {"message": str(message), "type": None if kind is None else str(kind)})


def timed_out() -> Answer:
    """AppSync did not wait any longer: its own words. What the function does goes on."""
    return Answer(error={"message": "Execution timed out.", "type": "Lambda:ExecutionTimeoutException"})


def not_taken(code: str, message: str, status: int) -> Answer:
    """Lambda did not take the call: ``code`` is its error's; with ``status`` 501 the local runtime cannot run the function."""
    if status == 501:
        return Answer(error={"message": message, "type": "NotEmulated"})
    return Answer(error={"message": message, "type": f"Lambda:{code}"})
