"""The operators: what they take, what meets them, how they are written."""

from __future__ import annotations

import json

import pytest

from livebus.errors import InvalidEventPattern
from livebus.pattern import EventPattern
from livebus.pattern.rule import read

MIXED = "Inside anything but list, either all values are number or string, mixed type is not supported"


@pytest.mark.parametrize(
    ("condition", "met", "not_met"),
    [
        ('"x"', ["x", ["y", "x"]], ["X", "xx", 1, None, [], {}, {"x": "x"}]),
        ("null", [None, [None]], ["null", "", 0, False, [], {}]),
        ("true", [True], [1, "true", False]),
        ("false", [False], [0, "false", None, True]),
        ("1", [1, 1.0], [True, "1", 2]),
        ('"10.0.0.1"', ["10.0.0.1", "010.000.000.001", "::ffff:a00:1"], ["10.0.0.10", "10.0.0.1 "]),
        ('{"exactly":"10.0.0.1"}', ["10.0.0.1"], ["010.000.000.001"]),
        ('{"prefix":"ab"}', ["ab", "abc"], ["a", "Ab", 5, None]),
        ('{"prefix":""}', ["", "x"], [1, None, True]),
        ('{"suffix":"bc"}', ["bc", "abc"], ["b", "BC", "abcd"]),
        ('{"suffix":""}', ["", "x"], [1]),
        ('{"prefix":{"equals-ignore-case":"aß"}}', ["aß", "ASS", "Aßx"], ["ass", "a"]),
        ('{"suffix":{"equals-ignore-case":"ßb"}}', ["xßB", "SSb"], ["ssb", "b"]),
        ('{"suffix":{"equals-ignore-case":""}}', ["", "x"], [1]),
        ('{"equals-ignore-case":"aBc"}', ["abc", "ABC"], ["ab", "abcd", 1]),
        ('{"equals-ignore-case":"kß"}', ["kß", "KSS"], ["kss", "\u212aß"]),
        ('{"equals-ignore-case":"k"}', ["k", "K"], ["\u212a"]),
        ('{"equals-ignore-case":"SS"}', ["ss", "Ss"], ["ß"]),
        ('{"equals-ignore-case":"ς"}', ["ς", "Σ"], ["σ"]),
        ('{"equals-ignore-case":"\U0001f600"}', ["\U0001f600"], ["x"]),
        ('{"equals-ignore-case":""}', [""], ["x", None]),
        ('{"wildcard":"a*b"}', ["ab", "axxb", "a\nb", "abb"], ["a", "abx", "xab", 5]),
        ('{"wildcard":"*"}', ["", "x"], [1, None]),
        ('{"wildcard":"aba*aba"}', ["abaaba", "abaxaba"], ["aba", "ababa"]),
        ('{"wildcard":"*ab*b*"}', ["abb", "xabxbx"], ["ab", "b"]),
        (r'{"wildcard":"\\*\\\\*"}', ["*\\", "*\\x"], ["\\*", "*"]),
        ('{"wildcard":"a?.["}', ["a?.["], ["ab.["]),
        ('{"wildcard":""}', [""], ["x"]),
        ('{"numeric":["=",5]}', [5, 5.0], [4, "5", True]),
        ('{"numeric":["<",5]}', [4.9, -1e300], [5, "4", None]),
        ('{"numeric":["<=",5]}', [5], [5.1]),
        ('{"numeric":[">",5]}', [5.1, 10**15], [5]),
        ('{"numeric":[">=",5]}', [5], [4.999]),
        ('{"numeric":[">",0,"<=",5]}', [0.1, 5], [0, 5.1]),
        ('{"numeric":[">=",0,"<",5]}', [0, -0.0, 4.9], [5]),
        ('{"cidr":"10.0.0.0/8"}', ["10.1.2.3", "::ffff:a00:1"], ["11.0.0.0", "10.0.0", "fe80::1", 10]),
        ('{"cidr":"2001:db8::/32"}', ["2001:DB8::5"], ["2001:db9::", "32.1.13.184"]),
        ('{"exists":true}', [None, "", 0, False, [None], [[0]]], [[], {}, [[]], [{}]]),
        ('{"exists":false}', [[], {}, [[]], {"y": 1}], [None, "", 0, [None]]),
        ('{"anything-but":"x"}', ["y", 1, None, True, ["x", "y"]], ["x", ["x"], [], {}]),
        ('{"anything-but":["x","y"]}', ["z", 1, None], ["x", "y", ["x", "y"]]),
        ('{"anything-but":1}', [2, "1", None, True], [1, 1.0]),
        ('{"anything-but":[1,2]}', [3, "x"], [1, 2.0, [1, 2]]),
        ('{"anything-but":{"prefix":"x"}}', ["yx", 1, None], ["xy", []]),
        ('{"anything-but":{"prefix":["x","y"]}}', ["z", ["x", "z"]], ["x", "yz"]),
        ('{"anything-but":{"suffix":["x","y"]}}', ["xz", 1], ["x", "zy"]),
        ('{"anything-but":{"equals-ignore-case":["x","Ab"]}}', ["xx", False], ["X", "aB"]),
        ('{"anything-but":{"wildcard":["*x*","y"]}}', ["z", "yy", 5], ["axb", "y"]),
    ],
)
def test_what_meets_a_condition(condition: str, met: list[object], not_met: list[object]) -> None:
    """Each operator is met by these values and by no others of them, alone and beside a condition that never is."""
    alone = EventPattern(f'{{"a":[{condition}]}}')
    beside = EventPattern(f'{{"a":["never",{condition}]}}')

    assert met == [value for value in [*met, *not_met] if alone.matches({"a": value})]
    assert met == [value for value in [*met, *not_met] if beside.matches({"a": value})]


