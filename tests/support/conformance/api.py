"""
Asks a deployed API the cases: GraphQL over HTTP with its key; items go into its table, and are read from there, with boto3.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from boto3.dynamodb.conditions import Key
from boto3.dynamodb.types import Binary

from support.conformance.cases import Call, Expectation, Variant
from support.conformance.expected import differences, filled
from support.conformance.template import field_name

SECONDS = 40  # AppSync gives a request 30
_ERROR = ("errorType", "message", "data", "errorInfo")


@dataclass(frozen=True)
class Outcome:
    """What one call came to: the field's value, its errors, the response's headers; what the table was left with."""

    value: Any = None
    errors: tuple[Mapping[str, Any], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    left: Any = None


@dataclass(frozen=True)
class Answered:
    """A variant as an API answered it: the outcome of each call, and the names that ``${…}`` stood for."""

    variant: Variant
    outcomes: tuple[Outcome, ...]
    names: Mapping[str, str]

    def differs(self, *, here: bool = False) -> list[str]:
        """From what the documentation says; with ``here`` from what is said of the local runtime, where it says something."""
        if here and self.variant.here is not None:
            calls = (Call({}, self.variant.here),)
            outcomes = self.outcomes[-1:]
        else:
            calls, outcomes = self.variant.calls, self.outcomes
        found: list[str] = []
        for index, (call, outcome) in enumerate(zip(calls, outcomes, strict=True)):
            before = f"call {index + 1}: " if len(calls) > 1 else ""
            found.extend(before + each for each in _differences(filled_expectation(call.expected, self.names), outcome))
        if self.variant.case.left is not None and not (here and self.variant.here is not None):
            found.extend(differences(filled(self.variant.case.left, self.names), outcomes[-1].left, "table"))
        return found

    def plain(self) -> list[Any]:
        """The outcomes without what differs from API to API: names, ids of requests."""
        shown = []
        for outcome in self.outcomes:
            text = json.dumps([outcome.value, list(outcome.errors), outcome.left], sort_keys=True)
            for name, value in sorted(self.names.items(), key=lambda each: -len(each[1])):
                text = text.replace(value, f"${{{name}}}")
            text = re.sub(r"Request ID: [^),]*", "Request ID: …", text)
            shown.append(json.loads(text))
        return shown


def filled_expectation(expected: Expectation, names: Mapping[str, str]) -> Expectation:
    return Expectation(
        filled(expected.value, names), tuple(filled(each, names) for each in expected.errors), expected.headers
    )


def _differences(expected: Expectation, outcome: Outcome) -> list[str]:
    found = list(differences(expected.value, outcome.value))
    # An error's members that a case does not name are not looked at; errors come in any order.
    left = list(outcome.errors)
    for error in expected.errors:
        named = set(error)
        same = next(
            (each for each in left if not any(differences(error, {name: each.get(name) for name in named}, "error"))),
            None,
        )
        if same is None:
            found.append(f"errors: no {dict(error)!s} in {json.dumps(left)}")
        else:
            left.remove(same)
    found.extend(f"errors: {json.dumps(each)}, expected none such" for each in left if len(left) > 0)
    for name, value in expected.headers.items():
        found.extend(differences(value, outcome.headers.get(name), f"header {name}"))
    return found


class Api:
    """
    ``outputs`` are the stack's, ``table`` boto3's resource of its table. ``settling`` is the time in seconds after which
    what was put into the table is found by reads that are not consistent, and in its index.
    """

    def __init__(self, outputs: Mapping[str, str], table: Any, *, settling: float = 0.0) -> None:
        self.outputs = outputs
        self._settling = settling
        self._table = table
        self._url = urlsplit(outputs["GraphQLUrl"])
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def answer(self, variant: Variant) -> Answered:
        """Put the case's items, make its calls one after another, and look at what the table has then."""
        case = variant.case
        # Each has a partition of its own, so that a case may be asked twice.
        shop = f"{case.name}-{variant.language}-{secrets.token_hex(4)}"
        names = {"shop": shop, "table": self.outputs["Table"], "function": self.outputs["Function"]}
        if case.items:
            with self._table.batch_writer() as batch:
                for item in case.items:
                    batch.put_item({"shop": shop, **_stored(item)})
            time.sleep(self._settling)
        outcomes: list[Outcome] = []
        for call in variant.calls:
            texts = {f"result_{index}": _text(outcome.value) for index, outcome in enumerate(outcomes, 1)}
            given = filled({**names, **case.given, **call.given}, {**names, **texts})
            outcomes.append(self._call(variant, given))
        if case.left is not None:
            last = outcomes.pop()
            outcomes.append(Outcome(last.value, last.errors, last.headers, self._left(shop)))
        return Answered(variant, tuple(outcomes), names)

    def _left(self, shop: str) -> list[Any]:
        found = self._table.query(KeyConditionExpression=Key("shop").eq(shop), ConsistentRead=True)["Items"]
        return [{name: _plain(value) for name, value in item.items() if name != "shop"} for item in found]

    def _call(self, variant: Variant, given: Mapping[str, Any]) -> Outcome:
        name = field_name(variant)
        called = f"{name}(name: $name, given: $given)"
        count = variant.case.on_items
        selection = f"items(count: {count}) {{ {called} }}" if count else called
        query = f"query($name: String!, $given: AWSJSON) {{ {selection} }}"
        answer, headers = self.ask(query, {"name": variant.case.name, "given": json.dumps(given)})
        data = answer.get("data") or {}
        if count:
            value: Any = [_value(item[name]) for item in data.get("items") or []]
        else:
            value = _value(data.get(name))
        return Outcome(value, tuple(_error(each) for each in answer.get("errors") or ()), headers)

    def ask(self, query: str, variables: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The answer to an operation, and the headers of the response."""
        body = json.dumps({"query": query, "variables": variables})
        headers = {"x-api-key": self.outputs["ApiKey"], "Content-Type": "application/json", "x-cups": "2"}
        for attempt in (1, 2):
            try:
                if self._connection is None:
                    secure = self._url.scheme == "https"
                    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
                    self._connection = kind(self._url.hostname or "", self._url.port, timeout=SECONDS)
                self._connection.request("POST", self._url.path, body, headers)
                response = self._connection.getresponse()
                read = response.read()
                break
            except (http.client.HTTPException, ConnectionError):
                # A kept connection that the other side has closed meanwhile: every call here may be made again.
                self.close()
                self._connection = None
                if attempt == 2:
                    raise
        try:
            answer = json.loads(read)
        except ValueError:
            answer = {
                "errors": [{"errorType": f"HTTP {response.status}", "message": read[:200].decode(errors="replace")}]
            }
        return answer, {header.lower(): value for header, value in response.getheaders()}


def _value(given: Any) -> Any:
    """What is in ``value`` of the JSON text that the field answered with."""
    read = json.loads(given) if isinstance(given, str) else given
    return read.get("value") if isinstance(read, dict) else read


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: error.get(key) for name, key in zip(("type", "message", "data", "info"), _ERROR, strict=True)}


def _text(value: Any) -> str:
    """What a later call may say of an earlier one's value: its nextToken."""
    return str(value.get("nextToken")) if isinstance(value, Mapping) else ""


def _stored(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(json.dumps(value), parse_float=Decimal) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, set):
        return sorted(_plain(each) for each in value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value.value.decode() if isinstance(value, Binary) else value
