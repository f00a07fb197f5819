"""
What is wrong with a request handler's value: requests that AppSync does not send.

AppSync's words for unknown members are known ("Unsupported element"); the rest follows them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from livebus.operation import Answer


class RefusedRequest(Exception):
    """AppSync does not send this; ``str()`` says why."""


def refused(reason: RefusedRequest) -> Answer:
    """The error of a request that is not sent."""
    return Answer(error={"message": str(reason), "type": "MappingTemplate"})


def members_of(value: Any, what: str, members: tuple[str, ...]) -> Mapping[str, Any]:
    """An object that has no other members than these."""
    if not isinstance(value, Mapping):
        raise RefusedRequest(f"{what} is {shown(value)}; expected an object")
    for name in value:
        if name not in members:
            raise RefusedRequest(f"Unsupported element '$[{name}]'.")
    return value


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
