"""$util by family: values as documented, or recorded; and the same as APPSYNC_JS where both have the function."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.operation import Services
from livebus.resolver import compile_resolver
from livebus.template.application import DataSource, ResolverConfig
from livebus.vtl import Evaluated, MappingTemplate
from livebus.vtl.functions import functions

Render = Callable[..., str]
Evaluate = Callable[..., Evaluated]
RECORDED = Path(__file__).parents[2] / "vectors" / "resolvers" / "to_subscription_filter.json"
XML = (
    "<?xml version='1.0'?><posts n='2'><post><id>1</id><title>One &amp; only</title></post>"
    "<post><id>2</id><title lang='en'>Two</title><ok>true</ok><none/></post></posts>"
)
ARGS = {
    "s": "Grüße 👋",
    "list": [3, 1, 2],
    "rows": [{"n": "b"}, {"n": "a"}],
    "mixed": [1, "a"],
    "m": {"a": 1, "b": 2},
    "none": None,
    "xml": XML,
}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("$util.qr(1)$util.quiet(1)", ""),
        ("$util.toJson({'a': [1, 2.0, true, 'q\"x'], 'b': $nope})", '{"a":[1,2.0,true,"q\\"x"],"b":null}'),
        ("$util.parseJson('{\"a\": [1]}').a[0]", "1"),
        ("$util.isNull($a.none) $util.isNull($a.s)", "true false"),
        ('$util.isNullOrEmpty("") $util.isNullOrEmpty(" ") $util.isNullOrBlank(" ")', "true false true"),
        ('$util.defaultIfNullOrEmpty("", "d") $util.defaultIfNullOrBlank(" ", "d")', "d d"),
        (
            "$util.isString($a.s) $util.isNumber(1) $util.isBoolean(true) $util.isList([]) $util.isMap({})",
            "true " * 4 + "true",
        ),
        (
            "$util.typeOf($nope) $util.typeOf(1) $util.typeOf('') $util.typeOf({}) $util.typeOf([]) $util.typeOf(true)",
            "Null Number String Map List Boolean",
        ),
        ("$util.autoId()", "00000001-0000-4000-8000-000000000000"),
        ("$util.list.copyAndRetainAll($a.list, [1, 3])", "[3, 1]"),
        ("$util.list.copyAndRemoveAll($a.list, [1, 3])", "[2]"),
        ('$util.list.sortList($a.list, false, "x") $util.list.sortList($a.list, true, "x")', "[1, 2, 3] [3, 2, 1]"),
        ('$util.list.sortList($a.rows, false, "n") $util.list.sortList($a.mixed, true, "x")', "[{n=a}, {n=b}] [1, a]"),
        ('$util.map.copyAndRetainAllKeys($a.m, ["a"]) $util.map.copyAndRemoveAllKeys($a.m, ["a"])', "{a=1} {b=2}"),
        ('$util.str.toUpper("aß") $util.str.toLower("AÄ") $util.str.toReplace("a.b", ".", "$")', "ASS aä a$b"),
        ("$util.math.roundNum(2.5) $util.math.minVal(2, -1) $util.math.maxVal(2, 3.5)", "3 -1 3.5"),
        ("$util.dynamodb.toDynamoDBJson($a.m)", '{"M":{"a":{"N":1},"b":{"N":2}}}'),
        (
            '$util.dynamodb.toMapValuesJson({"id": "x", "l": [true, $nope]})',
            '{"id":{"S":"x"},"l":{"L":[{"BOOL":true},{"NULL":null}]}}',
        ),
        (
            '$util.dynamodb.toStringJson("x") $util.dynamodb.toNumber(5) $util.dynamodb.toNullJson()',
            '{"S":"x"} {N=5} {"NULL":null}',
        ),
        (
            '$util.dynamodb.toStringSetJson(["a"]) $util.dynamodb.toNumberSetJson([1, 4.56])',
            '{"SS":["a"]} {"NS":[1,4.56]}',
        ),
        ("$util.dynamodb.toStringJson($a.none)", "null"),
        (
            '$util.dynamodb.toS3ObjectJson("k", "b", "r")',
            '{"S":"{\\"s3\\":{\\"key\\":\\"k\\",\\"bucket\\":\\"b\\",\\"region\\":\\"r\\"}}"}',
        ),
        ('$util.http.copyHeaders({"Host": "h", "x-a": "b"})', "{x-a=b}"),
        (
            "$util.xml.toJsonString($a.xml)",
            (
                '{"posts":{"n":2,"post":[{"id":1,"title":"One & only"},'
                '{"id":2,"title":{"lang":"en","content":"Two"},"ok":true,"none":""}]}}'
            ),
        ),
        ("$util.xml.toMap($a.xml).posts.post[0].id", "1"),
        ("$utils.toJson(1) $util.nothing(1) $util.toJson()", "1 $util.nothing(1) $util.toJson()"),
        ("$util.toJson(null)", "null"),
    ],
)
def test_values(render: Render, expression: str, text: str) -> None:
    """What each function gives; what AppSync has not is printed as it stands."""
    assert render(f"#set($a = $ctx.args){expression}", args=ARGS) == text


def test_rows_of_statements(render: Render) -> None:
    """$util.rds reads the answer or its JSON text."""
    answer = {
        "sqlStatementResults": [
            {
                "columnMetadata": [{"name": "id", "label": "id"}, {"name": "note"}],
                "records": [[{"longValue": 1}, {"isNull": True}], [{"longValue": 2}, {"stringValue": "x"}]],
            }
        ]
    }
    rows = '[[{"id":1,"note":null},{"id":2,"note":"x"}]]'
    assert render("$util.rds.toJsonString($ctx.result)", result=json.dumps(answer)) == rows
    assert render("$util.toJson($util.rds.toJsonObject($ctx.result))", result=answer) == rows


@pytest.mark.parametrize(
    ("given", "expression", "names", "values"),
    [
        ({"v": {"eq": 1}}, "(#v = :v_eq)", {"#v": "v"}, {":v_eq": {"N": 1}}),
        (
            {"v": {"ge": 1, "le": 5}},
            "((#v >= :v_ge) AND (#v <= :v_le))",
            {"#v": "v"},
            {":v_ge": {"N": 1}, ":v_le": {"N": 5}},
        ),
        ({"a": {"eq": 1}, "b": {"ne": "x"}}, "(#a = :a_eq) AND (#b <> :b_ne)", ..., ...),
        ({"v": {"contains": "x"}}, "(contains(#v,:v_contains))", ..., ...),
        ({"v": {"notContains": "x"}}, "(NOT contains(#v,:v_notContains))", ..., ...),
        ({"v": {"beginsWith": "x"}}, "(begins_with(#v,:v_beginsWith))", ..., ...),
        ({"v": {"between": [1, 2, 3]}}, "(#v BETWEEN :v_between_start AND :v_between_end)", ..., ...),
        ({"v": {"in": ["a", "b"]}}, "(#v IN (:v_in_0, :v_in_1))", ..., {":v_in_0": {"S": "a"}, ":v_in_1": {"S": "b"}}),
        ({"v": {"in": []}}, "(null)", ..., {}),
        ({"v": {"attributeExists": False}}, "(attribute_not_exists(#v))", ..., {}),
        (
            {"a": {"attributeType": "stringSet"}},
            "(attribute_type(#a,:a_attributeType))",
            ...,
            {":a_attributeType": {"S": "SS"}},
        ),
        ({"v": {"size": {"gt": 2}}}, "(size(#v) > :v_size_gt)", ..., {":v_size_gt": {"N": 2}}),
        ({"and": [{"a": {"eq": 1}}]}, "(#a = :and_0_a_eq)", ..., ...),
        (
            {"and": [{"a": {"eq": 1}}, {"b": {"eq": 2}}]},
            "((#a = :and_0_a_eq) AND (#b = :and_1_b_eq))",
            {"#a": "a", "#b": "b"},
            {":and_0_a_eq": {"N": 1}, ":and_1_b_eq": {"N": 2}},
        ),
        ({"not": {"a": {"eq": 1}}}, "(NOT (#a = :not_a_eq))", ..., ...),
        ({}, "", {}, {}),
        ({"v": {}}, "", {"#v": "v"}, {}),
    ],
)
def test_filter_expressions_are_as_recorded(
    render: Render, given: Any, expression: str, names: Any, values: Any
) -> None:
    """The forms that were recorded of AppSync; a condition is the same text."""
    text = render("$util.transform.toDynamoDBFilterExpression($ctx.args)", args=given)
    written = json.loads(text)
    assert written["expression"] == expression
    assert names in (..., written["expressionNames"])
    assert values in (..., written["expressionValues"])
    assert render("$util.transform.toDynamoDBConditionExpression($ctx.args)", args=given) == text


@pytest.mark.parametrize(
    "given",
    [
        *({"v": 1}, {"v": {"nope": 1}}, {"v": {"x": {"eq": 1}}}, {"and": {}}, {"and": [None]}, {"not": []}),
        *({"v": {"between": [1]}}, {"v": {"in": 1}}, {"v": {"attributeExists": 1}}, {"v": {"attributeType": "x"}}),
    ],
)
def test_filters_that_cannot_be_written_are_null(render: Render, given: Any) -> None:
    """As recorded: no error."""
    assert render("$util.isNull($util.transform.toDynamoDBFilterExpression($ctx.args))", args=given) == "true"


def test_opensearch_queries(render: Render) -> None:
    """Terms, ranges and what joins them."""
    given = {"upvotes": {"ne": 15, "range": [10, 20]}, "title": {"eq": "hi", "wildcard": "h*i"}}
    assert json.loads(render("$util.transform.toElasticsearchQueryDSL($ctx.args)", args=given)) == {
        "bool": {
            "must": [
                {
                    "bool": {
                        "must": [
                            {"bool": {"must_not": {"term": {"upvotes": 15}}}},
                            {"range": {"upvotes": {"gte": 10, "lte": 20}}},
                        ]
                    }
                },
                {"bool": {"must": [{"term": {"title": "hi"}}, {"wildcard": {"title": "h*i"}}]}},
            ]
        }
    }


# --- the same as in APPSYNC_JS --------------------------------------------------------------------------------------

CODE = """import { util } from '@aws-appsync/utils';
export const request = () => ({});
export function response(ctx) { return %s; }"""


def javascript(call: str) -> Callable[[dict[str, Any]], Any]:
    config = ResolverConfig("Query", "q", CODE % call, "q.js", DataSource("n", "NONE"))
    resolver = compile_resolver(config)

    def run(context: dict[str, Any]) -> Any:
        ids = (f"{number:08x}-1234-4567-89ab-cdef01234567" for number in range(1, 100))
        resolution = resolver.run(context, Services(1_700_000_000.123, lambda: next(ids)))
        return "an error" if resolution.error else resolution.value

    return run


def template(call: str) -> Callable[[dict[str, Any]], Any]:
    parsed = MappingTemplate(f"$util.toJson({call})")

    def run(context: dict[str, Any]) -> Any:
        ids = (f"{number:08x}-1234-4567-89ab-cdef01234567" for number in range(1, 100))
        context = {**context, "args": context["arguments"]}
        outcome = parsed.evaluate(context, Services(1_700_000_000.123, lambda: next(ids)))
        return "an error" if outcome.error else outcome.json()

    return run


BOTH = {
    name: (javascript(f"util.{call.replace('$', '')}"), template(f"$util.{call}"))
    for name, call in {
        "urlEncode": "urlEncode($ctx.args.s)",
        "urlDecode": "urlDecode($ctx.args.s)",
        "base64Encode": "base64Encode($ctx.args.s)",
        "escapeJavaScript": "escapeJavaScript($ctx.args.s)",
        "matches": "matches($ctx.args.p, $ctx.args.s)",
        "authType": "authType()",
        "autoId": "autoId()",
        "autoUlid": "autoUlid()",
        "autoKsuid": "autoKsuid()",
        "roundNum": "math.roundNum($ctx.args.n)",
        "randomDouble": "math.randomDouble()",
        "randomWithinRange": "math.randomWithinRange(3, 800)",
        "normalize": "str.normalize($ctx.args.s, $ctx.args.form)",
        "nowISO8601": "time.nowISO8601()",
        "nowEpochSeconds": "time.nowEpochSeconds()",
        "nowEpochMilliSeconds": "time.nowEpochMilliSeconds()",
        "toISO8601": "time.epochMilliSecondsToISO8601($ctx.args.millis)",
        "toSeconds": "time.epochMilliSecondsToSeconds($ctx.args.millis)",
        "formatted": "time.epochMilliSecondsToFormatted($ctx.args.millis, $ctx.args.format, $ctx.args.zone)",
        "nowFormatted": "time.nowFormatted($ctx.args.format, $ctx.args.zone)",
        "parsed": "time.parseFormattedToEpochMilliSeconds($ctx.args.s, $ctx.args.format, $ctx.args.zone)",
        "parsedISO": "time.parseISO8601ToEpochMilliSeconds($ctx.args.s)",
        "filter": "transform.toSubscriptionFilter($ctx.args.f, $ctx.args.ignored, $ctx.args.rules)",
    }.items()
}


def same(name: str, arguments: dict[str, Any], **members: Any) -> None:
    in_javascript, in_template = BOTH[name]
    context = {"arguments": arguments, "identity": None, **members}
    assert in_template(context) == in_javascript(context)


@given(st.sampled_from(["urlEncode", "base64Encode", "escapeJavaScript"]), st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_encodings_are_those_of_javascript(name: str, text: str) -> None:
    """For any text."""
    same(name, {"s": text})


@pytest.mark.parametrize("text", ["a+b%26c%3D%C3%A4", "", "%ff", "%zz", "ä+ö", "a b"])
def test_decoding_is_that_of_javascript(text: str) -> None:
    """Where the bytes are UTF-8; for others JavaScript's own decoder fails, and Java's gives a replacement character."""
    if text == "%ff":
        assert BOTH["urlDecode"][1]({"arguments": {"s": text}}) == "\ufffd"
    else:
        same("urlDecode", {"s": text})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        *(("a*b", "aaaab"), ("^b+$", "abb"), ("(?i)HELLO", "say hello"), ("\\Aab\\z", "ab"), ("\\Qa.b\\E", "axb")),
        *(
            ("[a-z]+@x\\.org", "me@x.org"),
            ("\\d{2,3}", "a12"),
            ("(a)(b)\\2", "abb"),
            ("a|", ""),
            ("\\h", "a\tb"),
            ("(", "("),
        ),
        *(("[^\\w\\s]", "a_b"), ("\\bcat\\b", "a cat"), ("x(?=y)", "xy"), ("(?<n>a)\\k<n>", "aa"), ("\\u0041", "A")),
    ],
)
def test_patterns_match_as_in_javascript(pattern: str, text: str) -> None:
    """Java's constructs that both know."""
    same("matches", {"p": pattern, "s": text})


