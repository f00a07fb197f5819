"""Places for connections: who has waited longest goes first, who is being answered stays."""

from __future__ import annotations

from livebus.runtime.port.connections import Connections, most_connections


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
