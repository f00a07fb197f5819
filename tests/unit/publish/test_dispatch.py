"""Batches, attempts, back-off and the end, in simulated time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.publish.answer import ALL_ACCEPTED, NO_ANSWER, PutEventsAnswer, Result, failed
from livebus.publish.dispatch import BASE_SECONDS, CAP_SECONDS, Dispatch, Limits
from livebus.publish.request import Request
from support.simulated_bus import Bus, Outcomes

OK = Result("id")
Reply = Callable[[Request, float], PutEventsAnswer]


def each(answer: Callable[[int], Result]) -> Reply:
    """An answer for each entry, by its number."""
    return lambda request, now: PutEventsAnswer(None, [answer(number) for number, _ in request.items])


def accepts(request: Request, now: float) -> PutEventsAnswer:
    return ALL_ACCEPTED


def throttles(request: Request, now: float) -> PutEventsAnswer:
    return failed("ThrottlingException", "Rate exceeded")


def sent_before(bus: Bus, number: int) -> int:
    return sum(number in request for request in bus.requests)


def test_entries_go_in_batches_of_ten_in_their_order() -> None:
    """The last batch is what is left."""
    bus = Bus()
    bus.read(23)
    bus.run(accepts)
    assert [list(range(10)), list(range(10, 20)), [20, 21, 22]] == bus.requests
    assert list(range(23)) == bus.outcomes.accepted_numbers


def test_a_batch_stays_below_a_million_bytes() -> None:
    """Large entries go in smaller batches, one above the limit alone: AWS has the last word."""
    bus = Bus()
    bus.read(5, size=400_000)
    bus.run(accepts)
    assert bus.requests == [[0, 1], [2, 3], [4]]
    bus = Bus()
    bus.read(2, size=1_100_000)
    bus.run(accepts)
    assert bus.requests == [[0], [1]]


def test_failed_entries_join_the_next_full_batch() -> None:
    """Their neighbours do not go twice, and nothing waits for them."""
    bus = Bus(Limits(concurrency=1))
    bus.read(200)
    bus.run(
        each(lambda number: Result("", "InternalFailure") if number in (3, 7) and sent_before(bus, number) == 1 else OK)
    )
    (again,) = [request for request in bus.requests[1:] if 3 in request]
    assert again[:2] == [3, 7]
    assert len(again) == 10
    assert {1, 2} == {sent_before(bus, number) for number in range(200)}
    assert sorted(bus.outcomes.accepted_numbers) == list(range(200))


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument", "NotAuthorizedForSourceException", "Unheard"])
def test_other_errors_are_final(code: str) -> None:
    """What cannot be different at the next attempt is told, and not sent again."""
    bus = Bus()
    bus.read(3)
    bus.run(each(lambda number: Result("", code, "no") if number == 1 else OK))
    assert bus.requests == [[0, 1, 2]]
    assert {1: Result("", code, "no")} == bus.outcomes.failures


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "ServiceUnavailable"])
def test_attempts_end(code: str) -> None:
    """An entry that fails for a passing reason is sent so often, and then told with that reason."""
    bus = Bus(Limits(max_attempts=3))
    bus.read(2)
    bus.run(each(lambda number: OK if number else Result("", code, "for now")))
    assert bus.requests == [[0, 1], [0], [0]]
    assert {0: Result("", code, "for now")} == bus.outcomes.failures
    assert {code: 2} == dict(bus.outcomes.retries)


def test_pauses_have_full_jitter_and_a_cap() -> None:
    """The n-th pause is anything from nothing to 0.1 s × 2^n, and at the most 20 s."""
    ranges: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        ranges.append((low, high))
        return high

    bus = Bus(Limits(max_attempts=10), uniform=uniform)
    bus.read(1)
    bus.run(lambda request, now: failed("InternalException", "sorry"))
    assert [(0, min(CAP_SECONDS, BASE_SECONDS * 2**n)) for n in range(1, 10)] == ranges
    pauses = [after - before - bus.latency for before, after in zip(bus.times, bus.times[1:], strict=False)]
    assert pauses == pytest.approx([high for _, high in ranges], abs=0.03)


def test_a_throttled_batch_does_not_starve_the_others() -> None:
    """One request is throttled again and again; all the others go at once."""
    bus = Bus(Limits(concurrency=4))
    bus.read(400)
    bus.run(
        lambda request, now: (
            throttles(request, now)
            if any(number < 10 and sent_before(bus, number) < 3 for number, _ in request.items)
            else ALL_ACCEPTED
        )
    )
    assert bus.outcomes.accepted_numbers[:10] == list(range(10, 20))
    assert sorted(bus.outcomes.accepted_numbers) == list(range(400))


def test_a_busy_quota_costs_no_attempts() -> None:
    """Throttled while others are accepted is nobody's fault: with two attempts only, all arrive all the same."""
    chance = random.Random(1)
    bus = Bus(Limits(max_attempts=2), uniform=chance.uniform)
    bus.read(5000)
    bus.run(lambda request, now: throttles(request, now) if chance.random() < 0.3 else ALL_ACCEPTED)
    assert sorted(bus.outcomes.accepted_numbers) == list(range(5000))
    assert bus.outcomes.failures == {}


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException"])
def test_what_every_request_would_be_answered_with_ends_it(code: str) -> None:
    """No further request is made; what was not accepted is left, not failed."""
    bus = Bus(Limits(concurrency=1))
    bus.read(30)
    bus.run(lambda request, now: failed(code, "no") if len(bus.requests) == 2 else ALL_ACCEPTED)
    assert len(bus.requests) == 2
    assert bus.dispatch.hopeless == Result("", code, "no")
    assert list(range(10)) == bus.outcomes.accepted_numbers
    left = [item[0] for item, _ in bus.dispatch.left()]
    assert left[:10] == list(range(10, 20))
    assert bus.outcomes.failures == {}


