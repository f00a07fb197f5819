"""How tests are spread over workers: what is named there is there, and the dearest come first."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import distribution, usage

TESTS = Path(__file__).parents[1]


def test_the_dearest_come_first_and_unknown_ones_as_they_come() -> None:
    """By what is known of them; each once."""
    seconds = {"tests/b.py": 2.5, "tests/d.py": 40.0}
    files = ["tests/c.py", "tests/b.py", "tests/b.py", "tests/a.py", "tests/d.py"]
    assert distribution.in_order(files, seconds) == ["tests/d.py", "tests/b.py", "tests/c.py", "tests/a.py"]


def test_what_files_cost_is_read_as_it_is_written() -> None:
    """The dearest first; what costs little is left out."""
    costs = {
        "tests/b.py": usage.Cost(0.5, 2.0, 9.0, 3),
        "tests/d.py": usage.Cost(1.0, 39.0, 41.0, 1),
        "tests/a.py": usage.Cost(0.1, 0.0, 0.1, 5),
    }
    written = usage.table(costs)
    assert written.removeprefix(usage.HEAD) == "40.0 39.0 41.0 1 tests/d.py\n2.5 2.0 9.0 3 tests/b.py\n"
    assert usage.read(written) == {file: costs[file] for file in ("tests/d.py", "tests/b.py")}


def test_a_file_stays_together_but_for_those_whose_tests_share_nothing() -> None:
    """The scope of a test is its file, or itself."""
    together, apart = "tests/unit/test_flow.py::test_a[x::y]", "tests/e2e/test_sam_cli.py::test_a[x::y]"
    assert [distribution.scope(together), distribution.scope(apart)] == ["tests/unit/test_flow.py", apart]


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 3), (4, 6), (6, 8), (8, 8), (16, 16)])
def test_more_workers_than_cores(cores: int, workers: int) -> None:
    """Some of them wait; where there are many cores, none needs to share one."""
    assert distribution.workers(cores) == workers


def test_the_files_that_are_named_are_there() -> None:
    """Those whose tests go apart, and those whose cost is known."""
    named = {*distribution.APART, *distribution.known(TESTS)}
    assert [file for file in sorted(named) if not (TESTS.parent / file).is_file()] == []


def test_tests_that_go_apart_share_nothing_of_their_file() -> None:
    """A fixture of the module would be made by each worker."""
    sharing = [file for file in distribution.APART if 'scope="module"' in (TESTS.parent / file).read_text("utf-8")]
    assert sharing == []
