"""One event's way through a compiled application, station by station."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from livebus.caller import API_KEY, Caller
from livebus.compilation import compile_line
from livebus.errors import InvalidTemplate, LivebusError
from livebus.event.envelope import Event
from livebus.event.put_events import accept
from livebus.flow import Attempt, Line
from livebus.operation import GraphQLRequest, Services, SubscriptionStart
from livebus.template import Environment, load_application

LINE = Path(__file__).parents[1] / "vectors" / "templates" / "line.yaml"
OPERATION = "mutation Publish($id: ID!) {\n                publish(id: $id) { id }\n              }"
SERVICES = Services(0.0, lambda: "00000000-0000-4000-8000-000000000000")


def read_file(name: str) -> str:
    raise LivebusError(f"{name!r} is not there")


def compiled(*replacements: tuple[str, str], **options: Any) -> Line:
    """The line of tests/vectors, compiled, with texts of its template replaced."""
    text = LINE.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    application = load_application(text, file="t.yaml", read_file=read_file, environment=Environment())
    return compile_line(application, **options)


def event(detail: Any = None, *, text: str = "", source: str = "shop.orders", bus: str = "orders") -> Event:
    entry = {
        "Source": source,
        "DetailType": "Order",
        "Detail": text or json.dumps({"id": "1"} if detail is None else detail),
    }
    now = datetime(2026, 11, 23, tzinfo=UTC)
    made = accept(entry, bus=bus, event_id="e-1", now=now, account="123456789012", region="us-east-1")
    assert isinstance(made, Event)
    return made


def attempted(line: Line, of: Event) -> Attempt:
    (rule,) = line.rules_for(of)
    (target,) = rule.targets
    return line.attempt(of, target, SERVICES)


def subscribe(line: Line, query: str, name: str, variables: Mapping[str, Any] | None = None) -> list[bytes]:
    """Subscribe; the list is the sink, and gets what ``deliver`` sends."""
    api = line.apis["Api"]
    start = api.executor.subscribe(GraphQLRequest(query, variables or {}), Caller(API_KEY), SERVICES)
    assert isinstance(start, SubscriptionStart), start
    sink: list[bytes] = []
    api.subscriptions.add("connection", name, start, sink)
    return sink


def deliver(attempt: Attempt) -> list[str]:
    """Hand out what an attempt published; the subscription fields it went to."""
    for _, deliveries in attempt.published.deliveries:
        for subscription, payload in deliveries:
            subscription.sink.append(payload)
    return [field for field, _ in attempt.published.deliveries]


# --- matching -------------------------------------------------------------------------------------------------------


def test_an_event_that_matches() -> None:
    """A rule that matches is found, and has nothing to say against the event."""
    line = compiled()
    (verdict,) = line.verdicts(event())

    assert [rule.rule.name for rule in line.rules_for(event())] == ["publish"]
    assert (verdict.rule.name, verdict.matches, verdict.reasons) == ("publish", True, ())
    assert line.warnings == ()


def test_an_event_that_does_not_match() -> None:
    """A rule that does not match says why."""
    line = compiled()
    (verdict,) = line.verdicts(event(source="shop.other"))

    assert line.rules_for(event(source="shop.other")) == []
    assert verdict.matches is False
    assert "shop.other" in " ".join(verdict.reasons)


@pytest.mark.parametrize("bus", ["default", "order"])
def test_an_event_on_another_bus(bus: str) -> None:
    """The rules of one bus never see the events of another, whether that is there or not."""
    line = compiled()

    assert line.has_bus(bus) is (bus == "default")
    assert (line.rules_for(event(bus=bus)), line.verdicts(event(bus=bus))) == ([], [])


def test_a_rule_that_is_disabled() -> None:
    """A disabled rule is as though it were not there."""
    line = compiled(("EventBusName: !Ref Bus", "EventBusName: !Ref Bus\n      State: DISABLED"))

    assert (line.compiled_rules("orders"), line.rules_for(event())) == ((), [])


def test_rules_come_in_the_templates_order() -> None:
    """Every rule that matches is found, first those that stand first."""
    more = "".join(
        f"  {name}:\n    Type: AWS::Events::Rule\n    Properties: {{Name: {name}, EventBusName: !Ref Bus, "
        f"EventPattern: {{source: [{source}]}}}}\n"
        for name, source in (("B", "shop.orders"), ("C", "x"), ("A", "shop.orders"))
    )
    line = compiled(("Outputs:", f"{more}Outputs:"))

    assert [rule.rule.name for rule in line.rules_for(event())] == ["publish", "B", "A"]
    assert [verdict.matches for verdict in line.verdicts(event())] == [True, True, False, True]


# --- an attempt -----------------------------------------------------------------------------------------------------


def test_an_attempt_that_succeeds() -> None:
    """The variables, the response and what was published are all there, and no failure."""
    attempt = attempted(compiled(), event({"id": 5}))

    assert attempt.variables == {"id": 5}
    assert attempt.response is not None
    assert (attempt.response.status, attempt.response.data, attempt.response.errors) == (
        200,
        {"publish": {"id": "5"}},
        (),
    )
    assert attempt.failure is None
    assert [field for field, _ in attempt.published.deliveries] == ["published"]


def test_subscribers_get_their_selection() -> None:
    """Each subscriber gets what it selected, under the names it chose, and nobody else's."""
    line = compiled()
    one = subscribe(line, "subscription { published { id } }", "1")
    two = subscribe(line, "subscription { order: published { number: id kind: __typename } }", "2")

    assert deliver(attempted(line, event({"id": "7"}))) == ["published"]
    assert [json.loads(payload) for payload in one] == [{"data": {"published": {"id": "7"}}}]
    assert [json.loads(payload) for payload in two] == [{"data": {"order": {"number": "7", "kind": "Order"}}}]


