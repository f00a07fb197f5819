"""
Letters in groups of one error, rule and target: how many, since when, and a few to look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from livebus.redrive.letter import Letter

SAMPLES = 3
# Attributes are whatever somebody sent to the queue: their kinds must not fill the memory.
MAX_GROUPS = 1000
_OTHERS = ("(others)", "", "")


@dataclass(slots=True)
class Group:
    """``error_message`` is the first letter's; ``samples`` are the ids of the first few messages."""

    error_code: str
    rule_arn: str
    target_arn: str
    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    error_message: str = ""
    samples: list[str] = field(default_factory=list)

    def add(self, letter: Letter) -> None:
        self.count += 1
        if letter.sent is not None:
            self.oldest = min(self.oldest or letter.sent, letter.sent)
            self.newest = max(self.newest or letter.sent, letter.sent)
        self.error_message = self.error_message or letter.text("ERROR_MESSAGE")
        if len(self.samples) < SAMPLES:
            self.samples.append(letter.message_id)

    def as_json(self) -> dict[str, Any]:
        return {
            "errorCode": self.error_code,
            "ruleArn": self.rule_arn,
            "targetArn": self.target_arn,
            "count": self.count,
            "oldest": self.oldest.isoformat() if self.oldest else None,
            "newest": self.newest.isoformat() if self.newest else None,
            "errorMessage": self.error_message,
            "samples": self.samples,
        }


class Summary:
    """Counts letters as they come; none is kept."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], Group] = {}
        self.count = 0

    def add(self, letter: Letter) -> None:
        self.count += 1
        key = (letter.error_code, letter.text("RULE_ARN"), letter.target_arn)
        if key not in self._groups and len(self._groups) >= MAX_GROUPS:
            key = _OTHERS
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(*key)
        group.add(letter)

    @property
    def groups(self) -> list[Group]:
        """The largest first."""
        return sorted(self._groups.values(), key=lambda group: -group.count)
