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

from support.deploying import BUCKET, Deploying
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


FOREIGN = Path(__file__).parents[1] / "foreign"


def nested_files(deploying: Deploying) -> str:
    """Upload the nested templates as they are on disk, and return the template that nests them."""
    nested = FOREIGN / "nested"
    texts = {name: (nested / name).read_text(encoding="utf-8") for name in ("api.yaml", "line.yaml")}
    texts["publish.js"] = (nested / "resolvers" / "publish.js").read_text(encoding="utf-8")
    texts["api.yaml"] = texts["api.yaml"].replace("resolvers/publish.js", f"s3://{BUCKET}/publish.js")
    for name, text in texts.items():
        deploying.s3.put_object(Bucket=BUCKET, Key=name, Body=text.encode())
    template = (FOREIGN / "nested-at-hand.yaml").read_text(encoding="utf-8")
    return template.replace("./nested/", "nested/").replace("nested/", f"https://s3.us-east-1.amazonaws.com/{BUCKET}/")


# As a nested stack has begun; as its end is about to be told, before its parent's; as all is done and the end is not kept.
@pytest.mark.parametrize("moment", ["_make_nested:before", "turn:before", "remove_gone:after"])
def test_nested_stacks_come_back_with_the_last_good_one(
    project: Path, tmp_path: Path, local: Local, moment: str
) -> None:
    """SIGKILL amid what is nested: the next start has the old rule, whole, and no stack that is in progress for ever."""
    dying = [sys.executable, str(project / "tests/support/dying_runtime.py"), moment, "1", str(project / "scripts")]
    with LocalRuntime.started_by(dying, tmp_path / "state", tmp_path / "first.json", "--empty") as process:
        deploying = Deploying(Killable(process))  # type: ignore[arg-type]
        template = nested_files(deploying)
        assert deploying.deploy(TemplateBody=template) == "CREATE_COMPLETE"
        line = (FOREIGN / "nested/line.yaml").read_text(encoding="utf-8")
        anew = line.replace("Name: publish", "Name: publish-anew").replace("/publish", "/publish-anew")
        assert anew != line
        deploying.s3.put_object(Bucket=BUCKET, Key="line.yaml", Body=anew.encode())
        changed = template.replace("  Bus:\n", "  More: {Type: AWS::SNS::Topic}\n  Bus:\n", 1)
        deploying.propose(name="update", TemplateBody=changed)
        with suppress(BotoCoreError):  # it may die before it answers
            deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="update")
        assert process.wait(20) == -signal.SIGKILL

    again: Any = Killable(local("--empty", state=tmp_path / "state"))
    stacks = again.client("cloudformation").describe_stacks()["Stacks"]
    assert sorted((each["StackName"].split("-")[1:2], each["StackStatus"]) for each in stacks) == [
        ([], "UPDATE_ROLLBACK_COMPLETE"),
        (["Api"], "CREATE_COMPLETE"),
        (["Line"], "CREATE_COMPLETE"),
    ]
    assert [each["Name"] for each in again.client("events").list_rules(EventBusName="livebus")["Rules"]] == ["publish"]
    after = Deploying(again)
    assert after.deploy(name="once-more", TemplateBody=changed) == "UPDATE_COMPLETE"
    rules = again.client("events").list_rules(EventBusName="livebus")["Rules"]
    assert [each["Name"] for each in rules] == ["publish-anew"]
