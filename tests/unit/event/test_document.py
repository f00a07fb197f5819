"""Event files: every accepted form, what is carried, and every fault with its place."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import Fault, InvalidEvent
from livebus.event.document import read_entries
from livebus.event.put_events import MAX_REQUEST_BYTES

ENTRY = {"Source": "my.app", "DetailType": "Hello", "Detail": {"msg": "hi"}}
ENVELOPE = {"source": "my.app", "detail-type": "Hello", "detail": {"msg": "hi"}}
SENT = {"Source": "my.app", "DetailType": "Hello", "Detail": '{"msg":"hi"}'}


def entries(text: str) -> list[dict[str, object]]:
    return [found.entry for found in read_entries(text.encode(), "e.json")]


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(InvalidEvent) as raised:
        read_entries(text.encode() if isinstance(text, str) else text, "e.json")
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (json.dumps(ENTRY), 1),
        (json.dumps(ENVELOPE, indent=2), 1),
        (json.dumps([ENTRY, ENVELOPE]), 2),
        (json.dumps({"Entries": [ENTRY, ENTRY, ENTRY]}, indent=1), 3),
        (json.dumps(ENTRY) + "\n" + json.dumps(ENVELOPE) + "\n", 2),
        (json.dumps(ENTRY) + "\r\n\r\n" + json.dumps([ENVELOPE, ENTRY]), 3),
        (json.dumps(ENTRY, indent=2) + "\n" + json.dumps(ENVELOPE, indent=2), 2),
        (f'{{"Entries": [\n{json.dumps(ENTRY)},\n{json.dumps(ENVELOPE)}]}}', 2),
        ('{"Detail":\n{"msg": "hi"}, "Source": "my.app",\n "DetailType": "Hello"}', 1),
        ("\ufeff" + json.dumps(ENTRY), 1),
    ],
    ids=[
        "entry",
        "envelope",
        "array",
        "Entries",
        "lines",
        "lines of arrays",
        "documents",
        "one document on lines that look alike",
        "a value on its own line",
        "byte order mark",
    ],
)
def test_every_form_gives_the_same_entries(text: str, count: int) -> None:
    """A file holds an entry, an envelope, an array of them, a PutEvents request, or one of these per line."""
    assert [SENT] * count == entries(text)


def test_an_entry_knows_its_index_and_place() -> None:
    """Each entry has its index in the file and the line, column and path at which it begins."""
    found = read_entries(f'{{"Entries": [\n  {json.dumps(ENTRY)},\n  {json.dumps(ENTRY)}]}}'.encode(), "e.json")
    assert [(entry.index, str(entry.place)) for entry in found] == [
        (0, "e.json:2:3 ($.Entries[0])"),
        (1, "e.json:3:3 ($.Entries[1])"),
    ]


def test_detail_text_is_carried_byte_for_byte() -> None:
    """A Detail that is a string stays as it is: spaces, escapes and number text included."""
    detail = '  {"a" : 1.0,\t"b":"\\u00e9\\/é" ,"a":2}\n'
    assert [detail] == [entry["Detail"] for entry in entries(json.dumps({**ENTRY, "Detail": detail}))]


def test_a_detail_object_is_carried_as_written_without_white_space() -> None:
    """A Detail object keeps its numbers' text, escapes, duplicate keys and other scripts; white space goes."""
    detail = '{"n" : 1.10,\n "big": 12345678901234567890.5, "s": "a  \\u00e9 é"}'
    text = f'{{"Source": "a", "DetailType": "b", "Detail": {detail}}}'
    assert [e["Detail"] for e in entries(text)] == ['{"n":1.10,"big":12345678901234567890.5,"s":"a  \\u00e9 é"}']


def test_members_that_eventbridge_sets_are_left_out_of_an_envelope() -> None:
    """A received event can be published again: id, account, region and version are EventBridge's own."""
    received = {"version": "0", "id": "x", "account": "1", "region": "r", **ENVELOPE, "resources": ["a"]}
    assert entries(json.dumps(received)) == [{**SENT, "Resources": ["a"]}]


@pytest.mark.parametrize("event", [ENTRY, ENVELOPE])
def test_the_remark_of_a_failed_event_is_left_out(event: dict[str, object]) -> None:
    """A file of events that were not accepted can be published again: why they were not stands in _livebus."""
    assert entries(json.dumps({**event, "_livebus": {"error": "InternalFailure", "attempts": 5}})) == [SENT]


