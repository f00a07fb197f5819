"""
What the port answers with: aiohttp's responses of the services' answers, refusals in a line of text, and large ones with a deadline.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web

from livebus.runtime.aws_errors import HttpAnswer

# A PutEvents request of 1 MB whose every character is escaped; anything larger is no sensible request.
MAX_BODY_BYTES = 8 * 1024 * 1024
# How long a client may take to read an answer that no socket's buffer holds.
ANSWER_SECONDS = 120.0


async def send_large(request: web.BaseRequest, response: web.Response) -> None:
    """Send an answer that waits for its client to read it; a client that does not is let go."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


def response_of(answer: HttpAnswer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def too_large(most: int = MAX_BODY_BYTES) -> web.Response:
    return plain(413, f"The body is larger than {most} bytes.")


def plain(status: int, text: str) -> web.Response:
    reason = HTTPStatus(status).phrase
    # A path may hold half a character.
    body = f"{reason}: {text}\n".encode("utf-8", "replace")
    return web.Response(status=status, body=body, content_type="text/plain", charset="utf-8")
