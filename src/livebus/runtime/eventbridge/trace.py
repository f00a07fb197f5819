"""
Tells what becomes of each event, station by station: to people on stderr, to programs as JSON lines.

What goes well is told only to who asked (``--verbose``, ``--trace FILE``, a listener); what ends an event's way short of
its subscribers is always told, at a bounded rate, so that a flood of events never becomes a flood of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from livebus import steps
from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.flow import Attempt, CompiledRule, FunctionAttempt
from livebus.operation import Called
from livebus.retry_policy import DeadLetter
from livebus.runtime.eventbridge.lineage import Lineage
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.page.history import History
from livebus.runtime.page.records import DEAD, DELIVERED, DROPPED, GONE, LOST, RETRYING
from livebus.steps import Step
from livebus.template.application import Queue
from livebus.terminal.counts import counted

Listener = Callable[[dict[str, Any]], None]
Tell = Callable[[str], None]
_AnyAttempt = Attempt | FunctionAttempt

LINES_PER_SECOND = 20
FUNCTION_LINES_PER_SECOND = 200
_LONGEST_OF_FUNCTION = 200


class _Budget:
    """Lets so many lines a second through, and counts the others."""

    def __init__(self, what: str, lines: int = LINES_PER_SECOND) -> None:
        self._what = what
        self._lines = lines
        self._second = 0
        self._told = 0
        self._untold = 0

    def has_room(self, now: float) -> bool:
        return int(now) != self._second or self._told < self._lines

    def spend(self, lines: int) -> None:
        self._told += lines

    def skip(self) -> None:
        self._untold += 1

    def turn(self, now: float, *, ends: bool = False) -> str:
        """Begin a new second if it is one: the line that tells what was left out, or nothing."""
        if int(now) == self._second and not ends:
            return ""
        untold, self._second, self._told, self._untold = self._untold, int(now), 0, 0
        return f"… and {untold} more {self._what} (--trace FILE keeps them all)" if untold else ""


class Trace:
    """
    ``tell`` prints a line for people; ``clock`` gives seconds. Listeners get a dict for each station of each event:
    ``station``, ``event`` (its id) and what the station has to say. ``history`` keeps what the page shows; ``page`` is
    the page's address, which stands behind what is told of an event that did not arrive.
    """

    def __init__(
        self,
        tell: Tell,
        clock: Callable[[], float],
        *,
        verbose: bool = False,
        history: History | None = None,
        page: str = "",
    ) -> None:
        self._tell = tell
        self.history = history
        self.page = page
        self._clock = clock
        self._verbose = verbose
        self.listeners: list[Listener] = []
        self._problems = _Budget("problems like these")
        # Budgets of their own: a lost event must not go under in a flood of unmatched ones, nor a dead letter in the
        # retries that went before it.
        self._letters = _Budget("dead letters")
        self._losses = _Budget("lost events")
        self._function_lines = _Budget("lines of functions", FUNCTION_LINES_PER_SECOND)

    def tick(self, *, ends: bool = False) -> None:
        """Tell how many lines were left out, once their second is over; to be called now and then, and at the end."""
        for budget in (self._problems, self._letters, self._losses, self._function_lines):
            line = budget.turn(self._clock(), ends=ends)
            if line:
                self._tell(line)

    # --- what stations say ------------------------------------------------------------------------------------------

    def refused(self, entry: Mapping[str, Any], refused: Refused) -> None:
        self._problem(f"refused an entry from {entry.get('Source')!r}: {refused.code}: {refused.message}")
        if self.history is not None:
            self.history.refused(entry, refused)
        self._emit("", steps.refused(refused))

    def no_such_bus(self, event: Event, known: Sequence[str]) -> None:
        if self.history is not None:
            self.history.stopped(DROPPED, event, "no such event bus")
        self._problem(
            f"event {event.id} was dropped: there is no event bus {event.bus!r} (there are: {', '.join(known)})."
            " AWS accepts such an event too, and drops it in silence"
        )
        self._emit(event.id, steps.accepted(event, "no such event bus"))

    def matched(self, event: Event, lines: Lines, rules: Sequence[CompiledRule]) -> None:
        if self.history is not None:
            self.history.matched(event, lines, rules)
        is_asked = bool(self.listeners) or self._verbose
        if rules and not is_asked:
            return
        # The verdicts cost more than the matching: they are not made for a line that is not told.
        if is_asked or self._problems.has_room(self._clock()):
            self._tell_match(event, lines, rules)
        else:
            self._problems.skip()

    def _tell_match(self, event: Event, lines: Lines, rules: Sequence[CompiledRule]) -> None:
        verdicts = lines.verdicts(event)
        self._emit(event.id, steps.accepted(event))
        for verdict in verdicts:
            self._emit(event.id, steps.judged(verdict.rule.name, verdict.reasons))
        if not rules:
            self._problem(
                f"event {event.id} matched no rule on bus {event.bus!r}{self._link(event)}",
                *(f"  rule {verdict.rule.name!r}: {'; '.join(verdict.reasons)}" for verdict in verdicts),
            )

    def delivered(self, event: Event, rule: CompiledRule, attempt: _AnyAttempt, attempts: int) -> None:
        if self.history is not None:
            self.history.attempted(DELIVERED, event, rule, attempt, attempts=attempts)
        response = attempt.response
        if response is not None and response.errors:
            message = response.errors[0].get("message")
            self._problem(
                f"event {event.id} reached AppSync, which answered with an error: {message}."
                " It counts as delivered: neither retries nor the dead-letter queue see it (--strict changes that)"
            )
        for field, deliveries in attempt.published.deliveries:
            if deliveries.dropped:
                count, reason = len(deliveries.dropped), deliveries.dropped[0].reason
                self._problem(f"event {event.id}: {field} reached {counted(count, 'subscriber')} less: {reason}")
        if self.listeners or self._verbose:
            self._emit_attempt(event, rule, attempt, attempts)

    def retrying(self, event: Event, rule: CompiledRule, attempt: _AnyAttempt, attempts: int, after: float) -> None:
        if self.history is not None:
            self.history.attempted(RETRYING, event, rule, attempt, attempts=attempts, more=after)
        failure = attempt.failure
        if failure is not None:
            self._problem(f"event {event.id}: {failure.code}: {failure.message}; trying again in {after:.1f} s")
        self._emit_attempt(event, rule, attempt, attempts)
        self._delivery(event, rule, retryIn=round(after, 3))

    def looping(self, lineage: Lineage, what: str) -> None:
        """Events that lead to one another without an end; AWS lets them, and sends the bill."""
        self._problem(f"events go round in a loop: {lineage.loop}; {what}")
        self._emit("", steps.looping(lineage.rules, lineage.generation))

    def dropped_at_stop(self, count: int) -> None:
        self._loss(f"{count} events that resolvers put are lost: the runtime stops before their turn")

    def dead_lettered(
        self, event: Event, rule: CompiledRule, attempt: _AnyAttempt, letter: DeadLetter, queue: Queue
    ) -> None:
        if self.history is not None:
            more = (letter, queue.name)
            self.history.attempted(DEAD, event, rule, attempt, attempts=letter.retry_attempts, more=more)
        line = (
            f"event {event.id} went to the dead-letter queue {queue.name}: {letter.error_code}: {letter.error_message}"
            f"{self._link(event)}"
        )
        self._told(self._letters, (line,))
        self._emit_attempt(event, rule, attempt, letter.retry_attempts)
        self._delivery(
            event,
            rule,
            deadLetterQueue=queue.name,
            code=letter.error_code,
            message=letter.error_message,
        )

    def lost(self, event: Event, rule: CompiledRule, attempt: _AnyAttempt, letter: DeadLetter, why: str) -> None:
        if self.history is not None:
            more = (letter, why)
            self.history.attempted(LOST, event, rule, attempt, attempts=letter.retry_attempts, more=more)
        self._loss(
            f"event {event.id} is lost: {letter.error_code}: {letter.error_message.removesuffix('.')}; and no dead letter: {why}"
            f"{self._link(event)}"
        )
        self._emit_attempt(event, rule, attempt, letter.retry_attempts)
        self._delivery(event, rule, lost=why, code=letter.error_code)

    def target_gone(self, event: Event, rule_arn: str, target_id: str) -> None:
        if self.history is not None:
            self.history.stopped(GONE, event, "the target is gone")
        self._loss(
            f"event {event.id} waited for target {target_id!r} of {rule_arn}, which the template has no more: dropped"
        )
        self._emit(event.id, {"station": "delivery", "lost": "the target is gone"})

    def journal_fault(self, fault: str) -> None:
        """An event that waited can be neither read nor struck out; the next start finds it where it is."""
        self._loss(f"{fault}; an event in it is tried again at the next start")

    def unwritten(self, fault: str) -> None:
        """An event whose attempt goes on could not be written down."""
        self._loss(
            f"{fault}; an event that is under way is in no journal: it is lost if the runtime ends before its attempt"
        )

    def lost_at_stop(self, count: int) -> None:
        self._loss(f"{counted(count, 'event is', 'events are')} lost: under way at the stop, and in no journal")

    def _emit_attempt(self, event: Event, rule: CompiledRule, attempt: _AnyAttempt, attempts: int) -> None:
        if not self.listeners and not self._verbose:
            return
        for step in steps.attempted(rule.rule.name, attempt):
            self._emit(event.id, step | {"attempt": attempts} if step["station"] == "execution" else step)
        for step in steps.published(rule.rule.name, attempt):
            self._emit(event.id, step)

    # --- what clients ask for ---------------------------------------------------------------------------------------

    def asked(self, api: str, request_id: str, calls: Sequence[Called]) -> None:
        """A client's request has asked data sources, and has their answers. ``request_id``: a subscription's own id."""
        if self.history is not None:
            self.history.asked(api, request_id, calls)
        if self.listeners or self._verbose:
            for each in calls:
                self._emit("", {"station": "call", "api": api, "requestId": request_id, **steps.called(each)})

    # --- what functions do ------------------------------------------------------------------------------------------

    def function_line(self, function: str, request_id: str, text: str) -> None:
        """A line of a function's log, escaped: told to people as it comes."""
        self._told(self._function_lines, (f"{function}: {text}",))
        if self.history is not None:
            self.history.logged(request_id, text)
        for listener in tuple(self.listeners):
            listener(
                {
                    "station": "log",
                    "event": "",
                    "at": self._clock(),
                    "function": function,
                    "requestId": request_id,
                    "line": text,
                }
            )

    def function_outcome(
        self, function: str, request_id: str, event_id: str, kind: str, *, duration: float, error: Mapping[str, Any]
    ) -> None:
        """An invocation has ended, with a result or with an error's members."""
        said: dict[str, Any] = {"function": function, "requestId": request_id, "invocation": kind}
        if error:
            # The function's own words, as long as it likes.
            kind_of_error, message = (
                steps.cut(str(error.get(name)), _LONGEST_OF_FUNCTION) for name in ("errorType", "errorMessage")
            )
            self._problem(f"function {function} failed: {kind_of_error}: {message}")
            said |= {"errorType": kind_of_error, "errorMessage": message}
        step = {"station": "function", **said, "duration": round(duration, 3)}
        if self.history is not None:
            self.history.ran(event_id, request_id, step)
        self._emit(event_id, step)

    # --- telling ----------------------------------------------------------------------------------------------------

    def _emit(self, event_id: str, step: Step) -> None:
        if not self.listeners and not self._verbose:
            return
        record = {"station": step["station"], "event": event_id, "at": self._clock(), **step}
        for listener in tuple(self.listeners):
            listener(record)
        if self._verbose:
            self._tell(f"{event_id[:8] or '-':8} {step['station']:12} {steps.words(step)}")

    def _link(self, event: Event) -> str:
        """Where the page shows an event; nothing where there is no page."""
        return f" ({self.page}#/events/{event.id})" if self.page else ""

    def _delivery(self, event: Event, rule: CompiledRule, **said: Any) -> None:
        self._emit(event.id, {"station": "delivery", "rule": rule.rule.name, **said})

    def _problem(self, *lines: str) -> None:
        self._told(self._problems, lines)

    def _loss(self, line: str) -> None:
        self._told(self._losses, (line,))

    def _told(self, budget: _Budget, lines: Sequence[str]) -> None:
        now = self._clock()
        untold = budget.turn(now)
        if untold:
            self._tell(untold)
        if not budget.has_room(now):
            budget.skip()
            return
        budget.spend(len(lines))
        for line in lines:
            self._tell(line)
