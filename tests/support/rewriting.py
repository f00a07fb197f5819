"""
The asserts of all test files, rewritten once before pytest-xdist's workers start.

Each worker collects all files, in the same order and at the same time: on a fresh checkout each of them would rewrite and compile them all,
which takes as long as the collection itself. pytest keeps what it has rewritten in ``__pycache__``; so the files are shared out among
processes of the controller, and the workers find them there. Where Python may not write caches nothing is done.

What is called is pytest's own, and none of its public parts: where a later pytest has it no longer, each worker does its own work as before.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest


def files(tests: Path) -> list[Path]:
    """What pytest rewrites: the files of tests and of fixtures. The folder of npm's packages is not looked through."""
    folders = [folder for folder in tests.iterdir() if folder.is_dir() and folder.name != "clients"]
    found = [file for folder in folders for kind in ("test_*.py", "conftest.py") for file in folder.rglob(kind)]
    return sorted([tests / "conftest.py", *found])


def rewrite_ahead(config: pytest.Config, files: Sequence[Path], processes: int) -> None:
    """Keep the rewritten form of each file of tests that has none yet, as pytest itself would when it imports the file."""
    if sys.dont_write_bytecode or sys.platform != "linux":
        return
    # Forked: what pytest has read of its configuration is handed over by that.
    context = multiprocessing.get_context("fork")
    shares = [files[number::processes] for number in range(processes)]
    running = [context.Process(target=_rewrite, args=(config, share)) for share in shares if share]
    for process in running:
        process.start()
    for process in running:
        process.join()


def _rewrite(config: pytest.Config, files: Sequence[Path]) -> None:
    try:
        from _pytest.assertion import rewrite
    except ImportError:
        return
    needed = ("_read_pyc", "_rewrite_test", "_write_pyc", "assertstate_key", "get_cache_dir", "PYC_TAIL")
    if not all(hasattr(rewrite, name) for name in needed):
        return
    state = config.stash.get(rewrite.assertstate_key, None)
    if state is None:  # asserts are to stay as they are
        return
    for file in files:
        folder = rewrite.get_cache_dir(file)
        kept = folder / (file.stem + rewrite.PYC_TAIL)
        if rewrite._read_pyc(file, kept) is not None:
            continue
        try:
            folder.mkdir(exist_ok=True)
            known_by, code = rewrite._rewrite_test(file, config)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):  # told by the worker that imports it
            continue
        rewrite._write_pyc(state, code, known_by, kept)
