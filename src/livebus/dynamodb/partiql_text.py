"""
The text of a PartiQL statement: its tokens, its values, and its conditions and changes as DynamoDB's own expressions.

PartiQL's names and values become aliases and placeholders, so that one parser decides what an expression is.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from livebus.dynamodb.errors import DynamoDBError, invalid

_LONGEST = 8192
_MAX_DEPTH = 32
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?P<sign><<|>>|<>|!=|<=|>=|[-+=<>,.(){}\[\]?*:;]))"""
)
_KEPT = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_CONSTANTS: dict[str, dict[str, Any]] = {"TRUE": {"BOOL": True}, "FALSE": {"BOOL": False}, "NULL": {"NULL": True}}
_SETS = {"S": "SS", "N": "NS", "B": "BS"}


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: text, quoted, word, number, sign, end; texts without their quotes."""

    kind: str
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    def is_sign(self, sign: str) -> bool:
        return self.kind == "sign" and self.text == sign


@dataclass(slots=True)
class Statement:
    """The tokens that are left of a statement, and its parameters (the values for ``?``)."""

    tokens: list[Token]
    parameters: Iterator[Any]

    @classmethod
    def of(cls, text: str, parameters: list[Any]) -> Statement:
        """Raises DynamoDBError."""
        if len(text) > _LONGEST:
            raise invalid(f"Statement length exceeds the maximum of {_LONGEST} characters")
        found, position = [], 0
        while match := _TOKEN.match(text, position):
            kind = str(match.lastgroup)
            content = match[kind]
            if kind in ("text", "quoted"):
                content = content[1:-1].replace(content[0] * 2, content[0])
            found.append(Token(kind, content))
            position = match.end()
        if text[position:].strip():
            raise malformed(text[position:].strip()[:20])
        asked = sum(token.is_sign("?") for token in found)
        if asked != len(parameters):
            raise invalid("Number of parameters in request and statement don't match.")
        if found and found[-1].is_sign(";"):
            found.pop()
        return cls([*found, Token("end", "")], iter(parameters))

    @property
    def next(self) -> Token:
        return self.tokens[0]

    def take(self) -> Token:
        return self.tokens.pop(0) if self.next.kind != "end" else self.next

    def takes(self, *words: str) -> bool:
        """Whether one of these words is next; it is passed then."""
        if not self.next.is_word(*words):
            return False
        self.take()
        return True

    def takes_sign(self, sign: str) -> bool:
        if not self.next.is_sign(sign):
            return False
        self.take()
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.takes(word):
                raise malformed(self.next.text)

    def expect_sign(self, sign: str) -> None:
        if not self.takes_sign(sign):
            raise malformed(self.next.text)

    def name(self) -> str:
        """A name, quoted or not."""
        if self.next.kind not in ("quoted", "word"):
            raise malformed(self.next.text)
        return self.take().text

    def end(self) -> None:
        if self.next.kind != "end":
            raise malformed(self.next.text)

    # --- values -----------------------------------------------------------------------------------------------------

    def value(self, depth: int = 0) -> dict[str, Any]:
        """A literal or a parameter, as an attribute value."""
        if depth > _MAX_DEPTH:
            raise invalid("Nesting Levels have exceeded supported limits")
        token = self.take()
        if token.kind == "text":
            return {"S": token.text}
        if token.kind == "number":
            return {"N": token.text}
        if token.is_sign("-") and self.next.kind == "number":
            return {"N": f"-{self.take().text}"}
        if token.is_word(*_CONSTANTS):
            return dict(_CONSTANTS[token.text.upper()])
        if token.is_sign("?"):
            return next(self.parameters)
        if token.is_sign("["):
            return {"L": list(self._until("]", lambda: self.value(depth + 1)))}
        if token.is_sign("{"):
            return {"M": dict(self._until("}", lambda: self._member(depth)))}
        if token.is_sign("<<"):
            return self._set(depth)
        raise malformed(token.text)

    def _until(self, end: str, read: Callable[[], Any]) -> Iterator[Any]:
        if self.takes_sign(end):
            return
        yield read()
        while self.takes_sign(","):
            yield read()
        self.expect_sign(end)

    def _member(self, depth: int) -> tuple[str, dict[str, Any]]:
        token = self.take()
        if token.kind not in ("text", "quoted"):
            raise malformed(token.text)
        self.expect_sign(":")
        return token.text, self.value(depth + 1)

    def _set(self, depth: int) -> dict[str, Any]:
        values = list(self._until(">>", lambda: self.value(depth + 1)))
        kinds = {kind for value in values for kind in value}
        if len(kinds) != 1 or not kinds <= _SETS.keys():
            raise invalid("A set holds values of one type: strings, numbers or binaries")
        (kind,) = kinds
        return {_SETS[kind]: [value[kind] for value in values]}


def malformed(near: str) -> DynamoDBError:
    return invalid(f"Statement wasn't well formed, can't be processed: Unexpected token near {near[:40]!r}")


@dataclass(slots=True)
class Expressions:
    """Collects the names and values of expressions made of a statement. ``request`` is what ``Placeholders`` takes."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def request(self, **expressions: str) -> dict[str, Any]:
        request: dict[str, Any] = {name: text for name, text in expressions.items() if text}
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values
        return request

    def alias(self, name: str) -> str:
        known = next((alias for alias, each in self.names.items() if each == name), None)
        if known is None:
            known = f"#n{len(self.names)}"
            self.names[known] = name
        return known

    def placeholder(self, value: Any) -> str:
        name = f":v{len(self.values)}"
        self.values[name] = value
        return name

    def expression(self, statement: Statement, *ends: str) -> str:
        """The tokens up to one of these words (not within brackets), or the end, as an expression's text. There is at least one."""
        text = self._expression(statement, ends)
        if not text:
            raise malformed(statement.next.text)
        return text

    def _expression(self, statement: Statement, ends: tuple[str, ...]) -> str:
        parts: list[str] = []
        starts_value = True
        depth = list_depth = 0
        while statement.next.kind != "end" and not (depth == 0 and statement.next.is_word(*ends)):
            token = statement.next
            if token.is_word("IS"):
                self._missing(statement, parts)
            elif token.is_word("IN"):
                statement.take()
                statement.expect_sign("[") if statement.next.is_sign("[") else statement.expect_sign("(")
                list_depth, depth = depth + 1, depth + 1
                parts += ["IN", "("]
            elif token.is_word(*_KEPT):
                parts.append(statement.take().text)
                starts_value = True
                continue
            elif token.is_word(*_CONSTANTS) or token.kind in ("text", "number") or token.is_sign("?"):
                if token.kind == "number" and parts and parts[-1] == "[":
                    parts.append(statement.take().text)
                else:
                    parts.append(self.placeholder(statement.value()))
            elif starts_value and (
                token.is_sign("[") or token.is_sign("{") or token.is_sign("<<") or token.is_sign("-")
            ):
                parts.append(self.placeholder(statement.value()))
            elif token.kind in ("quoted", "word"):
                self._named(statement, parts)
            else:
                sign = "<>" if token.is_sign("!=") else token.text
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
                if sign == "]" and list_depth == depth + 1:
                    sign, list_depth = ")", 0
                statement.take()
                parts.append(sign)
            starts_value = parts[-1] in ("=", "<>", "<", "<=", ">", ">=", "(", ",", "+", "-")
        return " ".join(parts)

    def _named(self, statement: Statement, parts: list[str]) -> None:
        token = statement.take()
        if token.kind == "word" and statement.next.is_sign("("):
            parts.append(token.text.lower())
        else:
            parts.append(self.alias(token.text))

    @staticmethod
    def _missing(statement: Statement, parts: list[str]) -> None:
        """``path IS [NOT] MISSING`` is a function of the path that was read last."""
        statement.expect("IS")
        function = "attribute_exists" if statement.takes("NOT") else "attribute_not_exists"
        statement.expect("MISSING")
        start = len(parts)
        while start and parts[start - 1] not in ("(", "AND", "OR", "NOT", "and", "or", "not"):
            start -= 1
        parts[start:] = [function, "(", *parts[start:], ")"]
