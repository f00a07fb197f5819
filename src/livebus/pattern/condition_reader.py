"""
The elements of a field's array, read from the pattern's tokens into conditions.

In: tokens, standing on the element's first. Out: a condition, the tokens standing on its last. Raises
:class:`~livebus.errors.InvalidEventPattern`; each reason and its place is the one that AWS gives.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from typing import NoReturn

from livebus.errors import InvalidEventPattern
from livebus.pattern.address import InvalidAddress, address_of, block_of
from livebus.pattern.conditions import (
    Absent,
    AnythingBut,
    Condition,
    Exactly,
    Exists,
    InBlock,
    Literal,
    Numeric,
    SameAddress,
    SameNumber,
    quoted,
)
from livebus.pattern.number import comparable, number_of_text
from livebus.pattern.string_conditions import (
    AnythingButForm,
    EqualsIgnoreCase,
    Prefix,
    PrefixIgnoreCase,
    Suffix,
    SuffixIgnoreCase,
    Wildcard,
)
from livebus.pattern.tokens import (
    END_ARRAY,
    END_OBJECT,
    FALSE,
    NAME,
    NULL,
    NUMBER,
    START_ARRAY,
    START_OBJECT,
    STRING,
    TRUE,
    Tokens,
)


class RefusedInList(InvalidEventPattern):
    """A refusal inside the list of an anything-but: AWS's message has its place twice."""


_Reader = Callable[[Tokens], Condition]

_LITERALS = {TRUE: True, FALSE: False, NULL: None}


def read_value(tokens: Tokens) -> Condition:
    """A plain string, number, true, false or null."""
    kind = tokens.kind
    if kind == STRING:
        text = tokens.text
        address = address_of(text)
        return Exactly(text) if address is None else SameAddress(text, address)
    if kind == NUMBER:
        return SameNumber(tokens.text, number_of_text(tokens.text))
    if kind not in _LITERALS:
        tokens.refuse("Match value must be String, number, true, false, or null")
    return Literal(_LITERALS[kind])


def read_operator(tokens: Tokens) -> Condition:
    """An object with one operator in it: ``{"prefix": "x"}``."""
    if tokens.next() != NAME:
        tokens.refuse("Match expression name not found")
    read = OPERATORS.get(tokens.name)
    if read is None:
        tokens.refuse(f"Unrecognized match type {tokens.name}")
    return read(tokens)


def _end(tokens: Tokens, reason: str = "Only one key allowed in match expression") -> None:
    if tokens.next() != END_OBJECT:
        tokens.refuse(reason)


def _end_in_numbers(tokens: Tokens) -> None:
    # AWS's words also where no number is near, as after the argument of an anything-but.
    _end(tokens, "Too many elements in numeric expression")


def _string(tokens: Tokens, reason: str) -> str:
    if tokens.next() != STRING:
        tokens.refuse(reason)
    return tokens.text


def _exactly(tokens: Tokens) -> Condition:
    text = _string(tokens, "exact match pattern must be a string")
    _end(tokens)
    return Exactly(text)


def _equals_ignore_case(tokens: Tokens) -> Condition:
    text = _string(tokens, "equals-ignore-case match pattern must be a string")
    _end(tokens)
    return EqualsIgnoreCase(text)


def _affix(name: str, plain: Callable[[str], Condition], ignoring_case: Callable[[str], Condition]) -> _Reader:
    """The reader of prefix or suffix: a string, or an object with equals-ignore-case."""

    def read(tokens: Tokens) -> Condition:
        kind = tokens.next()
        if kind == START_OBJECT:
            if tokens.next() != NAME:
                tokens.refuse(f"{name.capitalize()} expression name not found")
            if tokens.name != "equals-ignore-case":
                tokens.refuse(f"Unsupported {name} pattern: {tokens.name}")
            text = _string(tokens, "equals-ignore-case match pattern must be a string")
            _end(tokens)
            _end(tokens)
            return ignoring_case(text)
        if kind != STRING:
            tokens.refuse(f"{name} match pattern must be a string")
        text = tokens.text
        _end(tokens)
        return plain(text)

    return read


