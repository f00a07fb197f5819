"""
``$util``'s encodings and patterns, and ``$util.str``.

https://docs.aws.amazon.com/appsync/latest/devguide/utility-helpers-in-util.html
https://docs.aws.amazon.com/appsync/latest/devguide/str-helpers-in-util-str.html
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from typing import Any, Literal, cast
from urllib.parse import quote_plus, unquote_to_bytes

from livebus.vtl import patterns
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.java_pattern import InvalidPattern

_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_SPECIAL = re.compile("[\"'\\\\/]|[^ -~]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def _bytes(text: str) -> bytes:
    """UTF-8; a lone surrogate becomes "?", as Java's getBytes has it."""
    return _SURROGATE.sub("?", text).encode()


@function("util.urlEncode", "text")
def _url_encode(evaluation: Evaluation, text: str | None) -> str | None:
    # Java's URLEncoder leaves the asterisk, and encodes the tilde.
    return None if text is None else quote_plus(_bytes(text), safe="*").replace("~", "%7E")


@function("util.urlDecode", "text")
def _url_decode(evaluation: Evaluation, text: str | None) -> str | None:
    if text is None:
        return None
    if _BROKEN_ESCAPE.search(text):
        raise evaluation.fail("Illegal hex characters in escape (%) pattern")
    return unquote_to_bytes(_bytes(text.replace("+", " "))).decode(errors="replace")


@function("util.base64Encode", "text")
def _base64_encode(evaluation: Evaluation, text: str | None) -> str | None:
    return None if text is None else base64.b64encode(_bytes(text)).decode()


@function("util.base64Decode", "text")
def _base64_decode(evaluation: Evaluation, text: str | None) -> str | None:
    """The text that the bytes are in UTF-8: templates know no bytes."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.encode("ascii"), validate=True).decode(errors="replace")
    except (binascii.Error, UnicodeEncodeError):
        raise evaluation.fail("Illegal base64 text") from None


@function("util.escapeJavaScript", "text")
def _escape(evaluation: Evaluation, text: str | None) -> str | None:
    def escaped(match: re.Match[str]) -> str:
        letter = match[0]
        if letter in _SHORT:
            return _SHORT[letter]
        if " " <= letter <= "~":
            return "\\" + letter
        units = letter.encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2))

    return None if text is None else _SPECIAL.sub(escaped, text)


@function("util.matches", "text text")
def _matches(evaluation: Evaluation, pattern: str | None, text: str | None) -> bool:
    """Whether a pattern of Java's is found in a text."""
    try:
        return pattern is not None and text is not None and patterns.contains_match(pattern, text, evaluation.budget)
    except InvalidPattern as invalid:
        raise evaluation.fail(f"The pattern {pattern!r} of $util.matches: {invalid}") from None


@function("util.str.toUpper", "text")
def _upper(evaluation: Evaluation, text: str | None) -> str | None:
    return None if text is None else text.upper()


@function("util.str.toLower", "text")
def _lower(evaluation: Evaluation, text: str | None) -> str | None:
    return None if text is None else text.lower()


@function("util.str.toReplace", "text text text")
def _replace(evaluation: Evaluation, text: Any, old: Any, new: Any) -> str | None:
    if text is None or old is None or new is None:
        return None
    evaluation.budget.text(len(text) + max(0, text.count(old) * (len(new) - len(old))))
    return str(text.replace(old, new))


@function("util.str.normalize", "text text")
def _normalize(evaluation: Evaluation, text: str | None, form: str | None) -> str | None:
    wanted = (form or "").upper()
    if text is None or wanted not in _FORMS:
        raise evaluation.fail(f"$util.str.normalize takes a text and one of {', '.join(_FORMS).lower()}")
    written = unicodedata.normalize(cast(Literal["NFC", "NFD", "NFKC", "NFKD"], wanted), text)
    evaluation.budget.text(len(written))
    return written
