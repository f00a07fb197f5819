"""The trace: what is told to people and to listeners, and how much at the most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.execution import GraphQLResponse
from livebus.flow import Attempt, Line, Published
from livebus.operation import Answer, Call, Called
from livebus.retry_policy import DeadLetter, Failure
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import FUNCTION_LINES_PER_SECOND, LINES_PER_SECOND, Trace
from livebus.subscription.registry import Deliveries, Dropped
from livebus.template import Environment
from livebus.template.application import DataSource

REFUSED = Refused("MalformedDetail", "Detail is malformed.")
LINE = "refused an entry from 's': MalformedDetail: Detail is malformed."


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def trace(told: list[str], clock: Any) -> Trace:
    return Trace(told.append, clock)


def test_a_flood_of_problems_is_a_few_lines(trace: Trace, told: list[str], clock: Any) -> None:
    """So many lines a second are told; the others are counted, and told of when the second is over."""
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    assert told == [LINE] * LINES_PER_SECOND
    clock.now += 1
    trace.refused({"Source": "s"}, REFUSED)
    left_out = 1000 - LINES_PER_SECOND
    assert told[LINES_PER_SECOND:] == [f"… and {left_out} more problems like these (--trace FILE keeps them all)", LINE]


def test_what_was_left_out_is_told_without_another_problem(trace: Trace, told: list[str], clock: Any) -> None:
    """``tick`` tells the count when the second is over, once."""
    for _ in range(LINES_PER_SECOND + 5):
        trace.refused({"Source": "s"}, REFUSED)
    trace.tick()
    assert len(told) == LINES_PER_SECOND
    clock.now += 1
    trace.tick()
    trace.tick()
    assert told[LINES_PER_SECOND:] == ["… and 5 more problems like these (--trace FILE keeps them all)"]


def test_the_end_tells_what_was_left_out(trace: Trace, told: list[str]) -> None:
    """At the end the count is told, whatever the second."""
    for _ in range(LINES_PER_SECOND + 1):
        trace.refused({"Source": "s"}, REFUSED)
    trace.tick(ends=True)
    assert told[-1] == "… and 1 more problems like these (--trace FILE keeps them all)"


def test_losses_have_a_budget_of_their_own(trace: Trace, told: list[str]) -> None:
    """A flood of problems does not hide that an event is lost; a flood of losses is bounded, too."""
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    for _ in range(1000):
        trace.journal_fault("the journal cannot be used")
    assert len(told) == 2 * LINES_PER_SECOND
    assert told[-1] == "the journal cannot be used; an event in it is tried again at the next start"


def test_listeners_hear_everything(trace: Trace, told: list[str], clock: Any) -> None:
    """What listeners get is not bounded, and has the time."""
    records: list[dict[str, Any]] = []
    trace.listeners.append(records.append)
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    assert len(records) == 1000
    expected = {"station": "bus", "event": "", "at": clock.now, "accepted": False}
    assert records[0] == {**expected, "code": "MalformedDetail", "message": "Detail is malformed."}


def test_a_listener_may_leave_while_it_listens(trace: Trace) -> None:
    """One that takes itself away does not make the next one miss a record."""
    heard: list[str] = []

    def once(record: dict[str, Any]) -> None:
        heard.append("once")
        trace.listeners.remove(once)

    trace.listeners += [once, lambda record: heard.append("ever")]
    trace.refused({"Source": "s"}, REFUSED)
    trace.refused({"Source": "s"}, REFUSED)
    assert heard == ["once", "ever", "ever"]


def test_verbose_shortens_long_values(told: list[str], clock: Any) -> None:
    """A line for people does not hold a message of 200 KB."""
    trace = Trace(told.append, clock, verbose=True)
    trace.refused({"Source": "s"}, Refused("MalformedDetail", "x" * 10_000))
    assert told[-1].endswith("… (10000 characters)")
    assert len(told[-1]) < 400


def test_lines_are_left_to_the_terminal_to_escape(trace: Trace, told: list[str]) -> None:
    """What an event holds comes through as it is, quoted; the terminal spells control characters out."""
    trace.refused({"Source": "ä\x1b"}, Refused("C", "\x1b[2J"))
    assert told == ["refused an entry from 'ä\\x1b': C: \x1b[2J"]


def test_dead_letters_have_a_budget_of_their_own(trace: Trace, told: list[str], line: Line) -> None:
    """The retries of many events do not hide that one of them ended in the queue."""
    (rule,) = line.compiled_rules("livebus")
    (queue,) = line.application.queues
    event = Event({"id": "e"}, "livebus", "")
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    trace.dead_lettered(event, rule, Attempt(rule.targets[0]), DeadLetter("TIMEOUT", "no answer", 3), queue)
    assert told[-1] == f"event e went to the dead-letter queue {queue.name}: TIMEOUT: no answer"


def test_lines_of_functions_have_a_budget_of_their_own(trace: Trace, told: list[str]) -> None:
    """So many a second reach people; listeners get them all."""
    records: list[dict[str, Any]] = []
    trace.listeners.append(records.append)
    for number in range(FUNCTION_LINES_PER_SECOND + 5):
        trace.function_line("f", "r", f"line {number}")
    trace.refused({"Source": "s"}, REFUSED)
    assert told == [*(f"f: line {number}" for number in range(FUNCTION_LINES_PER_SECOND)), LINE]
    assert [each["line"] for each in records if each["station"] == "log"][-1] == f"line {FUNCTION_LINES_PER_SECOND + 4}"
    trace.tick(ends=True)
    assert told[-1] == "… and 5 more lines of functions (--trace FILE keeps them all)"


def test_an_error_of_a_function_is_told_in_so_many_words(trace: Trace, told: list[str]) -> None:
    """Its message may be as long as the function likes."""
    records: list[dict[str, Any]] = []
    trace.listeners.append(records.append)
    error = {"errorType": "E", "errorMessage": "x" * 5000}
    trace.function_outcome("f", "r", "e", "Event", duration=1.0, error=error)
    message = f"{'x' * 200}… (5000 characters)"
    assert told == [f"function f failed: E: {message}"]
    (record,) = records
    assert (record["station"], record["event"], record["errorMessage"]) == ("function", "e", message)


class History:
    """What the page's history is asked to keep, as it comes."""

    def __init__(self) -> None:
        self.kept: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: self.kept.append((name, *given, named))


