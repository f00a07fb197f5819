"""Buses of a publication: each is asked for once, before the first entry goes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from livebus.aws.publish.event_bus_check import EventBusCheck, NoSuchBus
from livebus.event.stream import StreamedEntry
from livebus.publish.request import Addressing


def entry(bus: str = "", number: int = 0) -> StreamedEntry:
    named = f'"EventBusName":"{bus}",' if bus else ""
    return StreamedEntry(f'{{{named}"Source":"s"}}'.encode(), 10, "f", number, 1)


class Bench:
    """``buses`` are those that are there; None stands for one that cannot be asked for."""

    def __init__(
        self, buses: Mapping[str, bool | None], *, override: str = "", begun: bool = False, asks: bool = True
    ) -> None:
        self.asked: list[str] = []
        self.defaults = 0
        self.warned: list[object] = []
        self.addressing = Addressing(override=override)
        self._buses = buses
        self.check = EventBusCheck(
            self.addressing,
            default=self._default,
            exists=self._exists if asks else None,
            where=lambda: "eu-west-1",
            warn=self.warned.append,
            begun=begun,
        )

    def _default(self) -> str:
        self.defaults += 1
        return "stacks"

    def _exists(self, name: str) -> bool | None:
        self.asked.append(name)
        return self._buses.get(name, False)

    def passed(self, entries: Sequence[StreamedEntry]) -> list[int]:
        return [each.index for each in self.check.checked(entries)]


NO_BUS = (
    "the event bus {!r} does not exist (eu-west-1): EventBridge would accept the events and drop them in silence, {}. Name "
    "another one with --bus, or pass --no-bus-check to send all the same."
)


def test_entries_go_where_they_say_or_to_the_default() -> None:
    """Each bus is asked for once, the default too; all entries pass."""
    bench = Bench({"stacks": True, "own": True})
    assert bench.passed([entry("own", 0), entry("", 1), entry("own", 2), entry("", 3)]) == [0, 1, 2, 3]
    assert (bench.asked, bench.defaults, list(bench.check.names)) == (["own", "stacks"], 1, ["own", "stacks"])
    assert bench.addressing.addressed(b'{"Source":"s"}') == b'{"EventBusName":"stacks","Source":"s"}'


def test_the_default_may_be_named_as_well() -> None:
    """It is one bus."""
    bench = Bench({"stacks": True})
    assert bench.passed([entry("stacks"), entry("")]) == [0, 0]
    assert bench.asked == ["stacks"]


def test_a_bus_of_the_users_stands_above_all() -> None:
    """It is asked for at once; what entries name is not looked at, nor is the stack."""
    bench = Bench({"users": True}, override="users")
    assert bench.asked == ["users"]
    assert bench.passed([entry("other", 0), entry("", 1)]) == [0, 1]
    assert (bench.asked, bench.defaults, list(bench.check.names)) == (["users"], 0, ["users"])


def test_what_looks_like_a_bus_and_is_none() -> None:
    """An entry whose bus is an empty text goes to none that could be asked for."""
    bench = Bench({})
    odd = StreamedEntry(b'{"Detail":{"EventBusName":"x"},"Source":"s"}', 10, "f", 7, 1)
    assert bench.passed([odd]) == [7]
    assert (bench.asked, list(bench.check.names)) == ([], [])


@pytest.mark.parametrize(("begun", "consequence"), [(False, "so nothing was sent"), (True, "so it ends here")])
def test_a_bus_that_is_not_there_ends_it(begun: bool, consequence: str) -> None:
    """At the first entry for it: those before have passed."""
    bench = Bench({"stacks": True}, begun=begun)
    passing = bench.check.checked([entry("", 0), entry("gone", 1)])
    assert next(passing).index == 0
    with pytest.raises(NoSuchBus) as told:
        next(passing)
    assert str(told.value) == NO_BUS.format("gone", consequence)


def test_a_bus_of_the_users_that_is_not_there_is_told_before_anything() -> None:
    """Whether entries are checked on their way or not: nothing has been sent by then."""
    with pytest.raises(NoSuchBus) as told:
        Bench({}, override="users", begun=True)
    assert str(told.value) == NO_BUS.format("users", "so nothing was sent")


def test_all_buses_that_are_not_there_are_told_at_once() -> None:
    """Each once, where all entries are at hand."""
    bench = Bench({"own": True})
    found = bench.check.faults([entry("gone"), entry("own"), entry(""), entry("gone"), entry("lost")])
    assert [str(fault) for fault in found] == [
        NO_BUS.format(name, "so nothing was sent") for name in ("gone", "stacks", "lost")
    ]
    assert Bench({"own": True}).check.faults([entry("own")]) == []


def test_a_bus_that_cannot_be_asked_for_is_a_warning() -> None:
    """Once; the entries pass."""
    bench = Bench({"own": None})
    assert bench.passed([entry("own"), entry("own")]) == [0, 0]
    assert bench.warned == ["cannot check that the event bus 'own' exists; EventBridge drops events for unknown ones"]


def test_the_check_can_be_left_out() -> None:
    """Nothing is asked for; names are kept all the same, and the default is used."""
    bench = Bench({}, asks=False)
    assert bench.passed([entry("own"), entry("")]) == [0, 0]
    assert (bench.asked, bench.warned, list(bench.check.names)) == ([], [], ["own", "stacks"])
