"""
How fast requests may go: the rate that is wanted, and the rate that a throttling service turns out to allow.

In: the time, what was sent, and the share of it that was throttled. Out: when the next request may go.
"""

from __future__ import annotations

import math

from livebus.publish.belief import WITHOUT_BURST, Belief
from livebus.publish.onset import Onset
from livebus.publish.probing import Probing
from livebus.publish.rounds import SECONDS, Round, Rounds

# Timers come late, and a process waits for its core; what was missed in so many seconds is sent after.
CATCH_UP_SECONDS = 1.0
# At a small rate requests are small: an entry is not to wait longer for others.
TOGETHER_SECONDS = 0.1
# A service's own bucket is not known to be deeper than this.
LATE_SECONDS = 0.0025


class Rate:
    """A token bucket for entries: ``per_second`` of them, on the whole; what was held up for up to 1 s is made up for."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self.batch = max(1, min(10, int(per_second * TOGETHER_SECONDS)))
        self.next = -math.inf  # when the next request may go

    def sent(self, entries: int, now: float) -> None:
        begun = self.next if self.next > -math.inf else now
        self.next = max(begun, now - CATCH_UP_SECONDS) + entries / self.per_second

    def begin(self, now: float) -> None:
        """The first answer came: what was held up while the connection was made is not made up for."""
        self.next = max(self.next, now)


class Quota:
    """
    Finds the number of requests per second that a service allows, from what it throttles of them.

    Nothing is limited until throttling sets in, which the ``Onset`` notices and measures. From then on a ``Belief`` is kept, from
    which the rate follows: the quota that is a little more likely to be higher than lower, and beside it what the ``Probing``
    wants to know: a step upwards goes as far as the quota is unknown. Where the service is believed to allow far more than is sent,
    nothing is limited again.

    A request counts as let in unless it was throttled; a request in which some entries were, in part.
    """

    LIKELY = 0.4  # that the quota is lower: then too many are throttled, for a while; else some are not sent
    TOLERATED = 0.02
    UNUSUAL = 2.0  # standard deviations that a round has too many
    SUDDEN = 4.0  # with so many a round ends at once
    SUDDEN_REQUESTS = 10
    UNLIMITED_REQUESTS = 50  # of a round that says something while nothing is limited
    USED = 0.6  # of what was allowed: less says nothing about a higher quota
    BINDS = 0.85  # of it: with less the publisher, or the network, is what limits
    LONG_SECONDS = 0.3  # of a round then: there is little to learn, and it costs time that requests need
    FAR = 3.0  # times what is sent: no limit is needed
    GROWTH = 1.4  # times what has been answered for: what is in flight says nothing yet
    GROWTH_BACK = 2.0  # to a quota that is usual
    FLOOR = 1.0
    LOWER, HIGHER = 0.8, 1.2  # times the rate: such a change does not wait for the next round
    CHANCE_SECONDS = 0.2  # that a whole round and its answers take
    LISTEN_SECONDS = 0.5  # at the most, for what is in flight when throttling sets in
    NO_DEPTH = 2  # requests at once: less is no burst
    SEEMS = 0.9  # to have no burst
    EVENLY = 0.15  # that there is none: then requests go evenly, and nothing is made up for
    MOST_LATE = 0.1  # seconds that are made up for, where a burst is let in
    BURST_SECONDS = 0.1  # a usual one
    UNCERTAIN = 0.1  # of what a whole round says, where nothing is limited
    ABOVE = 1.0  # the chances, where little is measured, that the quota is any higher one
    UNCERTAIN_ONSET, UNCERTAIN_WITHOUT_BURST, MOST_UNCERTAIN = 0.05, 0.7, 1.3

    def __init__(self) -> None:
        self.per_second = math.inf
        self.next = -math.inf  # when the next request may go
        self.noise = 0.0  # the share that is throttled at any rate
        self.evenly = False  # whether two requests at once may be one too many: then they are to go at the very time
        self._belief: Belief | None = None
        self._onset = Onset(0.0)
        self._listens = False
        self._rounds = Rounds()
        self._probing = Probing()
        self._latency = 0.0
        self._late = LATE_SECONDS
        self._without_burst = False  # as it seemed when throttling set in
        self._binds = True  # whether as many were sent as were allowed
        self._tried = math.inf  # requests per second that were no more than usually too many

    def sent(self, now: float) -> None:
        """A request goes."""
        if self._listens:
            self._heard(now)
        if self._rounds.is_over(now):
            self._begin(now)
        self._rounds.sent()
        if self.per_second != math.inf:
            late = 0.0 if self.evenly else self._late
            self.next = max(self.next, now - late) + 1 / self.per_second

    def answered(self, now: float, sent_at: float, throttled: float) -> None:
        """A request came back; ``throttled`` is the share of its entries that were, from 0 to 1."""
        self._latency += (now - sent_at - self._latency) / 16 if self._latency else now - sent_at
        if self.per_second == math.inf:
            self._onset.answered(now, throttled)
            if self._listens:
                return
            if self._onset.is_certain and (
                self._onset.is_by_quota or self._onset.seconds >= self.CHANCE_SECONDS + self._latency
            ):
                # What is in flight is the measure; nothing goes until it is answered, and the bucket gets something in. What may be
                # chance is measured by a whole round, which says more and costs nothing if it is: unless that has too few requests.
                self._listens = True
                self.next = now + min(now - sent_at, self.LISTEN_SECONDS)
                return
        going = self._rounds.answered(sent_at, throttled)
        if (
            going
            and throttled
            and self._belief
            and going.counted >= self.SUDDEN_REQUESTS
            and self._is_unusual(going, self.SUDDEN)
        ):
            self._begin(now)
        for each in self._rounds.answered_by(sent_at):
            self._judge(each, now)

    def _begin(self, now: float) -> None:
        """A new round, at the rate that follows from what is believed."""
        if self._belief is not None:
            self.noise = self._belief.at_random
            self.evenly = self._without_burst or self._belief.without_burst > self.EVENLY
            self._probing.go_on(now, self._belief.quota(self.LIKELY), self.noise, self._latency)
            self.per_second = self._wanted(self._belief)
        self._rounds.begin(now, self.per_second, SECONDS if self._binds else self.LONG_SECONDS)

    def _wanted(self, belief: Belief) -> float:
        """The rate that follows from what is believed."""
        likely, beside = belief.quota(self.LIKELY), self._probing.beside
        most = self.GROWTH_BACK if self._tried < belief.usual / 2 else self.GROWTH
        if beside < 0:  # below what has been tried too: whether the share seen there was the quota's shows only there
            most = 1 + beside
        elif beside > 0:  # as far as is not known; without a burst all that is learnt there costs every second request
            beside = max(beside, belief.perhaps / likely - 1) * max(0.0, 1 - 2 * belief.without_burst)
        return max(self.FLOOR, min(likely * (1 + beside), most * self._tried))

    def _judge(self, done: Round, now: float) -> None:
        """All of a round has been answered."""
        if self._belief is None:
            if done.counted >= self.UNLIMITED_REQUESTS and self._is_unusual(done, 3):
                let_in = max(self.FLOOR, done.per_second * (1 - done.throttled / done.counted))
                self._believe(Belief(let_in, self.UNCERTAIN, self.BURST_SECONDS * let_in, above=self.ABOVE))
                self._begin(now)
            return
        part = (done.sent + 1) / (done.allowed * done.seconds) if done.allowed < math.inf else 1.0
        used, self._binds = part >= self.USED, part >= self.BINDS
        allowed = done.allowed if done.allowed < math.inf else 0.0
        self._belief.learn(done.seconds, done.sent, done.counted, done.throttled, allowed=allowed, used=used)
        if self._is_unusual(done, self.UNUSUAL):
            self._probing.too_much(now, self._belief.at_random)
            self._tried = done.per_second
        elif self._tried == math.inf or done.per_second > self._tried:
            self._tried = min(done.per_second, done.allowed)
        wanted = self._wanted(self._belief)
        if self._belief.quota(self.LIKELY) > self.FAR * done.per_second and not used:
            self._unlimited()
        elif wanted < self.LOWER * self.per_second:
            self._begin(now)
            self.next = max(self.next, now + 1 / self.per_second)  # nothing is made up for
        elif wanted > self.HIGHER * self.per_second:
            self._begin(now)

    def _is_unusual(self, done: Round, deviations: float) -> bool:
        """Whether more is throttled than what is so at random, what is put up with, and what chance makes of both."""
        usual = done.counted * (self.noise + self.TOLERATED)
        return done.throttled > usual + deviations * math.sqrt(usual)

    def _heard(self, now: float) -> None:
        """What was in flight when throttling set in has been answered."""
        onset = self._onset
        let_in = onset.let_in
        depth = onset.depth(let_in)
        without_burst = self._without_burst = onset.is_by_quota and 0 < depth < self.NO_DEPTH
        if without_burst:
            let_in = onset.let_in_meanwhile
        elif depth > 0:
            self._late = max(LATE_SECONDS, min(self.MOST_LATE, depth / 2 / let_in))
        if onset.is_by_quota:  # nothing is tried at first
            self._probing.too_much(now, 0.0)
        uncertain = self.UNCERTAIN_WITHOUT_BURST if without_burst else self.UNCERTAIN_ONSET
        uncertain += 1 / math.sqrt(max(1, onset.counted - onset.throttled))
        self._believe(
            Belief(
                max(self.FLOOR, let_in),
                min(self.MOST_UNCERTAIN, uncertain),
                max(1.0, depth, self.BURST_SECONDS / 2 * let_in),
                without_burst=self.SEEMS if without_burst else WITHOUT_BURST,
                above=self.ABOVE if without_burst else 0.0,  # few were let in: that says little of how many could be
            )
        )

    def _believe(self, belief: Belief) -> None:
        self._belief = belief
        self._listens = False
        self._tried = math.inf
        self._rounds.forget()

    def _unlimited(self) -> None:
        self._belief = None
        self._binds = True
        self.evenly = self._without_burst = False
        self.per_second = math.inf
        self.next = -math.inf
        self._rounds.forget()
        self._onset = Onset(self.noise)
