"""
The sandbox's inside: loads and runs resolvers' code, for the process that holds the other ends of stdin and stdout.

A frame is four bytes of length and a JSON list. In: ``["load", number, factories, sources, variables, time_limit,
memory_limit]``, ``["run", number, context, now, answers, seconds]``. Out, for each run: ``[outcome, null, spent]`` or
``[null, reason, spent]``, ``spent`` in seconds of processor time. A run that takes longer than it may, inside a step of the
engine, ends the process: the kernel's timer counts where the engine does not.
"""

from __future__ import annotations

import resource
import signal
import sys
import time
from contextlib import suppress
from typing import Any, BinaryIO

import orjson

from livebus.operation import Exceeded, Loading
from livebus.resolver.engine import Engine

# Beyond the engine's own limit, which tells more of what happened.
GRACE_SECONDS = 0.25
_MOST_MEMORY = 1024 * 1024 * 1024


def read_frame(stream: BinaryIO) -> list[Any] | None:
    """The next frame; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    frame: list[Any] = orjson.loads(stream.read(int.from_bytes(head, "big")))
    return frame


def frame_of(content: list[Any]) -> bytes:
    body = orjson.dumps(content)
    return len(body).to_bytes(4, "big") + body


def main() -> None:
    for limit, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        hard = resource.getrlimit(limit)[1]
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(OSError, ValueError):  # macOS has no limit of address space
            resource.setrlimit(limit, (lower, lower))
    loadings: dict[int, Loading] = {}
    engines: dict[int, Engine] = {}
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while (frame := read_frame(stdin)) is not None:
        kind, number, *rest = frame
        if kind == "load":
            factories, *others = rest
            loadings[number] = Loading(tuple(factories), *others)
            continue
        context, now, answers, seconds = rest
        engine = engines.get(number)
        if engine is None:
            engine = engines[number] = Engine(loadings[number])
        begin = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, seconds + GRACE_SECONDS)
        outcome = reason = None
        try:
            engine.limit_time(seconds)
            outcome = engine.run(context, now, answers)
        except Exceeded as exceeded:
            del engines[number]
            reason = str(exceeded)
        signal.setitimer(signal.ITIMER_PROF, 0)
        stdout.write(frame_of([outcome, reason, time.process_time() - begin]))
        stdout.flush()


if __name__ == "__main__":
    main()
