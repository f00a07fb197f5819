"""XML as a map, for both languages of resolvers."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.vtl.budget import MAX_DATA_DEPTH, Budget, Exceeded
from livebus.vtl.xml_values import UnreadableXml, read_xml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a/>", {"a": ""}),
        ("<a> 1 </a>", {"a": 1}),
        ("<a>01</a>", {"a": "01"}),
        ("<a>1.50</a>", {"a": 1.5}),
        ("<a>True</a>", {"a": True}),
        ("<a><b>1</b><b>x</b></a>", {"a": {"b": [1, "x"]}}),
        ("<a n='2'>tea</a>", {"a": {"n": 2, "content": "tea"}}),
        ("<a><![CDATA[<b>]]></a>", {"a": "<b>"}),
        ("<a>1e999</a>", {"a": "1e999"}),
        ('<?xml version="1.0" encoding="utf-16"?><a>\xe9</a>', {"a": "\xe9"}),
        ('<?xml version="1.0" encoding="utf-7"?><a/>', {"a": ""}),
        ('<?xml version="1.0" encoding="idna"?><a/>', {"a": ""}),
        ("<n:a xmlns:n='u'>1</n:a>", {"n:a": {"xmlns:n": "u", "content": 1}}),
    ],
)
def test_values(text: str, value: Any) -> None:
    """Numbers and truth values where a text is one that JSON has; elements of one name are a list; no encoding counts."""
    assert read_xml(text, Budget()) == value


def test_texts_may_stay_texts() -> None:
    """Where it is asked for."""
    assert read_xml("<a n='2'><b>1</b><c>true</c></a>", Budget(), keep_texts=True) == {
        "a": {"n": "2", "b": "1", "c": "true"}
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<a>", "no element found: line 1, column 3"),
        ("tea", "syntax error: line 1, column 0"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a document type is not taken"),
        ("<a>" * MAX_DATA_DEPTH, f"more than {MAX_DATA_DEPTH} elements in one another"),
    ],
)
def test_what_is_not_read(text: str, reason: str) -> None:
    """Text that is no XML; what could grow or name files; what is too deep."""
    with pytest.raises(UnreadableXml) as raised:
        read_xml(text, Budget())
    assert str(raised.value) == reason


def test_it_is_bounded() -> None:
    """Elements cost steps of the budget."""
    with pytest.raises(Exceeded):
        read_xml("<a>" + "<b/>" * 1_100_000 + "</a>", Budget())
