"""
Runs a Python function's handler: asks the Lambda Runtime API for events, one after the other, and posts what comes of them.

Started as a process of its own by whichever Python the function needs; nothing of Livebus is imported here. Names, texts
and shapes of errors are those of AWS's own client for Python.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import http.client
import importlib
import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_VERSION = "2018-06-01"
_PID = os.getpid()
# Stands before a Decimal's digits while a result is made into JSON; no text of a function can begin with it.
_MARK = os.urandom(16).hex()
_MARKED = re.compile('"' + _MARK + '([^"]*)"')


class Fault(Exception):
    """What the function did that its handler could not be called, or its result not be sent."""

    def __init__(self, kind: str, message: str, trace: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


class RuntimeApi:
    """One connection to the Runtime API, made anew where it is lost."""

    def __init__(self, address: str) -> None:
        self._host, _, path = address.partition("/")
        self._base = f"/{path}/{_VERSION}/runtime" if path else f"/{_VERSION}/runtime"
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of an answer."""
        for is_last in (False, True):
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection(self._host)
                self._connection.request(method, self._base + path, body, headers or {})
                response = self._connection.getresponse()
                content = response.read()
                if response.will_close:
                    self._close()
                return response.status, response.headers, content
            except (http.client.HTTPException, OSError):
                self._close()
                if is_last or (body is not None and len(body) > 6_000_000):
                    # A result that is too large is refused before it is read; the next event tells how things stand.
                    return 0, http.client.HTTPMessage(), b""
        raise AssertionError("unreachable")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def post(self, path: str, content: bytes, kind: str = "") -> None:
        headers = {"Content-Type": "application/json"}
        if kind:
            headers["Lambda-Runtime-Function-Error-Type"] = kind
        self.call("POST", path, content, headers)


class ClientContext:
    """What the caller says of itself."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.custom = given.get("custom")
        self.env = given.get("env")
        self.client = given.get("client")


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, headers: http.client.HTTPMessage) -> None:
        self.aws_request_id = headers.get("Lambda-Runtime-Aws-Request-Id")
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self._deadline = int(headers.get("Lambda-Runtime-Deadline-Ms", "0"))
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        given = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(json.loads(given)) if given else None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline - int(time.time() * 1000))

    @staticmethod
    def log(message: object) -> None:
        sys.stdout.write(str(message))


class LogHandler(logging.Handler):
    """Writes what `logging` is given, with the request's id, as Lambda does."""

    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = LogHandler.request_id
        print(self.format(record), flush=True)


def _set_up_logging() -> None:
    handler = LogHandler()
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(text, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)


def load_handler(name: str) -> Any:
    """The handler that a name such as ``folder/module.function`` stands for. Raises Fault."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        line = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, [line]) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("Out of range float values are not JSON compliant")
        return f"{_MARK}{value}"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def encoded(result: object) -> bytes:
    """The result as JSON; bytes as they are, and a Decimal with all its digits. Raises Fault."""
    if isinstance(result, bytes):
        return result
    try:
        text = json.dumps(result, default=_marked, ensure_ascii=False, allow_nan=False)
        text = _MARKED.sub(r"\1", text) if _MARK in text else text
        # The half of a pair has no bytes of its own; in JSON it can be spelt out.
        return text.encode("utf-8", "backslashreplace")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def described(error: Exception, request_id: str) -> tuple[str, bytes]:
    """Type and content of an error's answer."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        found = traceback.extract_tb(error.__traceback__)
        # Without the columns that newer Pythons know: Lambda's traces have no carets.
        frames = [
            (each.filename, each.lineno or 0, each.name, each.line) for each in found if each.filename != __file__
        ]
        kind, trace = type(error).__name__, traceback.format_list(frames)
    content = {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}
    lines = "".join(trace)
    print(f"[ERROR] {kind}: {error}" + (f"\nTraceback (most recent call last):\n{lines}" if lines else ""), flush=True)
    return kind, json.dumps(content).encode("utf-8", "replace")


def _answer(api: RuntimeApi, handler: Any, headers: http.client.HTTPMessage, event: bytes) -> None:
    request_id = headers.get("Lambda-Runtime-Aws-Request-Id", "")
    LogHandler.request_id = request_id
    try:
        result = encoded(handler(json.loads(event), Context(headers)))
    except Exception as error:
        _leave_if_forked()
        kind, content = described(error, request_id)
        api.post(f"/invocation/{request_id}/error", content, kind)
        return
    _leave_if_forked()
    api.post(f"/invocation/{request_id}/response", result)


def _leave_if_forked() -> None:
    """A child that the handler forked has come out of it, too: the answer is its parent's."""
    if os.getpid() != _PID:
        os._exit(0)


def main() -> None:
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    _set_up_logging()
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        _leave_if_forked()
        kind, content = described(error, "")
        api.post("/init/error", content, kind)
        sys.exit(1)
    while True:
        status, headers, event = api.call("GET", "/invocation/next")
        if status != 200:
            sys.exit(1)
        _answer(api, handler, headers, event)


if __name__ == "__main__":
    main()
