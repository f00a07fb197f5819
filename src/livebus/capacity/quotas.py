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
    """The quotas of the line, of tables and functions where the load has some; those that the load is nearest to first."""
    peak = load["peak/s"]
    mutations = peak * load.mutations_per_event
    messages = peak * load.messages_per_event * steps(load["result-kb"], figures.MESSAGE_STEP_BYTES)
    subscribes = load["connects/s"] * load["subscriptions"]
    found: tuple[Usage, ...] = (
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
    if load["writes"]:
        units = peak * load.write_units_per_event
        error = "the mutation ends in an error"
        found += (
            _usage(load, figures.TABLE_WRITE_UNITS, units, "throttled", error),
            _usage(load, figures.KEY_WRITE_UNITS, units / load["keys"], "throttled", error, fixed=True),
        )
    if load["pages"]:
        read = load["connects/s"] * load["pages"] * load.read_units_per_page
        found += (_usage(load, figures.TABLE_READ_UNITS, read, "throttled", "the query ends in an error"),)
    if load["functions"]:
        running = peak * load["functions"] * load["function-ms"] / 1000
        found += (_usage(load, figures.FUNCTIONS_AT_ONCE, running, "throttled", "retries for 6 hours, or an error"),)
    return tuple(sorted(found, key=lambda usage: -usage.percent))


def _usage(load: Load, figure: Figure, used: float, beyond: Beyond, then: str, *, fixed: bool = False) -> Usage:
    return Usage(figure, used, figure.in_region(load.region), beyond, then, adjustable=not fixed)
