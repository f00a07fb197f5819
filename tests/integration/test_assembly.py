"""An application of AWS CDK with several stacks in the local runtime: run as one, told of stack by stack, followed on disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from livebus.aws.clients import ReachFlags
from livebus.aws.session import Session
from livebus.cdk_assembly import applications_of

ASSEMBLIES = Path(__file__).parents[1] / "foreign" / "assemblies"


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ASSEMBLIES / "four-stacks", tmp_path / "app" / "cdk.out"))


def started(start_runtime: Any, folder: Path, **options: Any) -> Any:
    (application,) = applications_of(folder)
    return start_runtime(template=application.manifest, application=application, stack_name=application.name, **options)


def reload(running: Any) -> bool:
    return bool(running.call(running.runtime.reload))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_an_event_goes_through_all_stacks(start_runtime: Any, assembly: Path) -> None:
    """The bus of one, the rule of a second, the API of a third, to a user of the fourth; each is a stack to callers."""
    runtime = started(start_runtime, assembly)
    trace = runtime.trace()
    (event_id,) = runtime.put("through", bus="BusEventsBus5F0A17C3")

    assert trace.next("transformer", event_id)["variables"] == {"msg": "through"}
    client = runtime.client("cloudformation")
    stacks = {each["StackName"]: each["StackStatus"] for each in client.describe_stacks()["Stacks"]}
    assert stacks == dict.fromkeys(("Rules", "Bus", "Users", "Api"), "CREATE_COMPLETE")
    (bus,) = [
        each["PhysicalResourceId"]
        for each in client.list_stack_resources(StackName="Bus")["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::Events::EventBus"
    ]
    assert bus == "BusEventsBus5F0A17C3"
    exports = {each["Name"]: each["ExportingStackId"].split("/")[1] for each in client.list_exports()["Exports"]}
    assert exports["Bus:ExportsOutputRefEventsBus"] == "Bus"
    assert client.list_imports(ExportName="Api:ApiId")["Imports"] == ["Rules"]


def test_commands_find_what_each_stack_has(start_runtime: Any, assembly: Path, tmp_path: Path) -> None:
    """Without a stack's name the whole is meant; by its name one stack is, and one that is not there is told."""
    runtime = started(start_runtime, assembly)
    (tmp_path / "here" / ".livebus").mkdir(parents=True)
    shutil.copy(runtime.runtime.state / "runtime.json", tmp_path / "here" / ".livebus")
    session = Session(ReachFlags([tmp_path / "here"], local=True))

    assert (session.stack_name, session.owner) == ("cdk.out", "the application 'cdk.out'")
    assert session.event_bus == "BusEventsBus5F0A17C3"
    api = session.api()
    assert api.graphql_url == runtime.outputs["GraphQLUrl"]
    assert session.client_id(api) == runtime.outputs["UserPoolClientId"]
    assert session.queue_url("").endswith("Letters-" + session.queue_url("").rpartition("-")[2])
    assert session.runtime is not None
    assert session.runtime.template_of("Api") == session.runtime.template_of("cdk.out") == assembly
    of_one = Session(ReachFlags([tmp_path / "here"], local=True, stack_name="Users"))
    assert set(of_one.outputs) == {"UserPoolClientId", "ExportsOutputRefPool"}


def test_what_is_synthesised_anew_is_in_use(start_runtime: Any, assembly: Path) -> None:
    """A changed template, a stack that is gone, and one that is broken, which the one before outlives."""
    runtime = started(start_runtime, assembly)
    trace = runtime.trace()
    rules = assembly / "Rules.template.json"
    change(rules, '{\\"msg\\": <msg>}', '{\\"msg\\": \\"changed\\"}')
    assert reload(runtime)
    (event_id,) = runtime.put("after", bus="BusEventsBus5F0A17C3")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "changed"}

    change(rules, '"Fn::GetAtt": [\n', '"Fn::GetAt": [\n')
    assert not reload(runtime)
    assert any("Rules.template.json:" in told and "Fn::GetAt" in told for told in runtime.told)

    change(rules, '"Fn::GetAt": [\n', '"Fn::GetAtt": [\n')
    manifest = (ASSEMBLIES / "two-stacks" / "manifest.json").read_text()
    (assembly / "manifest.json").write_text(manifest)
    for file in (ASSEMBLIES / "two-stacks").glob("*.template.json"):
        shutil.copy(file, assembly)
    assert reload(runtime)
    names = [each["StackName"] for each in runtime.client("cloudformation").describe_stacks()["Stacks"]]
    assert sorted(names) == ["Api", "Bus", "Users"]


def test_a_damaged_assembly_is_not_in_use(start_runtime: Any, assembly: Path) -> None:
    """Its manifest, or one of a stage that was added: told with the line, until it is mended; the last good application goes on."""
    runtime = started(start_runtime, assembly)
    manifest = assembly / "manifest.json"
    sound = manifest.read_text()
    manifest.write_text("{")
    assert not reload(runtime)
    stage = '"Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},'
    manifest.write_text(sound.replace('"artifacts": {', f'"artifacts": {{ {stage}'))
    assert not reload(runtime)
    shutil.copytree(ASSEMBLIES / "two-stacks", assembly / "assembly-Prod")
    (assembly / "assembly-Prod" / "manifest.json").write_text("[")
    assert not reload(runtime)
    found = [told.partition("cdk.out/")[2] for told in runtime.told if told.startswith("not reloaded: ")]
    assert found == [
        "manifest.json:1:2: not JSON: expecting property name enclosed in double quotes. Run `cdk synth` again.",
        "assembly-Prod: '" + found[1].split("'")[1] + "' is not there. Run `cdk synth` again.",
        "assembly-Prod/manifest.json:1:2: not JSON: expecting value. Run `cdk synth` again.",
    ]
    trace = runtime.trace()
    (event_id,) = runtime.put("on", bus="BusEventsBus5F0A17C3")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "on"}
    manifest.write_text(sound)
    assert reload(runtime)


