"""
The order of a publication: what is read, repeated, shuffled, and left out since an earlier run has done it.

In: a function that reads the input from its beginning, and options. Out: entries with their numbers, in the order in
which they are to go. The same input and the same options give the same numbers: that is what lets a run be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

from livebus.errors import LivebusError
from livebus.publish.acknowledged import Acknowledged
from livebus.publish.request import Entry, Item

# Entries of a stream are shuffled within so many: a stream cannot be held as a whole.
SHUFFLED_AT_ONCE = 10_000


class Chance(Protocol):
    """As much of ``random.Random`` as shuffling takes."""

    def randrange(self, stop: int, /) -> int: ...

    def shuffle(self, items: list[Any], /) -> None: ...


class Order(NamedTuple):
    """``repeat`` reads the input so often, ``limit`` ends after so many entries (0: all)."""

    repeat: int = 1
    limit: int = 0


def ordered(
    read: Callable[[], Iterator[Entry]], order: Order, *, random: Chance | None, done: Acknowledged | None
) -> Iterator[Item]:
    """
    The entries with their numbers, those that are ``done`` left out (None: there are none).

    ``random`` shuffles; without one the input's order stays. A repeated input is shuffled anew each time. Raises
    LivebusError at the end where more is said to be done than there is: what was left out was left out for no reason.
    """
    entries = read() if order.repeat == 1 else chain.from_iterable(read() for _ in range(order.repeat))
    if random is not None:
        entries = shuffled(entries, random)
    items = enumerate(islice(entries, order.limit) if order.limit else entries)
    return _not_done(items, done) if done is not None else items


def _not_done(items: Iterator[Item], done: Acknowledged) -> Iterator[Item]:
    last = -1
    for item in items:
        last = item[0]
        if last not in done:
            yield item
    if done.last > last:
        raise LivebusError(
            f"the journal says that event {done.last + 1} is done, and the input has {last + 1}: it is of another input",
            advice="Nothing in it can be relied on. Remove it to publish all of the input.",
        )


def shuffled(entries: Iterator[Entry], random: Chance, window: int = SHUFFLED_AT_ONCE) -> Iterator[Entry]:
    """Each entry that is given is chosen from the next ``window`` ones; all are given once."""
    held: list[Entry] = []
    for entry in entries:
        if len(held) < window:
            held.append(entry)
            continue
        at = random.randrange(window)
        chosen, held[at] = held[at], entry
        yield chosen
    random.shuffle(held)
    yield from held
