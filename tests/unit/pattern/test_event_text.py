"""An event's text, with the numbers that patterns compare by text."""

from __future__ import annotations

import sys

import pytest

from livebus.errors import InvalidEvent
from livebus.pattern.event_text import may_hold_long_number, parse_event
from livebus.pattern.number import NumberText


def test_ordinary_numbers_are_plain() -> None:
    """Numbers that a double holds come as Python numbers."""
    assert parse_event('{"a":[1,-2.5,1e10,true,null]}') == {"a": [1, -2.5, 1e10, True, None]}


@pytest.mark.parametrize(
    "text", ["9007199254740993", "-12345678901234567890", "1e400", "1E-400", "0.12345678901234567"]
)
def test_numbers_that_no_double_holds_keep_their_text(text: str) -> None:
    """Long digits and long exponents are kept to the letter."""
    assert {"a": NumberText(text)} == parse_event(f'{{"a":{text}}}')


def test_long_numbers_that_a_double_holds_are_plain() -> None:
    """A long number that is a double's shortest form is compared by value."""
    assert parse_event('{"a":1.2345678901234567,"b":1.0e300}') == {"a": 1.2345678901234567, "b": 1e300}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"id":"6a7e8feb-b491-4cf7-a9f1-00000000e123","time":"2026-01-02T03:04:05Z","n":123456789.123}', False),
        ('{"account":"111122223333","n":111122223333}', False),
        ('{"n":12345678.90123456}', True),
        ('{"n":1e+300}', True),
        ('{"n":[1,1234567890123456]}', True),
    ],
)
def test_only_long_numbers_cost_a_second_parser(text: str, expected: bool) -> None:
    """Ordinary envelopes with their ids, times and accounts take the fast parser."""
    assert expected == may_hold_long_number(text.encode())


def test_bytes_and_text_are_alike() -> None:
    """UTF-8 bytes parse as their text."""
    assert parse_event('{"é":"\U0001f600"}') == parse_event('{"é":"\U0001f600"}'.encode())


def test_a_surrogate_that_stands_alone_is_kept() -> None:
    """The engine takes such a text, so it is read although orjson refuses it."""
    assert parse_event('{"a":"\\ud83d"}') == {"a": "\ud83d"}


@pytest.mark.parametrize("number", ["1", "12345678901234567890"])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_thousand_levels_in_the_detail_are_read(opening: str, closing: str, number: str) -> None:
    """Depth is no crash, whichever parser reads."""
    event = parse_event(f'{{"n":{number},"s":["x",true,null],"detail":{opening * 1000}1{closing * 1000}}}')
    found = event["detail"]
    depth = 0
    while not isinstance(found, int):
        found = found[0] if isinstance(found, list) else found["a"]
        depth += 1

    assert (depth, event["s"]) == (1000, ["x", True, None])


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '"x"', "5", "\ufeff{}", "{} {}", '{"a":1,}', "{'a':1}", '{"a":NaN}', '{"a":-Infinity}'),
        *(
            '{"a":12345678901234567890',
            '{"a":"\t"}',
            '{"a":01}',
            '{"a":' + "[" * 2000 + "]" * 2000 + "}",
            b'{"a":"\xff"}',
        ),
        '{"n":12345678901234567890,"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"n":12345678901234567890,"a":' + "[" * 1010 + "]" * 1009,
    ],
)
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    """A text that is no JSON object, or too deep, is an invalid event."""
    with pytest.raises(InvalidEvent):
        parse_event(text)


def test_a_surrogate_that_stands_alone_in_the_text_itself_is_kept() -> None:
    """A text of Python may hold half a character, which no UTF-8 does."""
    assert parse_event('{"a":"\ud83d"}') == {"a": "\ud83d"}


@pytest.mark.parametrize("text", ["[]", "1", "null", '"{}"'])
def test_what_is_no_object_is_no_event(text: str) -> None:
    """With the words that TestEventPattern has for it."""
    with pytest.raises(InvalidEvent) as raised:
        parse_event(text)
    assert str(raised.value) == "Event must be a JSON object"


def test_as_deep_as_orjson_reads_is_not_too_deep_beside_much_else() -> None:
    """More than 1,024 brackets are no depth where they stand side by side; one level too many is."""
    wide = {"n": 12345678901234567890, "a": [[] for _ in range(1100)]}
    text = str(wide).replace("'", '"')
    assert parse_event(text)["a"] == wide["a"]
    deep = '{"n":12345678901234567890,"a":' + "[" * 1024 + "]" * 1024 + "}"
    with pytest.raises(InvalidEvent):
        parse_event(deep)


def nested(levels: int) -> str:
    """So many levels in all, with a number that the standard library's parser has to read."""
    return '{"n":12345678901234567890,"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [2, 1010, 1024])
@pytest.mark.parametrize("second", ["{}", "7"])
def test_one_value_behind_another_is_no_event(levels: int, second: str) -> None:
    """Two values are not one event, however deep the first; what is wrong is told."""
    with pytest.raises(InvalidEvent) as raised:
        parse_event(f"{nested(levels)} {second}")
    assert str(raised.value).startswith("The event is not ")


def test_the_depth_is_ours_and_not_that_of_a_python() -> None:
    """Where the standard library reads deeper than orjson, 1,024 levels are read and 1,025 are too many all the same."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(9_000)
    try:
        assert parse_event(nested(1024))["n"] == NumberText("12345678901234567890")
        with pytest.raises(InvalidEvent):
            parse_event(nested(1025))
    finally:
        sys.setrecursionlimit(before)