@pytest.mark.parametrize(
    ("time", "sent"),
    [
        ("2026-01-15T08:30:00Z", 1768465800),
        ("2026-01-15T10:30:00+02:00", 1768465800),
        ("2026-01-15T08:30:00.250Z", 1768465800.25),
        (1768465800, 1768465800),
        (0, 0),
    ],
)
def test_a_time_becomes_epoch_seconds(time: object, sent: float) -> None:
    """RFC 3339 text and numbers are the same moment; 0 is a time too."""
    assert [{**SENT, "Time": sent}] == entries(json.dumps({**ENVELOPE, "time": time}))


def test_all_members_of_an_entry_go_along() -> None:
    """Resources, EventBusName and TraceHeader are sent as they are."""
    more = {"Resources": ["arn:a"], "EventBusName": "orders", "TraceHeader": "Root=1-2"}
    assert [{**SENT, **more}] == entries(json.dumps({**ENTRY, **more}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "e.json: the file is empty"),
        (" \n\n", "e.json: the file is empty"),
        ("[]", "e.json: the file holds no event"),
        ('{"Entries": []}', "e.json: the file holds no event"),
        ('{"Entries": {}}', "e.json:1:13 ($.Entries): Entries is an object; expected an array"),
        ("nope", "e.json:1:1: not JSON: expecting value"),
        ('{"a": 1', "e.json:1:8: not JSON: expecting ',' or '}'"),
        ('[\n {"Source": "a"', "e.json:2:16: not JSON: expecting ',' or '}'"),
        ('{"Source": tru}', "e.json:1:12: not JSON: expecting value"),
        ("{'Source': 1}", "e.json:1:2: not JSON: expecting a member's name in double quotes"),
        ('{"Source" "a"}', "e.json:1:11: not JSON: expecting ':'"),
        ("[[]]", "e.json:1:2 ($[0]): an array inside an array"),
        ("[7]", "e.json:1:2 ($[0]): the number 7 is not an event"),
        ('"text"', "e.json:1:1 ($): the string 'text' is not an event"),
        ("null", "e.json:1:1 ($): null is not an event"),
        ("{}", "e.json:1:1 ($): an object that is no event (its members: none)"),
        ('{"msg": "hi"}', "e.json:1:1 ($): an object that is no event (its members: 'msg')"),
    ],
)
def test_what_is_no_event_is_refused_with_its_place(text: str, expected: str) -> None:
    """Empty files, broken JSON and wrong shapes are told with file, line and column."""
    assert [expected] == [fault[: len(expected)] for fault in faults(text)]


def test_a_last_comma_is_told() -> None:
    """A comma before the closing bracket is where it is."""
    text = "[" + json.dumps(ENTRY) + ",]"
    assert [f"e.json:1:{len(text) - 1}: not JSON: a comma that an element does not follow"] == faults(text)


def test_utf_16_is_told_with_the_way_out() -> None:
    """What PowerShell writes by default is refused with advice."""
    assert [fault[fault.index("PowerShell") :] for fault in faults(json.dumps(ENTRY).encode("utf-16"))] == [
        "PowerShell's > writes UTF-16: use Set-Content -Encoding utf8."
    ]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Source": ""}, "Source is empty"),
        ({"Source": 5}, "Source is the number 5; expected a string"),
        ({"Source": None}, "Source is null; expected a string"),
        ({"Source": "aws.ec2"}, "Source 'aws.ec2' begins with 'aws.'"),
        ({"Source": "\ud800"}, "Source holds half of a surrogate pair"),
        ({"DetailType": "x" * 129}, "DetailType has 129 characters; expected at most 128. EventBridge accepts"),
        ({"Detail": [1]}, "Detail is an array; expected a JSON object"),
        ({"Detail": None}, "Detail is null; expected a JSON object"),
        ({"Detail": 0}, "Detail is the number 0; expected a JSON object"),
        ({"Detail": ""}, "Detail is not JSON: expecting value at character 1"),
        (
            {"Detail": "{'a': 1}"},
            "Detail is not JSON: expecting property name enclosed in double quotes at character 2",
        ),
        ({"Detail": "[1]"}, "Detail holds an array; expected the text of a JSON object"),
        ({"Detail": '{"a": NaN}'}, "Detail is not JSON: NaN is not a JSON number"),
        ({"Time": "yesterday"}, "Time 'yesterday' is not a time; expected RFC 3339"),
        ({"Time": "2026-01-15T08:30:00"}, "Time '2026-01-15T08:30:00' has no time zone"),
        ({"Time": 1768465800000}, "Time 1768465800000 is out of range; expected seconds since 1970. Is it in milli"),
        ({"Time": True}, "Time is true; expected RFC 3339 text, or a number"),
        ({"Resources": "arn"}, "Resources is the string 'arn'; expected an array of strings"),
        ({"Resources": [None]}, "Resources holds null at [0]; expected strings"),
        ({"Resources": ["x" * 2049]}, "Resources holds a string of 2049 characters at [0]; expected at most 2048"),
        ({"EventBusName": "a b"}, "EventBusName 'a b' is not an event bus"),
        ({"TraceHeader": "x" * 501}, "TraceHeader has 501 characters; expected at most 500"),
        ({"detail-type": "x"}, "unknown member 'detail-type'; expected one of Source,"),
    ],
)
def test_a_wrong_member_is_told(members: dict[str, object], expected: str) -> None:
    """What EventBridge would refuse, or accept and drop, is refused before anything is sent."""
    (fault,) = faults(json.dumps({**ENTRY, **members}))
    found = fault.split(": ", 1)[1]
    assert expected == found[: len(expected)]


