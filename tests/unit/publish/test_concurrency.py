"""How many requests are in flight: rounds that show whether more of them pay."""

from __future__ import annotations

import math

import pytest

from livebus.publish.concurrency import FIRST, MOST, Window


def rounds(window: Window, latency: float, through: float, now: float, count: int = 1) -> float:
    """So many rounds in which the window is full and so many requests per second are answered; the time after them."""
    for _ in range(count):
        for _ in range(100_000):
            assert window.is_full(window.size)
            now += 1 / through
            window.answered(latency, now)
            if window._answered == 0:  # the round was judged
                break
    return now


def test_it_begins_with_few_and_doubles_while_requests_take_no_longer() -> None:
    """32, 64, … 512, at a service whose latency does not change."""
    window = Window()
    assert window.size == FIRST
    sizes, now = [], 10.0
    for _ in range(6):
        now = rounds(window, 0.03, window.size / 0.03, now)
        sizes.append(window.size)
    assert sizes == [64, 128, 256, 512, 512, 512]
    assert window.size == MOST


def test_it_goes_back_where_more_only_wait_longer() -> None:
    """Two rounds are the chances that a larger window has; then ten rounds later another try."""
    window, now, sizes = Window(), 10.0, []
    for _ in range(15):
        # A service of 1,000 requests a second: whatever is more in flight waits.
        now = rounds(window, window.size / 1000, 1000.0, now)
        sizes.append(window.size)
    assert sizes == [64, 64, 32, *[32] * 9, 64, 64, 32]


def test_more_through_is_worth_it_however_long_they_wait() -> None:
    """A gain of 15 % is enough, less is not."""
    for gain, grown in ((1.18, 128), (1.14, 64)):
        window, now = Window(), 10.0
        now = rounds(window, 0.03, 1000.0, now)
        assert window.size == 64
        rounds(window, 0.3, 1000.0 * gain, now)
        assert window.size == grown


def test_hardly_longer_is_below_sixteen_tenths_of_the_least() -> None:
    """What takes up to 1.6 times the least does not wait for the others."""
    for latency, grown in ((0.047, 128), (0.049, 64)):
        window, now = Window(), 10.0
        now = rounds(window, 0.03, 1000.0, now)
        rounds(window, latency, 1000.0, now)
        assert window.size == grown


def test_a_process_without_time_left_does_not_grow() -> None:
    """Nine tenths of a core: more in flight would bring nothing."""
    for busy, grown in ((0.89, 64), (0.9, 32)):
        window = Window()
        window.busy = busy
        rounds(window, 0.03, 1000.0, 10.0)
        assert window.size == grown


def test_a_round_in_which_something_else_was_the_limit_says_nothing() -> None:
    """Only a window that was full can have been too small."""
    window = Window()
    for number in range(200):
        assert not window.is_full(window.size - 1)
        window.answered(0.03, 10.0 + number / 1000)
    assert window.size == FIRST


def test_a_round_lasts_a_while_and_has_twice_the_window() -> None:
    """Neither 64 answers in no time nor eight hundredths of a second with few end it."""
    window = Window()
    for number in range(100):
        window.is_full(32)
        window.answered(0.03, 10.0 + number / 10_000)
    assert window.size == FIRST
    slow = Window()
    for number in range(63):
        slow.is_full(32)
        slow.answered(0.03, 10.0 + number / 100)
    assert slow.size == FIRST
    slow.answered(0.03, 10.63)
    assert slow.size == 64


def test_a_fixed_one_stays() -> None:
    """What the user said, and a limit below the beginning."""
    for window in (Window(20, fixed=True), Window(600, fixed=True), Window(8)):
        size = window.size
        rounds_fixed = [window.answered(0.03, 10.0 + number / 100) for number in range(200)]
        assert rounds_fixed == [None] * 200
        assert window.size == size
    assert (Window(20, fixed=True).size, Window(600, fixed=True).size, Window(8).size) == (20, 600, 8)


def test_the_latency_is_smoothed() -> None:
    """The first one as it is, then a sixteenth of each."""
    window = Window()
    window.answered(0.1, 10.0)
    assert window.latency == 0.1
    window.answered(0.26, 10.1)
    assert window.latency == pytest.approx(0.11)


def test_it_is_full_from_its_size_on() -> None:
    """Not one before."""
    window = Window(8)
    assert [window.is_full(7), window.is_full(8), window.is_full(9)] == [False, True, True]


@pytest.mark.parametrize(
    ("per_second", "latency", "wanted"),
    [(600.0, 0.03, 27), (601.0, 0.03, 28), (10.0, 0.03, 4), (math.inf, 0.03, math.inf), (600.0, 0.0, math.inf)],
)
def test_a_rate_needs_so_many(per_second: float, latency: float, wanted: float) -> None:
    """Little's law, half as many again, four at the least; nobody knows before the first answer."""
    window = Window()
    window.latency = latency
    assert window.needed(per_second) == wanted
