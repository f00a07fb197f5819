"""
Measures ``livebus publish`` as a user runs it, against what people publish with otherwise, all at the same sink.

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
losses       a service that fails 30 % of what reaches it, and a publisher that is killed in the middle, and goes on
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from publishers import (
    AWS,
    CORES,
    PUBLISH,
    Run,
    Sink,
    boto3_script,
    events,
    in_turns,
    ours,
    ratio,
    run,
    sink,
    table,
    whole,
)

THREADS = 16
LIMIT = 600


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


# How runs are ended in the middle, and what publish.py says when all was accepted but for some.
ENDINGS = (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGINT)
DONE_BUT_FOR_SOME = 3

Publisher = Callable[[Sink], Run]
ONE_BY_ONE, BATCHES, THREADED = "boto3, one by one", "boto3, tens", f"boto3, tens, {THREADS} threads"
OURS_BOTO3, OURS = "publish.py --engine boto3", "publish.py"


def throughput(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    figures: list[Figure] = []
    rows: dict[str, Any] = {}
    quick = options.quick
    for size, most in ((300, 100_000 if quick else 400_000), (4096, 20_000 if quick else 80_000)):
        shares = {ONE_BY_ONE: 1500, BATCHES: 8000, THREADED: 8000, OURS_BOTO3: 20_000, OURS: most}
        files = {name: events(folder / f"{size}-{count}.ndjson", count, size) for name, count in shares.items()}
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
            rows[title] = table(f"throughput, {title}", rounds, ONE_BY_ONE)
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
    most = events(folder / "latency.ndjson", 150_000 if options.quick else 400_000, 300)
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
    rows = table("latency, 30 ms", rounds)
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


def losses(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    count = 100_000 if options.quick else 1_000_000
    file = events(folder / "failing.ndjson", count, 300)
    chance = random.Random(4)
    runs = 0
    started = time.perf_counter()
    with sink("--fail", "0.3", "--final", "0.0005", "--seed", "4", "--log", "LOG") as to:
        command = [str(part) for part in ours(to, file, "--engine", "bulk")]
        for ending in (*ENDINGS, None):
            flags = ["--resume"] if runs else []
            with subprocess.Popen([*command, *flags], env=to.environment, stderr=subprocess.DEVNULL) as process:
                runs += 1
                if ending is not None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(chance.uniform(0.5, count / 100_000))
                    process.send_signal(ending)
            if process.returncode == DONE_BUT_FOR_SOME:
                break
        seconds = time.perf_counter() - started
        to.restart()  # its log is whole then
        accepted = to.log.read_text().split()
    failed = [
        json.loads(json.loads(line)["Detail"])["n"]
        for part in folder.glob("failing.ndjson.failed*.ndjson")
        for line in part.read_text(encoding="utf-8").splitlines()
    ]
    known = {*map(int, accepted), *failed}
    lost, twice = count - len(known), len(accepted) - len(set(accepted))
    print(
        f"\nlosses: {count:,} events to a sink that fails 30 % of the requests in all ways, {runs} runs of which {runs - 1} "
        f"were ended in the middle, {seconds:.0f} s: {lost} lost, {len(set(failed)):,} in the file of failed events, "
        f"{twice:,} accepted twice; exit code {process.returncode}"
    )
    figures = [Figure("losses", f"of {count:,} events neither accepted nor told", lost, "", 0, at_least=False)]
    return figures, {"lost": lost, "twice": twice, "failed": len(set(failed)), "runs": runs, "seconds": seconds}


SECTIONS = {each.__name__: each for each in (throughput, latency, throttling, rate, once, memory, losses)}


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
    axes.legend(loc="upper right", fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(file, dpi=120)


def markdown(rows: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """The tables for docs/performance.md."""
    lines = []
    throughputs = rows.get("throughput", {})
    if throughputs:
        lines += [
            "| events per second of the publisher's CPU | " + " | ".join(throughputs) + " |",
            "|---|" + "---|" * len(throughputs),
        ]
        for name in next(iter(throughputs.values())):
            cells = [
                f"{found[name]['eventsPerCpuSecond']:,.0f} ({found[name]['ratio']:.3g}×)"
                for found in throughputs.values()
            ]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
    lines += ["| | measured | wanted |", "|---|---|---|"]
    for each in figures:
        wanted = f"{'≥' if each.at_least else '≤'} {each.target:,g} {each.unit}"
        lines.append(f"| {each.section}, {each.name} | {f'{each.value:,.4g} {each.unit}'.strip()} | {wanted.strip()} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer events and rounds: figures are rougher")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often all take turns (default: 5, quick: 2)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--gigabytes", type=float, default=0.0, help="of the stream in the memory section (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables of docs/performance.md")
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
    if options.markdown:
        options.markdown.write_text(markdown(rows, figures))
    if options.plot and "throughput" in rows:
        plot(rows["throughput"], options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
