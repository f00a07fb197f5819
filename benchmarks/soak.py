"""
Keeps the runtime under load, and watches its memory: events without pause, subscribers that come and go, some that never
read, sign-ins, refused requests, and events that fail and are tried again.

The waiting between retries is 60 times shorter than on AWS (``--time-scale 60``), so that what takes half an hour there
happens in half a minute. Memory is the resident set of the runtime's process. Before the run the runtime gets as many events as its page
remembers, so that this is full however slow the machine is; growth is counted from the first quarter of the run on, when
everything has been used once.

    python benchmarks/soak.py [--seconds 120] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parent))
from line_load import subscribe
from line_servers import Runtime, entry, headers

BATCH = 10
SAMPLE_SECONDS = 0.5
CHURN_SUBSCRIBERS = 8
SILENT_SUBSCRIBERS = 2
MESSAGE = "soak " * 100
REMEMBERED_EVENTS = 10_000  # MAX_EVENTS of livebus.runtime.page.history


class Soak:
    """One run against one runtime."""

    def __init__(self, outputs: dict[str, Any], pid: int, seconds: float) -> None:
        self.outputs = outputs
        self.pid = pid
        self.seconds = seconds
        self.ends = 0.0
        self.start = resident_kilobytes(pid)
        self.events = 0
        self.messages = 0
        self.connections = 0
        self.samples: list[int] = []

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.ends

    async def run(self) -> None:
        async with aiohttp.ClientSession() as session:
            await self.fill(session)
            self.ends = time.monotonic() + self.seconds
            await asyncio.gather(
                self.publish(session),
                self.fail(session),
                self.watch(),
                *(self.churn(session) for _ in range(CHURN_SUBSCRIBERS)),
                *(self.keep_silent(session) for _ in range(SILENT_SUBSCRIBERS)),
            )

    async def fill(self, session: aiohttp.ClientSession) -> None:
        """As many events as the page remembers, and some more."""
        body = json.dumps({"Entries": [entry(MESSAGE, self.outputs["EventBusName"])] * BATCH}).encode()
        for _ in range(REMEMBERED_EVENTS * 5 // 4 // BATCH):
            await self.post(session, "AWSEvents.PutEvents", body)

    async def publish(self, session: aiohttp.ClientSession) -> None:
        body = json.dumps({"Entries": [entry(MESSAGE, self.outputs["EventBusName"])] * BATCH}).encode()
        while not self.is_over:
            await self.post(session, "AWSEvents.PutEvents", body)
            self.events += BATCH
            await asyncio.sleep(0.002)

    async def fail(self, session: aiohttp.ClientSession) -> None:
        """Requests that are refused, events that match nothing, sign-ins with a wrong password."""
        unmatched = {**entry("x", self.outputs["EventBusName"]), "Source": "nobody.listens"}
        wrong = {"ClientId": self.outputs["UserPoolClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
        wrong = {**wrong, "AuthParameters": {"USERNAME": "nobody", "PASSWORD": "wrong"}}
        while not self.is_over:
            await self.post(session, "AWSEvents.PutEvents", json.dumps({"Entries": [unmatched]}).encode())
            await self.post(session, "AWSEvents.PutEvents", b'{"Entries": [{"Source": "x"}]}')
            await self.post(session, "AWSCognitoIdentityProviderService.InitiateAuth", json.dumps(wrong).encode())
            async with session.post(self.outputs["GraphQLUrl"], data=b"{") as response:
                await response.read()
            await asyncio.sleep(0.02)

    async def churn(self, session: aiohttp.ClientSession) -> None:
        """Subscribe, read some messages, go away without a word."""
        while not self.is_over:
            socket = await subscribe(session, self.outputs)
            self.connections += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    while True:
                        await socket.receive()
                        self.messages += 1
            await socket.close()

    async def keep_silent(self, session: aiohttp.ClientSession) -> None:
        """Subscribe and read nothing until the runtime hangs up."""
        while not self.is_over:
            socket = await subscribe(session, self.outputs)
            transport: Any = socket.get_extra_info("transport") or socket._response.connection.transport  # type: ignore[union-attr]
            transport.pause_reading()
            self.connections += 1
            await asyncio.sleep(5.0)
            transport.abort()

    async def watch(self) -> None:
        while not self.is_over:
            self.samples.append(resident_kilobytes(self.pid))
            await asyncio.sleep(SAMPLE_SECONDS)

    async def post(self, session: aiohttp.ClientSession, target: str, body: bytes) -> None:
        async with session.post(self.outputs["EndpointUrl"], data=body, headers=headers(target)) as response:
            await response.read()


def resident_kilobytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    sys.exit("the runtime is gone")


def measure(seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="livebus-soak-") as name:
        runtime = Runtime(Path(name))
        try:
            soak = Soak(runtime.outputs, runtime.process.pid, seconds)
            asyncio.run(soak.run())
        finally:
            runtime.stop()
    quarter = soak.samples[len(soak.samples) // 4 :]
    half = len(quarter) // 2
    # Medians of the two halves: the garbage collector makes single samples jump.
    first, second = sorted(quarter[:half])[half // 2], sorted(quarter[half:])[half // 2]
    return {
        "seconds": seconds,
        "events": soak.events,
        "messages": soak.messages,
        "connections": soak.connections,
        "startMegabytes": soak.start / 1024,
        "mostMegabytes": max(soak.samples) / 1024,
        "growthMegabytes": (second - first) / 1024,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    figures = measure(options.seconds)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:18}{figure:12,.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
