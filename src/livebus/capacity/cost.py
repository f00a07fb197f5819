"""
What a load costs.

In: a load. Out: the items that AWS bills for it. Free tiers are not taken off: they end after a year, or are small.
https://aws.amazon.com/eventbridge/pricing/ https://aws.amazon.com/appsync/pricing/
"""

from __future__ import annotations

from dataclasses import dataclass

from livebus.capacity import figures
from livebus.capacity.figures import MILLION, Figure
from livebus.capacity.load import SECONDS_PER_MONTH, Load, steps

_KB_PER_GB = 1024.0 * 1024.0
_DAYS_PER_MONTH = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """
    One item: ``quantity`` in a month, counted in the units of ``figure``'s price.

    ``in_line`` are events, mutations and messages: what each event costs, however few there are.
    """

    figure: Figure
    quantity: float
    events: float
    in_line: bool = False

    @property
    def month(self) -> float:
        """USD in a month of 30 days."""
        if self.figure.unit.startswith("million"):
            return self.quantity / MILLION * self.figure.value
        left, month, price = self.quantity, 0.0, self.figure.value
        for size, next_price in self.figure.tiers:
            month += min(left, size) * price
            left, price = max(0.0, left - size), next_price
        return month + left * price

    @property
    def per_million_events(self) -> float | None:
        """USD for a million events; None where there are no events."""
        return self.month / self.events * MILLION if self.events else None


def costs(load: Load) -> tuple[Cost, ...]:
    """The items, in the order of an event's way, then what stands beside it."""
    events = load.events
    messages = events * load.messages_per_event
    mutations = events * load.mutations_per_event
    event_gb = events * load["event-kb"] / _KB_PER_GB
    archived = event_gb if load["archive-days"] else 0.0
    sessions = load["subscribers"] * load["sessions"]
    pages = sessions * load["pages"]
    written_gb = events * load.mutations_per_event * load["writes"] * load["item-kb"] / _KB_PER_GB
    invoked = events * load["functions"]
    items: list[tuple[Figure, float, bool]] = [
        (figures.EVENTS, events * steps(load["event-kb"], figures.EVENT_STEP_BYTES), True),
        (figures.MUTATIONS, mutations, True),
        (figures.MESSAGES, messages * steps(load["result-kb"], figures.MESSAGE_STEP_BYTES), True),
        (figures.CONNECTION_MINUTES, load["subscribers"] * load["minutes"], False),
        (figures.WEBSOCKET_OPERATIONS, sessions * (1 + load["subscriptions"]), False),
        (figures.DATA_OUT, messages * load["result-kb"] / _KB_PER_GB, False),
        (figures.ARCHIVE_WRITE, archived, False),
        (figures.ARCHIVE_STORAGE, archived * load["archive-days"] / _DAYS_PER_MONTH, False),
        (figures.TRACES, _traced(mutations) if load["x-ray"] else 0.0, False),
        (figures.LOGS, mutations * load["log-kb"] / _KB_PER_GB, False),
        (figures.ALARMS, load["alarms"], False),
        (figures.QUERIES, pages, False),
        (figures.TABLE_WRITES, events * load.write_units_per_event, False),
        (figures.TABLE_READS, pages * load.read_units_per_page, False),
        (figures.TABLE_STORAGE, written_gb * load["item-days"] / _DAYS_PER_MONTH, False),
        (figures.INVOKED, invoked, False),
        (figures.FUNCTION_TIME, invoked * load["function-ms"] / 1000 * load["function-mb"] / 1024, False),
    ]
    return tuple(Cost(figure, quantity, events, in_line) for figure, quantity, in_line in items)


def _traced(requests: float) -> float:
    """How many of a month's requests X-Ray's default rule samples, where they come evenly."""
    per_second = requests / SECONDS_PER_MONTH
    sampled = min(per_second, figures.TRACES_PER_SECOND)
    return (sampled + (per_second - sampled) * figures.TRACED_SHARE) * SECONDS_PER_MONTH
