"""
Keeps the events of a bus that an archive's pattern matches.

An event is looked at when the bus has taken it; where an archive wants it, it is written within 50 ms, together with
others: a process that is killed loses from the archive what came in its last 50 ms. Delivery does not wait for it.
Replayed events are not kept again, as AWS's archives do not: their managed rule asks for ``replay-name`` to be absent.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive-event.html
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from livebus.errors import InvalidEventPattern
from livebus.event.envelope import Event
from livebus.pattern import EventPattern, PatternIndex
from livebus.runtime.eventbridge.archive_store import ArchivedMinute, ArchiveFault, ArchiveStore
from livebus.template.application import Archive
from livebus.terminal.counts import counted

REPLAY_NAME = "replay-name"
FLUSH_SECONDS = 0.05
MAX_BUFFERED_EVENTS = 1000
MAX_BUFFERED_BYTES = 4 * 1024 * 1024
# Of events' text: a runtime that runs for a week must not fill the disk.
MAX_BYTES = 256 * 1024 * 1024
_SECONDS_A_DAY = 86_400
_TIDY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Keepers:
    """The archives of one bus: those with a pattern, in the index's order, those that keep every event, and ``every`` one."""

    index: PatternIndex
    arns: tuple[str, ...]
    of_all: tuple[str, ...]
    every: tuple[str, ...]

    def of(self, envelope: Mapping[str, Any]) -> Sequence[str]:
        """The ARNs of the archives that want an event."""
        numbers = self.index.matching(envelope) if self.arns else ()
        if len(numbers) == len(self.arns):
            return self.every
        return [*map(self.arns.__getitem__, numbers), *self.of_all]


