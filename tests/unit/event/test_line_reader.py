"""The fast reader of a line: it says what the slow one says, or nothing."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livebus.event.document import read_line
from livebus.event.line_reader import LineReader
from livebus.event.put_events import entry_bytes

PLAIN = '{ "n":1.10,"m":100000000000000000000.5, "a":1 ,"a":2}'
DETAIL = '{"n":1.10,"id":"12345","s":"é \\" \\\\ \\u00e9, {\\"x\\": [1]}","l":[1 ,2]}'
RECEIVED = (
    '{"version":"0","id":"64d5a42a-7788-4eb2-98ce-29a8f62fd000","detail-type":"Order Placed","source":"my.app",'
    '"account":"123456789012","time":"2026-01-15T08:30:00Z","region":"us-east-1","resources":["arn:a"],"detail":%s}'
)


def slow(line: str) -> list[tuple[dict[str, Any], int]]:
    """What the slow reader makes of a line: entries and their sizes; nothing where it has a fault."""
    found = read_line(line.encode(), "e", 1, 0)
    return [] if found.faults else [(each.entry, entry_bytes(each.entry)) for each in found.entries]


def fast(reader: LineReader, line: str) -> list[tuple[dict[str, Any], int]] | None:
    found = reader.read(line.encode())
    return None if found is None else [(json.loads(found[0]), found[1])]


@pytest.mark.parametrize(
    "line",
    [
        '{"Source":"a","DetailType":"b","Detail":' + PLAIN + "}",
        '{"Source":"a","DetailType":"b","Detail":' + DETAIL + "}",
        '{"Source":"a","DetailType":"b","Detail":' + json.dumps(DETAIL) + "}",
        '{"Source": "a", "DetailType": "b", "Detail": ' + json.dumps(DETAIL) + ', "EventBusName": "orders"}',
        '{"Detail":' + DETAIL + ',"Source":"a","DetailType":"b","Time":0,"Resources":["é"]}',
        '{"Source":"a","DetailType":"b","Detail":{ },"_livebus":{"error":"ThrottlingException","attempts":[5]}}',
        '{"Source":"a","DetailType":"b\\"\\u00e9","Detail":{"a":9223372036854775807,"s":"1234567890123456789"}}',
        '{"source":"a","detail-type":"b","detail":{"Detail":{"detail":1}}}',
        '{"Source":"a","DetailType":"b","Detail":{"detail":{"detail":1}}}',
        RECEIVED % DETAIL,
        RECEIVED.replace(":", ": ").replace("08: 30: 00", "08:30:00") % DETAIL,
        RECEIVED.replace("00Z", "00.250Z") % DETAIL,
    ],
    ids=[
        "numbers and a member given twice",
        "object",
        "text",
        "members after text",
        "members after an object",
        "remark of a file of failed events",
        "escapes and long numbers",
        "envelope",
        "an entry whose Detail has a detail",
        "received",
        "received, spaced",
        "received, with a fraction of a second",
    ],
)
def test_usual_lines_are_read_fast(line: str) -> None:
    """The forms that streams have need no slow reader, and give what it gives; once remembered, too."""
    reader = LineReader()
    assert [slow(line)] * 2 == [fast(reader, line), fast(reader, line)]


@pytest.mark.parametrize(
    "line",
    [
        '{"Source":"a","Source":"b","DetailType":"c","Detail":{}}',
        '{"Source":"a","\\u0053ource":"b","DetailType":"c","Detail":{}}',
        '{"Source":"a","DetailType":"c","Detail":{},"Detail":{}}',
        '{"Source":"a","DetailType":"c","x":{"Detail":{}}}',
        '{"Source":"a","DetailType":"c","x\\"Detail":{}}',
        '{"Source":"aws.a","DetailType":"c","Detail":{}}',
        '{"Source":"a","DetailType":"%s","Detail":{}}' % ("x" * 129),
        '{"Source":"a","DetailType":"c","Detail":[]}',
        '{"Source":"a","DetailType":"c","Detail":"[]"}',
        '{"Source":"a","DetailType":"c","Detail":{"n":9223372036854775808}}',
        '{"Source":"a","DetailType":"c","Detail":"{\\"n\\":922337203685477580\\u0038}"}',
        '{"Source":"a","DetailType":"c","Detail":{"n":1e400}}',
        '{"Source":"a","DetailType":"c","Detail":{"n":%s}}' % ("[" * 1001 + "]" * 1001),
        '{"Source":"a","DetailType":"c","Detail":{"n":"%s"}}' % ("x" * 1_048_576),
        '{"Source":"a","DetailType":"c","Detail":{"n":"\\ud800"}}',
        '{"source":"a","detail-type":"c","detail":"{}"}',
        '{"source":"a","detail-type":"c","detail":{},"Detail":{}}',
        '{"source":"a","detail-type":"c","detail":{},"EventBusName":"x"}',
        '{"Source":"a","DetailType":"c","id":"64d5a42a-7788-4eb2-98ce-29a8f62fd000","Detail":{}}',
        RECEIVED.replace("08:30", "28:30") % "{}",
        '{"id":"x","_livebus":{"time":"2026-01-15T08:30:00Z"},"source":"a","detail-type":"c","detail":{}}',
        "",
        "{",
        '"Detail":',
        '{"Detail":"',
        '[{"Source":"a","DetailType":"c","Detail":{}}]',
    ],
)
def test_what_is_no_sound_event_is_left_to_the_slow_reader(line: str) -> None:
    """Faults are told by the reader that knows their words."""
    assert LineReader().read(line.encode()) is None


def test_a_detail_that_is_text_is_carried_byte_for_byte() -> None:
    """It is sent in the very escapes that it came in."""
    written = '"{\\"a\\" :\\u0020\\"\\/\\u00e9\\" }"'
    text, size = LineReader().read(f'{{"Source":"s","DetailType":"t","Detail":{written}}}'.encode()) or (b"", 0)
    assert (f'{{"Source":"s","DetailType":"t","Detail":{written}}}'.encode(), 16) == (text, size)


def test_what_is_remembered_of_a_frame_is_all_of_it() -> None:
    """A line that begins as an earlier one did may go on otherwise: with white space, members, or another Detail."""
    reader = LineReader()
    head = '{"Source":"a","DetailType":"b","Detail":'
    for rest in (
        '"{}"}',
        ' "{}"}',
        '"{}","EventBusName":"x"}',
        "{}}",
        '"[]"}',
        '"{}","Detail":"{}"}',
        '"{}","x":"}"}',
        "7}",
    ):
        assert fast(reader, head + rest) in (None, slow(head + rest))
    assert reader.read(f'{head} "{{}}"}}'.encode()) == (f'{head}"{{}}"}}'.encode(), 4)


def test_a_line_that_begins_as_another_did_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frame is known, and its Detail is text: nothing else is asked of it."""
    reader = LineReader()
    line = '{"Source":"a","DetailType":"b","Detail":%s}'
    assert fast(reader, line % '"{}"')
    monkeypatch.setattr(LineReader, "_read", lambda *_: pytest.fail("it was looked at in full"))
    assert fast(reader, line % json.dumps(DETAIL)) == slow(line % json.dumps(DETAIL))


