"""A session's frames: what is written to the socket, in how many pieces it waits, and that a group's frames go as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from livebus.realtime import RealtimeSettings
from livebus.runtime.appsync.realtime_session import RealtimeSession, text_frame


class Transport(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


def in_a_session(work: Callable[[RealtimeSession], None]) -> list[bytes]:
    """What a session has written a turn after some work."""

    async def run() -> list[bytes]:
        api: Any = SimpleNamespace(
            settings=RealtimeSettings(),
            sessions=set(),
            compiled=SimpleNamespace(subscriptions=SimpleNamespace(remove_connection=lambda _: [])),
        )
        transport = Transport()
        session = RealtimeSession(api, transport, "127.0.0.1")
        work(session)
        await asyncio.sleep(0)
        session.end()
        return transport.written

    return asyncio.run(run())


@pytest.mark.parametrize("length", [0, 1, 100, 125, 1024, 1025, 70_000])
def test_a_data_frame_is_header_prefix_payload_and_brace(length: int) -> None:
    """Whatever the length of the payload."""
    prefix, payload = b'{"id":"1","type":"data","payload":', b"x" * length

    written = in_a_session(lambda session: session.deliver(prefix, payload))

    body = prefix + payload + b"}"
    assert written == [text_frame(len(body)) + body]


def test_frames_of_one_turn_are_one_write_in_their_order() -> None:
    """Ten events of one request reach the socket together."""

    def deliver(session: RealtimeSession) -> None:
        for number in range(10):
            session.deliver(b'{"p":', b"%d" % number)

    assert in_a_session(deliver) == [b"".join(text_frame(7) + b'{"p":%d}' % number for number in range(10))]


def test_a_payload_waits_once_for_all_its_subscribers() -> None:
    """What waits is the payload that others wait with, too, and no copy of it."""
    payload = b"x" * 1025

    def deliver(session: RealtimeSession) -> None:
        session.deliver(b'{"p":', payload)
        assert any(part is payload for part in session._unsent)
        assert session._unsent_bytes == sum(map(len, session._unsent))

    in_a_session(deliver)
