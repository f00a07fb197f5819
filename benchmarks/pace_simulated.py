"""
How well the pace of ``livebus publish`` does at many services, in simulated time: the same for the same seeds, and quick.

    python benchmarks/pace_simulated.py [NAME ...] [--seeds 20] [--processes 1] [--json FILE]

Each scenario is run with so many seeds: what is chance differs (random throttling, how long a request takes, where timers
come late, how long failed entries wait). It is compared with the best of fixed rates, which only whoever knows the quota can
choose, or, where there is no quota, with a run that has no pace at all. NAME is a part of the names of some scenarios.

Of a run that takes a given time, ``ratio`` is what was let in; of one that sends so many events, how soon all had been
accepted. ``throttled`` is the share of all requests, ``at the quota`` without those that are throttled at random. The rest
says when the throttled requests were sent: before anything was known, while a lower rate was tried, at the likely quota, and
while a higher one was.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "src"), str(PROJECT / "tests")]

from livebus.event.stream import StreamedEntry  # noqa: E402
from livebus.publish.answer import PutEventsAnswer  # noqa: E402
from livebus.publish.dispatch import Limits  # noqa: E402
from livebus.publish.pace import Quota  # noqa: E402
from livebus.publish.request import Request  # noqa: E402
from livebus.publish.rounds import Round  # noqa: E402
from support.simulated_bus import Bus, Outcomes  # type: ignore[import-not-found]  # noqa: E402
from support.simulated_services import (  # type: ignore[import-not-found]  # noqa: E402
    AtRandom,
    Bucket,
    Changing,
    Failing,
    Service,
)

BEGIN = 1000.0  # of a simulation's time
MAKING = 1 / 7000  # seconds for a request: what the publisher reaches on a core
JUDGING = 0.003  # seconds that a round takes to be learnt from
TIMER = 0.001  # what timers are rounded to
EVENLY = 0.0001  # the same where requests have to go evenly
JITTER = 0.00005  # seconds that a request takes beyond the latency, on average
FIXED = (0.95, 1.0)
PHASES = ("unknown", "below", "at it", "beyond")
Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scenario:
    """``service(seed)``, asked for ``seconds``, or for so many ``events``; ``quota`` in requests per second; ``exact`` without jitter."""

    service: Callable[[int], Service]
    quota: float = 0.0
    seconds: float = 6.0
    events: int = 0
    latency: float = 0.01
    publishers: int = 1
    making: float = MAKING
    exact: bool = False
    jitter: float = JITTER
    seeds: int = 1000
    fixed: Sequence[float] = FIXED


def bucket(per_second: float, burst_seconds: float = 0.1, share: float = 0.0) -> Callable[[int], Service]:
    return lambda seed: Bucket(per_second, per_second * burst_seconds, behind=AtRandom(share, seed) if share else None)


def becoming(before: float, after: float, at: float) -> Callable[[int], Service]:
    return lambda seed: Changing((BEGIN + at, bucket(before)(seed)), (math.inf, bucket(after)(seed)))


def scenarios() -> dict[str, Scenario]:
    return {
        "600/s, no burst": Scenario(bucket(600, 0), 600),
        "600/s, no burst, 0.5 ms late": Scenario(bucket(600, 0), 600, jitter=0.0005),
        "600/s, no burst, exact times": Scenario(bucket(600, 0), 600, exact=True),
        "600/s": Scenario(bucket(600), 600),
        "600/s, a burst of 1 s": Scenario(bucket(600, 1), 600),
        **{f"600/s, {each:.0%} at random": Scenario(bucket(600, 0.1, each), 600) for each in (0.01, 0.05, 0.1, 0.2)},
        **{
            f"600/s, no burst, {each:.0%} at random": Scenario(bucket(600, 0, each), 600, fixed=(0.8, 0.9, 0.95, 1.0))
            for each in (0.01, 0.1)
        },
        "50/s": Scenario(bucket(50), 50),
        "50/s, 10% at random": Scenario(bucket(50, 0.1, 0.1), 50),
        "400/s": Scenario(bucket(400), 400),
        "2400/s": Scenario(bucket(2400), 2400),
        "20000/s": Scenario(bucket(20_000), 20_000, seconds=3, making=1 / 40_000, seeds=3),
        "600/s, then 300/s": Scenario(becoming(600, 300, 3), 300, seconds=9),
        "600/s, then 1200/s": Scenario(becoming(600, 1200, 3), 1200, seconds=9),
        "600/s, two publishers": Scenario(bucket(600), 600, seconds=12, publishers=2),
        **{f"600/s, {each * 1000:.0f} ms": Scenario(bucket(600), 600, latency=each) for each in (0.05, 0.2)},
        **{f"{each} events, 600/s": Scenario(bucket(600), 600, events=each) for each in (500, 2000, 10_000)},
        **{
            f"{each} events, 600/s, a burst of 1 s": Scenario(bucket(600, 1), 600, events=each)
            for each in (2000, 10_000)
        },
        "30000 events, 600/s": Scenario(bucket(600), 600, events=30_000),
        **{f"{each} events, healthy": Scenario(lambda _: Service(), events=each) for each in (500, 2000, 10_000)},
        "healthy": Scenario(lambda _: Service(), seconds=3, seeds=2),
        **{
            f"{each:.0%} at random": Scenario(lambda seed, share=each: AtRandom(share, seed), seconds=6, seeds=8)  # type: ignore[misc]
            for each in (0.01, 0.05, 0.1, 0.2)
        },
        "40000 events, 30% fail": Scenario(lambda seed: Failing(0.3, seed), events=40_000, latency=0.003),
    }


ENTRY = StreamedEntry(b"{}", 300, "e.ndjson", 0, 1)


class Unpaced(Quota):
    """Learns nothing."""

    def answered(self, now: float, sent_at: float, throttled: float) -> None:
        pass


class Counted(Outcomes):  # type: ignore[misc]
    """Only counts."""

    count = 0

    def accepted(self, items: Sequence[Any], results: Any, latency: float) -> None:
        del results, latency
        self.count += len(items)


def publisher(
    scenario: Scenario, seed: int, *, rate: float = 0.0, paced: bool = True
) -> tuple[Bus, Counter[str], Callable[..., PutEventsAnswer]]:
    """One, what of its requests was throttled when, and a wrapper for the service that counts it."""
    chance = random.Random(seed)
    # The command sends few events one request after the other.
    limits = Limits(max_attempts=100, rate=rate, most_concurrency=1 if 0 < scenario.events <= 1000 else 512)
    bus = Bus(limits, uniform=chance.uniform)
    bus.dispatch._outcomes = bus.outcomes = Counted()
    bus.latency, bus.making = scenario.latency, scenario.making
    if not scenario.exact:
        bus.timer, bus.evenly = TIMER, EVENLY
        bus.takes = lambda: chance.expovariate(1 / scenario.jitter)
    if not paced:
        bus.dispatch.quota = Unpaced()
    phases: Counter[str] = Counter()
    quota = bus.dispatch.quota
    sent_in: dict[float, str] = {}
    sent = quota.sent

    def noted(now: float) -> None:
        sent_in[now] = phase(quota)
        sent(now)

    quota.sent = noted
    judge = quota._judge

    def judged(done: Round, now: float) -> None:
        judge(done, now)
        bus.now += JUDGING if quota._belief else 0.0

    quota._judge = judged

    def answer(service: Service, request: Request, now: float) -> PutEventsAnswer:
        got: PutEventsAnswer = service(request, now)
        bad = got.error is not None and got.error.error_code == "ThrottlingException"
        known = sent_in.pop(request.sent_at)
        phases["requests"] += 1
        if bad:
            phases[known] += 1
            phases["throttled"] += 1
        return got

    return bus, phases, answer


def phase(quota: Quota) -> str:
    if quota._belief is None:
        return "unknown"
    beside = quota._probing.beside
    return "below" if beside < 0 else "beyond" if beside > 0 else "at it"


def run(scenario: Scenario, seed: int, *, rate: float = 0.0, paced: bool = True) -> Row:
    service = scenario.service(seed)
    random_share = getattr(service, "_behind", service)
    share = getattr(random_share, "share_at_random", 0.0)
    made = [publisher(scenario, seed * 100 + each, rate=rate, paced=paced) for each in range(scenario.publishers)]
    if scenario.events:
        ((bus, phases, answer),) = made
        bus.read(scenario.events)
        bus.run(lambda request, now: answer(service, request, now))
        took = bus.now - BEGIN
        through = scenario.events / took
    else:
        most = max(scenario.quota, 600) if scenario.quota else 1 / scenario.making
        for bus, *_ in made:
            bus._unread.extend((number, ENTRY) for number in range(int(scenario.seconds * most * 12)))
        buses = [bus for bus, *_ in made]
        answers = {id(bus): answer for bus, _, answer in made}
        end = BEGIN + scenario.seconds
        while going := [bus for bus in buses if bus.now < end and not bus.dispatch.done]:
            bus = min(going, key=lambda bus: bus.now)
            bus.step(lambda request, now, bus=bus: answers[id(bus)](service, request, now))
        phases = sum((each for _, each, _ in made), Counter())
        through = sum(bus.outcomes.count for bus in buses) / scenario.seconds
    total = phases["requests"]
    row = {"through": through, "throttled": phases["throttled"] / total}
    row["at the quota"] = max(0.0, (phases["throttled"] / total - share) / (1 - share))
    row |= {each: phases[each] / total for each in PHASES}
    if scenario.publishers > 1:
        row["least"] = min(bus.outcomes.count for bus in buses) / sum(bus.outcomes.count for bus in buses)
    return row


@cache
def reference(name: str, seed: int) -> float:
    """What is let in per second by whoever knows the quota; or without a pace."""
    scenario = scenarios()[name]
    if isinstance(scenario.service(seed), Changing):
        before, after = ((service.per_second, until - BEGIN) for until, service in scenario.service(seed)._services)
        at = before[1]
        through: float = 10 * (before[0] * at + after[0] * (scenario.seconds - at)) / scenario.seconds
        return through
    if not scenario.quota:
        return run(scenario, seed, paced=False)["through"]
    if scenario.publishers > 1:
        return scenario.quota * 10
    return max(run(scenario, seed, rate=scenario.quota * each * 10)["through"] for each in scenario.fixed)


def one(task: tuple[str, int]) -> Row:
    name, seed = task
    row = run(scenarios()[name], seed)
    row["ratio"] = row["through"] / reference(name, 1 + seed % 2)
    return row


COLUMNS = ("ratio", "throttled", "at the quota")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    chosen = [each for each in scenarios() if not options.names or any(name in each for name in options.names)]
    print(
        "| scenario | ratio: median, least | throttled: median, most | at the quota: median, most | unknown, below, at it, beyond |"
    )
    print("|---|---|---|---|---|")
    rows: dict[str, Any] = {}
    with ProcessPoolExecutor(options.processes) as pool:
        for name in chosen:
            seeds = range(1, 1 + min(options.seeds, scenarios()[name].seeds))
            found = list(pool.map(one, [(name, seed) for seed in seeds], chunksize=2))
            rows[name] = found
            middle = {each: statistics.median(row[each] for row in found) for each in found[0]}
            most = {each: max(row[each] for row in found) for each in found[0]}
            least = min(row["ratio"] for row in found)
            phases = ", ".join(f"{middle[each]:.1%}" for each in PHASES)
            shares = f"; least share {min(row['least'] for row in found):.2f}" if "least" in middle else ""
            print(
                f"| {name} | {middle['ratio']:.2f}, {least:.2f}{shares} | {middle['throttled']:.1%}, {most['throttled']:.1%} "
                f"| {middle['at the quota']:.1%}, {most['at the quota']:.1%} | {phases} |",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
