"""Places for connections: who has waited longest goes first, who is being answered stays."""

from __future__ import annotations

import resource

import pytest

from livebus.runtime.port.connections import Connections, most_connections, raise_limit


class Bench:
    def __init__(self, most: int) -> None:
        self.told: list[str] = []
        self.gone: list[str] = []
        self.now = 100.0
        self.connections = Connections(most, tell=self.told.append, clock=lambda: self.now)

    def enter(self, name: str):  # type: ignore[no-untyped-def]
        return self.connections.enter(lambda: self.gone.append(name))


def test_the_one_that_waited_longest_goes() -> None:
    """Each connection beyond the bound takes the place of another; one that worked meanwhile waits anew."""
    bench = Bench(3)
    first, _second, _third = bench.enter("first"), bench.enter("second"), bench.enter("third")
    first.works()
    first.waits()
    bench.enter("fourth")
    bench.enter("fifth")
    assert (bench.gone, len(bench.connections)) == (["second", "third"], 3)


def test_who_is_being_answered_stays() -> None:
    """Where all are, the new one gets no place."""
    bench = Bench(2)
    first, second = bench.enter("first"), bench.enter("second")
    first.works()
    second.works()
    assert bench.enter("third") is None
    second.leaves()
    assert bench.enter("fourth") is not None
    assert bench.gone == []


def test_the_bound_is_told_now_and_then() -> None:
    """Not for each connection that has to go."""
    bench = Bench(1)
    for _ in range(5):
        bench.enter("one")
    assert len(bench.told) == 1
    bench.now += 11
    bench.enter("another")
    assert len(bench.told) == 2


def test_a_place_that_was_left_is_nobodys() -> None:
    """Leaving twice, or moving afterwards, changes nothing."""
    bench = Bench(1)
    place = bench.enter("one")
    place.leaves()
    place.works()
    place.leaves()
    assert len(bench.connections) == 0


def test_how_many_there_may_be() -> None:
    """What may be open, less what the rest of the runtime needs."""
    assert (most_connections(1_024), most_connections(256), most_connections(20)) == (960, 192, 16)
    assert (most_connections(80), most_connections(81)) == (16, 17)


def test_what_is_told_says_who_has_to_go() -> None:
    """The bound, and which connection is closed for each more."""
    waiting, working = Bench(1), Bench(1)
    waiting.enter("one")
    working.enter("one").works()
    waiting.enter("another")
    working.enter("another")
    told = "1 connections are open, as many as may be (ulimit -n): for each more, {} is closed"
    assert waiting.told == [told.format("the one that waited longest for its client")]
    assert working.told == [told.format("the new one")]


def test_the_bound_is_told_again_after_ten_seconds() -> None:
    """To the moment."""
    bench = Bench(1)
    bench.enter("one")
    bench.enter("two")
    bench.now += 9.9
    bench.enter("three")
    assert len(bench.told) == 1
    bench.now = 110.0
    bench.enter("four")
    assert len(bench.told) == 2


def test_whoever_waits_already_goes_on_waiting() -> None:
    """It keeps its turn: a client cannot put itself last by what it does not send."""
    bench = Bench(2)
    first, _second = bench.enter("first"), bench.enter("second")
    first.waits()
    bench.enter("third")
    assert bench.gone == ["first"]


class Limits:
    """As much of the system as is asked: a soft and a hard limit; ``refuses`` is why it keeps the soft one."""

    def __init__(self, soft: int, hard: int, refuses: Exception | None = None) -> None:
        self.now, self._refuses = (soft, hard), refuses

    def get(self, which: int) -> tuple[int, int]:
        assert which == resource.RLIMIT_NOFILE
        return self.now

    def set(self, which: int, limits: tuple[int, int]) -> None:
        assert which == resource.RLIMIT_NOFILE
        if self._refuses is not None:
            raise self._refuses
        self.now = limits


ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "now", "told"),
    [
        (Limits(1_024, 4_096), (4_096, 4_096), (4_096, "")),
        (Limits(1_024, 2**20), (65_536, 2**20), (65_536, "")),
        (Limits(1_024, ENDLESS), (65_536, ENDLESS), (65_536, "")),
        (Limits(100_000, ENDLESS), (100_000, ENDLESS), (100_000, "")),
        (Limits(ENDLESS, ENDLESS), (ENDLESS, ENDLESS), (65_536, "")),
        (Limits(512, 1_024), (1_024, 1_024), (1_024, "")),
        (Limits(512, 1_023), (1_023, 1_023), (1_023, "only 1023 files may be open (ulimit -n): 959 connections")),
        (
            Limits(256, 4_096, ValueError("a limit of its own")),
            (256, 4_096),
            (256, "only 256 files may be open (ulimit -n): 192 connections"),
        ),
        (
            Limits(256, 4_096, OSError("not allowed")),
            (256, 4_096),
            (256, "only 256 files may be open (ulimit -n): 192 connections"),
        ),
    ],
)
def test_the_limit_of_files_is_raised(
    limits: Limits, now: tuple[int, int], told: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as it may be, never lowered; people learn of fewer than 1,024, whatever the reason."""
    monkeypatch.setattr(resource, "getrlimit", limits.get)
    monkeypatch.setattr(resource, "setrlimit", limits.set)
    assert (raise_limit(), limits.now) == (told, now)
