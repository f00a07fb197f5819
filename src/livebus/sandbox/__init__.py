"""
A process of its own for resolvers' code that the engine could not be sure to end in ours.

``worker`` is our side: it starts the process, hands it runs, ends it. ``inside`` is what runs there.
"""

import atexit
from functools import cache

from livebus.sandbox.worker import Worker

__all__ = ["Worker", "shared"]


@cache
def shared() -> Worker:
    """One for programs that end: it is ended with them."""
    worker = Worker()
    atexit.register(worker.close)
    return worker