def test_nobody_there_ends_it_after_the_attempts() -> None:
    """What went out and had no answer may have been accepted, and is told so."""
    bus = Bus(Limits(max_attempts=3, concurrency=1))
    bus.read(10)
    bus.run(lambda request, now: failed(NO_ANSWER, "refused"))
    assert len(bus.requests) == 3
    assert bus.dispatch.hopeless == Result("", NO_ANSWER, "refused")
    assert [Result("", NO_ANSWER, "refused")] * 10 == [result for _, result in bus.dispatch.left()]


def test_a_connection_that_fails_now_and_then_ends_nothing() -> None:
    """While others are accepted, an entry without an answer fails alone."""
    bus = Bus(Limits(max_attempts=2), uniform=lambda low, high: low)
    bus.read(2000)
    bus.run(lambda request, now: failed(NO_ANSWER, "reset") if any(n == 5 for n, _ in request.items) else ALL_ACCEPTED)
    assert bus.dispatch.hopeless is None
    assert bus.outcomes.failures[5] == Result("", NO_ANSWER, "reset")
    assert len(bus.outcomes.accepted_numbers) + len(bus.outcomes.failures) == 2000


def test_the_time_is_over() -> None:
    """Nothing is sent after --max-time; what is in flight is still taken."""
    bus = Bus(Limits(max_seconds=1.0, rate=100))
    bus.read(1000)
    bus.run(accepts)
    assert bus.dispatch.out_of_time
    assert bus.times[-1] < 1001.0
    assert len(bus.outcomes.accepted_numbers) == sum(map(len, bus.requests))


@pytest.mark.parametrize("rate", [7, 50, 333, 2000])
def test_a_rate_is_kept_within_one_percent(rate: int) -> None:
    """Whatever the latency; from the first to the last request."""
    bus = Bus(Limits(rate=rate))
    bus.read(rate * 20)
    bus.run(accepts)
    measured = sum(map(len, bus.requests[:-1])) / (bus.times[-1] - bus.times[0])
    assert measured == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize("limit", [400, 600])
