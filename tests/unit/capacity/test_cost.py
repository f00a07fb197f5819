"""Costs, against sums done by hand and against the examples of AWS's own price pages."""

from __future__ import annotations

import pytest

from livebus.capacity import costs, figures, read_load
from livebus.capacity.cost import Cost
from livebus.capacity.report import total


def items(*words: str) -> dict[str, Cost]:
    return {cost.figure.name: cost for cost in costs(read_load(words, "us-east-1"))}


def per_million(*words: str) -> float:
    """What a million events cost on the line: the event, the mutation, the messages."""
    amount = total([cost for cost in items(*words).values() if cost.in_line])[1]
    assert amount is not None
    return round(amount, 6)


@pytest.mark.parametrize(("subscribers", "expected"), [(0, 5.00), (1, 7.00), (10, 25.00), (100, 205.00)])
def test_a_million_events_cost_1_and_4_and_2_for_each_subscriber(subscribers: int, expected: float) -> None:
    """1.00 for the events, 4.00 for the mutations, 2.00 for each subscriber's messages."""
    assert expected == per_million(f"subscribers={subscribers}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("subscribers=10 share=0.5", 1 + 4 + 5 * 2),
        ("subscribers=10 share=20%", 1 + 4 + 2 * 2),
        ("rules=2", 1 + 8 + 2),
        ("rules=2 targets=3 subscribers=0", 1 + 24),
        ("rules=0 subscribers=50", 1),
        ("event-kb=64 subscribers=0", 1 + 4),
        ("event-kb=64.1 subscribers=0", 2 + 4),
        ("event-kb=200 subscribers=0", 4 + 4),
        ("result-kb=5", 1 + 4 + 2),
        ("result-kb=5.1", 1 + 4 + 4),
        ("result-kb=200", 1 + 4 + 80),
        ("event-kb=0 result-kb=0", 1 + 4 + 2),
    ],
)
def test_what_is_billed_several_times(words: str, expected: float) -> None:
    """Each started 64 KB of an event, each started 5 KB of a message, each target; only subscribers that receive it."""
    assert expected == per_million(words)


@pytest.mark.parametrize("rate", ["0.1", "1", "2000"])
def test_a_million_events_cost_the_same_at_any_rate(rate: str) -> None:
    """The line has no fixed part."""
    assert per_million(f"events/s={rate}") == 7.00


@pytest.mark.parametrize(
    ("subscribers", "minutes", "expected"), [("1", "43200", 0.003456), ("10k", "43200", 34.56), ("2500", "1500", 0.30)]
)
def test_minutes_of_connections(subscribers: str, minutes: str, expected: float) -> None:
    """0.08 for a million of them, whether events come or not."""
    found = items(f"events/s=0 subscribers={subscribers} minutes={minutes}")
    assert round(found["minutes of connections"].month, 6) == expected


def test_the_chat_of_aws_s_price_page() -> None:
    """2.5 million mutations, each of which one of 2,500 users receives, as 1 KB: 10.00, 5.00, 0.30 and 0.21 USD."""
    rate = 2_500_000 / (30 * 24 * 3600)
    found = items(f"events/s={rate:.12f} subscribers=2500 share=0.0004 minutes=1500")
    names = ("mutations", "messages to subscribers", "minutes of connections", "data out to subscribers")
    assert [round(found[name].month, 2) for name in names] == [10.00, 5.00, 0.30, 0.21]


@pytest.mark.parametrize(
    ("gigabytes", "expected"),
    [
        (1, 0.09),
        (10 * 1024, 921.60),
        (20 * 1024, 921.60 + 870.40),
        (50 * 1024, 921.60 + 3_481.60),
        (150 * 1024, 921.60 + 3_481.60 + 7_168.00),
        (151 * 1024, 921.60 + 3_481.60 + 7_168.00 + 51.20),
    ],
)
def test_data_out_is_cheaper_beyond_10_and_50_and_150_tb(gigabytes: int, expected: float) -> None:
    """Each step at its own price."""
    assert round(Cost(figures.DATA_OUT, gigabytes, 1.0).month, 6) == round(expected, 6)


@pytest.mark.parametrize(("rate", "per_second"), [("0.5", 0.5), ("1", 1.0), ("21", 2.0), ("2000", 100.95)])
def test_traces_are_one_a_second_and_5_percent_of_the_others(rate: str, per_second: float) -> None:
    """As X-Ray's default rule samples."""
    assert round(items(f"events/s={rate}")["X-Ray traces"].quantity) == round(per_second * 2_592_000)


def test_the_archive_is_billed_for_what_is_written_and_for_what_is_kept() -> None:
    """400 events a second of 1 KB are 988.77 GB a month, and a quarter of a month of them is 247.19 GB."""
    found = items("events/s=400 archive-days=7.5")
    assert round(found["archive: written"].month, 2) == 98.88
    assert round(found["archive: kept"].month, 2) == 5.69
    assert items("archive-days=0")["archive: written"].quantity == 0


def test_without_events_there_is_no_cost_for_a_million_of_them() -> None:
    """And a month costs what stands: the alarms."""
    found = items("events/s=0 subscribers=0")
    assert total(list(found.values())) == (pytest.approx(0.80), None)


def test_what_can_be_left_out() -> None:
    """Tracing, the archive, alarms and the log are beside the line."""
    found = items("x-ray=0 archive-days=0 alarms=0 log-kb=2")
    beside = {name: cost.month for name, cost in found.items() if not cost.in_line and cost.quantity}
    assert list(beside) == [
        "minutes of connections",
        "connects and subscribes",
        "data out to subscribers",
        "AppSync's log",
    ]
    assert round(beside["AppSync's log"], 2) == 2.47


def test_writes_reads_and_function_time() -> None:
    """A million events: each writes an item of 1.5 KB and an index of it, and runs a function for 200 ms in 512 MB."""
    rate = 1_000_000 / (30 * 24 * 3600)
    words = "writes=2 item-kb=1.5 item-days=60 functions=1 function-ms=200 function-mb=512"
    found = items(f"events/s={rate:.15f} subscribers=1000 sessions=10 pages=2 page-kb=20 {words}")
    expected = {
        "queries of pages": 1000 * 10 * 2 * 4.00 / 1e6,
        "table: items written": 2 * 2 * 0.625,  # 1.5 KB are two units
        "table: items read": 1000 * 10 * 2 * (5 / 2) * 0.125 / 1e6,  # 20 KB are five of 4 KB
        "table: kept": 1e6 * 2 * 1.5 / 1024 / 1024 * 2 * 0.25,  # twice what a month writes
        "functions: invocations": 0.20,
        "functions: time": 1e6 * 0.2 * 0.5 * 0.0000166667,
    }

    assert {name: round(found[name].month, 6) for name in expected} == {
        name: round(month, 6) for name, month in expected.items()
    }


def test_a_load_without_tables_and_functions_pays_for_none() -> None:
    found = items("events/s=20 subscribers=100")

    names = [name for name in found if name.startswith(("table", "functions", "queries"))]
    assert len(names) == 6
    assert [found[name].month for name in names] == [0.0] * 6