def _wildcard(tokens: Tokens) -> Condition:
    text = _string(tokens, "wildcard match pattern must be a string")
    segments = _segments(tokens, text)
    _end(tokens)
    return Wildcard(text, segments)


def _segments(tokens: Tokens, text: str) -> tuple[str, ...]:
    """The texts between the stars of a wildcard. Positions in refusals count bytes, the opening quote as 0."""

    def refuse(reason: str, at: int) -> NoReturn:
        tokens.refuse(f"{reason} at pos {len(text[:at].encode('utf-8', 'surrogatepass')) + 1}")

    segments = [""]
    at = 0
    while at < len(text):
        char = text[at]
        if char == "*":
            if text.startswith("*", at + 1):
                refuse("Consecutive wildcard characters", at)
            segments.append("")
        elif char == "\\":
            if text[at + 1 : at + 2] not in ("*", "\\"):
                refuse("Invalid escape character", at)
            at += 1
            segments[-1] += text[at]
        else:
            segments[-1] += char
        at += 1
    return tuple(segments)


def _exists(tokens: Tokens) -> Condition:
    kind = tokens.next()
    if kind not in (TRUE, FALSE):
        tokens.refuse("exists match pattern must be either true or false.")
    _end(tokens)
    return Exists() if kind == TRUE else Absent()


def _cidr(tokens: Tokens) -> Condition:
    # "prefix" is AWS's word here.
    text = _string(tokens, "prefix match pattern must be a string")
    try:
        low, high = block_of(text)
    except InvalidAddress as error:
        raise tokens.refusal(str(error), None) from None
    _end(tokens)
    return InBlock(text, low, high)


def _numeric(tokens: Tokens) -> Condition:
    if tokens.next() != START_ARRAY:
        tokens.refuse("Value of numeric must be an array.")
    if tokens.next() != STRING:
        tokens.refuse(f"Invalid member in numeric match: {tokens.text}")
    comparison = tokens.text
    kind = tokens.next()
    if comparison not in ("=", "<", "<=", ">", ">="):
        tokens.refuse(f"Unrecognized numeric range operator: {comparison}")
    if kind != NUMBER:
        tokens.refuse(f"Value of {'equals' if comparison == '=' else comparison} must be numeric")
    bound = tokens.text
    text = f"[{quoted(comparison)},{bound}"
    if tokens.next() == END_ARRAY:
        number = _compared(tokens, bound)
        low = number if comparison in ("=", ">", ">=") else -inf
        high = number if comparison in ("=", "<", "<=") else inf
        condition = Numeric(text + "]", low, comparison == ">", high, comparison == "<")
    elif comparison in ("=", "<", "<="):
        tokens.refuse("Too many elements in numeric expression")
    else:
        condition = _range(tokens, text, bound, low_open=comparison == ">")
    _end_in_numbers(tokens)
    return condition


def _range(tokens: Tokens, text: str, bottom: str, *, low_open: bool) -> Numeric:
    """The second half of a range, after its bottom."""
    if tokens.kind != STRING:
        tokens.refuse(f"Bad value in numeric range: {tokens.text}")
    comparison = tokens.text
    if comparison not in ("<", "<="):
        tokens.refuse(f"Bad numeric range operator: {comparison}")
    if tokens.next() != NUMBER:
        tokens.refuse(f"Value of {comparison} must be numeric")
    top = tokens.text
    if tokens.next() != END_ARRAY:
        tokens.refuse("Too many terms in numeric range expression")
    low, high = _compared(tokens, bottom), _compared(tokens, top)
    if low >= high:
        tokens.refuse("Bottom must be less than top")
    return Numeric(f"{text},{quoted(comparison)},{top}]", low, low_open, high, comparison == "<")


