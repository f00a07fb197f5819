"""
Runs publishers against the sink and measures them: what ``publishing.py`` is made of.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
PUBLISH = PROJECT / "scripts" / "publish.py"
SINK = PROJECT / "tests" / "support" / "event_sink.py"
RIVALS = PROJECT / "benchmarks" / "boto3_scripts.py"
AWS = Path(sys.executable).with_name("aws")

CORES = sorted(os.sched_getaffinity(0))
START_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a publisher: events, wall and CPU seconds, the most memory; and what the sink counted meanwhile."""

    events: int
    seconds: float
    cpu: float
    megabytes: float
    sink: Mapping[str, Any]

    @property
    def per_cpu_second(self) -> float:
        return self.events / self.cpu

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def span(self) -> float:
        """Seconds from the first to the last request, as the sink saw them."""
        return float(self.sink["lastRequestAt"] - self.sink["firstRequestAt"])


class Sink:
    """The sink as a process on the first core."""

    def __init__(self, folder: Path, *flags: str, tls: bool = False) -> None:
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        self.log = folder / "accepted.txt"
        self.ca_file = folder / "ca.pem"
        command = [sys.executable, str(SINK), "--ready", str(ready), *flags]
        command += ["--tls", str(self.ca_file)] if tls else []
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.sched_setaffinity(self.process.pid, CORES[:1])
        started = time.perf_counter()
        while not ready.exists():
            if time.perf_counter() - started > START_DEADLINE or self.process.poll() is not None:
                sys.exit(f"the sink did not start; see: {' '.join(command)}")
            time.sleep(0.005)
        self.url: str = json.loads(ready.read_text())["url"]
        self._context = ssl.create_default_context(cafile=str(self.ca_file)) if tls else None
        self.environment = {
            # Neither whoever's credentials, nor whoever's wish that Python compiles everything anew at each start.
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))},
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **({"AWS_CA_BUNDLE": str(self.ca_file)} if tls else {}),
        }

    def restart(self) -> dict[str, Any]:
        """What it counted since the last time."""
        with urllib.request.urlopen(f"{self.url}/statistics?restart", context=self._context) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


@contextmanager
def sink(*flags: str, tls: bool = False) -> Iterator[Sink]:
    with tempfile.TemporaryDirectory(prefix="livebus-sink-") as name:
        running = Sink(Path(name), *(flag.replace("LOG", str(Path(name) / "accepted.txt")) for flag in flags), tls=tls)
        try:
            yield running
        finally:
            running.stop()


def events(file: Path, count: int, size: int) -> Path:
    """A file of so many entries of about so many bytes, one per line, as the AWS CLI takes them."""
    order = {
        "n": 0,
        "customer": {"name": 'Ada "Countess" Lovelace', "city": "Zürich"},
        "lines": [{"sku": "sku-4711", "count": 2, "price": 9.5}],
        "note": "",
    }
    room = size - len(json.dumps(order, ensure_ascii=False).encode()) - 40
    sentence = 'Please ring twice, says "the neighbour"; grüße. '
    order["note"] = (sentence * (room // len(sentence) + 1))[:room]
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            detail = json.dumps({**order, "n": number}, ensure_ascii=False)
            out.write(
                json.dumps({"Source": "my.shop", "DetailType": "Order Placed", "Detail": detail}, ensure_ascii=False)
            )
            out.write("\n")
    return file


def run(to: Sink, command: Sequence[str | Path], count: int, *, stdin: Any = subprocess.DEVNULL, **more: str) -> Run:
    """Run a publisher on the last core, and compare what it published with what the sink accepted."""
    to.restart()
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        env={**to.environment, **more},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.sched_setaffinity(process.pid, CORES[-1:])
    assert process.stdout is not None
    output = process.stdout.read().decode(errors="replace")
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    found = to.restart()
    if process.returncode or found.get("accepted", 0) != count:
        sys.exit(f"{command}: exit code {process.returncode}, {found.get('accepted')} of {count} accepted\n{output}")
    cpu = usage.ru_utime + usage.ru_stime
    if command[1] == RIVALS:
        own = json.loads(output.splitlines()[-1])
        seconds, cpu = own["seconds"], own["cpuSeconds"]
    return Run(count, seconds, cpu, usage.ru_maxrss / 1024, found)


def ours(to: Sink, file: Path | str, *flags: str) -> list[str | Path]:
    where = ("--endpoint-url", to.url, "--region", "us-east-1", "--bus", "default", "--no-bus-check", "--quiet")
    return [sys.executable, PUBLISH, file, *where, *flags]


def boto3_script(to: Sink, mode: str, file: Path, threads: int = 1) -> list[str | Path]:
    return [sys.executable, RIVALS, mode, file, to.url, str(threads)]


def whole(to: Sink, command: Sequence[str | Path]) -> Run:
    """A boto3 script's whole process, as of the others."""
    started = time.perf_counter()
    found = run(to, command, 1)
    return Run(1, time.perf_counter() - started, found.cpu, found.megabytes, found.sink)


def in_turns(rounds: int, commands: Mapping[str, tuple[list[str | Path], int]], to: Sink) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, count) in commands.items():
            found[name].append(run(to, command, count))
    return found


def ratio(rounds: Mapping[str, list[Run]], one: str, other: str) -> float:
    """The median of a round's ratios of events per CPU second."""
    pairs = zip(rounds[one], rounds[other], strict=True)
    return statistics.median(a.per_cpu_second / b.per_cpu_second for a, b in pairs)


def table(title: str, rounds: Mapping[str, list[Run]], base: str = "") -> dict[str, Any]:
    """Print a section's rows; return them for JSON."""
    print(f"\n{title}\n  {'':34}{'events/CPU s':>14}{'ratio':>9}{'events/s':>12}")
    rows: dict[str, Any] = {}
    for name, found in rounds.items():
        cpu = statistics.median(each.per_cpu_second for each in found)
        wall = statistics.median(each.per_second for each in found)
        times = ratio(rounds, name, base) if base in rounds else None
        rows[name] = {"eventsPerCpuSecond": cpu, "eventsPerSecond": wall, "ratio": times}
        shown = f"{times:9.2f}" if times is not None else " " * 9
        print(f"  {name:34}{cpu:14,.0f}{shown}{wall:12,.0f}", flush=True)
    return rows