def test_a_detail_of_exactly_the_longest_type_passes() -> None:
    """128 characters of detail-type are allowed."""
    assert [entry["DetailType"] for entry in entries(json.dumps({**ENTRY, "DetailType": "x" * 128}))] == ["x" * 128]


def test_missing_members_and_a_misspelt_one_are_all_told() -> None:
    """Every fault of an object is told at once, with the member that was probably meant."""
    members = "Source, DetailType, Detail, Time, Resources, EventBusName, TraceHeader"
    assert [
        "e.json:1:2 ($[0]): no DetailType; expected one such as 'Order Created'",
        "e.json:1:30 ($[0]): unknown member 'Detailtype'; expected one of " + members + ". Did you mean 'DetailType'?",
    ] == sorted(faults('[{"Source": "a", "Detail":{},"Detailtype":"b"}]'))


def test_an_object_without_any_right_name_is_taken_for_an_entry() -> None:
    """What is misspelt is told by an entry's names, as these are what is put."""
    first, *missing = faults('{"Sorce": "a"}')
    assert first.startswith(
        "e.json:1:2 ($): unknown member 'Sorce'; expected one of Source, DetailType, Detail, Time, "
    )
    assert first.endswith(" TraceHeader. Did you mean 'Source'?")
    assert [fault.partition(";")[0] for fault in missing] == [
        "e.json:1:1 ($): no Source",
        "e.json:1:1 ($): no DetailType",
        "e.json:1:1 ($): no Detail",
    ]


def test_what_is_meant_by_an_event_is_told() -> None:
    """Both forms of it, with their members."""
    assert faults("{}") == [
        (
            "e.json:1:1 ($): an object that is no event (its members: none); expected a PutEvents entry (Source, DetailType,"
            " Detail) or an event envelope (source, detail-type, detail)"
        )
    ]
    assert faults(b'{"a": "\xfc"}') == ["e.json: byte 7 is not UTF-8 (b'\\xfc'); expected JSON in UTF-8"]


def test_an_envelopes_detail_is_an_object() -> None:
    """In an envelope, text is not a parsed document."""
    (fault,) = faults(json.dumps({**ENVELOPE, "detail": "{}"}))
    assert fault.startswith(
        "e.json:1:56 ($.detail): detail is the string '{}'; expected a JSON object. Only a PutEvents"
    )


def test_a_member_given_twice_is_told() -> None:
    """Of two members with the same name one would be lost in silence."""
    (fault,) = faults('{"Source": "a", "Source": "b", "DetailType": "c", "Detail": {}}')
    assert fault == "e.json:1:17 ($): the member 'Source' is there twice"


def test_faults_of_all_lines_are_told() -> None:
    """A broken line does not hide the faults of the lines after it."""
    lines = [
        json.dumps(ENTRY),
        '{"Source": "a"',
        "oops",
        json.dumps({**ENVELOPE, "source": "aws.s3"}),
        json.dumps(ENTRY),
    ]
    assert [fault.split(": ", 1)[0] for fault in faults("\n".join(lines))] == [
        "e.json:2:15",
        "e.json:3:1",
        "e.json:4:12 ($.source)",
    ]


