"""
The unmodified SAM CLI against the local runtime: every command that this application is worked with on AWS.

After each deployment an event is published, and a subscriber gets it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest

from support.application import change
from support.copies import copy_project, outer_environment, with_bytecode
from support.processes import LocalRuntime, Program
from support.template_tools import BIN, ran
from support.terminal import answered_with_enter
from support.waiting import until

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
SAM = str(BIN / "sam")
PROFILE = """\
[profile local]
region = us-east-1
endpoint_url = {url}
aws_access_key_id = test
aws_secret_access_key = test
"""


class Desk:
    """A copy of the project with an empty runtime running in it, and the environment of somebody who works there."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = with_bytecode(copy_project(folder / "livebus")).resolve()
        self._stack = stack
        self.runtime = stack.enter_context(self.start())
        config = folder / "aws-config"
        config.write_text(PROFILE.format(url=self.runtime.outputs["EndpointUrl"]), encoding="utf-8")
        self.environment = {
            **outer_environment(),
            "AWS_CONFIG_FILE": str(config),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
            "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": "1",
            "NO_COLOR": "1",
        }

    def start(self) -> LocalRuntime:
        return LocalRuntime(self.folder / "scripts", self.folder / ".livebus", self.folder / "outputs.json", "--empty")

    def sam(self, *arguments: str, cwd: str = ".", code: int = 0, **environment: str) -> str:
        """What a command of the SAM CLI says; it has to end with the code."""
        done = ran("sam", *arguments, cwd=self.folder / cwd, env={**self.environment, **environment})
        assert done.code == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def script(self, name: str, *arguments: str) -> Program:
        script = self.folder / "scripts" / name
        program = Program.script(script, *arguments, cwd=self.folder, env=self.environment)
        return self._stack.enter_context(program)

    def arrives(self, *flags: str, user: str = "") -> Any:
        """Subscribe (as a user whose password the runtime knows) and publish the sample event: what the subscriber gets."""
        where = flags or ("--local",)
        state = json.loads((self.folder / ".livebus" / "runtime.json").read_text(encoding="utf-8"))
        self.environment["LIVEBUS_PASSWORD"] = state["Password"]
        who = ("--user", user) if user else ()
        subscriber = self.script("subscribe.py", *where, *who, "--count", "1", "--json")
        subscriber.wait_for("subscribed to onPublishMsgFromEb")
        publisher = self.script("publish.py", "events/sample.json", *where)
        assert publisher.wait() == 0, publisher.stderr
        assert subscriber.wait() == 0, subscriber.stderr
        return json.loads(subscriber.stdout)["data"]["onPublishMsgFromEb"]

    def change(self, file: str, old: str, new: str) -> None:
        change(self.folder / file, old, new)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(tmp_path, stack)


def test_validate_and_build(desk: Desk) -> None:
    """The template passes the SAM CLI's own look at it, our checks included, and builds."""
    assert "is a valid SAM Template" in desk.sam("validate", "--lint")
    desk.change("template.yaml", "publishMsgFromEB(msg: $msg)", "publishMsgFromEb(msg: $msg)")
    assert "E9103" in desk.sam("validate", "--lint", code=1)
    desk.change("template.yaml", "publishMsgFromEb(msg: $msg)", "publishMsgFromEB(msg: $msg)")
    assert "Build Succeeded" in desk.sam("build")


def test_deploy_guided_with_enter(desk: Desk) -> None:
    """Enter takes every default on a terminal, and the application runs; the answers are kept for the next time."""
    code, shown = answered_with_enter(
        [SAM, "deploy", "--guided"],
        cwd=desk.folder,
        env={**desk.environment, "AWS_ENDPOINT_URL": desk.runtime.outputs["EndpointUrl"]},
        prompt=r"\]:",
    )
    assert code == 0, shown
    asked = ["Stack Name [livebus]:", "AWS Region [us-east-1]:", "Parameter EventSource [sample.source]:"]
    assert [question for question in asked if question not in shown] == []
    assert "Successfully created/updated stack - livebus in us-east-1" in shown
    assert desk.arrives() == "Hello from EventBridge"
    assert 'EventSource=\\"sample.source\\"' in (desk.folder / "samconfig.toml").read_text(encoding="utf-8")


