"""
Runs a command for each message, the message on its stdin.

In: a command's words, and texts. Out: counts of how the runs ended, and what they printed, line by line. Runs and waiting
texts are bounded: whoever offers a text waits until there is room.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from livebus.terminal.counts import counted

# Texts that wait for a run.
QUEUED = 100
# Of what one run prints, so much is told, in lines of at most so many characters.
MAX_OUTPUT_BYTES = 16 * 1024
MAX_LINE = 500
# What is asked to end has so long until it is killed.
GRACE_SECONDS = 2.0
# Not for programs of others.
_SECRETS = ("LIVEBUS_PASSWORD", "LIVEBUS_NEW_PASSWORD", "LIVEBUS_TOKEN")
_CHUNK = 64 * 1024


class MessageCommand:
    """
    A command that is run for each text that is offered, at most ``concurrency`` times at once, in a process group of its
    own each, without a shell. A run that takes longer than ``limit`` seconds is ended.

    ``tell`` prints a line for people: what the runs print, the first run of each way to fail, and when ``queued`` texts
    wait. ``clock`` gives seconds.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        concurrency: int,
        limit: float,
        tell: Callable[[str], object],
        clock: Callable[[], float],
        queued: int = QUEUED,
    ) -> None:
        self.endings: Counter[str] = Counter()
        self.unrun = 0
        self._words = words
        self._limit = limit
        self._tell = tell
        self._clock = clock
        self._texts: asyncio.Queue[str] = asyncio.Queue(queued)
        self._full_since: float | None = None
        self._environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
        self._workers = [asyncio.create_task(self._work()) for _ in range(concurrency)]

    @property
    def failed(self) -> int:
        """Runs that ended otherwise than with 0, and texts that were given to none."""
        return self.unrun + sum(count for ending, count in self.endings.items() if ending != _DONE)

    async def offer(self, text: str) -> None:
        """Let the command have a text, once there is room."""
        if self._texts.full() and self._full_since is None:
            self._full_since = self._clock()
            self._tell(
                f"{self._words[0]} is slower than the messages: {self._texts.maxsize} wait for it, and nothing more is "
                "read until it has caught up. AppSync drops what is not read in time."
            )
        try:
            await self._texts.put(text)
        except asyncio.CancelledError:
            self.unrun += 1
            raise

    async def drain(self) -> None:
        """Wait until everything that was offered has been run."""
        await self._texts.join()
        await self.end()

    async def end(self) -> None:
        """End what runs. What waits is given up, and counted."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        while not self._texts.empty():
            self._texts.get_nowait()
            self.unrun += 1

    def summary(self) -> str:
        """How the runs ended, on one line."""
        runs = self.endings.total()
        parts = [f"{count} {ending}" for ending, count in sorted(self.endings.items())]
        parts += [f"{self.unrun} not begun"] if self.unrun else []
        return f"{self._words[0]}: {counted(runs, 'run')}" + (f"; {', '.join(parts)}" if parts else "")

    async def _work(self) -> None:
        while True:
            text = await self._texts.get()
            ending = _STOPPED
            try:
                ending = await self._run(text)
            except OSError as error:
                ending = f"could not be started ({error.strerror})"
            finally:
                self._count(ending)
                self._texts.task_done()
            if self._full_since is not None and self._texts.empty():
                self._tell(f"{self._words[0]} has caught up after {self._clock() - self._full_since:.1f} s")
                self._full_since = None

    def _count(self, ending: str) -> None:
        if ending not in (_DONE, _STOPPED) and not self.endings[ending]:
            self._tell(f"a run of {self._words[0]} {ending}; the count of all such runs comes at the end")
        self.endings[ending] += 1

    async def _run(self, text: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
        )
        feeding = asyncio.create_task(_feed(process, text))
        try:
            async with asyncio.timeout(self._limit):
                await self._tell_output(process)
                code = await process.wait()
        except TimeoutError:
            await _end(process)
            return f"took longer than {self._limit:g} s"
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            feeding.cancel()
        return _DONE if code == 0 else f"ended with {code}" if code > 0 else f"was ended by {_signal_name(-code)}"

    async def _tell_output(self, process: asyncio.subprocess.Process) -> None:
        """Tell what a run prints, line by line as it comes, until it has closed its output."""
        assert process.stdout is not None
        left, line, untold = MAX_OUTPUT_BYTES, b"", 0
        try:
            while chunk := await process.stdout.read(_CHUNK):
                untold += max(0, len(chunk) - left)
                *whole, line = (line + chunk[:left]).split(b"\n")
                left = max(0, left - len(chunk))
                for each in whole:
                    self._tell(_shortened(each))
        finally:
            if line:
                self._tell(_shortened(line))
            if untold:
                self._tell(f"… and {untold} bytes more of {self._words[0]}")


_DONE = "ended with 0"
_STOPPED = "stopped with this program"


async def _feed(process: asyncio.subprocess.Process, text: str) -> None:
    """Write the text to stdin and close it. A command may end without having read it."""
    assert process.stdin is not None
    with suppress(ConnectionError):
        process.stdin.write(text.encode("utf-8", "surrogatepass"))
        await process.stdin.drain()
    process.stdin.close()
    with suppress(ConnectionError):
        await process.stdin.wait_closed()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a run with all that it has started: first asked, then killed."""
    _send(process, signal.SIGTERM)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            await process.wait()
    _send(process, signal.SIGKILL)
    await process.wait()
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            while await process.stdout.read(_CHUNK):  # so that nothing is left open
                pass


def _shortened(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace").removesuffix("\r")
    return text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}… ({len(text)} characters)"


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
