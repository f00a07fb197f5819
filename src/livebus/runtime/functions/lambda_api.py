"""
AWS Lambda's own API, as far as its functions are to be looked at and invoked: paths and JSON, as boto3's client sends them.

Functions are changed by the template and by deployments, not by calls: those are refused by name.
https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import parse_qs, unquote

import orjson

from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.functions.outcome import InvocationType
from livebus.runtime.functions.service import Functions
from livebus.template.application import Function

_FUNCTIONS = "/2015-03-31/functions"
_NAME = re.compile(r"[A-Za-z0-9_.:$-]{1,170}")
_TYPES: dict[str, InvocationType] = {name: name for name in get_args(InvocationType)}
_MOST_LISTED = 50
_LONGEST_CONTEXT = 3583

Listed = dict[str, Any]


class LambdaApi:
    """``new_id`` makes the ids of requests that are no invocations; ``started`` in epoch seconds."""

    def __init__(self, functions: Functions, new_id: Callable[[], str], started: float) -> None:
        self._functions = functions
        self._new_id = new_id
        self._modified = datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    async def call(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """The answer to one request."""
        try:
            return await self._call(method, path, query, headers, body)
        except AwsError as error:
            return refusal(error, self._new_id())

    async def _call(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        parts = path.removeprefix(_FUNCTIONS).strip("/").split("/") if path.startswith(_FUNCTIONS) else ["?"]
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        match method, parts:
            case "POST", [name, "invocations"]:
                return await self._invoke(_named(name, given), headers, body)
            case "GET", [""]:
                return self._json(self._list(given))
            case "GET", [name]:
                function = self._functions.find(_named(name, given))
                code = {"RepositoryType": "S3", "Location": ""}
                return self._json({"Configuration": self._configuration(function), "Code": code, "Tags": {}})
            case "GET", [name, "configuration"]:
                return self._json(self._configuration(self._functions.find(_named(name, given))))
        raise AwsError(
            "UnknownOperationException", f"lambda ({method} {path[:128]}) is not emulated by the local runtime.", 501
        )

    # --- invoking ---------------------------------------------------------------------------------------------------

    async def _invoke(self, name: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        if kind not in _TYPES:
            names = ", ".join(_TYPES)
            raise _invalid("invocationType", kind, f"Member must satisfy enum value set: [{names}]")
        log_type = headers.get("X-Amz-Log-Type") or "None"
        if log_type not in ("None", "Tail"):
            raise _invalid("logType", log_type, "Member must satisfy enum value set: [None, Tail]")
        context = _client_context(headers.get("X-Amz-Client-Context", ""))
        outcome = await self._functions.invoke(name, body, _TYPES[kind], client_context=context)
        told = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": outcome.request_id,
            "X-Amzn-Remapped-Content-Length": "0",
        }
        if outcome.status == 200:
            told["X-Amz-Executed-Version"] = "$LATEST"
            if outcome.function_error:
                told["X-Amz-Function-Error"] = outcome.function_error
            if log_type == "Tail":
                told["X-Amz-Log-Result"] = base64.b64encode(outcome.log).decode()
        return HttpAnswer(outcome.status, told, outcome.payload)

    # --- looking ----------------------------------------------------------------------------------------------------

    def _list(self, given: Mapping[str, str]) -> dict[str, Any]:
        try:
            most, start = int(given.get("MaxItems", _MOST_LISTED)), int(given.get("Marker") or 0)
        except ValueError:
            raise AwsError("InvalidParameterValueException", "MaxItems and Marker are numbers.") from None
        end = start + max(1, min(most, _MOST_LISTED))
        functions = sorted(self._functions.functions.values(), key=lambda function: function.name)
        answer: dict[str, Any] = {"Functions": [self._configuration(each) for each in functions[start:end]]}
        return {**answer, "NextMarker": str(end)} if end < len(functions) else answer

    def _configuration(self, function: Function) -> Listed:
        """
        API_FunctionConfiguration. CodeSha256 is that of what the template says of the code: nothing is packed here.
        """
        is_image = bool(function.code.image)
        listed: Listed = {
            "FunctionName": function.name,
            "FunctionArn": function.arn,
            "Role": function.role,
            "CodeSize": 0,
            "CodeSha256": base64.b64encode(hashlib.sha256(repr(function.code).encode()).digest()).decode(),
            "Description": function.description,
            "Timeout": function.timeout,
            "MemorySize": function.memory_size,
            "LastModified": self._modified,
            "Version": "$LATEST",
            "TracingConfig": {"Mode": "PassThrough"},
            "PackageType": "Image" if is_image else "Zip",
            "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": 512},
            "State": "Failed" if function.unrunnable else "Active",
            "LastUpdateStatus": "Successful",
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
        }
        if function.unrunnable:
            listed |= {"StateReason": function.unrunnable, "StateReasonCode": "InternalError"}
        if not is_image:
            listed |= {"Runtime": function.runtime, "Handler": function.handler}
        if function.environment:
            listed["Environment"] = {"Variables": dict(function.environment)}
        if function.layers:
            listed["Layers"] = [{"Arn": layer.arn, "CodeSize": 0} for layer in function.layers]
        if function.asynchronous.dead_letter:
            listed["DeadLetterConfig"] = {"TargetArn": function.asynchronous.dead_letter}
        return listed

    def _json(self, content: Mapping[str, Any]) -> HttpAnswer:
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": self._new_id()}
        return HttpAnswer(200, headers, orjson.dumps(content))


def refusal(error: AwsError, request_id: str) -> HttpAnswer:
    """An error as Lambda's API has it: its type in a header, ``User`` or ``Service`` for whose fault it is."""
    headers = {
        "Content-Type": "application/json",
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": error.error_type,
    }
    content = {"Type": "Service" if error.status >= 500 else "User", "Message": error.message, "message": error.message}
    return HttpAnswer(error.status, headers, orjson.dumps(content))


def _named(name: str, given: Mapping[str, str]) -> str:
    """The name in a path, with the qualifier of the query behind it."""
    name = unquote(name)
    if not _NAME.fullmatch(name):
        raise _invalid(
            "functionName", name[:80], "Member must satisfy regular expression pattern: the name of a function"
        )
    qualifier = given.get("Qualifier", "")
    if not qualifier:
        return name
    own = name.rpartition(":")[2] if name.count(":") in (1, 7) and not name.startswith("function:") else ""
    if own and own != qualifier and name.count(":") == 7:
        text = "The derived qualifier from the function name does not match the specified qualifier."
        raise AwsError("InvalidParameterValueException", text)
    return name if own else f"{name}:{qualifier}"


def _client_context(given: str) -> str:
    """The JSON text of a client context, which comes in base64; empty where there is none."""
    if not given:
        return ""
    try:
        text = base64.b64decode(given, validate=True).decode()
        content = json.loads(text)
    except (binascii.Error, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or len(given) > _LONGEST_CONTEXT:
        text = f"Client context must be a valid Base64-encoded JSON object of at most {_LONGEST_CONTEXT} bytes."
        raise AwsError("InvalidRequestContentException", text)
    # As one line of ASCII: it goes on in a header.
    return json.dumps(content)


def _invalid(member: str, value: str, constraint: str) -> AwsError:
    text = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    return AwsError("ValidationException", text)
