"""
Asks the local runtime which faults are switched on, and switches them.

In: the runtime's address, and what is wanted. Out: what is switched on then. There is no such thing on AWS: its own
answer to this is AWS Fault Injection Service.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from livebus.errors import Fault, LivebusError, Unreachable, WrongUsage

_PATH = "/_livebus/faults"
_SECONDS = 10
_MAX_ANSWER = 1024 * 1024


def switched_on(endpoint_url: str) -> Mapping[str, Any]:
    """``failTargets``, ``latency`` and ``faults``. Raises Unreachable."""
    return _call(endpoint_url, "GET", b"")


def switch(endpoint_url: str, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Switch on what is wanted, and off what is not. Raises WrongUsage for what the runtime does not have."""
    return _call(endpoint_url, "PUT", json.dumps(wanted).encode())


def _call(endpoint_url: str, method: str, body: bytes) -> Mapping[str, Any]:
    address = urlsplit(endpoint_url)
    # Straight to it: no proxy of the environment is meant for this machine's own addresses.
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=_SECONDS)
    try:
        connection.request(method, _PATH, body or None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = json.loads(response.read(_MAX_ANSWER))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"cannot switch faults at {endpoint_url}: {error}") from None
    finally:
        connection.close()
    if response.status != 200 or not isinstance(content, dict):
        errors = content.get("errors") if isinstance(content, dict) else None
        kind = WrongUsage if response.status == 400 else LivebusError
        raise kind(faults=[Fault(str(error)) for error in errors or [f"HTTP {response.status}"]])
    return content
