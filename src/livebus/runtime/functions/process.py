"""
One process of a function: started, given one event after the other, listened to, and killed with all that it started.

All of its methods are for the event loop's thread; only the wait for its end has a thread of its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from livebus.runtime.functions.code import Code
from livebus.runtime.functions.log_lines import InvocationLog
from livebus.runtime.functions.outcome import FunctionAnswer, FunctionInvocation, exited

_READ_BYTES = 256 * 1024
_PIPE_BYTES = 1024 * 1024
# What may wait in the pipe when an answer comes: it is read before the invocation ends.
_DRAINED_BYTES = 8 * 1024 * 1024
_END_SECONDS = 5.0
_STRAY_ROUNDS = 5  # a process may fork while the list is read


class FunctionProcess:
    """
    A process of the function of this name, and what it is busy with.

    ``token`` is its name at the Runtime API, known to nobody else. ``started`` in seconds of the monotonic clock.
    """

    def __init__(
        self, function: str, token: str, code: Code, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Raises OSError where the process cannot be started."""
        self.function = function
        self.token = token
        self.code = code
        self.started = time.monotonic()
        self.initialised: float | None = None
        self.is_stale = False
        self.idle_since = self.started
        self._loop = asyncio.get_running_loop()
        self._log: InvocationLog | None = None
        self._asked: asyncio.Future[FunctionInvocation | None] | None = None
        self._given: FunctionInvocation | None = None
        self._invocation: FunctionInvocation | None = None
        self._answer: asyncio.Future[FunctionAnswer] | None = None
        self._init_error: FunctionAnswer | None = None
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._returncode: int | None = None
        self._output, writing = os.pipe()
        os.set_blocking(self._output, False)
        if sys.platform == "linux":
            with suppress(OSError):  # as large as the user may have it: fewer turns for a flood of output
                fcntl.fcntl(self._output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own function: that is what the runtime is for
                command,
                cwd=code.folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except OSError:
            os.close(self._output)
            raise
        finally:
            os.close(writing)
        self._loop.add_reader(self._output, self._read)
        threading.Thread(target=self._wait, name=f"function-{self._process.pid}", daemon=True).start()

    # --- for the Runtime API ----------------------------------------------------------------------------------------

    async def next(self) -> FunctionInvocation | None:
        """The next event for the process, whenever there is one; None where it gets no more."""
        if self.initialised is None:
            self.initialised = time.monotonic()
            self._is_ready()
        if self._given is None and not self.is_over:
            if self._asked is not None and not self._asked.done():
                self._asked.set_result(None)  # it asks again while it waits: the last one counts
            asked: asyncio.Future[FunctionInvocation | None] = self._loop.create_future()
            self._asked = asked
            try:
                return await asked
            finally:
                if self._asked is asked:
                    self._asked = None
        given, self._given = self._given, None
        return given

    def answers(self, request_id: str, answer: FunctionAnswer) -> bool:
        """Take an answer; False where nobody waits for one to this request."""
        waiting = self._answer
        if waiting is None or waiting.done() or self._invocation is None or self._invocation.request_id != request_id:
            return False
        waiting.set_result(answer)
        return True

    def initialisation_failed(self, answer: FunctionAnswer) -> None:
        """The process says that it cannot take events at all. It ends by itself; what waits is answered at once."""
        self._init_error = answer
        self._is_ready()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    # --- for who invokes --------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self.ended.done()

    @property
    def can_go_on(self) -> bool:
        """Whether it may be given another event."""
        return self.initialised is not None and self._init_error is None and not self.is_over

    def _is_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    async def ready(self, seconds: float) -> None:
        """Wait, for so many seconds at most, until the process asks for an event, says that it cannot, or ends."""
        await asyncio.wait([self._ready], timeout=seconds)

    def listen(self, log: InvocationLog) -> None:
        """Put what the process prints into this log from now on."""
        self._log = log

    async def invoke(self, invocation: FunctionInvocation, seconds: float) -> FunctionAnswer:
        """Hand over an event and wait for the answer. Raises TimeoutError after so many seconds."""
        self._invocation = invocation
        self._answer = self._loop.create_future()
        try:
            if self._init_error is not None:
                return self._init_error
            if self.is_over:
                return self._exit_answer(invocation)
            if self._asked is not None and not self._asked.done():
                self._asked.set_result(invocation)
            else:
                self._given = invocation
            async with asyncio.timeout(seconds):
                return await self._answer
        finally:
            self._invocation = self._answer = None

    def drain(self) -> None:
        """Read what the process has printed up to now."""
        self._read(_DRAINED_BYTES)

    def most_memory(self) -> int | None:
        """The most memory that the process had at once, in MB; None where the system does not tell."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
        return None

    def kill(self) -> None:
        """End the process and everything in its group; ``ended`` tells when that is done."""
        # Its end is waited for without taking its number away: no other process can have it yet.
        if self._returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.kill()
        await asyncio.wait([self.ended], timeout=_END_SECONDS)

    # --- its output and its end -------------------------------------------------------------------------------------

    def _read(self, most: int = _READ_BYTES) -> None:
        if self._output < 0:
            return
        while most > 0:
            try:
                output = os.read(self._output, min(most, _READ_BYTES))
            except BlockingIOError:
                return
            except OSError:
                output = b""
            if not output:  # every writer has closed its end; the process may go on without
                self._close_output()
                return
            most -= len(output)
            if self._log is not None:
                self._log.feed(output)

    def _close_output(self) -> None:
        if self._output >= 0:
            self._loop.remove_reader(self._output)
            os.close(self._output)
            self._output = -1

    def _wait(self) -> None:
        """In a thread: wait for the end, kill what is left of the group, and only then let go of the process's number."""
        pid = self._process.pid
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _kill_strays(self.token)
        returncode = self._process.wait()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._is_gone, returncode)

    def _is_gone(self, returncode: int) -> None:
        self._returncode = returncode
        self.drain()
        self._close_output()
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(None)
        self._is_ready()
        if not self.ended.done():
            self.ended.set_result(None)
        if self._answer is not None and not self._answer.done() and self._invocation is not None:
            self._answer.set_result(self._exit_answer(self._invocation))

    def _exit_answer(self, invocation: FunctionInvocation) -> FunctionAnswer:
        code = self._returncode or 0
        name = _signal_name(-code) if code < 0 else ""
        return exited(invocation.request_id, code, name)


def _kill_strays(token: str) -> None:
    """
    Kill what left the group and lives on: every process has the token in its environment, which children inherit.

    Only where the system shows environments (Linux); elsewhere such a process lives on.
    """
    for _ in range(_STRAY_ROUNDS):
        found = [pid for pid in _running() if token.encode() in _environment(pid)]
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _running() -> list[int]:
    try:
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    except OSError:
        return []


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _signal_name(number: int) -> str:
    """A signal as Lambda's reports have it: killed, segmentation fault."""
    try:
        return (signal.strsignal(number) or f"signal {number}").lower()
    except ValueError:
        return f"signal {number}"
