"""A runtime that is killed in the middle of deployments comes back with the last good stack, each time."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from support.deploying import Deploying
from support.processes import LocalRuntime

Local = Callable[..., LocalRuntime]

_SESSION: Any = boto3.Session("test", "test", region_name="us-east-1")
PLAIN = "'{\"msg\": <msg>}'"


class Killable:
    """A runtime in a process of its own, as far as deployments need one."""

    def __init__(self, process: LocalRuntime) -> None:
        self.process = process
        self.url = process.outputs["EndpointUrl"]

    def client(self, service: str) -> Any:
        return _SESSION.client(service, endpoint_url=self.url)

    def template(self, stack: str = "livebus") -> str:
        """The InputTemplate of the rule that runs."""
        targets = self.client("events").list_targets_by_rule(Rule="publishMsgFromEB", EventBusName=stack)["Targets"]
        return str(targets[0]["InputTransformer"]["InputTemplate"])


# Where in the update the runtime dies, and which line runs afterwards.
MOMENTS = [
    ("save:before", 1, "old"),
    ("save:after", 1, "old"),
    ("load:after", 1, "old"),
    ("tell:after", 1, "old"),
    ("tell:after", 2, "old"),
    ("put:before", 1, "old"),
    ("put:after", 1, "old"),
    ("remove_gone:after", 1, "old"),
    ("_settle:after", 1, "new"),
]


@pytest.mark.parametrize("dies", MOMENTS, ids=lambda dies: f"{dies[0]}-{dies[1]}")
def test_it_comes_back_with_the_last_good_stack(
    project: Path, tmp_path: Path, local: Local, dies: tuple[str, int, str]
) -> None:
    """SIGKILL in the middle of an update: the next start has the old line or the new one, whole, and says which."""
    moment, number, which = dies
    dying = [
        sys.executable,
        str(project / "tests/support/dying_runtime.py"),
        moment,
        str(number),
        str(project / "scripts"),
    ]
    with LocalRuntime.started_by(dying, tmp_path / "state", tmp_path / "first.json", "--empty") as process:
        running: Any = Killable(process)
        deploying = Deploying(running)
        assert deploying.deploy() == "CREATE_COMPLETE"
        old, new = '{"msg": <msg>}', '{"msg": "<msg>!"}'
        deploying.change(PLAIN, f"'{new}'")
        deploying.propose(name="update")
        with suppress(BotoCoreError):  # it may die before it answers
            deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="update")
        assert process.wait(20) == -signal.SIGKILL

    again: Any = Killable(local("--empty", state=tmp_path / "state"))
    after = Deploying(again)
    # Before the beginning was kept, the stack is as it was; after it, it was gone back from.
    status = {
        "new": "UPDATE_COMPLETE",
        "old": "CREATE_COMPLETE" if moment == "save:before" else "UPDATE_ROLLBACK_COMPLETE",
    }
    assert (after.status(), again.template()) == (status[which], {"new": new, "old": old}[which])
    after.change(PLAIN, '\'{"msg": "<msg>?"}\'')
    assert after.deploy(name="once-more") == "UPDATE_COMPLETE"


def test_a_first_deployment_that_is_cut_off_is_gone_back_from(local: Local, tmp_path: Path) -> None:
    """The stack that was being made is there as one that was rolled back, and its name is free once it is deleted."""
    running: Any = Killable(local("--empty"))
    deploying = Deploying(running)
    deploying.propose()
    deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="proposal")
    running.process.signal(signal.SIGKILL)
    running.process.wait()

    again: Any = Killable(local("--empty", state=running.process.state))
    after = Deploying(again)
    assert after.status() in ("CREATE_COMPLETE", "ROLLBACK_COMPLETE")
    after.cloudformation.delete_stack(StackName="livebus")
    assert after.settled() == ""
    assert after.deploy() == "CREATE_COMPLETE"
