"""EventBridge's API without a network: what is refused before any event is carried."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.event.put_events import entry_bytes
from livebus.flow import Line
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge import event_buses
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.events_api import EventsApi, _bytes_of_texts, _check_types
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.template import Environment

ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}


@pytest.fixture
def api(line: Line, tmp_path: Path, clock: Any, new_id: Callable[[], str]) -> Iterator[EventsApi]:
    journal = DeliveryJournal(tmp_path / "journal.sqlite")
    trace = Trace(lambda line: None, clock)
    yield EventsApi(
        EventBuses(Lines(Environment(), {"livebus": line}), journal, trace, Clockwork(clock, new_id, lambda: 0.0))
    )
    journal.close()


def refusal(api: EventsApi, action: str, **body: Any) -> tuple[str, str]:
    with pytest.raises(AwsError) as refused:
        api.call(action, body)
    return refused.value.error_type, refused.value.message


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        {**ENTRY, "Source": 1},
        {**ENTRY, "Detail": {"msg": "an object"}},
        {**ENTRY, "Time": "yesterday"},
        {**ENTRY, "Time": True},
        {**ENTRY, "Time": 1e300},
        {**ENTRY, "Resources": "one"},
        {**ENTRY, "Resources": [1]},
    ],
)
def test_members_of_other_types_refuse_the_whole_request(api: EventsApi, entry: Any) -> None:
    """What no SDK sends is SerializationException, and no entry of the request is carried."""
    assert refusal(api, "PutEvents", Entries=[ENTRY, entry])[0] == "SerializationException"


@pytest.mark.parametrize("entries", [None, "text", {}])
def test_entries_have_to_be_a_list(api: EventsApi, entries: Any) -> None:
    """Without a list there is nothing to publish."""
    assert refusal(api, "PutEvents", Entries=entries) == (
        "ValidationException",
        "1 validation error detected: Value null at 'entries' failed to satisfy constraint: Member must not be null",
    )


@pytest.mark.parametrize("turn", [60.0, -1.0], ids=["at once", "in turns"])
def test_entries_that_fail_on_purpose(api: EventsApi, turn: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its place in the answer, as have those that are taken; no event is made of one that fails."""
    monkeypatch.setattr(event_buses, "TURN_SECONDS", turn)
    monkeypatch.setattr(type(api._buses.faults), "failing_entries", lambda _, count: frozenset({0, count - 1}))

    async def put() -> Any:
        answer = api.call("PutEvents", {"Entries": [ENTRY, ENTRY, {**ENTRY, "Detail": "x"}, ENTRY, ENTRY]})
        return answer if isinstance(answer, dict) else await answer

    failed = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
    malformed = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    assert asyncio.run(put()) == {
        "FailedEntryCount": 3,
        "Entries": [failed, {"EventId": "id-1"}, malformed, {"EventId": "id-3"}, failed],
    }


def test_calls_about_archives_are_handed_on(api: EventsApi) -> None:
    """Where there are archives; without them they are as unknown as others."""

    class Archives:
        def call(self, action: str, body: Any) -> dict[str, Any]:
            return {"asked": [action, body]}

    assert refusal(api, "ListArchives")[0] == "UnknownOperationException"
    with_archives = EventsApi(api._buses, Archives())  # type: ignore[arg-type]
    assert with_archives.call("ListArchives", {"Limit": 1}) == {"asked": ["ListArchives", {"Limit": 1}]}
    assert refusal(with_archives, "PutRule")[0] == "UnknownOperationException"


def test_global_endpoints_are_refused_by_name(api: EventsApi) -> None:
    """An EndpointId would send the event to another region."""
    code, message = refusal(api, "PutEvents", Entries=[ENTRY], EndpointId="a.b")
    assert (code, "EndpointId" in message) == ("ValidationException", True)


def test_null_members_are_absent_ones(api: EventsApi) -> None:
    """JSON null counts as not given."""
    answer = api.call("PutEvents", {"Entries": [{**ENTRY, "Time": None, "Resources": None, "EventBusName": None}]})
    assert answer == {"FailedEntryCount": 0, "Entries": [{"EventId": "id-1"}]}


def test_unknown_actions_are_named(api: EventsApi) -> None:
    """What is not emulated is refused by its name."""
    expected = ("UnknownOperationException", "events:PutRule is not emulated by the local runtime.")
    assert refusal(api, "PutRule") == expected