def test_subscribers_are_filtered_by_their_arguments() -> None:
    """An argument filters by the result's field of its name."""
    line = compiled(("published: Order", "published(id: ID): Order"))
    seven = subscribe(line, "subscription ($id: ID) { published(id: $id) { id } }", "1", {"id": "7"})
    all_of_them = subscribe(line, "subscription { published { id } }", "2")
    for number in ("7", "8"):
        deliver(attempted(line, event({"id": number})))

    assert (len(seven), len(all_of_them)) == (1, 2)


def test_an_event_that_the_transformer_cannot_use() -> None:
    """What cannot become variables is a failure that no retry mends, and AppSync is never called."""
    attempt = attempted(compiled(("'{\"id\": <id>}'", '\'{"id": "<id>"}\'')), event({"id": {"a": '"'}}))

    assert attempt.failure is not None
    assert (attempt.failure.code, attempt.failure.retryable) == ("INVALID_JSON", False)
    assert (attempt.variables, attempt.response, attempt.published.deliveries) == (None, None, ())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("fields/publish", "fields/other", "does not allow appsync:GraphQL on"),
        ("Action: appsync:GraphQL", "Action: appsync:Graphql*x", "does not allow appsync:GraphQL on"),
        (
            "Principal: {Service: events.amazonaws.com}\n            Action: sts",
            "Principal: {Service: lambda.amazonaws.com}\n            Action: sts",
            "does not let events.amazonaws.com assume it",
        ),
    ],
)
def test_a_role_that_may_not(old: str, new: str, reason: str) -> None:
    """A role without the right, or without the trust, is a failure that no retry mends; it is warned of beforehand."""
    line = compiled((old, new))
    attempt = attempted(line, event())

    assert attempt.failure is not None
    assert (attempt.failure.code, attempt.failure.retryable) == ("NO_PERMISSIONS", False)
    assert reason in attempt.failure.message
    assert (attempt.variables, attempt.response) == ({"id": "1"}, None)
    assert [reason in warning and warning.startswith("t.yaml:24:11 ") for warning in line.warnings] == [True]


def test_an_error_inside_a_200() -> None:
    """A GraphQL error is in the response; the attempt as such has not failed, and nothing is published."""
    line = compiled()
    sink = subscribe(line, "subscription { published { id } }", "1")
    attempt = attempted(line, event({"id": "bad"}))
    deliver(attempt)

    assert attempt.response is not None
    assert (attempt.response.status, attempt.failure) == (200, None)
    assert [(error["message"], error["errorType"]) for error in attempt.response.errors] == [
        ("No such order", "NotFound")
    ]
    assert sink == []


def test_variables_that_the_operation_does_not_take() -> None:
    """A missing variable is an error inside a 200 as well."""
    attempt = attempted(compiled(), event({"id": None}))

    assert attempt.response is not None
    assert attempt.response.errors != ()
    assert attempt.published.deliveries == ()


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        ("mutation { publish(id: 1) { id }", "Syntax Error"),
        ("mutation { publsh(id: 1) { id } }", None),
        ("mutation A { publish(id: 1) { id } } mutation B { publish(id: 1) { id } }", None),
        ("{ order { id } }", None),
        ("subscription { published { id } }", None),
    ],
)
def test_operations_that_do_not_work(operation: str, word: str | None) -> None:
    """AWS takes any text as an operation; each event then ends in an error or a failure, never in an exception."""
    line = compiled((OPERATION, operation))
    attempt = attempted(line, event())

    assert attempt.failure is not None or (attempt.response is not None and attempt.response.errors)
    assert any("does not parse" in warning for warning in line.warnings) is (word is not None)


