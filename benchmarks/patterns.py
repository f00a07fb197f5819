"""
Events per second of one event pattern and of the patterns of 300 rules.

Run it with ``python benchmarks/patterns.py [--json] [--seconds 12]``. Each row is a pair: the subject and what it is
measured against take turns in the same run, and the ratio is the median over the pairs, so that a busy machine slows
both. Peers that are not installed are left out (moto, LocalStack); trying each rule in turn is always there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from livebus.pattern import EventPattern, PatternIndex

RULES = 300
ROUNDS = 5
SOURCES = [f"com.example.{name}" for name in ("orders", "billing", "stock", "mail", "fraud", "users", "ship", "app")]
TYPES = ["OrderCreated", "OrderPaid", "ItemPacked", "UserSignedUp", "PaymentFailed", "LabelPrinted"]
STATES = ["pending", "running", "stopped", "terminated", "failed"]
REGIONS = ["us-east-1", "eu-west-1", "ap-south-1"]
# One rule whose source always fits, so that its detail is always looked at.
ONE_RULE = {
    "source": [{"prefix": "com.example."}],
    "detail": {"items": {"sku": ["sku-7", "sku-8"], "count": [{"numeric": [">=", 1]}]}, "error": [{"exists": False}]},
}

Work = Callable[[], object]
Matcher = Callable[[object], bool]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--seconds", type=float, default=12.0, help="about how long to measure (default: %(default)s)")
    options = parser.parse_args(arguments)
    rows = measure(options.seconds)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'subject':44} {'events/s':>10}   {'against':44} {'events/s':>10} {'ratio':>8}")
    for row in rows:
        print(
            f"{row['subject']:44} {row['events_per_second']:>10,.0f}   "
            f"{row['against']:44} {row['against_events_per_second']:>10,.0f} {row['ratio']:>7.2f}x"
        )
    return 0


def measure(seconds: float) -> list[dict[str, str | float]]:
    """Measure all pairs, in about so many seconds."""
    texts = [rule(number) for number in range(RULES)]
    bodies = [orjson.dumps(event(number)) for number in range(60)]
    events = [orjson.loads(body) for body in bodies]
    one = EventPattern(json.dumps(ONE_RULE))
    each = [EventPattern(text) for text in texts]
    index = PatternIndex(texts)
    expected = [[number for number, pattern in enumerate(each) if pattern.matches(one_event)] for one_event in events]
    if expected != [index.matching(one_event) for one_event in events]:
        raise SystemExit("the index and the single patterns disagree")

    def parse() -> object:
        return [json.loads(body) for body in bodies]

    subjects: list[tuple[str, Work, str, Work]] = [
        ("1 rule, parsed event", ask([one.matches], events), "json.loads alone", parse),
        ("1 rule, JSON text", lambda: [one.matches_json(b) for b in bodies], "json.loads alone", parse),
        (
            "300 rules, parsed event",
            lambda: [index.matching(e) for e in events],
            "300 rules, each in turn",
            ask([p.matches for p in each], events),
        ),
        ("300 rules, JSON text", lambda: [index.matching_json(b) for b in bodies], "json.loads alone", parse),
    ]
    for name, compile_peer in PEERS.items():
        try:
            peers = [compile_peer(text) for text in texts]
            peer = compile_peer(json.dumps(ONE_RULE))
        except ImportError:
            continue
        subjects += [
            ("1 rule, parsed event", subjects[0][1], f"{name}, 1 rule", ask([peer], events)),
            ("300 rules, parsed event", subjects[2][1], f"{name}, 300 rules", ask(peers, events)),
        ]
    share = seconds / len(subjects) / ROUNDS / 2
    rows: list[dict[str, str | float]] = []
    for subject, work, against, other in subjects:
        pairs = [(rate(work, len(events), share), rate(other, len(events), share)) for _ in range(ROUNDS)]
        rows.append(
            {
                "subject": subject,
                "events_per_second": median(ours for ours, _ in pairs),
                "against": against,
                "against_events_per_second": median(theirs for _, theirs in pairs),
                "ratio": median(ours / theirs for ours, theirs in pairs),
            }
        )
    return rows


def ask(matchers: Sequence[Matcher], events: Sequence[object]) -> Work:
    """Ask every matcher about every event."""
    return lambda: [[matcher(one_event) for matcher in matchers] for one_event in events]


def rate(work: Work, events: int, seconds: float) -> float:
    """Events per second, over as many runs as fit into the time; one at least."""
    runs = 0
    start = perf_counter()
    while True:
        work()
        runs += 1
        spent = perf_counter() - start
        if spent >= seconds:
            return runs * events / spent


def rule(number: int) -> str:
    """The pattern of one rule: a source, often a type, and conditions of each kind in turn."""
    state = {"state": [STATES[number % 5]]}
    details: list[dict[str, object]] = [
        {"path": [{"wildcard": f"/srv/*/{number}/*.json"}]},
        {**state, "total": [{"numeric": [">", number, "<=", number * 10]}]},
        {"customer": {"tier": [{"anything-but": ["trial", f"tier-{number}"]}]}},
        {**state, "path": [{"prefix": f"/srv/{number % 7}"}, {"suffix": ".json"}]},
        {**state, "items": {"sku": [f"sku-{number}", f"sku-{number + 1}"], "count": [{"numeric": [">=", 2]}]}},
        {"$or": [{"error": [{"exists": True}]}, {"total": [{"numeric": [">", 5000]}]}]},
        {**state, "address": [{"cidr": f"10.{number % 256}.0.0/16"}]},
        {**state, "error": [{"exists": False}]},
        {**state, "customer": {"name": [{"equals-ignore-case": f"Customer {number}"}]}},
        dict(state),
    ]
    pattern: dict[str, object] = {
        "source": [SOURCES[number % len(SOURCES)]],
        "detail": details[number % len(details)],
    }
    if number % 3:
        pattern["detail-type"] = [TYPES[number % len(TYPES)], TYPES[(number + 1) % len(TYPES)]]
    if number % 11 == 0:
        pattern["region"] = [{"prefix": "eu-"}, "us-east-1"]
    return json.dumps(pattern)


def event(number: int) -> dict[str, object]:
    """One event of about a kilobyte."""
    detail: dict[str, object] = {
        "state": STATES[number % 5],
        "total": number * 37.5,
        "path": f"/srv/{number % 7}/{number % 10 * 10}/report-{number}.json",
        "customer": {"id": number, "name": f"CUSTOMER {number}", "tier": "gold", "tags": ["a", "b", str(number)]},
        "address": f"10.{number % 256}.3.4",
        "items": [{"sku": f"sku-{number + item}", "count": item, "price": item * 1.25} for item in range(6)],
        "note": "What the customer wrote. " * 8,
    }
    if number % 4 == 0:
        detail["error"] = {"code": number, "text": "out of stock"}
    return {
        "version": "0",
        "id": f"6a7e8feb-b491-4cf7-a9f1-{number:012x}",
        "detail-type": TYPES[number % len(TYPES)],
        "source": SOURCES[number % len(SOURCES)],
        "account": "111122223333",
        "time": "2026-01-02T03:04:05Z",
        "region": REGIONS[number % 3],
        "resources": [f"arn:aws:ec2:us-east-1:111122223333:instance/i-{number:08x}"],
        "detail": detail,
    }


def moto(text: str) -> Matcher:
    pattern = import_module("moto.events.models").EventPattern.load(text)
    return lambda one_event: bool(pattern.matches_event(one_event))


def localstack(text: str) -> Matcher:
    module = import_module("localstack.services.events.event_rule_engine")
    compiled = module.EventPatternCompiler().compile_event_pattern(text)
    engine = module.EventRuleEngine()
    return lambda one_event: bool(engine.evaluate_pattern_on_event(compiled, json.dumps(one_event)))


PEERS = {"moto": moto, "LocalStack": localstack}


if __name__ == "__main__":
    raise SystemExit(main())
