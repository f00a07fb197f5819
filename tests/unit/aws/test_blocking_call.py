"""Calls that block, from a coroutine."""

from __future__ import annotations

import asyncio
import threading

import pytest

from livebus.aws.blocking_call import blocking_call


def test_the_result_comes_back() -> None:
    """And the loop's own thread does not run the function."""
    name = asyncio.run(blocking_call(lambda: threading.current_thread().name))
    assert name == "blocking call"


def test_what_is_raised_is_raised() -> None:
    """As if it had been called here."""

    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(blocking_call(fails))


def test_nobody_waits_for_a_call_that_is_cancelled() -> None:
    """The loop ends while the function still blocks; what it gives later is nobody's."""
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def blocks() -> None:
        begun.set()
        go_on.wait(60)
        ended.set()

    async def cancelled() -> bool:
        task = asyncio.create_task(blocking_call(blocks))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert (asyncio.run(cancelled()), ended.is_set()) == (True, False)
    go_on.set()
    assert ended.wait(60)
