"""An event that a rule matches is made of the first value of each of its conditions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.event.put_events import Refused, accept
from livebus.runtime.page.example import example


def accepted(entry: Mapping[str, Any]) -> Event | Refused:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return accept(entry, bus="bus", event_id="1", now=now, account="1", region="us-east-1")


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        ({"source": ["shop"]}, {"source": "shop", "detail-type": "example", "detail": {}}),
        (
            {"detail-type": [{"prefix": "Order"}], "detail": {"a": {"b": [{"numeric": [">", 5]}]}, "c": [True]}},
            {"source": "my.app", "detail-type": "Order", "detail": {"a": {"b": 6}, "c": True}},
        ),
        (
            {"source": [{"wildcard": "my.*"}], "detail": {"gone": [{"exists": False}], "ip": [{"cidr": "10.0.0.0/8"}]}},
            {"source": "my.", "detail-type": "example", "detail": {"ip": "10.0.0.0"}},
        ),
        (
            {"source": ["s"], "$or": [{"detail": {"x": [1]}}, {"detail-type": ["t"]}]},
            None,
        ),
        ({"source": [{"anything-but": "something else"}]}, None),
        ({"source": ["aws.events"]}, None),
    ],
)
def test_it_matches_or_is_none(pattern: dict[str, Any], made: dict[str, Any] | None) -> None:
    """What the engine does not match, or the bus does not take, is no example."""
    assert example(json.dumps(pattern), accepted) == made


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": "x"}'])
def test_what_is_no_pattern_makes_none(text: str) -> None:
    """It ends nothing."""
    assert example(text, accepted) is None
