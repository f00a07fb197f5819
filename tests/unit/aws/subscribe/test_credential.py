"""The headers that a credential goes into."""

from __future__ import annotations

import pytest

from livebus.aws.subscribe.credential import authentication

KEY = "da2-abcdefghijklmnopqrstuvwx23"


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (KEY, {"host": "h", "x-api-key": KEY}),
        ("eyJh.eyJz.c2ln", {"host": "h", "Authorization": "eyJh.eyJz.c2ln"}),
        (f"{KEY}4", {"host": "h", "Authorization": f"{KEY}4"}),
    ],
)
def test_headers(credential: str, expected: dict[str, str]) -> None:
    """What is written as AppSync writes its keys is one; any other word is a token."""
    assert authentication("h", credential).get_headers() == expected
