"""
What has been received: messages, bytes, gaps and latency, for each subscription and since the last look.

In: messages and gaps as they come, and the time (seconds of a clock that goes on evenly) whenever a count is asked for. Out:
lines of text, or figures for a table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from livebus.subscribe.message import Gap, Message
from livebus.terminal.counts import counted

# Latency is told of so many messages at most, the last ones.
SAMPLES = 1000
# An AWSTimestamp counts seconds; whoever counts milliseconds is beyond this, which as seconds is the year 5138.
_MILLISECONDS_FROM = 100_000_000_000
_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "KB"))


@dataclass(slots=True)
class Received:
    """What came of one subscription: ``before`` holds messages and bytes at the last look."""

    messages: int = 0
    errors: int = 0
    size: int = 0
    last: datetime | None = None
    before: tuple[int, int] = (0, 0)
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))


class Reception:
    """
    Counts. ``latency_path`` is the way to a time inside a subscription's field, such as ``("time",)``; ``now`` the time
    at which counting begins.
    """

    def __init__(self, subscriptions: Iterable[str], now: float, latency_path: tuple[str, ...] = ()) -> None:
        self.by_subscription = {name: Received() for name in subscriptions}
        self.gaps = 0
        self.gap_seconds = 0.0
        self.untimed = 0
        self._latency_path = latency_path
        self._began = self._looked = now

    @property
    def messages(self) -> int:
        return sum(received.messages for received in self.by_subscription.values())

    def add_message(self, message: Message) -> None:
        received = self.by_subscription[message.subscription]
        received.messages += 1
        received.errors += bool(message.errors)
        received.size += message.size
        received.last = message.received_at
        if self._latency_path:
            sent = published_at(message.value, self._latency_path)
            if sent is None:
                self.untimed += 1
            else:
                received.latencies.append((message.received_at - sent).total_seconds())

    def add_gap(self, gap: Gap) -> None:
        self.gaps += 1
        self.gap_seconds += gap.seconds

    def since_last_look(self, now: float) -> list[str]:
        """A line for what came since this was last asked; with several subscriptions one for each below it."""
        seconds = now - self._looked
        self._looked = now
        counts = {}
        for name, received in self.by_subscription.items():
            counts[name] = (received.messages - received.before[0], received.size - received.before[1])
            received.before = (received.messages, received.size)
        return self._lines(f"stats of {seconds:.0f} s", seconds, counts)

    def summary(self, now: float) -> list[str]:
        """The lines for all that came."""
        seconds = now - self._began
        counts = {name: (received.messages, received.size) for name, received in self.by_subscription.items()}
        lines = self._lines(f"in all, in {seconds:.1f} s", seconds, counts)
        errors = sum(received.errors for received in self.by_subscription.values())
        if errors:
            lines.append(f"{errors} of the messages had errors")
        if self.untimed:
            lines.append(f"{self.untimed} of the messages had no time in {'.'.join(self._latency_path)}")
        return lines

    def _lines(self, title: str, seconds: float, counts: dict[str, tuple[int, int]]) -> list[str]:
        messages, size = (sum(count[part] for count in counts.values()) for part in (0, 1))
        whole = f"{title}: {_counted(messages, size, seconds)}; {self.gaps_text()}"
        if len(counts) == 1:
            return [whole + self._latency(*counts)]
        return [whole] + [
            f"  {name}: {_counted(*count, seconds)}{self._latency(name)}" for name, count in counts.items()
        ]

    def gaps_text(self) -> str:
        """How many gaps there were, and how long they were in all."""
        if not self.gaps:
            return "no gap"
        return f"{counted(self.gaps, 'gap')}, {self.gap_seconds:.1f} s"

    @property
    def has_latency(self) -> bool:
        return bool(self._latency_path)

    def median_latency(self, name: str) -> str:
        """The median of the last messages' latencies; nothing where none is known."""
        values = sorted(self.by_subscription[name].latencies)
        return _milliseconds(values[len(values) // 2]) if values else ""

    def _latency(self, name: str) -> str:
        values = sorted(self.by_subscription[name].latencies)
        if not values:
            return ""
        high = values[min(len(values) - 1, len(values) * 95 // 100)]
        return f"; latency {self.median_latency(name)} (95%: {_milliseconds(high)}, most: {_milliseconds(values[-1])})"


def size_text(size: float) -> str:
    """Bytes for people: ``987 B``, ``34.5 KB`` (of 1,000 bytes)."""
    return next((f"{size / unit:.1f} {name}" for unit, name in _UNITS if size >= unit), f"{size:.0f} B")


def published_at(value: Any, path: Iterable[str]) -> datetime | None:
    """
    The time that a value holds at a path, in UTC: ISO 8601 (AWSDateTime), or seconds or milliseconds since 1970.

    None where there is none, or none that says its offset from UTC.
    """
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            return time if time.tzinfo else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_FROM else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _counted(messages: int, size: int, seconds: float) -> str:
    rate = messages / seconds if seconds > 0 else 0.0
    return f"{counted(messages, 'message')} ({rate:.1f}/s), {size_text(size)}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
