"""How far beside the likely quota requests go."""

from __future__ import annotations

import pytest

from livebus.publish.probing import Probing


def steps(probing: Probing, count: int, at_random: float, *, begin: float = 10.0, latency: float = 0.0) -> list[float]:
    found = []
    for number in range(count):
        probing.go_on(begin + number * (0.301 + 2 * latency), 100.0, at_random, latency)
        found.append(probing.beside)
    return found


def test_steps_double_while_nothing_is_throttled() -> None:
    """From 0.4 of the root of the rate up to a tenth of it; there it stays, where little is throttled at random."""
    probing = Probing()
    assert probing.beside == 0.0
    assert steps(probing, 4, 0.02) == pytest.approx([0.04, 0.08, 0.1, 0.1])


def test_smaller_publishers_take_larger_steps() -> None:
    probing = Probing()
    probing.go_on(10.0, 400.0, 0.0, 0.01)
    assert probing.beside == pytest.approx(0.02)


def test_a_step_takes_its_time() -> None:
    """0.3 s, and two latencies: what is in flight says nothing yet."""
    probing = Probing()
    probing.go_on(10.0, 100.0, 0.0, 0.1)
    probing.go_on(10.49, 100.0, 0.0, 0.1)
    assert probing.beside == pytest.approx(0.04)
    probing.go_on(10.51, 100.0, 0.0, 0.1)
    assert probing.beside == pytest.approx(0.08)


def test_too_much_ends_a_climb() -> None:
    """Back to the likely quota; the next step is as small as the first, and waits as long."""
    probing = Probing()
    steps(probing, 3, 0.0)
    probing.too_much(11.0, 0.01)
    assert probing.beside == 0.0
    probing.go_on(11.2, 100.0, 0.0, 0.0)
    assert probing.beside == 0.0
    probing.go_on(11.31, 100.0, 0.0, 0.0)
    assert probing.beside == pytest.approx(0.04)


def test_what_is_taken_for_chance_is_looked_at_below_the_quota() -> None:
    """At the end of each climb, a tenth below; 0.4 below the first time, where nothing is proven yet."""
    probing = Probing()
    assert steps(probing, 9, 0.1) == pytest.approx([0.04, 0.08, 0.1, -0.4, 0.04, 0.08, 0.1, -0.1, 0.04])


@pytest.mark.parametrize(("at_random", "below"), [(0.03, -0.1), (0.07, -0.1), (0.09, -0.4)])
def test_too_much_goes_further_below_the_more_is_taken_for_chance(at_random: float, below: float) -> None:
    """More than 0.08 is to be proven."""
    probing = Probing()
    probing.too_much(10.0, at_random)
    assert probing.beside == below


def test_what_was_seen_far_below_is_proven() -> None:
    """A share of 0.2 is; 0.27 beside it needs no proof, 0.29 does."""
    for more, below in ((0.27, -0.1), (0.29, -0.4)):
        probing = Probing()
        probing.too_much(10.0, 0.2)
        probing.too_much(11.0, 0.2)
        assert probing.beside == -0.1
        probing.too_much(12.0, more)
        assert probing.beside == below


@pytest.mark.parametrize(("rate", "seconds"), [(1000.0, 0.1), (500.0, 0.2), (100.0, 0.3)])
def test_a_step_below_ends_with_a_hundred_requests(rate: float, seconds: float) -> None:
    """They say enough of the share; it takes 0.3 s at the most, and two latencies longer."""
    probing = Probing()
    probing.too_much(10.0, 0.2)
    probing.go_on(10.0 + seconds + 0.019, rate, 0.2, 0.01)
    assert probing.beside == -0.4
    probing.go_on(10.0 + seconds + 0.021, rate, 0.2, 0.01)
    assert probing.beside > 0


def test_a_step_above_takes_its_time_whatever_the_rate() -> None:
    probing = Probing()
    probing.go_on(10.0, 1000.0, 0.0, 0.0)
    first = probing.beside
    probing.go_on(10.29, 1000.0, 0.0, 0.0)
    assert probing.beside == first


def test_what_has_only_just_begun_below_proves_nothing() -> None:
    """Answers to what went before come in meanwhile: the step goes on, from when it began."""
    probing = Probing()
    probing.too_much(10.0, 0.2)
    probing.too_much(10.29, 0.2)
    assert probing.beside == -0.4
    probing.go_on(10.31, 100.0, 0.2, 0.0)
    assert probing.beside == pytest.approx(0.04)
    probing.too_much(10.4, 0.27)  # what was seen below by then is proven
    assert probing.beside == -0.1
