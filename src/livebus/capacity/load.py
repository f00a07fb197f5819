"""
The load that is asked about.

In: words such as ``events/s=2000`` and ``share=20%``. Out: a :class:`Load`, or an error that names every word that is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livebus.capacity.figures import READ_STEP_BYTES, WRITE_STEP_BYTES
from livebus.errors import Fault, LivebusError, did_you_mean

SECONDS_PER_MONTH = 30 * 24 * 3600
MINUTES_PER_MONTH = 30 * 24 * 60

_NUMBER = re.compile(r"(?P<digits>\d+(?:\.\d+)?|\.\d+)(?P<suffix>[kM%]?)")
_FACTORS = {"": 1.0, "k": 1e3, "M": 1e6, "%": 0.01}


@dataclass(frozen=True, slots=True)
class Input:
    """One value of a load. ``default`` is None where it follows from others; ``whole`` numbers have no fraction."""

    name: str
    default: float | None
    meaning: str
    least: float = 0.0
    most: float = 1e12
    whole: bool = False


INPUTS = (
    Input("events/s", 1.0, "events published a second, on the average of a month"),
    Input("peak/s", None, "events published in the busiest second (default: events/s)"),
    Input("subscribers", 1.0, "connected clients", whole=True),
    Input("share", 1.0, "part of the events that each subscriber receives, 0.2 or 20%", most=1.0),
    Input("event-kb", 1.0, "size of an event"),
    Input("result-kb", 1.0, "size of the message that a subscriber receives"),
    Input(
        "minutes",
        float(MINUTES_PER_MONTH),
        "minutes a month that each subscriber is connected (default: all of them)",
        most=float(MINUTES_PER_MONTH),
    ),
    Input("sessions", 30.0, "times a month that each subscriber connects: once a day at least, for AppSync ends them"),
    Input("connects/s", None, "clients that connect in the busiest second (default: all of them within a minute)"),
    Input("subscriptions", 1.0, "subscriptions of each connection", least=1.0, whole=True),
    Input("rules", 1.0, "rules that match each event", whole=True),
    Input("targets", 1.0, "targets of each rule: each is a mutation", least=1.0, whole=True),
    Input("batch", 1.0, "events in a PutEvents request", least=1.0, most=10.0, whole=True),
    Input("archive-days", 7.0, "days that the archive keeps events; 0 for no archive"),
    Input("x-ray", 1.0, "1 where the API traces requests, as in template.yaml; else 0", most=1.0, whole=True),
    Input("log-kb", 0.0, "what AppSync logs for a mutation"),
    Input("alarms", 8.0, "alarms, as many as template.yaml has", whole=True),
    Input("writes", 0.0, "items that each mutation writes: one more for each index that holds them", whole=True),
    Input("item-kb", 1.0, "size of an item"),
    Input("item-days", 30.0, "days that items stay in the table"),
    Input("keys", 100.0, "partition keys that the writes of the busiest second are spread over", least=1.0, whole=True),
    Input("pages", 0.0, "pages of items that each subscriber queries when it connects"),
    Input("page-kb", 20.0, "size of a page, as it is read from the table"),
    Input("functions", 0.0, "functions that each event invokes, beside the line or in its mutation"),
    Input("function-ms", 100.0, "how long a function runs"),
    Input("function-mb", 128.0, "memory of a function", least=128.0, most=10_240.0),
)
_BY_NAME = {each.name: each for each in INPUTS}


@dataclass(frozen=True, slots=True)
class Load:
    """A load: ``values`` of INPUTS by name, all of them, and the region."""

    values: tuple[tuple[str, float], ...]
    region: str

    def __getitem__(self, name: str) -> float:
        return dict(self.values)[name]

    @property
    def events(self) -> float:
        """Events a month."""
        return self["events/s"] * SECONDS_PER_MONTH

    @property
    def mutations_per_event(self) -> float:
        return self["rules"] * self["targets"]

    @property
    def write_units_per_event(self) -> float:
        """DynamoDB's write units: started kilobytes."""
        return self.mutations_per_event * self["writes"] * steps(self["item-kb"], WRITE_STEP_BYTES)

    @property
    def read_units_per_page(self) -> float:
        """DynamoDB's read units of a query that need not see the newest: half of the started 4 KB of all that is read."""
        return steps(self["page-kb"], READ_STEP_BYTES) / 2

    @property
    def messages_per_event(self) -> float:
        """Subscribers that receive an event, on the average; nobody does where no rule matches."""
        return self["subscribers"] * self["share"] if self["rules"] else 0.0


def read_load(words: Iterable[str], region: str) -> Load:
    """Read ``name=value`` words; several may stand in one, with blanks between. Raises LivebusError with all faults."""
    given: dict[str, float] = {}
    faults: list[Fault] = []
    for word in (part for text in words for part in text.split()):
        name, _, text = word.partition("=")
        value = _read(word, name, text, given)
        if isinstance(value, Fault):
            faults.append(value)
        else:
            given[name] = value
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", region):
        faults.append(Fault(f"{region!r} is no region", expected="one such as us-east-1"))
    if faults:
        raise LivebusError(faults=faults)
    return _completed(given, region)


def _completed(given: Mapping[str, float], region: str) -> Load:
    """What is given, and the defaults for the rest."""
    values = {each.name: given.get(each.name, each.default) for each in INPUTS}
    if values["peak/s"] is None:
        values["peak/s"] = values["events/s"]
    if values["connects/s"] is None:
        values["connects/s"] = (values["subscribers"] or 0.0) / 60
    load = Load(tuple((name, value) for name, value in values.items() if value is not None), region)
    if load["peak/s"] < load["events/s"]:
        raise LivebusError(f"peak/s={load['peak/s']:g} is below events/s={load['events/s']:g}, the average")
    return load


def _read(word: str, name: str, text: str, given: Mapping[str, float]) -> float | Fault:
    wanted = _BY_NAME.get(name)
    if "=" not in word:
        return Fault(f"{word!r} is no load", expected="NAME=VALUE, such as events/s=2000")
    if wanted is None:
        advice = did_you_mean(name, _BY_NAME) or f"There are: {', '.join(_BY_NAME)}."
        return Fault(f"there is no {name!r}", advice=advice)
    if name in given:
        return Fault(f"{name!r} is given twice")
    return _value(wanted, text)


def _value(wanted: Input, text: str) -> float | Fault:
    kind = "a whole number" if wanted.whole else "a number"
    limits = f"from {wanted.least:g}" + (f" to {wanted.most:g}" if wanted.most < 1e12 else "")
    match = _NUMBER.fullmatch(text)
    value = float(match["digits"]) * _FACTORS[match["suffix"]] if match else -1.0
    if match is None or not wanted.least <= value <= wanted.most or (wanted.whole and value != int(value)):
        return Fault(f"{wanted.name}={text}", expected=f"{kind} {limits}; 2k is 2,000, 1.5M is 1,500,000, 20% is 0.2")
    return value


def steps(kb: float, step_bytes: int) -> int:
    """How many started steps a size is counted as; nothing counts as one."""
    return max(1, math.ceil(kb * 1024 / step_bytes))
