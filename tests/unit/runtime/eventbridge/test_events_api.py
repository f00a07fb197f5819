"""EventBridge's API without a network: what is refused before any event is carried."""

from __future__ import annotations

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
