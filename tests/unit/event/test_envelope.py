"""An event's envelope, and the text of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.event.envelope import Event
from livebus.event.put_events import accept


def accepted(**members: Any) -> Event:
    event = accept(
        {"Source": "shop", "DetailType": "Order", "Detail": "{}", **members},
        bus="orders",
        event_id="id-1",
        now=datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC),
        account="111111111111",
        region="eu-west-1",
    )
    assert isinstance(event, Event)
    return event


def test_the_text_of_an_event() -> None:
    """The text is the envelope in UTF-8, with the Detail character for character: numbers, escapes and double keys."""
    detail = '{"a": 1.50, "b":1e2, "a":"\\u00fc/\\/"}'
    event = accepted(Detail=f" {detail}\n", DetailType='Ä"\\')

    assert event.text.decode() == (
        '{"version":"0","id":"id-1","detail-type":"Ä\\"\\\\","source":"shop","account":"111111111111",'
        f'"time":"2026-11-23T12:00:00Z","region":"eu-west-1","resources":[],"detail":{detail}}}'
    )
    assert json.loads(event.text) == event.envelope
    assert event.text is event.text


def test_an_event_from_its_text() -> None:
    """An event that was written down comes back with its text unchanged."""
    event = accepted(Detail='{"a": 1.50}')
    again = Event.restored(event.text, event.bus, event.ingestion_time)

    assert (again.envelope, again.text, again.bus) == (event.envelope, event.text, event.bus)


@pytest.mark.parametrize("levels", [3, 300, 900])
def test_the_text_of_an_envelope_that_came_without_a_detail_text(levels: int) -> None:
    """An envelope from elsewhere is written whatever its depth."""
    detail: Any = {"end": [1, True, None, "ü"]}
    for level in range(levels):
        detail = {"a": detail, "b": level} if level % 2 else [detail, level, {}, []]
    event = Event({"id": "x", "detail": detail}, "default", "2026-11-23T12:00:00Z")

    value = Event.restored(event.text, event.bus, event.ingestion_time).envelope["detail"]
    for level in reversed(range(levels)):
        assert (value["b"] if level % 2 else value[1]) == level
        value = value["a"] if level % 2 else value[0]
    assert value == {"end": [1, True, None, "ü"]}


@settings(max_examples=200, deadline=None)
@given(text=st.text(), number=st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_texts_and_numbers_survive(text: str, number: float) -> None:
    """Whatever characters and numbers are put in come out unchanged, as values and in the text."""
    detail = {"text": text, text: number}
    event = accepted(Detail=json.dumps(detail, ensure_ascii=False), DetailType=text or "x")

    assert event.envelope["detail"] == detail
    assert json.loads(event.text) == event.envelope
    assert event.envelope["detail-type"] == (text or "x")
