"""
In which order pytest-xdist hands out the tests, to how many workers, and what of it stays together.

The dearest files begin, or the last worker would be alone with one of them. How dear a file is stands in ``tests/usage.txt``, which
``support.usage`` writes; a file that is not in it comes after those that are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from support import usage

MOST_WORKERS = 8
# Files whose tests share nothing that takes time to start: each test goes to whichever worker is free.
APART = frozenset(
    {
        "tests/e2e/test_killed_deployment.py",
        "tests/e2e/test_local.py",
        "tests/e2e/test_own_application.py",
        "tests/e2e/test_readme.py",
        "tests/e2e/test_rehearse.py",
        "tests/e2e/test_sam_cli.py",
        "tests/e2e/test_your_own_project.py",
        "tests/integration/test_cfn_lint_rules.py",
        "tests/integration/test_publishing.py",
    }
)


def workers(cores: int) -> int:
    """
    How many work on so many cores: half as many again, since the tests with programs wait for half of their time.

    Beyond eight the longest tests would not be over sooner.
    """
    return max(cores, min(MOST_WORKERS, cores * 3 // 2))


def own_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scope(test: str) -> str:
    """What stays together with a test, by its id: its file, or the test alone."""
    file = test.partition("::")[0]
    return test if file in APART else file


def in_order(files: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
    """Each file once, the dearest first, those of which nothing is known in the order in which they come."""
    return sorted(dict.fromkeys(files), key=lambda file: -seconds.get(file, 0.0))


def known(tests: Path) -> dict[str, float]:
    """Processor seconds by file, of the dearest."""
    return {
        file: cost.processor for file, cost in usage.read((tests / "usage.txt").read_text(encoding="utf-8")).items()
    }
