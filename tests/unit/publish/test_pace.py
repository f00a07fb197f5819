"""How fast requests go: a wanted rate, and the rate of services that throttle for a quota or at random; in simulated time."""

from __future__ import annotations

import math
import random

import pytest

from livebus.event.stream import StreamedEntry
from livebus.publish.dispatch import Limits
from livebus.publish.pace import Quota, Rate
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
        service, through = Failing(0.3, seed), []
        outcomes = bus.outcomes
        bus.run(lambda request, now: (through.append((now, len(outcomes.accepted_numbers))), service(request, now))[1])
        assert sorted([*outcomes.accepted_numbers, *outcomes.failures]) == list(range(20_000))
        # What comes last waits for chance: how long the few that fail again and again are to wait.
        times.append(next(now for now, count in through if count >= 19_000) - 1000)
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


def test_a_quota_without_a_burst_is_found_within_seconds() -> None:
    """Once it is sent a little too much, such a bucket throttles half: that is not taken for half of its quota."""
    bus = publisher(6, 400)
    service = Bucket(400, 1)
    bus.run(service, seconds=3)
    assert let_in_per_second(service, bus, 2) >= 0.85 * 400


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
