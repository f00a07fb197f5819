"""Functions of a template in the runtime: invoked by boto3 and by rules, deployed, switched off, and kept from disturbing."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.functions import PYTHON, need_node
from support.http import request
from support.running import RunningRuntime
from support.waiting import until

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
Start = Callable[..., RunningRuntime]

TEMPLATE = f"""
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {{Runtime: {PYTHON}, Timeout: 5, MemorySize: 256}}
Resources:
  Bus: {{Type: AWS::Events::EventBus, Properties: {{Name: orders}}}}
  Letters: {{Type: AWS::SQS::Queue, Properties: {{QueueName: letters}}}}
  Told: {{Type: AWS::SQS::Queue, Properties: {{QueueName: told}}}}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: echo
      CodeUri: src/
      Handler: app.echo
      Environment: {{Variables: {{BUS: !Ref Bus}}}}
      EventInvokeConfig: {{DestinationConfig: {{OnSuccess: {{Type: SQS, Destination: !GetAtt Told.Arn}}}}}}
      Events:
        Whole: {{Type: EventBridgeRule, Properties: {{EventBusName: !Ref Bus, Pattern: {{source: [whole]}}}}}}
        Part:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref Bus
            Pattern: {{source: [part]}}
            InputTransformer: {{InputPathsMap: {{n: $.detail.n}}, InputTemplate: '{{"number": <n>}}'}}
  Fails:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fails
      CodeUri: src/
      Handler: app.fails
      DeadLetterQueue: {{Type: SQS, TargetArn: !GetAtt Letters.Arn}}
      EventInvokeConfig: {{DestinationConfig: {{OnFailure: {{Type: SQS, Destination: !GetAtt Told.Arn}}}}}}
  Loud: {{Type: AWS::Serverless::Function, Properties: {{FunctionName: loud, CodeUri: src/, Handler: app.loud, Timeout: 60}}}}
  Slow: {{Type: AWS::Serverless::Function, Properties: {{FunctionName: slow, CodeUri: src/, Handler: app.slow, Timeout: 1}}}}
  Node:
    Type: AWS::Serverless::Function
    Properties: {{FunctionName: node, CodeUri: src/, Handler: app.handler, Runtime: nodejs22.x}}
  Java:
    Type: AWS::Serverless::Function
    Properties: {{FunctionName: java, CodeUri: src/, Handler: a.B, Runtime: java21}}
  Unpermitted:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {{source: [unpermitted]}}
      Targets: [{{Id: T, Arn: !GetAtt Fails.Arn, RetryPolicy: {{MaximumRetryAttempts: 0}}}}]
"""
SOURCE = """
import os, sys, time, boto3
def echo(event, context):
    print("echoes", event)
    return {"event": event, "bus": os.environ["BUS"]}
def fails(event, context):
    raise RuntimeError("out of stock")
def loud(event, context):
    for _ in range(1024):
        sys.stdout.write("y" * 1048576)
    return "said"
def slow(event, context):
    time.sleep(60)
def publishes(event, context):
    entry = {"Source": "part", "DetailType": "d", "Detail": '{"n": 7}', "EventBusName": "orders"}
    return boto3.client("events").put_events(Entries=[entry])["FailedEntryCount"]
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "app" / "src").mkdir(parents=True)
    (tmp_path / "app" / "src" / "app.py").write_text(SOURCE)
    (tmp_path / "app" / "src" / "app.mjs").write_text(
        "export const handler = async (event) => ({ event, by: 'node' });\n"
    )
    path = tmp_path / "app" / "template.yaml"
    path.write_text(TEMPLATE)
    return path


@pytest.fixture
def runtime(start_runtime: Start, template: Path) -> RunningRuntime:
    return start_runtime(template=template, time_scale=10_000.0)


def invoke(runtime: RunningRuntime, name: str, event: Any = None, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = runtime.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event).encode(), **options
    )
    body = answer["Payload"].read()
    return {**answer, "Payload": json.loads(body) if body else None}


def refusal(call: Any, **given: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def put(runtime: RunningRuntime, source: str, detail: Any) -> str:
    entry = {"Source": source, "DetailType": "d", "Detail": json.dumps(detail), "EventBusName": "orders"}
    answer = runtime.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def received(runtime: RunningRuntime, queue: str) -> dict[str, Any]:
    """The next message of a queue, once there is one."""
    sqs = runtime.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    messages = until(
        lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"),
        f"a message in {queue}",
    )
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    return dict(messages[0])


# --- Invoke ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["echo", f"{ARN}echo", f"{ARN}echo:$LATEST", f"{ACCOUNT}:function:echo", "echo:$LATEST"]
)
def test_a_function_is_invoked_by_any_of_its_names(runtime: RunningRuntime, name: str) -> None:
    """Its result is the payload; variables that refer to resources have their values."""
    answer = invoke(runtime, name, {"größe": 1})
    assert answer["Payload"] == {"event": {"größe": 1}, "bus": "orders"}
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)


