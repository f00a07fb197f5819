"""
What is believed about a service that throttles: its quota, whether it lets bursts in, and what it throttles at random.

In: of a time, how many requests went, and how many of their answers were throttled. Out: quotas with their probabilities.
"""

from __future__ import annotations

import math
from operator import mul

# Quotas are so far apart (the logarithm of their ratio), and so many are looked at to each side of the likely one.
STEP = 0.04
SIDE = 36
# What may be throttled at any rate, and how likely that is of a service of which nothing is known. More than half is an outage.
SHARES = (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.36, 0.48)
COMMON = (0.5, 0.15, 0.1, 0.08, 0.06, 0.04, 0.04, 0.02, 0.007, 0.003)
ELSEWHERE = 0.05  # of the likeliest quota: that the first measure is quite wrong
BY_CHANCE = 4.0  # times the share at random: that there is no quota where one was measured
UNEXPLAINED = 0.01  # of the requests: throttled for reasons that are not believed in
WANDER = 0.02  # a quota's standard deviation after a second, as a share
JUMP = 0.15  # per second: that the quota has become another one
BACK = 0.5  # of the jumps: to the quota that it usually is, far below it
USUAL_SECONDS = 5.0  # that a usual quota is remembered, while most is let in
ANEW = 0.3  # of the jumps: that nothing is as it was
OTHER_KIND = 0.1  # of the other jumps: with a burst, or without one, as it was not before
FORGET = 0.02  # per second, of what is known about the share at random
WITHOUT_BURST = 0.1  # how many services are so
# How far, as a share of the quota, timers and networks blur when a bucket without a burst throttles; and how much of such a
# quota is asked for: beyond it every second request is thrown away at once, and a little below it some are.
BLURS = (0.04, 0.005)
CAREFUL = (0.87, 0.96)
MOST_SECONDS = 1.0  # that are forgotten at once
PERHAPS = 0.65  # that the quota is lower than what is worth a try
LEAST = 1e-12  # nothing is ever impossible

OUTAGE = round(math.log(32) / STEP)  # a quota does not sink further than this: what looks so is an outage

# For each share at random, what else is let in, and the logarithm of that.
REST = [(1 - share) * (1 - UNEXPLAINED) for share in SHARES]
LOGARITHMS = [math.log(each) for each in REST]

Rows = list[list[float]]  # for each quota, for each share at random: the probability


