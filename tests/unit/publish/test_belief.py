"""What is believed about a service that throttles: compared with Bayes' rule written out, and with services that are known."""

from __future__ import annotations

import math

import pytest

from livebus.publish import belief as module
from livebus.publish.belief import Belief


def serve(
    belief: Belief, rate: float, *, quota: float = math.inf, share: float = 0.0, seconds: float = 1.0, each: float = 0.1
) -> None:
    """Rounds at a rate, of a service whose bucket is empty: so much is let in, and of that a share throttled, exactly."""
    for _ in range(round(seconds / each)):
        sent = round(rate * each)
        passed = min(sent, quota * each) * (1 - share)
        belief.learn(each, sent, sent, sent - passed)


@pytest.mark.parametrize("allowed", [0.0, 600.0, 750.0])
def test_a_first_round_is_weighed_by_bayes_rule(allowed: float) -> None:
    """
    Written out: prior times binomial for each quota, kind and share; the quantile, the shares, the kinds.

    Without a burst it is the requests that went as close together as was allowed of which some are too many: all of them, where
    that is not known; at 750/s, of which 600 went, four fifths.
    """
    belief = Belief(500.0, 0.2, 30.0, without_burst=0.3, above=0.5)
    belief.learn(0.1, 60, 50, 11, allowed=allowed, used=False)
    weights: dict[tuple[int, int, float], float] = {}
    middle = round(math.log(500) / 0.04)
    for at in range(-36, 37):
        quota = math.exp((middle + at) * 0.04)
        of_quota = max(allowed, 600) / quota
        for kind in range(3):
            if kind == 0:
                let_in = min(1.0, quota * 0.1 / 60)
            else:
                blur = (0.04, 0.005)[kind - 1]
                step = (
                    1 / (1 + math.exp((1 - of_quota) / blur)) if abs(of_quota - 1) < 10 * blur else float(of_quota > 1)
                )
                let_in = 1 - 600 / max(allowed, 600) * step * (1 - 1 / max(2, of_quota))
            for share, common in zip(module.SHARES, module.COMMON, strict=True):
                prior = math.exp(-((0.04 * at / 0.2) ** 2) / 2) + 0.05 + (0.5 + 4 * share) * (at > 0)
                passing = (1 - share) * let_in * 0.99
                chance = 39 * math.log(passing) + 11 * math.log(1 - passing)
                weights[at, kind, share] = (0.7, 0.15, 0.15)[kind] * common * prior * math.exp(chance + 27)
    total = sum(weights.values())
    assert belief.without_burst == pytest.approx(
        sum(w for (_, kind, _), w in weights.items() if kind) / total, rel=1e-3
    )
    assert belief.at_random == pytest.approx(sum(w * share for (_, _, share), w in weights.items()) / total, rel=1e-3)
    careful = sum(w * (0, 0.13, 0.04)[kind] for (_, kind, _), w in weights.items()) / total
    below = 0.0
    for at in range(-36, 37):
        here = sum(w for (each, _, _), w in weights.items() if each == at) / total
        if below + here >= 0.4:
            wanted = math.exp((middle + at - 0.5 + (0.4 - below) / here) * 0.04) * (1 - careful)
            break
        below += here
    assert belief.quota(0.4) == pytest.approx(wanted, rel=1e-3)


def test_however_much_is_forgotten_the_probabilities_are_those_of_all_that_may_be() -> None:
    """Quotas wander and jump, kinds of buckets and shares at random change: together they stay one."""
    belief = Belief(500.0, 0.2, 30.0, without_burst=0.3, above=0.5)
    for throttled in (0, 30, 0, 6):
        belief.learn(0.5, 300, 300, throttled)
        assert sum(belief._of_quotas) == pytest.approx(1, abs=1e-6)


def test_what_none_of_the_quotas_explains_is_borne() -> None:
    """Seven thousand a second are let in, where at the most two thousand were thought of: the likeliest is the largest."""
    belief = Belief(500.0, 0.1, 50.0)
    belief.learn(0.1, 700, 700, 0)
    assert 1900 < belief.quota(0.5) < 2200


