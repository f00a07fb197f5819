"""
Which letters are meant: every condition that is given has to hold.

In: what the flags say. Out: a yes or no for each letter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from livebus.redrive.letter import Letter


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Conditions; an empty one lets everything through.

    ``rules`` are names or ARNs, ``targets`` ARNs or their last part, ``ids`` message or event ids. ``since`` and
    ``until`` bound the time at which EventBridge gave up. ``matches`` are paths into the event (``detail.order.id``)
    and the text that stands there, for what is no string as JSON.
    """

    error_codes: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    matches: tuple[tuple[str, str], ...] = ()
    ids: frozenset[str] = frozenset()

    def takes(self, letter: Letter) -> bool:
        return (
            (not self.error_codes or letter.error_code in self.error_codes)
            and (not self.rules or self._is_of_rule(letter))
            and (not self.targets or not self.targets.isdisjoint(_names(letter.target_arn)))
            and self._is_in_time(letter.sent)
            and ((not self.ids and not self.matches) or self._has_content(letter))
        )

    def _is_of_rule(self, letter: Letter) -> bool:
        rule = letter.rule
        return rule is not None and (rule.name in self.rules or rule.arn in self.rules)

    def _is_in_time(self, sent: datetime | None) -> bool:
        if self.since is None and self.until is None:
            return True
        return (
            sent is not None
            and (self.since is None or sent >= self.since)
            and (self.until is None or sent <= self.until)
        )

    def _has_content(self, letter: Letter) -> bool:
        if self.ids and letter.message_id in self.ids and not self.matches:
            return True
        event = letter.event() or {}
        if self.ids and letter.message_id not in self.ids and event.get("id") not in self.ids:
            return False
        return all(_value(event, path) == text for path, text in self.matches)


def _names(arn: str) -> tuple[str, str]:
    return arn, arn.rsplit("/", 1)[-1]


def _value(event: Mapping[str, Any], path: str) -> str | None:
    """What stands at a path of names with dots between them, as text; None where nothing does."""
    value: Any = event
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
