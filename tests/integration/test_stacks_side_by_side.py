"""Stacks of one application that are deployed one after the other, as `cdk deploy --all` does it: a rule of one leads to the API of another."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from livebus.cli.redrive import run as redrive
from support.sockets import run
from support.stacks import API_ID, BUS, STACK_NAMES, Stacks, published
from support.waiting import until


@pytest.fixture
def stacks(start_runtime: Any) -> Stacks:
    return Stacks(start_runtime(template=None))


def test_a_rule_leads_to_the_api_of_another_stack(stacks: Stacks) -> None:
    """By the exports of the bus, of the endpoint and of the queue; nothing is called not emulated, and nobody dies."""
    assert stacks.put_all() == ["CREATE_COMPLETE"] * 4

    assert stacks.received("across") == "across"
    assert [each for each in stacks.runtime.told if each.startswith("warning: ")] == []
    client = stacks.runtime.client("events")
    (rule,) = client.list_rules(EventBusName=BUS)["Rules"]
    (target,) = client.list_targets_by_rule(EventBusName=BUS, Rule=rule["Name"])["Targets"]
    exports = {each["Name"]: each["Value"] for each in stacks.cloudformation.list_exports()["Exports"]}
    assert (target["Id"], target["Arn"]) == ("Target0", exports["Api:Endpoint"])
    assert list(target["AppSyncParameters"]) == ["GraphQLOperation"]


@pytest.mark.parametrize(
    "of_output",
    [
        lambda name: {"Fn::GetStackOutput": {"StackName": "Api", "OutputName": name}},
        lambda name: {"Fn::ImportValue": {"Fn::Sub": f"Api:{name.removeprefix('ExportsOutput')}"}},
    ],
    ids=["an output", "an import by a made name"],
)
def test_it_is_found_in_each_way_that_stacks_refer_to_each_other(stacks: Stacks, of_output: Any) -> None:
    """What comes out is an ARN, however it was asked for."""
    stacks.ask_otherwise(of_output("ExportsOutputEndpoint"), of_output("ExportsOutputApiId"))
    stacks.put_all()

    assert stacks.received("found") == "found"


def test_a_changed_api_is_what_the_rule_leads_to(stacks: Stacks) -> None:
    """The rule's stack is not deployed again; subscribers of before get what the new resolver makes."""
    stacks.put_all()
    properties = stacks.templates["Api"]["Resources"]["ApiPublish"]["Properties"]
    properties["Code"] = properties["Code"].replace("ctx.args.msg", "`${ctx.args.msg}!`")

    async def change() -> Any:
        async with stacks.subscribed() as socket:
            assert await asyncio.to_thread(stacks.put, "Api") == "UPDATE_COMPLETE"
            stacks.runtime.put("changed", bus=BUS)
            return await published(socket)

    assert run(change()) == "changed!"


def test_an_api_that_is_imported_cannot_be_deleted(stacks: Stacks) -> None:
    """CloudFormation keeps the exporting stack as long as another imports from it."""
    stacks.put_all()

    assert stacks.delete("Api") == "CREATE_COMPLETE"
    assert re.fullmatch(r"Export Api:\w+ cannot be deleted as it is in use by Rules", stacks.events("Api")[-1][1])
    assert stacks.received("still here") == "still here"
    assert [stacks.delete(name) for name in reversed(STACK_NAMES)] == [""] * 4


def test_what_is_sent_to_an_api_that_is_gone_is_a_dead_letter(stacks: Stacks) -> None:
    """At once, as EventBridge does it for a target that is no longer there; an API that is made again is led to again."""
    for name in ("Bus", "Users", "Api"):
        stacks.put(name)
    endpoint = stacks.outputs("Api")["ExportsOutputEndpoint"]
    stacks.ask_otherwise(endpoint, {"Fn::GetStackOutput": {"StackName": "Api", "OutputName": "ExportsOutputApiId"}})
    assert stacks.put("Rules") == "CREATE_COMPLETE"

    assert stacks.delete("Api") == ""
    (told,) = [each for each in stacks.runtime.told if each.startswith("warning: ")]
    assert told.endswith(
        f"no stack here has the API of target 'Target0', {endpoint}: its events go to its dead-letter queue"
    )
    trace = stacks.runtime.trace()
    (event_id,) = stacks.runtime.put("nobody", bus=BUS)
    assert trace.next("delivery", event_id)["code"] == "NO_RESOURCE"
    assert stacks.letters() == [("NO_RESOURCE", f"There is no GraphQL API with the endpoint {endpoint}.")]

    assert stacks.put("Api") == "CREATE_COMPLETE"
    assert stacks.received("again") == "again"


