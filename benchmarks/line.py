"""
Measures the whole line: events per second from PutEvents to a subscriber's socket, and the latency of a single event.

The runtime runs in a process of its own, as ``livebus local`` starts it; this process is the publisher (HTTP
connections that send batches of ten) and the subscriber. Every event sent is waited for; a lost one fails the run. Also
measured: the time from starting the runtime to its first answered PutEvents.

    python benchmarks/line.py [--seconds 5] [--connections 4] [--json] [--profile FILE]

``--profile FILE`` runs the runtime under cProfile and prints the functions that cost most; figures are then too low.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import pstats
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp

PROJECT = Path(__file__).resolve().parents[1]
BATCH = 10
LATENCY_EVENTS = 1000
STARTS = 5
MESSAGE = "x" * 200
START_DEADLINE = 20.0
ARRIVAL_DEADLINE = 20.0


class Runtime:
    """The runtime as a process; ``seconds`` is how long it took to the first answered PutEvents."""

    def __init__(self, folder: Path, profile: Path | None = None) -> None:
        outputs = folder / "outputs.json"
        outputs.unlink(missing_ok=True)
        python = [sys.executable, *(("-m", "cProfile", "-o", str(profile)) if profile else ())]
        script = [str(PROJECT / "scripts" / "local.py"), "--port", "0", "--outputs", str(outputs), "--no-reload"]
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [*python, *script, "--state", str(folder / "state")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not outputs.exists():
            if time.perf_counter() - started > START_DEADLINE or self.process.poll() is not None:
                sys.exit("the runtime did not start; see: livebus local")
            time.sleep(0.002)
        self.outputs: dict[str, Any] = json.loads(outputs.read_text())
        aws_call(self.outputs, "AWSEvents.PutEvents", {"Entries": [entry(self.outputs, "first")]})
        self.seconds = time.perf_counter() - started

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


def entry(outputs: dict[str, Any], message: str) -> dict[str, str]:
    detail = json.dumps({"msg": message})
    return {
        "Source": "sample.source",
        "DetailType": "benchmark",
        "Detail": detail,
        "EventBusName": outputs["EventBusName"],
    }


def headers(target: str) -> dict[str, str]:
    return {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}


def aws_call(outputs: dict[str, Any], target: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(outputs["EndpointUrl"], json.dumps(body).encode(), headers(target))
    with urllib.request.urlopen(request) as response:
        return json.load(response)


async def subscribe(session: aiohttp.ClientSession, outputs: dict[str, Any]) -> aiohttp.ClientWebSocketResponse:
    answer = await asyncio.to_thread(
        aws_call,
        outputs,
        "AWSCognitoIdentityProviderService.InitiateAuth",
        {
            "ClientId": outputs["UserPoolClientId"],
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": outputs["UserName"], "PASSWORD": outputs["Password"]},
        },
    )
    authorization = {"host": "localhost", "Authorization": answer["AuthenticationResult"]["AccessToken"]}
    header = base64.b64encode(json.dumps(authorization).encode()).decode()
    url = f"{outputs['RealtimeUrl']}?header={header}&payload=e30="
    socket = await session.ws_connect(url, protocols=("graphql-ws",), compress=0)
    await socket.send_json({"type": "connection_init"})
    data = json.dumps({"query": "subscription { onPublishMsgFromEb }"})
    payload = {"data": data, "extensions": {"authorization": authorization}}
    await socket.send_json({"id": "1", "type": "start", "payload": payload})
    while (await socket.receive_json())["type"] != "start_ack":
        pass
    return socket


async def throughput(outputs: dict[str, Any], seconds: float, connections: int) -> tuple[float, float]:
    """Events per second until the last one arrived, and the share of a core that this process needed itself."""
    body = json.dumps({"Entries": [entry(outputs, MESSAGE)] * BATCH}).encode()
    sent = received = 0
    async with aiohttp.ClientSession() as session:
        socket = await subscribe(session, outputs)
        used = cpu_seconds()
        started = time.perf_counter()

        async def publish() -> None:
            nonlocal sent
            while time.perf_counter() - started < seconds:
                target = headers("AWSEvents.PutEvents")
                async with session.post(outputs["EndpointUrl"], data=body, headers=target) as response:
                    await response.read()
                    sent += BATCH

        async def count() -> None:
            nonlocal received
            while True:
                await socket.receive()
                received += 1

        counting = asyncio.ensure_future(count())
        await asyncio.gather(*(publish() for _ in range(connections)))
        async with asyncio.timeout(ARRIVAL_DEADLINE):
            while received < sent:  # noqa: ASYNC110 - an Event would cost each message something
                await asyncio.sleep(0.001)
        took = time.perf_counter() - started
        share = (cpu_seconds() - used) / took
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        await socket.close()
    return received / took, share


async def latency(outputs: dict[str, Any], events: int) -> list[float]:
    """Seconds from sending a PutEvents request to the message at the subscriber's socket, one event at a time."""
    body = json.dumps({"Entries": [entry(outputs, MESSAGE)]}).encode()
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        socket = await subscribe(session, outputs)
        for _ in range(events):
            started = time.perf_counter()
            target = headers("AWSEvents.PutEvents")
            posting = asyncio.ensure_future(session.post(outputs["EndpointUrl"], data=body, headers=target))
            await socket.receive()
            times.append(time.perf_counter() - started)
            (await posting).release()
        await socket.close()
    return times


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(seconds: float, connections: int, profile: Path | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        folder = Path(name)
        starts = []
        if profile is None:
            for _ in range(STARTS):
                runtime = Runtime(folder)
                starts.append(runtime.seconds)
                runtime.stop()
        runtime = Runtime(folder, profile)
        try:
            asyncio.run(latency(runtime.outputs, 50))  # everything once, before the clock runs
            rates = [asyncio.run(throughput(runtime.outputs, seconds / 3, connections)) for _ in range(3)]
            times = sorted(asyncio.run(latency(runtime.outputs, LATENCY_EVENTS)))
        finally:
            runtime.stop()
    return {
        "eventsPerSecond": statistics.median(rate for rate, _ in rates),
        "publisherCoreShare": statistics.median(share for _, share in rates),
        "latencyP50Milliseconds": 1000 * times[len(times) // 2],
        "latencyP99Milliseconds": 1000 * times[len(times) * 99 // 100],
        "startSeconds": statistics.median(starts) if starts else float("nan"),
        "firstStartSeconds": starts[0] if starts else float("nan"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to publish (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=4, help="HTTP connections (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="profile the runtime into FILE")
    options = parser.parse_args()
    figures = measure(options.seconds, options.connections, options.profile)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:26}{figure:12,.2f}")
    if options.profile:
        pstats.Stats(str(options.profile)).sort_stats("tottime").print_stats(25)
    return 0


if __name__ == "__main__":
    sys.exit(main())
