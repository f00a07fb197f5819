"""Filling placeholders in: each event has values of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from livebus.aws.publish import chance
from livebus.aws.publish.chance import filled
from livebus.errors import InvalidEvent
from livebus.event.stream import StreamedEntry


def entry(source: str, index: int = 0) -> StreamedEntry:
    text = json.dumps({"Source": source, "DetailType": "d", "Detail": "{}"}, separators=(",", ":")).encode()
    return StreamedEntry(text, len(source) + 3, "e.ndjson", index, index + 1)


def sources(*given: tuple[int, StreamedEntry]) -> list[str]:
    return [json.loads(each.text)["Source"] for _, each in filled(iter(given))]


def test_what_has_none_goes_as_it_is() -> None:
    """The very entry, with its number."""
    plain = entry("plain")
    assert list(filled(iter([(7, plain)]))) == [(7, plain)]
    assert next(filled(iter([(7, plain)])))[1] is plain


def test_each_event_has_its_number_and_its_place() -> None:
    """The same text is read once; file and index are those of each entry."""
    found = list(filled(iter([(4, entry("n{{seq}}", 0)), (5, entry("n{{seq}}", 3))])))
    assert [(number, json.loads(each.text)["Source"], each.file, each.index) for number, each in found] == [
        (4, "n4", "e.ndjson", 0),
        (5, "n5", "e.ndjson", 3),
    ]
    assert found[0][1].size == len("n4") + 3


def test_a_uuid_is_new_for_each_event() -> None:
    """And a random one, of version 4; the same wherever it stands in one."""
    first, second = sources((0, entry("{{uuid}} {{uuid}}")), (1, entry("{{uuid}} {{uuid}}")))
    one, again = first.split(" ")
    assert one == again
    assert (UUID(one).version, str(UUID(one))) == (4, one)
    assert first != second


def test_chance_is_asked_only_where_a_uuid_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event without one costs none."""
    asked: list[int] = []

    def bits(count: int) -> int:
        asked.append(count)
        return 0

    monkeypatch.setattr(chance.random, "getrandbits", bits)
    assert sources((0, entry("{{seq}}"))) == ["0"]
    assert asked == []
    assert sources((0, entry("{{uuid}}"))) == ["00000000-0000-4000-8000-000000000000"]
    assert asked == [128]


def test_now_is_the_time_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment at which the event is filled in."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            assert tz is UTC
            return datetime(2026, 1, 15, 8, 30, 0, 250_000, UTC)

    monkeypatch.setattr(chance, "datetime", Clock)
    assert sources((0, entry("{{now}}"))) == ["2026-01-15T08:30:00.250Z"]


def test_many_texts_are_forgotten_and_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered has a bound; what comes of it has none."""
    compiled: list[bytes] = []
    compile_template = chance.compile_template

    def counted(each: StreamedEntry) -> Any:
        compiled.append(each.text)
        return compile_template(each)

    monkeypatch.setattr(chance, "compile_template", counted)
    monkeypatch.setattr(chance, "_REMEMBERED", 2)
    names = ["a", "b", "a", "b", "c", "a"]
    assert sources(*((number, entry(f"{name}{{{{seq}}}}")) for number, name in enumerate(names))) == [
        *("a0", "b1", "a2", "b3", "c4", "a5"),
    ]
    assert len(compiled) == 4  # a and b, and then c and a once more


def test_what_cannot_be_filled_is_told() -> None:
    """With the place of the entry."""
    with pytest.raises(InvalidEvent, match=r"^e\.ndjson:4"):
        sources((0, entry("{{sequence}}", 3)))
