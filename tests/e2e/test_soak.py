"""The runtime under load for a short while: what grows without bound in two minutes is seen in twenty seconds, too."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from support.processes import Program

PROJECT = Path(__file__).parents[2]
SECONDS = 20
# The benchmark over two minutes shows about one megabyte; a leak of one kilobyte an event would show forty.
MOST_GROWTH_MEGABYTES = 15


def test_memory_stays_flat_under_load() -> None:
    """Events, subscribers that come and go, some that never read, and failures leave the memory as it was."""
    with Program([sys.executable, "benchmarks/soak.py", "--seconds", str(SECONDS), "--json"], cwd=PROJECT) as program:
        assert program.wait() == 0, program.stderr
        figures = json.loads(program.stdout)

    assert figures["events"] > 1000
    assert figures["messages"] > 1000
    assert figures["growthMegabytes"] < MOST_GROWTH_MEGABYTES
