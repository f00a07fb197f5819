"""util: strings, ids, patterns, numbers, filters and the auth type."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from livebus.operation import Resolution
from livebus.resolver.modules import MEMBERS

Evaluate = Callable[..., Any]
COGNITO = {
    "sub": "s-1",
    "issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc",
    "claims": {"sub": "s-1"},
    "username": "alice",
    "sourceIp": ["192.0.2.1"],
    "defaultAuthStrategy": "ALLOW",
    "groups": ["admins"],
}
IAM = {
    "accountId": "123456789012",
    "userArn": "arn:aws:sts::123456789012:assumed-role/events/session",
    "username": "AROAEXAMPLE:session",
    "sourceIp": ["192.0.2.1"],
    "cognitoIdentityId": None,
}
OIDC = {"sub": "s-1", "issuer": "https://issuer.example.com", "claims": {}}


def without(identity: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in identity.items() if name != member}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("util.urlEncode('a b&c=ä/~!*()-_.')", "a+b%26c%3D%C3%A4%2F%7E%21*%28%29-_."),
        ("util.urlDecode('a+b%26c%3D%C3%A4')", "a b&c=ä"),
        ("util.base64Encode('Grüße 👋')", "R3LDvMOfZSDwn5GL"),
        ("util.base64Decode('R3LDvMOfZSDwn5GL')", "Grüße 👋"),
        ("util.base64Decode('/w==')", "\ufffd"),
        ("util.base64Encode('')", ""),
        ("util.escapeJavaScript('a\"b\\'c\\\\d/e\\nf\\u00e4')", "a\\\"b\\'c\\\\d\\/e\\nf\\u00E4"),
        ("util.str.normalize('e\\u0301', 'nfc')", "é"),
        ("util.str.normalize('é', 'nfd')", "e\u0301"),
        ("util.math.roundNum(2.5)", 3),
        ("util.math.roundNum(-2.5)", -2),
        ("util.math.minVal(2, -1)", -1),
        ("util.math.maxVal(2, -1)", 2),
        ("util.matches('a*b', 'aaaaab')", True),
        ("util.matches('^b+$', 'abb')", False),
        ("util.matches('(?i)HELLO', 'say hello')", True),
        ("util.matches('\\\\Aab\\\\z', 'ab')", True),
        ("util.matches('\\\\Qa.b\\\\E', 'axb')", False),
    ],
)
def test_values_of_util(evaluate: Evaluate, expression: str, value: Any) -> None:
    """The functions of util that turn values into values give what the documentation says."""
    assert evaluate(expression) == value


def test_every_known_member_is_there(evaluate: Evaluate) -> None:
    """What compile time takes as a member of util, extensions, runtime or console is there at run time, and no more."""
    for holder, names in MEMBERS.items():
        assert sorted(evaluate(f"Object.keys({holder})")) == sorted(names)


def test_ids_come_from_the_services(evaluate: Evaluate) -> None:
    """autoId gives the services' ids, in their order and each once, however many the code asks for."""
    assert evaluate("[util.autoId(), util.autoId()]", ids=iter(["one", "two", "three"])) == ["one", "two"]
    many = evaluate("Array(100).fill(0).map(() => util.autoId())")
    assert many == [f"id-{number}" for number in range(1, 101)]


def test_a_handler_that_asks_for_ids_leaves_one_trace(resolve: Callable[..., Resolution]) -> None:
    """That the code is run again for each batch of ids shows nowhere: not in logs, errors, stash or filters."""
    code = """export function request(ctx) {
      ctx.stash.ids = [];
      console.log("begin");
      util.appendError("warned");
      for (const one of [1, 2, 3, 4, 5]) ctx.stash.ids.push(util.autoId());
      return { payload: ctx.stash.ids };
    }
    export const response = (ctx) => [...ctx.result, util.autoId(), ctx.stash.ids.length];"""
    resolution = resolve(code)
    assert resolution.value == ["id-1", "id-2", "id-3", "id-4", "id-5", "id-6", 5]
    assert len(resolution.logs) == 1
    assert len(resolution.appended) == 1


