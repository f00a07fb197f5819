"""
What all tests share: the project's folders, ``support``, the modules that tests import, and how they are spread over workers.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))

from support import distribution, rewriting  # noqa: E402 - found by what stands above

# --- pytest-xdist, where it is there ---------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What ``-n auto`` is; PYTEST_XDIST_AUTO_NUM_WORKERS names another number, as ever."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else distribution.workers(distribution.own_cores())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``--dist loadfile`` keeps a file's tests together, but for those that share nothing."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return distribution.scope(nodeid)

    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In the controller of a distributed run that is for all tests, before its workers start."""
    config = session.config
    is_controller = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if is_controller and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        rewriting.rewrite_ahead(config, rewriting.files(TESTS), distribution.own_cores())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker of a distributed run the dearest files come first; a file's own order stays."""
    if hasattr(config, "workerinput"):
        files = [item.nodeid.partition("::")[0] for item in items]
        order = {file: place for place, file in enumerate(distribution.in_order(files, distribution.known(TESTS)))}
        items.sort(key=lambda item: order[item.nodeid.partition("::")[0]])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """
    What is collected stays to the end: it is not looked through for cycles while it grows, which is a third of the time that it takes, nor
    whenever a test makes garbage. For the tests themselves Python's own bounds hold.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        if was_enabled:
            gc.enable()


# --- fixtures --------------------------------------------------------------------------------------------------------


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
