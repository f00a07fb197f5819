"""
Python's garbage collector, set for a process that serves for hours.

What the start has made stays until the end: it need not be looked through again. What an event leaves is freed by its reference
counts; the collector has only cycles to find, and need not look for them after every few events.
"""

from __future__ import annotations

import gc

# How many objects may be new before the youngest are looked through: those of a few thousand events at the most.
_YOUNG = 20_000
_ROUNDS = 20


def serve_long() -> None:
    """To be called once everything is loaded."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _ROUNDS, _ROUNDS)
