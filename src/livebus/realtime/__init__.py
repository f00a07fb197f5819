"""
AppSync's real-time protocol without the socket and without a clock: the WebSocket side of subscriptions.

In: the upgrade request (``read_handshake``), the texts that a client sends and the time they came (``Connection``).
Out: events for the caller to answer, texts to send, and the time at which something is due.
``data_prefix`` makes the part of a data frame that stays the same for as long as a subscription lives.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

from livebus.realtime.connection import Connection, RealtimeSettings
from livebus.realtime.handshake import GRAPHQL_WS, Handshake, HandshakeFault, Headers, read_handshake
from livebus.realtime.messages import (
    ConnectionInit,
    Errors,
    Event,
    Start,
    Stop,
    data_frame,
    data_prefix,
)

__all__ = [
    "GRAPHQL_WS",
    "Connection",
    "ConnectionInit",
    "Errors",
    "Event",
    "Handshake",
    "HandshakeFault",
    "Headers",
    "RealtimeSettings",
    "Start",
    "Stop",
    "data_frame",
    "data_prefix",
    "read_handshake",
]
