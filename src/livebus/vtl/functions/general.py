"""
``$util``: asking what a value is, JSON, ids, and doing something for its effect alone.

https://docs.aws.amazon.com/appsync/latest/devguide/utility-helpers-in-util.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from livebus.vtl.budget import Exceeded
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import is_number, json_of, taken, type_name

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KSUID_EPOCH = 1_400_000_000


@function("util.qr", "any")
@function("util.quiet", "any")
def _quiet(evaluation: Evaluation, value: Any) -> str:
    return ""


@function("util.toJson", "any")
def _to_json(evaluation: Evaluation, value: Any) -> str:
    return json_of(value, evaluation.budget)


@function("util.parseJson", "text")
def parse_json(evaluation: Evaluation, text: str | None) -> Any:
    if text is None:
        return None
    evaluation.budget.spend(len(text) // 8)
    try:
        return taken(json.loads(text, parse_constant=_no_constant), evaluation.budget)
    except (ValueError, RecursionError):
        shown = text if len(text) <= 200 else text[:197] + "..."
        raise evaluation.fail(f"Unable to parse JSON: {shown}") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


# --- what a value is ------------------------------------------------------------------------------------------------


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _is_blank(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else _is_empty(value)


def _asking(name: str, holds: Callable[[Any], bool]) -> None:
    function(name, "any")(lambda _, value: holds(value))


def _default(name: str, lacks: Callable[[Any], bool]) -> None:
    function(name, "any any")(lambda _, value, other: other if lacks(value) else value)


_asking("util.isNull", lambda value: value is None)
_asking("util.isNullOrEmpty", _is_empty)
_asking("util.isNullOrBlank", _is_blank)
_asking("util.isString", lambda value: isinstance(value, str))
_asking("util.isNumber", is_number)
_asking("util.isBoolean", lambda value: isinstance(value, bool))
_asking("util.isList", lambda value: isinstance(value, list))
_asking("util.isMap", lambda value: isinstance(value, dict))
_default("util.defaultIfNull", lambda value: value is None)
_default("util.defaultIfNullOrEmpty", _is_empty)
_default("util.defaultIfNullOrBlank", _is_blank)
function("util.typeOf", "any")(lambda _, value: type_name(value))


@function("util.authType")
def _auth_type(evaluation: Evaluation) -> str:
    """Recorded against AWS: the mode is read from the members of the identity; what fits none is an API key."""
    identity = evaluation.member("identity")
    if not isinstance(identity, dict):
        return "API Key Authorization"

    def has(*names: str) -> bool:
        return all(identity.get(name) is not None for name in names)

    if not identity or "resolverContext" in identity:
        return "Lambda Authorization"
    if has("accountId", "userArn", "username", "sourceIp"):
        return "IAM Authorization"
    if has("sub", "issuer", "claims"):
        if has("username", "sourceIp", "defaultAuthStrategy"):
            return "User Pool Authorization"
        if not has("username"):
            return "Open ID Connect Authorization"
    return "API Key Authorization"


# --- ids ------------------------------------------------------------------------------------------------------------


def _written(number: int, alphabet: str, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))


def random_digits(evaluation: Evaluation) -> str:
    """Hexadecimal digits of a new id that are random: a UUID's version and variant say nothing."""
    digits = evaluation.new_id().replace("-", "")
    return digits[:12] + digits[13:16] + digits[17:]


@function("util.autoId")
def _auto_id(evaluation: Evaluation) -> str:
    return evaluation.new_id()


@function("util.autoUlid")
def _auto_ulid(evaluation: Evaluation) -> str:
    random = int(random_digits(evaluation)[:20], 16)
    return _written(evaluation.now, _CROCKFORD, 10) + _written(random, _CROCKFORD, 16)


@function("util.autoKsuid")
def _auto_ksuid(evaluation: Evaluation) -> str:
    seconds = evaluation.now // 1000 - _KSUID_EPOCH
    payload = (random_digits(evaluation) + random_digits(evaluation))[:32]
    if seconds < 0:
        raise Exceeded("A KSUID cannot be of a time before May 2014")
    return _written((seconds << 128) + int(payload, 16), _BASE62, 27)
