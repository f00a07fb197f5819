"""
A call that blocks, from a coroutine, in a thread that nobody waits for.

``asyncio.to_thread`` keeps the process until its thread has come back: after Ctrl-C, or when the time is over, a server that
does not answer would go on holding it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def blocking_call(function: Callable[[], T]) -> T:
    """Call a function in a thread of its own. Cancelled, it is left to itself: its result or error is nobody's."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        if not answer.done():
            how()

    def call() -> None:
        try:
            result = function()
            how = partial(answer.set_result, result)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where it is awaited
            how = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, how)

    threading.Thread(target=call, name="blocking call", daemon=True).start()
    return await answer