@pytest.mark.parametrize(
    "condition",
    [
        *('"x"', "1.50", "null", "true", "false", '"10.0.0.1"', '{"prefix":"é"}', '{"suffix":"x"}'),
        *('{"prefix":{"equals-ignore-case":"x"}}', '{"suffix":{"equals-ignore-case":"x"}}'),
        *('{"equals-ignore-case":"x"}', '{"wildcard":"a*\\\\*"}', '{"exists":true}', '{"exists":false}'),
        *('{"numeric":["=",1e2]}', '{"numeric":["<",5]}', '{"numeric":[">",0,"<=",5.0]}', '{"cidr":"10.0.0.0/8"}'),
        *('{"anything-but":"x"}', '{"anything-but":["x"]}', '{"anything-but":1}', '{"anything-but":[1,2]}'),
        *('{"anything-but":{"prefix":"x"}}', '{"anything-but":{"wildcard":["x","y*"]}}'),
    ],
)
def test_conditions_are_written_as_in_the_pattern(condition: str) -> None:
    """An explanation shows a condition as the pattern has it."""
    [sub_rule] = read(f'{{"a":[{condition}]}}').sub_rules

    assert [condition] == [str(of_field) for of_field in sub_rule["a"].conditions]


def test_exactly_is_written_as_the_plain_string() -> None:
    """``exactly`` and a plain string ask for the same."""
    [sub_rule] = read('{"a":[{"exactly":"x"}]}').sub_rules

    assert str(sub_rule["a"].conditions[0]) == '"x"'


