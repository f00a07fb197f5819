"""The limits themselves: what a program of these tests is kept from, whatever it does, and that the next one knows nothing of it."""

from __future__ import annotations

import signal

from support.limited import limited, run_limited


def test_processor_time_is_taken_away() -> None:
    """A program that never ends is killed, and counts as not held."""
    ended = limited("-c", "while True: pass", cpu_seconds=2)
    assert (ended.code, ended.held) == (-signal.SIGKILL, False)


def test_no_limit_can_be_raised() -> None:
    """The hard limits are those that were given, but that what importing took is taken from processor time."""
    code = "import resource as r; print([r.getrlimit(each) for each in (r.RLIMIT_AS, r.RLIMIT_NOFILE, r.RLIMIT_CORE)])"
    assert run_limited(code, cpu_seconds=20, megabytes=600) == f"{[(600 * 1024 * 1024,) * 2, (1024, 1024), (0, 0)]}\n"
    code = "import resource; soft, hard = resource.getrlimit(resource.RLIMIT_CPU); print(soft == hard, 10 < hard <= 20)"
    assert run_limited(code, cpu_seconds=20) == "True True\n"


def test_memory_is_refused() -> None:
    """Address space at the limit; what is less than that, and more than is promised, counts."""
    refused = limited("-c", "bytearray(1_100_000_000)")
    assert (refused.code, refused.stderr.splitlines()[-1], refused.held) == (1, "MemoryError", False)
    taken = limited("-c", "bytearray(b'x') * 550_000_000")
    assert (taken.code, taken.stderr, taken.held) == (0, "", False)
    assert limited("-c", "bytearray(b'x') * 50_000_000").held


def test_each_program_begins_anew() -> None:
    """What one changes in modules, in its environment and its folder is gone with it."""
    changes = "import json, os; json.found = True; os.environ['FOUND'] = '1'; os.chdir('/'); os.close(1)"
    assert limited("-c", changes).code == 0
    looks = "import json, os; print(hasattr(json, 'found'), 'FOUND' in os.environ, os.getcwd() == '/', os.getpid() == os.getsid(0))"
    assert run_limited(looks, cpu_seconds=20) == "False False False True\n"
