"""
Events put into a running runtime in its own thread, as fast as it takes them or at a rate.
"""

from __future__ import annotations

import asyncio
import json
import time
from inspect import isawaitable
from typing import Any

from livebus.runtime.eventbridge.events_api import EventsApi
from support.running import RunningRuntime

A_CALL = 10


async def flood(running: RunningRuntime, events: int, *, rate: float = 0.0, first: int = 0) -> int:
    """Puts events "number N", ten a call, so many a second or as fast as can be; how many were taken."""
    bus = running.outputs["EventBusName"]
    api = EventsApi(running.runtime.buses)
    began = time.monotonic()
    taken = 0
    for at in range(0, events, A_CALL):
        if rate:
            await asyncio.sleep(max(0.0, began + at / rate - time.monotonic()))
        entries = [
            {
                "Source": "sample.source",
                "DetailType": "message",
                "Detail": json.dumps({"msg": f"number {first + number}"}),
                "EventBusName": bus,
            }
            for number in range(at, min(at + A_CALL, events))
        ]
        answer: Any = api.call("PutEvents", {"Entries": entries})
        answer = await answer if isawaitable(answer) else answer
        taken += len(entries) - answer["FailedEntryCount"]
    return taken
