"""
Parses conditions (ConditionExpression, FilterExpression, KeyConditionExpression) and projections.

Results are kept by their text: applications have few expressions and use them often.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from functools import lru_cache

from livebus.dynamodb.expressions.lexer import ExpressionFault, Token, syntax_fault, tokens
from livebus.dynamodb.expressions.reserved_words import RESERVED_WORDS
from livebus.dynamodb.expressions.syntax import (
    COMPARATORS,
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Placeholder,
    Size,
)

_KEPT = 512
_MAX_NESTING = 100
_MAX_OPERATORS = 300
_MAX_OPTIONS = 100
_MAX_INDEX_DIGITS = 9
# How many arguments each takes.
FUNCTIONS = {"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}


@lru_cache(_KEPT)
def parse_condition(text: str) -> Condition:
    """Raises ExpressionFault."""
    parser = _ConditionParser(text)
    condition = parser.condition()
    parser.end()
    return condition


@lru_cache(_KEPT)
def parse_projection(text: str) -> tuple[Path, ...]:
    """Raises ExpressionFault."""
    parser = Parser(text)
    paths = [parser.path()]
    while parser.takes(","):
        paths.append(parser.path())
    parser.end()
    return tuple(paths)


class Parser:
    """What all expressions have in common: signs, words, paths, values."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._operators = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def fault(self) -> ExpressionFault:
        return syntax_fault(self._text, self._tokens, self._next)

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.fault()

    def advance(self) -> Token:
        token = self.token
        self._next += 1
        return token

    def takes(self, sign: str) -> bool:
        """Whether the sign is next; it is passed then."""
        if self.token.kind != "sign" or self.token.text != sign:
            return False
        self._next += 1
        return True

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise self.fault()

    def takes_word(self, word: str) -> bool:
        """The same for a keyword, in capitals or not."""
        if self.token.kind != "name" or self.token.text.upper() != word:
            return False
        self._next += 1
        return True

    def count_operator(self) -> None:
        self._operators += 1
        if self._operators > _MAX_OPERATORS:
            raise ExpressionFault(f"The expression contains too many operators; the maximum is {_MAX_OPERATORS}")

    def is_call(self) -> bool:
        """Whether a name with an opening bracket behind it is next."""
        following = self._tokens[self._next + 1] if self.token.kind != "end" else self.token
        return self.token.kind == "name" and following.kind == "sign" and following.text == "("

    def path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while True:
            if self.takes("."):
                steps.append(self._name())
            elif self.takes("["):
                if self.token.kind != "number":
                    raise self.fault()
                text = self.advance().text
                if len(text) > _MAX_INDEX_DIGITS:
                    raise ExpressionFault(f"List index is not within the allowable range; index: [{text[:40]}]")
                steps.append(int(text))
                self.expect("]")
            else:
                return Path(tuple(steps))

    def _name(self) -> str:
        if self.token.kind not in ("name", "alias"):
            raise self.fault()
        token = self.advance()
        if token.kind == "name" and token.text.upper() in RESERVED_WORDS:
            raise ExpressionFault(f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
        return token.text

    def placeholder(self) -> Placeholder:
        if self.token.kind != "value":
            raise self.fault()
        return Placeholder(self.advance().text)


class _ConditionParser(Parser):
    def condition(self, depth: int = 0) -> Condition:
        if depth > _MAX_NESTING:
            raise ExpressionFault("The expression is nested too deeply")
        parts = [self._conjunction(depth)]
        while self.takes_word("OR"):
            self.count_operator()
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self, depth: int) -> Condition:
        parts = [self._negation(depth)]
        while self.takes_word("AND"):
            self.count_operator()
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self, depth: int) -> Condition:
        negations = 0
        while self.takes_word("NOT"):
            self.count_operator()
            negations += 1
            if negations + depth > _MAX_NESTING:
                raise ExpressionFault("The expression is nested too deeply")
        condition = self._primary(depth)
        for _ in range(negations):
            condition = Not(condition)
        return condition

    def _primary(self, depth: int) -> Condition:
        if self.takes("("):
            redundant = self.token.kind == "sign" and self.token.text == "("
            opened = self._next
            condition = self.condition(depth + 1)
            if redundant and self._closes(opened):
                raise ExpressionFault("The expression has redundant parentheses;")
            self.expect(")")
            return condition
        if self.is_call() and self.token.text != "size":
            return self._function()
        operand = self.operand()
        if self.token.kind == "sign" and self.token.text in COMPARATORS:
            self.count_operator()
            return Comparison(self.advance().text, operand, self.operand())
        if self.takes_word("BETWEEN"):
            self.count_operator()
            low = self.operand()
            if not self.takes_word("AND"):
                raise self.fault()
            return Between(operand, low, self.operand())
        if self.takes_word("IN"):
            self.count_operator()
            return In(operand, self._options())
        raise self.fault()

    def _closes(self, opened: int) -> bool:
        """Whether the bracket at this token is closed by the last one that was read."""
        depth = 0
        for index in range(opened, self._next):
            token = self._tokens[index]
            if token.kind == "sign":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                if depth == 0 and token.text == ")":
                    return index == self._next - 1
        return False

    def _options(self) -> tuple[Operand, ...]:
        self.expect("(")
        options = [self.operand()]
        while self.takes(","):
            options.append(self.operand())
        if len(options) > _MAX_OPTIONS:
            raise ExpressionFault(
                f"The IN operator is provided with too many operands; number of operands: {len(options)}"
            )
        self.expect(")")
        return tuple(options)

    def _function(self) -> Function:
        self.count_operator()
        name = self.token.text
        if name not in FUNCTIONS:
            raise ExpressionFault(f"Invalid function name; function: {name}")
        self.advance()
        self.expect("(")
        arguments = [self.operand()]
        while self.takes(","):
            arguments.append(self.operand())
        self.expect(")")
        if len(arguments) != FUNCTIONS[name]:
            raise ExpressionFault(
                f"Incorrect number of operands for operator or function; operator or function: {name},"
                f" number of operands: {len(arguments)}"
            )
        if not isinstance(arguments[0], Path) and name not in ("begins_with", "contains"):
            raise ExpressionFault(f"Operator or function requires a document path; operator or function: {name}")
        return Function(name, tuple(arguments))

    def operand(self) -> Operand:
        if self.token.kind == "value":
            return self.placeholder()
        if not self.is_call():
            return self.path()
        name = self.token.text
        if name != "size":
            if name in FUNCTIONS:
                raise ExpressionFault(
                    f"The function is not allowed to be used this way in an expression; function: {name}"
                )
            raise ExpressionFault(f"Invalid function name; function: {name}")
        self.count_operator()
        self.advance()
        self.expect("(")
        of = self.placeholder() if self.token.kind == "value" else self.path()
        self.expect(")")
        return Size(of)