@pytest.mark.parametrize("colon", [":", ": "])
def test_events_that_differ_in_id_and_time_share_a_frame(colon: str) -> None:
    """EventBridge gives each its own; with a blank behind the colons or none."""
    reader = LineReader()
    for number in range(3):
        line = RECEIVED.replace("2fd000", f"2fd00{number}").replace("08:30:00", f"08.30.0{number}")
        line = line.replace(":", colon).replace(f"08.30.0{number}", f"08:30:0{number}") % DETAIL
        assert fast(reader, line) == slow(line)
    assert len(reader._frames) == 1


# --- any line at all ------------------------------------------------------------------------------------------------

spaces = st.sampled_from(["", "", "", " ", "\t", " \n "])
# What is sound comes more often than what is not: else hardly a line would be.
strings = st.sampled_from(
    [
        "a",
        "",
        "é",
        *["x y"] * 8,
        "a b",
        '\\"',
        "\\\\",
        "\\u00e9",
        "\\u0020",
        "\\/",
        "},",
        '}\\"',
        '\\",\\"',
        ": ",
        "Detail",
        "🚌",
        "\\ud800",
    ]
)
numbers = st.sampled_from(
    [
        *(["7"] * 12),
        "0",
        "1.0",
        "1.10",
        "-0",
        "-0.0",
        "1e5",
        "1E400",
        "1e-400",
        "0.1000000000000000055511151231257827",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775808",
        "1234567890123456789.5",
        "true",
        "false",
        "null",
        "NaN",
        "01",
        "nul",
    ]
)


@st.composite
def objects(draw: st.DrawFn, names: st.SearchStrategy[str], values: st.SearchStrategy[str]) -> str:
    """An object as someone may write it: with white space, and with members given twice."""
    members = draw(st.lists(st.tuples(names, values), max_size=4))
    return written(draw, members)


