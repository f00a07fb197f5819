"""
AWS's query protocol: a form in, XML out. CloudFormation and STS speak it.

In: the body of a form, ``Parameters.member.1.ParameterKey=…``. Out: nested objects and lists; answers and errors in the
shape that SDKs read.
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from livebus.numerals import whole
from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.port.refusals import NOT_IN_XML

# Larger indices are nobody's list: they would only make one of mostly nothing.
_MOST_MEMBERS = 1000
_MOST_FIELDS = 20_000
_DEEPEST = 32


def read_form(body: bytes) -> dict[str, Any]:
    """
    A form as the call's parameters. Members of lists come in the order of their numbers.

    Raises AwsError where a name cannot be read, or the form has more members than any call.
    """
    tree: dict[str, Any] = {}
    try:
        members = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise AwsError("MalformedInput", f"The form has more than {_MOST_FIELDS} members.") from None
    for name, value in members:
        parts = name.split(".")
        if len(parts) > _DEEPEST:
            raise AwsError("MalformedInput", f"A name of the form has more than {_DEEPEST} parts.")
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise AwsError("MalformedInput", f"{name} is a value and holds one.")
        if isinstance(node.get(parts[-1]), dict):
            raise AwsError("MalformedInput", f"{name} is a value and holds one.")
        node[parts[-1]] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    members = value.get("member")
    if len(value) == 1 and isinstance(members, dict):
        numbers = sorted(
            number for text in members if (number := whole(text, _MOST_MEMBERS)) is not None and str(number) == text
        )
        return [_lists(members[str(number)]) for number in numbers]
    return {name: _lists(item) for name, item in value.items()}


def answer(action: str, result: Mapping[str, Any] | None, *, namespace: str, request_id: str) -> HttpAnswer:
    """The answer to a call; ``result`` None for actions whose answer has no result at all."""
    told = "" if result is None else f"<{action}Result>{_members(result)}</{action}Result>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    return _xml(200, f'<{action}Response xmlns="{namespace}">{told}{metadata}</{action}Response>', request_id)


def refusal(error: AwsError, *, namespace: str, request_id: str) -> HttpAnswer:
    """An error as the protocol has it."""
    kind = "Sender" if error.status < 500 else "Receiver"
    told = f"<Type>{kind}</Type><Code>{error.error_type}</Code><Message>{_text(error.message)}</Message>"
    xml = f'<ErrorResponse xmlns="{namespace}"><Error>{told}</Error><RequestId>{request_id}</RequestId></ErrorResponse>'
    return _xml(error.status, xml, request_id)


def _xml(status: int, xml: str, request_id: str) -> HttpAnswer:
    return HttpAnswer(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, xml.encode())


def _members(members: Mapping[str, Any]) -> str:
    """The members that are there: None is left out."""
    return "".join(f"<{name}>{_value(value)}</{name}>" for name, value in members.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_value(item)}</member>" for item in value)
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return html.escape(NOT_IN_XML.sub("?", str(value)))