def test_before_anything_is_learnt_the_measure_is_the_middle() -> None:
    """A little above it, since it may have been chance that was measured; and by how much it is uncertain."""
    belief = Belief(500.0, 0.1, 30.0)
    assert 500 < belief.quota(0.5) < 560
    assert belief.quota(0.2) < 0.98 * Belief(500.0, 0.05, 30.0).quota(0.2)
    assert belief.without_burst == pytest.approx(0.1)
    assert belief.usual == pytest.approx(500, rel=0.02)


def test_what_is_worth_a_try_is_far_off_where_little_is_known() -> None:
    """Rounds at two rates beside the quota leave little to be tried."""
    belief = Belief(500.0, 0.3, 1.0)
    assert belief.perhaps == belief.quota(0.65)
    assert belief.perhaps > 1.2 * belief.quota(0.4)
    serve(belief, 560, quota=500)
    serve(belief, 450, quota=500)
    assert belief.perhaps < 1.03 * belief.quota(0.4)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_two_rates_tell_a_quota_from_what_is_throttled_at_random(share: float) -> None:
    """The same share at both is chance; what there is more of at the higher one is the quota's."""
    belief = Belief(500.0, 0.3, 1.0)
    for _ in range(3):
        serve(belief, 700, quota=600, share=share)
        serve(belief, 500, quota=600, share=share)
    assert belief.quota(0.5) == pytest.approx(600, rel=0.03)
    assert belief.at_random == pytest.approx(share, abs=0.01)


def test_where_all_rates_are_throttled_alike_there_is_no_quota() -> None:
    """It is higher than all that was tried."""
    belief = Belief(500.0, 0.3, 30.0)
    for rate in (500, 300, 500, 300, 600, 800):
        serve(belief, rate, share=0.2)
    assert belief.quota(0.3) > 800
    assert belief.at_random == pytest.approx(0.2, abs=0.005)


def test_one_rate_alone_says_less_than_two() -> None:
    """A quarter is throttled: how far the quota may be from there is known better with a lower rate beside it."""
    spreads = []
    for other in (800, 400):
        belief = Belief(600.0, 0.3, 30.0)
        for _ in range(3):
            serve(belief, 800, quota=600)
            serve(belief, other, quota=600)
        spreads.append(belief.quota(0.9) / belief.quota(0.1))
    assert spreads[1] < spreads[0]


@pytest.mark.parametrize(("depth", "low", "high"), [(60.0, 580, 625), (1.0, 680, 2000)])
def test_what_a_burst_lets_in_is_no_larger_quota(depth: float, low: float, high: float) -> None:
    """Sixty requests were saved at a lower rate: so many may go beyond the quota, and say nothing about it."""
    belief = Belief(600.0, 0.05, depth)
    serve(belief, 700, quota=600)
    serve(belief, 400)
    serve(belief, 700, seconds=0.5)
    assert low < belief.quota(0.5) < high


def test_without_a_burst_every_second_request_is_throttled() -> None:
    """Half of 620 per second, nothing of 580: the quota is between, and not 310."""
    belief = Belief(500.0, 0.3, 30.0, without_burst=0.5)
    for _ in range(3):
        serve(belief, 580)
        serve(belief, 620, quota=310, seconds=0.2)
    serve(belief, 580)
    assert belief.without_burst > 0.9
    assert 0.89 * 580 < belief.quota(0.4) < 600


def test_an_outage_is_remembered_as_one() -> None:
    """All is throttled: the quota sinks, to a 32nd of its highest at the least; what it usually is, is still known."""
    belief = Belief(600.0, 0.05, 30.0)
    serve(belief, 600, quota=600, seconds=3)
    for _ in range(20):
        serve(belief, belief.quota(0.4), quota=0, seconds=0.5, each=0.5)
    assert 600 / 64 < belief.quota(0.5) < 600 / 6
    assert belief.usual == pytest.approx(600, rel=0.15)
    serve(belief, 40, seconds=3, each=0.5)
    assert belief.quota(0.5) > 200


def test_a_quota_that_has_changed_is_found() -> None:
    """A third, and three times as much: of what is known about the old one nothing is left after some rounds."""
    belief = Belief(600.0, 0.05, 30.0)
    serve(belief, 610, quota=600)
    serve(belief, 610, quota=200)
    assert belief.quota(0.5) == pytest.approx(200, rel=0.04)
    for _ in range(8):
        serve(belief, belief.quota(0.5) * 1.3, quota=1800, seconds=0.3)
    assert belief.quota(0.5) == pytest.approx(1800, rel=0.1)


