"""
What livebus publish shows: a line per event for the first ones, progress on a terminal, and the end.

In: outcomes as they come, and the summary. Out: lines on stdout (results) and stderr (talk), or one JSON object.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from livebus.publish.answer import Result
from livebus.publish.request import Item
from livebus.publish.tally import Tally
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted
from livebus.terminal.escape import escaped
from livebus.terminal.status_line import StatusLine
from livebus.terminal.width import columns_of

if TYPE_CHECKING:
    from livebus.aws.publish.publishing import Summary
    from livebus.publish.arrivals import ArrivalTally

# So many events have a line each: on stdout where they are accepted, on stderr where they are not.
LINES = 1_000
FAILED_LINES = 10
# Of a histogram, however wide the terminal is.
_MOST_COLUMNS = 80
_UNSENT = Result("", "NotSent", "the verb ended before it was accepted")


class ViewOptions(NamedTuple):
    """``total`` is how many events there are, None where that is not known; ``stream`` that they come as they will."""

    json: bool = False
    quiet: bool = False
    total: int | None = None
    stream: bool = False


class View:
    """Shows one publication. ``where`` is said of it at the end: the buses and the endpoint."""

    def __init__(self, options: ViewOptions) -> None:
        self._options = options
        self._few = options.total is not None and options.total <= LINES
        self._lines = 0
        self._failed_lines = 0
        self._results: dict[int, Result] = {}
        self._status = StatusLine(shown=not self._few and not options.quiet)
        self._history: list[tuple[float, int]] = []

    @property
    def wants_ids(self) -> bool:
        if self._options.json:
            return self._few
        return not self._options.quiet and (self._few or (self._options.stream and self._lines < LINES))

    def accepted(self, item: Item, result: Result) -> None:
        self._lines += 1
        if self._options.json:
            self._results[item[0]] = result
            return
        if self._options.quiet or self._lines > LINES:
            return
        import orjson

        entry = orjson.loads(item[1].text)
        fields = (result.event_id, entry["Source"], entry["DetailType"])
        terminal.result_if_possible("\t".join(map(escaped, fields)))

    def failed(self, item: Item, result: Result) -> None:
        if self._few:
            self._results[item[0]] = result
        self._failed_lines += 1
        if self._failed_lines > FAILED_LINES and not self._few:
            return
        entry = item[1]
        terminal.report_text(f"{entry.file}: event {entry.index}: {result.error_code}: {result.error_message}")
        if self._failed_lines == FAILED_LINES and not self._few:
            terminal.report_text("further events that fail are counted")

    def progress(self, tally: Tally, now: float) -> None:
        if now == float("inf") or not self._status.is_due:
            return
        from livebus.publish import report

        done = tally.accepted + tally.failed
        self._history = [*self._history[-50:], (now, done)]
        first, before = self._history[0]
        rate = (done - before) / (now - first) if now > first else 0.0
        text = report.progress(tally, rate, self._options.total)
        self._status.say(text)

    def clear(self) -> None:
        """Take the line of progress away."""
        self._status.clear()

    # --- the end ----------------------------------------------------------------------------------------------------

    def members(self, summary: Summary, known: Sequence[Item] | None) -> dict[str, Any]:
        """The JSON object of the end; ``known`` are all events, where there are few."""
        from livebus.publish import report

        tally = summary.tally
        shown: dict[str, Any] = {"published": tally.accepted, "failed": self._total(summary, known) - tally.accepted}
        if known is not None:
            shown["entries"] = self._entries(known, summary)
        return shown | report.members(tally, summary.seconds)

    def success(self, summary: Summary, where: str) -> None:
        """All was accepted."""
        from livebus.publish import report

        if not self._options.quiet:
            accepted = summary.tally.accepted
            fast = f" {report.speed(summary.tally, summary.seconds)}" if accepted > LINES else ""
            terminal.talk(f"published {counted(accepted, 'event')} {where}{fast}")

    def failure(self, summary: Summary, known: Sequence[Item] | None, where: str, left: Sequence[str]) -> None:
        """Not all was accepted; ``left`` says what is left where."""
        from livebus.publish import report

        tally = summary.tally
        total = self._total(summary, known)
        missing = total - tally.accepted
        parts = [f"{tally.accepted} of {total} events were accepted, {missing} not"]
        if tally.rejected and known is None:
            parts[0] += f" ({report.reasons(tally.rejected)})"
        if missing > tally.failed:
            parts.append(f"{missing - tally.failed} of them were not answered or not sent")
        if not summary.complete and known is None:
            parts.append("there may be more that was not read")
        if tally.unreadable:
            parts.append(f"{tally.unreadable} could not be read")
        terminal.report_text("; ".join([*parts, *left]))
        if known is None and not self._options.quiet:
            terminal.talk(f"published {where} {report.speed(tally, summary.seconds)}")

    def arrived(self, tally: ArrivalTally, silence: str, known: Sequence[Item] | None = None) -> None:
        """
        What arrived of it all, with --wait; ``silence`` says why nothing was to be expected of the first event that led to none,
        ``known`` are all events, where there are few: what was lost is told by its file and line.
        """
        if not tally.expected:
            terminal.report_text(
                f"none of the events leads to a message on that field: {silence or 'none was published'}"
            )
            return
        if self._options.quiet and not tally.lost:
            return
        from livebus.publish.arrivals import histogram

        told = f"{tally.arrived} of {tally.expected} messages arrived"
        counts = {"lost": tally.lost, "doubled": tally.doubled, "out of order": tally.out_of_order}
        told += "".join(
            f", {count} {what}" for what, count in (counts | {"unexpected": tally.unexpected}).items() if count
        )
        (terminal.report_text if tally.lost else terminal.talk)(told)
        if tally.lost:
            terminal.talk(f"the first that did not arrive: {_named(tally.lost_numbers, known)}")
        if tally.arrived:
            columns = columns_of(sys.stderr) or _MOST_COLUMNS
            for line in histogram(tally.latencies, width=min(_MOST_COLUMNS, columns)):
                terminal.talk(line)

    @staticmethod
    def _total(summary: Summary, known: Sequence[Item] | None) -> int:
        """How many events it was about: all, or all that were read."""
        tally = summary.tally
        return len(known) if known is not None else tally.accepted + tally.failed + len(summary.left)

    def _entries(self, known: Sequence[Item], summary: Summary) -> list[dict[str, Any]]:
        left = {item[0]: result for item, result in summary.left}
        entries = []
        for sequence, entry in known:
            result = self._results.get(sequence) or left.get(sequence, _UNSENT)
            what = (
                {"eventId": result.event_id}
                if result.event_id
                else {"errorCode": result.error_code, "errorMessage": result.error_message}
            )
            entries.append({"file": entry.file, "index": entry.index, **what})
        return entries


def _named(numbers: Sequence[int], known: Sequence[Item] | None) -> str:
    """Events as people find them: by file and line, else by the numbers they were published with."""
    entries = dict(known or ())
    if all(number in entries for number in numbers):
        return ", ".join(f"{entries[number].file}:{entries[number].line}" for number in numbers)
    return f"events {', '.join(map(str, numbers))}, from 0"
