"""Starts that fail, and stops: whatever was opened is closed, once and in its order."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from livebus.runtime import server, wiring
from livebus.runtime.kept.state import StateFolder
from livebus.runtime.server import Runtime
from livebus.runtime.settings import Settings

# What a start makes, from the first to the last.
STEPS = (
    *("bind", "DeliveryJournal", "Trace", "OidcKeys", "UserStore", "ArchiveStore", "Archives", "S3Objects", "S3"),
    *("FunctionCalls", "Tables", "HttpCalls", "DataSources", "Worker", "EventBuses", "Replays", "Sqs", "ServedStacks"),
    *("StackFiles", "CloudFormation", "HttpServer", "Connections", "Listener", "make_ca", "Announcement"),
)

# Of these, what the runtime itself makes; all others are parts.
STEPS_OF_SERVER = frozenset({"bind", "Connections", "Listener", "make_ca", "Announcement"})


def opened(folder: Path) -> list[str]:
    """The files of a folder that this process holds open."""
    found = []
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - links, whose names are all that is asked for
        try:
            found.append(os.readlink(f"/proc/self/fd/{number}"))  # noqa: PTH115
        except FileNotFoundError:  # the one that lists them
            continue
    return [name for name in found if name.startswith(str(folder))]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not tell which files are open")  # noqa: PTH112
@pytest.mark.parametrize("step", STEPS)
def test_a_start_that_fails_leaves_nothing(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever step it is: no file, no lock, no port, no task."""

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError(step)

    async def start() -> int:
        with pytest.raises(ZeroDivisionError, match=step):
            await Runtime(Settings(None, tmp_path / "state", port=0), lambda _: None).start()
        return len(asyncio.all_tasks())

    # In the module where it is called; both may have the name, for a type.
    monkeypatch.setattr(server if step in STEPS_OF_SERVER else wiring, step, fail)
    assert asyncio.run(start()) == 1
    assert opened(tmp_path) == []
    StateFolder(tmp_path / "state").close()


def test_who_stops_it_again_waits_for_the_end(tmp_path: Path) -> None:
    """What is closed last is not closed while something before it still ends."""
    order: list[str] = []

    async def ending() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        order.append("connections")

    async def stop_twice() -> None:
        runtime = Runtime(Settings(None, tmp_path / "state", port=0), lambda _: None)
        runtime._opened.callback(order.append, "journal")
        runtime._opened.push_async_callback(ending)
        await asyncio.gather(runtime.stop(), runtime.stop())

    asyncio.run(stop_twice())
    assert order == ["connections", "journal"]
