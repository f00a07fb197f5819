"""Hostile templates: each ends, in an error of ours, whatever it loops over, builds or nests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import InvalidMappingTemplate, ResolverError
from livebus.vtl import MappingTemplate

STEPS = "more than 500,000 steps"
LARGE = "Transformation too large"
GROW = "#foreach($i in [1..1000])"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#foreach($i in [1..1000000000])x#end", STEPS),
        ("#foreach($i in [1..1001])x#end", "#foreach goes through more than 1,000 items"),
        (f"{GROW}{GROW}x#end#end", STEPS),
        (f'#set($s = "x"){GROW}#set($s = "$s$s")#end', STEPS),
        (f'#set($s = "x"){GROW}#set($s = $s + $s)#end', LARGE),
        (f'#set($s = "x"){GROW}#set($s = $s.replace("x", "xx"))#end', LARGE),
        ('#set($s = "x")$s.repeat(2000000000)', LARGE),
        (f"#set($l = [1]){GROW}$util.qr($l.addAll($l))#end", STEPS),
        ("#set($l = [1])$util.qr($l.add($l))$util.toJson($l)", "More than 100 lists and maps in one another"),
        ('#set($m = {})$util.qr($m.put("m", $m))$m', "More than 100 lists and maps in one another"),
        (f'#set($m = {{}}){GROW}#set($m = {{"a": $m, "b": $m}})#end$util.toJson($m)', "lists and maps"),
        (
            '#set($m = {})#foreach($i in [1..60])#set($m = {"a": $m, "b": $m})#end$util.toJson($m)',
            STEPS,
        ),
        (f"#set($n = 99){GROW}#set($n = $n * $n)#end", "A whole number of more than 4,096 bits"),
        ("#macro(m)#m()#end#m()", "Max calling depth of 20 was exceeded in macro 'm'"),
        ("#set($e = '#evaluate($e)')#evaluate($e)", "More than 120 blocks, expressions and macros"),
        ('#if($ctx.args.s.matches("(a+)+"))x#end', "A regular expression needed too much time or memory"),
        ('$ctx.args.s.replaceAll("(a|aa)+$", "x")', "A regular expression needed too much time or memory"),
        (f"{GROW}{'y' * 6000}#end", LARGE),
    ],
)
def test_bounds(text: str, words: str) -> None:
    """What grows without end is ended, and the error says where the template was."""
    outcome = MappingTemplate(text).evaluate({"args": {"s": "a" * 40 + "b"}})
    assert outcome.error is not None
    assert words in outcome.error.message
    assert outcome.error.error_type == "MappingTemplate"
    assert outcome.error_place is not None


@pytest.mark.parametrize(
    "text",
    [
        "#if(true)" * 5_000,
        "#set($x = " + "(" * 20_000,
        "#set($x = " + "[" * 20_000,
        "#set($x = " + "!" * 20_000 + "true)",
        "$util.toJson(" * 4_000,
        '#set($x = "' + "#if(true)" * 4_000 + '")',
    ],
)
def test_nesting_is_refused_when_parsing(text: str) -> None:
    """Python's own stack is never at stake."""
    with pytest.raises(InvalidMappingTemplate, match="More than 48 blocks and parentheses in one another"):
        MappingTemplate(text)


def test_deep_and_strange_contexts_end_in_errors() -> None:
    """Data that nests deeper than templates may; types that are none of JSON's become text."""
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    outcome = MappingTemplate("x").evaluate({"args": deep})
    assert outcome.error is not None
    assert "lists and maps in one another" in outcome.error.message
    assert MappingTemplate("$ctx.args.a").render({"args": {"a": 1j}}) == "1j"


FRAGMENTS = [
    *("$", "#", "\\", "{", "}", "(", ")", "[", "]", '"', "'", " ", "\n", ".", ",", ":", "=", "!", "-", "1", "2.5", "x"),
    *("$ctx", "$ctx.args.s", "$ctx.args.l", "${ctx.args.m.a}", "$!x", "$x", "#set($x = ", "#if(", "#else", "#elseif("),
    *(
        "#end",
        "#foreach($x in ",
        "#macro(m $p)",
        "#m(",
        "#@m(",
        "#define($x)",
        "#return(",
        "#break",
        "#stop",
        "#evaluate(",
    ),
    *(".get(", ".put(", ".add(", ".size()", ".split(", ".replaceAll(", ".substring(", "$util.toJson(", "$util.error("),
    *("$util.parseJson(", "$util.time.nowFormatted(", "$util.matches(", "$util.dynamodb.toMapValuesJson(", "[1..9]"),
    *(
        "$util.xml.toMap(",
        "$util.transform.toSubscriptionFilter(",
        "##",
        "#*",
        "*#",
        "#[[",
        "]]#",
        " + ",
        " * ",
        " == ",
    ),
    *(" && ", "true", "null", "\ud800", "😀", "\0", "é"),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=600, deadline=None)
def test_any_text_renders_or_is_refused(text: str) -> None:
    """Never anything but our errors."""
    try:
        MappingTemplate(text).render({"args": {"s": "a,b", "l": [1, None, "x"], "m": {"a": {"b": 1.5}}}})
    except (InvalidMappingTemplate, ResolverError):
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=8
    )
)
@settings(max_examples=200, deadline=None)
def test_to_json_is_json(value: Any) -> None:
    """What $util.toJson writes reads back as the same value, whatever stands in it."""
    if "inf" in repr(value):
        return
    text = MappingTemplate("$util.toJson($ctx.args.v)").render({"args": {"v": value}})
    assert json.loads(text) == value
