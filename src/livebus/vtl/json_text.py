"""
Reads what a template printed as JSON, as leniently as AppSync was seen to.

A comma before the end of an object or a list passes (seen of AppSync); empty text is null (AWS does not say); anything else
is JSON to the letter. The words of errors are AppSync's.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_TRAILING_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)
_LONG_NUMBER = re.compile(r"\d{17}")
_SHOWN = 10_000  # characters of a text in an error


class NotJson(ValueError):
    """``str()`` is what AppSync says of the text."""


def read_json(text: str) -> Any:
    """The value of a text. Raises NotJson."""
    if _LONG_NUMBER.search(text) is None:  # of which orjson makes doubles
        try:
            return orjson.loads(text)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            pass
    if not text.strip():
        return None
    without = _TRAILING_COMMA.sub(lambda match: "" if match[0] == "," else match[0], text).strip()
    try:
        value, end = _DECODER.raw_decode(without)
    except (ValueError, RecursionError):
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        raise NotJson(f"Unable to convert {shown} to Object.") from None
    if end < len(without):
        raise NotJson("Trailing characters at the end of the JSON string are not allowed.")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
