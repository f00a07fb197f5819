"""Key values as bytes: their order is DynamoDB's, and segments divide them."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from livebus.dynamodb import key_bytes


@given(st.text(), st.text())
def test_strings_sort_by_their_utf_8_bytes(first: str, second: str) -> None:
    """Not by characters of 16 bits."""
    one, two = key_bytes.ordered({"S": first}), key_bytes.ordered({"S": second})
    assert (one < two) == (first.encode() < second.encode())


@given(st.binary(), st.binary())
def test_binaries_sort_as_they_are(first: bytes, second: bytes) -> None:
    """A shorter one before what begins with it."""
    one, two = ({"B": base64.b64encode(each).decode()} for each in (first, second))
    assert (key_bytes.ordered(one) < key_bytes.ordered(two)) == (first < second)


@given(st.binary(), st.binary())
def test_a_prefix_ends_where_the_next_begins(prefix: bytes, other: bytes) -> None:
    """Exactly what begins with the prefix is between it and its end."""
    end = key_bytes.after_prefix(prefix)
    is_between = prefix <= other and (end is None or other < end)
    assert is_between == other.startswith(prefix)


@given(st.text(min_size=1), st.integers(1, 50))
def test_every_partition_is_in_one_segment(name: str, total: int) -> None:
    """The segments of a scan leave nothing out, and have nothing twice."""
    place = key_bytes.partition({"S": name})
    bounds = [key_bytes.segment(each, total) for each in range(total)]
    assert sum(first <= place and (end is None or place < end) for first, end in bounds) == 1