class Told(NamedTuple):
    """One thing that is told: the call, the line for people, the records, and what the history keeps."""

    call: Callable[[Trace], None]
    line: str
    records: list[dict[str, Any]]
    kept: list[str]


EVENT = Event({"id": "e", "source": "s", "detail-type": "d", "detail": {}}, "livebus", "")
FAILURE = Failure("TIMEOUT", "no answer", retryable=True)
LETTER = DeadLetter("TIMEOUT", "no answer", 3)


@pytest.mark.parametrize(
    "told_",
    [
        Told(
            lambda trace: trace.refused({"Source": "s"}, REFUSED),
            LINE,
            [{"station": "bus", "event": "", "accepted": False, "code": "MalformedDetail", "message": "Detail is malformed."}],
            ["refused"],
        ),
        Told(
            lambda trace: trace.target_gone(EVENT, "arn:rule", "T"),
            "event e waited for target 'T' of arn:rule, which the template has no more: dropped",
            [{"station": "delivery", "event": "e", "lost": "the target is gone"}],
            ["stopped"],
        ),
        Told(
            lambda trace: trace.journal_fault("no disk"),
            "no disk; an event in it is tried again at the next start",
            [],
            [],
        ),
        Told(
            lambda trace: trace.unwritten("no disk"),
            "no disk; an event that is under way is in no journal: it is lost if the runtime ends before its attempt",
            [],
            [],
        ),
        Told(
            lambda trace: trace.lost_at_stop(2),
            "2 events are lost: under way at the stop, and in no journal",
            [],
            [],
        ),
        Told(
            lambda trace: trace.dropped_at_stop(3),
            "3 events that resolvers put are lost: the runtime stops before their turn",
            [],
            [],
        ),
        Told(
            lambda trace: trace.function_outcome("f", "r", "e", "Event", duration=1.23456, error={}),
            "",
            [{"station": "function", "event": "e", "function": "f", "requestId": "r", "invocation": "Event", "duration": 1.235}],
            ["ran"],
        ),
        Told(
            lambda trace: trace.function_outcome("f", "r", "", "Call", duration=1, error={"errorType": "E"}),
            "function f failed: E: None",
            [
                {"station": "function", "event": "", "function": "f", "requestId": "r", "invocation": "Call", "duration": 1,
                 "errorType": "E", "errorMessage": "None"}
            ],
            ["ran"],
        ),
        Told(
            lambda trace: trace.function_line("f", "r", "hello"),
            "f: hello",
            [{"station": "log", "event": "", "function": "f", "requestId": "r", "line": "hello"}],
            ["logged"],
        ),
        Told(
            lambda trace: trace.asked("api", "r", [Called(Call(DataSource("T", "HTTP"), {"a": 1}), Answer({"n": 1}, None, 2.5))]),
            "",
            [
                {"station": "call", "event": "", "api": "api", "requestId": "r", "source": "T", "type": "HTTP",
                 "request": {"a": 1}, "result": {"n": 1}, "ms": 2.5}
            ],
            ["asked"],
        ),
    ],
)  # fmt: skip
def test_what_is_told_without_a_rule(told_: Told, told: list[str], clock: Any) -> None:
    """To people in a line, to listeners in records, and to the page's history; each of it once."""
    trace, history, records = listened(told, clock)
    told_.call(trace)

    assert told == ([told_.line] if told_.line else [])
    assert records == [{"at": clock.now, **record} for record in told_.records]
    assert [each[0] for each in history.kept] == told_.kept