def test_a_damaged_manifest_is_told_where_one_stack_runs(start_runtime: Any, assembly: Path) -> None:
    """Once, whatever else changes; the stack runs on, and follows its template. Mended and damaged again is told again."""
    template, manifest = assembly / "Bus.template.json", assembly / "manifest.json"
    sound = manifest.read_text()
    runtime = start_runtime(template=template, stack_name="Bus")

    def told() -> list[str]:
        return [each.partition("cdk.out/")[2] for each in runtime.told if each.startswith("warning: ")]

    assert told() == []
    manifest.write_text("{")
    assert reload(runtime)
    broken = "manifest.json:1:2: not JSON: expecting property name enclosed in double quotes. Run `cdk synth` again."
    assert told() == [broken]
    change(template, '"Resources": {', '"Resources": {"More": {"Type": "AWS::SQS::Queue"},')
    assert reload(runtime)
    assert told() == [broken]
    resources = runtime.client("cloudformation").list_stack_resources(StackName="Bus")["StackResourceSummaries"]
    assert "More" in [each["LogicalResourceId"] for each in resources]
    manifest.write_text(sound)
    assert reload(runtime)
    manifest.write_text("{")
    assert reload(runtime)
    assert told() == [broken, broken]


def test_a_manifest_that_changes_is_noticed_where_one_stack_runs(start_runtime: Any, assembly: Path) -> None:
    """The files that are looked at for changes are the template and the manifests around it."""
    runtime = start_runtime(template=assembly / "Bus.template.json", stack_name="Bus", reload=True)
    (assembly / "manifest.json").write_text("{")
    runtime.wait_for_line("manifest.json:1:2: not JSON")


def test_a_stack_of_it_is_not_deployed_over(start_runtime: Any, assembly: Path) -> None:
    """The others need it: whoever tries is told what to do, and nothing is changed."""
    client = started(start_runtime, assembly).client("cloudformation")

    template = "Resources: {B: {Type: AWS::Events::EventBus, Properties: {Name: other}}}"
    for call in (
        lambda: client.update_stack(StackName="Bus", TemplateBody=template),
        lambda: client.create_change_set(StackName="Bus", ChangeSetName="c", TemplateBody=template),
        lambda: client.delete_stack(StackName="Bus"),
    ):
        with pytest.raises(ClientError, match=r"Stack \[Bus\] is run from cdk.out on disk.*--empty"):
            call()


def test_a_rule_is_never_on_another_bus_than_its_own(start_runtime: Any) -> None:
    """Its bus is exported by nobody here: the rule waits on none, the default one least of all."""
    folder = ASSEMBLIES / "export-of-nobody"
    runtime = started(start_runtime, folder)

    assert [each for each in runtime.told if "No export named Tools:EventsBus found." in each]
    assert runtime.client("events").list_rules(EventBusName="default")["Rules"] == []
    assert {each["Name"] for each in runtime.client("events").list_event_buses()["EventBuses"]} == {
        "default",
        "BusEventsBus5F0A17C3",
    }


def test_an_output_of_another_stack_is_had_by_name(start_runtime: Any) -> None:
    """Fn::GetStackOutput of a stack that was deployed; of one that is not there the deployment fails, and says so."""
    client = start_runtime(template=None).client("cloudformation")
    bus = "Resources: {B: {Type: AWS::Events::EventBus, Properties: {Name: NAME}}}\nOutputs: {O: {Value: !Ref B}}"
    weak = '{"Fn::GetStackOutput": {StackName: STACK, OutputName: O}}'
    client.create_stack(StackName="first", TemplateBody=bus.replace("NAME", "orders"))
    client.get_waiter("stack_create_complete").wait(StackName="first", WaiterConfig={"Delay": 0.2})
    for stack, of in (("second", "first"), ("third", "none")):
        value = '!Sub ["${x}-2", {x: ' + weak.replace("STACK", of) + "}]"
        client.create_stack(StackName=stack, TemplateBody=bus.replace("NAME", value), OnFailure="DO_NOTHING")

    client.get_waiter("stack_create_complete").wait(StackName="second", WaiterConfig={"Delay": 0.2})
    (output,) = client.describe_stacks(StackName="second")["Stacks"][0]["Outputs"]
    assert output["OutputValue"] == "orders-2"
    reasons = [
        each.get("ResourceStatusReason", "") for each in client.describe_stack_events(StackName="third")["StackEvents"]
    ]
    assert any("No output named O of stack none found." in each for each in reasons)


def test_a_change_is_noticed_by_itself(start_runtime: Any, assembly: Path) -> None:
    """Of any of the templates."""
    runtime = started(start_runtime, assembly, reload=True)
    change(assembly / "Users.template.json", '"AllowAdminCreateUserOnly": true', '"AllowAdminCreateUserOnly": false')

    assert runtime.wait_for_line("reloaded: the application's files changed")
