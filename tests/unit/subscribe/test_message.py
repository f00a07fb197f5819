"""Messages and gaps, as --jsonl prints them: programs read these records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from livebus.subscribe.message import Gap, Message, gap_record, iso, message_record

AT = datetime(2026, 1, 15, 8, 30, 0, 250_000, tzinfo=UTC)


def test_times_are_utc_to_the_millisecond() -> None:
    """With Z for the zone; what is finer is cut off."""
    assert iso(AT) == "2026-01-15T08:30:00.250Z"
    assert iso(AT + timedelta(microseconds=999)) == "2026-01-15T08:30:00.250Z"


def test_a_message() -> None:
    """Errors are a member only where there are some."""
    record = {"type": "message", "receivedAt": "2026-01-15T08:30:00.250Z", "subscription": "onOrder", "data": {"a": 1}}
    assert message_record(Message(AT, {"a": 1}, subscription="onOrder")) == record
    assert message_record(Message(AT, None, ("e",))) == {**record, "subscription": "", "data": None, "errors": ["e"]}


def test_what_a_message_has_under_its_field() -> None:
    """Nothing where it has no data."""
    assert [Message(AT, data, field="onOrder").value for data in ({"onOrder": 7}, {"other": 7}, None)] == [
        7,
        None,
        None,
    ]


def test_a_gap() -> None:
    """How long it took, whatever a clock that was set back says."""
    gap = Gap(AT, AT + timedelta(seconds=3.50049), "the connection was closed")
    assert gap_record(gap) == {
        "type": "gap",
        "from": "2026-01-15T08:30:00.250Z",
        "to": "2026-01-15T08:30:03.750Z",
        "seconds": 3.5,
        "reason": "the connection was closed",
    }
    assert gap_record(Gap(AT, AT + timedelta(seconds=0.0016), ""))["seconds"] == 0.002
    assert Gap(AT, AT - timedelta(seconds=1), "").seconds == 0.0