@pytest.mark.parametrize(
    ("element", "reason", "column"),
    [
        ("[1]", "Match value must be String, number, true, false, or null", 8),
        ("{}", "Match expression name not found", 9),
        ('{"x":1}', "Unrecognized match type x", 13),
        ('{"Prefix":"x"}', "Unrecognized match type Prefix", 18),
        ('{"exactly":1}', "exact match pattern must be a string", 19),
        ('{"exactly":"x","y":1}', "Only one key allowed in match expression", 27),
        ('{"prefix":1}', "prefix match pattern must be a string", 18),
        ('{"prefix":{"x":1}}', "Unsupported prefix pattern: x", 23),
        ('{"suffix":[]}', "suffix match pattern must be a string", 18),
        ('{"suffix":{}}', "Suffix expression name not found", 19),
        ('{"suffix":{"equals-ignore-case":1}}', "equals-ignore-case match pattern must be a string", 40),
        ('{"suffix":{"equals-ignore-case":"x","y":1}}', "Only one key allowed in match expression", 48),
        ('{"equals-ignore-case":null}', "equals-ignore-case match pattern must be a string", 33),
        ('{"wildcard":1}', "wildcard match pattern must be a string", 20),
        ('{"wildcard":"a**"}', "Consecutive wildcard characters at pos 2", 24),
        ('{"wildcard":"é**"}', "Consecutive wildcard characters at pos 3", 24),
        ('{"wildcard":"a\\\\b"}', "Invalid escape character at pos 2", 25),
        ('{"exists":1}', "exists match pattern must be either true or false.", 18),
        ('{"exists":true,"x":1}', "Only one key allowed in match expression", 27),
        ('{"cidr":1}', "prefix match pattern must be a string", 16),
        ('{"cidr":"x"}', "Malformed CIDR, one '/' required", None),
        ('{"numeric":1}', "Value of numeric must be an array.", 19),
        ('{"numeric":[]}', "Invalid member in numeric match: ]", 20),
        ('{"numeric":[{}]}', "Invalid member in numeric match: {", 20),
        ('{"numeric":["=="]}', "Unrecognized numeric range operator: ==", 24),
        ('{"numeric":["="]}', "Value of equals must be numeric", 23),
        ('{"numeric":[">=","1"]}', "Value of >= must be numeric", 25),
        ('{"numeric":["=",1,2]}', "Too many elements in numeric expression", 26),
        ('{"numeric":["<",5,">",1]}', "Too many elements in numeric expression", 26),
        ('{"numeric":[">",1,2]}', "Bad value in numeric range: 2", 26),
        ('{"numeric":[">",1,">",2]}', "Bad numeric range operator: >", 28),
        ('{"numeric":[">",1,"<"]}', "Value of < must be numeric", 29),
        ('{"numeric":[">",1,"<",2,"<",3]}', "Too many terms in numeric range expression", 32),
        ('{"numeric":[">=",5,"<=",5]}', "Bottom must be less than top", 33),
        ('{"numeric":["=",1e309]}', "Cannot compare number : 1e309", 29),
        ('{"numeric":["=",1],"x":1}', "Too many elements in numeric expression", 31),
        ('{"anything-but":true}', "Value of anything-but must be an array or single string/number value.", 27),
        ('{"anything-but":{}}', "Anything-But expression name not found", 25),
        ('{"anything-but":{"cidr":"x"}}', "Unsupported anything-but pattern: cidr", 32),
        ('{"anything-but":{"prefix":{}}}',
         "Value of anything-but must be an array or single string/number value.", 34),
        ('{"anything-but":1e309}', "Cannot compare number : 1e309", None),
        ('{"anything-but":[1e309]}', "Cannot compare number : 1e309", 29),
        ('{"anything-but":[null]}', "Inside anything but list, start|null|boolean is not supported.", 28),
        ('{"anything-but":[]}', MIXED, 25),
        ('{"anything-but":["x",1]}', MIXED, 30),
        ('{"anything-but":"x","y":1}', "Too many elements in numeric expression", 32),
        ('{"anything-but":{"prefix":""}}', "Null prefix/suffix not allowed", 35),
        ('{"anything-but":{"suffix":["x",1]}}', "prefix/suffix match pattern must be a string", 39),
        ('{"anything-but":{"wildcard":["a","**"]}}', "Consecutive wildcard characters at pos 1", 45),
        ('{"anything-but":{"equals-ignore-case":[]}}',
         "Inside anything-but/equals-ignore-case list, at least one value is needed", 47),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_in_awss_words(element: str, reason: str, column: int | None) -> None:
    """Each fault of an operator has its own reason, and the column where reading stopped."""
    with pytest.raises(InvalidEventPattern) as caught:
        EventPattern(f'{{"a":[{element}]}}')

    assert (reason, column) == (caught.value.reason, caught.value.column)


@pytest.mark.parametrize("text", ["a", "ab", "*", "a*", "*a", "a*b*c", "**a"])
def test_a_string_with_a_star_is_plain_outside_wildcard(text: str) -> None:
    """A star means something in wildcard only."""
    pattern = EventPattern(json.dumps({"a": [text]}))

    assert pattern.matches({"a": text})
    assert not pattern.matches({"a": text.replace("*", "xx") + "y"})
