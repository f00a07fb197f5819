"""How fast requests go: a wanted rate, and the rate of services that throttle for a quota or at random; in simulated time."""

from __future__ import annotations

import math
import random

import pytest

from livebus.publish.dispatch import Limits
from livebus.publish.pace import Quota, Rate, _Trial
from support.simulated_bus import Bus, run_together
from support.simulated_services import AtRandom, Bucket, Changing, Failing, Outage, Service

WARM_UP = 5.0
MEASURED = 10.0


class Unpaced(Quota):
    """Learns nothing: all goes as fast as it can."""

    def answered(self, now: float, sent_at: float, throttled: float) -> None:
        pass


def publisher(seconds: float, per_second: float, seed: int = 7) -> Bus:
    """One that does not run out of entries."""
    bus = Bus(Limits(max_attempts=100), uniform=random.Random(seed).uniform)
    bus.read(int(seconds * per_second * 10))
    return bus


def let_in_per_second(service: Service, bus: Bus, seconds: float, watched: Service | None = None) -> float:
    """What a service lets in over the next seconds; what it did before is not counted."""
    watched = watched or service
    watched.restart()
    began = bus.now
    bus.run(service, seconds=seconds)
    return watched.let_in / (bus.now - began)


@pytest.mark.parametrize(("per_second", "burst"), [(400, 1), (400, 400), (600, 60)], ids=lambda each: f"{each}")
def test_a_quota_is_used_and_hardly_exceeded(per_second: int, burst: float) -> None:
    """With a bucket of any depth: at least 0.9 of what is allowed, at the most 5 % throttled."""
    service = Bucket(per_second, burst)
    bus = publisher(WARM_UP + MEASURED + 3, per_second)
    bus.run(service, seconds=WARM_UP)
    assert let_in_per_second(service, bus, MEASURED) >= 0.9 * per_second
    assert service.share <= 0.05


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2])
def test_throttling_at_random_costs_no_speed(share: float) -> None:
    """At least 0.9 of what goes through without any pace, its finding out included."""
    rates = []
    for paced in (True, False):
        bus = publisher(4, 2500)
        bus.latency = 0.02
        bus.dispatch.window.most = 32
        if not paced:
            bus.dispatch.quota = Unpaced()
        rates.append(let_in_per_second(AtRandom(share), bus, 3))
    assert rates[0] >= 0.9 * rates[1]


def test_a_healthy_service_is_not_paced() -> None:
    """What is never throttled has no limit."""
    bus = publisher(2, 2500)
    bus.run(Service())
    assert bus.dispatch.quota.per_second == math.inf
    assert bus.dispatch.quota.next == -math.inf


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_service_that_fails_at_random_in_every_way_is_not_slowed_down(seed: int) -> None:
    """30 % of the requests: resets, 503, throttling, parts of them; as fast as without a pace, and nothing is lost."""
    times = []
    for paced in (True, False):
        bus = publisher(1, 2000)
        bus.latency = 0.003
        if not paced:
            bus.dispatch.quota = Unpaced()
        bus.run(Failing(0.3, seed))
        assert sorted([*bus.outcomes.accepted_numbers, *bus.outcomes.failures]) == list(range(20_000))
        times.append(bus.now)
    assert times[0] - 1000 <= (times[1] - 1000) / 0.9


@pytest.mark.parametrize(("share", "burst"), [(0.05, 60), (0.1, 60), (0.2, 60)])
def test_a_quota_is_found_behind_random_throttling(share: float, burst: float) -> None:
    """So many are throttled at any rate, and all beyond the quota: what it lets in is used; at most 5 % more is throttled."""
    quota = Bucket(600, burst, behind=AtRandom(share))
    bus = publisher(15, 600)
    bus.run(quota, seconds=WARM_UP)
    assert let_in_per_second(quota, bus, 8) >= 0.9 * (1 - share) * 600
    assert quota.share <= share + 0.05
    assert 0.6 * share <= bus.dispatch.quota.noise <= 1.4 * share


