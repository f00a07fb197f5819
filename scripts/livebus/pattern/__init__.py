from __future__ import annotations
from livebus.pattern.event_pattern import EventPattern, PatternIndex
__all__ = ["EventPattern", "PatternIndex"]
