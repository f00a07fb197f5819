"""
Measures ``scripts/publish.py`` as a user runs it, against what people publish with otherwise, all at the same sink.

    python benchmarks/publishing.py [--quick] [--only SECTION ...] [--json FILE] [--plot docs/images/publish.png] [--gigabytes 5]

The sink (tests/support/event_sink.py) has the first core, the publisher the last one. Rivals take turns, round by round;
what counts is the median of the ratios of a round, since that is the same on a slow machine. Events per CPU second are the
publisher's own CPU, user and system. Of ``publish.py`` the whole process counts, start and journal included; of the boto3
scripts what is done between having a client and the end. After each run the sink must have accepted every event once.

throughput   300 B and 4 KB, plain and TLS
latency      a service that answers after 30 ms; publishers on one core
throttling   a service that allows 600 requests a second
rate         --rate, as the sink saw it
once         one event: whole processes
memory       the most memory of a long stream through stdin
"""

from __future__ import annotations

import argparse
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
PUBLISH = PROJECT / "scripts" / "publish.py"
SINK = PROJECT / "tests" / "support" / "event_sink.py"
RIVALS = PROJECT / "benchmarks" / "boto3_scripts.py"
AWS = Path(sys.executable).with_name("aws")

CORES = sorted(os.sched_getaffinity(0))
START_DEADLINE = 20.0
THREADS = 16
LIMIT = 600


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


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure beside what it should be."""

    section: str
    name: str
    value: float
    unit: str
    target: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target


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
    if process.returncode or found.get("accepted", 0) < count:
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


# --- sections -------------------------------------------------------------------------------------------------------

Publisher = Callable[[Sink], Run]
ONE_BY_ONE, BATCHES, THREADED = "boto3, one by one", "boto3, tens", f"boto3, tens, {THREADS} threads"
OURS_BOTO3, OURS = "publish.py --engine boto3", "publish.py"


def throughput(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    figures: list[Figure] = []
    rows: dict[str, Any] = {}
    quick = options.quick
    for size, most in ((300, 40_000 if quick else 200_000), (4096, 10_000 if quick else 40_000)):
        shares = {ONE_BY_ONE: 1500, BATCHES: 8000, THREADED: 8000, OURS_BOTO3: 8000, OURS: most}
        files = {
            name: events(folder / f"{size}-{count}.ndjson", count // (1 if not quick or name == OURS else 3), size)
            for name, count in shares.items()
        }
        counts = {name: sum(1 for _ in file.open("rb")) for name, file in files.items()}
        ten = events(folder / f"ten-{size}.ndjson", 10, size)
        entries = folder / f"ten-{size}.json"
        entries.write_text(json.dumps([json.loads(line) for line in ten.read_text().splitlines()]))
        for tls in (False, True):
            with sink(tls=tls) as to:
                commands: dict[str, tuple[list[str | Path], int]] = {
                    "aws events put-events, tens": (
                        [AWS, "events", "put-events", "--endpoint-url", to.url, "--entries", f"file://{entries}"],
                        10,
                    ),
                    ONE_BY_ONE: (boto3_script(to, "single", files[ONE_BY_ONE]), counts[ONE_BY_ONE]),
                    BATCHES: (boto3_script(to, "batches", files[BATCHES]), counts[BATCHES]),
                    THREADED: (boto3_script(to, "threads", files[THREADED], THREADS), counts[THREADED]),
                    OURS_BOTO3: (ours(to, files[OURS_BOTO3], "--engine", "boto3"), counts[OURS_BOTO3]),
                    OURS: (ours(to, files[OURS], "--engine", "bulk"), counts[OURS]),
                }
                rounds = in_turns(options.rounds, commands, to)
            title = f"{size} B, {'TLS' if tls else 'plain'}"
            rows[title] = table(f"throughput, {title}", rounds)
            if size == 300 and not tls:
                figures.append(
                    Figure("throughput", f"{title}: publish.py / one by one", ratio(rounds, OURS, ONE_BY_ONE), "×", 80)
                )
                figures.append(
                    Figure("throughput", f"{title}: publish.py / threads", ratio(rounds, OURS, THREADED), "×", 8)
                )
            elif not tls:
                figures.append(
                    Figure("throughput", f"{title}: publish.py / one by one", ratio(rounds, OURS, ONE_BY_ONE), "×", 20)
                )
    return figures, rows


def latency(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    most = events(folder / "latency.ndjson", 150_000 if options.quick else 300_000, 300)
    few = events(folder / "few.ndjson", 10_000, 300)
    count = sum(1 for _ in most.open("rb"))
    with sink("--latency-ms", "30") as to:
        rounds = in_turns(
            options.rounds,
            {
                "boto3, tens, 32 threads": (boto3_script(to, "threads", few, 32), 10_000),
                OURS_BOTO3: (ours(to, few, "--engine", "boto3"), 10_000),
                OURS: (ours(to, most, "--engine", "bulk"), count),
            },
            to,
        )
    rows = table("latency, 30 ms", rounds, ONE_BY_ONE)
    whole = statistics.median(each.sink["requests"] / each.seconds for each in rounds[OURS])
    sent = statistics.median(each.sink["requests"] / each.span for each in rounds[OURS])
    rows["requests a second while sending"] = sent
    figures = [
        Figure("latency", "30 ms: requests a second, whole process", whole, "/s", 8000),
        Figure("latency", "30 ms: requests a second, first to last", sent, "/s", 8000),
    ]
    return figures, rows


def throttling(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    count = 30_000 if options.quick else 120_000
    file = events(folder / "throttled.ndjson", count, 300)
    with sink("--limit", str(LIMIT), "--latency-ms", "10", "--log", "LOG") as to:
        found = run(to, ours(to, file, "--max-attempts", "100"), count)
        accepted = to.log.read_text().split()
    lost = count - len(set(accepted))
    requests = found.sink["requests"] - found.sink.get("throttled", 0)
    # Beyond the limit a bucket of a tenth of a second may have been full at the start.
    share = requests / (LIMIT * (found.span + 0.1))
    print(
        f"\nthrottling, {LIMIT} requests a second allowed: {count:,} events in {found.span:.2f} s, {requests:,} requests "
        f"accepted, {found.sink.get('throttled', 0):,} throttled, {lost} lost, {len(accepted) - len(set(accepted))} twice"
    )
    figures = [
        Figure("throttling", "share of the allowed rate", share, "", 0.9),
        Figure("throttling", "events lost", lost, "", 0, at_least=False),
    ]
    return figures, {"share": share, "throttledShare": found.sink.get("throttled", 0) / found.sink["requests"]}


def rate(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    figures = []
    rows: dict[str, Any] = {}
    for wanted in (500, 5000):
        seconds = 3 if options.quick else 8
        file = events(folder / f"rate-{wanted}.ndjson", wanted * seconds, 300)
        with sink("--latency-ms", "10") as to:
            found = run(to, ours(to, file, "--rate", str(wanted)), wanted * seconds)
        # The first request comes at the beginning of its interval.
        measured = found.events * (1 - 1 / found.sink["requests"]) / found.span
        rows[str(wanted)] = measured
        off = abs(measured / wanted - 1)
        figures.append(Figure("rate", f"--rate {wanted}: off by", 100 * off, "%", 1, at_least=False))
        print(f"\nrate: --rate {wanted}: {measured:,.1f} events a second")
    return figures, rows


def once(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    file = events(folder / "one.ndjson", 1, 300)
    entries = folder / "one.json"
    entries.write_text(json.dumps([json.loads(file.read_text())]))
    config = folder / "config"
    key = {"Version": 1, "AccessKeyId": "test", "SecretAccessKey": "test"}
    (folder / "credentials.json").write_text(json.dumps(key))
    config.write_text(f"[default]\nregion = us-east-1\ncredential_process = cat {folder / 'credentials.json'}\n")
    profile = {"AWS_CONFIG_FILE": str(config), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    rounds: dict[str, list[Run]] = {}
    with sink() as to:
        process: list[str | Path] = [
            sys.executable,
            PUBLISH,
            file,
            "--endpoint-url",
            to.url,
            "--bus",
            "default",
            "--no-bus-check",
            "--quiet",
        ]
        cli: list[str | Path] = [
            AWS,
            "events",
            "put-events",
            "--endpoint-url",
            to.url,
            "--entries",
            f"file://{entries}",
        ]
        runs: dict[str, Callable[[], Run]] = {
            "aws events put-events": lambda: run(to, cli, 1),
            "aws events put-events, credential_process": lambda: run(to, cli, 1, **profile),
            "boto3 script": lambda: whole(to, boto3_script(to, "once", file)),
            "publish.py": lambda: run(to, process, 1),
            "publish.py, credential_process": lambda: run(to, process, 1, **profile),
        }
        for _ in range(5 if options.quick else 15):
            for name, go in runs.items():
                rounds.setdefault(name, []).append(go())
    print("\nonce: one event, whole processes, milliseconds")
    rows = {}
    for name, found in rounds.items():
        rows[name] = 1000 * statistics.median(each.seconds for each in found)
        print(f"  {name:45}{rows[name]:8.0f}")

    def wall(one: str, other: str) -> float:
        return statistics.median(a.seconds / b.seconds for a, b in zip(rounds[one], rounds[other], strict=True))

    slow = ("publish.py, credential_process", "aws events put-events, credential_process")
    figures = [
        Figure("once", "publish.py / AWS CLI, credentials of a process", wall(*slow), "×", 0.65, at_least=False),
        Figure("once", "publish.py / AWS CLI", wall("publish.py", "aws events put-events"), "×", 0.2, at_least=False),
        Figure("once", "publish.py / boto3 script", wall("publish.py", "boto3 script"), "×", 0.25, at_least=False),
    ]
    return figures, rows


def memory(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    gigabytes = options.gigabytes or (0.3 if options.quick else 5.0)
    block = events(folder / "block.ndjson", 1000, 4096)
    times = int(gigabytes * 1e9 / block.stat().st_size)
    repeat = "import sys; block = open(sys.argv[1], 'rb').read()\nfor _ in range(int(sys.argv[2])): sys.stdout.buffer.write(block)"
    with sink() as to:
        stream = subprocess.Popen([sys.executable, "-c", repeat, str(block), str(times)], stdout=subprocess.PIPE)
        os.sched_setaffinity(stream.pid, CORES[:1])
        found = run(to, ours(to, "-", "--engine", "bulk"), 1000 * times, stdin=stream.stdout)
        stream.wait()
    print(
        f"\nmemory: {gigabytes:g} GB through stdin, {found.per_second:,.0f} events/s, at most {found.megabytes:.0f} MB"
    )
    return [Figure("memory", f"most memory, {gigabytes:g} GB", found.megabytes, "MB", 60, at_least=False)], {
        "megabytes": found.megabytes,
        "eventsPerSecond": found.per_second,
    }


SECTIONS = {each.__name__: each for each in (throughput, latency, throttling, rate, once, memory)}


# --- taking turns ---------------------------------------------------------------------------------------------------


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


def table(title: str, rounds: Mapping[str, list[Run]], base: str = ONE_BY_ONE) -> dict[str, Any]:
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


def plot(rows: Mapping[str, Any], file: Path) -> None:
    """Draw the throughput tables: events per CPU second, on a logarithmic scale."""
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(9, 4.5), layout="constrained")
    axes = picture.add_subplot()
    names = list(next(iter(rows.values())))
    height = 0.8 / len(rows)
    for place, (title, found) in enumerate(rows.items()):
        values = [found[name]["eventsPerCpuSecond"] for name in names]
        bars = axes.barh([index + place * height for index in range(len(names))], values, height, label=title)
        axes.bar_label(bars, [f" {value:,.0f}" for value in values], fontsize=7)
    axes.set_yticks([index + 0.4 - height / 2 for index in range(len(names))], names)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(right=axes.get_xlim()[1] * 3)
    axes.set_xlabel("events per second of the publisher's CPU")
    axes.legend(loc="lower right", fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(file, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer events and rounds: figures are rougher")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often all take turns (default: 5, quick: 2)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--gigabytes", type=float, default=0.0, help="of the stream in the memory section (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the throughput (needs matplotlib)")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    figures: list[Figure] = []
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        for section in options.only or SECTIONS:
            found, rows[section] = SECTIONS[section](options, Path(name))
            figures += found
    print(f"\n{'':52}{'measured':>12}{'wanted':>12}")
    for each in figures:
        sign = "≥" if each.at_least else "≤"
        shown = f"{each.value:12,.2f}{f'{sign} {each.target:g} {each.unit}':>12}"
        print(f"{f'{each.section}, {each.name}':52}{shown}{'' if each.met else '   MISSED'}")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "figures": [asdict(each) for each in figures]}, indent=1))
    if options.plot and "throughput" in rows:
        plot(rows["throughput"], options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
