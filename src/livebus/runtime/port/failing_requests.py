"""
PutEvents requests that fail on purpose: throttled, broken, slow, or cut off before or after the events were taken.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.faults.injection import Faults
from livebus.runtime.port.aws_endpoint import AwsEndpoint

_TARGET = "AWSEvents.PutEvents"
_REFUSALS = {
    "throttle": AwsError("ThrottlingException", "Rate exceeded"),
    "error": AwsError("InternalFailure", "The request processing has failed (--fault error).", 500),
    "unavailable": AwsError("ServiceUnavailable", "The request has failed (--fault unavailable).", 503),
}
# Closes with RST at once, whatever has not been sent.
_NO_LINGER = struct.pack("ii", 1, 0)


async def failing(faults: Faults, aws: AwsEndpoint, request: web.BaseRequest, body: bytes) -> HttpAnswer:
    """Answer a call, or let it fail where a fault hits it. Raises ConnectionResetError with the connection reset."""
    if request.headers.get("X-Amz-Target") != _TARGET:
        return await aws.call(request.headers, body)
    wait, hit = faults.of_request()
    if wait:
        await asyncio.sleep(wait)
    if hit is not None and hit.kind in _REFUSALS:
        return aws.refused(_REFUSALS[hit.kind])
    if hit is not None and hit.kind == "reset":
        _reset(request)
    answer = await aws.call(request.headers, body)
    if hit is not None:
        _reset(request)
    return answer


def _reset(request: web.BaseRequest) -> None:
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    raise ConnectionResetError
