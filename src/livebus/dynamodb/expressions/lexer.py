"""
The text of an expression as tokens.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BYTES = 4096
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<number>[0-9]+)|(?P<sign><>|<=|>=|[<>=+\-,()\[\].]))"
)
_SPACE = re.compile(r"\s*")


class ExpressionFault(Exception):
    """What is wrong with an expression, in DynamoDB's words, without the expression's name before it."""


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: name, alias, value, number, sign, end. ``start`` and ``end`` count characters of the text."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """All tokens and an end. Raises ExpressionFault."""
    if not text.strip():
        raise ExpressionFault("The expression can not be empty;")
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ExpressionFault(
            f"Expression size has exceeded the maximum allowed size; expression size: {len(text.encode('utf-8', 'replace'))}"
        )
    found, position = [], 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            break
        kind = match.lastgroup
        assert kind is not None
        found.append(Token(kind, match[kind], match.start(kind), match.end(kind)))
        position = match.end()
    space = _SPACE.match(text, position)
    rest = space.end() if space else position
    if rest < len(text):
        found.append(Token("sign", text[rest], rest, rest + 1))
        raise syntax_fault(text, found, len(found) - 1)
    found.append(Token("end", "<EOF>", len(text), len(text)))
    return found


def syntax_fault(text: str, found: list[Token], index: int) -> ExpressionFault:
    """The token that does not belong there, with its neighbours."""
    start = found[max(index - 1, 0)].start
    end = found[min(index + 1, len(found) - 1)].end
    return ExpressionFault(f'Syntax error; token: "{found[index].text}", near: "{text[start:end].rstrip()}"')
