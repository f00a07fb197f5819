"""One attempt for one target: what it is handed, what becomes of its answer, and which faults hit it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livebus.compilation import compile_line
from livebus.event.envelope import Event
from livebus.execution import GraphQLResponse
from livebus.flow import (
    Attempt,
    CompiledDestination,
    CompiledFunctionTarget,
    CompiledRule,
    FunctionAttempt,
    Line,
)
from livebus.operation import Services
from livebus.retry_policy import Failure
from livebus.runtime.appsync.data_sources import Finished, Waiting
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge import attempts
from livebus.runtime.eventbridge.api_destinations import Sending
from livebus.runtime.eventbridge.attempts import Attempts, Begun, Neighbours, RequestAllowance, failed
from livebus.runtime.faults.injection import Faults, Injection
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.template import Environment, load_application
from livebus.template.application import Function

FOREIGN = Path(__file__).parents[3] / "foreign"
EVENT = Event.restored(b'{"id":"e-1","detail":{"msg":"hello"}}', "livebus", "2026-11-29T00:00:00Z")
THROTTLED = Failure("THROTTLING", "busy", retryable=True)
BROKEN = Failure("INTERNAL_ERROR", "ValueError in the local runtime; its log has more", retryable=False)
LOST = Failure("TIMEOUT", "the answer was lost (--fault target-lost-answer)", retryable=True)


ALLOWANCE = RequestAllowance()
SERVICES = Services(7.0, lambda: "id-1", allowance=ALLOWANCE)


class Sources:
    """As much of data sources as an attempt asks: ``begin`` and ``finish`` give what they are told to."""

    def __init__(self, result: Any) -> None:
        self.result = result
        self.allowances: list[Any] = []

    def begin(self, asking: Any, allowance: Any) -> Any:
        self.allowances.append(allowance)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    async def finish(self, waiting: Any) -> Any:
        if isinstance(waiting.asking, Exception):
            raise waiting.asking
        return waiting.asking

    async def send(self, sending: Sending) -> Any:
        return ("sent", sending)


class Bench:
    """Attempts with everything around them in memory, and what was handed over."""

    def __init__(self, journal: Any, *, result: Any = None, faults: Faults | None = None, strict: bool = False) -> None:
        self.did: list[Any] = []
        self.refused: Failure | None = None
        self.sources: Any = Sources(result)
        neighbours = Neighbours(
            log=lambda *given: self.did.append(("log", *given)),
            hand_over=lambda *given: self.did.append(("hand over", *given)) or self.refused,
            log_line=lambda *given: self.did.append(("log line", *given)),
        )
        self.attempts = Attempts(
            journal,
            Clockwork(lambda: 7.0, lambda: "id-1", lambda: 1.0),
            neighbours,
            sources=self.sources,
            api_destinations=self.sources,
            faults=faults or Faults(),
            onward=lambda event: self.did.append(("onward", event.bus, event.text, event.ingestion_time)),
            strict=strict,
        )

    def make(self, rule: CompiledRule, target: Any) -> Any:
        return self.attempts.make(EVENT, rule, target, lambda _: SERVICES)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def bench(journal: DeliveryJournal) -> Callable[..., Bench]:
    return lambda **options: Bench(journal, **options)


@pytest.fixture
def rule(line: Line, monkeypatch: pytest.MonkeyPatch) -> CompiledRule:
    """A rule to an API whose resolvers may ask data sources: those say here what becomes of an attempt."""
    found = line.compiled_rules("livebus")[0]
    monkeypatch.setattr(found.targets[0].api.executor, "asks", True)
    return found


def injecting(kind: str, target: str = "") -> Faults:
    """A fault that always hits."""
    faults = Faults(chance_of=lambda _: lambda: 0.0)
    faults.inject([Injection(kind, 1.0, target=target)])
    return faults


def answered(rule: CompiledRule, *messages: str) -> Attempt:
    """An attempt that AppSync has answered, with errors of these messages."""
    errors: Any = tuple({"message": message} for message in messages)
    return Attempt(rule.targets[0], {"msg": "hello"}, GraphQLResponse({"a": 1}, errors))


def test_an_answer_is_logged_by_its_api(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """The attempt is what came of it; its resolvers may reach what the rule may."""
    done = answered(rule)
    here = bench(result=Finished(done))
    asked: list[str] = []

    def services(name: str) -> Services:
        asked.append(name)
        return SERVICES

    assert here.attempts.make(EVENT, rule, rule.targets[0], services) is done
    assert here.did == [("log", rule.targets[0].api.api.api_id, done.response)]
    assert (asked, here.sources.allowances) == ([rule.rule.name], [ALLOWANCE])


def test_an_api_that_asks_nothing_has_answered_at_once(bench: Callable[..., Bench], line: Line) -> None:
    """It is the line's own answer, logged by its API, and no data source hears of it; a fault that was switched on hits it too."""
    rule = line.compiled_rules("livebus")[0]
    target = rule.targets[0]
    here, lossy = bench(result=ValueError("asked")), bench(faults=injecting("target-lost-answer"))

    def services(_: str) -> Services:
        return Services(7.0, lambda: "id-1", allowance=RequestAllowance())  # whose time begins now

    got = here.attempts.make(EVENT, rule, target, services)
    assert got.response.errors == ()
    assert (got.variables, got.response.data, got.failure) == (
        {"msg": "hello"},
        {"publishMsgFromEB": "hello"},
        None,
    )
    assert here.did == [("log", target.api.api.api_id, got.response)]
    assert here.sources.allowances == []
    assert lossy.attempts.make(EVENT, rule, target, services).failure == LOST