def _compared(tokens: Tokens, text: str) -> float:
    number = comparable(text)
    if number is None:
        tokens.refuse(f"Cannot compare number : {text}")
    return number


# The operators that anything-but takes inside, and what AWS says where one has anything but strings.
_FORMS: Mapping[str, str] = {
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}

_PLAIN_FORMS: Mapping[str, Callable[[str], Prefix | Suffix | EqualsIgnoreCase]] = {
    "equals-ignore-case": EqualsIgnoreCase,
    "prefix": Prefix,
    "suffix": Suffix,
}


def _anything_but(tokens: Tokens) -> Condition:
    kind = tokens.next()
    form = ""
    if kind == START_OBJECT:
        if tokens.next() != NAME:
            tokens.refuse("Anything-But expression name not found")
        form = tokens.name
        if form not in _FORMS:
            tokens.refuse(f"Unsupported anything-but pattern: {form}")
        kind = tokens.next()
    if kind not in (START_ARRAY, STRING, NUMBER):
        tokens.refuse("Value of anything-but must be an array or single string/number value.")
    listed = kind == START_ARRAY
    condition = _but_form(tokens, form, listed=listed) if form else _but_values(tokens, listed=listed)
    _end_in_numbers(tokens)
    if form:
        _end_in_numbers(tokens)
    return condition


def _but_values(tokens: Tokens, *, listed: bool) -> Condition:
    """The strings or the numbers that an anything-but excludes."""
    strings: list[str] = []
    numbers: list[str] = []
    if not listed:
        (strings if tokens.kind == STRING else numbers).append(tokens.text)
        if numbers and comparable(tokens.text) is None:
            # Unlike in a list, AWS gives no place here.
            raise tokens.refusal(f"Cannot compare number : {tokens.text}", None)
        return AnythingBut(listed, tuple(strings), tuple(numbers))
    with _refusals_in_list():
        while (kind := tokens.next()) != END_ARRAY:
            if kind not in (STRING, NUMBER):
                tokens.refuse("Inside anything but list, start|null|boolean is not supported.")
            if kind == NUMBER:
                _compared(tokens, tokens.text)
            (strings if kind == STRING else numbers).append(tokens.text)
    if bool(strings) == bool(numbers):
        tokens.refuse("Inside anything but list, either all values are number or string, mixed type is not supported")
    return AnythingBut(listed, tuple(strings), tuple(numbers))


def _but_form(tokens: Tokens, form: str, *, listed: bool) -> Condition:
    """The prefixes, suffixes … that an anything-but excludes."""
    texts: list[str] = []
    if listed:
        with _refusals_in_list():
            while tokens.next() != END_ARRAY:
                texts.append(_form_text(tokens, form))
    else:
        texts.append(_form_text(tokens, form))
    if not texts:
        # The engine fails here with an error of its own; AWS does not document what the service says.
        tokens.refuse(f"Inside anything-but/{form} list, at least one value is needed")
    if form == "wildcard":
        return AnythingButForm(form, listed, tuple(Wildcard(text, _segments(tokens, text)) for text in texts))
    return AnythingButForm(form, listed, tuple(_PLAIN_FORMS[form](text) for text in texts))


def _form_text(tokens: Tokens, form: str) -> str:
    if tokens.kind != STRING:
        tokens.refuse(_FORMS[form])
    if not tokens.text and form in ("prefix", "suffix"):
        tokens.refuse("Null prefix/suffix not allowed")
    return tokens.text


@contextmanager
def _refusals_in_list() -> Iterator[None]:
    try:
        yield
    except InvalidEventPattern as error:
        raise RefusedInList(error.reason, line=error.line, column=error.column) from None


OPERATORS: Mapping[str, _Reader] = {
    "exactly": _exactly,
    "prefix": _affix("prefix", Prefix, PrefixIgnoreCase),
    "suffix": _affix("suffix", Suffix, SuffixIgnoreCase),
    "numeric": _numeric,
    "anything-but": _anything_but,
    "exists": _exists,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}
