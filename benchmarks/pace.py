"""
Measures how fast ``scripts/publish.py`` goes at services that throttle, and at one that fails at random.

    python benchmarks/pace.py [--rounds 2] [--seconds 6] [--events 40000] [--only failing] [--json FILE]

quota     a token bucket of 600 requests per second: without a burst (one request), with one (a tenth of a second), and with a
          tenth of what it lets in throttled at random: against the best of some fixed rates (``--rate``), which only whoever
          knows the quota can choose
random    healthy, and 1, 5, 10, 20 % of the requests throttled at any rate: against the same run without any pace
failing   30 % of the requests fail in all ways (resets, 503, throttled, partial, slow): against a plain boto3 script of 16
          threads with standard retries, in turns; and the same killed twice and resumed

The runs of the first two sections take ``--seconds`` each, and what counts is the requests that were let in per second, from
the first to the last; the rest count whole. Each ratio is the median of the ratios of a round. Nothing of the failing runs is
lost: the sink's log and the file of failed events have all. All of it takes about five minutes; the table at the end is the
one of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from publishers import CORES, PROJECT, RIVALS, Sink, events, ours, sink

LIMIT = 600
FIXED = (0.95, 1.0)
THREADS = 16
SHARES = (0.01, 0.05, 0.1, 0.2)
BEHIND = 0.1
KILLS = 2
MAX_TIME_OVER = 4
DONE = (0, 3, MAX_TIME_OVER)
REPEATS = 100  # of the file: more than any run gets through
# The command, with a pace that learns nothing.
UNPACED = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]) / "src"))
from livebus.cli.publish import run
from livebus.publish.pace import Quota
Quota.answered = lambda *_: None
sys.exit(run.main(sys.argv[2:], project=Path(sys.argv[1])))
"""
Row = dict[str, float]


