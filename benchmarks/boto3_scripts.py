"""
What people write to publish a file of events with boto3: the rivals in ``benchmarks/publishing.py``, which runs this.

    python benchmarks/boto3_scripts.py {single,batches,threads,retrying,once} FILE ENDPOINT_URL [THREADS]

Each reads the file's lines, publishes them, and looks at FailedEntryCount. It prints the seconds that publishing took, and
the CPU seconds, as JSON: importing boto3 and making the client are not in them, which favours it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def lines(file: str) -> Iterator[dict[str, Any]]:
    with open(file, encoding="utf-8") as content:  # noqa: PTH123 - what people write
        for line in content:
            yield json.loads(line)


def batches(file: str) -> Iterator[list[dict[str, Any]]]:
    entries = lines(file)
    while batch := list(islice(entries, 10)):
        yield batch


def put(client: Any, entries: list[dict[str, Any]]) -> None:
    answer = client.put_events(Entries=entries)
    if answer["FailedEntryCount"]:
        sys.exit(f"{answer['FailedEntryCount']} entries failed")


def single(client: Any, file: str, threads: int) -> None:
    for entry in lines(file):
        put(client, [entry])


def batched(client: Any, file: str, threads: int) -> None:
    for batch in batches(file):
        put(client, batch)


def threaded(client: Any, file: str, threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda batch: put(client, batch), batches(file)):
            pass


def retrying(client: Any, file: str, threads: int) -> None:
    """Threads that go on when something fails: boto3's standard retries, and the failed entries of a request again."""
    lost = 0

    def put_all(entries: list[dict[str, Any]]) -> int:
        for _ in range(5):
            try:
                answer = client.put_events(Entries=entries)
            except (BotoCoreError, ClientError):
                return len(entries)
            if answer.get("FailedEntryCount") == 0:
                return 0
            # Of an answer whose connection broke in its head botocore makes an empty one.
            pairs = zip(entries, answer.get("Entries") or [{}] * len(entries), strict=True)
            entries = [entry for entry, result in pairs if "EventId" not in result]
        return len(entries)

    with ThreadPoolExecutor(threads) as pool:
        for failed in pool.map(put_all, batches(file)):
            lost += failed
    if lost:
        print(f"{lost} entries failed", file=sys.stderr)


MODES: dict[str, Callable[[Any, str, int], None]] = {
    "single": single,
    "batches": batched,
    "threads": threaded,
    "retrying": retrying,
    "once": single,
}


def configuration(mode: str, threads: int) -> Config:
    retries: Any = {"mode": "standard"} if mode == "retrying" else None
    return Config(max_pool_connections=max(10, threads), retries=retries)


def main() -> None:
    mode, file, url = sys.argv[1:4]
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    client = boto3.client("events", endpoint_url=url, config=configuration(mode, threads))
    wall, cpu = time.perf_counter(), time.process_time()
    MODES[mode](client, file, threads)
    print(json.dumps({"seconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
