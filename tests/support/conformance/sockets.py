"""
Runs the cases of subscriptions: one WebSocket for each, AppSync's own protocol, authorized with the API key.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from support.conformance.api import Api
from support.conformance.subscriptions import SubscriptionCase

SECONDS = 20


@dataclass(frozen=True)
class Heard:
    """The ids of the messages that arrived, and whether the subscription was ended by the server."""

    arrived: tuple[str, ...]
    ended: bool
    trouble: str = ""

    def differs(self, case: SubscriptionCase) -> list[str]:
        """From what the documentation says."""
        if self.trouble:
            return [self.trouble]
        found = []
        if sorted(self.arrived) != sorted(case.arrives):
            found.append(f"arrived: {list(self.arrived)}, expected {list(case.arrives)}")
        if self.ended != case.ends:
            found.append(f"ended: {self.ended}, expected {case.ends}")
        return found


def heard(api: Api, case: SubscriptionCase, *, grace: float = 0.0) -> Heard:
    """
    Subscribe, say the case's messages, invalidate where it says so. ``grace`` seconds are waited for what should not come;
    without it the last message to arrive shows that those before it did not.
    """
    header = {"host": urlsplit(api.outputs["GraphQLUrl"]).netloc, "x-api-key": api.outputs["ApiKey"]}
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    protocols: Any = ["graphql-ws", f"header-{encoded}"]
    with connect(api.outputs["RealtimeUrl"], subprotocols=protocols, proxy=None, open_timeout=SECONDS) as socket:
        _send(socket, {"type": "connection_init"})
        query = f"subscription {{ {case.field} {{ id leaf grams }} }}"
        data = json.dumps({"query": query, "variables": {}})
        extensions = {"authorization": header}
        _send(socket, {"id": "1", "type": "start", "payload": {"data": data, "extensions": extensions}})
        frames = _frames(socket, SECONDS)
        for frame in frames:
            if frame["type"] == "start_ack":
                break
            if frame["type"] in ("error", "connection_error"):
                return Heard((), ended=False, trouble=f"not subscribed: {json.dumps(frame.get('payload'))}")
        else:
            return Heard((), ended=False, trouble="not subscribed: no start_ack")
        for said in case.says:
            api.ask(
                "mutation($id: ID!, $leaf: String, $grams: Int) { say(id: $id, leaf: $leaf, grams: $grams) { id leaf grams } }",
                said,
            )
        arrived: list[str] = []
        while len(arrived) < len(case.arrives) and (frame := next(frames, None)) is not None:
            _note(frame, case, arrived)
        for frame in _frames(socket, grace):
            _note(frame, case, arrived)
        ended = False
        if case.mutation is not None:
            api.ask(
                f"mutation($given: AWSJSON) {{ {case.mutation}(given: $given) }}",
                {"given": json.dumps(dict(case.given))},
            )
            ended = any(frame["type"] in ("complete", "error") for frame in frames)
        return Heard(tuple(arrived), ended)


def _note(frame: Mapping[str, Any], case: SubscriptionCase, arrived: list[str]) -> None:
    if frame["type"] == "data":
        arrived.append(frame["payload"]["data"][case.field]["id"])


def _send(socket: ClientConnection, frame: Mapping[str, Any]) -> None:
    socket.send(json.dumps(frame))


def _frames(socket: ClientConnection, seconds: float) -> Iterator[Mapping[str, Any]]:
    """What comes, but ``ka``; ends where nothing more comes in time."""
    last = time.monotonic() + seconds
    while (left := last - time.monotonic()) > 0:
        try:
            frame = json.loads(socket.recv(timeout=left))
        except TimeoutError:
            return
        if frame["type"] != "ka":
            yield frame
            if frame["type"] in ("complete", "connection_error"):
                return