def test_an_attempt_without_an_answer_is_not_logged(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """It came to no API."""
    here = bench(result=Finished(Attempt(rule.targets[0], failure=THROTTLED)))
    assert here.make(rule, rule.targets[0]).failure == THROTTLED
    assert here.did == []


@pytest.mark.parametrize(
    ("strict", "messages", "failure"),
    [
        (False, ("no", "other"), None),
        (True, ("no", "other"), Failure("ERROR_FROM_TARGET", "no", retryable=False)),
        (True, (), None),
    ],
)
def test_errors_inside_an_answer_count_where_it_is_strict(
    strict: bool, messages: tuple[str, ...], failure: Failure | None, bench: Callable[..., Bench], rule: CompiledRule
) -> None:
    """The first of them is told; what was answered stays in the attempt."""
    done = answered(rule, *messages)
    assert bench(result=Finished(done), strict=strict).make(rule, rule.targets[0]) == replace(done, failure=failure)


def test_strictness_keeps_the_first_failure(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """What has failed already has not failed for its errors."""
    done = replace(answered(rule, "no"), failure=THROTTLED)
    assert bench(result=Finished(done), strict=True).make(rule, rule.targets[0]) is done


def test_a_lost_answer_leaves_what_it_did(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """AppSync has run it, and EventBridge does not know; what has failed by itself is not lost."""
    done, broken = answered(rule), replace(answered(rule), failure=THROTTLED)
    got = [
        bench(result=Finished(each), faults=injecting("target-lost-answer")).make(rule, rule.targets[0])
        for each in (done, broken)
    ]
    assert got == [replace(done, failure=LOST), broken]


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("target-throttle", Failure("THROTTLING", "Rate exceeded (--fault target-throttle)", retryable=True)),
        ("target-error", Failure("ERROR_FROM_TARGET", "Internal Failure (--fault target-error)", retryable=True)),
        ("target-timeout", Failure("TIMEOUT", "no answer (--fault target-timeout)", retryable=True)),
        ("target-denied", Failure("NO_PERMISSIONS", "not authorized (--fault target-denied)", retryable=False)),
    ],
)
def test_a_fault_that_is_switched_on_keeps_an_attempt_from_its_target(
    kind: str, failure: Failure, bench: Callable[..., Bench], rule: CompiledRule
) -> None:
    """It fails as AWS's does, and reaches nothing."""
    here = bench(result=Finished(answered(rule)), faults=injecting(kind, rule.targets[0].target.id))
    assert here.make(rule, rule.targets[0]) == Attempt(rule.targets[0], failure=failure)
    assert (here.did, here.sources.allowances) == ([], [])


def test_a_target_that_is_down_fails(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """Until it is up again."""
    here = bench(result=Finished(answered(rule)), faults=Faults(frozenset({rule.targets[0].target.id})))
    failure = Failure("ERROR_FROM_TARGET", "switched on with --fail-target", retryable=True)
    assert here.make(rule, rule.targets[0]) == failed(rule.targets[0], failure)


def test_a_bug_fails_the_attempt_and_is_logged(
    bench: Callable[..., Bench], rule: CompiledRule, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told by its kind, is not tried again, and ends no other event's way."""
    with caplog.at_level(logging.ERROR, "livebus"):
        got = bench(result=ValueError("secret")).make(rule, rule.targets[0])
    assert got == Attempt(rule.targets[0], failure=BROKEN)
    assert [(each.name, each.message, each.exc_info[1].args) for each in caplog.records if each.exc_info] == [
        ("livebus", "unexpected error", ("secret",))
    ]


def test_what_waits_for_data_sources_is_finished_later(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """Its answer is judged then, with the fault that hit it when it began."""
    done: Any = answered(rule)
    broken: Any = ValueError("a bug")
    ends = []
    for asking in (done, broken):
        waiting = Waiting(asking, [], [], None)
        here = bench(result=waiting, faults=injecting("target-lost-answer"))
        begun = here.make(rule, rule.targets[0])
        assert begun == Begun(rule.targets[0], waiting, Injection("target-lost-answer", 1.0))
        assert here.did == []
        ends.append(asyncio.run(here.attempts.finish(begun)))
    assert ends == [replace(done, failure=LOST), Attempt(rule.targets[0], failure=BROKEN)]


def destinations(name: str) -> dict[str, CompiledDestination]:
    """The targets beside the API of an application of tests/foreign, by their Ids."""
    text = (FOREIGN / name).read_text("utf-8")
    application = load_application(text, file=name, read_file=lambda _: "", environment=Environment())
    rules = compile_line(application).compiled_rules("livebus")
    return {target.target.id: target for each in rules for target in each.others}


@pytest.mark.parametrize("faults", [Faults(), injecting("target-lost-answer")])
def test_a_queue_and_a_log_group_take_what_the_rule_makes(
    faults: Faults, bench: Callable[..., Bench], rule: CompiledRule, journal: DeliveryJournal
) -> None:
    """A message with an id of its own, sent now, with no attributes; a line. A lost answer takes none of it back."""
    there = destinations("queue-and-log-beside.yaml")
    here = bench(faults=faults)
    expected = LOST if faults.injections else None
    for target in (there["Queue"], there["Log"]):
        got = here.make(rule, target)
        assert (got.target, json.loads(got.payload), got.failure) == (target, json.loads(EVENT.text), expected)
    queue = there["Queue"].destination.queue
    assert queue is not None
    (message,) = journal.receive(queue.arn, 10, now=7.0, hidden_until=7.0, receipt="r")
    assert (message.message_id, message.sent, message.attributes) == ("id-1", 7.0, {})
    assert json.loads(message.body) == json.loads(EVENT.text)
    assert here.did == [("log line", "/aws/events/livebus", message.body)]


def test_a_queue_that_cannot_be_written_is_tried_again(
    bench: Callable[..., Bench], rule: CompiledRule, journal: DeliveryJournal
) -> None:
    """With the reason."""
    journal.close()
    failure = bench().make(rule, destinations("queue-and-log-beside.yaml")["Queue"]).failure
    assert (failure.code, failure.retryable) == ("ERROR_FROM_TARGET", True)
    assert failure.message


def test_another_bus_takes_the_event_in_a_turn_of_its_own(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """As it came, with the time at which it came; two buses may send events to each other."""
    here = bench()
    (target,) = (each for each in destinations("another-bus.yaml").values() if each.destination.event_bus)

    async def turn() -> list[Any]:
        assert here.make(rule, target).failure is None
        before = [*here.did]
        await asyncio.sleep(0)
        return before

    assert asyncio.run(turn()) == []
    assert here.did == [("onward", "livebus-second", EVENT.text, EVENT.ingestion_time)]


def test_what_nothing_here_takes_is_shown_and_not_sent(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """It is no failure of the event's."""
    here = bench()
    got = here.make(rule, destinations("targets-of-other-services.yaml")["Topic"])
    assert (got.failure, json.loads(got.payload), here.did) == (None, json.loads(EVENT.text), [])
    assert got.unsent.startswith("a target of 'sns' is not emulated")


def test_an_api_destination_is_sent_to_later(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """Whether its answer is to be lost is known before."""
    (found,) = (each for each in destinations("api-destination-beside.yaml").values() if each.destination.api)
    api: Any = found.destination.api
    target = replace(found, destination=replace(found.destination, api=replace(api, address="http://127.0.0.1:1/")))
    sendings = [
        bench(faults=faults).make(rule, target)
        for faults in (Faults(), injecting("target-lost-answer", target.target.id))
    ]
    assert [(each.target, each.event, each.is_lost) for each in sendings] == [
        (target, EVENT, None),
        (target, EVENT, LOST),
    ]
    assert asyncio.run(bench().attempts.finish(sendings[0])) == ("sent", sendings[0])


def function_of(destination: CompiledDestination) -> CompiledFunctionTarget:
    """A function in the place of another target."""
    named: Any = Function.__new__(Function)
    object.__setattr__(named, "arn", "arn:function")
    return CompiledFunctionTarget(destination.target, destination.transformer, named, None)


@pytest.mark.parametrize("refused", [None, THROTTLED])
def test_a_function_is_handed_the_payload_and_the_events_id(
    refused: Failure | None, bench: Callable[..., Bench], rule: CompiledRule
) -> None:
    """Whoever runs functions may refuse it."""
    target = function_of(destinations("queue-and-log-beside.yaml")["Log"])
    here = bench()
    here.refused = refused
    got = here.make(rule, target)
    assert got == FunctionAttempt(target, got.payload, refused)
    assert here.did == [("hand over", "arn:function", got.payload, "e-1")]


def test_what_the_rule_may_not_reach_is_not_handed_over(bench: Callable[..., Bench], rule: CompiledRule) -> None:
    """It fails for want of a permission, and is not tried again."""
    here = bench()
    target = replace(destinations("queue-and-log-beside.yaml")["Log"], refusal="no policy")
    assert here.make(rule, target).failure == Failure("NO_PERMISSIONS", "no policy", retryable=False)
    assert here.did == []


def test_where_nothing_runs_functions_none_is_handed_over() -> None:
    """The neighbours that nobody gave say so, and take all else."""
    none = Neighbours()
    failure = Failure("ERROR_FROM_TARGET", "There is nothing here that runs functions.", retryable=False)
    assert none.hand_over("arn:function", b"{}", "e-1") == failure
    assert (none.log("api", GraphQLResponse()), none.log_line("group", "line"), none.archive) == (None, None, None)


def test_a_requests_time_stands_still_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What data sources take is not its own."""
    now = [100.0]
    monkeypatch.setattr(attempts, "monotonic", lambda: now[0])
    allowance = RequestAllowance()
    now[0] += 4.0
    allowance.pause()
    now[0] += 60.0
    allowance.resume()
    now[0] += 0.5
    before = allowance.has_time()
    now[0] += 0.5
    assert (before, allowance.has_time()) == (True, False)
