"""
Stands in for a resolver that AppSync takes and the local runtime cannot run: its field fails when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.errors import LivebusError
from livebus.operation import Resolution, ResolverError, Services, Told


class NotEmulatedResolver:
    """``error`` says what the runtime lacks: all its faults are of that kind."""

    asks = False

    def __init__(self, error: LivebusError) -> None:
        reasons = "; ".join(fault.found for fault in error.faults)
        self._resolution = Resolution(
            error=ResolverError(f"The resolver is not emulated by the local runtime: {reasons}", "NotEmulated")
        )

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution:
        """The same error for everybody."""
        del context, services, told
        return self._resolution
