"""stdout as a pipe: slow readers, and readers that go away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from livebus.terminal.result_stream import ResultStream


def play(test: Callable[[ResultStream, int], Awaitable[object]]) -> None:
    """Give the test a stream into a pipe, and the end to read from."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    async def run() -> None:
        async with asyncio.timeout(60):
            await test(ResultStream(stream), reading)

    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        asyncio.run(run())


def test_a_slow_reader_holds_nothing_else_up() -> None:
    """The loop turns while the text waits for room, and the text comes whole."""
    text = "größer\n" * 100_000
    encoded = text.encode()

    async def test(stream: ResultStream, reading: int) -> None:
        writing = asyncio.create_task(stream.write(text))
        received = b""
        while len(received) < len(encoded):
            await asyncio.sleep(0)
            with suppress(BlockingIOError):
                received += os.read(reading, 65536)
        await writing
        os.close(reading)
        assert received == encoded

    play(test)


def test_waiting_for_a_reader_can_be_given_up() -> None:
    """As Ctrl-C and a time limit do."""

    async def test(stream: ResultStream, reading: int) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await stream.write("x" * 1_000_000)
        os.close(reading)

    play(test)


def test_a_reader_that_goes_away_is_noticed() -> None:
    """Without another line, and by the one that is written next."""

    async def test(stream: ResultStream, reading: int) -> None:
        gone = asyncio.create_task(stream.gone())
        await stream.write("a\n")
        for _ in range(5):
            await asyncio.sleep(0)
        assert not gone.done()
        os.close(reading)
        await gone
        with pytest.raises(BrokenPipeError):
            await stream.write("b\n")

    play(test)


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    """What the encoding does not have is spelled out."""
    file = tmp_path / "out"
    with file.open("w", encoding="latin-1") as stream:
        asyncio.run(ResultStream(stream).write("größer 顧\n"))
    assert file.read_bytes() == "größer \\u9867\n".encode("latin-1")
