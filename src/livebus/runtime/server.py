"""
Starts and stops the local runtime, and looks after it while it runs. ``wiring.py`` says what it consists of.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from livebus.errors import LivebusError, Place
from livebus.runtime.announcement import Announcement
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.ids import new_id as _new_id
from livebus.runtime.kept.state import StateFolder
from livebus.runtime.page.history import History
from livebus.runtime.port.connections import Connections, most_connections, raise_limit
from livebus.runtime.port.listener import Listener, bind, endpoint_url
from livebus.runtime.port.tls import make_ca, server_context
from livebus.runtime.served_stacks import ServedStacks
from livebus.runtime.settings import Settings
from livebus.runtime.wiring import Wiring
from livebus.template import Environment
from livebus.terminal.counts import counted, noun

_TICK_SECONDS = 0.5


class Runtime:
    """
    A running runtime. ``outputs`` are the template's Outputs, and where and as whom to reach it; ``wiring`` has its parts, once it has
    started.
    """

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        """``tell`` prints a line for people. Where nobody reads any more (a closed pipe), lines are let go."""
        self._settings = settings
        self._print = tell
        self._clockwork = Clockwork(time.time, _new_id, secrets.SystemRandom().random, self._tell)
        # What has been opened, to be closed in reverse order; a start that fails closes what it had come to.
        self._opened = AsyncExitStack()
        self._stopping = asyncio.Lock()
        self._announcement: Announcement | None = None

    @property
    def outputs(self) -> Mapping[str, Any]:
        return self._announcement.outputs if self._announcement is not None else {}

    @property
    def state(self) -> Path:
        """The folder in which this runtime keeps its state."""
        return self._state.path

    @property
    def buses(self) -> EventBuses:
        return self.wiring.buses

    @property
    def served(self) -> ServedStacks:
        """What runs: the template's stack, and those that are deployed."""
        return self.wiring.served

    @property
    def trace(self) -> Trace:
        return self.wiring.trace

    @property
    def history(self) -> History | None:
        """What the page shows; None where there is none."""
        return self.wiring.history

    def _tell(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._print(line)

    # --- start and stop ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """
        Start everything, or raise LivebusError having stopped what was started: a port that is taken, a template with
        faults, a state folder in use.
        """
        try:
            await self._start()
        except OSError as error:
            await self.stop()
            reason = error.strerror or str(error)
            raise LivebusError(f"cannot start: {reason}", Place(str(error.filename or ""))) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """
        Close the sockets, leave the journal whole, take back the state file. Safe to call at any point of a start, and again.

        One who calls it while it goes on waits for its end: nothing is closed out of turn.
        """
        async with self._stopping:
            await self._opened.aclose()

    async def _start(self) -> None:
        settings = self._settings
        state = StateFolder.first_free(settings.state) if settings.shares_state else StateFolder(settings.state)
        if state.path != settings.state:
            self._tell(f"another runtime holds {settings.state}: this one keeps its state in {state.path}")
        self._opened.callback(state.close)
        listening = bind(settings.host, settings.port)
        self._opened.callback(listening.close)
        environment = Environment(
            settings.stack_name,
            settings.region,
            endpoint=endpoint_url(settings.host, listening),
            mapped_endpoints=settings.mapped_endpoints,
        )
        self._state = state
        self.wiring = Wiring(settings, environment, state, self._clockwork, opened=self._opened, changed=self._changed)
        await self._listen(environment, listening)

    async def _listen(self, environment: Environment, listening: socket.socket) -> None:
        """Take up what waits from before, then open the doors."""
        settings, state = self._settings, self._state
        parts = self.wiring
        http = parts.http_server()
        self._opened.push_async_callback(http.close)
        # Those who wait for a message are answered before their connections are waited for.
        self._opened.callback(parts.sqs.close)
        self._opened.push_async_callback(parts.replays.close)
        listener = Listener(listening, http.protocol, lambda: server_context(state, settings.host), self._connections())
        ca = make_ca(state)
        self._resume()
        listener.start()
        self._opened.push_async_callback(listener.close)
        reached_at = {
            "EndpointUrl": environment.endpoint,
            "ConsoleUrl": parts.trace.page,
            "CaFile": str(ca),
            "Region": settings.region,
        }
        self._announcement = Announcement(settings, state, parts.served, self._clockwork, reached_at)
        self._announcement.write(follows_template=self._follows_template())
        self._opened.push_async_callback(_cancel, asyncio.get_running_loop().create_task(self._tick()))
        # First of all: nothing is begun any more.
        self._opened.callback(parts.buses.stop)

    def _resume(self) -> None:
        """Go on with what an earlier runtime left."""
        waiting = self.wiring.buses.resume()
        if waiting:
            self._tell(f"{counted(waiting, 'event')} from before {noun(waiting, 'waits', 'wait')} for another try")
        replaying = self.wiring.replays.resume()
        if replaying:
            self._tell(f"{counted(replaying, 'replay')} from before {noun(replaying, 'goes', 'go')} on")

    def _connections(self) -> Connections:
        """How many sockets there may be: as many as the system lets this process have files."""
        files, low = raise_limit()
        if low:
            self._tell(low)
        return Connections(most_connections(files), tell=self._tell, clock=time.monotonic)

    # --- the files on disk ------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """What is done now and then: look for changes in the files, tell what the trace left out."""
        parts = self.wiring
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            parts.trace.tick()
            parts.archives.tick()
            parts.tables.tick()
            files = parts.file_stack
            if files is None or not self._settings.reload or not files.changed():
                continue
            try:
                self.reload()
            except Exception:  # a bug of ours in a station must not be the end of all reloads
                logging.getLogger("livebus").exception("unexpected error")
                self._tell("not reloaded: unexpected error; the last good application goes on")

    def reload(self) -> bool:
        """Load the files again. A fault keeps the last good application and is told; whether the new one is in use."""
        files = self.wiring.file_stack
        if files is None or not files.reload():
            return False
        self._changed()
        return True

    def _follows_template(self) -> bool:
        files = self.wiring.file_stack
        return files is not None and files.is_followed

    def _changed(self) -> None:
        """Another application runs: tell those who look for it."""
        if self._announcement is not None:
            self._announcement.changed(follows_template=self._follows_template())


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
