"""Who gets a process: so many for each function and in all, free ones first, the longest idle one goes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import count
from typing import Any

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions import capacity
from livebus.runtime.functions.capacity import Places


class Process:
    """What Places needs of one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_over = False
        self.idle_since = 0.0
        self.was_killed = False

    def kill(self) -> None:
        self.was_killed = self.is_over = True

    async def end(self) -> None:
        self.kill()


def run(call: Coroutine[Any, Any, None]) -> None:
    asyncio.run(call)


def places(per_function: int, in_all: int) -> Any:
    return Places(map(float, count()).__next__, per_function=per_function, in_all=in_all)


async def is_waiting(task: asyncio.Task[Any]) -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


def test_a_free_process_takes_the_next_event() -> None:
    """The one that was given back last: it is the warmest."""

    async def check() -> None:
        held, first, second = places(10, 20), Process("1"), Process("2")
        assert [await held.take("f"), await held.take("f")] == [None, None]
        await held.give_back("f", first)
        await held.give_back("f", second)
        assert [await held.take("f"), await held.take("f"), await held.take("f")] == [second, first, None]

    run(check())


def test_events_wait_where_a_function_has_its_processes() -> None:
    """Until one is free again, or gone; other functions have theirs."""

    async def check() -> None:
        held, process = places(2, 20), Process("1")
        assert [await held.take("f"), await held.take("f"), await held.take("g")] == [None, None, None]
        first, second = (asyncio.create_task(held.take("f")) for _ in range(2))
        assert await is_waiting(first)
        await held.give_back("f", process)
        assert await first is process
        assert await is_waiting(second)
        await held.give_up("f")
        assert await second is None

    run(check())


def test_the_longest_idle_process_makes_room() -> None:
    """Of another function, where there are as many in all as there may be; with none idle the event waits."""

    async def check() -> None:
        held, old, young = places(10, 2), Process("old"), Process("young")
        assert [await held.take("f"), await held.take("g")] == [None, None]
        waiting = asyncio.create_task(held.take("h"))
        assert await is_waiting(waiting)
        await held.give_back("f", old)
        assert await waiting is None
        assert old.was_killed
        await held.give_back("g", young)
        assert await held.take("g") is young
        assert not young.was_killed

    run(check())


def test_a_process_that_died_while_idle_is_passed_over() -> None:
    """Its place is free."""

    async def check() -> None:
        held, process = places(1, 1), Process("1")
        assert await held.take("f") is None
        await held.give_back("f", process)
        process.is_over = True
        assert await held.take("f") is None

    run(check())


def test_retired_processes_end_and_leave_their_places() -> None:
    """Those that are not wanted; a waiting event gets the place."""

    async def check() -> None:
        held, process = places(1, 1), Process("1")
        assert await held.take("f") is None
        await held.give_back("f", process)
        held.retire(lambda function, each: (function, each) != ("f", process))
        await held.settle()
        assert process.was_killed
        assert await held.take("g") is None

    run(check())


def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond them an event is throttled, in Lambda's words."""
    monkeypatch.setattr(capacity, "MAX_WAITING", 2)

    async def check() -> None:
        held = places(1, 1)
        await held.take("f")
        waiting = [asyncio.create_task(held.take("f")) for _ in range(2)]
        assert await is_waiting(waiting[1])
        with pytest.raises(AwsError) as refused:
            await held.take("f")
        assert (refused.value.error_type, refused.value.status) == ("TooManyRequestsException", 429)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        again = asyncio.create_task(held.take("f"))
        assert await is_waiting(again)
        again.cancel()

    run(check())
