"""
The message with which EventBridge refuses an event pattern, as PutRule and TestEventPattern answer it.

In: the pattern's text and the refusal. Out: the text that stands in ``message`` of InvalidEventPatternException.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
"""

from __future__ import annotations

from livebus.errors import InvalidEventPattern
from livebus.pattern.condition_reader import RefusedInList
from livebus.pattern.tokens import quoted_source


def service_message(text: str, refusal: InvalidEventPattern) -> str:
    """Write the whole message: the reason and, where AWS gives one, the place, with the pattern quoted."""
    message = f"Event pattern is not valid. Reason: {refusal.reason}"
    if refusal.line is None:
        return message
    place = f"\n at [Source: {quoted_source(text)}; line: {refusal.line}, column: {refusal.column}]"
    return message + place * (2 if isinstance(refusal, RefusedInList) else 1)
