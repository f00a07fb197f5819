"""
Seconds of validate.py on the project's template, against cfn-lint alone, and of many sample events on top.

Run it with ``python benchmarks/validation.py [--json] [--rounds 5] [--events 10000]``. Each row is a pair: both programs are started
one after the other in each round, and the ratio is the median over the rounds, so that a busy machine slows both. Both run
in a process of their own, as people start them; cfn-lint alone runs without our rules.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

PROJECT = Path(__file__).resolve().parent.parent
VALIDATE = [sys.executable, str(PROJECT / "scripts" / "validate.py"), "--quiet"]
TARGETS = {"validate.py": 1.5, "validate.py --fast": 1 / 3}
EVENTS_SECONDS = 2.0

Row = dict[str, str | float]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="how many pairs (default: %(default)s)")
    parser.add_argument("--events", type=int, default=10_000, help="how many sample events (default: %(default)s)")
    options = parser.parse_args(arguments)
    rows = measure(options.rounds, options.events)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        print(
            f"{row['subject']:34} {row['seconds']:>7.2f} s   {row['against']:28} {row['against_seconds']:>7.2f} s"
            f"   {row['measure']} {row['value']:>6.2f} (aim: below {row['aim']:.2f})"
        )
    return 0


def measure(rounds: int, events: int) -> list[Row]:
    """Measure all pairs."""
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        folder = Path(name)
        bare, many = folder / "cfnlintrc.yaml", folder / "many.ndjson"
        bare.write_text("{}\n", encoding="utf-8")
        many.write_text("".join(f"{json.dumps(event(number))}\n" for number in range(events)), encoding="utf-8")
        # Without our rules: .cfnlintrc is not read where another file is named.
        cfn_lint = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", str(bare), "-t", "template.yaml"]
        rows = [
            ratio("validate.py", VALIDATE, "cfn-lint", cfn_lint, rounds),
            ratio("validate.py --fast", [*VALIDATE, "--fast"], "cfn-lint", cfn_lint, rounds),
        ]
        one = [*VALIDATE, "--fast", "events/sample.json"]
        pairs = [(seconds([*VALIDATE, "--fast", str(many)]), seconds(one)) for _ in range(rounds)]
        rows.append(
            {
                "subject": f"validate.py --fast, {events} events",
                "seconds": median(with_all for with_all, _ in pairs),
                "against": "validate.py --fast, 1 event",
                "against_seconds": median(with_one for _, with_one in pairs),
                "measure": "seconds on top",
                "value": median(with_all - with_one for with_all, with_one in pairs),
                "aim": EVENTS_SECONDS,
            }
        )
    return rows


def ratio(subject: str, ours: Sequence[str], against: str, theirs: Sequence[str], rounds: int) -> Row:
    seconds(ours)  # files come from the disk once
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return {
        "subject": subject,
        "seconds": median(mine for mine, _ in pairs),
        "against": against,
        "against_seconds": median(other for _, other in pairs),
        "measure": "ratio",
        "value": median(mine / other for mine, other in pairs),
        "aim": TARGETS[subject],
    }


def seconds(command: Sequence[str]) -> float:
    """How long a program runs, from its start to its end. Raises CalledProcessError where it finds something."""
    started = perf_counter()
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return perf_counter() - started


def event(number: int) -> dict[str, object]:
    """One event that arrives."""
    detail = {"msg": f"message {number}", "order": {"id": f"order-{number}", "items": list(range(number % 20))}}
    return {"source": "sample.source", "detail-type": "message", "detail": detail}


if __name__ == "__main__":
    raise SystemExit(main())
