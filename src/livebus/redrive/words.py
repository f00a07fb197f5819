"""
Letters and groups as lines for people. What is in them came from strangers' events: the caller escapes each line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from livebus.redrive.letter import Letter
from livebus.redrive.summary import Group


def lines_of_group(
    group: Group, now: datetime, api_names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, ...]]:
    """
    A group's fields, one line after the other: count, error, rule, target, ages; the message; a few ids.

    ``api_names`` are what APIs are called, by the last part of their endpoints' ARNs: --target still takes that part.
    """
    target = _last(group.target_arn)
    if target in api_names:
        target = f"{api_names[target]} ({target})"
    yield (
        str(group.count),
        group.error_code or "(no error code)",
        f"rule {_last(group.rule_arn)}",
        f"target {target}",
        f"oldest {age(group.oldest, now)}, newest {age(group.newest, now)}",
    )
    if group.error_message:
        yield "", group.error_message
    yield "", f"such as {', '.join(group.samples)}"


def lines_of_letter(letter: Letter, now: datetime) -> Iterator[str]:
    """A message whole: what SQS and EventBridge say about it, then the event, indented."""
    sent = f"{letter.sent.isoformat(timespec='seconds').replace('+00:00', 'Z')}" if letter.sent else "?"
    shown = {
        "message": letter.message_id,
        "sent": f"{sent} ({age(letter.sent, now)} ago), received {letter.received} times",
    }
    shown |= {name.lower().replace("_", "-"): letter.text(name) for name in sorted(letter.attributes)}
    width = max(map(len, shown))
    yield from (f"{name:{width}}  {value}" for name, value in shown.items())
    event = letter.event()
    body = letter.body if event is None else json.dumps(event, ensure_ascii=False, indent=2)
    yield from (f"  {line}" for line in body.split("\n"))


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago a time was, in its largest unit: seconds up to two minutes, then minutes, hours, days."""
    if moment is None:
        return "?"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1] or "unknown"