@pytest.mark.parametrize(("action", "member"), [("DescribeRule", "name"), ("ListTargetsByRule", "rule")])
def test_required_names_are_asked_for(api: EventsApi, action: str, member: str) -> None:
    """A name that is missing is a ValidationException in AWS's words."""
    assert refusal(api, action) == (
        "ValidationException",
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null",
    )


EVENTS = "arn:aws:events:us-east-1:123456789012"
RULE = {
    "Name": "publishMsgFromEB",
    "Arn": f"{EVENTS}:rule/livebus/publishMsgFromEB",
    "State": "ENABLED",
    "EventBusName": "livebus",
    "EventPattern": '{"source": ["sample.source"], "detail": {"msg": [{"prefix": ""}]}}',
}
BUSES = [{"Name": name, "Arn": f"{EVENTS}:event-bus/{name}"} for name in ("default", "livebus")]


@pytest.mark.parametrize(
    ("action", "body", "answer"),
    [
        ("DescribeEventBus", {}, BUSES[0]),
        ("DescribeEventBus", {"Name": "livebus"}, BUSES[1]),
        ("DescribeEventBus", {"Name": BUSES[1]["Arn"]}, BUSES[1]),
        ("ListEventBuses", {}, {"EventBuses": BUSES}),
        ("ListEventBuses", {"NamePrefix": "live"}, {"EventBuses": BUSES[1:]}),
        ("ListRules", {}, {"Rules": []}),
        ("ListRules", {"EventBusName": "livebus"}, {"Rules": [RULE]}),
        ("ListRules", {"EventBusName": "livebus", "NamePrefix": "publish"}, {"Rules": [RULE]}),
        ("ListRules", {"EventBusName": "livebus", "NamePrefix": "x"}, {"Rules": []}),
        ("DescribeRule", {"EventBusName": "livebus", "Name": "publishMsgFromEB"}, RULE),
    ],
)
def test_buses_and_rules_are_described(api: EventsApi, action: str, body: dict[str, Any], answer: Any) -> None:
    """By their names; without one the account's default bus is meant."""
    assert api.call(action, body) == answer


def test_a_rules_targets_are_described(api: EventsApi, line: Line) -> None:
    """With what the template gives them."""
    [target] = line.application.rules[0].targets
    assert target.role is not None
    assert target.dead_letter is not None
    assert api.call("ListTargetsByRule", {"Rule": "publishMsgFromEB", "EventBusName": "livebus"}) == {
        "Targets": [
            {
                "Id": "AppSync",
                "Arn": target.arn,
                "RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 300},
                "AppSyncParameters": {"GraphQLOperation": target.graphql_operation},
                "RoleArn": target.role.arn,
                "DeadLetterConfig": {"Arn": target.dead_letter.arn},
                "InputTransformer": {"InputTemplate": '{"msg": <msg>}', "InputPathsMap": {"msg": "$.detail.msg"}},
            }
        ]
    }


@pytest.mark.parametrize(
    ("action", "body", "message"),
    [
        ("DescribeEventBus", {"Name": "none"}, "Event bus none does not exist."),
        ("ListRules", {"EventBusName": "none"}, "Event bus none does not exist."),
        ("DescribeRule", {"Name": "r"}, "Rule r does not exist on EventBus default."),
        ("ListTargetsByRule", {"Rule": "r", "EventBusName": "livebus"}, "Rule r does not exist on EventBus livebus."),
    ],
)
def test_what_is_not_there_is_named(api: EventsApi, action: str, body: dict[str, Any], message: str) -> None:
    assert refusal(api, action, **body) == ("ResourceNotFoundException", message)


def test_names_are_texts(api: EventsApi) -> None:
    assert refusal(api, "DescribeEventBus", Name=1) == ("SerializationException", "Name is not a string.")


ENVELOPE = {
    "id": "1", "account": "1", "source": "s", "time": "2026-01-01T00:00:00Z", "region": "r", "resources": [],
    "detail-type": "d",
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "result"), [('{"source":["s"]}', True), ('{"source":["t"]}', False)])
def test_a_pattern_is_tried_on_an_event(api: EventsApi, pattern: str, result: bool) -> None:
    body = {"EventPattern": pattern, "Event": json.dumps(ENVELOPE)}
    assert api.call("TestEventPattern", body) == {"Result": result}


@pytest.mark.parametrize("event", ["", "[]", "{", *(json.dumps({**ENVELOPE, "id": 1} | {"x": 1})[:-1],)])
def test_what_is_no_event_is_no_parameter(api: EventsApi, event: str) -> None:
    expected = ("ValidationException", "Parameter Event is not valid.")
    assert refusal(api, "TestEventPattern", EventPattern='{"source":["s"]}', Event=event) == expected


