"""How fast requests to an API destination follow one another."""

from __future__ import annotations

import pytest

from livebus.api_destination import Pace


def test_a_second_at_once() -> None:
    """As many as a second has go at once, and each further one has a moment of its own."""
    pace = Pace(2)

    assert [pace.wait(100.0) for _ in range(5)] == [0.0, 0.0, 0.5, 1.0, 1.5]


def test_time_that_passes() -> None:
    """What was not used does not add up."""
    pace = Pace(1)

    assert [pace.wait(now) for now in (0.0, 50.0, 50.0, 52.0)] == pytest.approx([0.0, 0.0, 1.0, 0.0])
