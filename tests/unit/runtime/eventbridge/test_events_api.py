"""EventBridge's API without a network: what is refused before any event is carried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.flow import Line
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.events_api import EventsApi
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
    assert refusal(api, "PutEvents", Entries=entries)[0] == "ValidationException"


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
