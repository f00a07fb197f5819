"""
Where an event that a resolver put comes from: how many events stand between it and one from outside, and which rules.

The event itself does not show it, on AWS or here. It lets a loop end that would otherwise go round until nothing else has
a turn: AWS has no such bound for EventBridge. Ours is that of Lambda's recursive loop detection, 16 times round, and a
bound on all that comes of one event, for loops that put more than one.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

MAX_GENERATIONS = 16
MAX_FAMILY = 1_000


@dataclass(slots=True)
class _Family:
    """All events that came of one; ``size`` counts them."""

    size: int = 0


@dataclass(frozen=True, slots=True)
class Lineage:
    """
    ``generation`` is 0 for an event from outside. ``rules`` are the names of the rules on the way to it.
    """

    generation: int = 0
    rules: tuple[str, ...] = ()
    family: _Family | None = field(default=None, repr=False)

    def through(self, rule: str) -> Lineage:
        """The lineage of a request that a rule makes with an event of this lineage; "" for one that no rule made."""
        rules = (*self.rules, rule)[-MAX_GENERATIONS:] if rule else self.rules
        return replace(self, rules=rules, family=self.family or _Family())

    def next(self) -> Lineage:
        """The lineage of an event that such a request puts."""
        family = self.family or _Family()
        family.size += 1
        return replace(self, generation=self.generation + 1, family=family)

    @property
    def ends_here(self) -> bool:
        return self.generation >= MAX_GENERATIONS or (self.family is not None and self.family.size > MAX_FAMILY)

    @property
    def loop(self) -> str:
        """The loop in words: the rules that come again and again."""
        names = " → ".join(f"rule {name!r}" for name in dict.fromkeys(self.rules))
        return f"{names or 'a mutation'} → a resolver that puts events which match again"


NO_LINEAGE = Lineage()
