"""
Measures how fast ``scripts/publish.py`` goes at services that throttle, and at one that fails at random.

    python benchmarks/pace.py [--rounds 3] [--events 40000] [--json FILE]

quota     a token bucket without a burst (one request), and with one (a tenth of a second): against the best of some fixed
          rates (``--rate``), which only whoever knows the quota can choose
healthy   and random: 1, 5, 10, 20 % of the requests throttled at any rate; against the same run without any pace
failing   30 % of the requests fail in all ways (resets, 503, throttled, partial, slow): against a plain boto3 script of 16
          threads with standard retries, in turns; and the same killed twice and resumed

Each ratio is the median of the ratios of a round. Nothing is lost: the sink's log and the file of failed events have all.
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
FIXED = (0.85, 0.9, 0.95, 0.98, 1.0)
THREADS = 16
SHARES = (0.01, 0.05, 0.1, 0.2)
KILLS = 2
DONE = (0, 3)
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


def timed(to: Sink, command: list[str | Path], *, kill_after: float = 0.0) -> tuple[float, dict[str, Any]]:
    """Seconds of a run on the last core, killed and resumed where that is wanted; and what the sink counted."""
    to.restart()
    started = time.perf_counter()
    kills = KILLS if kill_after else 0
    journal = Path(f"{command[2]}.journal")
    for attempt in range(kills + 1):
        # Whoever is killed before it has begun leaves no journal.
        flags = ["--resume"] if attempt and journal.exists() else []
        process = subprocess.Popen([*map(str, command), *flags], env=to.environment, stderr=subprocess.PIPE)
        os.sched_setaffinity(process.pid, CORES[-1:])
        with suppress(subprocess.TimeoutExpired):
            _, told = process.communicate(timeout=kill_after if attempt < kills else None)
            if process.returncode not in DONE:
                sys.exit(f"{command}: exit code {process.returncode}\n{told.decode(errors='replace')}")
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return time.perf_counter() - started, to.restart()


def lost(to: Sink, file: Path, count: int) -> int:
    """How many events were neither accepted nor set aside."""
    known = set(to.log.read_text().split())
    for part in file.parent.glob(f"{file.name}.failed*.ndjson"):
        known |= {str(json.loads(json.loads(line)["Detail"])["n"]) for line in part.read_text().splitlines()}
        part.unlink()
    to.log.write_text("")
    return count - len(known)


def quota(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Requests let in per second while sending."""
    count = LIMIT * 10 * options.seconds
    file = events(folder / "quota.ndjson", count, 300)
    rows: dict[str, Any] = {}
    for name, burst in (("without burst", "0"), ("with burst", "0.1")):
        with sink("--limit", str(LIMIT), "--burst-seconds", burst, "--latency-ms", "10") as to:
            found: list[dict[str, float]] = []
            for _ in range(options.rounds):
                rates: dict[float, float] = {}
                for share in (*FIXED, 0.0):
                    flags = ("--rate", str(int(share * LIMIT * 10))) if share else ()
                    _, counts = timed(to, ours(to, file, "--engine", "bulk", "--max-attempts", "100", *flags))
                    span = counts["lastRequestAt"] - counts["firstRequestAt"]
                    rates[share] = (counts["requests"] - counts.get("throttled", 0)) / span
                throttled = counts.get("throttled", 0) / counts["requests"]
                found.append({"ratio": rates[0.0] / max(rates[share] for share in FIXED), "throttled": throttled,
                              "perSecond": rates[0.0]})  # fmt: skip
        rows[name] = medians(found)
        print(f"quota of {LIMIT}/s {name:14} {rows[name]}", flush=True)
    return rows


def random_throttling(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Seconds of the whole run."""
    file = events(folder / "random.ndjson", options.events, 300)
    rows: dict[str, Any] = {}
    for share in (0.0, *SHARES):
        with sink("--throttle", str(share), "--latency-ms", "10") as to:
            found: list[dict[str, float]] = []
            paced = ours(to, file, "--engine", "bulk", "--max-attempts", "100")
            unpaced: list[str | Path] = [paced[0], "-c", UNPACED, PROJECT, *paced[2:]]
            for _ in range(options.rounds):
                seconds, _ = timed(to, paced)
                fastest, _ = timed(to, unpaced)
                found.append({"ratio": fastest / seconds, "seconds": seconds})
        name = f"{100 * share:.0f} %"
        rows[name] = medians(found)
        print(f"throttled at random, {name:5} {rows[name]}", flush=True)
    return rows


def failing(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Seconds of the whole runs; the boto3 script's start is not in its own."""
    count = options.events
    file = events(folder / "failing.ndjson", count, 300)
    with sink("--fail", "0.3", "--seed", "4", "--log", "LOG") as to:
        found: list[dict[str, float]] = []
        for _ in range(options.rounds):
            seconds, _ = timed(to, ours(to, file, "--engine", "bulk"))
            missing = lost(to, file, count)
            resumed, _ = timed(to, ours(to, file, "--engine", "bulk"), kill_after=1.0)
            missing += lost(to, file, count)
            rival, _ = timed(to, [sys.executable, RIVALS, "retrying", file, to.url, str(THREADS)])
            boto3_lost = lost(to, file, count)
            print(f"  {seconds:.1f} s, killed twice {resumed:.1f} s, boto3 {rival:.1f} s", flush=True)
            found.append({"ratio": rival / seconds, "ratioKilledTwice": rival / resumed, "seconds": seconds,
                          "secondsKilledTwice": resumed, "boto3Seconds": rival, "lost": missing,
                          "boto3Lost": boto3_lost})  # fmt: skip
    row = medians(found)
    print(f"failing, 30 % {row}", flush=True)
    return row


def medians(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in found), 3) for name in found[0]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--seconds", type=int, default=15, help="of the runs at a quota")
    parser.add_argument(
        "--only", nargs="+", choices=("quota", "random", "failing"), default=("failing", "random", "quota")
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args()
    sections = {"failing": failing, "random": random_throttling, "quota": quota}
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        rows = {section: sections[section](options, Path(name)) for section in options.only}
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
