"""What became of entries, in numbers."""

from __future__ import annotations

from livebus.publish.tally import Tally


def test_nothing_is_counted_before_anything_is_sent() -> None:
    """All counts are 0, and none has reasons."""
    tally = Tally()
    assert (tally.accepted, tally.failed, tally.unreadable, tally.latencies.count) == (0, 0, 0, 0)
    assert (dict(tally.rejected), dict(tally.retried)) == ({}, {})


def test_whatever_was_rejected_has_failed() -> None:
    """Whatever the reason; what was sent again has not."""
    tally = Tally()
    tally.rejected.update({"MalformedDetail": 3, "InternalFailure": 20})
    tally.retried["ThrottlingException"] = 40
    assert tally.failed == 23
