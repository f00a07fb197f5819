"""Bodies of requests: each within its size and its time, all within one room."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from livebus.runtime.port import bodies
from livebus.runtime.port.bodies import Bodies, NoRoomForBody


class Request:
    """As much of aiohttp's as is read: pieces that come one by one; None stands for one that never comes."""

    def __init__(self, *pieces: bytes | None, length: int | None = None, expect: str = "") -> None:
        self.content_length = length
        self.headers = {"Expect": expect} if expect else {}
        self.written: list[bytes] = []
        self.transport = SimpleNamespace(write=self.written.append)
        self.content = SimpleNamespace(readany=self._readany)
        self._pieces = [*pieces, b""]

    async def _readany(self) -> bytes:
        piece = self._pieces.pop(0)
        if piece is None:
            await asyncio.Event().wait()
        return piece or b""


def read(request: Request, most: int = 10, *, pause: float = 60.0, of: Bodies | None = None) -> bytes | None:
    of = of or Bodies()
    reading: Callable[..., Awaitable[Any]] = of.read
    try:
        return asyncio.run(reading(request, most, pause=pause))  # type: ignore[arg-type]
    finally:
        assert of._taken == 0, "what was read is let go"


def test_a_body_is_read_whole() -> None:
    """In as many pieces as come, up to the last byte that is allowed."""
    assert read(Request(b"01234", b"56789", length=10)) == b"0123456789"
    assert read(Request()) == b""


def test_a_body_beyond_the_most_is_none() -> None:
    """Whether it says so, or does so; one that says so is not read at all."""
    said = Request(b"0" * 11, length=11)
    assert read(said) is None
    assert len(said._pieces) == 2
    assert read(Request(b"0123456789", b"0")) is None


@pytest.mark.parametrize(("expect", "written"), [("100-Continue", 1), ("200-ok", 0), ("", 0)])
def test_whoever_waits_is_told_to_go_on(expect: str, written: int) -> None:
    """Once, before the body is read."""
    request = Request(b"0", expect=expect)
    assert read(request) == b"0"
    assert request.written == [b"HTTP/1.1 100 Continue\r\n\r\n"] * written


def test_a_body_that_stops_is_given_up() -> None:
    """After the pause that is allowed between two pieces."""
    with pytest.raises(TimeoutError):
        read(Request(b"0", None), pause=0.001)


def test_all_bodies_share_one_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others are reading counts; what ended does not."""
    monkeypatch.setattr(bodies, "MAX_ROOM", 8)
    room = Bodies()
    assert read(Request(b"01234567"), of=room) == b"01234567"
    with pytest.raises(NoRoomForBody):
        read(Request(b"01234567", b"8"), of=room)