@given(st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6)))
@settings(max_examples=60, deadline=None)
def test_rounding_is_that_of_javascript(number: float) -> None:
    """Halves go up."""
    same("roundNum", {"n": number})


@pytest.mark.parametrize(
    "name", [name for name in BOTH if name.startswith(("auto", "random", "now")) and name != "nowFormatted"]
)
def test_ids_and_now_are_those_of_javascript(name: str) -> None:
    """From the same services the same values."""
    same(name, {})


IDENTITIES: list[Any] = [
    None,
    {},
    {"resolverContext": {}},
    {"accountId": "1", "userArn": "a", "username": "u", "sourceIp": ["192.0.2.1"]},
    {"sub": "s", "issuer": "i", "claims": {}, "username": "u", "sourceIp": [], "defaultAuthStrategy": "ALLOW"},
    {"sub": "s", "issuer": "i", "claims": {}},
    {"claims": {}},
]


@pytest.mark.parametrize("identity", IDENTITIES)
def test_auth_types_are_those_of_javascript(identity: Any) -> None:
    """For each mode."""
    same("authType", {}, identity=identity)


FORMATS = [
    *(
        "yyyy-MM-dd HH:mm:ssZ",
        "EEEE, d MMMM yyyy h:mm a",
        "yy-M-d'T'H:m:s.SSSXXX",
        "D 'o''clock' k K A n",
        "EEE dd MMM uuuu",
    ),
    *("HH:mm z VV ZZZZ ZZZZZ x xx", "yyyyMMddHHmmss", "w", "[yyyy]", "MMMMM EEEEE L LL LLL"),
]
ZONES = ["UTC", "Europe/Zurich", "America/St_Johns", "+05:30", "-0330", "Z", "Mars/Olympus"]


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(FORMATS), st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_times_are_written_and_read_as_in_javascript(millis: int, form: str, zone: str) -> None:
    """In every format and zone; what cannot be written or read is an error in both."""
    arguments = {"millis": millis, "format": form, "zone": zone}
    for name in ("toISO8601", "toSeconds", "formatted", "nowFormatted"):
        same(name, arguments)
    written = BOTH["formatted"][1]({"arguments": arguments})
    same("parsed", {**arguments, "s": written})


@pytest.mark.parametrize(
    "text", ["2018-02-01T17:21:05.180+08:00", "2018-02-01T09:21:05Z", "2018-02-01T09:21Z", "yesterday"]
)
def test_iso_times_are_read_as_in_javascript(text: str) -> None:
    """The documented forms."""
    same("parsedISO", {"s": text})


@pytest.mark.parametrize("case", json.loads(RECORDED.read_text(encoding="utf-8"))["cases"])
def test_subscription_filters_are_those_of_javascript(case: Any) -> None:
    """For the recorded arguments."""
    given, ignored, rules = (*case["arguments"], None, None, None)[:3]
    same("filter", {"f": given, "ignored": ignored, "rules": rules})


def test_every_family_is_there() -> None:
    """The functions that AppSync's reference lists for templates."""
    families = {name.rpartition(".")[0] for name in functions()}
    assert families == {
        *("util", "util.log", "util.time", "util.list", "util.map", "util.dynamodb", "util.transform", "util.rds"),
        *("util.http", "util.xml", "util.math", "util.str", "extensions"),
    }
