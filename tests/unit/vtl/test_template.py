"""A template's outcome: errors and their places, #return, what it brings about, what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.errors import InvalidMappingTemplate, ResolverError
from livebus.operation import ResolverError as GraphQLError
from livebus.vtl import Evaluated, MappingTemplate, NotJson
from livebus.vtl.evaluation import LogLine

Evaluate = Callable[..., Evaluated]
Render = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("{}\n#if($a", 2, 7, 'Encountered "<EOF>" at velocity[line 2, column 7]'),
        ("#foreach($i in $ctx.args.list)\n$i", 2, 3, 'Encountered "<EOF>" at velocity[line 2, column 3]'),
        ("a\r\nb #end", 2, 3, 'Encountered "#end" at velocity[line 2, column 3]'),
        ("#set($x = $y -1)", 1, 14, 'Encountered "-1)" at velocity[line 1, column 14]'),
        ('#set($x = {"a": 1,})', 1, 19, 'Encountered "})" at velocity[line 1, column 19]'),
        ('#set($x = "say ""no""\n #if($y")', 2, 8, 'Encountered "<EOF>" at velocity[line 2, column 8]'),
        ("$util.toJson($ctx.args.n + 1)", 1, 26, 'Encountered "+" at velocity[line 1, column 26]'),
        ('#set($x = "abc)', 1, 11, "A string without its end at velocity[line 1, column 11]"),
        ("x #[[ y", 1, 3, "#[[ without its end at velocity[line 1, column 3]"),
    ],
)
def test_what_does_not_parse_says_where(text: str, line: int, column: int, reason: str) -> None:
    """Line and column count in the template's text, inside of strings too; the words begin as Velocity's."""
    with pytest.raises(InvalidMappingTemplate) as raised:
        MappingTemplate(text)
    assert (raised.value.line, raised.value.column, raised.value.reason) == (line, column, reason)


def test_a_large_template_is_refused() -> None:
    """AppSync takes 64 KB."""
    with pytest.raises(InvalidMappingTemplate, match="at most 65,536"):
        MappingTemplate("x" * 65_537)


def test_errors_have_their_members(evaluate: Evaluate) -> None:
    """$util.error ends the template with message, type, data and info."""
    outcome = evaluate('a$util.error("no $ctx.args.n", "Custom", {"a": [1]}, {"b": null})', args={"n": 3})
    assert outcome.error == GraphQLError("no 3", "Custom", {"a": [1]}, {"b": None})
    assert (outcome.text, outcome.error_place) == ("", (1, 7))


def test_render_raises_the_error() -> None:
    """With the same members, and the place for people."""
    with pytest.raises(ResolverError) as raised:
        MappingTemplate('x\n $util.error("no", "T", {"a": 1})').render({})
    error = raised.value
    assert (error.message, error.error_type, error.data, error.error_info) == ("no", "T", {"a": 1}, None)
    assert (error.line, error.column, str(error)) == (2, 7, "line 2:7: no")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("$util.unauthorized()", GraphQLError("Not Authorized to access publish on type Mutation", "Unauthorized")),
        ('$util.validate(false, "bad")', GraphQLError("bad", "CustomTemplateException")),
        ('$util.validate(false, "bad", "T", {"a": 1})', GraphQLError("bad", "T", {"a": 1})),
        ('$util.error("m")', GraphQLError("m")),
    ],
)
def test_ways_to_end_in_an_error(evaluate: Evaluate, text: str, error: GraphQLError) -> None:
    """As the reference has them; without a type errorType is null, as seen of AppSync."""
    assert evaluate(text, info={"fieldName": "publish", "parentTypeName": "Mutation"}).error == error


def test_what_fails_in_java_fails_in_its_words(evaluate: Evaluate) -> None:
    """With the place of the method."""
    outcome = evaluate("{}\n$ctx.args.list.get(5)", args={"list": [1]})
    assert outcome.error is not None
    assert outcome.error.error_type == "MappingTemplate"
    assert outcome.error.message == (
        "Invocation of method 'get' in  class java.util.ArrayList threw exception java.lang.IndexOutOfBoundsException: "
        "Index 5 out of bounds for length 1 at velocity[line 2, column 15]"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a#return($ctx.args.m)b", {"a": [1]}),
        ("#if(true)#return#end x", None),
        ('#return({"a": $ctx.args.m.a})', {"a": [1]}),
        ("#foreach($i in [1..3])#if($i == 2)#return($i)#end#end", 2),
        ("#macro(early)#return(1 + 1)#end#early()", 2),
    ],
)
def test_return_ends_the_template(evaluate: Evaluate, text: str, value: Any) -> None:
    """From wherever it stands, with its value, and nothing printed."""
    outcome = evaluate(text, args={"m": {"a": [1]}})
    assert (outcome.returned, outcome.value, outcome.text, outcome.error) == (True, value, "", None)


def test_what_a_template_brings_about(evaluate: Evaluate) -> None:
    """Appended errors, logs, filters, headers and the stash are the outcome's."""
    outcome = evaluate(
        '$util.appendError("one", "T", 1)\n$util.log.info("n is {} of {}", $ctx.args.n, \'x\')'
        '$util.qr($ctx.stash.put("k", [1]))#set($ctx.stash.j = "v")'
        '$extensions.setSubscriptionFilter({"filterGroup": []})'
        '$extensions.invalidateSubscriptions({"subscriptionField": "f", "payload": {}})'
        '$extensions.invalidateSubscriptions({"subscriptionField": "f", "payload": {}})'
        '$util.http.addResponseHeader("X-A", 1)$util.http.addResponseHeader("x-a", 2)|$ctx.outErrors.size()',
        args={"n": 2},
    )
    effects = outcome.effects
    assert outcome.error is None
    assert outcome.text == "\n|1"
    assert effects.appended == [GraphQLError("one", "T", 1)]
    assert effects.logs == [LogLine("INFO", "n is 2 of x", 2, 10)]
    assert effects.subscription_filter == {"filterGroup": []}
    assert effects.invalidations == [{"subscriptionField": "f", "payload": {}}]
    assert effects.response_headers == [("X-A", "1"), ("x-a", "2")]
    assert outcome.context["stash"] == {"k": [1], "j": "v"}