def listened(told: list[str], clock: Any) -> tuple[Trace, History, list[dict[str, Any]]]:
    history, records = History(), []  # type: ignore[var-annotated]
    trace = Trace(told.append, clock, history=history, page="http://page/")  # type: ignore[arg-type]
    trace.listeners.append(records.append)
    return trace, history, records


def test_calls_are_kept_for_the_page(told: list[str], clock: Any) -> None:
    """Of which API, for which request, and the calls themselves."""
    trace, history, _ = listened(told, clock)
    calls = [Called(Call(DataSource("T", "HTTP"), {}), Answer())]
    trace.asked("api", "r", calls)
    trace.function_line("f", "r", "hello")
    assert history.kept == [("asked", "api", "r", calls, {}), ("logged", "r", "hello", {})]


def test_a_message_that_is_a_sentence_goes_on_in_the_same_one(told: list[str], clock: Any, line: Line) -> None:
    """What the target says may end with a full stop; the reason of the loss comes behind it."""
    trace, _, _ = listened(told, clock)
    [rule] = line.compiled_rules("livebus")
    letter = DeadLetter("NO_PERMISSIONS", "The function's permission is for another rule.", 0)
    trace.lost(EVENT, rule, Attempt(rule.targets[0], failure=FAILURE), letter, "there is no queue")
    [said] = told
    assert said.startswith(
        "event e is lost: NO_PERMISSIONS: The function's permission is for another rule; and no dead letter: there"
    )


