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
        for _ in range(3):  # takes no time: but what is over by now ends it
            await asyncio.sleep(0)
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


class Slow(Request):
    """Pieces that each take so many seconds, of a clock that is moved by hand."""

    def __init__(self, seconds: float, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self._seconds = seconds

    async def _readany(self) -> bytes:
        loop = asyncio.get_running_loop()
        now = loop.time()
        loop.time = lambda: now + self._seconds  # type: ignore[method-assign]
        return await super()._readany()


@pytest.mark.parametrize(("seconds", "is_read"), [(19.0, True), (21.0, False)])
def test_a_pause_has_its_length(seconds: float, is_read: bool) -> None:
    """The seconds that it is given, for each piece anew."""
    request = Slow(seconds, b"0", b"1")
    if is_read:
        assert read(request, pause=20.0) == b"01"
        return
    with pytest.raises(TimeoutError):
        read(request, pause=20.0)


@pytest.mark.parametrize(("piece", "is_read"), [(b"0123456789", True), (b"01234", False)])
def test_a_body_has_a_pace(piece: bytes, is_read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its first minute is over, so many bytes a second, here one; however long it is on its way."""
    monkeypatch.setattr(bodies, "_PACE", 1)
    request = Slow(10.0, *[piece] * 20)
    if is_read:
        assert read(request, most=200) == piece * 20
        return
    with pytest.raises(TimeoutError):
        read(request, most=200)
    # After 60 seconds and one for each byte that has come: not sooner.
    assert len(request._pieces) == 21 - 10


def test_a_room_that_is_full_to_the_byte_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more is not."""
    monkeypatch.setattr(bodies, "MAX_ROOM", 4)
    assert read(Request(b"01", b"23")) == b"0123"
    with pytest.raises(NoRoomForBody):
        read(Request(b"01", b"234"))


def test_whoever_waits_on_a_connection_that_is_gone_is_not_told() -> None:
    """Nobody is there to be told."""
    request = Request(b"0", expect="100-continue")
    request.transport = None  # type: ignore[assignment]
    assert read(request) == b"0"
