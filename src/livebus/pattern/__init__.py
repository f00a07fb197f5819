"""
Station: event patterns. Does a rule's pattern match an event, and if not, why not. The map of the package.

The way of a pattern's text, and of an event through it::

    text ── tokens ── operators ─┐
       (string_)condition ───────┴─ rule      sub-rules: what $or makes of a pattern; fields and their conditions
                                      │
                         tree, leaf ──┘       the fields of all sub-rules in one tree, sets of sub-rules as ints
                             │
    event ── event_text ── matcher ── search  one walk for all sub-rules; the slow way for entangled events
                             │
                       event_pattern          EventPattern, PatternIndex: what others call
                             │
              reasons, quota, refusal         why it does not match; what the service may refuse, and in which words

``number`` and ``address`` say when two spellings are one number or one IP address. The engine's behaviour is that of
aws/event-ruler, which the service is built from and which its recorded answers agree with; what was not taken over
are its bugs (docs/fidelity.md).

In: texts and parsed JSON. Out: booleans, numbers of rules, reasons, faults.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from livebus.pattern.event_pattern import EventPattern, PatternIndex
from livebus.pattern.quota import limits
from livebus.pattern.refusal import service_message

__all__ = ["EventPattern", "PatternIndex", "limits", "service_message"]
