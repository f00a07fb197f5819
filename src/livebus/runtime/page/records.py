"""
What became of an event, as one record: made of the facts that the history kept, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from livebus.event.envelope import Event
from livebus.event.put_events import Refused

if TYPE_CHECKING:
    from livebus.flow import Attempt, CompiledRule, FunctionAttempt
    from livebus.runtime.eventbridge.lines import Lines

REFUSED, MATCHED, DROPPED, GONE = "refused", "matched", "dropped", "gone"
DELIVERED, RETRYING, DEAD, LOST = "delivered", "retrying", "dead", "lost"

# The facts that an event begins with.
BEGINNINGS = (MATCHED, DROPPED)

MAX_ATTEMPTS = 40  # of one event: the first, and the last ones
MAX_RUNS = 20  # of functions, of one event
_HEAD = 300  # characters of an envelope around its detail, about

# When (epoch seconds), what kind, of which event, and what the kind adds.
Fact = tuple[float, str, Any, Any, Any, Any, Any]


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
    One event, or a refused entry (``event`` is None then). ``seq`` is the number of its first change, ``changed`` of its last.

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


class Records:
    """
    Records by the order in which their events began, and by their last change. Each fact is one change: ``changed`` is the
    number of the last one.

    ``events`` and ``text`` are how many records there are, and the characters of their envelopes.
    """

    def __init__(self, changed: int = 0) -> None:
        self.changed = changed
        self.events = 0
        self.text = 0
        self._by_id: dict[str, Record] = {}
        self._changes: dict[str, Record] = {}
        self._last: tuple[Event | None, float] = (None, 0.0)

    def take(self, fact: Fact) -> None:
        at, kind, event, one, two, three, _ = fact
        if kind == REFUSED:
            number = self.changed + 1
            record = Record(f"refused-{number}", number, at, None, three, size_of_entry(one), one, two)
            self._add(record)
        else:
            record = self._of(kind, at, event, three)
            if kind == MATCHED:
                record.lines, record.rules = one, two
            elif kind in (DROPPED, GONE):
                record.stop = one
            else:
                self._add_try(record, fact)
            self._last = (event, at)
        self._change(record)

    def pass_over(self, facts: int = 1) -> None:
        """Leave out so many facts: what comes behind them keeps its number, and its time is not told as one that follows."""
        self.changed += facts
        self._last = (None, 0.0)

    def ran(self, event_id: str, run: Mapping[str, Any]) -> None:
        """A function's run of an event; of an event that is not kept it is forgotten."""
        record = self._by_id.get(event_id)
        if record is not None:
            del record.runs[: max(0, len(record.runs) + 1 - MAX_RUNS)]
            record.runs.append(run)
            self._change(record)

    def forget_oldest(self) -> None:
        record = self._by_id[next(iter(self._by_id))]
        self._changes.pop(record.id, None)
        self._remove(record)

    def get(self, event_id: str) -> Record | None:
        return self._by_id.get(event_id)

    def newest(self, most: int, before: int | None = None) -> list[Record]:
        """The last records, the newest first; of those before a number."""
        found: list[Record] = []
        for record in reversed(self._by_id.values()):
            if len(found) >= most:
                break
            if before is None or record.seq < before:
                found.append(record)
        return found

    def since(self, changed: int) -> Iterator[Record]:
        """What changed after a number, the last change first."""
        for record in reversed(self._changes.values()):
            if record.changed <= changed:
                return
            yield record

    def _change(self, record: Record) -> None:
        self.changed += 1
        record.changed = self.changed
        self._changes.pop(record.id, None)
        self._changes[record.id] = record

    def _add(self, record: Record) -> None:
        self._by_id[record.id] = record
        self.events += 1
        self.text += record.size

    def _remove(self, record: Record) -> None:
        del self._by_id[record.id]
        self.events -= 1
        self.text -= record.size

    def _of(self, kind: str, at: float, event: Event, sender: Any) -> Record:
        known = self._by_id.get(event.id)
        begins = kind in BEGINNINGS
        if known is not None:
            if not begins:
                return known
            self._remove(known)  # a replay: the same id, on its way again
        # One that does not begin here waited since before this runtime, or for longer than events are kept.
        record = Record(event.id, self.changed + 1, at, event, sender if begins else "", size_of(event))
        self._add(record)
        return record

    def _add_try(self, record: Record, fact: Fact) -> None:
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


def size_of(event: Event) -> int:
    """The characters of an event's envelope, about."""
    text = event.detail_text
    return _HEAD + (len(text) if text is not None else len(event.text))


def size_of_entry(entry: Mapping[str, Any]) -> int:
    """The characters of a refused entry, about."""
    return _HEAD + sum(len(value) for value in entry.values() if isinstance(value, str))