def test_a_role_without_the_right_is_refused_across_stacks(stacks: Stacks) -> None:
    """As within one: the mutation is not run, and the event is a dead letter; the deployment is told of it."""
    (statement,) = stacks.templates["Rules"]["Resources"]["CallerDefaultPolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]
    statement["Action"] = "appsync:GetGraphqlApi"
    stacks.put_all()

    trace = stacks.runtime.trace()
    (event_id,) = stacks.runtime.put("refused", bus=BUS)
    assert trace.next("delivery", event_id)["code"] == "NO_PERMISSIONS"
    (told,) = [each for each in stacks.runtime.told if each.startswith("warning: ")]
    assert told.startswith("warning: template of Rules:")
    assert "does not allow appsync:GraphQL on" in told


def test_the_role_may_be_another_stacks_too(stacks: Stacks) -> None:
    """As AWS CDK has it, which makes the role beside the API: what it may do is what its own stack says."""
    role, policy = (stacks.templates["Rules"]["Resources"].pop(name) for name in ("Caller", "CallerDefaultPolicy"))
    api = stacks.templates["Api"]
    text = json.dumps({"Caller": role, "CallerDefaultPolicy": policy})
    api["Resources"] |= json.loads(text.replace(json.dumps(API_ID), '{"Fn::GetAtt": ["Api", "ApiId"]}'))
    api["Outputs"]["Caller"] = {"Value": {"Fn::GetAtt": ["Caller", "Arn"]}, "Export": {"Name": "Api:Caller"}}
    (target,) = stacks.templates["Rules"]["Resources"]["PublishRule"]["Properties"]["Targets"]
    target["RoleArn"] = {"Fn::ImportValue": "Api:Caller"}
    stacks.put_all()
    assert stacks.received("with the other's role") == "with the other's role"
    assert [each for each in stacks.runtime.told if each.startswith("warning: ")] == []

    (statement,) = api["Resources"]["CallerDefaultPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    statement["Action"] = "appsync:GetGraphqlApi"
    assert stacks.put("Api") == "UPDATE_COMPLETE"
    trace = stacks.runtime.trace()
    (event_id,) = stacks.runtime.put("refused", bus=BUS)
    assert trace.next("delivery", event_id)["code"] == "NO_PERMISSIONS"


def test_it_is_so_after_a_restart(stacks: Stacks, start_runtime: Any) -> None:
    """The stacks of an earlier run find each other again, without a word."""
    stacks.put_all()
    stacks.runtime.stop()

    again = start_runtime(template=None)
    trace = again.trace()
    (event_id,) = again.put("kept", bus=BUS)
    assert trace.next("transformer", event_id)["variables"] == {"msg": "kept"}
    assert [each for each in again.told if each.startswith("warning: ")] == []


def test_what_one_stack_lacks_is_told_when_all_are_back(stacks: Stacks, start_runtime: Any) -> None:
    """The rule's stack is older than the API's: each alone is at work first, and nothing is missing in the end."""
    for name in ("Bus", "Users", "Api"):
        stacks.put(name)
    outputs = stacks.outputs("Api")
    assert stacks.delete("Api") == ""
    stacks.ask_otherwise(outputs["ExportsOutputEndpoint"], outputs["ExportsOutputApiId"])
    assert stacks.put("Rules") == "CREATE_COMPLETE"
    missing = "no stack here has the API of target 'Target0'"
    assert [missing in each for each in stacks.runtime.told if each.startswith("warning: ")] == [True]
    assert stacks.put("Api") == "CREATE_COMPLETE"
    stacks.runtime.stop()

    again = start_runtime(template=None)
    assert [each for each in again.told if missing in each] == []
    trace = again.trace()
    (event_id,) = again.put("kept", bus=BUS)
    assert trace.next("transformer", event_id)["variables"] == {"msg": "kept"}


def test_a_template_on_disk_leads_to_a_deployed_api(stacks: Stacks, start_runtime: Any, tmp_path: Path) -> None:
    """The rule's stack is the file, what it needs is deployed into the same runtime."""
    for name in ("Bus", "Users", "Api"):
        assert stacks.put(name) == "CREATE_COMPLETE"
    stacks.runtime.stop()
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(stacks.templates["Rules"]))

    again = start_runtime(template=file, stack_name="rules")
    trace = again.trace()
    (event_id,) = again.put("from disk", bus=BUS)
    assert trace.next("transformer", event_id)["variables"] == {"msg": "from disk"}


def test_a_dead_letter_goes_to_the_api_of_another_stack(
    start_runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`redrive publish --to target` finds it by the target's ARN, whichever stack has the queue and which the API; the list names it."""
    stacks = Stacks(
        start_runtime(
            template=None, state=tmp_path / ".livebus", failing_targets=frozenset({"Target0"}), time_scale=1e5
        )
    )
    stacks.put_all()
    trace = stacks.runtime.trace()
    (event_id,) = stacks.runtime.put("late", bus=BUS)
    trace.next("delivery", event_id)
    until(lambda: stacks.letters_in_queue() == 1, "the dead letter")
    stacks.runtime.runtime.buses.faults.failing_targets = frozenset()
    monkeypatch.chdir(tmp_path)

    assert redrive.main(["list", "--local", "--stack-name", "Bus"]) == 0
    assert "target Api (" in capsys.readouterr().out

    async def redriven() -> Any:
        async with stacks.subscribed() as socket:
            given = ["publish", "--to", "target", "--local", "--stack-name", "Bus"]
            assert await asyncio.to_thread(redrive.main, given) == 0
            return await published(socket)

    assert run(redriven()) == "late"
    assert stacks.letters_in_queue() == 0
