"""
How near a load is to each quota.

In: a load. Out: the quotas, the nearest first: how much of each the busiest second takes, and what happens beyond.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
https://docs.aws.amazon.com/general/latest/gr/appsync.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from livebus.capacity import figures
from livebus.capacity.figures import Figure
from livebus.capacity.load import Load, steps

Beyond = Literal["throttled", "delayed", "refused", "dropped", "not documented"]


@dataclass(frozen=True, slots=True)
class Usage:
    """
    One quota: ``used`` of ``quota``. ``beyond`` is what happens to what is above it, ``then`` a word more about that.

    ``adjustable``: AWS raises it on request.
    """

    figure: Figure
    used: float
    quota: float
    beyond: Beyond
    then: str
    adjustable: bool

    @property
    def percent(self) -> float:
        return self.used / self.quota * 100

    @property
    def exceeded(self) -> bool:
        return self.used > self.quota


def usages(load: Load) -> tuple[Usage, ...]:
    """All quotas, those that the load is nearest to first."""
    peak = load["peak/s"]
    mutations = peak * load.mutations_per_event
    messages = peak * load.messages_per_event * steps(load["result-kb"], figures.MESSAGE_STEP_BYTES)
    subscribes = load["connects/s"] * load["subscriptions"]
    found = (
        _usage(load, figures.PUT_EVENTS, peak / load["batch"], "throttled", "publishers must try again"),
        _usage(load, figures.INVOCATIONS, mutations, "delayed", "nothing is lost"),
        _usage(
            load, figures.REQUEST_SIZE, load["event-kb"] * load["batch"], "refused", "the whole request", fixed=True
        ),
        _usage(load, figures.RULES, load["rules"], "refused", "by PutRule"),
        _usage(load, figures.TARGETS, load["targets"], "refused", "by PutTargets", fixed=True),
        _usage(load, figures.REQUEST_TOKENS, mutations, "delayed", "429, retries, then the queue"),
        _usage(load, figures.OUTBOUND, messages, "not documented", "nothing is kept"),
        _usage(load, figures.CONNECTS, load["connects/s"], "refused", "clients connect again"),
        _usage(load, figures.SUBSCRIBES, subscribes, "refused", "clients subscribe again"),
        _usage(load, figures.SUBSCRIPTIONS, load["subscriptions"], "refused", "MaxSubscriptionsReachedError"),
        _usage(load, figures.MESSAGE_SIZE, load["result-kb"], "dropped", "and nobody is told", fixed=True),
    )
    return tuple(sorted(found, key=lambda usage: -usage.percent))


def _usage(load: Load, figure: Figure, used: float, beyond: Beyond, then: str, *, fixed: bool = False) -> Usage:
    return Usage(figure, used, figure.in_region(load.region), beyond, then, adjustable=not fixed)
