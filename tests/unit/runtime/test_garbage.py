"""The collector of a process that serves: in a process of its own, as it is set for good."""

from __future__ import annotations

import os
import subprocess
import sys

_PROGRAM = """
import gc
from livebus.runtime.garbage import serve_long

before = len(gc.get_objects())
serve_long()
assert gc.get_freeze_count() >= before, "what the start made is looked through no more"
assert gc.get_threshold() == (20_000, 20, 20)

class Node:
    alive = 0
    def __init__(self): Node.alive += 1; self.me = self
    def __del__(self): Node.alive -= 1

for _ in range(100_000):
    Node()
print(Node.alive < 50_000)
"""


def test_cycles_are_still_found() -> None:
    """Objects that only refer to themselves go while the process runs, long before there are as many as were made."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout == "True\n"