def test_a_quota_without_a_burst_is_found_within_seconds() -> None:
    """Once it is sent a little too much, such a bucket throttles half: that is not taken for half of its quota."""
    bus = publisher(6, 400)
    service = Bucket(400, 1)
    bus.run(service, seconds=3)
    assert let_in_per_second(service, bus, 2) >= 0.85 * 400


def test_partly_throttled_requests_count_in_part() -> None:
    """Half of each request's entries at any rate is what a service does, and not its quota."""
    quota = Quota()
    quota.noise, quota.per_second, quota._known = 0.5, 100.0, 100.0
    quota.sent(0.0)
    for number in range(40):
        quota.answered(number / 100, 0.0, 0.5)
    assert (quota._counted, quota._throttled, quota._let_in) == (40, 20, 20)


@pytest.mark.parametrize("per_second", [300])
def test_after_an_outage_the_known_quota_is_found_again(per_second: int) -> None:
    """All is throttled for eight seconds; few requests go meanwhile, and five seconds later the quota is used again."""
    bucket, outage = Bucket(per_second, per_second / 10), Outage()
    service = Changing((1010.0, bucket), (1018.0, outage), (math.inf, bucket))
    bus = publisher(25, per_second)
    bus.run(service, seconds=18)
    assert outage.throttled <= per_second
    bus.run(service, seconds=5)
    assert let_in_per_second(service, bus, 5, bucket) >= 0.9 * per_second


def test_a_quota_that_is_raised_is_found() -> None:
    """Ten times as much, within ten seconds from having found the old one to more than three times of it."""
    small, large = Bucket(200, 20), Bucket(2000, 200)
    service = Changing((1010.0, small), (math.inf, large))
    bus = publisher(30, 700)
    bus.run(service, seconds=20)
    assert let_in_per_second(service, bus, 2, large) >= 3 * 200


def test_a_quota_that_is_lowered_is_found() -> None:
    """A quarter of it, within two seconds."""
    large, small = Bucket(1200, 120), Bucket(300, 30)
    service = Changing((1002.0, large), (math.inf, small))
    bus = publisher(15, 1200)
    bus.run(service, seconds=4)
    assert let_in_per_second(service, bus, 8, small) >= 0.9 * 300
    assert small.share <= 0.05


@pytest.mark.parametrize("seed", [1])
def test_two_publishers_share_a_quota(seed: int) -> None:
    """A second one that comes six seconds later: soon each has at least a quarter, and together they use it."""
    service = Bucket(300, 30)
    buses = [publisher(35, 300, seed), publisher(35, 300, seed + 10)]
    buses[1].now = 1006.0
    run_together(buses, service, until=1020.0)
    before = [len(bus.outcomes.accepted_numbers) for bus in buses]
    run_together(buses, service, until=1032.0)
    shares = [
        (len(bus.outcomes.accepted_numbers) - count) / (300 * 10 * 12) for bus, count in zip(buses, before, strict=True)
    ]
    assert min(shares) >= 0.25
    assert sum(shares) >= 0.9


# --- each decision ------------------------------------------------------------------------------------------------------


