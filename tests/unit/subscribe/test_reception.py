"""What has been received, counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from livebus.subscribe.message import Gap, Message
from livebus.subscribe.reception import SAMPLES, Reception, published_at, size_text

AT = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


def message(value: Any = None, name: str = "onOrder", size: int = 500, errors: tuple[Any, ...] = ()) -> Message:
    return Message(AT, {name: value}, errors, name, name, size)


def test_a_look_counts_since_the_last_one() -> None:
    """Rates are taken over the time that passed; the summary has it all."""
    reception = Reception(["onOrder"], 100.0)
    reception.add_message(message())
    reception.add_message(message())
    assert reception.since_last_look(110.0) == ["stats of 10 s: 2 messages (0.2/s), 1.0 KB; no gap"]
    reception.add_message(message(errors=("e",)))
    reception.add_gap(Gap(AT, AT + timedelta(seconds=3.5), "gone"))
    assert reception.since_last_look(115.0) == ["stats of 5 s: 1 message (0.2/s), 500 B; 1 gap, 3.5 s"]
    reception.add_gap(Gap(AT, AT + timedelta(seconds=1), "gone"))
    assert reception.summary(120.0) == [
        "in all, in 20.0 s: 3 messages (0.1/s), 1.5 KB; 2 gaps, 4.5 s",
        "1 of the messages had errors",
    ]


def test_several_subscriptions_have_a_line_each() -> None:
    """Also the one of which nothing came."""
    reception = Reception(["onOrder", "onSale"], 0.0)
    reception.add_message(message())
    assert reception.summary(1.0) == [
        "in all, in 1.0 s: 1 message (1.0/s), 500 B; no gap",
        "  onOrder: 1 message (1.0/s), 500 B",
        "  onSale: 0 messages (0.0/s), 0 B",
    ]


def test_latency_counts_from_the_time_in_the_message() -> None:
    """The median, the 95th percentile, and the most; what has no time is told."""
    reception = Reception(["onOrder"], 0.0, ("detail", "time"))
    for milliseconds in range(100):
        sent = AT - timedelta(milliseconds=milliseconds)
        reception.add_message(message({"detail": {"time": sent.isoformat()}}, size=0))
    reception.add_message(message({"detail": None}, size=0))
    assert reception.summary(10.0) == [
        "in all, in 10.0 s: 101 messages (10.1/s), 0 B; no gap; latency 50 ms (95%: 95 ms, most: 99 ms)",
        "1 of the messages had no time in detail.time",
    ]


def test_latency_is_of_the_last_messages() -> None:
    """However many come, no more is kept."""
    reception = Reception(["onOrder"], 0.0, ("t",))
    for _ in range(SAMPLES + 5):
        reception.add_message(message({"t": AT.timestamp()}))
    assert len(reception.by_subscription["onOrder"].latencies) == SAMPLES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"t": "2026-01-15T08:30:00Z"}, AT),
        ({"t": "2026-01-15T09:30:00.000+01:00"}, AT),
        ({"t": 1768465800}, AT),
        ({"t": 1768465800000}, AT),
        ({"t": 1768465800.0}, AT),
        ({"t": "2026-01-15T08:30:00"}, None),
        ({"t": "soon"}, None),
        ({"t": True}, None),
        ({"t": 1e300}, None),
        ({"t": float("nan")}, None),
        ({}, None),
        ("text", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_each_of_its_forms(value: Any, expected: datetime | None) -> None:
    """ISO 8601 with its offset, or seconds or milliseconds since 1970."""
    assert expected == published_at(value, ("t",))


@pytest.mark.parametrize(
    ("size", "expected"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (2_500_000, "2.5 MB"), (3e9, "3.0 GB")]
)
def test_sizes_are_told_in_units_of_a_thousand(size: float, expected: str) -> None:
    """As network rates are."""
    assert expected == size_text(size)


def test_each_subscription_knows_when_it_got_something_last() -> None:
    """Nothing yet is no time."""
    reception = Reception(["onOrder", "onSale"], 0.0)
    reception.add_message(message())
    last = message(size=1)
    reception.add_message(last)
    assert [reception.by_subscription[name].last for name in ("onOrder", "onSale")] == [last.received_at, None]
