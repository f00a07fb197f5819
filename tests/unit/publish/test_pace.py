"""How fast requests go: a wanted rate, and the rate of services that throttle for a quota or at random; in simulated time."""

from __future__ import annotations

import math
import random
from functools import partial

import pytest

from livebus.event.stream import StreamedEntry
from livebus.publish.dispatch import Limits
from livebus.publish.pace import Quota, Rate
from livebus.publish.rounds import Round
from support.simulated_bus import Bus, run_together
from support.simulated_services import AtRandom, Bucket, Changing, Failing, Outage, Service

WARM_UP = 4.0
MEASURED = 5.0
ENTRY = StreamedEntry(b"{}", 300, "e.ndjson", 0, 1)


class Unpaced(Quota):
    """Learns nothing: all goes as fast as it can."""

    def answered(self, now: float, sent_at: float, throttled: float) -> None:
        pass


def publisher(seconds: float, per_second: float, seed: int = 7) -> Bus:
    """One that does not run out of entries."""
    bus = Bus(Limits(max_attempts=100), uniform=random.Random(seed).uniform)
    bus._unread.extend((number, ENTRY) for number in range(int(seconds * per_second * 10)))
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
        service = Failing(0.3, seed)
        # What comes last waits for chance: how long the few that fail again and again are to wait.
        while len(bus.outcomes.accepted_numbers) < 19_000:
            bus.run(service, seconds=0.01)
        times.append(bus.now - 1000)
        bus.run(service)
        assert sorted([*bus.outcomes.accepted_numbers, *bus.outcomes.failures]) == list(range(20_000))
    assert times[0] <= times[1] / 0.9


@pytest.mark.parametrize(("share", "burst"), [(0.05, 60), (0.1, 60), (0.2, 60)])
def test_a_quota_is_found_behind_random_throttling(share: float, burst: float) -> None:
    """So many are throttled at any rate, and all beyond the quota: what it lets in is used; at most 5 % more is throttled."""
    quota = Bucket(600, burst, behind=AtRandom(share))
    bus = publisher(15, 600)
    bus.run(quota, seconds=WARM_UP)
    assert let_in_per_second(quota, bus, 8) >= 0.9 * (1 - share) * 600
    assert quota.share <= share + 0.05
    assert 0.6 * share <= bus.dispatch.quota.noise <= 1.4 * share


@pytest.mark.parametrize(("per_second", "used"), [(400, 0.85), (600, 0.85), (1200, 0.75)])
def test_a_quota_without_a_burst_is_found_within_seconds(per_second: int, used: float) -> None:
    """
    Once it is sent a little too much, such a bucket throttles half: that is not taken for half of its quota.

    Requests come 0.05 ms from their time, on average: the larger the quota, the more that is of the time between two of them.
    """
    bus = publisher(6, per_second)
    bus.takes = partial(random.Random(1).expovariate, 1 / 0.00005)
    bus.timer, bus.evenly = 0.001, 0.0001
    service = Bucket(per_second, 1)
    bus.run(service, seconds=1)
    assert let_in_per_second(service, bus, 4) >= used * per_second
    assert service.share <= 0.05


def test_timers_of_a_millisecond_cost_half_of_a_quota_without_a_burst() -> None:
    """That is why requests then go at their very time: here they do not, whatever is asked for."""
    let_in: list[float] = []
    for evenly in (0.001, 0.0001):
        bus = publisher(6, 600)
        bus.timer, bus.evenly = 0.001, evenly
        bus.run(service := Bucket(600, 1), seconds=2)
        let_in.append(let_in_per_second(service, bus, 3))
    assert let_in[1] >= 0.85 * 600
    assert let_in[0] <= 0.7 * let_in[1]


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
    """Ten times as much, within five seconds from having found the old one to more than three times of it."""
    small, large = Bucket(200, 20), Bucket(2000, 200)
    service = Changing((1005.0, small), (math.inf, large))
    bus = publisher(30, 700)
    bus.run(service, seconds=10)
    assert let_in_per_second(service, bus, 2, large) >= 3 * 200