def test_ulid_and_ksuid_have_their_forms(evaluate: Evaluate) -> None:
    """A ULID is the time and 80 random bits in Crockford's base 32; a KSUID the time and 128 random bits in base 62."""
    ids = iter(["00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"] * 4)
    # 1,700,000,000,123 ms in base 32, and 300,000,000 s after the KSUID epoch.
    assert evaluate("util.autoUlid()", ids=ids) == "01HF7YAT3V0000000000000000"
    ksuid = evaluate("util.autoKsuid()", ids=iter([str(uuid.UUID(int=0))] * 4))
    assert len(ksuid) == 27
    number = 0
    for letter in ksuid:
        number = number * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(letter)
    assert number >> 128 == 300_000_000


def test_random_numbers_come_from_the_services(evaluate: Evaluate) -> None:
    """randomDouble, randomWithinRange and Math.random are as random as the ids they are made from."""
    low, high = str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1))
    assert evaluate("[util.math.randomDouble(), Math.random()]", ids=iter([low, low])) == [0, 0]
    assert evaluate("util.math.randomDouble()", ids=iter([high])) == pytest.approx(1)
    assert evaluate("util.math.randomWithinRange(3, 8)", ids=iter([low])) == 3
    assert evaluate("util.math.randomWithinRange(3, 8)", ids=iter([high])) == 7


@pytest.mark.parametrize(
    ("identity", "auth_type"),
    [
        (None, "API Key Authorization"),
        ({"resolverContext": {"role": "admin"}}, "Lambda Authorization"),
        ({}, "Lambda Authorization"),
        (IAM, "IAM Authorization"),
        (COGNITO, "User Pool Authorization"),
        (without(COGNITO, "groups"), "User Pool Authorization"),
        (OIDC, "Open ID Connect Authorization"),
        (without(IAM, "userArn"), "API Key Authorization"),
        ({**IAM, "sourceIp": None}, "API Key Authorization"),
        (without(COGNITO, "defaultAuthStrategy"), "API Key Authorization"),
        (without(COGNITO, "sourceIp"), "API Key Authorization"),
        ({"claims": {}}, "API Key Authorization"),
        ({**OIDC, "username": "alice"}, "API Key Authorization"),
    ],
)
def test_auth_types_are_as_recorded(evaluate: Evaluate, identity: Any, auth_type: str) -> None:
    """
    util.authType() reads the mode from the identity's members.

    The cases are those that localstack/appsync-utils recorded from AppSync (__tests__/authType.test.js, commit 0b6f68e).
    """
    assert evaluate("util.authType()", members={"identity": identity}) == auth_type


def test_subscription_filters_are_as_recorded(evaluate: Evaluate, vector: Callable[[str], str]) -> None:
    """util.transform.toSubscriptionFilter gives what AppSync gave for the recorded arguments."""
    for case in json.loads(vector("to_subscription_filter.json"))["cases"]:
        groups = case["groups"]
        expected = None
        if groups is not None:
            expected = {
                "filterGroup": [
                    {"filters": [dict(zip(("fieldName", "operator", "value"), entry, strict=True)) for entry in group]}
                    for group in groups
                ]
            }
        assert (
            evaluate("util.transform.toSubscriptionFilter(...ctx.args.given)", arguments={"given": case["arguments"]})
            == expected
        )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("JSON.parse('{\"a\":1}').a", 1),
        ("JSON.parse('{broken')", ""),
        ("JSON.parse(undefined)", ""),
        ("JSON.stringify({ a: [1, 'ä'] })", '{"a":[1,"ä"]}'),
        ("'a1b22'.replace('[0-9]', '#')", "a#b22"),
        ("'a1b22'.replaceAll('[0-9]+', '#')", "a#b#"),
        ("'a-b-c'.replaceAll('-', '+')", "a+b+c"),
        ("'a.b'.replaceAll('\\\\.', '/')", "a/b"),
        ("'ab'.replace('(a)(b)', '$2$1')", "ba"),
        ("'a,b'.split(',')", ["a", "b"]),
        ("[3, 1, 2].sort()", [1, 2, 3]),
        ("[1, [2, [3]]].flat()", [1, 2, [3]]),
        ("[1, 2, 3].findLast((n) => n < 3)", 2),
        ("String(1) + Number('2') + parseInt('3', 10)", "123"),
        ("Number.isNaN(NaN)", True),
        ("String.raw`a\\n${1}`", "a\\n1"),
        ("`${[1, 2]} ${{}}`", "1,2 [object Object]"),
    ],
)
def test_built_in_functions(evaluate: Evaluate, expression: str, value: Any) -> None:
    """Built-in functions behave as documented: JSON.parse never throws, replace reads Java's patterns."""
    assert evaluate(expression) == value