def test_a_function_in_node(runtime: RunningRuntime) -> None:
    """An ES module."""
    need_node()
    assert invoke(runtime, "node", [1])["Payload"] == {"event": [1], "by": "node"}


def test_the_tail_of_the_log_comes_with_the_result(runtime: RunningRuntime) -> None:
    """LogType=Tail; and CloudWatch Logs has the same lines in the function's group."""
    answer = invoke(runtime, "echo", 1, LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert lines[1] == "echoes 1"
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    logs = runtime.client("logs")
    found = [each["message"] for each in logs.filter_log_events(logGroupName="/aws/lambda/echo")["events"]]
    assert found[:3] == [lines[0], lines[1], lines[2]]
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/e")["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["/aws/lambda/echo"]
    assert runtime.wait_for_line("echo: echoes 1")


def test_an_error_of_the_function_is_a_result(runtime: RunningRuntime) -> None:
    """Status 200, FunctionError, and the error as payload; told on stderr."""
    answer = invoke(runtime, "fails")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (answer["Payload"]["errorType"], answer["Payload"]["errorMessage"]) == ("RuntimeError", "out of stock")
    assert runtime.wait_for_line("function fails failed: RuntimeError: out of stock")


def test_a_timeout_is_a_result(runtime: RunningRuntime) -> None:
    """In AWS's words."""
    answer = invoke(runtime, "slow")
    assert answer["Payload"] == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer['ResponseMetadata']['RequestId']} Error: Task timed out after 1.00 seconds",
    }


def test_a_dry_run_runs_nothing(runtime: RunningRuntime) -> None:
    """204, and no log."""
    assert invoke(runtime, "echo", 1, InvocationType="DryRun")["StatusCode"] == 204
    assert runtime.client("logs").filter_log_events(logGroupName="/aws/lambda/echo")["events"] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"FunctionName": "nobody"}, ("ResourceNotFoundException", f"Function not found: {ARN}nobody", 404)),
        (
            {"FunctionName": "echo", "Qualifier": "7"},
            ("ResourceNotFoundException", f"Function not found: {ARN}echo:7", 404),
        ),
        (
            {"FunctionName": "echo", "Payload": b"{"},
            (
                "InvalidRequestContentException",
                (
                    "Could not parse request body into json: Expecting property name enclosed in double quotes: "
                    "line 1 column 2 (char 1)"
                ),
                400,
            ),
        ),
        (
            {"FunctionName": "echo", "Payload": b'"%s"' % (b"x" * 6_291_456)},
            (
                "RequestTooLargeException",
                "6291458 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)",
                413,
            ),
        ),
        (
            {"FunctionName": "java"},
            (
                "UnknownOperationException",
                (
                    "function 'java' does not run in the local runtime: the runtime 'java21' is not emulated; "
                    "Python (python3.x) and Node.js (nodejs22.x, say) functions run"
                ),
                501,
            ),
        ),
    ],
)
def test_what_lambda_does_not_take(runtime: RunningRuntime, given: Any, expected: tuple[str, str, int]) -> None:
    """Lambda's own errors, with their statuses."""
    assert refusal(runtime.client("lambda").invoke, **given) == expected


def test_code_that_is_not_there_is_told(start_runtime: Start, template: Path) -> None:
    """By the call, with the place that was looked at; once it is there the function runs."""
    source = template.parent / "src"
    source.rename(template.parent / "away")
    runtime = start_runtime(template=template)
    code, message, status = refusal(runtime.client("lambda").invoke, FunctionName="echo")
    assert (code, status) == ("ResourceConflictException", 409)
    assert message == f"src/: 'src/' is not there. Looked for {source}; see CodeUri or Code in the template."
    (template.parent / "away").rename(source)
    assert invoke(runtime, "echo", 2)["Payload"]["event"] == 2


