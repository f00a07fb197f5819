"""
What became of the last events, for whoever looks later: references to what the stations made, in the order of time.

The line pays one append for a station; facts become records, and records documents, when somebody asks. Bounded by events and by
their text; older ones are gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from livebus.event.envelope import Event, Refused
from livebus.operation import Called

if TYPE_CHECKING:
    from livebus.flow import Attempt, CompiledRule, FunctionAttempt
    from livebus.runtime.eventbridge.lines import Lines

MAX_EVENTS = 10_000
# Of the text of envelopes, in characters.
MAX_TEXT = 64 * 1024 * 1024
# An event has several: so many that retries of a few events do not push out all others.
MAX_FACTS = 60_000
MAX_ATTEMPTS = 40  # of one event: the first, and the last ones
_AT_ONCE = 256  # facts that are counted together
_LARGE = 64 * 1024  # characters of a detail that is counted at once
MAX_RUNS = 20  # of functions, of one event
MAX_LOGS = 100  # lines of one run
MAX_RUN_TEXT = 16 * 1024 * 1024  # characters of the lines of all runs
MAX_RUNNING = 200  # runs whose lines wait for their end
_LINES_GONE = "(the lines of this run are not kept any more)"
# Calls of data sources that clients' requests made, and of each so many bytes of what was asked and answered.
MAX_CALLS = 200
MAX_CALL_BYTES = 4_000
_HEAD = 300  # characters of an envelope around its detail, about

# What calls: a client's User-Agent, or the page.
SENDER: ContextVar[str] = ContextVar("sender", default="")

REFUSED, MATCHED, DROPPED, GONE = "refused", "matched", "dropped", "gone"
DELIVERED, RETRYING, DEAD, LOST = "delivered", "retrying", "dead", "lost"

# The facts that an event begins with.
_COUNTED = (MATCHED, DROPPED)

_Fact = tuple[float, str, Any, Any, Any, Any, Any]


@dataclass(eq=False, slots=True)
class Try:
    """
    One attempt at a target: when (epoch seconds), after how many others, what came of it.

    ``more`` is what its ``kind`` adds: the seconds until the next one, or the dead letter and its queue or the reason why there is
    none. ``ms`` passed since the event's station before, None where something else lies between.
    """

    at: float
    kind: str
    rule: CompiledRule
    attempt: Attempt | FunctionAttempt
    attempts: int
    more: Any
    ms: float | None


@dataclass(eq=False, slots=True)
class Record:
    """
    One event, or a refused entry (``event`` is None then). ``changed`` grows whenever anything about it does.

    ``lines`` are those that judged it, ``rules`` the matching ones. ``stop`` says why it went no further. ``runs`` are those of
    functions that it was handed to: steps of the trace, each with the lines of its log.
    """

    id: str
    seq: int
    at: float
    event: Event | None
    sender: str = ""
    size: int = 0
    entry: Mapping[str, Any] = field(default_factory=dict)
    refused: Refused | None = None
    lines: Lines | None = None
    rules: Sequence[CompiledRule] = ()
    stop: str = ""
    tries: list[Try] = field(default_factory=list)
    runs: list[Mapping[str, Any]] = field(default_factory=list)
    changed: int = 0


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Facts that were counted together: how many events begin in them, and how much text those have."""

    facts: list[_Fact]
    events: int
    text: int


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
        self._new: list[_Fact] = []
        self._at_once = max(1, min(_AT_ONCE, max_events // 16))
        self._large = min(_LARGE, max_text // _AT_ONCE)
        self._chunks: deque[_Chunk] = deque()
        self._facts = 0
        self._events = 0
        self._text = 0
        self._records: dict[str, Record] = {}
        self._calls: deque[AskedCall] = deque(maxlen=MAX_CALLS)
        self._changes: dict[str, Record] = {}
        self._last: tuple[Event | None, float] = (None, 0.0)
        self._logs: dict[str, list[str]] = {}
        self._ended: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=max_events)
        self._with_lines: deque[tuple[dict[str, Any], int]] = deque()
        self._lines_text = 0
        self.seq = 0
        self.changed = 0
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
        self._new.append((self._clock(), kind, event, rule, attempt, attempts, more))
        if len(self._new) >= self._at_once:
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
            events = [fact[2] for fact in new if fact[1] in _COUNTED]
            text = sum([_HEAD + len(event.detail_text or event.text) for event in events])
            count = len(events)
            for fact in new:
                if fact[1] == REFUSED:
                    count, text = count + 1, text + _size_of_entry(fact[3])
            self._chunks.append(_Chunk(new, count, text))
            self._facts += len(new)
            self._events += count
            self._text += text
        if self._facts > MAX_FACTS:
            self._shed()
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

    def _bound(self) -> None:
        while self._events > self._max_events or (self._text > self._max_text and self._events > 1):
            self._shed()

    def _shed(self) -> None:
        """Forget the oldest event, or the oldest facts where nobody has read any."""
        if self._records:
            record = self._records.pop(next(iter(self._records)))
            self._changes.pop(record.id, None)
            self._uncount(1, record.size)
        elif self._chunks:
            chunk = self._chunks.popleft()
            self._facts -= len(chunk.facts)
            self._uncount(chunk.events, chunk.text)

    def _uncount(self, events: int, text: int) -> None:
        self._events -= events
        self._text -= text
        self.forgotten += events

    # --- as somebody looks ------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Make records of the facts that came since."""
        self._count()
        while self._chunks:
            chunk = self._chunks.popleft()
            self._facts -= len(chunk.facts)
            for fact in chunk.facts:
                self._take(fact)
        while self._ended:
            event_id, run = self._ended.popleft()
            record = self._records.get(event_id)
            if record is not None:
                del record.runs[: max(0, len(record.runs) + 1 - MAX_RUNS)]
                record.runs.append(run)
                self._change(record)

    def get(self, event_id: str) -> Record | None:
        self.read()
        return self._records.get(event_id)

    def newest(self, most: int, before: int | None = None) -> list[Record]:
        """The last records, the newest first; of those before a number."""
        self.read()
        found: list[Record] = []
        for record in reversed(self._records.values()):
            if len(found) >= most:
                break
            if before is None or record.seq < before:
                found.append(record)
        return found

    def since(self, changed: int) -> Iterator[Record]:
        """What changed after a number, the last change first."""
        self.read()
        for record in reversed(self._changes.values()):
            if record.changed <= changed:
                return
            yield record

    def __len__(self) -> int:
        self.read()
        return len(self._records)

    def _take(self, fact: _Fact) -> None:
        at, kind, event, one, two, three, _ = fact
        if kind == REFUSED:
            self.seq += 1
            record = Record(f"refused-{self.seq}", self.seq, at, None, three, _size_of_entry(one), one, two)
        else:
            record = self._record(kind, at, event, three)
            if kind == MATCHED:
                record.lines, record.rules = one, two
            elif kind in (DROPPED, GONE):
                record.stop = one
            else:
                self._add_try(record, fact)
            self._last = (event, at)
        self._records[record.id] = record
        self._change(record)

    def _change(self, record: Record) -> None:
        self.changed += 1
        record.changed = self.changed
        self._changes.pop(record.id, None)
        self._changes[record.id] = record

    def _record(self, kind: str, at: float, event: Event, sender: Any) -> Record:
        known = self._records.get(event.id)
        is_counted = kind in _COUNTED
        if known is not None and not is_counted:
            return known
        if known is not None:  # a replay: the same id, on its way again
            del self._records[event.id]
            self._events -= 1
            self._text -= known.size
        self.seq += 1
        record = Record(event.id, self.seq, at, event, sender if is_counted else "", _size_of(event))
        if not is_counted:  # it waited since before this runtime, or for longer than events are kept
            self._events += 1
            self._text += record.size
            self._bound()
        return record

    def _add_try(self, record: Record, fact: _Fact) -> None:
        at, kind, _, rule, attempt, attempts, more = fact
        event, before = self._last
        is_next = event is record.event and attempts == 0 and not _was_tried(record, rule, attempt)
        ms = (at - before) * 1000 if is_next else None
        if len(record.tries) >= MAX_ATTEMPTS:
            del record.tries[1]
        record.tries.append(Try(at, kind, rule, attempt, attempts, more, ms))


def _was_tried(record: Record, rule: CompiledRule, attempt: Attempt | FunctionAttempt) -> bool:
    """Whether a target was tried before: then time passed that nothing was done in."""
    target = attempt.target.target.id
    return any(each.rule is rule and each.attempt.target.target.id == target for each in record.tries)


def _size_of(event: Event) -> int:
    text = event.detail_text
    return _HEAD + (len(text) if text is not None else len(event.text))


def _size_of_entry(entry: Mapping[str, Any]) -> int:
    return _HEAD + sum(len(value) for value in entry.values() if isinstance(value, str))


def _cut_json(value: Any) -> str:
    """A value as JSON; of a long one so much, and its size."""
    try:
        text = orjson.dumps(value, default=str)
    except TypeError:  # a whole number beyond 64 bits
        text = str(value).encode("utf-8", "replace")
    if len(text) <= MAX_CALL_BYTES:
        return text.decode()
    return f"{text[:MAX_CALL_BYTES].decode('utf-8', 'ignore')}… ({len(text):,} bytes)"