def timed(to: Sink, command: list[str | Path], *, kill_after: float = 0.0) -> tuple[float, dict[str, Any]]:
    """Seconds of a run on the last core, killed and resumed where that is wanted; and what the sink counted."""
    to.restart()
    started = time.perf_counter()
    kills = KILLS if kill_after else 0
    journal = Path(f"{command[2]}.journal")
    for attempt in range(kills + 1):
        # Whoever is killed before it has begun leaves no journal.
        flags = ["--resume"] if attempt and journal.exists() else []
        process = subprocess.Popen(
            [*map(str, command), *flags], env=to.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        os.sched_setaffinity(process.pid, CORES[-1:])
        with suppress(subprocess.TimeoutExpired):
            _, told = process.communicate(timeout=kill_after if attempt < kills else None)
            if process.returncode not in DONE:
                sys.exit(f"{command}: exit code {process.returncode}\n{told.decode(errors='replace')}")
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return time.perf_counter() - started, to.restart()


def steady(to: Sink, file: Path, seconds: float, *flags: str, paced: bool = True) -> Row:
    """Requests let in per second of a run that ends after so many seconds, and the share of them that was throttled."""
    command = ours(to, file, "--engine", "bulk", "--max-attempts", "100", "--max-time", str(seconds),
                   "--repeat", str(REPEATS), *flags)  # fmt: skip
    if not paced:
        command = [command[0], "-c", UNPACED, PROJECT, *command[2:]]
    _, counts = timed(to, command)
    forget(file)
    throttled = counts.get("throttled", 0)
    span = counts["lastRequestAt"] - counts["firstRequestAt"]
    return {"perSecond": (counts["requests"] - throttled) / span, "throttled": throttled / counts["requests"]}


def forget(file: Path) -> None:
    """What a run that ended early leaves behind."""
    for left in (*file.parent.glob(f"{file.name}.failed*"), *file.parent.glob(f"{file.name}.journal*")):
        left.unlink()


def lost(to: Sink, file: Path, count: int) -> int:
    """How many events were neither accepted nor set aside."""
    known = set(to.log.read_text().split())
    for part in file.parent.glob(f"{file.name}.failed*.ndjson"):
        known |= {str(json.loads(json.loads(line)["Detail"])["n"]) for line in part.read_text().splitlines()}
        part.unlink()
    to.log.write_text("")
    return count - len(known)


def quota(options: argparse.Namespace, folder: Path) -> dict[str, Row]:
    """At a token bucket, against fixed rates."""
    file = events(folder / "quota.ndjson", options.events, 300)
    rows: dict[str, Row] = {}
    for name, flags in (
        ("without a burst", ("--burst-seconds", "0")),
        ("with a burst", ("--burst-seconds", "0.1")),
        (f"with a burst, and {BEHIND:.0%} throttled at random", ("--burst-seconds", "0.1", "--throttle", str(BEHIND))),
    ):
        with sink("--limit", str(LIMIT), "--latency-ms", "10", *flags) as to:
            found: list[Row] = []
            for _ in range(options.rounds):
                fixed = [
                    steady(to, file, options.seconds, "--rate", str(int(share * LIMIT * 10)))["perSecond"]
                    for share in FIXED
                ]
                own = steady(to, file, options.seconds)
                found.append({"perSecond": own["perSecond"], "ratio": own["perSecond"] / max(fixed), **own})
        rows[f"a quota of {LIMIT}/s, {name}"] = told(f"quota {name}", found)
    return rows


def random_throttling(options: argparse.Namespace, folder: Path) -> dict[str, Row]:
    """At services without a quota, against the same without any pace."""
    file = events(folder / "random.ndjson", options.events, 300)
    rows: dict[str, Row] = {}
    for share in (0.0, *SHARES):
        with sink("--throttle", str(share), "--latency-ms", "10") as to:
            found: list[Row] = []
            for number in range(options.rounds):
                # Whoever comes second finds a machine that has worked: they take turns.
                row = {
                    paced: steady(to, file, options.seconds, paced=paced)
                    for paced in (number % 2 == 0, number % 2 == 1)
                }
                found.append({"ratio": row[True]["perSecond"] / row[False]["perSecond"], **row[True]})
        name = f"{share:.0%} throttled at random" if share else "healthy"
        rows[name] = told(name, found)
    return rows


def failing(options: argparse.Namespace, folder: Path) -> dict[str, Row]:
    """Seconds of the whole runs; the boto3 script's start is not in its own."""
    count = options.events
    file = events(folder / "failing.ndjson", count, 300)
    found: dict[str, list[Row]] = {"": [], ", killed twice and resumed": []}
    with sink("--fail", "0.3", "--seed", "4", "--log", "LOG") as to:
        for _ in range(options.rounds):
            rival, _ = timed(to, [sys.executable, RIVALS, "retrying", file, to.url, str(THREADS)])
            rivals_lost = lost(to, file, count)
            for name, rows in found.items():
                seconds, _ = timed(to, ours(to, file, "--engine", "bulk"), kill_after=1.0 if name else 0.0)
                rows.append({"seconds": seconds, "ratio": rival / seconds, "boto3Seconds": rival,
                             "boto3Lost": rivals_lost, "lost": lost(to, file, count)})  # fmt: skip
                forget(file)
    return {f"30 % fail in all ways{name}": told(f"failing{name}", rows) for name, rows in found.items()}


def told(name: str, found: list[Row]) -> Row:
    """The medians of a section, printed meanwhile."""
    row = {each: round(statistics.median(row[each] for row in found), 4) for each in found[0]}
    sys.stderr.write(f"{name}: {row}\n")
    return row


def table(rows: dict[str, dict[str, Row]]) -> str:
    lines: list[str] = []
    if steadily := [*rows.get("quota", {}).items(), *rows.get("random", {}).items()]:
        lines += [
            "| service | let in per second | of what a fixed best rate reaches | throttled |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {row['perSecond']:,.0f} | {row['ratio']:.2f} | {row['throttled']:.1%} |"
            for name, row in steadily
        ]
        lines.append("")
    if whole := rows.get("failing", {}):
        lines += ["| service | seconds | boto3's seconds | boto3's / ours | lost (boto3) |", "|---|---|---|---|---|"]
        lines += [
            f"| {name} | {row['seconds']:.1f} | {row['boto3Seconds']:.1f} | {row['ratio']:.1f} "
            f"| {row['lost']:.0f} ({row['boto3Lost']:.0f}) |"
            for name, row in whole.items()
        ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each run at a quota, and with random throttling")
    parser.add_argument(
        "--only", nargs="+", choices=("quota", "random", "failing"), default=("failing", "quota", "random")
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args()
    sections = {"failing": failing, "random": random_throttling, "quota": quota}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        rows = {section: sections[section](options, Path(name)) for section in options.only}
    print(table(rows))
    sys.stderr.write(f"{time.monotonic() - started:.0f} s\n")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
