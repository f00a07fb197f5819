"""
An event pattern's text, read into the conditions that an event must meet.

In: the text. Out: a :class:`PatternRule`, which holds the sub-rules that ``$or`` makes of it: each a set of fields with the
conditions of which one must be met. Raises :class:`~livebus.errors.InvalidEventPattern` in AWS's words.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from livebus.errors import InvalidEventPattern
from livebus.pattern.condition_reader import read_operator, read_value
from livebus.pattern.conditions import Condition
from livebus.pattern.tokens import END_ARRAY, END_OBJECT, START_ARRAY, START_OBJECT, Tokens

MAX_COMBINATIONS = 1000
# Names that stay free for operators to come: no field inside $or may have them.
RESERVED = frozenset(
    [
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"),
        *("html", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after"),
        *("date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range"),
        "ip-address-not-in-range",
    ]
)


class TooManyCombinations(InvalidEventPattern):
    """A pattern whose ``$or`` members combine to more than 1,000 sub-rules."""


@dataclass(frozen=True, slots=True)
class PatternField:
    """What a pattern asks of one field: one of ``conditions``. ``branch`` is the ``$or`` member that it stands in."""

    conditions: tuple[Condition, ...]
    branch: str = ""


# Fields by their dotted path: "detail.state".
SubRule = Mapping[str, PatternField]


@dataclass(frozen=True, slots=True)
class PatternRule:
    """
    A pattern as read. An event matches if it meets any of ``sub_rules``; without ``$or`` there is one.

    ``or_as_field`` tells that a ``$or`` was taken for an ordinary field, since it is not an operator's.
    """

    sub_rules: tuple[SubRule, ...]
    or_as_field: bool = False


def read(text: str) -> PatternRule:
    """
    Read a pattern. Raises :class:`~livebus.errors.InvalidEventPattern`.

    A pattern that is not valid with ``$or`` as an operator is valid if it is with ``$or`` as a field: so the engine.
    """
    reading = _Reading(text, or_as_field=False)
    try:
        return PatternRule(reading.sub_rules())
    except InvalidEventPattern:
        if not reading.saw_or:
            raise
        try:
            return PatternRule(_Reading(text, or_as_field=True).sub_rules(), or_as_field=True)
        except InvalidEventPattern:
            pass
        raise


@dataclass(slots=True)
class _Object:
    """An object that is being read: its path, and where its ``$or`` member stands."""

    path: tuple[str, ...]
    branch: str
    inside_or: bool
    empty: bool = True


@dataclass(slots=True)
class _Or:
    """A ``$or`` that is being read: the sub-rules before it, those of the members so far, and their number."""

    parent: _Object
    before: list[dict[str, PatternField]]
    after: list[dict[str, PatternField]]
    members: int = 0


class _Reading:
    """One pass over the tokens. Open objects and ``$or`` arrays stand on a stack, so that depth costs no frames."""

    def __init__(self, text: str, *, or_as_field: bool) -> None:
        self._tokens = Tokens(text)
        self._or_as_field = or_as_field
        self._rules: list[dict[str, PatternField]] = []
        self._too_many = False
        self.saw_or = False

    def sub_rules(self) -> tuple[SubRule, ...]:
        tokens = self._tokens
        if tokens.next() != START_OBJECT:
            tokens.refuse("Filter is not an object")
        stack: list[_Object | _Or] = [_Object((), "", inside_or=False)]
        while stack:
            top = stack[-1]
            opened = self._in_or(top) if isinstance(top, _Or) else self._in_object(top)
            if opened is None:
                stack.pop()
            elif opened is not top:
                stack.append(opened)
        if self._too_many:
            # AWS documents the limit and the exception, but no wording; this one is ours.
            raise TooManyCombinations(f"Rule is too complex - more than {MAX_COMBINATIONS} $or combinations")
        return tuple(self._rules)

    def _in_object(self, current: _Object) -> _Object | _Or | None:
        """Read one member; return what it opened, ``current`` if nothing, None if the object has ended."""
        tokens = self._tokens
        if tokens.next() == END_OBJECT:
            if current.empty:
                tokens.refuse("Empty objects are not allowed")
            return None
        current.empty = False
        name = tokens.name
        if name == "$or" and not self._or_as_field:
            self.saw_or = True
            if tokens.next() != START_ARRAY:
                tokens.refuse("It must be an Array followed with $or.")
            before, self._rules = self._rules, []
            return _Or(current, before, [])
        if current.inside_or and name in RESERVED:
            tokens.refuse(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
        kind = tokens.next()
        if kind == START_OBJECT:
            return _Object((*current.path, name), current.branch, inside_or=current.inside_or)
        if kind != START_ARRAY:
            tokens.refuse(f'"{name}" must be an object or an array')
        self._write(".".join((*current.path, name)), PatternField(self._conditions(), current.branch))
        return current

    def _in_or(self, current: _Or) -> _Object | None:
        """Begin the next member of a ``$or``; None if it has ended."""
        tokens = self._tokens
        if current.members:
            current.after += self._rules
            if len(current.after) > MAX_COMBINATIONS or self._too_many:
                # Reading goes on, for a fault of form is told first; what is too much is not kept.
                self._too_many = True
                del current.after[1:], current.before[1:]
        kind = tokens.next()
        if kind == END_ARRAY:
            if current.members < 2:
                tokens.refuse("There must have at least 2 Objects in $or relationship.")
            self._rules = current.after
            return None
        if kind != START_OBJECT:
            tokens.refuse("Only JSON object is allowed in array of $or relationship.")
        self._rules = [dict(rule) for rule in current.before] or [{}]
        parent = current.parent
        place = ".".join(("$", *parent.path, f"$or[{current.members}]"))
        branch = f"{parent.branch} {place}".strip()
        current.members += 1
        return _Object(parent.path, branch, inside_or=True)

    def _conditions(self) -> tuple[Condition, ...]:
        tokens = self._tokens
        conditions: list[Condition] = []
        while (kind := tokens.next()) != END_ARRAY:
            conditions.append(read_operator(tokens) if kind == START_OBJECT else read_value(tokens))
        if not conditions:
            tokens.refuse("Empty arrays are not allowed")
        return tuple(conditions)

    def _write(self, path: str, field: PatternField) -> None:
        """Set a field in every sub-rule so far. The last word on a path counts."""
        if not self._rules:
            self._rules.append({})
        for rule in self._rules:
            rule[path] = field
