"""Records of events: what facts come to, in their order, each fact one change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.runtime.page.records import (
    DEAD,
    DELIVERED,
    DROPPED,
    GONE,
    MATCHED,
    MAX_ATTEMPTS,
    MAX_RUNS,
    REFUSED,
    RETRYING,
    Fact,
    Records,
    size_of,
    size_of_entry,
)

RULE: Any = SimpleNamespace(rule=SimpleNamespace(arn="rule", name="rule"))


def event(name: str, text: str | None = "{}") -> Event:
    return Event({"id": name, "detail": {}}, "bus", "2026-01-01T00:00:00Z", text)


def matched(of: Event, at: float = 0.0) -> Fact:
    return (at, MATCHED, of, "lines", [RULE], "Boto3/1", None)


def tried(kind: str, of: Event, at: float = 0.0, attempts: int = 0, target: str = "T") -> Fact:
    attempt = SimpleNamespace(target=SimpleNamespace(target=SimpleNamespace(id=target)))
    return (at, kind, of, RULE, attempt, attempts, None)


@pytest.fixture
def records() -> Records:
    return Records()


def test_each_fact_is_a_change_of_its_record(records: Records) -> None:
    """An event has the number of its first fact and that of its last one; a refused entry is named by its own."""
    one, two = event("1"), event("2")
    for fact in (matched(one), matched(two), tried(DELIVERED, one)):
        records.take(fact)
    records.take((0.0, REFUSED, None, {"Source": "aws.x"}, Refused("No", "no"), "", None))
    records.ran("1", {"function": "f"})
    records.ran("9", {"function": "of no event that is kept"})

    assert [(each.id, each.seq, each.changed) for each in records.newest(9)] == [
        ("refused-4", 4, 4),
        ("2", 2, 2),
        ("1", 1, 5),
    ]
    assert [each.id for each in records.since(2)] == ["1", "refused-4"]
    assert records.changed == 5


def test_numbers_go_on_from_those_of_others(records: Records) -> None:
    """``changed`` is what came before the first fact."""
    later = Records(changed=41)
    later.take(matched(event("1")))
    assert [(each.seq, each.changed) for each in later.newest(1)] == [(42, 42)]


def test_time_is_told_from_station_to_station(records: Records) -> None:
    """The first try of each target has the milliseconds since the station before; after a wait, or another event, there are none."""
    one, two = event("1"), event("2")
    records.take(matched(one, 10.0))
    records.take(tried(DELIVERED, one, 10.25, target="A"))
    records.take(tried(RETRYING, one, 10.75, target="B"))
    records.take(tried(DEAD, one, 99.0, attempts=1, target="B"))
    records.take(matched(two, 100.0))
    records.take(tried(DELIVERED, one, 100.5, target="C"))
    record = records.get("1")
    assert record is not None
    assert [each.ms for each in record.tries] == [250.0, 500.0, None, None]


def test_a_record_begins_when_its_first_fact_does(records: Records) -> None:
    """One that waited since before this runtime begins with its first try, and nobody sent it."""
    records.take(matched(event("1"), 10.0))
    records.take(tried(DELIVERED, event("2"), 20.0, attempts=3))
    assert [(each.id, each.at, each.sender) for each in records.newest(2)] == [("2", 20.0, ""), ("1", 10.0, "Boto3/1")]


def test_the_first_try_stays_and_the_last_ones(records: Records) -> None:
    """However often an event is tried; and the last runs of its functions."""
    one = event("1")
    records.take(matched(one))
    for number in range(100):
        records.take(tried(RETRYING, one, attempts=number))
        records.ran("1", {"number": number})
    record = records.get("1")
    assert record is not None
    assert [each.attempts for each in record.tries] == [0, *range(101 - MAX_ATTEMPTS, 100)]
    assert [each["number"] for each in record.runs] == list(range(100 - MAX_RUNS, 100))


def test_a_replay_is_a_new_record_in_place_of_the_old_one(records: Records) -> None:
    """It has the old id, begins at the end, and is counted once."""
    for fact in (matched(event("1")), tried(DELIVERED, event("1")), matched(event("2")), matched(event("1"))):
        records.take(fact)
    assert [(each.id, each.seq, len(each.tries)) for each in records.newest(9)] == [("1", 4, 0), ("2", 3, 0)]
    assert (records.events, records.text) == (2, 2 * size_of(event("1")))


def test_an_event_whose_beginning_is_not_kept_has_no_sender(records: Records) -> None:
    """It waited since before this runtime: who sent it is not known, nor what judged it."""
    records.take((0.0, GONE, event("1"), "the target is gone", None, "Boto3/1", None))
    records.take((0.0, DROPPED, event("2"), "no such event bus", None, "Boto3/1", None))
    assert [(each.id, each.sender, each.stop) for each in records.newest(9)] == [
        ("2", "Boto3/1", "no such event bus"),
        ("1", "", "the target is gone"),
    ]


def test_the_oldest_is_forgotten_with_all_that_it_counted_for(records: Records) -> None:
    """Neither its changes nor its text stay; the numbers do."""
    records.take(matched(event("1")))
    records.take(matched(event("2", '{"msg": "x"}')))
    records.take(tried(DELIVERED, event("1")))
    records.forget_oldest()
    assert [each.id for each in records.since(0)] == ["2"]
    assert (records.events, records.text, records.changed) == (1, size_of(event("2", '{"msg": "x"}')), 3)
    assert records.get("1") is None


def test_before_a_number_come_the_older_ones(records: Records) -> None:
    """The newest of them first, so many and no more."""
    for number in range(5):
        records.take(matched(event(str(number))))
    assert [each.id for each in records.newest(2, before=4)] == ["2", "1"]
    assert records.newest(9, before=1) == []


def test_sizes_are_those_of_the_texts() -> None:
    """Of an event that was put its Detail, of one that came otherwise the whole of it; of an entry its texts."""
    assert size_of(event("1", "x" * 50)) == 350
    assert size_of(event("1", None)) == 300 + len(b'{"id":"1","detail":{}}')
    assert size_of_entry({"Source": "abc", "Detail": "{}", "Time": 7}) == 305
