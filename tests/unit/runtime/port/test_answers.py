"""What the port answers with."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import pytest

from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.port.answers import MAX_BODY_BYTES, plain, response_of, send_large, too_large


def test_a_services_answer_is_sent_as_it_is() -> None:
    """Its status, its headers, its body."""
    response = response_of(HttpAnswer(418, {"x-amzn-requestid": "a"}, b"{}"))
    assert (response.status, response.headers["x-amzn-requestid"], response.body) == (418, "a", b"{}")


def test_a_refusal_is_a_line_of_text_with_its_reason() -> None:
    """Also where the path that it names holds half a character."""
    refusal = plain(404, "Nothing at /\ud800.")
    assert refusal.body == b"Not Found: Nothing at /?.\n"
    assert (refusal.status, refusal.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert too_large().status == 413
    # Python 3.13 has the phrase of RFC 9110.
    assert too_large().text == f"{HTTPStatus(413).phrase}: The body is larger than {MAX_BODY_BYTES} bytes.\n"


def test_a_header_more_is_another_answer() -> None:
    """The one that others may hold stays as it was."""
    answer = HttpAnswer(200, {"a": "1"}, b"")
    assert answer.with_header("b", "2") == HttpAnswer(200, {"a": "1", "b": "2"}, b"")
    assert answer == HttpAnswer(200, {"a": "1"}, b"")


class Client:
    """Who reads an answer at once, or never; ``transport`` is None for one that is gone."""

    def __init__(self, *, reads: bool, is_gone: bool = False) -> None:
        self.did: list[str] = []
        self.transport = None if is_gone else self
        self._reads = reads

    def abort(self) -> None:
        self.did.append("aborted")

    async def prepare(self, request: Any) -> None:
        assert request is self
        self.did.append("head")

    async def write_eof(self) -> None:
        if not self._reads:
            await asyncio.get_running_loop().create_future()
        self.did.append("body")


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (Client(reads=True), ["head", "body"]),
        (Client(reads=False), ["head", "aborted"]),
        (Client(reads=False, is_gone=True), ["head"]),
    ],
)
def test_a_client_that_does_not_read_a_large_answer_is_let_go(
    client: Any, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many seconds; one that reads gets all of it."""
    monkeypatch.setattr("livebus.runtime.port.answers.ANSWER_SECONDS", 0.01)

    async def sent() -> None:
        # Whoever waits for ever fails here.
        await asyncio.wait_for(send_large(client, client), 20)

    asyncio.run(sent())
    assert client.did == expected