def test_the_life_of_a_stack(desk: Desk) -> None:
    """
    Deployed by a profile, deployed again without changes, with another parameter, another resolver and schema, with a
    mistake; listed; its log read; deleted.
    """
    local = ("--config-env", "local")
    assert "Successfully created/updated stack - livebus in us-east-1" in desk.sam("deploy", *local)
    assert desk.arrives() == "Hello from EventBridge"
    # The same way as on AWS: samconfig.toml names stack and profile, DescribeStacks has the rest.
    assert desk.arrives(*local, user="subscriber") == "Hello from EventBridge"

    assert "No changes to deploy. Stack livebus is up to date" in desk.sam("deploy", *local)

    said = desk.sam("deploy", *local, "--parameter-overrides", "LogRetentionInDays=7")
    assert [line.split()[2] for line in said.splitlines() if line.startswith("* Modify")] == ["ApiLogGroup"]
    assert desk.arrives() == "Hello from EventBridge"

    desk.change("resolvers/publishMsgFromEB.js", "payload: ctx.args.msg", "payload: `<${ctx.args.msg}>`")
    desk.change("schema.graphql", "  placeholder: String", "  another: Int\n  placeholder: String")
    said = desk.sam("deploy", *local, "--parameter-overrides", "LogRetentionInDays=7")
    modified = {line.split()[2] for line in said.splitlines() if line.startswith("* Modify")}
    assert modified == {"GraphQLSchema", "PublishResolver"}
    assert desk.arrives() == "<Hello from EventBridge>"

    desk.change("template.yaml", "'{\"msg\": <msg>}'", "'{\"msg\": <mgs>}'")
    said = desk.sam("deploy", *local, "--parameter-overrides", "LogRetentionInDays=7", code=1)
    words = " ".join(said.split())
    assert "UPDATE_FAILED" in words
    assert "contains invalid" in words
    assert "UPDATE_ROLLBACK_COMPLETE" in words
    assert desk.arrives() == "<Hello from EventBridge>"
    desk.change("template.yaml", "'{\"msg\": <mgs>}'", "'{\"msg\": <msg>}'")

    listed = json.loads(desk.sam("list", "stack-outputs", *local, "--output", "json").partition("\n\n")[0])
    outputs = {each["OutputKey"]: each["OutputValue"] for each in listed}
    assert (outputs["EventBusName"], outputs["GraphQLUrl"]) == (
        "livebus",
        f"{desk.runtime.outputs['EndpointUrl']}/graphql",
    )
    listed = json.loads(desk.sam("list", "resources", *local, "--output", "json").partition("\n\n")[0])
    assert {"LogicalResourceId": "EventBus", "PhysicalResourceId": "livebus"} in listed

    desk.change("resolvers/publishMsgFromEB.js", "return ctx.result", "return null")
    desk.sam("deploy", *local)
    assert desk.script("publish.py", "events/sample.json", "--local").wait() == 0
    group = f"/aws/appsync/apis/{outputs['GraphQLApiId']}"
    said = desk.sam("logs", *local, "--cw-log-group", group)
    assert '"fieldName": "publishMsgFromEB"' in said
    assert '"fieldInError": true' in said

    assert "Deleted successfully" in desk.sam("delete", *local, "--no-prompts")
    assert desk.script("publish.py", "events/sample.json", *local).wait() == 1


