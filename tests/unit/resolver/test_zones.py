"""What a named time zone's clock shows at a moment."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.resolver.zones import zone_at

# 2024-03-31T01:00Z and 2024-10-27T01:00Z, at which Zurich's clocks go forward and back.
FORWARD, BACK = 1_711_846_800_000, 1_729_990_800_000
HOUR = 3_600_000


def shown(hours: float, name: str) -> dict[str, Any]:
    return {"offset": int(hours * 3600), "name": name}


@pytest.mark.parametrize(
    ("name", "millis", "expected"),
    [
        ("UTC", 0, shown(0, "UTC")),
        ("Europe/Zurich", FORWARD - 1, shown(1, "CET")),
        ("Europe/Zurich", FORWARD, shown(2, "CEST")),
        ("Europe/Zurich", BACK - 1, shown(2, "CEST")),
        ("Europe/Zurich", BACK, shown(1, "CET")),
        ("Asia/Kathmandu", 0.5, shown(5.5, "+0530")),
        ("America/St_Johns", BACK, shown(-2.5, "NDT")),
        ("Africa/Monrovia", 0, {"offset": -2670, "name": "MMT"}),
    ],
)
def test_at_a_moment(name: str, millis: float, expected: dict[str, Any]) -> None:
    """The offset is in seconds east of UTC; summer time begins and ends at the zone's moment."""
    assert zone_at(name, millis, local=False) == expected


@pytest.mark.parametrize(
    ("millis", "expected"),
    [
        (FORWARD + HOUR - 1, shown(1, "CET")),  # 01:59:59.999
        (FORWARD + 2 * HOUR, shown(2, "CEST")),  # 03:00, a millisecond later
        (BACK + HOUR - 1, shown(2, "CEST")),  # 01:59:59.999
        (BACK + HOUR, shown(2, "CEST")),  # 02:00, for the first time
        (BACK + 2 * HOUR, shown(1, "CET")),  # 03:00
    ],
)
def test_on_the_zones_own_clock(millis: float, expected: dict[str, Any]) -> None:
    """A time that Zurich's clock shows twice is the earlier of the two."""
    assert zone_at("Europe/Zurich", millis, local=True) == expected


@pytest.mark.parametrize(
    ("name", "millis"),
    [
        ("Mars/Olympus", 0),
        ("", 0),
        ("../etc/passwd", 0),
        ("a\0b", 0),
        ("UTC", 1e300),
        ("Asia/Tokyo", 253_402_300_799_000),
    ],
)
def test_no_zone_and_no_moment(name: str, millis: float) -> None:
    """What is no zone, and what lies beyond the year 9999, has no rules."""
    assert zone_at(name, millis, local=False) is None