def test_a_quota_that_is_lowered_is_found() -> None:
    """A quarter of it, within two seconds."""
    large, small = Bucket(1200, 120), Bucket(300, 30)
    service = Changing((1002.0, large), (math.inf, small))
    bus = publisher(15, 1200)
    bus.run(service, seconds=4)
    assert let_in_per_second(service, bus, 6, small) >= 0.9 * 300
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
    """So many requests, evenly over so many seconds, answered at once, the throttled ones evenly among them; the time after them."""
    for number in range(1, count + 1):
        at = now + seconds * (number - 1) / count
        quota.sent(at)
        quota.answered(at, at, float((number * throttled) // count - ((number - 1) * throttled) // count))
    return now + seconds


def test_one_too_many_now_and_then_is_put_up_with() -> None:
    """Two percent of a round, and three deviations more; the next request after it is in another round."""
    for throttled, limited in ((5, False), (7, True)):
        quota = Quota()
        answers(quota, 0.2, 200, 2 * throttled, 10.0)
        assert (quota.per_second < math.inf) is limited


def test_a_round_with_too_many_is_a_measure() -> None:
    """A thousand per second, 7 % of them throttled: the rest may be the quota, with a usual burst of a tenth of a second."""
    quota = Quota()
    answers(quota, 0.2, 200, 14, 10.0)
    belief = quota._belief
    assert belief is not None
    assert belief.usual == pytest.approx(930, rel=0.02)
    assert belief._depth == pytest.approx(93, rel=0.02)
    assert belief.without_burst == pytest.approx(0.1)
    assert belief.quota(0.9) > 2 * 930  # or chance, and then it is anywhere above


def test_few_requests_say_nothing_yet() -> None:
    """Less than fifty in a round, while nothing is limited: some are throttled, too few in a row for an onset."""
    for count, limited in ((45, False), (55, True)):
        quota = Quota()
        answers(quota, 0.22, 2 * count, 2 * count // 7, 10.0)
        assert (quota.per_second < math.inf) is limited


def test_what_is_far_too_much_is_told_by_a_hundredth_of_a_second() -> None:
    """Three of five are throttled: what is in flight is waited for, and measured; the rate begins near it."""
    quota = Quota()
    for number in range(50):
        quota.sent(10 + number / 5000)
    for number in range(50):
        quota.answered(10.02 + number / 5000, 10 + number / 5000, float(number % 5 > 1))
    assert quota._listens
    assert quota.per_second == math.inf
    quota.sent(10.05)
    assert not quota._listens
    assert 0.7 * 2000 < quota.per_second < 1.3 * 2000
    assert quota.evenly  # two were let in before it set in, which a bucket without a burst does as well
    assert quota.next == pytest.approx(10.05 + 1 / quota.per_second)


def test_nothing_goes_until_what_is_in_flight_has_been_answered() -> None:
    """When throttling sets in: for the time that the last request took, and half a second at the most."""
    for latency, waits in ((0.2, 0.2), (3.0, 0.5)):
        quota = Quota()
        quota.sent(10.0)
        for number in range(4):
            quota.answered(20 + number / 1000, 20 + number / 1000 - latency, 1.0)
        assert quota.next == pytest.approx(20.003 + waits)
        quota.answered(20.5, 20.5 - latency, 1.0)  # in flight as well: counts, and changes nothing more
        assert quota.next == pytest.approx(20.003 + waits)
        assert quota._onset.counted == 5


@pytest.mark.parametrize(("let_in_before", "late"), [(1, 0.0), (20, 0.025), (400, 0.1)])
def test_what_a_bucket_let_in_at_once_says_how_late_a_request_may_be(let_in_before: int, late: float) -> None:
    """Half of its burst is made up for, up to a tenth of a second; where there seems to be none, nothing is."""
    quota = Quota()
    quota.sent(9.0)
    for _ in range(let_in_before):
        quota.answered(10.0, 10.0, 0.0)
    for number in range(41):  # every fourth is let in: 9 after the first of them, in 0.02 s
        quota.answered(10 + number / 2000, 10.0, float(number % 4 != 3))
    quota.sent(10.03)
    assert quota.evenly is (let_in_before == 1)
    if late:
        assert quota._late == pytest.approx(min(0.1, let_in_before / 2 / 450))
    else:
        assert quota.next == pytest.approx(10.03 + 1 / quota.per_second)
    assert quota._belief is not None
    assert quota._belief.without_burst == pytest.approx(0.9 if let_in_before == 1 else 0.1)
    # A measure without a burst is a worse one.
    low, high = quota._belief.quota(0.2), quota._belief.quota(0.6)
    assert (high / low > 1.8) is (let_in_before == 1)
    assert (quota._belief.quota(0.8) / low > 2.5) is (
        let_in_before == 1
    )  # so few were let in that it may be any higher one


class Believed:
    """A belief that says what a test wants it to, and notes what is learnt."""

    def __init__(self, per_second: float, at_random: float = 0.0, without_burst: float = 0.0) -> None:
        self.per_second, self.at_random, self.without_burst, self.usual = (
            per_second,
            at_random,
            without_burst,
            per_second,
        )
        self.tried = 1.0  # times the likely quota: what is worth a try
        self.learnt: list[tuple[int, float, float, bool]] = []
        self.allowed: list[float] = []

    def quota(self, probability: float) -> float:
        assert probability == 0.4
        return self.per_second

    @property
    def perhaps(self) -> float:
        return self.per_second * self.tried

    def learn(self, seconds: float, sent: int, counted: float, throttled: float, *, allowed: float, used: bool) -> None:
        self.learnt.append((sent, counted, throttled, used))
        self.allowed.append(allowed)


def limited(belief: Believed) -> Quota:
    quota = Quota()
    quota._belief = belief  # type: ignore[assignment]
    return quota


def test_the_rate_is_the_likely_quota_and_a_step_beside_it() -> None:
    """The first one is 0.4 of the root of the rate."""
    quota = limited(Believed(400.0))
    quota.sent(10.0)
    assert quota.per_second == pytest.approx(400 * 1.02)
    assert quota.next == pytest.approx(10 - 0.0025 + 1 / 408)


@pytest.mark.parametrize(("without_burst", "rate"), [(0.0, 408), (0.25, 404), (0.5, 400), (1.0, 400)])
def test_beyond_a_quota_without_a_burst_nothing_is_tried(without_burst: float, rate: float) -> None:
    """The more likely that is, the less."""
    quota = limited(Believed(400.0, without_burst=without_burst))
    quota.sent(10.0)
    assert quota.per_second == pytest.approx(rate)


@pytest.mark.parametrize(("without_burst", "late"), [(0.15, 0.0025), (0.16, 0.0)])
def test_nothing_is_made_up_for_where_there_may_be_no_burst(without_burst: float, late: float) -> None:
    """Requests are to go evenly then: two at once would be one too many."""
    quota = limited(Believed(400.0, without_burst=without_burst))
    quota.sent(10.0)
    assert quota.evenly is (late == 0)
    assert quota.next == pytest.approx(10.0 - late + 1 / quota.per_second)


def test_where_throttling_set_in_without_a_burst_requests_go_evenly_from_then_on() -> None:
    """Whatever is believed later; until nothing is limited any more."""
    quota = Quota()
    quota.sent(9.0)
    quota.answered(10.0, 10.0, 0.0)
    for number in range(41):
        quota.answered(10 + number / 2000, 10.0, float(number % 4 != 3))
    quota.sent(10.03)
    quota._belief = Believed(1000.0)  # type: ignore[assignment]
    quota._begin(10.04)
    assert quota.evenly
    quota._unlimited()
    assert not quota.evenly
    quota._belief = Believed(1000.0)  # type: ignore[assignment]
    quota._begin(10.05)
    assert not quota.evenly


@pytest.mark.parametrize(("tried", "without_burst", "rate"), [(1.01, 0.0, 408), (1.25, 0.0, 500), (1.25, 0.25, 450)])
def test_a_step_goes_as_far_as_the_quota_is_unknown(tried: float, without_burst: float, rate: float) -> None:
    """Where that is farther than the step; without a burst not so far."""
    belief = Believed(400.0, without_burst=without_burst)
    belief.tried = tried
    quota = limited(belief)
    quota.sent(10.0)
    assert quota.per_second == pytest.approx(rate)


def test_nothing_is_tried_where_too_much_was_throttled_just_now() -> None:
    """However little is known: the likely quota it is, until the next step."""
    belief = Believed(400.0)
    belief.tried = 2.0
    quota = limited(belief)
    quota._probing.too_much(10.0, 0.0)
    quota.sent(10.0)
    assert quota.per_second == pytest.approx(400)


@pytest.mark.parametrize(("at_random", "below"), [(0.05, 0.9), (0.2, 0.6)])
def test_a_step_below_is_below_what_has_been_tried(at_random: float, below: float) -> None:
    """Where that is less than the likely quota: there the same share has been seen already."""
    belief = Believed(100.0, at_random=at_random)
    quota = limited(belief)
    now = answers(quota, 0.11, 11, 10, 10.0)
    assert belief.learnt == [(10, 10, 9, True)]  # in 0.09 s: so much is told at once
    belief.per_second = 300.0
    quota._begin(now)
    assert quota.per_second == pytest.approx(below * 10 / 0.09, rel=0.01)


@pytest.mark.parametrize(("likely", "rate"), [(110.0, 104.0), (125.0, 130.0)])
def test_a_rate_that_is_far_too_low_does_not_wait_for_the_next_round(likely: float, rate: float) -> None:
    """More than 1.2 times as much: it is raised when that is known."""
    belief = Believed(100.0)
    quota = limited(belief)
    for number in range(11):
        quota.sent(10 + number / 95)
    belief.per_second = likely
    for number in range(11):
        quota.answered(10.13, 10 + number / 95, 0.0)
    assert quota.per_second == pytest.approx(rate, rel=0.001)


def test_what_may_be_chance_is_measured_by_a_whole_round() -> None:
    """Two of five throttled at 5,000/s: certain soon, and never more than half. The rest of a tenth of a second may be the quota."""
    quota = Quota()
    for number in range(501):
        quota.sent(10 + number / 5000)
        quota.answered(10 + number / 5000, 10 + number / 5000, float(number % 5 in (2, 4)))
    assert quota._onset.is_certain
    assert not quota._listens
    assert quota.per_second == math.inf
    quota.sent(10.1002)
    quota.answered(10.1002, 10.1002, 0.0)
    assert quota._belief is not None
    assert quota._belief.usual == pytest.approx(3000, rel=0.03)
    assert quota._belief.without_burst == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("quota", "limits", "latency"),
    [
        (200, Limits(rate=3000), 0.01),
        (200, Limits(concurrency=4), 0.012),
        (200, Limits(concurrency=1), 0.003),
    ],
)
def test_whoever_sends_too_few_for_a_round_that_says_something_finds_a_quota_as_well(
    quota: int, limits: Limits, latency: float
) -> None:
    """Half as much again as is allowed, of which a third is throttled: that could be chance, and is looked at."""
    bus = Bus(limits, uniform=random.Random(7).uniform)
    bus.latency = latency
    bus._unread.extend((number, ENTRY) for number in range(20_000))
    service = Bucket(quota, quota / 10)
    bus.run(service, seconds=2)
    assert let_in_per_second(service, bus, 5) >= 0.9 * quota
    assert service.share <= 0.08


def test_a_quota_after_a_long_time_of_random_throttling_is_found() -> None:
    """However many were let in before: what is throttled now is looked at."""
    bucket = Bucket(50, 5)
    bus = Bus(Limits(rate=3000, max_attempts=100), uniform=random.Random(7).uniform)
    bus._unread.extend((number, ENTRY) for number in range(200_000))
    bus.run(Changing((1030.0, AtRandom(0.3)), (math.inf, bucket)), seconds=35)
    assert let_in_per_second(bucket, bus, 10) >= 0.9 * 50
    assert bucket.share <= 0.2


@pytest.mark.parametrize(("throttled", "tries"), [(21, False), (20, True)])
def test_where_most_was_throttled_the_measure_is_tried_first(throttled: int, tries: bool) -> None:
    """More than half is no chance. Else it may have been: more is tried at once."""
    quota = Quota()
    quota.sent(9.0)
    for number in range(40):
        quota.answered(10 + number / 2000, 10.0, float(number < throttled))
    quota.sent(10.03)
    assert quota._belief is not None
    likely, perhaps = quota._belief.quota(0.4), quota._belief.perhaps
    assert quota._belief.without_burst == pytest.approx(0.1)
    assert quota.per_second == pytest.approx(likely + 0.8 * (perhaps - likely) if tries else likely)
    assert 1.2 * likely < perhaps


@pytest.mark.parametrize(("usual", "grown"), [(100.0, 140.0), (400.0, 200.0)])
def test_the_rate_grows_by_no_more_than_what_has_been_answered_for(usual: float, grown: float) -> None:
    """By two fifths from the last good round; twice as much on the way back to a usual quota."""
    belief = Believed(100.0)
    quota = limited(belief)
    belief.usual = usual
    now = answers(quota, 0.1, 10, 0, 10.0)
    now = answers(quota, 0.1, 10, 0, now)
    belief.per_second = 1000.0
    answers(quota, 0.1, 10, 0, now)
    assert quota.per_second == pytest.approx(grown, rel=0.01)


def test_what_is_learnt_is_a_round_and_whether_it_used_its_rate() -> None:
    """A tenth of a second each; less than 0.6 of the rate is no use of it."""
    belief = Believed(100.0)
    quota = limited(belief)
    now = answers(quota, 0.1, 10, 2, 10.0)
    now = answers(quota, 0.5, 10, 0, now)
    answers(quota, 0.1, 1, 0, now)
    assert belief.learnt == [(10, 10, 2, True), (10, 10, 0, False)]
    assert belief.allowed == pytest.approx([104, 104])


@pytest.mark.parametrize(("sent", "seconds"), [(85, 0.1), (84, 0.3)])
def test_rounds_are_longer_where_the_pace_is_not_what_limits(sent: int, seconds: float) -> None:
    """Less than 0.85 of what is allowed went: then there is little to learn, and it costs time that requests need."""
    quota = limited(Believed(1000.0))
    done = Round(10.0, 1000.0, 0.1)
    done.ended, done.sent, done.counted = 10.1, sent - 1, sent - 1
    quota._judge(done, 10.1)
    quota._begin(10.1)
    assert quota._rounds._rounds[-1].lasts == seconds


def test_a_round_from_before_anything_was_limited_was_allowed_nothing_in_particular() -> None:
    """What was in flight then, and is answered when a belief has begun: how close together it went is not known."""
    belief = Believed(100.0)
    quota = Quota()
    for number in range(12):
        quota.sent(10 + number / 100)
    quota._belief = belief  # type: ignore[assignment]
    for number in range(12):
        quota.answered(10.2, 10 + number / 100, 0.0)
    assert (belief.learnt, belief.allowed) == ([(11, 11, 0, True), (1, 1, 0, True)], [0.0, 0.0])


def test_a_round_in_which_far_too_much_is_throttled_ends_at_once() -> None:
    """Eleven of eleven: nothing is waited for."""
    belief = Believed(1000.0)
    quota = limited(belief)
    now = 10.0
    for _ in range(11):
        quota.sent(now)
        now += 0.001
    belief.per_second = 500.0
    for number in range(11):
        assert belief.learnt == [(11, number, 1.0, True)][: number // 11]
        quota.answered(now, 10 + number / 1000, 1.0)
    assert quota.per_second == pytest.approx(500, rel=0.05)


@pytest.mark.parametrize(("likely", "rate"), [(70.0, 70 * (1 + 0.4 / math.sqrt(100))), (90.0, 104.0)])
def test_a_rate_that_is_far_too_high_does_not_wait_for_the_next_round(likely: float, rate: float) -> None:
    """Less than 0.8 of it: it is lowered when that is known, and nothing is made up for."""
    belief = Believed(100.0)
    quota = limited(belief)
    for number in range(11):
        quota.sent(10 + number / 90)
    belief.per_second = likely
    for number in range(11):
        quota.answered(10.13, 10 + number / 90, 0.0)
    assert quota.per_second == pytest.approx(rate, rel=0.02)
    if likely == 70:
        assert quota.next == pytest.approx(10.13 + 1 / quota.per_second)


def test_a_limit_that_is_far_away_is_none() -> None:
    """Three times what is sent, and not asked for: nothing is limited any more, and the share at random is put up with."""
    belief = Believed(1000.0, at_random=0.1)
    quota = limited(belief)
    now = answers(quota, 0.11, 10, 1, 10.0)
    answers(quota, 0.1, 1, 0, now)
    assert (quota.per_second, quota.next, quota._belief) == (math.inf, -math.inf, None)
    quota._begin(11.0)
    assert quota._rounds._rounds[-1].lasts == 0.1
    assert quota.noise == 0.1
    answers(quota, 0.2, 200, 24, 20.0)
    assert quota.per_second == math.inf


def test_partly_throttled_requests_count_in_part() -> None:
    belief = Believed(100.0)
    quota = limited(belief)
    for number in range(11):
        quota.sent(10 + number / 100)
        quota.answered(10 + number / 100, 10 + number / 100, 0.25)
    assert belief.learnt == [(10, 10, 2.5, True)]


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


# --- a wanted rate ----------------------------------------------------------------------------------------------------


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