def test_a_broken_first_line_does_not_hide_the_others() -> None:
    """One document per line is recognised by the lines, not by the first one being sound."""
    lines = ['{"Source": nope}', json.dumps({**ENTRY, "Detail": []})]
    assert [fault.split(": ", 1)[0] for fault in faults("\n".join(lines))] == ["e.json:1:12", "e.json:2:55 ($.Detail)"]


def test_a_first_line_that_is_whole_says_that_each_line_is() -> None:
    """Also one that is an array: the publisher reads a stream so, before it has the other lines."""
    entry = json.dumps(ENTRY)
    assert faults(f'[{entry}]\n{{"Source": "a",\n"DetailType": "b", "Detail": {{}}}}') == [
        "e.json:2:16: not JSON: expecting a member's name in double quotes",
        ("e.json:3:1 ($): the string 'DetailType' is not an event; expected a PutEvents entry or an event envelope"),
        "e.json:3:13: not JSON: expecting value",
    ]
    assert entries(f"[{entry}]\n[{entry}, {entry}]\n{entry}") == [SENT] * 4


def test_a_broken_request_is_not_taken_for_lines() -> None:
    """A PutEvents request whose every line begins with a brace is still one document."""
    text = f'{{"Entries": [\n{json.dumps(ENTRY)}\n{json.dumps(ENTRY)}]}}'
    assert faults(text) == ["e.json:3:1: not JSON: expecting ',' or ']'"]


def test_entries_inside_an_entry_are_no_entries() -> None:
    """Only the outermost object is a PutEvents request."""
    (fault,) = faults(json.dumps({"Entries": [{"Entries": [ENTRY]}]}))
    assert fault.startswith("e.json:1:14 ($.Entries[0]): an object that is no event")


def test_deep_nesting_is_told_not_crashed_on() -> None:
    """Thousands of brackets end in a fault, as text and as an object."""
    deep = "[" * 100_000 + "]" * 100_000
    assert ["nested too deeply" in fault for fault in faults(deep)] == [True]
    assert ["nested too deeply" in fault for fault in faults(f'{{"Source":"a","Detail":{{"a":{deep}}}}}')] == [True]
    assert ["nested too deeply" in fault for fault in faults(json.dumps({**ENTRY, "Detail": f'{{"a":{deep}}}'}))] == [
        True
    ]


def test_an_entry_at_the_limit_passes_and_above_it_does_not() -> None:
    """The size is AWS's: the bytes of Source, DetailType, Detail and Resources, and 14 for a Time."""
    room = MAX_REQUEST_BYTES - len("my.app") - len("Hello") - 14 - len('{"a":""}')
    fits = {**ENTRY, "Detail": {"a": "x" * room}, "Time": 1}
    assert len(entries(json.dumps(fits))) == 1
    (fault,) = faults(json.dumps({**fits, "Detail": {"a": "x" * (room + 1)}}))
    assert (
        fault
        == f"e.json:1:1 ($): the entry has {MAX_REQUEST_BYTES + 1} bytes; expected at most 1048576, PutEvents' limit"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), json_values, max_size=4), st.booleans())
def test_any_detail_comes_out_as_it_went_in(detail: dict[str, object], ascii_only: bool) -> None:
    """Whatever the detail is, and however it was escaped and indented, the sent text means the same."""
    text = json.dumps({**ENTRY, "Detail": detail}, ensure_ascii=ascii_only, indent=2)
    assert [detail] == [json.loads(str(entry["Detail"])) for entry in entries(text)]


@settings(max_examples=150, deadline=None)
@given(st.text('[]{}",:\\ \nENnaul0.-SourceDetail', max_size=60))
def test_no_text_crashes_the_reader(text: str) -> None:
    """Any text is either entries or faults, each with a place in the file."""
    found: Sequence[Fault] = ()
    try:
        read_entries(text.encode(), "e.json")
    except InvalidEvent as error:
        found = error.faults
    assert [fault for fault in found if fault.place.file != "e.json"] == []


def test_a_number_without_an_end_is_a_fault() -> None:
    """Python reads no whole number of more than 4,300 digits, in whatever form the event has it."""
    digits = "9" * 5000
    assert [
        "a number of more digits than are read" in fault
        for fault in faults(json.dumps(ENTRY)[:-1] + f', "x": {digits}}}')
    ] == [True]
    (fault,) = faults(json.dumps({"Source": "s", "DetailType": "d", "Detail": f'{{"n": {digits}}}'}))
    assert "holds a number of more digits than are read" in fault
