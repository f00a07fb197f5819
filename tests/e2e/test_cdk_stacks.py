"""
An application of several stacks as AWS CDK synthesises it: checked and run whole, from its folder, without a flag.

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

import pytest

from support.copies import outer_environment
from support.processes import LocalRuntime

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
new events.Rule(live, "PublishRule", {
  eventBus: bus,
  eventPattern: { source: ["orders"], detailType: ["OrderPlaced"], detail: { text: events.Match.prefix("") } },
  targets: [
    new targets.AppSync(api, {
      graphQLOperation: "mutation Publish($id: ID!, $text: String!) { publish(id: $id, text: $text) { id text } }",
      variables: events.RuleTargetInput.fromObject({
        id: events.EventField.eventId,
        text: events.EventField.fromPath("$.detail.text"),
      }),
      deadLetterQueue: new sqs.Queue(live, "DeadLetters", { retentionPeriod: Duration.days(14), enforceSSL: true }),
      maxEventAge: Duration.minutes(5),
    }),
  ],
});
new CfnOutput(live, "GraphQLUrl", { value: api.graphqlUrl });
app.synth();
"""


@pytest.fixture
def synth(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
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

    def run() -> None:
        environment = {**outer_environment(), "CDK_OUTDIR": "cdk.out"}
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
