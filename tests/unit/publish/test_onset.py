"""When throttling sets in, and what a bucket that has run dry lets in."""

from __future__ import annotations

import random

import pytest

from livebus.publish.onset import Onset


def heard(onset: Onset, text: str, each: float = 0.001, begin: float = 10.0) -> float:
    """An answer for each letter, so many seconds apart: ``x`` was throttled; the time after them."""
    for number, letter in enumerate(text):
        onset.answered(begin + number * each, float(letter == "x"))
    return begin + len(text) * each


@pytest.mark.parametrize(("text", "certain"), [("xxx", False), ("xxxx", True), ("x.x.x.", False), ("x.xx.x", True)])
def test_four_in_a_row_are_no_chance(text: str, certain: bool) -> None:
    """Where nothing is throttled at random; one that is let in between costs a fifth of one."""
    onset = Onset(0.0)
    heard(onset, "." * 50 + text)
    assert onset.is_certain is certain


def test_where_more_is_usual_more_is_needed() -> None:
    """With a fifth throttled at random, twelve in a row."""
    onset = Onset(0.2)
    heard(onset, "x" * 11)
    assert not onset.is_certain
    heard(onset, "x", begin=10.011)
    assert onset.is_certain


@pytest.mark.parametrize(("beyond", "needed"), [(0.5, 4), (0.1, 7)])
def test_a_slighter_onset_takes_more_requests(beyond: float, needed: int) -> None:
    """Where less than half is looked for, each throttled request says less."""
    onset = Onset(0.0, beyond)
    heard(onset, "x" * (needed - 1))
    assert not onset.is_certain
    heard(onset, "x", begin=11.0)
    assert onset.is_certain


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
def test_the_usual_share_is_no_onset(noise: float) -> None:
    """20,000 requests, with what is put up with at random."""
    onset, chance = Onset(noise), random.Random(1)
    for number in range(20_000):
        onset.answered(number / 1000, float(chance.random() < noise))
    assert not onset.is_certain


def test_what_is_let_in_counts_from_the_first_that_was_throttled() -> None:
    """Before it a burst was; of those after it the first belongs to a time that began earlier. All until the last count."""
    onset = Onset(0.0)
    heard(onset, "." * 50 + "xxxx.xxxx.xxxx.xxxx.")
    assert (onset.counted, onset.throttled) == (20, 16)
    assert onset.let_in == pytest.approx(3 / 0.019)


def test_a_chance_throttling_before_is_forgotten() -> None:
    """The sum has fallen to nothing since: what was let in with it came before the onset."""
    onset = Onset(0.0)
    heard(onset, "x......" + "xxxx.")
    assert (onset.counted, onset.throttled) == (5, 4)
    assert onset.let_in == pytest.approx(0.5 / 0.004)
    assert onset.depth(0.0) == 6


def test_the_depth_is_what_was_let_in_before_and_has_not_come_in_meanwhile() -> None:
    """Fifty in fifty milliseconds, of which twenty came in at 400 per second."""
    onset = Onset(0.0)
    heard(onset, "." * 50 + "xxxx")
    assert onset.depth(400.0) == pytest.approx(50 - 400 * 0.05)


def test_a_single_answer_says_little() -> None:
    """Nothing is divided by no time."""
    onset = Onset(0.0)
    heard(onset, "x")
    assert onset.let_in == 0.5
    assert onset.let_in_meanwhile == 0.5


def test_the_pauses_between_bursts_of_requests_can_be_left_out() -> None:
    """Ten milliseconds in which nothing was asked for, and the one request that a bucket without a burst keeps of them."""
    onset = Onset(0.0)
    now = heard(onset, "xxxx.xxxx.")
    heard(onset, "..xxxx.xxx", begin=now + 0.009)
    assert onset.let_in == pytest.approx(4 / 0.028)
    assert onset.let_in_meanwhile == pytest.approx(3 / 0.018)


def test_all_pauses_can_be_left_out() -> None:
    """Two of them, and the two requests that were kept of them."""
    onset = Onset(0.0)
    now = heard(onset, "xxxx.xxxx.")
    now = heard(onset, "..xxxx.xxx", begin=now + 0.009)
    heard(onset, "..xxxx.xxx", begin=now + 0.009)
    assert onset.let_in_meanwhile == pytest.approx((8 - 1 - 2) / 0.027)


def test_what_was_let_in_with_each_chance_throttling_counts_for_the_depth() -> None:
    """Twice the sum rose from nothing and fell again; what was between counts as well."""
    onset = Onset(0.0)
    heard(onset, "..x....." + ".x....." + "xxxx")
    assert onset.depth(0.0) == 13


@pytest.mark.parametrize(("text", "by_quota"), [("xx..", False), ("xxx..", True), ("xx...x", False)])
def test_more_than_half_is_no_chance(text: str, by_quota: bool) -> None:
    """Of what has been answered since it set in."""
    onset = Onset(0.0)
    heard(onset, "." * 5 + text)
    assert onset.is_by_quota is by_quota


def test_a_short_gap_is_no_pause() -> None:
    """Up to five times the usual one."""
    onset = Onset(0.0)
    now = heard(onset, "xxxx.xxxx.")
    heard(onset, ".xxx.", begin=now + 0.003)
    assert onset.let_in_meanwhile == onset.let_in


def test_a_request_counts_by_its_share() -> None:
    """Half of its entries were throttled."""
    onset = Onset(0.0)
    for number in range(12):
        onset.answered(10 + number / 1000, 0.5)
    assert (onset.counted, onset.throttled) == (12, 6)
    assert onset.is_certain


def test_four_that_are_let_in_do_not_outweigh_one_that_is_throttled() -> None:
    """Five do: then it begins anew."""
    onset = Onset(0.0)
    now = heard(onset, "x....")
    assert onset.counted == 5
    heard(onset, ".", begin=now + 0.001)
    assert onset.counted == 0