def test_a_throttling_service_is_used_up_to_its_quota(limit: int) -> None:
    """At least 0.9 of what it allows, at the most 5 % throttled, nothing lost; its bucket holds a tenth of a second."""
    chance = random.Random(7)
    bus = Bus(uniform=chance.uniform)
    bus.read(limit * 10 * 10)
    tokens, refilled, throttled = limit / 10, bus.now, 0

    def answer(request: Request, now: float) -> PutEventsAnswer:
        nonlocal tokens, refilled, throttled
        tokens = min(limit / 10, tokens + (now - refilled) * limit)
        refilled = now
        if tokens < 1:
            throttled += 1
            return throttles(request, now)
        tokens -= 1
        return ALL_ACCEPTED

    bus.run(answer)
    accepted = len(bus.requests) - throttled
    assert sorted(bus.outcomes.accepted_numbers) == list(range(limit * 10 * 10))
    assert accepted / (bus.now - 1000.0) >= 0.9 * limit
    assert throttled <= 0.05 * len(bus.requests)


def test_throttling_that_is_no_quotas_does_not_slow_it_down_for_ever() -> None:
    """Ten percent throttled at any rate: it finds out that a lower rate does not help."""
    chance = random.Random(3)
    bus = Bus(uniform=chance.uniform)
    bus.latency = 0.002
    bus.read(30_000)
    bus.run(lambda request, now: throttles(request, now) if chance.random() < 0.1 else ALL_ACCEPTED)
    assert len(bus.outcomes.accepted_numbers) == 30_000
    assert bus.now - 1000.0 < 5


def test_requests_in_flight_grow_with_the_latency() -> None:
    """Little's law: at 100 ms, 2,000 requests a second need 200 in flight; at 1 ms, few do."""
    slow, fast = Bus(), Bus()
    slow.latency, fast.latency = 0.1, 0.001
    for bus in (slow, fast):
        bus.read(20_000)
        bus.run(accepts)
    assert slow.most_in_flight > 200
    assert fast.most_in_flight <= 64


def test_what_is_held_is_bounded() -> None:
    """Neither many entries nor large ones are taken in without end while nothing is accepted."""
    many = Bus(Limits(max_attempts=1000, entries=500))
    many.read(5000)
    many.run(throttles, seconds=60)
    assert len({number for request in many.requests for number in request}) <= 500
    large = Bus(Limits(max_attempts=1000, size=3_000_000))
    large.read(5000, size=500_000)
    large.run(throttles, seconds=60)
    assert len({number for request in large.requests for number in request}) <= 6 + 20


def test_a_batch_of_a_stream_does_not_wait_long_for_more() -> None:
    """Five entries, and then nothing for a while: they go within some milliseconds."""
    dispatch = Dispatch(Limits(), Outcomes(), uniform=lambda low, high: low)
    bus = Bus()
    bus.read(5)
    dispatch.add(bus._unread, 10.0)
    assert dispatch.next_request(10.0) is None
    assert 10.0 < dispatch.deadline() <= 10.01
    request = dispatch.next_request(dispatch.deadline())
    assert request is not None
    assert len(request.items) == 5


def test_stopped_nothing_goes_and_all_is_accounted_for() -> None:
    """After a stop each entry was accepted, failed, or is left."""
    bus = Bus(Limits(concurrency=2))
    bus.read(200)

    def answer(request: Request, now: float) -> PutEventsAnswer:
        if len(bus.requests) == 6:
            bus.dispatch.stop("interrupted")
        return failed("InternalFailure", "x") if len(bus.requests) % 2 else ALL_ACCEPTED

    bus.run(answer)
    left = [item[0] for item, _ in bus.dispatch.left()]
    taken = len(bus.outcomes.accepted_numbers) + len(left)
    assert sorted([*bus.outcomes.accepted_numbers, *left]) == list(range(taken))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(
        st.sampled_from(["ok", "ThrottlingException", "InternalFailure", NO_ANSWER, "MalformedDetail"]), min_size=1
    ),
    st.integers(1, 4),
)
def test_each_entry_has_one_outcome(seed: int, kinds: Sequence[str], attempts: int) -> None:
    """Whatever comes back, by entry or by request: accepted, failed or left, each once."""
    chance = random.Random(seed)
    bus = Bus(Limits(max_attempts=attempts), uniform=chance.uniform)
    bus.read(137)

    def answer(request: Request, now: float) -> PutEventsAnswer:
        kind = chance.choice(kinds)
        if kind == "ok":
            return ALL_ACCEPTED
        if kind == NO_ANSWER or chance.random() < 0.5:
            return failed(kind, "x")
        return PutEventsAnswer(None, [OK if chance.random() < 0.5 else Result("", kind, "x") for _ in request.items])

    bus.run(answer)
    outcomes = bus.outcomes
    left = [item[0] for item, _ in bus.dispatch.left()] + [item[0] for item in bus._unread]
    assert sorted([*outcomes.accepted_numbers, *outcomes.failures, *left]) == list(range(137))
    assert not left or bus.dispatch.hopeless is not None


