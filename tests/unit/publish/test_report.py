"""What a publication says of itself."""

from __future__ import annotations

from livebus.publish import report
from livebus.publish.tally import Tally


def tally() -> Tally:
    made = Tally()
    made.accepted = 1_500
    made.rejected.update({"MalformedDetail": 3, "InternalFailure": 20})
    made.retried["ThrottlingException"] = 40
    made.unreadable = 1
    for milliseconds in range(1, 101):
        made.latencies.add(milliseconds / 1000)
    return made


def test_the_summary_for_machines() -> None:
    """Counts, reasons, rate and latency in seconds."""
    members = report.members(tally(), 2.0)
    latency = members.pop("latency")
    assert members == {
        "rejected": {"MalformedDetail": 3, "InternalFailure": 20},
        "retried": {"ThrottlingException": 40},
        "unreadable": 1,
        "seconds": 2.0,
        "rate": 750.0,
    }
    assert [round(latency[name], 2) for name in ("p50", "p95", "p99")] == [0.05, 0.1, 0.1]


def test_the_summary_for_people() -> None:
    """Reasons with the most frequent first."""
    assert report.reasons(tally().rejected) == "20 × InternalFailure, 3 × MalformedDetail"
    text = report.speed(tally(), 2.0)
    assert text.startswith("in 2.0 s: 750 a second, latency p50 5")
    assert text.endswith(", sent again 40 × ThrottlingException")


def test_progress_says_what_is_left() -> None:
    """A bar and the time, where the total is known."""
    known, unknown = report.progress(tally(), 100.0, 3_046), report.progress(tally(), 100.0, None)
    assert known.startswith("[##########..........] 1,500 accepted of 3,046, 15 s left, 23 failed, 100/s, latency ")
    assert unknown.startswith("1,500 accepted, 23 failed, 100/s, latency ")
    assert "min left" in report.progress(tally(), 1.0, 30_000)


def test_a_long_time_that_is_left_is_told_in_minutes() -> None:
    """From a hundred seconds on; without a rate, or at the end, nothing is told."""
    assert "] 1,500 accepted of 7,523, 60 s left, " in report.progress(tally(), 100.0, 7_523)
    assert ", 2 min left, " in report.progress(tally(), 100.0, 11_523)
    assert ", 99 s left, " in report.progress(tally(), 100.0, 11_423)
    assert ", 2 min left, " in report.progress(tally(), 100.0, 13_523)
    assert " left, " not in report.progress(tally(), 0.0, 7_523)
    assert " left, " not in report.progress(tally(), 100.0, 1_523)


def test_times_have_the_digits_that_say_something() -> None:
    """Tenths below ten milliseconds; a summary's seconds to the millisecond."""
    assert [report.milliseconds(seconds) for seconds in (0.00123, 0.0099, 0.01, 1.2345)] == [
        *("1.2 ms", "9.9 ms", "10 ms", "1234 ms"),
    ]
    assert report.members(tally(), 1.23456)["seconds"] == 1.235
    assert (report.members(tally(), 0.0)["rate"], report.members(tally(), 0.7)["rate"]) == (0.0, 2142.9)
