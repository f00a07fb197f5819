"""Bodies of requests, spliced from bytes."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.event.stream import StreamedEntry
from livebus.publish.request import Addressing, named_bus, requests_needed

TEXTS = st.text(max_size=20)
LIKE_A_BUS = st.sampled_from(['"EventBusName":"x"', '{"EventBusName":1}', "EventBusName", "\\"])
MEMBERS = st.one_of(TEXTS, LIKE_A_BUS, st.lists(LIKE_A_BUS, max_size=2).map("".join))


def streamed(entry: dict[str, str]) -> StreamedEntry:
    return StreamedEntry(orjson.dumps(entry), 1, "e", 0, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(MEMBERS, MEMBERS, st.one_of(st.none(), st.just("own"))), min_size=1, max_size=10))
def test_the_bus_is_put_in_where_an_entry_names_none(parts: list[tuple[str, str, str | None]]) -> None:
    """Whatever stands in the texts, also what looks like a bus."""
    entries = [
        {"Source": source, "Detail": detail} | ({"EventBusName": bus} if bus else {}) for source, detail, bus in parts
    ]
    items = [(index, streamed(entry)) for index, entry in enumerate(entries)]
    default, override, none = Addressing('de"fault'), Addressing('de"fault', "over"), Addressing()
    assert orjson.loads(default.body(items)) == {
        "Entries": [{"EventBusName": 'de"fault', **entry} for entry in entries]
    }
    assert orjson.loads(override.body(items)) == {"Entries": [entry | {"EventBusName": "over"} for entry in entries]}
    assert orjson.loads(none.body(items)) == {"Entries": entries}
    assert [entry.get("EventBusName", "") for entry in entries] == [named_bus(item[1].text) for item in items]


def test_a_detail_is_carried_byte_for_byte() -> None:
    """Numbers and escapes stay as they were written."""
    text = b'{"Source":"a","DetailType":"b","Detail":"{\\"n\\":1.0e5,\\"u\\":\\"\\\\u00e9\\"}"}'
    assert Addressing("bus").addressed(text) == b'{"EventBusName":"bus",' + text[1:]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([], 0), ([300] * 10, 1), ([300] * 11, 2), ([400_000] * 5, 3), ([1_100_000, 1], 2), ([1, 1_100_000], 2)],
)
def test_requests_are_counted_beforehand(sizes: list[int], expected: int) -> None:
    """For a dry run: by count and by size."""
    assert expected == requests_needed(sizes)


def test_a_json_reader_sees_one_bus() -> None:
    """No member stands twice."""
    names: list[str] = []
    text = Addressing("a", "b").addressed(b'{"Source":"s","EventBusName":"own"}')
    json.loads(text, object_pairs_hook=lambda pairs: names.extend(name for name, _ in pairs))
    assert sorted(names) == ["EventBusName", "Source"]
