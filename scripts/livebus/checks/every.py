"""
All checks, in the order of the event's way.
"""

from __future__ import annotations

from livebus.checks import inputs, operation, sample_values, samples, sizes, template
from livebus.checks.check import Check

EVERY_CHECK: tuple[Check, ...] = (
    *template.CHECKS,
    *inputs.CHECKS,
    *operation.CHECKS,
    *sample_values.CHECKS,
    *samples.CHECKS,
    *sizes.CHECKS,
)
