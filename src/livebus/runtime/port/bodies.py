"""
Reads requests' bodies: each within its size and its time, and all that are under way within one room.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

# All bodies that are being read. Four of the largest objects, or 32 of the largest calls.
MAX_ROOM = 256 * 1024 * 1024
# Beside the pause between two pieces, a whole body has a pace that it must not fall behind, in bytes a second, once
# its first minute is over.
_FIRST_SECONDS = 60.0
_PACE = 64 * 1024


class NoRoomForBody(Exception):
    """The bodies of other requests take all the room."""


class Bodies:
    """The bodies that are being read."""

    def __init__(self) -> None:
        self._taken = 0

    async def read(self, request: web.BaseRequest, most: int, *, pause: float) -> bytes | None:
        """
        A body that is not whole yet; None where it is larger than ``most``.

        Raises TimeoutError where more than ``pause`` seconds pass without a piece of it, or where it comes too slowly
        as a whole; NoRoomForBody where others take the room.
        """
        if (request.content_length or 0) > most:
            return None
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            # curl, and AWS's C++ and Java SDKs, hold a large body back until they are told to go on.
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        received = bytearray()
        loop = asyncio.get_running_loop()
        begin = loop.time()
        try:
            while True:
                # aiohttp does not tell that a chunk is broken: the rest of such a body never comes.
                last = begin + _FIRST_SECONDS + len(received) / _PACE
                async with asyncio.timeout_at(min(loop.time() + pause, last)):
                    piece = await request.content.readany()
                if not piece:
                    return bytes(received)
                received += piece
                self._taken += len(piece)
                if len(received) > most:
                    return None
                if self._taken > MAX_ROOM:
                    raise NoRoomForBody
        finally:
            self._taken -= len(received)