def test_what_is_not_asked_for_is_not_forgotten() -> None:
    """Few requests, fewer than are allowed: what is believed stays as it is; else it becomes less sure."""
    spreads = []
    for used in (True, False):
        belief = Belief(600.0, 0.05, 30.0)
        serve(belief, 620, quota=600)
        for _ in range(20):
            belief.learn(0.5, 10, 10, 0, used=used)
        spreads.append(belief.quota(0.95) / belief.quota(0.05))
    assert spreads[0] > 1.2 * spreads[1]
    assert spreads[1] < 1.3


def test_a_quota_far_below_what_is_looked_at_is_found() -> None:
    """Little is sent, and most of it is throttled: the quota is a twelfth of what it was."""
    belief = Belief(600.0, 0.05, 30.0)
    serve(belief, 600, quota=600)
    serve(belief, 120, quota=50, seconds=8, each=0.5)
    assert belief.quota(0.5) == pytest.approx(50, rel=0.1)


def test_unanswered_rounds_say_nothing() -> None:
    belief = Belief(600.0, 0.05, 30.0)
    before = belief.quota(0.3)
    belief.learn(0.1, 100, 0, 0, used=False)
    assert belief.quota(0.3) == before


def test_nothing_is_ever_impossible() -> None:
    """A thousand rounds that say one thing, without forgetting, and then another one."""
    belief = Belief(600.0, 0.05, 30.0)
    for _ in range(1000):
        belief.learn(0.1, 100, 100, 0, used=False)
    for _ in range(30):
        belief.learn(0.1, 100, 100, 80, used=False)
    assert 0 < belief.quota(0.5) < math.inf
    assert belief.at_random < 0.5


@pytest.mark.parametrize(
    ("of_quota", "blur", "let_in"),
    [
        (0.4, 0.05, 1.0),
        (1.0, 0.05, 0.75),
        (1.05, 0.05, 1 - 0.5 / (1 + math.exp(-1))),
        (3.0, 0.05, 1 / 3),
        (1.2, 0.005, 0.5),
    ],
)
def test_what_a_bucket_without_a_burst_lets_in(of_quota: float, blur: float, let_in: float) -> None:
    """All below its quota, every second request above it, one time's worth far above; timers blur where that begins."""
    assert module._let_in(of_quota, blur) == pytest.approx(let_in)


def test_what_is_spread_is_kept() -> None:
    """A little goes to the neighbours, a part of the jumps to all quotas, the rest back to the usual one."""
    shares = len(module.SHARES)
    rows = [[0.0] * shares for _ in range(5)]
    rows[2][0] = 1.0
    spread = module._spread(rows, 0.5, 4, [1.0, *[0.0] * (shares - 1)])
    beside, jump, lost = (0.02 / 0.04) ** 2 * 0.5 / 2, 0.15 * 0.5, 0.02 * 0.5
    assert sum(map(sum, spread)) == pytest.approx(1)
    common = module.COMMON[0]
    assert spread[0][0] == pytest.approx(jump / 2 / 5)
    assert spread[1][0] == pytest.approx((1 - jump) * beside * (1 - lost + lost * common) + jump / 2 / 5)
    assert spread[2][0] == pytest.approx((1 - jump) * (1 - 2 * beside) * (1 - lost + lost * common) + jump / 2 / 5)
    assert spread[4][0] == pytest.approx(jump / 2 / 5 + jump / 2)
    assert spread[2][4] == pytest.approx((1 - jump) * (1 - 2 * beside) * lost * module.COMMON[4])


def test_the_quotas_that_are_looked_at_move() -> None:
    """Up and down: as many unlikely ones come as are left out."""
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    new = [pytest.approx(9 * 1e-4 / 3), pytest.approx(12 * 1e-4 / 3)]
    assert module._moved(rows, 1) == [[3.0, 4.0], [5.0, 6.0], new]
    assert module._moved(rows, -2) == [new, new, [1.0, 2.0]]
