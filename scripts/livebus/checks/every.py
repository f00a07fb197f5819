"""
All checks, in the order of the event's way.
"""

from __future__ import annotations

from livebus.checks import operation, template
from livebus.checks.check import Check

EVERY_CHECK: tuple[Check, ...] = (*template.CHECKS, *operation.CHECKS)
