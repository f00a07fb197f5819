"""
A process that runs resolvers' code and can be ended: started when it is first needed, and anew after it was ended.

In: what a resolver loads, and its ``ctx``. Out: its outcome, or Exceeded. The process is ended by its own timer of
processor time, or by us where it does not answer at all.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

import orjson

import livebus
from livebus.operation import Exceeded, Loading
from livebus.resolver.engine import too_long
from livebus.sandbox.inside import frame_of

# Beyond that many, the process starts anew: each engine is a megabyte or more, and reloads leave theirs behind.
_MOST_LOADED = 64
# Processor time is what counts; a machine that is busy with other things may need longer for it. Of a run's limit.
_PATIENCE = 10.0
_START_SECONDS = 30.0
_LAST_SECONDS = 0.2
_MOST_BYTES = 256 * 1024 * 1024


class Worker:
    """Runs one run at a time; calls from other threads wait. ``close`` ends the process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: dict[Loading, int] = {}
        self._left: dict[Loading, float] = {}
        self._lock = Lock()

    def run(self, loading: Loading, context: str, now: float, answers: str | None) -> str:
        """See :class:`livebus.operation.Sandbox`."""
        with self._lock:
            left = loading.time_limit if answers is None else self._left.get(loading, loading.time_limit)
            if left <= 0:
                raise Exceeded(too_long(loading.time_limit))
            number = self._load(loading)
            patience = _PATIENCE * loading.time_limit + (_START_SECONDS if answers is None else 0)
            answer = self._ask(frame_of(["run", number, context, now, answers, left]), patience)
            if answer is None:
                raise Exceeded(self._end(loading))
            outcome, reason, spent = answer
            self._left[loading] = left - spent
            if outcome is None:
                if "longer than" in reason:
                    reason = too_long(loading.time_limit)
                raise Exceeded(reason)
            return str(outcome)

    def close(self) -> None:
        """End the process. The next run starts another."""
        process, self._process = self._process, None
        self._loaded, self._left = {}, {}
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait()

    def _end(self, loading: Loading) -> str:
        """End a process that has not answered; why it has not."""
        process = self._process
        code = None
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                # Where its pipe is closed it is about to be gone, with the reason.
                code = process.wait(_LAST_SECONDS)
        self.close()
        if code in (None, -signal.SIGPROF):
            return too_long(loading.time_limit)
        if code == -signal.SIGKILL:
            return "The process of the code was killed, for the memory that it needed perhaps"
        return f"The process of the code ended by itself (exit status {code})"

    def _load(self, loading: Loading) -> int:
        process = self._process
        if process is None or process.poll() is not None or len(self._loaded) >= _MOST_LOADED:
            self.close()
            self._process = _start()
        number = self._loaded.get(loading)
        if number is None:
            number = self._loaded[loading] = len(self._loaded)
            self._send(
                frame_of(
                    [
                        "load",
                        number,
                        loading.factories,
                        loading.sources,
                        loading.variables,
                        loading.time_limit,
                        loading.memory_limit,
                    ]
                )
            )
        return number

    def _send(self, frame: bytes) -> bool:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(frame)
            self._process.stdin.flush()
        except OSError:  # it is gone; the answer will say so
            return False
        return True

    def _ask(self, frame: bytes, patience: float) -> tuple[str | None, str, float] | None:
        """The answer to a frame; None where the process has ended, or has not answered in time."""
        assert self._process is not None
        assert self._process.stdout is not None
        if not self._send(frame):
            return None
        descriptor = self._process.stdout.fileno()
        readable = select.poll()  # select() would fail for a number above 1023
        readable.register(descriptor, select.POLLIN)
        until = time.monotonic() + patience
        received = bytearray()
        wanted = 4
        while len(received) < wanted:
            wait = until - time.monotonic()
            if wait <= 0 or not readable.poll(wait * 1000):
                return None
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                return None
            received += piece
            if wanted == 4 and len(received) >= 4:
                wanted = 4 + int.from_bytes(received[:4], "big")
                if wanted > _MOST_BYTES:
                    return None
        outcome, reason, spent = orjson.loads(memoryview(received)[4:])
        return outcome, reason or "", spent


def _start() -> subprocess.Popen[bytes]:
    # The modules that we have, wherever they come from; of the environment nothing that code could be told by. cfn-lint's
    # plugin takes our own folder from the path again.
    path = dict.fromkeys(filter(None, (str(Path(livebus.__file__).parents[1]), *sys.path)))
    environment = {"PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "livebus.sandbox.inside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        # Ctrl-C is for the process in front: this one ends with its pipe.
        start_new_session=True,
    )