def test_functions_are_listed_and_described(runtime: RunningRuntime) -> None:
    """Their configurations, page by page; what changes functions is refused by name."""
    client = runtime.client("lambda")
    first = client.list_functions(MaxItems=2)
    assert [each["FunctionName"] for each in first["Functions"]] == ["echo", "fails"]
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 4})
    assert [each["FunctionName"] for page in pages for each in page["Functions"]] == [
        *("echo", "fails", "java", "loud", "node", "slow"),
    ]
    described = client.get_function(FunctionName="echo")["Configuration"]
    members = ("FunctionArn", "Runtime", "Handler", "Timeout", "MemorySize", "State")
    assert [described[member] for member in members] == [f"{ARN}echo", PYTHON, "app.echo", 5, 256, "Active"]
    assert described["Environment"] == {"Variables": {"BUS": "orders"}}
    failed = client.get_function_configuration(FunctionName="java")
    assert (failed["State"], failed["StateReason"].partition(" is not")[0]) == ("Failed", "the runtime 'java21'")
    assert refusal(client.delete_function, FunctionName="echo")[::2] == ("UnknownOperationException", 501)


def test_an_unsigned_call_runs_nothing(runtime: RunningRuntime) -> None:
    """A page of the web can let the browser post here, but not with a signature."""
    path = "/2015-03-31/functions/echo/invocations"
    for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x"}):
        answer = request(runtime.port, "POST", path, headers=headers, body=b"{}")
        assert (answer.status, json.loads(answer.body)) == (403, {"message": "Missing Authentication Token"})
    assert runtime.client("logs").filter_log_events(logGroupName="/aws/lambda/echo")["events"] == []


# --- asynchronous ---------------------------------------------------------------------------------------------------