def test_the_caller_is_the_role() -> None:
    """A resolver sees the session of the target's role."""
    line = compiled(("payload: { id: ctx.args.id }", "payload: { id: ctx.identity.userArn }"))
    attempt = attempted(line, event())

    assert attempt.response is not None
    arn = attempt.response.data["publish"]["id"]
    assert arn.startswith("arn:aws:sts::123456789012:assumed-role/livebus-Role-")


# --- compiling ------------------------------------------------------------------------------------------------------


def test_all_stations_tell_their_faults_at_once() -> None:
    """A pattern, a resolver, a field that is not there and another rule's input are told together, with their places."""
    other = (
        "  Other:\n    Type: AWS::Events::Rule\n    Properties:\n      EventBusName: !Ref Bus\n"
        "      EventPattern: {source: [x]}\n      Targets:\n"
        "        - {Id: A, Arn: !GetAtt Api.GraphQLEndpointArn, RoleArn: !GetAtt Role.Arn, InputPath: $.[,\n"
        "           AppSyncParameters: {GraphQLOperation: 'mutation { publish(id: 1) { id } }'}}\nOutputs:"
    )
    with pytest.raises(InvalidTemplate) as raised:
        compiled(
            ("Outputs:", other.replace("$.[", "'$.['")),
            ("source: [!Ref Source]", "source: [{begins-with: shop}]"),
            ("FieldName: publish", "FieldName: publsh"),
            ("return { payload", "for (;;) {} return { payload"),
        )
    places = sorted(str(fault.place).split(" ", 1)[0].rsplit(":", 1)[0] for fault in raised.value.faults)

    assert places == ["t.yaml:104", "t.yaml:117", "t.yaml:127", "t.yaml:22"]


def test_a_transformer_that_put_targets_refuses() -> None:
    """An unknown placeholder is told in PutTargets' words, with the line of the template."""
    with pytest.raises(InvalidTemplate) as raised:
        compiled(("<id>}'", "<di>}'"))

    assert [str(fault).split(" (Res", 1)[0] for fault in raised.value.faults] == ["t.yaml:30:28"]
    assert "contains invalid placeholder di" in str(raised.value)


def test_a_schema_that_is_none() -> None:
    """A fault of the schema has the line of the template, and does not hide a pattern's."""
    with pytest.raises(InvalidTemplate) as raised:
        compiled(("{ order: Order @aws_api_key }", "{ order: Ordr }"), ("source: [!Ref Source]", "source: []"))
    told = "\n".join(str(fault) for fault in raised.value.faults)

    assert "Ordr" in told
    assert "t.yaml:91:21" in told
    assert "Empty arrays are not allowed" in told


def test_a_reload_keeps_its_subscribers() -> None:
    """Registries that are handed over go on: who subscribed before is served by the new line."""
    before = compiled()
    sink = subscribe(before, "subscription { published { id } }", "1")
    after = compiled(subscriptions={"Api": before.apis["Api"].subscriptions})
    deliver(attempted(after, event({"id": "9"})))

    assert [json.loads(payload) for payload in sink] == [{"data": {"published": {"id": "9"}}}]


@pytest.mark.parametrize("levels", [200, 990])
def test_a_deep_event(levels: int) -> None:
    """An event as deep as PutEvents takes it is matched, explained and transformed like any other."""
    line = compiled()
    of = event(text='{"id": "1", "deep": ' + '{"a":' * levels + "1" + "}" * (levels + 1))

    assert [verdict.matches for verdict in line.verdicts(of)] == [True]
    assert attempted(line, of).failure is None


@pytest.mark.parametrize(
    "operation",
    [
        "mutation { " + "publish { " * 2000 + "}" * 2001,
        "mutation { publish(id: " + "[" * 2000 + "]" * 2000 + ") { id } }",
    ],
    ids=["selections", "lists"],
)
def test_a_deep_operation(operation: str) -> None:
    """However deep an operation is nested, it is an answer with an error."""
    attempt = attempted(compiled((OPERATION, operation)), event())

    assert attempt.failure is not None or (attempt.response is not None and attempt.response.errors)
