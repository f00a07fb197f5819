"""
Event patterns, compiled: one, or many at once.

In: the text of a pattern, or of each rule's pattern. Out: whether an event matches, why it does not, which rules it
matches. An event is the whole envelope; a pattern's ``{"detail": …}`` leads into its detail.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from livebus.errors import InvalidEvent
from livebus.pattern.event_text import parse_event
from livebus.pattern.matcher import match
from livebus.pattern.reasons import conditions, reasons
from livebus.pattern.rule import SubRule, read
from livebus.pattern.tree import Tree

# Sets of more sub-rules are slow to work with: the bus of a pathological template gets several trees.
SUB_RULES_TOGETHER = 1024
_MOST_KNOWN = 64


class EventPattern:
    """
    One event pattern. Raises :class:`~livebus.errors.InvalidEventPattern` for a text that EventBridge refuses.
    """

    __slots__ = ("_rule", "_tree", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._rule = read(text)
        self._tree = Tree(self._rule.sub_rules)

    def __repr__(self) -> str:
        return f"EventPattern({self.text!r})"

    def matches(self, event: object) -> bool:
        """Whether an event matches that orjson has parsed. A float stands for its shortest form."""
        return match(self._tree, _envelope(event)) != 0

    def matches_json(self, event_text: str | bytes) -> bool:
        """
        Whether the event in a JSON text matches. Raises :class:`~livebus.errors.InvalidEvent` if it is no JSON object.
        """
        return match(self._tree, parse_event(event_text)) != 0

    def explain(self, event: object) -> list[str]:
        """Say why the event does not match: all that fails, each with its path. Empty if the event matches."""
        envelope = _envelope(event)
        return [] if match(self._tree, envelope) else reasons(self._rule, self._tree, envelope)

    def conditions(self, event: object) -> list[dict[str, Any]]:
        """Each field that the pattern asks for: ``path``, ``found``, ``expected``, ``met``, and ``why`` it is not."""
        return conditions(self._rule, self._tree, _envelope(event))


class PatternIndex:
    """
    The patterns of many rules, asked at once. Raises :class:`~livebus.errors.InvalidEventPattern` for the first text
    that EventBridge refuses.
    """

    __slots__ = ("_known", "_only", "_trees")

    def __init__(self, texts: Iterable[str]) -> None:
        # Per tree: the number of the pattern that each sub-rule belongs to.
        self._trees: list[tuple[Tree, list[int]]] = []
        sub_rules: list[SubRule] = []
        owners: list[int] = []
        for number, text in enumerate(texts):
            rule = read(text)
            if sub_rules and len(sub_rules) + len(rule.sub_rules) > SUB_RULES_TOGETHER:
                self._trees.append((Tree(sub_rules), owners))
                sub_rules, owners = [], []
            sub_rules += rule.sub_rules
            owners += [number] * len(rule.sub_rules)
        self._trees.append((Tree(sub_rules), owners))
        self._only = self._trees[0][0] if len(self._trees) == 1 else None
        self._known: dict[int, list[int]] = {0: []}

    def matching(self, event: object) -> list[int]:
        """The numbers of the patterns that match an event parsed by orjson, ascending, counted from 0."""
        if type(event) is not dict:
            event = _envelope(event)
        if self._only is None:
            return [number for tree, owners in self._trees for number in _owners_of(match(tree, event), owners)]
        # Most events meet what others have met: which numbers those are is known.
        met = match(self._only, event)
        numbers = self._known.get(met)
        if numbers is None:
            numbers = _owners_of(met, self._trees[0][1])
            if len(self._known) < _MOST_KNOWN:
                self._known[met] = numbers
        return numbers.copy()

    def matching_json(self, event_text: str | bytes) -> list[int]:
        """The numbers of the patterns that match the event in a JSON text, ascending, counted from 0."""
        return self.matching(parse_event(event_text))


def _owners_of(met: int, owners: list[int]) -> list[int]:
    """The numbers of the patterns whose sub-rules are met, ascending."""
    numbers: list[int] = []
    while met:
        lowest = met & -met
        met ^= lowest
        number = owners[lowest.bit_length() - 1]
        if not numbers or numbers[-1] != number:
            numbers.append(number)
    return numbers


def _envelope(event: object) -> Mapping[str, Any]:
    if not isinstance(event, dict):
        raise InvalidEvent("Event must be a JSON object", expected="an object", advice="Give the whole envelope.")
    return event