class Belief:
    """
    A Bayesian filter over quotas (requests per second), with and without a burst, and shares throttled at random.

    Below a quota what is throttled does not depend on the rate, above it does: so two rates tell the two apart, and nothing else
    has to. Each quota's bucket is filled and emptied alongside, up to ``depth`` requests, so that what a burst lets in is not
    taken for a larger quota. Services change: a little all the time, and now and then altogether.

    ``without_burst`` is how likely it is that two requests at once are one too many, ``at_random`` the share that is throttled
    at any rate, on average.
    """

    without_burst: float
    at_random: float

    def __init__(
        self,
        per_second: float,
        uncertain: float,
        depth: float,
        *,
        without_burst: float = WITHOUT_BURST,
        above: float = 0.0,
    ) -> None:
        """
        ``uncertain`` is the standard deviation of the first measure, as a share of it.

        ``without_burst`` and ``above`` are probabilities: the latter that of a higher quota, in units of that of the likeliest one.
        """
        self._lowest = round(math.log(per_second) / STEP) - SIDE
        self._highest = self._lowest + SIDE  # that was the likely one
        self._usual = float(self._highest)
        self._depth = depth
        self._tokens = [0.0] * (2 * SIDE + 1)
        likely = [self._likely(at, uncertain, above) for at in range(2 * SIDE + 1)]
        # With a burst, and without one, more or less blurred.
        self._kinds: list[Rows] = [
            [[part * each for each in row] for row in likely]
            for part in (1 - without_burst, *[without_burst / len(BLURS)] * len(BLURS))
        ]
        self._normalise()

    def learn(
        self, seconds: float, sent: int, counted: float, throttled: float, *, allowed: float = 0.0, used: bool = True
    ) -> None:
        """
        In so many seconds so many requests went; so many have been answered, of which so many were throttled.

        ``allowed`` (requests per second) says how close together they went, but for where the publisher was late: without a burst
        that is what counts. ``used`` says that they were as many as were allowed: only then may the quota be another one meanwhile.
        """
        below = math.floor(math.log(max(sent, 1) / seconds) / STEP) - self._lowest
        if throttled > counted / 2 and below < 0:  # then none of the quotas that are looked at can be
            self._move(below - SIDE)
        if counted:
            self._weigh(seconds, sent, counted - throttled, throttled, max(allowed, sent / seconds))
        if used:
            self._forget(min(seconds, MOST_SECONDS))
        if throttled <= counted / 2:
            self._usual += (self._lowest + self._at(0.5) - self._usual) * min(1, seconds / USUAL_SECONDS)
        self._centre()

    def quota(self, probability: float) -> float:
        """The requests per second that are below the quota, but for such a probability; without a burst, a careful rate."""
        return math.exp((self._lowest + self._at(probability)) * STEP) * self._careful

    @property
    def perhaps(self) -> float:
        """The requests per second that are worth a try: far beyond the likely quota where little is known of it."""
        return self.quota(PERHAPS)

    @property
    def usual(self) -> float:
        """The quota of the last seconds in which most was let in."""
        return math.exp(self._usual * STEP)

    def _likely(self, at: int, uncertain: float, above: float) -> list[float]:
        """For each share at random, before anything more is known. Where it is large, it may be all that was measured."""
        near = math.exp(-((STEP * (at - SIDE) / uncertain) ** 2) / 2) + ELSEWHERE
        return [
            common * (near + (above + BY_CHANCE * share if at > SIDE else 0))
            for share, common in zip(SHARES, COMMON, strict=True)
        ]

    def _weigh(self, seconds: float, sent: int, passed: float, throttled: float, closest: float) -> None:
        """Bayes' rule: what is likelier to have come about so is likelier; ``closest`` together as at so many per second."""
        close = sent / seconds / closest  # the part of them that were
        all_in = _likelihoods(1.0, passed, throttled)
        scores: list[Rows] = [[] for _ in self._kinds]
        for at, tokens in enumerate(self._tokens):
            per_second = math.exp((self._lowest + at) * STEP)
            room = tokens + per_second * seconds
            self._tokens[at] = min(self._depth, max(0.0, room - sent))
            of_quota = closest / per_second
            let_in = (min(1.0, room / sent), *[1 - close * (1 - _let_in(of_quota, blur)) for blur in BLURS])
            for kind, part in zip(scores, let_in, strict=True):
                kind.append(all_in if part == 1 else _likelihoods(part, passed, throttled))
        best = max([max(row) for rows in scores for row in rows])
        # Many quotas let all in: what is the same for them is worked out once.
        usual = [math.exp(min(0.0, score - best)) for score in all_in]  # larger where none does, and used nowhere
        self._kinds = [
            [
                list(map(mul, row, usual if of_row is all_in else [math.exp(score - best) for score in of_row]))
                for row, of_row in zip(rows, of_rows, strict=True)
            ]
            for rows, of_rows in zip(self._kinds, scores, strict=True)
        ]
        self._normalise()

    def _forget(self, seconds: float) -> None:
        """A quota wanders, and may have jumped; a share at random may have become another one."""
        of_kinds = [_of_shares(rows) for rows in self._kinds]
        of_all = [sum(each) for each in zip(*of_kinds, strict=True)]
        back = min(max(round(self._usual) - self._lowest, 0), 2 * SIDE) if self._is_far_below_usual() else None
        new = (1 - WITHOUT_BURST, *[WITHOUT_BURST / len(BLURS)] * len(BLURS))
        self._kinds = [
            _spread(rows, seconds, back, [
                (1 - ANEW) * ((1 - OTHER_KIND) * own + OTHER_KIND / len(new) * total) + ANEW * part * common
                for own, total, common in zip(shares, of_all, COMMON, strict=True)
            ])
            for rows, shares, part in zip(self._kinds, of_kinds, new, strict=True)
        ]  # fmt: skip
        self._sum_up()

    def _is_far_below_usual(self) -> bool:
        """Whether the quota is less than half of what it usually is: it may have been an outage."""
        return self._usual - self._lowest - self._at(0.5) > math.log(2) / STEP

    def _centre(self) -> None:
        """The likely quota is in the middle of those that are looked at."""
        middle = round(self._at(0.5))
        self._highest = max(self._highest, self._lowest + middle)
        if abs(middle - SIDE) >= SIDE // 4:
            self._move(middle - SIDE)

    def _move(self, by: int) -> None:
        """Look at quotas that are so many steps higher, or lower, but not at those of an outage."""
        by = max(by, self._highest - OUTAGE - self._lowest)
        if not by:
            return
        self._lowest += by
        self._kinds = [_moved(rows, by) for rows in self._kinds]
        kept = self._tokens[max(0, by) : len(self._tokens) + min(0, by)]
        self._tokens = kept + [kept[-1]] * by if by > 0 else [0.0] * -by + kept
        self._normalise()

    def _at(self, probability: float) -> float:
        """Among the quotas that are looked at, counted from the lowest."""
        total = 0.0
        for at, here in enumerate(self._of_quotas):
            if total + here >= probability:
                return at - 0.5 + (probability - total) / here
            total += here
        return 2.0 * SIDE

    def _sum_up(self) -> None:
        """What is asked of it, until more is learnt."""
        of_kinds = [list(map(sum, rows)) for rows in self._kinds]
        self._of_quotas = list(map(sum, zip(*of_kinds, strict=True)))
        careful = [sum(each) for each in of_kinds[1:]]
        self._careful = 1 - sum([part * (1 - each) for part, each in zip(careful, CAREFUL, strict=True)])
        self.without_burst = sum(careful)
        self.at_random = sum(
            [each * share for rows in self._kinds for each, share in zip(_of_shares(rows), SHARES, strict=True)]
        )

    def _normalise(self) -> None:
        by = 1 / sum([sum(map(sum, rows)) for rows in self._kinds])
        self._kinds = [[[weight * by + LEAST for weight in row] for row in rows] for rows in self._kinds]
        self._sum_up()


