"""What arrived of what was published: lost, doubled, out of order, and how long it took."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.publish.arrivals import Arrivals, ArrivalTally, Latencies, histogram, key
from livebus.publish.unforeseen import Unforeseen


def tally(published: list[object], received: list[object]) -> tuple[int, int, int, int, int]:
    """What a run comes to: arrived, lost, doubled, out of order, unexpected."""
    arrivals = Arrivals()
    for number, data in enumerate(published):
        arrivals.published(number, data, float(number))
    for data in received:
        arrivals.received(data, 100.0)
    found = arrivals.tally()
    return found.arrived, found.lost, found.doubled, found.out_of_order, found.unexpected


@pytest.mark.parametrize(
    ("published", "received", "expected"),
    [
        (["a", "b", "c"], ["a", "b", "c"], (3, 0, 0, 0, 0)),
        (["a", "b", "c"], ["a", "c"], (2, 1, 0, 0, 0)),
        (["a", "b", "c"], ["a", "b", "b", "c"], (3, 0, 1, 0, 0)),
        (["a", "b", "c"], ["c", "a", "b"], (3, 0, 0, 2, 0)),
        (["a", "b"], ["b", "x", "a"], (2, 0, 0, 1, 1)),
        (["a", "a", "a"], ["a", "a"], (2, 1, 0, 0, 0)),
        (["a", "a"], ["a", "a", "a"], (2, 0, 1, 0, 0)),
        ([{"x": 1.0, "y": [2]}], [{"y": [2.0], "x": 1}], (1, 0, 0, 0, 0)),
        ([{"x": 1}, {"x": "1"}, {"x": True}], [{"x": True}], (1, 2, 0, 0, 0)),
        ([{"x": 1, "y": [2, {"z": 3.0}]}], [{"x": 1, "y": [2, {"z": 4}]}], (0, 1, 0, 0, 1)),
        ([], [], (0, 0, 0, 0, 0)),
    ],
    ids=[
        "all",
        "lost",
        "doubled",
        "out of order",
        "unexpected",
        "alike",
        "alike and doubled",
        "JSON",
        "types",
        "values",
        "none",
    ],
)
def test_each_message_is_counted_once(
    published: list[object], received: list[object], expected: tuple[int, int, int, int, int]
) -> None:
    """Messages are known by their data, as JSON; equal ones arrive in the order in which they were published."""
    assert tally(published, received) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 7)))
def test_nothing_is_counted_twice_or_forgotten(published: list[int], received: list[int]) -> None:
    """What was published has arrived or is lost; what arrived was awaited, came again, or was not expected."""
    arrived, lost, doubled, _, unexpected = tally([*published], [*received])
    both = sum(min(published.count(each), received.count(each)) for each in range(8))
    assert (both, len(published) - both, len(received) - both) == (arrived, lost, doubled + unexpected)
    assert unexpected == sum(1 for each in received if each not in published)


def test_what_is_lost_is_named() -> None:
    """By the numbers it was published with; the first twenty."""
    arrivals = Arrivals()
    for number in range(100):
        arrivals.published(number, number, 0.0)
    arrivals.received(0, 1.0)
    assert arrivals.tally().lost_numbers == tuple(range(1, 21))


def test_memory_is_bounded() -> None:
    """What is not waited for any longer counts as lost; what came long ago and comes again is unexpected."""
    arrivals = Arrivals(awaited=1000, remembered=1000)
    tracemalloc.start()
    try:
        for number in range(30_000):
            arrivals.published(number, number, 0.0)
            if number % 2:
                arrivals.received(number, 1.0)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    for number in (1, 29_999):
        arrivals.received(number, 2.0)
    found = arrivals.tally()
    assert (found.arrived, found.lost, found.lost_numbers[:3], found.doubled, found.unexpected, arrivals.waiting) == (
        15_000,
        15_000,
        (0, 2, 4),
        1,
        1,
        999,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=50), st.sampled_from([1, 50, 90, 99, 100]))
def test_percentiles_are_right_within_two_percent(seconds: list[float], percent: int) -> None:
    """Whatever the durations are; the least and the most are exact."""
    latencies = Latencies()
    for each in seconds:
        latencies.add(each)
    exact = sorted(seconds)[max(1, -(-len(seconds) * percent // 100)) - 1]
    assert exact * 0.999 <= latencies.percentile(percent) <= exact * 1.0201
    assert (min(seconds), max(seconds)) == (latencies.least, latencies.most)


def test_a_histogram_fits_a_terminal() -> None:
    """A bar for each step, at most 80 characters wide, and the percentiles below."""
    latencies = Latencies()
    for milliseconds in [1.5] * 10 + [3] * 80 + [30] * 9 + [1200]:
        latencies.add(milliseconds / 1000)
    lines = histogram(latencies, bar="#")
    assert [" ".join(line.replace("#", "").split()[:-2]) for line in lines[:-1]] == [
        "1 ms – 2 ms 10",
        "2 ms – 5 ms 80",
        "5 ms – 10 ms 0",
        "10 ms – 20 ms 0",
        "20 ms – 50 ms 9",
        "50 ms – 100 ms 0",
        "100 ms – 200 ms 0",
        "200 ms – 500 ms 0",
        "500 ms – 1 s 0",
        "1 s – 2 s 1",
    ]
    assert max(map(len, lines)) <= 80
    assert lines[1].count("#") == max(line.count("#") for line in lines)
    assert (lines[-1][:5], lines[-1][-9:]) == ("p50 3", "max 1.2 s")
    assert histogram(Latencies()) == ["nothing arrived"]
    narrow = histogram(latencies, bar="#", width=40)
    assert (max(map(len, narrow[:-1])), narrow[1].count("#")) == (40, 12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_a_histogram_counts_everything(seconds: list[float]) -> None:
    """Each duration is in one of its bars, however short or long it is, and no line is too long."""
    latencies = Latencies()
    for each in seconds:
        latencies.add(each)
    lines = histogram(latencies)
    assert len(seconds) == sum(int(line.split()[-3].replace(",", "")) for line in lines[:-1])
    assert max(map(len, lines)) <= 80


def test_a_tally_is_json() -> None:
    """For machines; durations in milliseconds."""
    arrivals = Arrivals()
    arrivals.published(7, "a", 1.0)
    arrivals.received("a", 1.25)
    assert arrivals.tally().json == {
        "expected": 1,
        "arrived": 1,
        "lost": 0,
        "lostNumbers": [],
        "doubled": 0,
        "outOfOrder": 0,
        "unexpected": 0,
        "latencyMilliseconds": {"min": 250, "p50": 250, "p90": 250, "p99": 250, "p99.9": 250, "max": 250, "mean": 250},
    }
    assert arrivals.tally().complete
    assert not ArrivalTally(2, 1, 1, (1,), 0, 0, 0, Latencies()).complete


def test_the_key_of_data_is_short() -> None:
    """However large a message is."""
    assert len(key({"msg": "x" * 200_000})) == 12


def test_a_histogram_adds_up() -> None:
    """A line for each step, its share of all, and a bar as long as its share of the most."""
    latencies = Latencies()
    for seconds in (0.003, 0.003, 0.003, 0.015):
        latencies.add(seconds)
    lines = histogram(latencies, bar="#")
    shares = [line.split()[-2] for line in lines[:-1]]
    assert [share for share in shares if share != "0.0"] == ["75.0", "25.0"]
    bars = [line.count("#") for line in lines[:-1]]
    assert (max(bars), sorted(bars)[-2]) == (bars[0], -(-bars[0] // 3))


def test_what_is_not_known_before_may_be_anything() -> None:
    """The rest tells messages apart; messages of other kinds beside it are held to all of their data."""
    unknown = Unforeseen.VALUE
    published = [{"id": unknown, "text": "a"}, {"id": unknown, "text": "b"}, {"id": 7, "text": "c"}]
    received = [{"id": "x", "text": "b"}, {"id": "y", "text": "a"}, {"id": 7, "text": "c"}]

    assert tally(published, received) == (3, 0, 0, 1, 0)
    assert tally(published, [*received, received[0], {"id": 8, "text": "c"}]) == (3, 0, 1, 1, 1)


def test_what_took_no_time_is_in_the_first_step() -> None:
    """Clocks may say so; the steps begin at nothing then."""
    latencies = Latencies()
    for seconds in (0.0, 4e-6):
        latencies.add(seconds)
    assert [" ".join(line.replace("#", "").split()) for line in histogram(latencies, bar="#")] == [
        "0 µs – 1 µs 1 50.0 %",
        "1 µs – 2 µs 0 0.0 %",
        "2 µs – 5 µs 1 50.0 %",
        "p50 1 µs, p90 4 µs, p99 4 µs, p99.9 4 µs, max 4 µs",
    ]


def test_latencies_are_told_to_the_microsecond() -> None:
    """In milliseconds."""
    arrivals = Arrivals()
    arrivals.published(0, "a", 1.0)
    arrivals.received("a", 1.0012344)
    latency = arrivals.tally().json["latencyMilliseconds"]
    assert (latency["p50"], latency["max"]) == (1.234, 1.234)