def answers(quota: Quota, seconds: float, count: int, throttled: int, now: float) -> float:
    """So many requests, evenly over so many seconds, the throttled ones evenly among them; the time after them."""
    quota.sent(now)
    for number in range(1, count + 1):
        at = now + seconds * number / count
        quota.answered(at, now, float((number * throttled) // count - ((number - 1) * throttled) // count))
    return now + seconds


def test_the_rate_goes_to_a_little_less_than_what_was_let_in() -> None:
    """A tenth of 1,000 per second throttled: 0.92 of the other 900."""
    quota = Quota()
    now = answers(quota, 0.5, 500, 50, 10.0)
    assert quota.per_second == pytest.approx(0.92 * 900)
    assert quota.next == pytest.approx(now + 1 / quota.per_second)


def test_one_too_many_now_and_then_is_put_up_with() -> None:
    """Two percent, and as much again as chance brings about, are no quota."""
    quota = Quota()
    answers(quota, 0.5, 500, 16, 10.0)
    assert quota.per_second == math.inf
    quota = Quota()
    answers(quota, 0.5, 500, 17, 10.0)
    assert quota.per_second < math.inf


def test_few_requests_say_nothing_yet() -> None:
    """Less than fifty are waited for, two seconds long."""
    quota = Quota()
    now = answers(quota, 1.0, 20, 3, 10.0)
    assert quota.per_second == math.inf
    answers(quota, 1.0, 20, 3, now)
    assert quota.per_second == pytest.approx(0.92 * 34 / 2)


def test_what_is_far_too_much_is_told_by_a_hundredth_of_a_second() -> None:
    """Three of five are throttled: since the first of them 19 others were let in, the first of which began the time."""
    quota = Quota()
    now = answers(quota, 0.01, 50, 30, 10.0)
    assert quota._listens
    quota.sent(now)
    assert quota.per_second == pytest.approx(0.92 * 18 / 0.0096)
    assert quota.next == pytest.approx(now + 1 / quota.per_second)


def test_nothing_goes_until_what_is_in_flight_has_been_answered() -> None:
    """When throttling sets in: for the time that the last request took, and half a second at the most."""
    for latency, waits in ((0.2, 0.2), (3.0, 0.5)):
        quota = Quota()
        quota.sent(10.0)
        quota._begin_round(19.9)
        for number in range(4):
            quota.answered(20 + number / 1000, 20 + number / 1000 - latency, 1.0)
        assert quota.next == pytest.approx(20.003 + waits)
        quota.answered(20.5, 20.5 - latency, 1.0)  # in flight as well: counts, and changes nothing more
        assert quota.next == pytest.approx(20.003 + waits)
        assert quota._onset.counted == 5


@pytest.mark.parametrize(("let_in_before", "late"), [(1, 0.0), (20, 0.025), (400, 0.1)])
def test_what_a_bucket_let_in_at_once_says_how_late_a_request_may_be(let_in_before: int, late: float) -> None:
    """Half of its burst is made up for, up to a tenth of a second; without a burst nothing is."""
    quota = Quota()
    quota.sent(9.0)
    for _ in range(let_in_before):
        quota.answered(10.0, 10.0, 0.0)
    for number in range(41):  # every fourth is let in: 9 after the first of them, in 0.02 s
        quota.answered(10 + number / 2000, 10.0, float(number % 4 != 3))
    quota.sent(10.03)
    assert quota._late == pytest.approx(late and min(0.1, let_in_before / 2 / 450))


def test_it_climbs_by_short_rounds_until_throttling_is_met_again() -> None:
    """A tenth of a second each, a tenth more where ten requests were the measure; up to 0.08 is put up with on the way."""
    quota, now = limited()
    quota._climbs, quota._gain = True, 0.1
    now = answers(quota, 0.11, 91, 0, now)
    assert quota.per_second == pytest.approx(828 * 1.1)
    answers(quota, 0.11, 100, 7, now)
    assert quota.per_second == pytest.approx(828 * 1.1 * 1.1)


@pytest.mark.parametrize(("throttled", "climbs"), [(99, True), (105, False)])
def test_it_has_climbed_enough_when_a_tenth_is_throttled(throttled: int, climbs: bool) -> None:
    """Less is no sure sign of the quota: a lower rate that helped does not end it."""
    quota, now = limited()
    quota._climbs, quota._gain, quota.per_second = True, 0.1, 10_000.0
    now = answers(quota, 0.11, 1000, throttled, now)
    assert quota._trial is not None
    while quota._trial is not None:
        now += 0.001
        quota.answered(now, now, 0.0)
    assert quota._climbs is climbs


def test_what_is_throttled_below_a_quota_that_was_just_measured_is_noise() -> None:
    """The first time, of 300 requests; the rate waits for them below the quota."""
    quota, now = limited()
    quota._settles, quota._unsettled = True, 300
    now = answers(quota, 0.5, 200, 12, now)
    assert (quota.noise, quota.per_second) == (pytest.approx(0.06), pytest.approx(828))
    assert quota._settles
    now = answers(quota, 0.5, 400, 12, now)
    assert quota.noise == pytest.approx(0.04)
    assert quota._proven == quota.noise
    assert not quota._settles
    assert quota.per_second == pytest.approx((828 + 900) / 2)


def test_without_a_burst_a_rate_that_is_too_high_is_noticed_within_some_requests() -> None:
    """Every second one is throttled: seven of fourteen are enough, and the last rate that was good is gone back to."""
    quota, now = limited()
    quota._late, quota._clean = 0.0, 828.0
    quota.per_second = 1000.0
    quota._begin_round(now)
    for number in range(14):
        assert quota._trial is None
        now += 0.001
        quota.answered(now, now, float(number % 2 == 0))
        if number == 12:
            break
    assert quota._trial is not None
    assert (quota._trial.let_in, quota._trial.ceiling) == (828.0, 1000.0)


def test_more_throttled_at_a_lower_rate_is_no_chance() -> None:
    """A burst has come to its end, or the quota has gone down: that is not in vain, and the rate is lowered again."""
    quota, now = limited()
    now = answers(quota, 0.5, 414, 62, now)
    assert quota._trial is not None
    lower = quota.per_second
    for number in range(300):
        now += 0.002
        quota.answered(now, now, float(number % 5 < 2))
        if quota.per_second != lower:
            break
    assert quota._trial is not None
    assert quota._trial.in_vain == 0
    assert quota.noise == 0.0
    assert quota.per_second < 0.7 * lower


def limited() -> tuple[Quota, float]:
    """One that has found a quota of 900 per second, by lowering its rate from 1,000, and goes at 0.92 of it."""
    quota = Quota()
    quota.per_second = quota._known = 1000.0
    now = answers(quota, 0.5, 500, 50, 10.0)
    now = answers(quota, 0.2, 166, 0, now)
    assert quota._trial is None
    assert (quota.per_second, quota._known) == (pytest.approx(828), pytest.approx(900))
    quota._settles, quota._unsettled = False, 0
    quota._begin_round(now)
    return quota, now


def test_a_lower_rate_that_helped_comes_back_to_the_quota_and_probes_beyond() -> None:
    """Half of the way each round; then steps that double: 0.4 × √rate, as long as nothing is throttled."""
    quota, now = limited()
    rates = []
    for _ in range(7):
        now = answers(quota, 0.5, int(quota.per_second / 2), 0, now)
        rates.append(quota.per_second)
    wanted = [(828 + 900) / 2, (864 + 900) / 2]
    for doubled in (1, 2, 4, 8, 16):
        step = doubled * 0.4 * math.sqrt(wanted[-1])
        wanted.append(wanted[-1] + min(step, wanted[-1] / 10))
    assert rates == pytest.approx(wanted)


def test_a_rate_that_is_not_used_does_not_grow() -> None:
    """Below 0.7 of it nothing is known about more."""
    quota, now = limited()
    for count, rate in ((231, 828), (233, 864)):
        for number in range(
            1, count + 1
        ):  # each of them was sent 0.1 s before its answer, the first when the round began
            quota.answered(now + 0.1 + 0.4 * number / count, now + 0.4 * number / count, 0.0)
        now += 0.5
        assert quota.per_second == pytest.approx(rate)


def test_a_lower_rate_that_is_in_vain_is_given_up() -> None:
    """The share is noise from then on; the rate is what it was before, and the same share lowers it no more."""
    quota = Quota()
    now = answers(quota, 0.5, 500, 50, 10.0)
    assert quota.per_second == pytest.approx(828)
    now = answers(quota, 0.25, 200, 20, now)
    assert quota.per_second == math.inf
    assert quota.next == -math.inf
    assert quota.noise == pytest.approx(0.1, abs=0.01)
    for _ in range(5):
        now = answers(quota, 0.5, 500, 50, now)
    assert quota.per_second == math.inf


@pytest.mark.parametrize(("proven", "share", "tries"), [(0.0, 0.1, 1), (0.0, 0.4, 2), (0.05, 0.2, 2)])
def test_much_and_more_than_is_proven_takes_two_tries(proven: float, share: float, tries: int) -> None:
    """More than a quarter, or more than what a lower rate has once shown."""
    quota, now = limited()
    quota.noise = quota._proven = proven
    now = answers(quota, 0.5, 414, int(414 * share), now)
    rates = [quota.per_second]
    assert rates[0] < 828
    while quota._trial is not None:
        now = answers(quota, 0.01, 20, int(20 * share), now)
        if quota.per_second != rates[-1]:
            rates.append(quota.per_second)
    assert len(rates) == tries + 1
    assert rates[-1] == pytest.approx(828)
    assert quota.noise == pytest.approx(share, abs=0.01)


def test_noise_is_forgotten_when_there_is_none() -> None:
    """Rounds in which nothing is throttled make it less, by the number of their requests."""
    quota = Quota()
    quota.noise = 0.2
    now = answers(quota, 0.5, 500, 0, 10.0)
    assert quota.noise == pytest.approx(0.2 * 2000 / 2500)
    answers(quota, 0.5, 2000, 0, now)
    assert quota.noise == pytest.approx(0.2 * 2000 / 2500 / 2)


def test_noise_does_not_creep_up_to_a_quota() -> None:
    """Close to the known quota more throttling is the quota's; well below it, it is noise."""
    quota, now = limited()
    quota.per_second = 880.0
    now = answers(quota, 0.5, 440, 6, now)
    assert quota.noise == 0.0
    quota.per_second = 700.0
    answers(quota, 0.5, 350, 6, now)
    assert quota.noise == pytest.approx(6 / 350 * 350 / 2350)


def test_more_than_half_is_never_noise() -> None:
    """However often a lower rate is in vain: it goes on down, to a 32nd of the quota that is known, and no further."""
    quota, now = limited()
    for _ in range(20):
        now = answers(quota, 2.0, 60, 60, now)
    assert quota.noise == 0.0
    assert quota.per_second == pytest.approx(900 / 32)
    rounds = 0
    while quota.per_second < 0.97 * 900 and rounds < 80:
        quota._begin_round(now)
        now = answers(quota, 0.5, int(quota.per_second), 0, now)
        rounds += 1
    assert quota.per_second >= 0.97 * 900


def test_without_a_known_quota_a_request_per_second_is_the_least() -> None:
    """Something has to go, to find out that it is let in again."""
    quota = Quota()
    now = 10.0
    for _ in range(20):
        now = answers(quota, 2.0, 60, 60, now)
    assert quota.per_second == 1.0


def test_answers_to_what_was_sent_before_a_round_say_nothing_about_its_share() -> None:
    """They were sent at another rate; that they were let in counts for the service's speed all the same."""
    quota, now = limited()
    for _ in range(100):
        quota.answered(now + 0.01, now - 0.001, 1.0)
    assert (quota._counted, quota._throttled, quota._let_in) == (0, 0, 0)
    quota.answered(now + 0.01, now - 0.001, 0.0)
    assert (quota._counted, quota._let_in) == (0, 1)


def test_what_was_let_in_without_a_burst_is_not_less_than_what_was_clean_before() -> None:
    """A bucket of one lets in half of what is a little too much: the rate goes back to the last one that was good."""
    quota, now = limited()
    now = answers(quota, 0.5, 414, 0, now)  # 828 per second were good
    answers(quota, 0.1, 86, 43, now)
    assert quota.per_second == pytest.approx(828 * 0.92)


def test_requests_go_evenly_and_a_late_one_is_hardly_made_up_for() -> None:
    """At 100 per second every 10 ms; after a pause at most 2.5 ms are made up for."""
    quota = Quota()
    quota.sent(1.0)
    assert quota.next == -math.inf
    quota.per_second = 100.0
    quota.sent(1.0)
    assert quota.next == pytest.approx(1.0075)
    quota.sent(1.0075)
    assert quota.next == pytest.approx(1.0175)
    quota.sent(2.0)
    assert quota.next == pytest.approx(2.0075)


@pytest.mark.parametrize(("per_second", "batch"), [(0.5, 1), (7, 1), (25, 2), (99, 9), (100, 10), (5000, 10)])
def test_at_small_rates_requests_are_small(per_second: float, batch: int) -> None:
    """No entry waits more than a tenth of a second for others."""
    assert Rate(per_second).batch == batch


def test_a_wanted_rate_makes_up_for_a_second() -> None:
    """And for no more."""
    rate = Rate(10.0)
    rate.sent(1, 5.0)
    assert rate.next == pytest.approx(5.1)
    rate.sent(5, 5.1)
    assert rate.next == pytest.approx(5.6)
    rate.sent(1, 8.0)
    assert rate.next == pytest.approx(7.1)


def test_a_wanted_rate_begins_with_the_first_answer() -> None:
    """What was held up while the connection was made is not made up for; what is to wait longer still waits."""
    rate = Rate(10.0)
    rate.sent(1, 5.0)
    rate.begin(7.0)
    assert rate.next == 7.0
    rate.begin(6.0)
    assert rate.next == 7.0


# --- what is thrown at random --------------------------------------------------------------------------------------------


def test_noise_is_what_enough_requests_say() -> None:
    """That it was in vain is clear after few; how much is put up with from then on, only after some more."""
    quota = Quota()
    now = answers(quota, 0.5, 500, 100, 10.0)
    now = answers(quota, 0.1, 100, 20, now)
    assert quota._trial is not None
    assert quota.noise == 0.0
    answers(quota, 0.1, 78, 16, now)  # 178 of them: a standard deviation of 0.03
    assert quota._trial is None
    assert quota.noise == pytest.approx(0.2, abs=0.01)


def test_noise_grows_slowly_where_nothing_was_tried() -> None:
    """By no more than a hundredth beyond what a lower rate has shown: a quota that sinks is not taken for noise, bit by bit."""
    quota, now = limited()
    quota.noise = quota._proven = 0.1
    for _ in range(10):
        quota.per_second = 700.0
        quota._begin_round(now)
        now = answers(quota, 0.5, 350, 48, now)
    assert quota.noise == pytest.approx(0.11)


def test_close_to_the_quota_only_what_is_surely_less_makes_the_noise_less() -> None:
    """A share within a standard deviation of it changes nothing."""
    quota, now = limited()
    quota.noise = quota._proven = 0.1
    quota.per_second = 890.0
    now = answers(quota, 0.5, 445, 40, now)
    assert quota.noise == 0.1
    quota.per_second = 890.0
    answers(quota, 0.5, 445, 0, now)
    assert quota.noise == pytest.approx(0.1 * 2000 / 2445)


def test_what_is_still_throttled_below_a_quota_is_noise() -> None:
    """A lower rate helped, and two requests are throttled all the same: fifty are waited for."""
    quota, now = limited()
    quota.per_second = 1000.0
    quota._begin_round(now)
    now = answers(quota, 0.5, 500, 150, now)
    assert quota._trial is not None
    count = 0
    while quota._trial is not None:
        quota.answered(now + 0.01, now, float(count < 2))
        count += 1
    assert count == 50
    assert quota.noise == pytest.approx(2 / (count + 30))


def test_a_quota_that_was_found_with_too_little_noise_is_raised_with_it() -> None:
    """What was let in says more, once it is known what share never is."""
    quota, now = limited()
    quota._begin_round(now)
    now = answers(quota, 0.5, 414, 83, now)
    answers(quota, 0.5, 300, 60, now)
    assert quota.noise == pytest.approx(0.2, rel=0.02)
    assert quota._known == pytest.approx(900 / (1 - quota.noise))
    assert quota.per_second == pytest.approx(828)


def test_a_short_round_does_not_move_a_known_quota_by_much() -> None:
    """Sixty requests, a third of them throttled: the experiment goes by what they say, and 0.95 of the quota is remembered."""
    quota, now = limited()
    now = answers(quota, 0.1, 60, 20, now)
    assert quota.per_second == pytest.approx(0.92 * 31 / (47 / 600))
    while quota._trial is not None:
        now = answers(quota, 0.01, 5, 0, now)
    assert quota._known == pytest.approx(min(828, 0.95 * 900))


def test_a_bucket_without_a_burst_is_looked_for_between_the_good_rate_and_the_bad_one() -> None:
    """Half is throttled at 1,000, nothing at 800: the rate goes back to the good one, then half of the way each round."""
    quota = Quota()
    quota.per_second = 800.0
    now = answers(quota, 0.5, 400, 0, 10.0)
    quota.per_second = 1000.0
    now = answers(quota, 0.1, 100, 50, now)
    assert quota.per_second == pytest.approx(0.92 * 800)
    now = answers(quota, 0.2, 147, 0, now)
    rates = []
    for _ in range(3):
        quota._begin_round(now)
        now = answers(quota, 0.5, int(quota.per_second / 2), 0, now)
        rates.append(quota.per_second)
    assert rates == pytest.approx([868, 934, 967])


def test_a_third_that_is_throttled_is_no_bucket_without_a_burst() -> None:
    """It goes by what was let in, and nothing is known of a rate below which the quota must be."""
    quota = Quota()
    quota.per_second = 800.0
    now = answers(quota, 0.5, 400, 0, 10.0)
    quota.per_second = 1000.0
    answers(quota, 0.1, 100, 30, now)
    assert quota.per_second == pytest.approx(619.97, abs=0.1)  # 0.92 of what was let in since throttling set in
    assert quota._trial is not None
    assert quota._trial.ceiling == math.inf


def test_an_unclear_experiment_goes_on() -> None:
    """Two seconds are enough where one explanation is four times as likely, else it takes up to six."""
    quota, now = limited()
    quota._begin_round(now)
    now = answers(quota, 2.0, 100, 12, now)
    assert quota._trial is not None
    for number in range(1, 13):  # so many are between both
        quota.answered(now + number * 0.4, now, float(number % 6 == 0) / 2)
        assert quota._trial.in_vain == 0
    quota.answered(now + 6.1, now, 0.0)
    assert quota._trial is None
    assert quota.noise == pytest.approx(1 / 13)


def test_a_low_rate_is_doubled_after_ten_requests() -> None:
    """Far below a known quota nothing waits for fifty of them, or for two seconds."""
    quota, now = limited()
    quota.per_second = 10.0
    quota._begin_round(now)
    answers(quota, 1.0, 10, 0, now)
    assert quota.per_second == 20.0


def test_what_is_expected_of_a_lower_rate_is_between_the_noise_and_what_was_throttled() -> None:
    """Of 0.3 with a noise of 0.1: 0.16 where it helps, 0.26 where it does not."""
    trial = _Trial(100.0, math.inf)
    trial.begin(100, 30)
    trial.expect(0.1)
    assert trial.evidence(1, 1) == pytest.approx(math.log(0.26 / 0.16))
    assert trial.evidence(1, 0) == pytest.approx(math.log(0.74 / 0.84))