def test_large_entries_that_failed_stay_within_a_request_too() -> None:
    """Four of 400 KB are due at once: two of them go in each request, as at first."""
    bus = Bus(Limits(concurrency=2))
    bus.read(4, size=400_000)
    bus.run(each(lambda number: Result("", "InternalFailure") if sent_before(bus, number) == 1 else OK))
    assert bus.requests == [[0, 1], [2, 3], [0, 1], [2, 3]]


@pytest.mark.parametrize(("times", "pauses"), [(1, [0.1]), (2, [0.1, 0.2]), (4, [0.1, 0.2, 0.4, 0.4])])
def test_the_first_pauses_of_a_busy_quota_are_short(times: int, pauses: list[float]) -> None:
    """Throttled while others were accepted: anything up to 0.1 s, then 0.2 and 0.4, since the pace keeps it back as well."""
    ranges: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        ranges.append((low, high))
        return high

    bus = Bus(Limits(concurrency=2), uniform=uniform)
    bus.read(1000)
    bus.run(
        lambda request, now: (
            throttles(request, now)
            if any(number == 10 for number, _ in request.items) and sent_before(bus, 10) <= times
            else ALL_ACCEPTED
        )
    )
    assert ranges == [(0, pytest.approx(each)) for each in pauses]
    assert len(bus.outcomes.accepted_numbers) == 1000


def test_of_a_request_the_throttled_entries_count_for_the_pace() -> None:
    """Three of ten are throttled, two fail inside AWS: three tenths."""
    bus = Bus(Limits(concurrency=1))
    bus.read(10)
    shares: list[float] = []
    bus.dispatch.quota.answered = lambda now, sent_at, throttled: shares.append(throttled)  # type: ignore[method-assign]
    codes = {0: "ThrottlingException", 1: "ThrottlingException", 2: "ThrottlingException", 3: "InternalFailure", 4: "x"}
    bus.run(each(lambda number: Result("", codes[number]) if number in codes and sent_before(bus, number) == 1 else OK))
    assert shares == [0.3, 0.0]


def test_event_ids_are_handed_on() -> None:
    """Where they were asked for, each accepted entry comes with its own; and with how long the request took."""
    found: list[tuple[list[int], list[str] | None, float]] = []

    class Ids(Outcomes):
        def accepted(self, items, results, latency) -> None:
            found.append(([item[0] for item in items], results and [result.event_id for result in results], latency))

    bus = Bus(Limits(concurrency=1))
    bus.dispatch._outcomes = Ids()
    bus.read(2)
    bus.run(each(lambda number: Result(f"id-{number}")))
    assert found == [([0, 1], ["id-0", "id-1"], pytest.approx(bus.latency))]


def test_the_window_is_found_unless_it_is_said() -> None:
    """32 requests in flight to begin with, and up to 512; or as many as --concurrency says."""
    found, said = (Dispatch(limits, Outcomes(), uniform=max).window for limits in (Limits(), Limits(concurrency=100)))
    assert [(window.size, window.most) for window in (found, said)] == [(32, 512), (100, 100)]