def test_two_teams_and_a_third(desk: Desk) -> None:
    """
    The orders are deployed, then the third team's own stack, on the first one's bus: nothing of the first changes, and
    one order arrives at all three.
    """
    url = {"AWS_ENDPOINT_URL": desk.runtime.outputs["EndpointUrl"]}
    orders = "examples/orders"
    assert "Successfully created/updated stack - livebus-orders" in desk.sam("deploy", cwd=orders, **url)
    said = desk.sam("deploy", "--config-env", "analytics", cwd=orders, **url)
    assert "Successfully created/updated stack - livebus-orders-analytics" in said
    assert "No changes to deploy. Stack livebus-orders is up to date" in desk.sam("deploy", cwd=orders, **url)
    subscribers = [
        desk.script("subscribe.py", "--local", "--stack-name", stack, "--count", "1", "--json", "--query", query, *api)
        for stack, query, api in (
            ("livebus-orders", "subscription { onPoints { orderId } }", ("--api", "Rewards")),
            ("livebus-orders", "subscription { onShipment { orderId } }", ("--api", "Fulfillment")),
            ("livebus-orders-analytics", "subscription { onSale { orderId } }", ()),
        )
    ]
    for subscriber in subscribers:
        subscriber.wait_for("subscribed to")
    order = f"{orders}/events/order-ada-hamburg.json"
    # Points are told to the customer alone, and the runtime's user is none: one order that says it is hers.
    text = (
        (desk.folder / order).read_text(encoding="utf-8").replace('"customerId": "ada"', '"customerId": "subscriber"')
    )
    (desk.folder / order).write_text(text, encoding="utf-8")
    publisher = desk.script("publish.py", order, "--local", "--stack-name", "livebus-orders")
    assert publisher.wait() == 0, publisher.stderr
    assert [subscriber.wait() for subscriber in subscribers] == [0, 0, 0]
    received = [json.loads(subscriber.stdout)["data"] for subscriber in subscribers]
    assert received == [
        {"onPoints": {"orderId": "o-1001"}},
        {"onShipment": {"orderId": "o-1001"}},
        {"onSale": {"orderId": "o-1001"}},
    ]
    # The first one's bus cannot be taken away from under the third team.
    client: Any = boto3.client("cloudformation", "us-east-1", endpoint_url=url["AWS_ENDPOINT_URL"], **KEYS)
    client.delete_stack(StackName="livebus-orders")
    held = "Export livebus-orders-EventBusName cannot be deleted as it is in use by livebus-orders-analytics"

    def reason() -> bool:
        (stack,) = client.describe_stacks(StackName="livebus-orders")["Stacks"]
        return (stack["StackStatus"], stack.get("StackStatusReason")) == ("CREATE_COMPLETE", held)

    until(reason, "the reason")
    for stack in ("livebus-orders-analytics", "livebus-orders"):
        said = desk.sam("delete", "--no-prompts", "--stack-name", stack, "--region", "us-east-1", **url)
        assert "Deleted successfully" in said


AUDIT = """
  Audit:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: audit/
      Handler: app.handler
      Runtime: {runtime}
      Events:
        Message:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref EventBus
            Pattern: {{source: [sample.source]}}

Outputs:
"""


def test_a_function_beside_the_line(desk: Desk) -> None:
    """Built and deployed, it gets the event that subscribers get; it is invoked, and its log is read, by the SAM CLI."""
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    desk.change("template.yaml", "\nOutputs:\n", AUDIT.format(runtime=runtime))
    (desk.folder / "audit").mkdir()
    source = "def handler(event, context):\n    print('audits', event)\n    return event\n"
    (desk.folder / "audit" / "app.py").write_text(source, encoding="utf-8")
    local = ("--profile", "local")
    desk.sam("build")
    assert "Successfully created/updated stack - livebus in us-east-1" in desk.sam("deploy", *local)
    assert desk.arrives() == "Hello from EventBridge"
    logs = ("logs", *local, "--stack-name", "livebus", "--name", "Audit")
    until(lambda: "'msg': 'Hello from EventBridge'" in desk.sam(*logs), "the function's log has the event")
    said = desk.sam("remote", "invoke", "Audit", *local, "--stack-name", "livebus", "--event", '{"id": 4711}')
    assert '{"id": 4711}' in said
