"""
Measures what an invocation of a function costs: cold, warm, and calls a second with two processes.

Each function answers with its event. Cold is from the call to the answer with a new process, warm with one that waits;
both through the seam that the runtime itself uses, and warm through boto3 and the runtime's port as well. The last figures
keep two calls in flight for some seconds. Medians and 95th percentiles of what is printed as the count.

    PYTHONPATH=src python benchmarks/functions.py
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

from livebus.runtime import event_loop
from livebus.runtime.functions.code import CodeStore
from livebus.runtime.functions.command import Surroundings
from livebus.runtime.functions.outcome import Outcome
from livebus.runtime.functions.service import Functions
from livebus.runtime.server import Runtime
from livebus.runtime.settings import Settings
from livebus.template.application import Function, FunctionCode

COLD, WARM, SECONDS = 10, 500, 3.0
EVENT = json.dumps(
    {"id": "4711", "lines": [{"sku": f"sku-{number}", "count": number} for number in range(10)]}
).encode()
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
SOURCES = {
    "Python": (PYTHON, "def h(event, context):\n    return event\n"),
    "Node.js": ("nodejs22.x", "exports.h = async (event) => event;\n"),
}


class Nobody:
    def line(self, function: str, request_id: str, text: str) -> None: ...

    def outcome(self, function: str, kind: str, outcome: Outcome, event_id: str) -> None: ...


def shown(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    low, high = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    return f"{low * 1000:8.2f} ms median, {high * 1000:8.2f} ms p95 of {len(ordered)}"


async def seam(language: str, folder: Path) -> None:
    """Cold, warm and two at a time, without HTTP in front."""
    runtime, source = SOURCES[language]
    code = FunctionCode(inline=source)
    numbers = iter(range(10_000_000))
    functions = Functions(
        CodeStore(folder), Surroundings("http://127.0.0.1:1", "us-east-1"), Nobody(), new_id=lambda: str(next(numbers))
    )

    def named(name: str) -> Function:
        return Function(name, f"arn:{name}", name, runtime, "index.h", code, timeout=30, memory_size=256)

    functions.use((named(f"cold{number}"), None) for number in range(COLD))
    cold = [await timed(functions, f"cold{number}") for number in range(COLD)]
    functions.use([(named("warm"), None)])
    await timed(functions, "warm")
    warm = [await timed(functions, "warm") for _ in range(WARM)]
    count = 0
    end = time.perf_counter() + SECONDS

    async def keep_calling() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await functions.invoke("warm", EVENT)
            count += 1

    await asyncio.gather(keep_calling(), keep_calling())
    print(f"{language:8} cold            {shown(cold)}")
    print(f"{language:8} warm            {shown(warm)}")
    print(f"{language:8} two processes   {count / SECONDS:8.0f} calls a second")
    await functions.close()


async def timed(functions: Functions, name: str) -> float:
    began = time.perf_counter()
    outcome = await functions.invoke(name, EVENT)
    assert outcome.function_error == "", outcome
    return time.perf_counter() - began


def served(language: str, folder: Path) -> None:
    """Warm and two at a time, as boto3 has it from the runtime."""
    runtime, source = SOURCES[language]
    properties = {
        "FunctionName": "fn",
        "Runtime": runtime,
        "Handler": "index.h",
        "Timeout": 30,
        "MemorySize": 256,
        "InlineCode": source,
    }
    template = folder / "template.json"
    resources = {"Fn": {"Type": "AWS::Serverless::Function", "Properties": properties}}
    template.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
    with_runtime(template, folder / "state", lambda url: call_by_boto3(language, url))


def call_by_boto3(language: str, url: str) -> None:
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    session = boto3.Session("test", "test", region_name="us-east-1")
    clients = [session.client("lambda", endpoint_url=url, config=config) for _ in range(2)]
    seconds: list[float] = []
    clients[0].invoke(FunctionName="fn", Payload=EVENT)["Payload"].read()
    for _ in range(WARM):
        began = time.perf_counter()
        clients[0].invoke(FunctionName="fn", Payload=EVENT)["Payload"].read()
        seconds.append(time.perf_counter() - began)
    print(f"{language:8} warm, boto3     {shown(seconds)}")
    end = time.perf_counter() + SECONDS

    def keep_calling(client: object) -> int:
        count = 0
        while time.perf_counter() < end:
            client.invoke(FunctionName="fn", Payload=EVENT)["Payload"].read()  # type: ignore[attr-defined]
            count += 1
        return count

    with ThreadPoolExecutor(2) as threads:
        count = sum(threads.map(keep_calling, clients))
    print(f"{language:8} two, boto3      {count / SECONDS:8.0f} calls a second")


def with_runtime(template: Path, state: Path, use: Callable[[str], None]) -> None:
    """Run something against a runtime, which has an event loop in a thread of its own."""
    ready = threading.Event()
    found: list[str] = []
    stopping: list[Callable[[], object]] = []

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
        runtime = Runtime(Settings(template, state, port=0, reload=False), lambda _: None)
        await runtime.start()
        found.append(str(runtime.outputs["EndpointUrl"]))
        ready.set()
        await stop.wait()
        await runtime.stop()

    thread = threading.Thread(target=lambda: event_loop.run(run()))
    thread.start()
    ready.wait(30)
    try:
        use(found[0])
    finally:
        stopping[0]()
        thread.join()


def main() -> None:
    for language in SOURCES:
        if language == "Node.js" and shutil.which("node") is None:
            print("Node.js  is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            event_loop.run(seam(language, Path(folder) / "unpacked"))
            served(language, Path(folder))


if __name__ == "__main__":
    main()