def _of_shares(rows: Rows) -> list[float]:
    return [sum(column) for column in zip(*rows, strict=True)]


def _likelihoods(let_in: float, passed: float, throttled: float) -> list[float]:
    """For each share at random: the logarithm, where the quota lets in such a part."""
    let_in = max(let_in, 0.001)
    already = passed * math.log(let_in)
    if not throttled:
        return [already + passed * each for each in LOGARITHMS]
    return [
        already + passed * each + throttled * math.log(1 - let_in * rest)
        for each, rest in zip(LOGARITHMS, REST, strict=True)
    ]


def _let_in(of_quota: float, blur: float) -> float:
    """The part that a bucket without a burst lets in at so many times its quota: every second request just above it."""
    if of_quota < 1 - 10 * blur:
        return 1.0
    beyond = 1 / (1 + math.exp((1 - of_quota) / blur)) if of_quota < 1 + 20 * blur else 1.0
    return 1 - beyond * (1 - 1 / max(2.0, of_quota))


def _spread(rows: Rows, seconds: float, back: int | None, jumping: list[float]) -> Rows:
    """Each quota goes a little to its neighbours, and a part of all goes to any of them, half of it back to one, if so said."""
    beside = min(0.25, (WANDER / STEP) ** 2 * seconds / 2)
    came_back = 0.0 if back is None else JUMP * seconds * BACK
    jumped = (JUMP * seconds - came_back) / len(rows)
    kept = 1 - JUMP * seconds
    lost = FORGET * seconds * kept
    at_it, near = (kept - lost) * (1 - 2 * beside), (kept - lost) * beside
    came = [jumped * each for each in jumping]
    spread: Rows = []
    for below, here, above in zip(rows[:1] + rows[:-1], rows, rows[1:] + rows[-1:], strict=True):
        of_row = lost * ((1 - 2 * beside) * sum(here) + beside * (sum(below) + sum(above)))
        spread.append(
            [
                at_it * b + near * (a + c) + of_row * common + other
                for a, b, c, common, other in zip(below, here, above, COMMON, came, strict=True)
            ]
        )
    if back is not None:
        spread[back] = [each + came_back * other for each, other in zip(spread[back], jumping, strict=True)]
    return spread


def _moved(rows: Rows, by: int) -> Rows:
    """So many lower quotas are left out (higher ones, if less than none), and as many unlikely ones come on the other side."""
    unlikely = [sum(column) * 1e-4 / len(rows) for column in zip(*rows, strict=True)]
    new = [list(unlikely) for _ in range(abs(by))]
    return rows[by:] + new if by > 0 else new + rows[:by]
