"""
Answers that a page of another origin may read: those of pages that may call.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from aiohttp import web

from livebus.runtime.port.callers import Gate

_EXPOSED = "x-amzn-errortype, x-amzn-requestid, x-amzn-RequestId, x-amzn-ErrorType"


def readable(gate: Gate, request: web.BaseRequest, response: web.Response) -> web.Response:
    """
    Let pages that may call read the answer. Other pages do not come so far.
    """
    origin = request.headers.get("Origin")
    if origin is None or not gate.admits(origin):
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.headers["Vary"] = "Origin"
    if request.method == "OPTIONS":
        asked = request.headers.get("Access-Control-Request-Headers", "")
        response.headers["Access-Control-Allow-Headers"] = asked
        response.headers["Access-Control-Allow-Methods"] = "POST, GET, OPTIONS"
        response.headers["Access-Control-Max-Age"] = "600"
        if request.headers.get("Access-Control-Request-Private-Network"):
            response.headers["Access-Control-Allow-Private-Network"] = "true"
    return response
