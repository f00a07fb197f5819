"""
A process of its own for resolvers' code that the engine could not be sure to end in ours.

``worker`` is our side: it starts the process, hands it runs, ends it. ``inside`` is what runs there.
"""

from livebus.sandbox.worker import Worker

__all__ = ["Worker"]
