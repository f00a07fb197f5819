"""
How many processes there are: one for each event that is worked on, so many for each function and in all.

A process that is free takes the next event of its function. Where there are as many as there may be, a free one of
another function has to go, or the event waits its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions.process import FunctionProcess

PER_FUNCTION = 10
IN_ALL = 20
MAX_WAITING = 1000


class Places:
    """The places for processes, by the functions' names. ``clock`` is the monotonic one."""

    def __init__(self, clock: Callable[[], float], *, per_function: int = PER_FUNCTION, in_all: int = IN_ALL) -> None:
        self._clock = clock
        self._per_function = per_function
        self._in_all = in_all
        self._taken: dict[str, int] = {}
        self._free: dict[str, list[FunctionProcess]] = {}
        self._changed = asyncio.Condition()
        self._waiting = 0
        self._ending: set[asyncio.Task[None]] = set()

    async def take(self, function: str) -> FunctionProcess | None:
        """
        A free process of the function; None for a place in which one is to be started. Waits for its turn.

        Raises AwsError where too many wait already. ``give_back`` or ``give_up`` has to follow.
        """
        if self._waiting >= MAX_WAITING:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
        self._waiting += 1
        try:
            async with self._changed:
                while True:
                    free = self._free.get(function)
                    while free:
                        process = free.pop()
                        if not process.is_over:
                            return process
                        self._leave(function)
                    if self._taken.get(function, 0) < self._per_function and self._has_room():
                        self._taken[function] = self._taken.get(function, 0) + 1
                        return None
                    await self._changed.wait()
        finally:
            self._waiting -= 1

    async def give_back(self, function: str, process: FunctionProcess) -> None:
        """A process is free again."""
        async with self._changed:
            process.idle_since = self._clock()
            self._free.setdefault(function, []).append(process)
            self._changed.notify_all()

    async def give_up(self, function: str) -> None:
        """A process is gone, or was never started: its place is free."""
        async with self._changed:
            self._leave(function)
            self._changed.notify_all()

    def retire(self, is_wanted: Callable[[str, FunctionProcess], bool]) -> None:
        """End the free processes that are not wanted any more."""
        for function, free in self._free.items():
            for process in [each for each in free if not is_wanted(function, each)]:
                free.remove(process)
                self._end(function, process)

    async def settle(self) -> None:
        """Wait for processes that are ending."""
        while self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)

    def _has_room(self) -> bool:
        if sum(self._taken.values()) < self._in_all:
            return True
        idle = [(process.idle_since, function, process) for function, free in self._free.items() for process in free]
        if not idle:
            return False
        _, function, process = min(idle, key=lambda each: each[0])
        self._free[function].remove(process)
        process.kill()  # its place is taken over at once: it dies without anybody's help
        self._leave(function)
        return True

    def _end(self, function: str, process: FunctionProcess) -> None:
        async def end() -> None:
            await process.end()
            await self.give_up(function)

        task = asyncio.get_running_loop().create_task(end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _leave(self, function: str) -> None:
        self._taken[function] -= 1
        if not self._taken[function]:
            del self._taken[function]
