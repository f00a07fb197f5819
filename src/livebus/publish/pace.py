"""
How fast requests may go: the rate that is wanted, and the rate that a throttling service turns out to allow.

In: the time, what was sent, and the share of it that was throttled. Out: when the next request may go.
"""

from __future__ import annotations

import math

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
    Finds the number of requests per second that a service allows, from the share of them that it throttles.

    A quota and a service that fails at random both throttle; what tells them apart is what a lower rate does. Below its
    quota a service throttles less, at random it throttles the same share at any rate. So each time too large a share of a
    round is throttled, the rate goes to what was let in, a little less, and the answers that come then are weighed against
    both explanations (Wald's sequential test) until one of them is much more likely. If it helped, that was the quota: the
    rate comes back to it, and probes beyond it by small steps that double while nothing is throttled. If it was in vain
    twice (a burst that was let in makes the first try say too much), so much is ``noise``: the rate is again what it was
    before, and only what exceeds the noise counts from then on. More than half is never taken for noise: that is an
    outage, in which the rate halves, and doubles after it up to the quota that is known.

    A request counts as let in unless it was throttled; a request in which some entries were, in part.
    """

    CUT = 0.92
    ROUND_SECONDS = 0.5
    ROUND_REQUESTS = 50  # a round has so many at the least, or takes LONG_SECONDS
    LONG_SECONDS = 2.0
    SHORT_SECONDS = 0.1  # a round that says enough
    SHORT_REQUESTS = 10
    TOLERATED = 0.02  # now and then one too many is the price of sending all that is allowed
    MUCH = 0.15  # beyond the noise: few requests tell it
    EVIDENCE = math.log(30)  # one explanation is to be so many times as likely as the other
    IN_VAIN = 2
    MOST_NOISE = 0.5
    NEAR = 0.97  # of the known quota, from where on the rate goes by steps
    STEP = 0.4  # requests per second, times the root of the rate: smaller publishers take larger steps and catch up
    LARGEST_STEP = 0.1  # of the rate
    USED = 0.7  # of a rate: one that is used less says nothing about a higher one
    NOISE_REQUESTS = 2000  # the noise is that of about so many requests
    LOWEST = 1 / 32  # of the known quota
    FLOOR = 1.0

    def __init__(self) -> None:
        self.per_second = math.inf
        self.next = -math.inf  # when the next request may go
        self.noise = 0.0
        self._known = math.inf  # what was let in per second when a lower rate last helped
        self._round_at = math.inf  # when it began
        # Of this round: what was let in, whenever it was sent; and the answers to what was sent in it, and how many of
        # them were throttled.
        self._let_in = self._counted = self._throttled = 0.0
        self._clean = 0.0  # requests per second in the last round in which little was throttled
        self._steps = 1.0
        self._trial: _Trial | None = None

    def sent(self, now: float) -> None:
        """A request goes."""
        self._round_at = min(self._round_at, now)
        if self.per_second != math.inf:
            self.next = max(self.next, now - LATE_SECONDS) + 1 / self.per_second

    def answered(self, now: float, sent_at: float, throttled: float) -> None:
        """A request came back; ``throttled`` is the share of its entries that were, from 0 to 1."""
        self._let_in += 1 - throttled
        if sent_at < self._round_at:  # it says nothing about the rate of this round
            return
        self._counted += 1
        self._throttled += throttled
        elapsed = now - self._round_at
        if self._trial is not None:
            self._weigh(self._trial, elapsed, now)
        elif self._is_over(elapsed):
            self._judge(elapsed, now)

    def _is_over(self, elapsed: float) -> bool:
        counted = self._counted
        if elapsed >= self.ROUND_SECONDS:
            return counted >= self.ROUND_REQUESTS or elapsed >= self.LONG_SECONDS
        if self._throttled >= self.SHORT_REQUESTS and self._throttled > counted * (self.noise + self.MUCH):
            return counted >= self.ROUND_REQUESTS or elapsed >= self.SHORT_SECONDS
        # It is found out how far the rate can be doubled.
        return self.per_second < self._known / 2 and elapsed >= self.SHORT_SECONDS and counted >= self.SHORT_REQUESTS

    def _judge(self, elapsed: float, now: float) -> None:
        """A round has ended in which nothing was tried."""
        counted, throttled = self._counted, self._throttled
        usual = self.noise + self.TOLERATED
        if throttled > counted * usual + 2 * math.sqrt(counted * usual * (1 - usual)):
            if counted < self.ROUND_REQUESTS and elapsed < self.LONG_SECONDS:
                return  # the round goes on: few requests do not say what is usual
            self._try_less(_Trial(self.per_second, self._known), elapsed, now)
            return
        share = throttled / counted
        if share < self.noise or self._known == math.inf or self.per_second < self._known * self.NEAR:
            self.noise += (share - self.noise) * counted / (counted + self.NOISE_REQUESTS)
        self._clean = counted / elapsed
        if self._clean >= self.per_second * self.USED:
            self._clean = self.per_second  # answers to what was sent last are still to come
            self.per_second = self._more()
        self._begin_round(now)

    def _more(self) -> float:
        """The next rate after one at which little was throttled."""
        rate, known = self.per_second, self._known
        if rate < known * self.NEAR:
            return min(2 * rate, (rate + known) / 2)
        step = min(self._steps * self.STEP * math.sqrt(rate), self.LARGEST_STEP * rate)
        self._steps *= 2
        return rate + step

    def _try_less(self, trial: _Trial, elapsed: float, now: float) -> None:
        """Lower the rate, and see what comes of it."""
        share = self._throttled / self._counted
        trial.expect(self.noise, share)
        # Without any burst, a service that is sent a little too much lets in half of it.
        trial.let_in = max(self._let_in / elapsed / (1 - self.noise), self._clean)
        self._clean = 0.0
        lowest = self.FLOOR
        if self.per_second != math.inf:
            lowest = max(lowest, self.per_second * self.LOWEST)
        if trial.known_before != math.inf and share > self.MOST_NOISE:
            lowest = max(lowest, trial.known_before * self.LOWEST)
        self._trial = trial
        self.per_second = max(lowest, min(self.per_second, trial.let_in) * self.CUT)
        self.next = max(self.next, now + 1 / self.per_second)  # nothing is made up for
        self._begin_round(now)

    def _weigh(self, trial: _Trial, elapsed: float, now: float) -> None:
        """Whether the lower rate has helped, once that is clear."""
        evidence = trial.evidence(self._counted, self._throttled)
        clear = abs(evidence) >= self.EVIDENCE * (1 if self._counted >= self.ROUND_REQUESTS else 2)
        if not clear and elapsed < self.LONG_SECONDS:
            return
        if evidence < 0:
            self._trial = None
            # In an outage little was let in, which is no quota.
            outage = trial.outage and trial.known_before != math.inf
            # Where nothing kept the rate down, too many at once may have been what was too much.
            self._known = trial.known_before if outage or trial.before == math.inf else trial.let_in
            self._steps = 1.0
            self._begin_round(now)
            return
        share = self._throttled / self._counted
        trial.in_vain += 1
        trial.outage = share > self.MOST_NOISE
        if trial.outage or trial.in_vain < self.IN_VAIN:
            self._try_less(trial, elapsed, now)
            return
        self._trial = None
        self.noise = share
        self.per_second, self._known = trial.before, trial.known_before
        if self.per_second == math.inf:
            self.next = -math.inf
        self._steps = 1.0
        self._begin_round(now)

    def _begin_round(self, now: float) -> None:
        self._round_at = now
        self._let_in = self._counted = self._throttled = 0.0


class _Trial:
    """
    A lower rate, and two explanations of what is throttled: that it helps, and that it does not.

    ``before`` and ``known_before`` are rate and quota from before the first of the tries; ``let_in`` is what was let in
    per second at the rate before this one.
    """

    HELPED, IN_VAIN = 0.35, 0.85  # of the share beyond the noise that is left
    LEAST = 0.002

    def __init__(self, before: float, known_before: float) -> None:
        self.before = before
        self.known_before = known_before
        self.let_in = 0.0
        self.in_vain = 0
        self.outage = False
        self._throttled = self._passed = 0.0

    def expect(self, noise: float, share: float) -> None:
        """So much was throttled at the rate before."""
        excess = max(share - noise, self.LEAST)
        helped = max(self.LEAST, noise + self.HELPED * excess)
        in_vain = noise + self.IN_VAIN * excess
        self._throttled = math.log(in_vain / helped)
        self._passed = math.log((1 - in_vain) / (1 - helped))

    def evidence(self, counted: float, throttled: float) -> float:
        """The logarithm of how many times as likely it is that it was in vain."""
        return throttled * self._throttled + (counted - throttled) * self._passed
