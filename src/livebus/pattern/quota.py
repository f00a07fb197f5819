"""
What the service may refuse in an event pattern for its size, beside what makes a pattern invalid.

In: a pattern's text. Out: faults. The open engine takes patterns of any length and number of wildcards; the service
does not, and documents no number for the wildcards.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""

from __future__ import annotations

from collections.abc import Sequence

from livebus.errors import Fault, InvalidEventPattern
from livebus.pattern.conditions import Condition
from livebus.pattern.rule import PatternField, PatternRule, TooManyCombinations, read
from livebus.pattern.string_conditions import AnythingButForm, Wildcard

DEFAULT_LENGTH = 2048
MAX_LENGTH = 4096
MAX_FIELDS = 256
# AWS is recorded to accept a pattern of complexity 7 and to refuse one of 11; the limit lies between.
ACCEPTED_COMPLEXITY = 7
REFUSED_COMPLEXITY = 11
_SETS_LOOKED_AT = 2000


def limits(text: str) -> list[Fault]:
    """
    Find what the service may refuse for its size; nothing more than the length where a pattern is invalid anyway.
    """
    faults: list[Fault] = []
    if len(text) > DEFAULT_LENGTH:
        faults.append(
            Fault(
                f"The pattern has {len(text):,} characters",
                expected=f"{DEFAULT_LENGTH:,} at most, or {MAX_LENGTH:,} where the account's quota was raised",
                advice="Leave out white space, or split the rule.",
            )
        )
    if len(text) > MAX_LENGTH:
        return faults
    try:
        rule = read(text)
    except TooManyCombinations as error:
        return [*faults, *error.faults]
    except InvalidEventPattern:
        return faults
    return faults + _fields(rule) + _wildcards(rule)


def _fields(rule: PatternRule) -> list[Fault]:
    faults: list[Fault] = []
    if rule.or_as_field:
        faults.append(
            Fault(
                "$or is not used as an operator here, so EventBridge takes it for a field of that name",
                expected="an array of two or more objects with fields in them",
            )
        )
    most = max(map(len, rule.sub_rules))
    if most > MAX_FIELDS:
        faults.append(Fault(f"The pattern asks for {most} fields at once", expected=f"{MAX_FIELDS} at most"))
    return faults


def _wildcards(rule: PatternRule) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[tuple[str, PatternField]] = set()
    for sub_rule in rule.sub_rules:
        for path, field in sub_rule.items():
            if (path, field) in seen:
                continue
            seen.add((path, field))
            found = complexity(field.conditions)
            if found > ACCEPTED_COMPLEXITY:
                fault = Fault(
                    f"The wildcards of {path} have a complexity of {found}",
                    expected=f"{ACCEPTED_COMPLEXITY} at most to be sure: AWS refuses {REFUSED_COMPLEXITY} with "
                    '"Rule is too complex", and does not document its limit',
                    advice="Use fewer * or fewer repeated characters after a *.",
                )
                faults.append(fault)
    return faults


def complexity(conditions: Sequence[Condition]) -> int:
    """
    The largest number of places in which the engine can be at once while it reads some value, wildcards only.

    This is the measure that the engine offers for such limits. The search for it stops after 2,000 sets of places.
    """
    start = _Step("")
    for condition in conditions:
        for wildcard in condition.others if isinstance(condition, AnythingButForm) else [condition]:
            if isinstance(wildcard, Wildcard):
                start.add(wildcard.segments, condition)
    sets = {frozenset([start])}
    queue = list(sets)
    most = 0
    while queue and len(sets) < _SETS_LOOKED_AT:
        places = queue.pop()
        ahead = {place.star for place in places if place.star}
        most = max(most, sum(len(place.leads_to) for place in places | ahead))
        # Any character that no step asks for goes the same way: "" stands for it.
        for char in {char for place in places for char in place.follows()} | {""}:
            after = frozenset(following for place in places for following in place.after(char))
            if after and after not in sets:
                sets.add(after)
                queue.append(after)
    return most


class _Step:
    """
    A step of the wildcards of one field, shared by those that begin alike: a character, or a star (None).

    ``leads_to`` are the conditions that can be met by going on from here.
    """

    __slots__ = ("char", "leads_to", "next", "star")

    def __init__(self, char: str | None) -> None:
        self.char = char
        self.leads_to: set[Condition] = set()
        self.next: dict[str, _Step] = {}
        self.star: _Step | None = None

    def add(self, segments: Sequence[str], condition: Condition) -> None:
        """Add a wildcard, between the quotes in which the engine reads it."""
        step = self
        for number, segment in enumerate(segments):
            if number:
                step.star = step.star or _Step(None)
                step = step.star
                step.leads_to.add(condition)
            opening, closing = '"' * (number == 0), '"' * (number == len(segments) - 1)
            for char in f"{opening}{segment}{closing}":
                step = step.next.setdefault(char, _Step(char))
                step.leads_to.add(condition)

    def follows(self) -> set[str]:
        """The characters that some step after this one asks for. A star may stand for nothing."""
        return {*self.next, *(self.star.next if self.star else ())}

    def after(self, char: str) -> list[_Step]:
        """The steps in which the engine is after one more character."""
        candidates = [self.next.get(char), self.star, self.star.next.get(char) if self.star else None]
        return [step for step in (*candidates, self if self.char is None else None) if step]
