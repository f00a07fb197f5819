"""
Data: an invocation and what came of it, in the shapes of Lambda's API.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

InvocationType = Literal["RequestResponse", "Event", "DryRun"]

# Bytes that an event may have, and a result: the service's own numbers.
MAX_REQUEST = 6_291_456
MAX_RESPONSE = 6_291_556
# AWS raised it from 256 KB late in 2025.
MAX_ASYNCHRONOUS_REQUEST = 1_048_576

UNHANDLED = "Unhandled"


@dataclass(frozen=True, slots=True)
class FunctionInvocation:
    """One event on its way to a process. ``deadline`` in epoch milliseconds; ``client_context`` is JSON text or empty."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline: int
    client_context: str = ""


@dataclass(frozen=True, slots=True)
class FunctionAnswer:
    """
    What came of an event: a result, or with ``is_error`` what went wrong, both JSON text.

    ``told`` is what Lambda itself logs about an error that it finds; empty for what the process says itself.
    """

    payload: bytes
    is_error: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of an invocation. ``status`` is Lambda's HTTP status: 200, for Event 202, for DryRun 204.

    ``function_error`` is Unhandled where the payload is an error, else empty; ``log`` the last lines that were logged;
    ``duration`` in milliseconds.
    """

    request_id: str
    status: int
    payload: bytes = b""
    function_error: str = ""
    log: bytes = b""
    duration: float = 0.0

    @property
    def error(self) -> dict[str, Any]:
        """The error's members: ``errorType``, ``errorMessage`` and others; empty where there is no error."""
        if not self.function_error:
            return {}
        try:
            content = json.loads(self.payload)
        except ValueError:
            content = None
        return content if isinstance(content, dict) else {"errorMessage": self.payload.decode("utf-8", "replace")}


def failed(kind: str, message: str) -> FunctionAnswer:
    """An error that Lambda itself finds."""
    payload = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return FunctionAnswer(payload, is_error=True, told=f"{message} {kind}")


def timed_out(request_id: str, seconds: float) -> FunctionAnswer:
    return failed("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, status: int, signal_name: str) -> FunctionAnswer:
    """A process that ended before it answered: with an exit status, or by a signal (its name as Go has it: killed)."""
    if signal_name:
        reason = f"Runtime exited with error: signal: {signal_name}"
    elif status:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = "Runtime exited without providing a reason"
    return failed("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")


def too_large() -> FunctionAnswer:
    message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
    return failed("Function.ResponseSizeTooLarge", message)


def not_json() -> FunctionAnswer:
    """AWS hands such a result on as it is, and its reader fails; here it ends where it came up."""
    return failed("Runtime.MarshalError", "The function's result is not JSON.")