def test_an_asynchronous_invocation_is_taken_at_once(runtime: RunningRuntime) -> None:
    """202 without a payload; the destination is told of the success."""
    answer = invoke(runtime, "echo", 5, InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"]) == (202, None)
    record = json.loads(received(runtime, "told")["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["functionArn"] == f"{ARN}echo:$LATEST"
    assert (record["requestPayload"], record["responsePayload"]) == (5, {"event": 5, "bus": "orders"})


def test_what_fails_is_tried_three_times_and_told(runtime: RunningRuntime) -> None:
    """Two retries; then the dead-letter queue has the event, and the destination the record."""
    request_id = invoke(runtime, "fails", {"id": 1}, InvocationType="Event")["ResponseMetadata"]["RequestId"]
    letter = received(runtime, "letters")
    assert json.loads(letter["Body"]) == {"id": 1}
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "out of stock"}
    record = json.loads(received(runtime, "told")["Body"])
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{ARN}fails:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    events = runtime.client("logs").filter_log_events(logGroupName="/aws/lambda/fails", filterPattern="START")["events"]
    assert [each["message"] for each in events] == [f"START RequestId: {request_id} Version: $LATEST"] * 3
    assert runtime.wait_for_line("is given up after 3 attempts: out of stock; it is in the dead-letter queue; its")


# --- rules ----------------------------------------------------------------------------------------------------------


def test_a_rule_invokes_a_function_with_the_event(runtime: RunningRuntime) -> None:
    """The whole envelope, as the bus has it; the trace tells of each step by the event's id."""
    trace = runtime.trace()
    event_id = put(runtime, "whole", {"n": 1.50})
    record = json.loads(received(runtime, "told")["Body"])
    assert (record["requestPayload"]["id"], record["requestPayload"]["detail"]) == (event_id, {"n": 1.5})
    assert trace.next("transformer", event_id)["target"] == "EchoWholeLambdaTarget"
    done = trace.next("function", event_id)
    assert (done["function"], done["invocation"], "errorType" in done) == ("echo", "Event", False)


def test_a_transformed_input(runtime: RunningRuntime) -> None:
    """What the target's input makes of the event is the function's event."""
    put(runtime, "part", {"n": 3})
    assert json.loads(received(runtime, "told")["Body"])["requestPayload"] == {"number": 3}


def test_a_rule_without_permission_is_refused(runtime: RunningRuntime) -> None:
    """The function's policy does not admit the rule: told when the template loads, and for each event."""
    assert runtime.wait_for_line("The function 'fails' has no AWS::Lambda::Permission")
    event_id = put(runtime, "unpermitted", {})
    assert runtime.wait_for_line(f"event {event_id} is lost: NO_PERMISSIONS: The function 'fails' has no")


def test_a_functions_own_calls_stay_here(start_runtime: Start, template: Path) -> None:
    """boto3 in the function finds the runtime by itself: what it puts on the bus comes to another function."""
    template.write_text(TEMPLATE.replace("Handler: app.fails", "Handler: app.publishes"))
    runtime = start_runtime(template=template)
    assert invoke(runtime, "fails")["Payload"] == 0
    assert json.loads(received(runtime, "told")["Body"])["requestPayload"] == {"number": 7}


# --- around ---------------------------------------------------------------------------------------------------------


def test_others_go_on_while_a_function_is_loud(runtime: RunningRuntime) -> None:
    """While a gigabyte is printed and another function sleeps, events are carried and functions answer."""
    for name in ("loud", "slow"):
        invoke(runtime, name, 1, InvocationType="Event")
    trace = runtime.trace()
    answers = [invoke(runtime, "echo", n)["Payload"]["event"] for n in range(20)]
    assert answers == list(range(20))
    event_id = put(runtime, "part", {"n": 3})
    assert trace.next("function", event_id)["function"] == "echo"
    assert runtime.wait_for_line("loud: … and ")


def test_no_functions_keeps_code_from_running(start_runtime: Start, template: Path) -> None:
    """Calls and events fail by name, and the log stays empty."""
    runtime = start_runtime(template=template, functions=False)
    words = "function 'echo' does not run in the local runtime: functions are switched off (--no-functions)"
    assert refusal(runtime.client("lambda").invoke, FunctionName="echo") == ("UnknownOperationException", words, 501)
    event_id = put(runtime, "whole", {})
    assert runtime.wait_for_line(f"event {event_id} is lost: ERROR_FROM_TARGET: {words}")
    assert runtime.client("logs").filter_log_events(logGroupName="/aws/lambda/echo")["events"] == []


def test_a_reload_changes_functions(start_runtime: Start, template: Path) -> None:
    """A function's configuration follows the template; its warm process ends with the old one."""
    runtime = start_runtime(template=template)
    invoke(runtime, "echo", 1)
    template.write_text(TEMPLATE.replace("{BUS: !Ref Bus}", "{BUS: other}"))
    assert runtime.call(runtime.runtime.reload)
    assert invoke(runtime, "echo", 1)["Payload"]["bus"] == "other"


def test_functions_are_deployed(start_runtime: Start) -> None:
    """Code from the runtime's S3, as sam deploy uploads it; an update brings other code, a deletion takes it away."""
    runtime = start_runtime(template=None)
    s3, cloudformation = runtime.client("s3"), runtime.client("cloudformation")
    s3.create_bucket(Bucket="code")

    def deploy(kind: str, result: str, *, uploads: bool = True) -> str:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("app.py", f"def h(e, c): return {result!r}\n")
        if uploads:
            s3.put_object(Bucket="code", Key=f"{result}.zip", Body=body.getvalue())
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
        code = {"S3Bucket": "code", "S3Key": f"{result}.zip"}
        arn = {"Fn::GetAtt": ["Role", "Arn"]}
        function = {"FunctionName": "f", "Role": arn, "Runtime": PYTHON, "Handler": "app.h", "Code": code}
        resources = {"Role": role, "F": {"Type": "AWS::Lambda::Function", "Properties": function}}
        outputs = {"Arn": {"Value": {"Fn::GetAtt": ["F", "Arn"]}}, "Name": {"Value": {"Ref": "F"}}}
        body_text = json.dumps({"Resources": resources, "Outputs": outputs})
        getattr(cloudformation, f"{kind}_stack")(StackName="s", TemplateBody=body_text, Capabilities=["CAPABILITY_IAM"])
        return until(settled, "the deployment ends")

    def settled() -> str:
        status = str(cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"])
        return "" if status.endswith("_IN_PROGRESS") else status

    assert deploy("create", "one") == "CREATE_COMPLETE"
    outputs = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert {each["OutputKey"]: each["OutputValue"] for each in outputs} == {"Arn": f"{ARN}f", "Name": "f"}
    assert invoke(runtime, "f")["Payload"] == "one"
    assert deploy("update", "two") == "UPDATE_COMPLETE"
    assert invoke(runtime, "f")["Payload"] == "two"
    assert deploy("update", "missing", uploads=False) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [
        each.get("ResourceStatusReason", "")
        for each in cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    ]
    assert any(
        "S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist." in each for each in reasons
    )
    assert invoke(runtime, "f")["Payload"] == "two"
    cloudformation.delete_stack(StackName="s")
    until(lambda: not runtime.client("lambda").list_functions()["Functions"], "the function is gone")


def test_a_runtime_without_functions_loads_none_of_it(project: Path, tmp_path: Path) -> None:
    """Nothing that runs functions is imported for a template that has none."""
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from livebus.runtime.server import Runtime\n"
        "from livebus.runtime.settings import Settings\n"
        "async def main():\n"
        "    runtime = Runtime(Settings(Path(sys.argv[1]), Path(sys.argv[2]), port=0), lambda line: None)\n"
        "    await runtime.start()\n"
        "    await runtime.stop()\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.startswith('livebus.runtime.functions')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(project / "template.yaml"), str(tmp_path / "state")],
        env={"PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
