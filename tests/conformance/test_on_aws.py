"""
The cases in a real account beside the local runtime: only with ``--aws-profile``, never in CI.

A test fails where the two differ. What agrees against the documentation is told in the summary, and fails nothing here: then
the case is to be corrected.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ProfileNotFound

from support.conformance import cases, subscriptions
from support.conformance.account import GRACE, PAUSE, ask_account
from support.conformance.api import Api
from support.conformance.report import Row
from support.conformance.running import AWS_PYTHON
from support.conformance.suite import Suite

IDS = [
    *(variant.id for case in cases.read() for variant in case.variants),
    *(case.id for case in subscriptions.read()),
]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says each step at once: a stack takes minutes."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def tell(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"conformance: {line}")

    return tell


@pytest.fixture(scope="module")
def compared(
    request: pytest.FixtureRequest,
    suite: Suite,
    here: Api,
    rows: Callable[[list[Row]], None],
    told: Callable[[str], None],
) -> dict[str, Row]:
    """The rows of all cases, by their ids."""
    profile = request.config.getoption("--aws-profile")
    try:
        session = boto3.Session(profile_name=profile, region_name=request.config.getoption("--aws-region"))
    except ProfileNotFound as missing:
        pytest.fail(str(missing), pytrace=False)
    if session.region_name is None:
        pytest.fail(f"the profile {profile!r} has no region: name one with --aws-region", pytrace=False)
    answers = suite.ask(here)
    # Where the local runtime plays AWS, its function has to run in the Python that is there, and nothing is slow.
    plays = bool(os.environ.get("AWS_ENDPOINT_URL"))
    aws = ask_account(
        suite,
        session,
        told,
        python=os.environ.get("CONFORMANCE_PYTHON", AWS_PYTHON),
        pause=0.05 if plays else PAUSE,
        grace=0.0 if plays else GRACE,
    )
    made = suite.rows(answers, aws)
    rows(made)
    return {row.id: row for row in made}


@pytest.mark.parametrize("id_", IDS)
def test_the_runtime_and_aws_agree(compared: dict[str, Row], id_: str) -> None:
    """The same answer here and there; where both are as documented, chance and time may differ."""
    assert compared[id_].is_same, compared[id_]