@pytest.mark.parametrize("member", ENVELOPE)
def test_an_event_has_each_member_of_an_envelope(api: EventsApi, member: str) -> None:
    """But for its version and its detail."""
    event = json.dumps({name: value for name, value in ENVELOPE.items() if name != member})
    expected = ("ValidationException", "Parameter Event is not valid.")
    assert refusal(api, "TestEventPattern", EventPattern='{"source":["s"]}', Event=event) == expected


def test_a_pattern_that_is_none_is_told_in_the_services_words(api: EventsApi) -> None:
    code, message = refusal(api, "TestEventPattern", EventPattern='{"source":"s"}', Event=json.dumps(ENVELOPE))
    assert (code, message) == (
        "InvalidEventPatternException",
        (
            'Event pattern is not valid. Reason: "source" must be an object or an array\n'
            ' at [Source: (String)"{"source":"s"}"; line: 1, column: 12]'
        ),
    )


SHOWN = "PutEventsRequestEntry(time=null, source=s, resources=null, detailType=d, detail={}, eventBusName=null, traceHeader=null)"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [],
            (
                "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater "
                "than or equal to 1"
            ),
        ),
        (
            [ENTRY] * 11,
            (
                f"1 validation error detected: Value '[{', '.join([SHOWN] * 11)}]' at 'entries' failed to satisfy constraint: Member "
                "must have length less than or equal to 10"
            ),
        ),
        (
            [{**ENTRY, "Time": 5, "Resources": ["r"], "EventBusName": "b", "TraceHeader": "t"}] + [ENTRY] * 10,
            (
                "1 validation error detected: Value '[PutEventsRequestEntry(time=5, source=s, resources=['r'], detailType=d, "
                f"detail={{}}, eventBusName=b, traceHeader=t), {', '.join([SHOWN] * 10)}]' at 'entries' failed to satisfy "
                "constraint: Member must have length less than or equal to 10"
            ),
        ),
        ([{**ENTRY, "Detail": "x" * 2**20}], "Total size of the entries in the request is over the limit."),
        ([{**ENTRY, "Detail": "é" * 2**19}], "Total size of the entries in the request is over the limit."),
    ],
    ids=["none", "eleven", "with all members", "a megabyte and two", "in two bytes each"],
)
def test_too_few_too_many_too_much(api: EventsApi, entries: list[Any], message: str) -> None:
    """One to ten entries, of a megabyte together; AWS quotes them whole."""
    assert refusal(api, "PutEvents", Entries=entries) == ("ValidationException", message)


def test_a_megabyte_is_not_too_much(api: EventsApi) -> None:
    """Source, detail type and detail count, the bus's name does not."""
    entry = {**ENTRY, "Detail": "x" * (2**20 - 2), "EventBusName": "livebus"}
    answer = api.call("PutEvents", {"Entries": [entry]})
    assert isinstance(answer, dict)
    assert answer["FailedEntryCount"] == 1  # as it is no JSON


_VALUES = st.one_of(st.text(max_size=8), st.none(), st.integers(), st.lists(st.text(max_size=3), max_size=2))
_ENTRIES = st.one_of(
    st.dictionaries(
        st.sampled_from(
            ["Source", "DetailType", "Detail", "EventBusName", "Time", "Resources", "TraceHeader", "Other"]
        ),
        _VALUES,
    ),
    st.dictionaries(
        st.sampled_from(["Source", "DetailType", "Detail", "EventBusName"]), st.text("ab{}é\ud800", max_size=8)
    ),
    _VALUES,
)


@settings(max_examples=300, deadline=None)
@given(entry=_ENTRIES)
def test_the_quick_look_at_an_entry_says_what_the_full_one_says(entry: Any) -> None:
    """Where an entry is measured at once, all its members are of the right types, and its size is that of AWS's formula."""
    size = _bytes_of_texts(entry)
    if size >= 0:
        _check_types(entry)
        assert entry_bytes(entry) == size


def test_a_plain_entry_is_measured_at_once() -> None:
    """The quick look is taken where most entries are: ASCII texts and no other members."""
    assert _bytes_of_texts({**ENTRY, "EventBusName": "bus"}) == 4
    assert _bytes_of_texts({**ENTRY, "Detail": "é"}) == -1
    assert _bytes_of_texts({**ENTRY, "Time": 1}) == -1
