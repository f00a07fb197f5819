"""
What all tests share: the project's folders, and ``support``, the modules that tests import.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return TESTS.parent


@pytest.fixture(autouse=True, scope="session")
def _no_aws_configuration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Nothing of the AWS configuration of whoever runs the tests reaches them, no proxy stands in between, and no width of a terminal; but for
    the conformance suite where it is told to run in an account.
    """
    if request.config.getoption("--aws-profile", None):
        yield
        return
    nothing = tmp_path_factory.mktemp("aws") / "nothing"
    with pytest.MonkeyPatch.context() as patch:
        # Set in pytest-xdist's workers: help would be as wide as that.
        patch.delenv("COLUMNS", raising=False)
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_REGION"):
            patch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", str(nothing))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nothing))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield
