"""
The conformance suite: by default against the local runtime; with ``--aws-profile`` against an account as well.

``pytest tests/conformance --aws-profile NAME [--aws-region REGION]`` deploys a stack, runs the cases there, prints where the
runtime here and AWS differ and a table, and deletes the stack. docs/conformance.md says what it makes and costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.conformance import cases, report, subscriptions
from support.conformance.running import local_api, template_text
from support.conformance.suite import Suite

ROWS = pytest.StashKey[list[report.Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption(
        "--aws-profile", help="run the cases in this profile's account as well: makes a stack, and deletes it"
    )
    group.addoption("--write-table", action="store_true", help="write the table of docs/conformance.md from this run")
    group.addoption("--aws-region", help="the region to do that in (default: the profile's)")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What runs on AWS is there only for those who ask for it."""
    return True if collection_path.name == "test_on_aws.py" and not config.getoption("--aws-profile", None) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, None)
    if rows is None:
        return
    terminalreporter.section("the local runtime and AWS")
    for line in report.differences(rows) or ["no differences"]:
        terminalreporter.write_line(line)
    terminalreporter.write_line("")
    suite = Suite.read()
    terminalreporter.write_line(report.table(rows, suite.pages))


@pytest.fixture(scope="session")
def suite() -> Suite:
    """All cases."""
    return Suite(tuple(cases.read()), tuple(subscriptions.read()))


@pytest.fixture(scope="session")
def here(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """An API of the local runtime with the suite's template."""
    with local_api(template_text(suite), tmp_path_factory.mktemp("conformance")) as api:
        yield api


@pytest.fixture(scope="session")
def rows(request: pytest.FixtureRequest) -> Callable[[list[report.Row]], None]:
    """Keeps the rows for the summary at the run's end."""
    return lambda made: request.config.stash.__setitem__(ROWS, made)
