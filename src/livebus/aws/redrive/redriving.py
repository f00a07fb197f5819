"""
Sends letters on their way again: to the bus, or to the one target that did not get them.

In: letters of a dead-letter queue. Out: an :class:`Redriven` for each; a letter is deleted only after its event was
accepted, and everything else goes back into the queue. A crash in between leaves a letter whose event was accepted:
sent again, it arrives twice, as EventBridge's own deliveries may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue, Taking
from livebus.errors import LivebusError, Unreachable
from livebus.publish.answer import Result
from livebus.redrive.letter import Letter
from livebus.redrive.selection import Selection

NOT_SENDABLE = "NotSendable"

Publish = Callable[[Sequence[dict[str, Any]], Callable[[int, Result], object]], object]
"""Sends entries, and tells the result of each by its index as soon as it is final."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """
    What became of one letter: ``accepted`` with the new ``event_id`` (none from a target), or an error.

    ``kept`` says why an accepted one could not be deleted: redriven again, it would arrive twice.
    """

    letter: Letter
    accepted: bool
    event_id: str = ""
    error_code: str = ""
    error_message: str = ""
    kept: str = ""


class Way(Protocol):
    """Sends letters somewhere."""

    def request(self, letter: Letter) -> dict[str, Any]:
        """What is sent for a letter. Raises LivebusError where it cannot be sent."""

    def send(self, letters: Sequence[Letter]) -> Iterator[Redriven]:
        """Yields an outcome for each, in any order. Raises Unreachable where nothing can go on."""


class BusWay:
    """
    Back to the bus that the letter's rule is on (or to ``bus``): all its rules see the event again.

    ``exists`` says whether a bus is there, None where that cannot be known: PutEvents takes events for buses that are
    not, and drops them.
    """

    def __init__(self, publish: Publish, exists: Callable[[str], bool | None], bus: str = "") -> None:
        self._publish = publish
        self._exists = exists
        self._bus = bus
        self._known: dict[str, bool | None] = {}

    def send(self, letters: Sequence[Letter]) -> Iterator[Redriven]:
        sendable: list[tuple[Letter, dict[str, Any]]] = []
        for letter in letters:
            try:
                sendable.append((letter, self.request(letter)))
            except Unreachable:
                raise
            except LivebusError as error:
                yield refused(letter, NOT_SENDABLE, str(error.faults[0]))
        results: dict[int, Result] = {}
        try:
            if sendable:
                self._publish([entry for _, entry in sendable], results.__setitem__)
        finally:
            # Also after Ctrl-C, or where a later request could not be made: what was accepted is accepted.
            for index, result in results.items():
                letter = sendable[index][0]
                yield Redriven(letter, bool(result.event_id), result.event_id, result.error_code, result.error_message)

    def request(self, letter: Letter) -> dict[str, Any]:
        """The entry for PutEvents. Raises LivebusError; Unreachable where no bus can be asked for."""
        rule = letter.rule
        bus = self._bus or (rule.bus_arn if rule else "")
        if not bus:
            raise LivebusError("the message has no RULE_ARN", advice="Name the bus with --bus.")
        if bus not in self._known:
            self._known[bus] = self._exists(bus)
        if self._known[bus] is False:
            raise LivebusError(
                f"the event bus {bus!r} does not exist: PutEvents would accept the event and drop it",
                advice="Name another one with --bus.",
            )
        return {**letter.entry(), "EventBusName": bus}


class Redrive:
    """
    One run over a queue. ``tell`` hears of each outcome as it is known, also when the run ends early.

    ``rate`` is in letters a second, None for as fast as it goes.
    """

    def __init__(
        self,
        queue: DeadLetterQueue,
        way: Way,
        selection: Selection,
        *,
        tell: Callable[[Redriven], object],
        limit: int,
        most: int,
        rate: float | None,
        sleep: Callable[[float], object],
    ) -> None:
        self._queue = queue
        self._way = way
        self._selection = selection
        self._tell = tell
        self._limit = limit
        self._most = most
        self._rate = rate
        self._sleep = sleep
        self.looked_at = 0
        self.kept_hidden = 0

    def run(self) -> None:
        """Redrive what is selected. Raises Unreachable; what was accepted until then is told and deleted."""
        page = 10 if self._rate is None else max(1, min(10, int(self._rate)))
        left = self._limit
        taking = self._queue.taking()
        try:
            with taking:
                for letters in taking.pages(self._most, page):
                    self.looked_at += len(letters)
                    chosen = [letter for letter in letters if self._selection.takes(letter)][:left]
                    left -= len(chosen)
                    if chosen:
                        self._send(taking, chosen)
                    if not left:
                        return
                    if chosen and self._rate is not None:
                        self._sleep(len(chosen) / self._rate)
        finally:
            self.kept_hidden = taking.kept_hidden

    def _send(self, taking: Taking, letters: Sequence[Letter]) -> None:
        outcomes: list[Redriven] = []
        try:
            for outcome in self._way.send(letters):
                outcomes.append(outcome)  # noqa: PERF402 - kept one by one: the way may end in an exception
        finally:
            # Also after Ctrl-C, or where a later request could not be made: these events are on their way.
            accepted = [outcome.letter for outcome in outcomes if outcome.accepted]
            failed = _deleted(taking, accepted)
            for outcome in outcomes:
                kept = failed.get(outcome.letter.message_id, "")
                self._tell(
                    outcome
                    if not kept
                    else Redriven(outcome.letter, accepted=True, event_id=outcome.event_id, kept=kept)
                )


def _deleted(taking: Taking, letters: Sequence[Letter]) -> dict[str, str]:
    """Delete letters; those that could not be, with the reason."""
    if not letters:
        return {}
    try:
        failed: dict[str, str] = taking.delete(letters)
    except LivebusError as error:
        return {letter.message_id: str(error) for letter in letters}
    return failed


def refused(letter: Letter, code: str, message: str) -> Redriven:
    """The outcome of a letter that stays."""
    return Redriven(letter, accepted=False, error_code=code, error_message=message)
