"""
What became of the last events, for whoever looks later: references to what the stations made, in the order of time.

The line pays one append for a station; facts become records, and records documents, when somebody asks. In a storm, when more
come than anybody reads, only those become records that are looked at. Bounded by events and by their text; older ones are gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.operation import Called
from livebus.runtime.eventbridge.archives import REPLAY_NAME
from livebus.runtime.page.records import BEGINNINGS, MATCHED, REFUSED, Fact, Record, Records, size_of, size_of_entry

if TYPE_CHECKING:
    from livebus.flow import Attempt, CompiledRule, FunctionAttempt
    from livebus.runtime.eventbridge.lines import Lines

MAX_EVENTS = 10_000
# Of the text of envelopes, in characters.
MAX_TEXT = 64 * 1024 * 1024
# An event has several: so many that retries of a few events do not push out all others.
MAX_FACTS = 60_000
_AT_ONCE = 256  # facts that are counted together
_LARGE = 64 * 1024  # characters of a detail that is counted at once
_SMALL = 1024  # characters of a detail that tries hold and nobody counts
# More facts than this that nobody has read are a storm: those of some five hundred events.
_STORM = 1000
MAX_LOGS = 100  # lines of one run
MAX_RUN_TEXT = 16 * 1024 * 1024  # characters of the lines of all runs
MAX_RUNNING = 200  # runs whose lines wait for their end
_LINES_GONE = "(the lines of this run are not kept any more)"
# Calls of data sources that clients' requests made, and of each so many bytes of what was asked and answered.
MAX_CALLS = 200
MAX_CALL_BYTES = 4_000

# What calls: a client's User-Agent, or the page.
SENDER: ContextVar[str] = ContextVar("sender", default="")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """
    Facts that were counted together: how many events begin in them, and how much text those have.

    ``told`` is the text that large events' other facts hold: their events may have been let go of before.
    """

    facts: list[Fact]
    events: int
    text: int
    told: int


@dataclass(frozen=True, slots=True)
class AskedCall:
    """
    What a client's request asked a data source: ``request`` and ``result`` as JSON texts, cut where they are long.

    ``error`` is an error's type and message, empty without one; ``ms`` took it.
    """

    at: float
    api: str
    request_id: str
    source: str
    type: str
    request: str
    result: str
    error: tuple[str, str] = ("", "")
    ms: float | None = None


class History:
    """``clock`` gives epoch seconds. To be used from one thread, the event loop's."""

    def __init__(self, clock: Callable[[], float], *, max_events: int = MAX_EVENTS, max_text: int = MAX_TEXT) -> None:
        self._clock = clock
        self._max_events = max_events
        self._max_text = max_text
        # Facts wait in a list until there are some to count: one by one that costs more than all else here.
        self._new: list[Fact] = []
        self._at_once = max(1, min(_AT_ONCE, max_events // 16))
        self._large = min(_LARGE, max_text // _AT_ONCE)
        self._chunks: deque[_Chunk] = deque()
        self._facts = 0
        self._events = 0
        self._text = 0
        self._told = 0
        self._new_told = 0
        self._records = Records()
        self._calls: deque[AskedCall] = deque(maxlen=MAX_CALLS)
        self._logs: dict[str, list[str]] = {}
        self._ended: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=max_events)
        self._with_lines: deque[tuple[dict[str, Any], int]] = deque()
        self._lines_text = 0
        self.forgotten = 0

    # --- as events pass ---------------------------------------------------------------------------------------------

    def matched(self, event: Event, lines: Lines, rules: Sequence[CompiledRule]) -> None:
        self._new.append((self._clock(), MATCHED, event, lines, rules, SENDER.get(), None))
        if len(self._new) >= self._at_once or len(event.detail_text or "") > self._large:
            self._count()

    def attempted(
        self,
        kind: str,
        event: Event,
        rule: CompiledRule,
        attempt: Attempt | FunctionAttempt,
        *,
        attempts: int,
        more: Any = None,
    ) -> None:
        text = event.detail_text
        # What comes right behind its event's last fact goes with that, and what is small is little for all facts there may be.
        if (text is None or len(text) > _SMALL) and not (self._new and self._new[-1][2] is event):
            self._new_told += size_of(event)
        self._new.append((self._clock(), kind, event, rule, attempt, attempts, more))
        if len(self._new) >= self._at_once or self._new_told > self._large:
            self._count()

    def refused(self, entry: Mapping[str, Any], refused: Refused) -> None:
        self._new.append((self._clock(), REFUSED, None, entry, refused, SENDER.get(), None))
        self._count()

    def stopped(self, kind: str, event: Event, why: str) -> None:
        """The event goes no further: its bus is none, or its target is gone."""
        self._new.append((self._clock(), kind, event, why, None, SENDER.get(), None))
        self._count()

    def _count(self) -> None:
        """Count what came since the last time, together, and let go of what is too much."""
        new, self._new = self._new, []
        if new:
            begun = [fact[2] for fact in new if fact[1] in BEGINNINGS]
            sizes = [size_of(event) for event in begun]
            sizes += [size_of_entry(fact[3]) for fact in new if fact[1] == REFUSED]
            count, text = len(sizes), sum(sizes)
            told, self._new_told = self._new_told, 0
            self._chunks.append(_Chunk(new, count, text, told))
            self._facts += len(new)
            self._events += count
            self._text += text
            self._told += told
            if any(REPLAY_NAME in event.envelope for event in begun):
                # A replayed event is perhaps kept already: it is one event, and it is read to be counted as one.
                while self._chunks:
                    self._read_chunk()
        while self._facts > MAX_FACTS or self._told > self._max_text:
            # Retries of few events: their records keep the last tries alone. Or of large ones that were let go of: they are
            # kept again, and count as text that is.
            self._read_chunk()
        self._bound()

    def logged(self, request_id: str, line: str) -> None:
        """A function that runs has logged a line; it is kept until the run ends."""
        lines = self._logs.get(request_id)
        if lines is None:
            if len(self._logs) >= MAX_RUNNING:
                del self._logs[next(iter(self._logs))]
            lines = self._logs[request_id] = []
        if len(lines) < MAX_LOGS:
            lines.append(line)

    def ran(self, event_id: str, request_id: str, step: Mapping[str, Any]) -> None:
        """A function's run has ended; ``event_id`` is empty where no event of a bus began it."""
        logs = self._logs.pop(request_id, [])
        if not event_id:
            return
        run = {**step, "logs": logs}
        self._ended.append((event_id, run))
        size = sum(map(len, logs))
        if size:
            self._with_lines.append((run, size))
            self._lines_text += size
        while self._lines_text > MAX_RUN_TEXT:
            oldest, size = self._with_lines.popleft()
            oldest["logs"] = [_LINES_GONE]
            self._lines_text -= size

    def asked(self, api: str, request_id: str, calls: Sequence[Called]) -> None:
        """Calls of data sources that a client's request made."""
        now = self._clock()
        for each in calls:
            source, answer = each.call.source, each.answer
            error = answer.error or {}
            self._calls.append(
                AskedCall(
                    now,
                    api,
                    request_id,
                    source.name,
                    source.type,
                    _cut_json(each.call.request),
                    _cut_json(answer.result) if answer.error is None else "",
                    (str(error.get("type") or ""), str(error.get("message") or "")[:MAX_CALL_BYTES]),
                    answer.milliseconds,
                )
            )

    def calls(self) -> list[AskedCall]:
        """The last calls of clients, the newest first."""
        return list(reversed(self._calls))

    @property
    def _kept(self) -> int:
        return self._events + self._records.events

    def _bound(self) -> None:
        while self._kept > self._max_events or (self._text + self._records.text > self._max_text and self._kept > 1):
            self._shed()

    def _shed(self) -> None:
        """Forget the oldest event, or the oldest facts where nobody has read any."""
        if self._records.events:
            self._records.forget_oldest()
            self.forgotten += 1
        elif self._chunks:
            chunk = self._take_chunk()
            self._records.pass_over(len(chunk.facts))
            self.forgotten += chunk.events

    def _take_chunk(self) -> _Chunk:
        """The oldest facts, which from here on are not counted as unread."""
        chunk = self._chunks.popleft()
        self._facts -= len(chunk.facts)
        self._events -= chunk.events
        self._text -= chunk.text
        self._told -= chunk.told
        return chunk

    # --- as somebody looks ------------------------------------------------------------------------------------------

    @property
    def changed(self) -> int:
        """The number of the last change that is read, or that came with a fact that nobody has read yet."""
        return self._records.changed + self._facts + len(self._new)

    @property
    def in_storm(self) -> bool:
        """Whether more came than is worth reading for one look."""
        return self._facts + len(self._new) > _STORM

    def read(self) -> None:
        """Make records of the facts that came since."""
        self._count()
        while self._chunks:
            self._read_chunk()
        self._bound()
        while self._ended:
            self._records.ran(*self._ended.popleft())

    def _read_chunk(self) -> None:
        for fact in self._take_chunk().facts:
            self._records.take(fact)

    def get(self, event_id: str) -> Record | None:
        self.read()
        return self._records.get(event_id)

    def newest(self, most: int, before: int | None = None) -> list[Record]:
        """The last records, the newest first; of those before a number."""
        if before is None and self.in_storm:
            found = self._glance(most)
            if len(found) == most:
                return found
        self.read()
        return self._records.newest(most, before)

    def _glance(self, most: int) -> list[Record]:
        """The newest of many events that nobody has read, made for this look alone; fewer where they cannot be told so."""
        self._count()
        begun = facts = chunks = 0
        for chunk in reversed(self._chunks):
            if begun >= most:
                break
            begun, facts, chunks = begun + chunk.events, facts + len(chunk.facts), chunks + 1
        earlier = len(self._chunks) - chunks
        records = Records(self.changed - facts)
        told: set[str] = set()  # events that did not begin here
        for chunk in islice(self._chunks, earlier, None):
            for fact in chunk.facts:
                if fact[1] in BEGINNINGS or fact[1] == REFUSED or records.get(fact[2].id) is not None:
                    records.take(fact)
                else:
                    # What is told of events that began earlier shows when all is read.
                    records.pass_over()
                    told.add(fact[2].id)
        if not self._began(told, earlier):
            return []
        for event_id, run in self._ended:
            records.ran(event_id, run)
        return records.newest(most)

    def _began(self, told: set[str], chunks: int) -> bool:
        """Whether all these events began before, in the oldest chunks or in what was read: others are records from here on."""
        told = {event_id for event_id in told if self._records.get(event_id) is None}
        for chunk in islice(reversed(self._chunks), len(self._chunks) - chunks, None):
            if not told:
                break
            told.difference_update(fact[2].id for fact in chunk.facts if fact[1] != REFUSED)
        return not told

    def since(self, changed: int) -> Iterator[Record]:
        """What changed after a number, the last change first."""
        self.read()
        return self._records.since(changed)

    def __len__(self) -> int:
        """How many events are kept: one that is replayed is one, in a storm too."""
        if self.in_storm:
            self._count()
        else:
            self.read()
        return self._kept


def _cut_json(value: Any) -> str:
    """A value as JSON; of a long one so much, and its size."""
    try:
        text = orjson.dumps(value, default=str)
    except TypeError:  # a whole number beyond 64 bits
        text = str(value).encode("utf-8", "replace")
    if len(text) <= MAX_CALL_BYTES:
        return text.decode()
    return f"{text[:MAX_CALL_BYTES].decode('utf-8', 'ignore')}… ({len(text):,} bytes)"
