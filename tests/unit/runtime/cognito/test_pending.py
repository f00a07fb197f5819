"""What waits for the next request is bounded, and codes serve once."""

from __future__ import annotations

import pytest

from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.pending import Codes, Pending


def test_the_oldest_goes_when_there_are_too_many() -> None:
    """Requests that nobody follows up do not fill the memory."""
    pending: Pending[int] = Pending(limit=3)
    for value in range(5):
        pending.put(f"key {value}", value, deadline=10.0)
    assert len(pending) == 3
    kept = [pending.get(f"key {value}") for value in range(5)]
    assert [each.value if each else None for each in kept] == [None, None, 2, 3, 4]


def test_putting_again_replaces_and_renews() -> None:
    """A key that is put again is the newest, with its failures forgotten."""
    pending: Pending[int] = Pending(limit=2)
    pending.put("a", 1, deadline=10.0)
    pending.put("b", 2, deadline=10.0)
    pending.put("a", 3, deadline=20.0)
    pending.put("c", 4, deadline=10.0)
    waiting = pending.get("a")
    assert waiting is not None
    assert (waiting.value, waiting.deadline, pending.get("b")) == (3, 20.0, None)


def test_taking_leaves_nothing() -> None:
    """A thing is taken once."""
    pending: Pending[int] = Pending()
    pending.put("a", 1, deadline=10.0)
    first = pending.take("a")
    assert first is not None
    assert (first.value, pending.take("a")) == (1, None)


@pytest.mark.parametrize(
    ("random", "code"), [(b"\x00" * 8, "000000"), (b"\x00" * 7 + b"\x07", "000007"), (b"\xff" * 8, "551615")]
)
def test_a_code_has_six_digits(random: bytes, code: str) -> None:
    """Small numbers keep their zeros."""
    assert Codes().issue("key", random, deadline=10.0) == code


def test_a_code_serves_once() -> None:
    """The second use is as good as a code that nobody asked for."""
    codes = Codes()
    code = codes.issue("key", b"12345678", deadline=10.0)
    codes.accept("key", code, now=9.0)
    with pytest.raises(CognitoError) as caught:
        codes.accept("key", code, now=9.0)
    assert caught.value.error_type == "ExpiredCodeException"
