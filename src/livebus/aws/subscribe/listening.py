"""
Takes the messages of subscriptions, shows and counts them, and hands them to a command, until there are enough.

In: subscriptions that are ready to be entered, and what is wanted of their messages. Out: how it ended.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from livebus.aws.subscribe.printer import Printer
from livebus.aws.subscribe.subscriber import Subscription
from livebus.errors import LivebusError, Unreachable
from livebus.subscribe.message import Gap, Message, message_record
from livebus.subscribe.reception import Reception
from livebus.terminal.result_stream import ResultStream

if TYPE_CHECKING:
    from livebus.aws.subscribe.message_command import MessageCommand


class End(Enum):
    """Why listening ended: as many messages came as were wanted, the time was over, or nobody reads stdout any more."""

    ENOUGH = "enough"
    TIME = "time"
    NO_READER = "no reader"


@dataclass(frozen=True, slots=True)
class Wanted:
    """When to end (``count`` messages, ``seconds`` with the time that subscribing takes), and every how many seconds to say what came (None: not at all)."""

    count: int | None = None
    seconds: float | None = None
    stats_every: float | None = None


class Listening:
    """
    ``command`` starts the command for each message, once it is known that AppSync lets us subscribe: ``stands`` says so.
    """

    def __init__(
        self,
        subscription: Subscription,
        stream: ResultStream,
        printer: Printer,
        reception: Reception,
        wanted: Wanted,
        *,
        clock: Callable[[], float],
        command: Callable[[], MessageCommand] | None = None,
    ) -> None:
        self._subscription = subscription
        self._stream = stream
        self.printer = printer
        self._reception = reception
        self._wanted = wanted
        self._clock = clock
        self._make_command = command
        self._shown = 0
        self.command: MessageCommand | None = None
        self.stands = False

    @property
    def received(self) -> int:
        """How many messages have been taken."""
        return self._reception.messages

    async def run(self) -> End:
        """
        Listen. Raises Unreachable where AppSync refuses, or refuses to go on, or does not let us subscribe in time.

        What has been taken is shown and, but after an interruption, handed to the command before it returns; what the
        command was not given is counted.
        """
        seconds, clock = self._wanted.seconds, asyncio.get_running_loop().time
        ends_at = clock() + seconds if seconds is not None else None
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(ends_at):
                    await stack.enter_async_context(self._subscription)
            except TimeoutError:
                raise Unreachable("the time was over before AppSync had let us subscribe") from None
            self.stands = True
            self.printer.note(f"subscribed to {', '.join(self._reception.by_subscription)}")
            helping = [asyncio.create_task(self.printer.run())]
            if self._wanted.stats_every is not None:
                helping.append(asyncio.create_task(self._tell_stats(self._wanted.stats_every)))
            if self._make_command is not None:
                self.command = self._make_command()
            try:
                try:
                    end = await self._listen(None if ends_at is None else max(0.0, ends_at - clock()))
                except LivebusError:
                    await self._drain()
                    self._tell_unread()
                    raise
                await self._drain()
                if end is not End.ENOUGH:
                    self._tell_unread()
                return end
            except asyncio.CancelledError:
                self._tell_unread()
                raise
            finally:
                for task in helping:
                    task.cancel()
                await asyncio.gather(*helping, return_exceptions=True)
                await self._finish()

    async def _listen(self, seconds: float | None) -> End:
        taking = asyncio.create_task(self._take())
        gone = asyncio.create_task(self._stream.gone())
        try:
            done, _ = await asyncio.wait((taking, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if taking in done:
                await taking
                return End.ENOUGH
            return End.NO_READER if done else End.TIME
        except BrokenPipeError:
            return End.NO_READER
        finally:
            for task in (taking, gone):
                task.cancel()
            await asyncio.gather(taking, gone, return_exceptions=True)

    async def _take(self) -> None:
        async for item in self._subscription:
            if isinstance(item, Gap):
                self._reception.add_gap(item)
                await self.printer.gap(item)
                continue
            self._reception.add_message(item)
            try:
                await self.printer.message(item)
            except LivebusError:  # stdout takes nothing any more; the command still does
                await self._offer(item)
                raise
            self._shown += 1
            await self._offer(item)
            if self._reception.messages == self._wanted.count:
                return

    async def _offer(self, message: Message) -> None:
        if self.command is not None:
            await self.command.offer(json.dumps(message_record(message)) + "\n")

    async def _drain(self) -> None:
        if self.command is not None:
            await self.command.drain()

    def _tell_unread(self) -> None:
        unread = self._subscription.unread + self.received - self._shown
        if unread:
            self.printer.note(f"messages that had come and were not shown: {unread}", warning=True)

    async def _tell_stats(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            for line in self._reception.since_last_look(self._clock()):
                self.printer.note(line)

    async def _finish(self) -> None:
        """End what runs, and say what came of it."""
        if self.command is not None:
            await self.command.end()
        if self._wanted.stats_every is not None:
            for line in self._reception.summary(self._clock()):
                self.printer.note(line)
        if self.command is not None:
            self.printer.note(self.command.summary(), warning=self.command.failed > 0)
        await self.printer.close()