class Archives:
    """``tell`` prints a line for people. ``max_bytes`` bounds the texts of all archives together."""

    def __init__(
        self,
        store: ArchiveStore,
        *,
        clock: Callable[[], float],
        tell: Callable[[str], object],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.store = store
        self._clock = clock
        self._tell = tell
        self._max_bytes = max_bytes
        self._pages: dict[tuple[str, int], ArchivedMinute] = {}
        self._buffered_events = 0
        self._buffered_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._keepers: Mapping[str, _Keepers] = {}
        self._template: dict[str, Archive] = {}
        self._made: dict[str, Archive] = {archive.name: archive for archive in store.archives()}
        self._last: tuple[object, float, int] = (None, 0.0, 0)
        self._has_told_size = False
        self._told_fault = 0.0
        self._tidied = 0.0

    # --- which archives there are -----------------------------------------------------------------------------------

    def use(self, archives: Iterable[Archive]) -> None:
        """Take over the template's archives. One that is no longer there keeps what it has, and shows it no more."""
        self._template = {archive.name: archive for archive in archives}
        self._compile()

    def all(self) -> list[Archive]:
        """The template's, and those that were made by calls, by their names."""
        return sorted({**self._made, **self._template}.values(), key=lambda archive: archive.name)

    def get(self, name: str) -> Archive | None:
        return self._template.get(name) or self._made.get(name)

    def is_of_template(self, name: str) -> bool:
        return name in self._template

    def put(self, archive: Archive) -> None:
        """Make or change an archive that no template has."""
        self.store.put_archive(archive)
        self._made[archive.name] = archive
        self._compile()

    def delete(self, archive: Archive) -> None:
        """Remove an archive with all that it kept."""
        self.flush()
        self.store.remove(archive.name, archive.arn)
        self._made.pop(archive.name, None)
        self._compile()

    def forget(self, name: str, arn: str) -> None:
        """Let go of what an archive kept that was the template's, and is deleted with its stack."""
        self.flush()
        self.store.remove(name, arn)

    def _compile(self) -> None:
        self.flush()
        by_bus: dict[str, list[Archive]] = {}
        for archive in self.all():
            by_bus.setdefault(archive.bus, []).append(archive)
        self._keepers = {bus: self._keepers_of(archives) for bus, archives in by_bus.items()}

    def _keepers_of(self, archives: list[Archive]) -> _Keepers:
        with_pattern: dict[str, str] = {}
        of_all = []
        for archive in archives:
            if archive.event_pattern is None:
                of_all.append(archive.arn)
                continue
            try:
                EventPattern(archive.event_pattern)
            except InvalidEventPattern as error:
                # AWS refuses to make it. Events are delivered without it as well.
                (fault,) = archive.pattern_refused(error).faults
                told = f"{error.reason}. {fault.advice}" if fault.advice else error.reason
                self._tell(f"warning: {fault.place}: the archive {archive.name} keeps nothing: {told}")
            else:
                with_pattern[archive.arn] = archive.event_pattern
        arns = tuple(with_pattern)
        return _Keepers(PatternIndex(with_pattern.values()), arns, tuple(of_all), (*arns, *of_all))

    # --- keeping ----------------------------------------------------------------------------------------------------

    def offer(self, event: Event) -> None:
        """Keep an event for those archives of its bus that want it. On the way of every event."""
        keepers, envelope = self._keepers.get(event.bus), event.envelope
        if keepers is None or REPLAY_NAME in envelope or not (wanted := keepers.of(envelope)):
            return
        time = envelope.get("time")
        if time != self._last[0]:
            self._last = (time, *self._time_of(event))
        _, at, minute = self._last
        text = event.text
        for arn in wanted:
            page = self._pages.get((arn, minute))
            if page is None:
                page = self._pages[(arn, minute)] = ArchivedMinute(arn, minute, self._clock())
            page.times.append(at)
            page.texts.append(text)
        self._buffered_events += 1
        self._buffered_bytes += len(text)
        if self._buffered_events >= MAX_BUFFERED_EVENTS or self._buffered_bytes >= MAX_BUFFERED_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def _time_of(self, event: Event) -> tuple[float, int]:
        """The envelope's time in epoch seconds, and its minute. Most events have those of the event before."""
        try:
            at = datetime.fromisoformat(str(event.envelope.get("time"))).timestamp()
        except (ValueError, OverflowError):
            at = self._clock()
        return at, math.floor(at / 60)

    def flush(self) -> None:
        """Write what waits. Where that fails it is told, and those events are not in the archive."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pages:
            return
        pages, count = self._pages, self._buffered_events
        self._pages, self._buffered_events, self._buffered_bytes = {}, 0, 0
        try:
            self.store.add(list(pages.values()))
            self._bound()
        except ArchiveFault as fault:
            self._tell_fault(f"{fault}; {counted(count, 'event is', 'events are')} not in it")

    def _bound(self) -> None:
        if self.store.size <= self._max_bytes:
            return
        # A tenth more than has to be: not for each event anew.
        removed = self.store.remove_oldest(self._max_bytes * 9 // 10)
        if removed and not self._has_told_size:
            self._has_told_size = True
            self._tell(
                f"the archives hold {self._max_bytes // 1024 // 1024} MiB, which is all that they may: the oldest events"
                " are removed from now on"
            )

    def tick(self) -> None:
        """Remove what is older than its archive's retention, and tidy the file; to be called now and then."""
        if self.store.is_due():
            asyncio.get_running_loop().run_in_executor(None, self.store.checkpoint)
        now = self._clock()
        if now - self._tidied < _TIDY_SECONDS:
            return
        self._tidied = now
        try:
            for archive in self.all():
                if archive.retention_days:
                    self.store.remove_before(archive.arn, now - archive.retention_days * _SECONDS_A_DAY)
        except ArchiveFault as fault:
            self._tell_fault(str(fault))

    def _tell_fault(self, line: str) -> None:
        now = self._clock()
        if now - self._told_fault >= _TIDY_SECONDS:
            self._told_fault = now
            self._tell(line)

    def close(self) -> None:
        self.flush()
        self.store.close()
