"""
Measures the whole line: events per second from PutEvents to a subscriber's socket, and the latency of a single event.

The runtime runs in a process of its own, as ``livebus local`` starts it; this process is the publisher (HTTP
connections that send batches of ten) and the subscriber. Every event sent is waited for; a lost one fails the run. Also
measured: the processor time that the runtime needs for an event and for a subscriber's connection, and the time from starting
the runtime to its first answered PutEvents.

    python benchmarks/line.py [--seconds 5] [--rounds 3] [--connections 4] [--json]
                              [--against COMMIT] [--compiled] [--peer ministack] [--page] [--profile FILE]

``--against`` measures the runtime of another commit too, ``--compiled`` that of a compiled wheel (built for the run, which takes two
minutes and a C compiler), ``--page`` this one with a page open that shows the events, ``--peer ministack`` MiniStack's way from PutEvents to a queue (installed for the run, or kept in ``--peers FOLDER``). All take turns in each
round; figures are medians of the rounds, ratios are medians of the rounds' ratios. ``--profile FILE`` runs the runtime under
cProfile and prints the functions that cost most; figures are then too low.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pstats
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from line_load import Flow, Load, connecting, latency, through_the_line, to_a_queue
from line_servers import PROJECT, MiniStack, Runtime, checked_out, compiled, installed_ministack

LATENCY_EVENTS = 1000
WARM_EVENTS = 200
STARTS = 5
SUBSCRIBERS = 240

Figures = dict[str, float | str]
Measure = Callable[[], Flow]


def measure(options: argparse.Namespace) -> Figures:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="livebus-benchmark-")))
        figures: Figures = starts(folder / "starts") if options.profile is None else {}
        runtime = started(stack, folder / "own", PROJECT, options.profile)
        other = None
        if options.against:
            other = started(stack, folder / "other", stack.enter_context(checked_out(options.against)))
        load = Load(options.seconds, options.connections)
        subjects: dict[str, Measure] = {"": lambda: asyncio.run(through_the_line(runtime, load))}
        if other is not None:
            subjects["against"] = lambda: asyncio.run(through_the_line(other, load))
        if options.compiled:
            fast = started(stack, folder / "compiled", stack.enter_context(compiled()))
            subjects["compiled"] = lambda: asyncio.run(through_the_line(fast, load))
        if options.page:
            subjects["page"] = lambda: asyncio.run(through_the_line(runtime, load, page=True))
        if options.peer:
            peer = MiniStack(installed_ministack(Path(options.peers or folder)), folder)
            stack.callback(peer.stop)
            figures["peerVersion"] = peer.version
            subjects["peer"] = lambda: asyncio.run(to_a_queue(peer, load))
        figures |= in_turns(subjects, options.rounds)
        figures |= latencies(runtime)
        figures |= connections_of(runtime, other, options.rounds)
    return figures


def started(stack: ExitStack, folder: Path, project: Path, profile: Path | None = None) -> Runtime:
    """A runtime that has done everything once."""
    folder.mkdir()
    runtime = Runtime(folder, project, profile)
    stack.callback(runtime.stop)
    asyncio.run(latency(runtime, WARM_EVENTS))
    return runtime


def starts(folder: Path) -> Figures:
    folder.mkdir()
    seconds = []
    for _ in range(STARTS):
        runtime = Runtime(folder)
        seconds.append(runtime.seconds)
        runtime.stop()
    return {"startSeconds": median(seconds[1:]), "firstStartSeconds": seconds[0]}


def in_turns(subjects: dict[str, Measure], rounds: int) -> Figures:
    """Each subject once a round, the one that was first last in the next; ratios are to our own line in the same round."""
    flows: dict[str, list[Flow]] = {name: [] for name in subjects}
    order = list(subjects)
    for _ in range(rounds):
        for name in order:
            flows[name].append(subjects[name]())
        order.reverse()
    own = flows.pop("")
    figures: Figures = {
        "eventsPerSecond": median(flow.rate for flow in own),
        "cpuMicrosecondsPerEvent": median(flow.cpu for flow in own),
        "publisherCoreShare": median(flow.own for flow in own),
    }
    for name, found in flows.items():
        pairs = list(zip(own, found, strict=True))
        figures[f"{name}EventsPerSecond"] = median(flow.rate for flow in found)
        figures[f"{name}CpuMicrosecondsPerEvent"] = median(flow.cpu for flow in found)
        if name == "page":  # what is left of the line's speed while it is looked at
            figures["pageRateRatio"] = median(with_page.rate / mine.rate for mine, with_page in pairs)
            figures["pageCpuRatio"] = median(mine.cpu / with_page.cpu for mine, with_page in pairs)
        elif name == "compiled":  # how many times as fast as the one that is not
            figures["compiledRateRatio"] = median(fast.rate / mine.rate for mine, fast in pairs)
            figures["compiledCpuRatio"] = median(mine.cpu / fast.cpu for mine, fast in pairs)
        else:  # how many times as fast as the other
            figures[f"{name}RateRatio"] = median(mine.rate / other.rate for mine, other in pairs)
            figures[f"{name}CpuRatio"] = median(other.cpu / mine.cpu for mine, other in pairs)
    if "compiled" in flows and "peer" in flows:
        pairs = list(zip(flows["compiled"], flows["peer"], strict=True))
        figures["compiledPeerRateRatio"] = median(fast.rate / peer.rate for fast, peer in pairs)
        figures["compiledPeerCpuRatio"] = median(peer.cpu / fast.cpu for fast, peer in pairs)
    return figures


def latencies(runtime: Runtime) -> Figures:
    times = sorted(asyncio.run(latency(runtime, LATENCY_EVENTS)))
    return {
        "latencyP50Milliseconds": 1000 * times[len(times) // 2],
        "latencyP99Milliseconds": 1000 * times[len(times) * 99 // 100],
    }


def connections_of(runtime: Runtime, other: Runtime | None, rounds: int) -> Figures:
    own, others = [], []
    for _ in range(rounds):
        own.append(asyncio.run(connecting(runtime, SUBSCRIBERS)))
        if other is not None:
            others.append(asyncio.run(connecting(other, SUBSCRIBERS)))
    figures: Figures = {"connectCpuMilliseconds": median(own)}
    if others:
        figures["againstConnectCpuMilliseconds"] = median(others)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to publish (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=4, help="HTTP connections (default: %(default)s)")
    parser.add_argument("--against", metavar="COMMIT", help="measure the runtime of this commit, too")
    parser.add_argument("--compiled", action="store_true", help="measure a compiled wheel's runtime, too")
    parser.add_argument("--peer", choices=["ministack"], help="measure MiniStack in the same run")
    parser.add_argument("--peers", metavar="FOLDER", help="keep the peer's environment here")
    parser.add_argument("--page", action="store_true", help="measure with a page open, too")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="profile the runtime into FILE")
    options = parser.parse_args()
    figures = measure(options)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:32}" + (f"{figure:>12}" if isinstance(figure, str) else f"{figure:12,.2f}"))
    if options.profile:
        pstats.Stats(str(options.profile)).sort_stats("tottime").print_stats(25)
    return 0


if __name__ == "__main__":
    sys.exit(main())
