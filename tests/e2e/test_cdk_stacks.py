"""
An application of several stacks as AWS CDK synthesises it: checked and run whole, from its folder, without a flag; and deployed, one
stack after the other, by the unmodified CDK.

Needs node and ``npm ci`` in examples/cdk. Where they are missing it is left out and the run says so; in CI it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from support.copies import outer_environment
from support.processes import LocalRuntime, Program

PROGRAM = """
const { App, CfnOutput, Duration, Stack } = require("aws-cdk-lib");
const appsync = require("aws-cdk-lib/aws-appsync");
const cognito = require("aws-cdk-lib/aws-cognito");
const events = require("aws-cdk-lib/aws-events");
const targets = require("aws-cdk-lib/aws-events-targets");
const sqs = require("aws-cdk-lib/aws-sqs");

const app = new App({ context: { "aws:cdk:enable-path-metadata": true, "@aws-cdk/aws-iam:minimizePolicies": true } });
const shared = new Stack(app, "Shared");
const bus = new events.EventBus(shared, "Bus");
new CfnOutput(shared, "EventBusName", { value: bus.eventBusName });
const people = new Stack(app, "People");
const pool = new cognito.UserPool(people, "Users", { signInAliases: { username: true } });
const client = pool.addClient("App", { authFlows: { userPassword: true, userSrp: true } });
new CfnOutput(people, "UserPoolClientId", { value: client.userPoolClientId });
const live = new Stack(app, "Live");
const api = new appsync.GraphqlApi(live, "Api", {
  name: "live-events",
  definition: appsync.Definition.fromFile("schema.graphql"),
  authorizationConfig: {
    defaultAuthorization: { authorizationType: appsync.AuthorizationType.IAM },
    additionalAuthorizationModes: [
      { authorizationType: appsync.AuthorizationType.USER_POOL, userPoolConfig: { userPool: pool } },
    ],
  },
});
api.addNoneDataSource("Nothing").createResolver("Publish", {
  typeName: "Mutation",
  fieldName: "publish",
  runtime: appsync.FunctionRuntime.JS_1_0_0,
  code: appsync.Code.fromAsset("resolvers/publish.js"),
});
const rules = process.env.RULE_APART ? new Stack(app, "Rules") : live;
new events.Rule(rules, "PublishRule", {
  eventBus: bus,
  eventPattern: { source: ["orders"], detailType: ["OrderPlaced"], detail: { text: events.Match.prefix("") } },
  targets: [
    new targets.AppSync(api, {
      graphQLOperation: "mutation Publish($id: ID!, $text: String!) { publish(id: $id, text: $text) { id text } }",
      variables: events.RuleTargetInput.fromObject({
        id: events.EventField.eventId,
        text: events.EventField.fromPath("$.detail.text"),
      }),
      deadLetterQueue: new sqs.Queue(rules, "DeadLetters", { retentionPeriod: Duration.days(14), enforceSSL: true }),
      maxEventAge: Duration.minutes(5),
    }),
  ],
});
new CfnOutput(live, "GraphQLUrl", { value: api.graphqlUrl });
app.synth();
"""


@pytest.fixture
def synth(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes cdk.out into an application's folder, which is the working directory."""
    original = project / "examples" / "cdk"
    if not (shutil.which("node") and (original / "node_modules" / ".package-lock.json").exists()):
        otherwise = "AWS CDK is not installed: install Node.js with npm, then run make setup, or npm ci in examples/cdk"
        if os.environ.get("CI"):
            pytest.fail(f"not left out in CI: {otherwise}")
        pytest.skip(otherwise)
    folder = tmp_path / "app"
    for name in ("events", "resolvers"):
        shutil.copytree(original / name, folder / name)
    shutil.copy(original / "schema.graphql", folder)
    (folder / "node_modules").symlink_to(original / "node_modules")
    (folder / "app.js").write_text(PROGRAM)
    (folder / "cdk.json").write_text('{"app": "node app.js"}')
    monkeypatch.chdir(folder)

    def run(**given: str) -> None:
        environment = {**outer_environment(), "CDK_OUTDIR": "cdk.out", **given}
        subprocess.run(["node", "app.js"], env=environment, check=True, capture_output=True, timeout=120)

    return run


def livebus(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).parents[2] / "scripts" / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_what_cdk_synthesises_is_proved_and_runs_whole(
    synth: Callable[[], None], local: Callable[..., LocalRuntime]
) -> None:
    """No false alarm; an event on the bus of one stack reaches a user who is signed in to the pool of another."""
    synth()
    answer = json.loads(livebus("validate", "--fast", "--json").stdout)
    # CDK's own role of an API trusts EventBridge as a whole.
    found = {each["id"] for each in answer["findings"] if each["severity"] != "info"} - {"W9131"}
    assert (found, [each["arrives"] for each in answer["events"]]) == (set(), [True])

    runtime = local("cdk.out", state=Path(".livebus").absolute())
    sent = livebus("publish", "--local", "events/order-placed.json", "--wait", "20")
    assert (sent.returncode, sent.stderr.splitlines()[1]) == (0, "1 of 1 messages arrived")
    assert runtime.outputs["EventBusName"].startswith("SharedBus")


def test_all_stacks_are_deployed_one_after_the_other(
    synth: Callable[..., None], local: Callable[..., LocalRuntime], tmp_path: Path
) -> None:
    """`cdk deploy --all`: a rule of one stack leads to the API of another, with the role that CDK makes beside that API."""
    synth(RULE_APART="1")
    runtime = local("--empty", "--user", "anna:Secret-123", state=Path(".livebus").absolute())
    cdk(runtime, tmp_path, "bootstrap")
    cdk(runtime, tmp_path, "deploy", "--all", "--require-approval", "never")

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    cloudformation, events = (
        boto3.client(name, endpoint_url=runtime.outputs["EndpointUrl"], **keys) for name in ("cloudformation", "events")
    )

    def outputs(stack: str) -> dict[str, str]:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    words = ("--local", "--stack-name", "Live", "--client", outputs("People")["UserPoolClientId"], "--user", "anna")
    more = ("--schema", "schema.graphql", "--field", "onPublish", "--count", "1", "--json")
    script = Path(__file__).parents[2] / "scripts" / "subscribe.py"
    environment = {**os.environ, "LIVEBUS_PASSWORD": "Secret-123"}
    with Program.script(script, *words, *more, cwd=Path.cwd(), env=environment) as subscriber:
        subscriber.wait_for("subscribed to onPublish")
        entry = {
            "EventBusName": outputs("Shared")["EventBusName"],
            "Source": "orders",
            "DetailType": "OrderPlaced",
            "Detail": json.dumps({"text": "across"}),
        }
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
        assert subscriber.wait() == 0, subscriber.stderr
        assert json.loads(subscriber.stdout)["data"]["onPublish"]["text"] == "across"
    assert [
        each for each in runtime.stderr.splitlines() if "not emulated" in each or "not in the template" in each
    ] == []

    cdk(runtime, tmp_path, "destroy", "--all", "--force")
    statuses = {each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]}
    assert statuses == {"CDKToolkit"}


def cdk(runtime: LocalRuntime, home: Path, *words: str) -> None:
    """Run the unmodified CLI, which has to end well."""
    environment = {
        **outer_environment(),
        "AWS_ENDPOINT_URL": runtime.outputs["EndpointUrl"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "CDK_HOME": str(home),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
    }
    command = ["node", "node_modules/aws-cdk/bin/cdk", *words, "--app", "cdk.out"]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
