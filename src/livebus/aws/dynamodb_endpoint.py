"""
DynamoDB at another endpoint, asked as its JSON protocol has it: DynamoDB Local, MiniStack, another runtime, or a region.

In: a URL and a region. Out: a function with the seam of the runtime's own tables: ``call(operation, request)`` gives the answer, or
raises DynamoDBError. Requests are signed with the local runtime's credentials where the endpoint is on this machine, and with
the caller's own (profile, environment) where it is not. Every call blocks; several threads may call.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import boto3
import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from livebus.aws.refusal import told_as_faults
from livebus.aws.whole_answer import demand_whole_answers
from livebus.dynamodb.errors import DynamoDBError
from livebus.errors import Unreachable

_TARGET = "DynamoDB_20120810"
_CONNECT_SECONDS, _READ_SECONDS = 5, 30
_CONNECTIONS = 32
# An answer is at most a page of 1 MB or 16 MB of a batch, as JSON.
_MAX_ANSWER = 64 * 1024 * 1024
_CHUNK = 256 * 1024

Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def connect(url: str, *, region: str, local: bool) -> Call:
    """
    The function that asks. ``local``: the endpoint is on this machine, so that nothing of the caller's is used.

    Raises Unreachable where there are no credentials; the function does where no answer comes.
    """
    if local:
        credentials: Any = Credentials("test", "test")
    else:
        with told_as_faults("sign requests for DynamoDB"):
            credentials = boto3.Session(region_name=region).get_credentials()
            if credentials is None:
                raise NoCredentialsError
    http = URLLib3Session(
        timeout=(_CONNECT_SECONDS, _READ_SECONDS),  # type: ignore[arg-type]  # urllib3 takes a pair, the stubs a number
        max_pool_connections=_CONNECTIONS,
        # As boto3's own clients: head and body go in two writes, and the second would wait 40 ms for the first's receipt.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # type: ignore[list-item]  # the stubs say texts
        proxies={} if local else get_environ_proxies(url),
    )
    demand_whole_answers(http, lambda: _READ_SECONDS)
    headers = {"Content-Type": "application/x-amz-json-1.0"}

    def call(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        body = orjson.dumps(request, default=str)
        with told_as_faults(f"call DynamoDB at {url}"):
            sent = AWSRequest("POST", url, data=body, headers={**headers, "X-Amz-Target": f"{_TARGET}.{operation}"})
            # Frozen anew for each request: credentials that end are renewed.
            frozen = credentials.get_frozen_credentials()
            SigV4Auth(frozen, "dynamodb", region).add_auth(sent)
            prepared = sent.prepare()
            prepared.stream_output = True  # the body is read here, within bounds
            response = http.send(prepared)
        return _read(url, response.status_code, _body(url, response.raw))

    return call


def _body(url: str, raw: Any, clock: Callable[[], float] = monotonic) -> bytes:
    """
    All of an answer's body. ``raw`` is urllib3's response, which keeps its connection where it was read to its end.

    Raises Unreachable for one that is too large, and where the whole of it takes too long: each byte by itself may be in time.
    """
    body, until, fault = bytearray(), clock() + _READ_SECONDS, ""
    try:
        while not fault and (chunk := raw.read1(_CHUNK)):
            body += chunk
            if len(body) > _MAX_ANSWER:
                fault = f"answers with more than {_MAX_ANSWER} bytes"
            elif clock() > until:
                fault = f"takes longer than {_READ_SECONDS} seconds for one answer"
    except (HTTPError, OSError, ValueError) as error:
        fault = f"breaks off its answer: {type(error).__name__}"
    if not fault and raw.length_remaining:
        fault = f"breaks off its answer: {raw.length_remaining} bytes are missing"
    if fault:
        raw.close()
        raise Unreachable(f"DynamoDB at {url} {fault}")
    raw.release_conn()
    return bytes(body)


def _read(url: str, status: int, body: bytes) -> Mapping[str, Any]:
    if 300 <= status < 400:
        raise Unreachable(
            f"{url} answers {status}, and leads elsewhere: that is not followed", advice="Is DynamoDB there?"
        )
    try:
        answer = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise Unreachable(f"{url} answers {status} with what is no JSON object", advice="Is DynamoDB there?")
    if status < 400:
        return answer
    code = str(answer.pop("__type", "") or f"HTTP {status}").rpartition("#")[2]
    message = str(answer.pop("message", None) or answer.pop("Message", None) or code)
    if status >= 500:
        raise Unreachable(f"DynamoDB at {url} answers {status}, {code}: {message}")
    answer.pop("Message", None)
    raise DynamoDBError(code, message, answer)
