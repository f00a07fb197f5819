"""
What a publication has to say: while it goes on, and at its end.

In: a tally and times. Out: text for people, members for machines. Nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.publish.tally import Tally

_PERCENTILES = (50, 95, 99)


def members(tally: Tally, seconds: float) -> dict[str, Any]:
    """The numbers of a summary; times in seconds."""
    latencies = tally.latencies
    return {
        "rejected": dict(tally.rejected),
        "retried": dict(tally.retried),
        "unreadable": tally.unreadable,
        "seconds": round(seconds, 3),
        "rate": round(tally.accepted / seconds, 1) if seconds else 0.0,
        "latency": {f"p{each}": round(latencies.percentile(each), 6) for each in _PERCENTILES},
    }


def speed(tally: Tally, seconds: float) -> str:
    """How fast it was, and what had to be sent again."""
    parts = [f"in {seconds:.1f} s: {tally.accepted / max(seconds, 1e-9):,.0f} a second", latency(tally)]
    if tally.retried:
        parts.append(f"sent again {reasons(tally.retried)}")
    return ", ".join(parts)


def latency(tally: Tally) -> str:
    """The percentiles of requests' latencies."""
    told = (f"p{each} {milliseconds(tally.latencies.percentile(each))}" for each in _PERCENTILES)
    return f"latency {' '.join(told)}"


def reasons(counts: Mapping[str, int]) -> str:
    """Counts by error code, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count:,} × {code}" for code, count in ordered)


def milliseconds(seconds: float) -> str:
    """A time with two digits that say something."""
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def progress(tally: Tally, rate: float, total: int | None) -> str:
    """One line about what goes on; ``rate`` is that of the last seconds, ``total`` what there is, where it is known."""
    done = tally.accepted + tally.failed
    text = f"{tally.accepted:,} accepted"
    if total:
        filled = min(20, 20 * done // total)
        text = f"[{'#' * filled}{'.' * (20 - filled)}] {text} of {total:,}"
        if rate > 0 and done < total:
            left = (total - done) / rate
            text += f", {left:.0f} s left" if left < 100 else f", {left / 60:.0f} min left"
    if tally.failed:
        text += f", {tally.failed:,} failed"
    return f"{text}, {rate:,.0f}/s, {latency(tally)}"