def test_what_is_told_of_an_attempt(told: list[str], clock: Any, line: Line) -> None:
    """Of its failure, its retry, its dead letter or its loss; a line about an event that did not arrive leads to the page."""
    trace, history, records = listened(told, clock)
    [rule] = line.compiled_rules("livebus")
    [queue] = line.application.queues
    attempt = Attempt(rule.targets[0], failure=FAILURE)
    trace.retrying(EVENT, rule, attempt, 1, 2.34567)
    trace.dead_lettered(EVENT, rule, attempt, LETTER, queue)
    trace.lost(EVENT, rule, attempt, LETTER, "there is no queue")

    assert told == [
        "event e: TIMEOUT: no answer; trying again in 2.3 s",
        f"event e went to the dead-letter queue {queue.name}: TIMEOUT: no answer (http://page/#/events/e)",
        "event e is lost: TIMEOUT: no answer; and no dead letter: there is no queue (http://page/#/events/e)",
    ]
    said = {"station": "delivery", "event": "e", "at": clock.now, "rule": "publishMsgFromEB"}
    assert [record for record in records if record["station"] == "delivery"] == [
        {**said, "retryIn": 2.346},
        {**said, "deadLetterQueue": queue.name, "code": "TIMEOUT", "message": "no answer"},
        {**said, "lost": "there is no queue", "code": "TIMEOUT"},
    ]
    assert [(name, given[0], named) for name, *given, named in history.kept] == [
        ("attempted", "retrying", {"attempts": 1, "more": 2.34567}),
        ("attempted", "dead", {"attempts": 3, "more": (LETTER, queue.name)}),
        ("attempted", "lost", {"attempts": 3, "more": (LETTER, "there is no queue")}),
    ]


def test_an_event_that_no_rule_wants(told: list[str], clock: Any, line: Line) -> None:
    """Each rule of its bus is told with its reasons; a bus that is not there with those that are."""
    trace, history, records = listened(told, clock)
    lines = Lines(Environment(), {"livebus": line})
    trace.matched(EVENT, lines, [])
    trace.no_such_bus(EVENT, ["default", "livebus"])

    reasons = ['$.source: "s" is none of ["sample.source"]', '$.detail.msg: missing, expected one of [{"prefix":""}]']
    assert told == [
        "event e matched no rule on bus 'livebus' (http://page/#/events/e)",
        f"  rule 'publishMsgFromEB': {'; '.join(reasons)}",
        (
            "event e was dropped: there is no event bus 'livebus' (there are: default, livebus)."
            " AWS accepts such an event too, and drops it in silence"
        ),
    ]
    assert [(record["station"], record["event"]) for record in records] == [
        ("bus", "e"),
        ("pattern", "e"),
        ("bus", "e"),
    ]
    assert [each[0] for each in history.kept] == ["matched", "stopped"]


def test_a_flood_of_unmatched_events_costs_no_verdicts(told: list[str], clock: Any, line: Line) -> None:
    """Where no line is left for an event, and nobody listens, nothing is judged; what is left out is counted all the same."""
    trace = Trace(told.append, clock)
    lines = Lines(Environment(), {"livebus": line})
    for _ in range(LINES_PER_SECOND):
        trace.matched(EVENT, lines, [])
    lines.verdicts = None  # type: ignore[assignment,method-assign]
    trace.matched(EVENT, lines, [])
    trace.matched(EVENT, lines, lines.compiled_rules("livebus"))
    trace.tick(ends=True)
    assert told[-1].startswith("… and ")


def test_what_a_delivery_is_told_for(told: list[str], clock: Any, line: Line) -> None:
    """An answer with an error counts as delivered, and is told; so are subscribers that were not reached."""
    trace, history, records = listened(told, clock)
    [rule] = line.compiled_rules("livebus")
    response = GraphQLResponse(None, ({"message": "no"}, {"message": "never"}))
    published = Published((("onA", Deliveries((), (Dropped(None, "too slow"), Dropped(None, "other")))),))  # type: ignore[arg-type]
    trace.delivered(EVENT, rule, Attempt(rule.targets[0], response=response, published=published), 4)

    assert told == [
        (
            "event e reached AppSync, which answered with an error: no. It counts as delivered: neither retries nor the"
            " dead-letter queue see it (--strict changes that)"
        ),
        "event e: onA reached 2 subscribers less: too slow",
    ]
    assert [record["attempt"] for record in records if record["station"] == "execution"] == [4]
    assert [(name, given[0], named) for name, *given, named in history.kept] == [
        ("attempted", "delivered", {"attempts": 4})
    ]