def written(draw: st.DrawFn, members: list[tuple[str, str]]) -> str:
    parts = [f'{draw(spaces)}"{name}"{draw(spaces)}:{draw(spaces)}{value}{draw(spaces)}' for name, value in members]
    return "{" + ",".join(parts) + "}"


names = st.sampled_from(["a", "b", "é", "\\u0061", "Detail", "detail", "a b", "id", "time"])
json_values = st.recursive(
    numbers | strings.map(lambda text: f'"{text}"'),
    lambda values: objects(names, values) | st.lists(values, max_size=3).map(lambda each: f"[{' , '.join(each)}]"),
    max_leaves=6,
)
times = st.sampled_from(
    ['"2026-01-15T08:30:00Z"'] * 8
    + ['"2026-01-15T08:30:00.5Z"', '"2026-01-15T28:30:00Z"', '"1970-01-01T00:00:00Z"', "0", "1.5", "null"]
)
details = st.one_of(*[objects(names, json_values)] * 5, json_values)
flat = {
    "Source": st.sampled_from([*['"a"'] * 8, '"é"', '""', '"aws.x"', "1"]),
    "DetailType": st.sampled_from([*['"b"'] * 8, '"a \\"b\\""', '"' + "x" * 129 + '"', "null"]),
    "Detail": details | details.map(json.dumps),
    "Time": times,
    "Resources": st.sampled_from([*['["a"]'] * 5, "[]", '["é"]', '["a", "b"]', '"a"', "[1]"]),
    "EventBusName": st.sampled_from([*['"orders"'] * 5, '"a b"']),
    "TraceHeader": st.sampled_from([*['"Root=1"'] * 5, '""']),
    "_livebus": json_values,
}
received = {
    "version": st.just('"0"'),
    "id": st.sampled_from(['"64d5a42a-7788-4eb2-98ce-29a8f62fd000"', '"x"', "1"]),
    "source": flat["Source"],
    "detail-type": flat["DetailType"],
    "time": times,
    "resources": flat["Resources"],
    "detail": details,
    "_livebus": json_values,
}


@st.composite
def lines(draw: st.DrawFn) -> str:
    """An event, mostly; with members left out, given twice, in any order, or with a character too much or too few."""
    members = draw(st.sampled_from([flat, received]))
    usual = list(members)[:3] if members is flat else ["source", "detail-type", "detail"]
    more = draw(st.lists(st.sampled_from([*members]), max_size=3, unique=draw(st.integers(0, 9)) > 0))
    chosen = [*([] if draw(st.integers(0, 9)) == 0 else usual), *(name for name in more if name not in usual)]
    if draw(st.integers(0, 9)) == 0:
        chosen += more
    order = draw(st.permutations(chosen))
    line = written(draw, [(name, draw(members[name])) for name in order])
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(line)))
        line = (
            line[:at]
            + draw(st.sampled_from(["", '"', "}", "{", ",", " ", "\\", "0"]))
            + line[at + draw(st.integers(0, 1)) :]
        )
    return line.strip()


READER = LineReader()


@settings(max_examples=400, deadline=None)
@given(lines())
@example('{"Source":"a","DetailType":"b","Detail":{"a" : "\\\\" , "b":"\\"  "}}')
def test_the_fast_reader_says_what_the_slow_one_says(line: str) -> None:
    """Whatever the line is: the same entry and the same size, or nothing; with a fresh memory, and with a full one."""
    expected = slow(line)
    assert [each for each in (fast(LineReader(), line), fast(READER, line)) if each not in (None, expected)] == []


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=20), lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3), max_leaves=8).map(lambda value: {"value": value}), st.booleans(), st.booleans(), st.booleans())  # fmt: skip
def test_what_programs_write_is_read_fast(
    detail: dict[str, Any], as_text: bool, ascii_only: bool, spaced: bool
) -> None:
    """Whatever json.dumps makes of an event needs no slow reader."""
    separators = None if spaced else (",", ":")
    sent: Any = json.dumps(detail, ensure_ascii=ascii_only, separators=separators) if as_text else detail
    event = {"Source": "a", "DetailType": "b", "Detail": sent}
    line = json.dumps(event, ensure_ascii=ascii_only, separators=separators)
    assert slow(line) == fast(READER, line)
    assert detail == orjson.loads(slow(line)[0][0]["Detail"])
