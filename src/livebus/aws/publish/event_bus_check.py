"""
Which bus each entry goes to, and that it is there.

In: entries, and how to ask for a bus. Out: the same entries; a bus that is not there is told at the first entry for it:
EventBridge would accept the entry and drop it in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from livebus.errors import Fault, LivebusError
from livebus.publish.request import BUS_MEMBER, Addressing, Entry, named_bus


class EventBusCheck:
    """
    The buses of a publication. ``names`` are those that entries went to so far.

    ``default`` is asked once, when an entry names no bus; ``exists`` once for each bus, None leaves the check out.
    ``begun`` says that entries are checked on their way, when others have been sent.
    """

    def __init__(
        self,
        addressing: Addressing,
        *,
        default: Callable[[], str],
        exists: Callable[[str], bool | None] | None,
        where: Callable[[], str],
        warn: Callable[[str], object],
        begun: bool,
    ) -> None:
        self.names: dict[str, bool] = {}
        self._addressing = addressing
        self._default: str | None = None
        self._ask_default = default
        self._exists = exists
        self._where = where
        self._warn = warn
        self._consequence = "so nothing was sent"
        if addressing.override:
            self._check(addressing.override)
        if begun:
            self._consequence = "so it ends here"

    def checked(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, each of which goes to a bus that is there. Raises LivebusError."""
        return iter(entries) if self._addressing.override else self._each_checked(entries)

    def faults(self, entries: Iterable[Entry]) -> list[Fault]:
        """Look at all entries, and return what is wrong with all of the buses."""
        found: list[Fault] = []
        remaining = iter(entries)
        while True:
            try:
                for _ in self.checked(remaining):
                    pass
            except NoSuchBus as error:
                found += error.faults
                continue
            return found

    def _each_checked(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if BUS_MEMBER in entry.text:
                name = named_bus(entry.text)
                if name and name not in self.names:
                    self._check(name)
            elif self._default is None:
                self._default = self._ask_default()
                self._addressing.use(self._default)
                self._check(self._default)
            yield entry

    def _check(self, name: str) -> None:
        if name in self.names:
            return
        self.names[name] = True
        exists = self._exists(name) if self._exists is not None else True
        if exists is None:
            self._warn(f"cannot check that the event bus {name!r} exists; EventBridge drops events for unknown ones")
        elif not exists:
            raise NoSuchBus(
                f"the event bus {name!r} does not exist ({self._where()}): EventBridge would accept the events and drop "
                f"them in silence, {self._consequence}",
                advice="Name another one with --bus, or pass --no-bus-check to send all the same.",
            )


class NoSuchBus(LivebusError):
    """A bus that is not there."""
