"""
How fast requests may go: the rate that is wanted, and the rate that a throttling service turns out to allow.

In: the time, what was sent, and the share of it that was throttled. Out: when the next request may go.
"""

from __future__ import annotations

import math

from livebus.publish.onset import Onset

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
    twice (a burst that was let in makes the first try say too much), so much is ``noise`` (once is enough for the first noise of up to a quarter): the rate is again what it was
    before, and only what exceeds the noise counts from then on. The noise is learnt below a quota, where nothing else is
    throttled; close to it only what is surely less counts, or a quota would be taken in by the noise, bit by bit. More than
    half is never taken for noise: that is an outage, in which the rate halves, and doubles after it up to the quota that
    is known.

    A request counts as let in unless it was throttled; a request in which some entries were, in part.
    """

    CUT = 0.92
    RISEN = 2.5  # standard deviations: more is throttled at a lower rate, which is no chance
    CLIMB = 0.25  # the largest step of a short round, until throttling is met again: the first measure says too little
    CLIMB_TOLERATED = 0.08  # of a short round, beyond the noise
    CLIMB_REQUESTS = 12  # of a short round at the least
    NO_DEPTH = 2  # requests at once: less is no burst
    EXACT_GAIN = 0.4  # without a burst too much is noticed at once
    EXACT_SECONDS = 0.35  # a round without a burst
    SPELL = 20  # answers since throttling set in that say what is let in
    LISTEN_SECONDS = 0.5  # at the most, for what is in flight when throttling sets in
    MOST_LATE = 0.1  # seconds that are made up for, where a burst is let in
    ROUND_SECONDS = 0.5
    ROUND_REQUESTS = 50  # a round has so many at the least, or takes LONG_SECONDS
    LONG_SECONDS = 2.0
    SHORT_SECONDS = 0.1  # a round that says enough
    SHORT_REQUESTS = 10
    TOLERATED = 0.02  # now and then one too many is the price of sending all that is allowed
    MUCH = 0.15  # beyond the noise: few requests tell it
    EVIDENCE = math.log(30)  # one explanation is to be so many times as likely as the other
    HINT = math.log(4)  # after LONG_SECONDS this is enough; after the LONGEST_SECONDS anything is
    LONGEST_SECONDS = 6.0
    IN_VAIN = 2
    FIRST_NOISE = 0.25  # up to so much is believed at the first try
    SETTLE_REQUESTS = 300  # below a quota that was just measured: what is throttled of them is noise
    FIRST_TRIAL = 30  # as TRIAL_REQUESTS, while no noise is known
    SURE = 0.1  # beyond the noise: throttling that surely is the quota's
    FIRST_GAIN = 0.08  # the least step of the climb
    MOST_NOISE = 0.5
    NEAR = 0.97  # of the known quota, from where on the rate goes by steps
    STEP = 0.4  # requests per second, times the root of the rate: smaller publishers take larger steps and catch up
    LARGEST_STEP = 0.1  # of the rate
    USED = 0.7  # of a rate: one that is used less says nothing about a higher one
    USED_EXACTLY = 0.5  # where each request waits for its whole time: a timer that comes a step late makes two of one
    NOISE_REQUESTS, TRIAL_REQUESTS = 2000, 150  # the noise is that of about so many requests; of those at a lower rate
    EXACT = 0.03  # a standard deviation of a share
    CREEP = 0.01  # noise grows by no more than this unless a lower rate was tried: it would take a quota in, bit by bit
    STEADY = 0.95  # a quota that is known is not taken for less than this at once
    NO_BURST = 0.35  # beyond the noise: a little too much for a bucket without a burst; see ``_ceiling``
    LOWEST = 1 / 32  # of the known quota
    FLOOR = 1.0

    def __init__(self) -> None:
        self.per_second = math.inf
        self.next = -math.inf  # when the next request may go
        self.noise = 0.0
        self._proven = 0.0  # the noise when a lower rate was last in vain
        self._known = math.inf  # what was let in per second when a lower rate last helped
        # A bucket without a burst lets in every second request, once it is sent a little too much: that says nothing about
        # its quota, but that it lies below this rate, and above the last one that was good.
        self._ceiling = math.inf
        self._round_at = math.inf  # when it began
        # Of this round: what was let in, whenever it was sent; and the answers to what was sent in it, and how many of
        # them were throttled.
        self._let_in = self._counted = self._throttled = 0.0
        self._clean = 0.0  # requests per second in the last round in which little was throttled
        self._steps = 1.0
        self._trial: _Trial | None = None
        self._late = LATE_SECONDS
        self._onset = Onset(0.0)
        self._listens = False
        self._climbs = False
        self._gain = self.CLIMB
        self._unsettled: float = self.SETTLE_REQUESTS
        self._settles = False
        self._sent_at = -math.inf

    def sent(self, now: float) -> None:
        """A request goes."""
        if self._listens:
            self._heard(now)
        self._round_at = min(self._round_at, now)
        if self.per_second != math.inf:
            self.next = max(self.next, now - self._late) + 1 / self.per_second

    def answered(self, now: float, sent_at: float, throttled: float) -> None:
        """A request came back; ``throttled`` is the share of its entries that were, from 0 to 1."""
        self._let_in += 1 - throttled
        if self.per_second == math.inf:
            self._onset.answered(now, throttled)
            if self._listens:
                return
            if self._onset.is_certain:
                # What is in flight is the measure; nothing goes until it is answered, and the bucket gets something in.
                self._listens = True
                self.next = now + min(now - sent_at, self.LISTEN_SECONDS)
                return
        if sent_at < self._round_at:  # it says nothing about the rate of this round
            return
        self._counted += 1
        self._throttled += throttled
        self._sent_at = sent_at
        if self.per_second != math.inf:
            self._onset.answered(now, throttled)
        elapsed = now - self._round_at
        if self._trial is not None:
            self._weigh(self._trial, elapsed, now)
        elif self._is_over(elapsed):
            self._judge(elapsed, now)

    def _is_over(self, elapsed: float) -> bool:
        counted = self._counted
        if self._is_sudden():
            return True
        if self._climbs and elapsed >= self.SHORT_SECONDS and counted >= self.CLIMB_REQUESTS:
            return True
        # It is found out how far the rate can be doubled.
        if self.per_second < self._known / 2 and elapsed >= self.SHORT_SECONDS and counted >= self.SHORT_REQUESTS:
            return True
        if elapsed >= (self.ROUND_SECONDS if self._late else self.EXACT_SECONDS):
            return counted >= self.ROUND_REQUESTS or elapsed >= self.LONG_SECONDS
        much = counted * (self.noise + self.MUCH)
        if self._throttled < self.SHORT_REQUESTS or self._throttled <= max(much, self._usual(3)):
            return False
        return counted >= self.ROUND_REQUESTS or elapsed >= self.SHORT_SECONDS

    def _is_sudden(self) -> bool:
        """Whether a bucket without a burst has been sent too much: no burst hides it, and every second request pays for it."""
        return self._late == 0 and self._onset.is_certain

    def _judge(self, elapsed: float, now: float) -> None:
        """A round has ended in which nothing was tried."""
        counted, throttled = self._counted, self._throttled
        if throttled > self._usual(2):
            if counted < self.ROUND_REQUESTS and elapsed < self.LONG_SECONDS and not self._is_sudden():
                return  # the round goes on: few requests do not say what is usual
            self._try_less(_Trial(self.per_second, self._known), elapsed, now)
            return
        share = throttled / counted
        if self._settles:
            self._hear(share, self.SETTLE_REQUESTS - self._unsettled)
            self._unsettled -= max(counted, self.SETTLE_REQUESTS / 2)  # two rounds are enough where they are small
            self._proven = self.noise
            self._settles = self._unsettled > 0
        elif self._known == math.inf or self.per_second < self._known * self.NEAR:
            most = max(self.noise, self._proven + self.CREEP)
            self._hear(share, self.NOISE_REQUESTS)
            self.noise = min(self.noise, most)
        else:  # it may be the quota's as well: only what is surely less counts
            self._hear(min(share + math.sqrt(share * (1 - share) / counted), self.noise), self.NOISE_REQUESTS)
        # Only what has been answered counts: of a round of half a second, at a latency of 0.2, what went in 0.3.
        self._clean = counted / max(self._sent_at - self._round_at, elapsed / 16)
        if self._clean >= self.per_second * (self.USED if self._late else self.USED_EXACTLY):
            self._clean = self.per_second  # answers to what was sent last are still to come
            self.per_second = self._more()
        self._begin_round(now)

    def _more(self) -> float:
        """The next rate after one at which little was throttled."""
        rate, known = self.per_second, self._known
        if self._climbs:
            return rate * (1 + self._gain)
        if self._settles:
            return rate
        step = min(self._steps * self.STEP * math.sqrt(rate), self.LARGEST_STEP * rate)
        if step < self._ceiling - rate < math.inf:
            return min(2 * rate, (rate + self._ceiling) / 2)
        if rate < known * self.NEAR:
            return min(2 * rate, (rate + known) / 2)
        self._steps *= 2
        return rate + step

    def _heard(self, now: float) -> None:
        """What was in flight when throttling set in has been answered."""
        onset = self._onset
        self._listens = False
        self._counted, self._throttled = onset.counted, onset.throttled
        trial = _Trial(self.per_second, self._known)
        trial.begin(self._counted, self._throttled)
        trial.expect(self.noise)
        self._gain = min(self.CLIMB, max(self.FIRST_GAIN, 1 / max(1, self._counted - self._throttled)))
        let_in = onset.let_in
        depth = onset.depth(let_in)
        if 0 < depth < self.NO_DEPTH:
            self._late = 0.0
            let_in = onset.let_in_meanwhile
            self._gain = self.EXACT_GAIN
        elif depth > 0:
            self._late = max(LATE_SECONDS, min(self.MOST_LATE, depth / 2 / let_in))
        trial.let_in = let_in / (1 - self.noise)
        trial.measured = True
        self._trial = trial
        self.per_second = max(self.FLOOR, trial.let_in * self.CUT)
        self._begin_round(now)

    def _try_less(self, trial: _Trial, elapsed: float, now: float) -> None:
        """Lower the rate, and see what comes of it."""
        share = self._throttled / self._counted
        trial.begin(self._counted, self._throttled)
        trial.expect(self.noise)
        # Without any burst, a service that is sent a little too much lets in half of it.
        let_in = self._let_in / elapsed
        if self._onset.counted >= self.SPELL:
            let_in = min(let_in, self._onset.let_in)
        let_in /= 1 - self.noise
        trial.let_in, trial.ceiling = let_in, math.inf
        if (
            self._late < LATE_SECONDS * 1.001
            and share - self.noise > self.NO_BURST * (1 - self.noise)
            and let_in < self._clean
        ):
            trial.let_in, trial.ceiling = self._clean, self.per_second
            let_in = self._clean
        elif elapsed < self.ROUND_SECONDS and not trial.in_vain and self._known != math.inf and not self._climbs:
            # It has counted few: the experiment goes by it, and what is remembered hardly does.
            trial.let_in = max(let_in, min(self.per_second, self._known * self.STEADY))
        self._clean = 0.0
        lowest = self.FLOOR
        if self.per_second != math.inf:
            lowest = max(lowest, self.per_second * self.LOWEST)
        if trial.known_before != math.inf and share > self.MOST_NOISE:
            lowest = max(lowest, trial.known_before * self.LOWEST)
        self._trial = trial
        self.per_second = max(lowest, min(self.per_second, let_in) * self.CUT)
        self.next = max(self.next, now + 1 / self.per_second)  # nothing is made up for
        self._begin_round(now)

    def _weigh(self, trial: _Trial, elapsed: float, now: float) -> None:
        """Whether the lower rate has helped, once that is clear."""
        evidence = trial.evidence(self._counted, self._throttled)
        clear = abs(evidence) >= self.EVIDENCE * (1 if self._counted >= self.ROUND_REQUESTS else 2)
        if evidence > 0 and trial.in_vain == self._tries() - 1:
            clear = clear and self._is_exact()  # it is what will be put up with
        if evidence < 0 and self._throttled and self._proven == 0 and not trial.outage and not trial.measured:
            clear = clear and self._is_exact()
        if not clear and elapsed < (self.LONG_SECONDS if abs(evidence) >= self.HINT else self.LONGEST_SECONDS):
            return
        if evidence < 0:
            self._trial = None
            first_noise = self._proven == 0
            # Below a quota nothing but the noise is throttled; a first try may still be above it, of a burst.
            if (trial.known_before != math.inf or trial.in_vain) and not trial.outage:
                self._hear(self._throttled / self._counted, self.TRIAL_REQUESTS if self._proven else self.FIRST_TRIAL)
                self._proven = self.noise
            # In an outage little was let in, which is no quota.
            outage = trial.outage and trial.known_before != math.inf
            # Where nothing kept the rate down, too many at once may have been what was too much.
            first = trial.before == math.inf
            self._known = trial.known_before if outage or (first and not trial.measured) else trial.let_in
            self._ceiling = trial.ceiling
            self._steps = 1.0
            self._climbs = first or (self._climbs and trial.share - self.noise < self.SURE)
            if first_noise and not self._climbs and not trial.outage and self._unsettled > 0 and self._late > 0:
                self._settles = True
                self._unsettled -= min(self._counted, self.SETTLE_REQUESTS)
            self._begin_round(now)
            return
        share = self._throttled / self._counted
        if share - trial.share > self.RISEN * math.sqrt(share * (1 - share) / self._counted):
            # At random it would be the same: a burst has come to its end, or the quota has gone down.
            trial.restart()
        else:
            trial.in_vain += 1
        trial.outage = share > self.MOST_NOISE
        if trial.outage or trial.in_vain < self._tries():
            self._try_less(trial, elapsed, now)
            return
        self._trial = None
        # The last rate was surely below a quota, if there is one; the one before may not have been.
        trial.begin(self._counted, self._throttled)
        noise = min(share, trial.share)
        self.per_second = trial.before
        self._known = trial.known_before * (1 - self.noise) / (1 - noise)
        self.noise = self._proven = noise
        self._ceiling = math.inf
        if self.per_second == math.inf:
            self.next = -math.inf
        self._steps = 1.0
        self._begin_round(now)

    def _tries(self) -> int:
        """In vain so often is noise: more than what is proven is believed less easily."""
        share = self._throttled / self._counted
        return 1 if self._proven == 0 and share <= self.FIRST_NOISE else self.IN_VAIN

    def _usual(self, deviations: float) -> float:
        """So many throttled requests of this round are put up with: what is tolerated, and what chance makes of it."""
        share = self.noise + (self.CLIMB_TOLERATED if self._climbs or self._settles else self.TOLERATED)
        return self._counted * share + deviations * math.sqrt(self._counted * share * (1 - share))

    def _hear(self, share: float, of: float) -> None:
        """In this round such a share was throttled at random; the noise is that of about so many requests."""
        self.noise += (share - self.noise) * self._counted / (self._counted + of)

    def _is_exact(self) -> bool:
        """Whether so many requests tell the share of them that is throttled."""
        share = self._throttled / self._counted
        return share > self.MOST_NOISE or share * (1 - share) <= self.EXACT**2 * self._counted

    def _begin_round(self, now: float) -> None:
        self._round_at = now
        self._sent_at = now
        self._let_in = self._counted = self._throttled = 0.0
        self._onset = Onset(self.noise, 0.5 if self.per_second == math.inf else 0.1)


class _Trial:
    """
    A lower rate, and two explanations of what is throttled: that it helps, and that it does not.

    ``before`` and ``known_before`` are rate and quota from before the first of the tries; ``let_in`` is what was let in
    per second at the rate before this one, ``ceiling`` that rate where a lower one brought as much through. ``share`` is
    what was throttled in all rounds before.
    """

    HELPED, IN_VAIN = 0.3, 0.8  # of the share beyond the noise that is left
    LEAST = 0.002

    def __init__(self, before: float, known_before: float) -> None:
        self.before = before
        self.known_before = known_before
        self.let_in = 0.0
        self.ceiling = math.inf
        self.in_vain = 0
        self.share = 0.0
        self.outage = False
        self.measured = False
        self._before = (0.0, 0.0)
        self._throttled = self._passed = 0.0

    def begin(self, counted: float, throttled: float) -> None:
        """So many were throttled at the rate before: each round that says the same makes the share surer."""
        self._before = (self._before[0] + counted, self._before[1] + throttled)
        self.share = self._before[1] / self._before[0]

    def restart(self) -> None:
        """What was throttled before says nothing any more."""
        self.in_vain = 0
        self._before = (0.0, 0.0)

    def expect(self, noise: float) -> None:
        """What both explanations say about the next rate."""
        excess = max(self.share - noise, self.LEAST)
        helped = max(self.LEAST, noise + self.HELPED * excess)
        in_vain = noise + self.IN_VAIN * excess
        self._throttled = math.log(in_vain / helped)
        self._passed = math.log((1 - in_vain) / (1 - helped))

    def evidence(self, counted: float, throttled: float) -> float:
        """The logarithm of how many times as likely it is that it was in vain."""
        return throttled * self._throttled + (counted - throttled) * self._passed