def test_the_context_given_stays_as_it_is() -> None:
    """A template changes a copy; ``args`` and ``arguments`` are one map where they were one."""
    arguments: dict[str, Any] = {"a": {"b": 1}}
    context = {"args": arguments, "arguments": arguments}
    outcome = MappingTemplate('$util.qr($ctx.args.put("c", 2))#set($ctx.args.a.b = 3)').evaluate(context)
    assert arguments == {"a": {"b": 1}}
    assert outcome.context["arguments"] == {"a": {"b": 3}, "c": 2}


def test_setting_a_variable_to_null_keeps_it_and_warns(evaluate: Evaluate) -> None:
    """As Velocity does where nothing else is configured; AWS does not say."""
    outcome = evaluate("#set($a = 1)\n#set($a = $nope)$a")
    assert outcome.text == "1"
    assert outcome.effects.logs == [LogLine("WARN", "#set($a = null) keeps the old value", 2, 1)]


def test_time_and_ids_have_to_be_given() -> None:
    """A template that asks for them where there are none ends in an error that says so."""
    for text in ("$util.autoId()", "$util.time.nowISO8601()"):
        outcome = MappingTemplate(text).evaluate({})
        assert outcome.error is not None
        assert "asks for the time or for an id" in outcome.error.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": [1, 2,], "b": ",}",\n}', {"a": [1, 2], "b": ",}"}),
        ("  \n", None),
        ("", None),
        ('"x"', "x"),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)
def test_text_is_read_as_json(text: str, value: Any) -> None:
    """A comma too many passes, as seen of AppSync; empty text is null."""
    assert Evaluated(text).json() == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": $ctx.args.a}', 'Unable to convert {"a": $ctx.args.a} to Object.'),
        ('{"a": 1} x', "Trailing characters at the end of the JSON string are not allowed."),
        ("{} {}", "Trailing characters at the end of the JSON string are not allowed."),
        ("NaN", "Unable to convert NaN to Object."),
        ("[1,,2]", "Unable to convert [1,,2] to Object."),
        ("[" * 5_000, f"Unable to convert {'[' * 5_000} to Object."),
    ],
)
def test_what_is_no_json_is_told_as_appsync_tells_it(text: str, words: str) -> None:
    """In the words that were seen."""
    with pytest.raises(NotJson) as raised:
        Evaluated(text).json()
    assert str(raised.value) == words


def test_quotes_that_are_escaped_are_within_a_text() -> None:
    """A reference between them stands in a text that holds JSON itself; behind the text's end it does not."""
    template = MappingTemplate(
        r'{"d": "{\"a\": \"$ctx.args.a\", \"n\": $ctx.args.n}", "b": "$ctx.args.b", "c": $ctx.args.c}'
    )
    found = [(each.path[-1], each.quoted, each.nested) for each in template.references]
    assert found == [("a", True, True), ("n", True, False), ("b", True, False), ("c", False, False)]


def test_references_are_told_without_evaluating() -> None:
    """With path, place and use; what stands in comments and raw text is no reference."""
    template = MappingTemplate(
        '## $no\n#set($x = $ctx.args.get("a"))\n{"m": "$ctx.args.msg $x", "n": $util.toJson($x), #[[ $raw ]]#'
        '"k": "#if($ctx.args.t)$!{ctx.source.s}#else"#end}'
    )
    found = [(each.path, each.line, each.column, each.method, each.quoted) for each in template.references]
    assert found == [
        (("x",), 2, 6, "", False),
        (("ctx", "args", "a"), 2, 11, "", False),
        (("ctx", "args", "msg"), 3, 8, "", True),
        (("x",), 3, 22, "", True),
        (("util",), 3, 32, "toJson", False),
        (("x",), 3, 45, "", False),
        (("ctx", "args", "t"), 3, 72, "", False),
        (("ctx", "source", "s"), 3, 84, "", True),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#set($l = [1, 2, 3])#set($l[0] = 9)$l", "[9, 2, 3]"),
        ("#set($l = [1, 2, 3])#set($l[-1] = 9)$l", "[1, 2, 9]"),
        ('#set($t = "text")#set($t[0] = "x")$t', "text"),
        ('#set($l = [1])#set($l["a"] = 2)$l', "[1]"),
        ('#set($m = {"a": 1})#set($m["a"] = 2)$m', "{a=2}"),
    ],
)
def test_members_are_set_where_there_are_such(text: str, expected: str, render: Render) -> None:
    """Of a list by a number, from its end by a negative one; of a map by a key; of nothing else."""
    assert render(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$ctx.args.l.empty", "false"),
        ("$ctx.args.none.empty", "true"),
        ('#set($t = "")$t.empty', "true"),
        ("$ctx.args.n.empty", "$ctx.args.n.empty"),
    ],
)
def test_empty_is_a_property(text: str, expected: str, render: Render) -> None:
    """As Java's isEmpty() is one: of lists and texts."""
    assert render(text, args={"l": [1], "none": [], "n": 5}) == expected
