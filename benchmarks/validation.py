"""
Processor time of validate.py on the project's template, against cfn-lint alone and against itself at another commit, of many sample
events on top, and of a large template.

Run it with ``python benchmarks/validation.py [--json] [--rounds 5] [--events 10000] [--resources 400] [--against COMMIT]``. The
large template is written as AWS CDK does it: JSON, metadata for each construct, inline schema and code, a mutation for each rule.
Each row is a pair: both programs are started one after the other in each round, and the ratio is the median over the rounds, so
that a busy machine slows both. Both run in a process of their own, as people start them, and its processor time counts, user and
system, which other work changes least; cfn-lint alone runs without our rules. ``--against`` runs the code of another commit on
this one's files, too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from line_servers import checked_out

PROJECT = Path(__file__).resolve().parent.parent
VALIDATE = [sys.executable, str(PROJECT / "scripts" / "validate.py"), "--quiet"]
EVENTS_SECONDS = 2.0
RESOURCES_SECONDS = 5.0

# As programs are started once they are installed: with their bytecode beside them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

Row = dict[str, str | float]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="how many pairs (default: %(default)s)")
    parser.add_argument("--events", type=int, default=10_000, help="how many sample events (default: %(default)s)")
    parser.add_argument("--resources", type=int, default=400, help="of the large template (default: %(default)s)")
    parser.add_argument("--against", metavar="COMMIT", help="measure the code of this commit, too")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        other = stack.enter_context(checked_out(options.against)) if options.against else None
        rows = measure(options.rounds, options.events, options.resources)
        if other is not None:
            rows += measure_against(options.against, other, options.rounds)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        print(
            f"{row['subject']:34} {row['seconds']:>7.2f} s   {row['against']:28} {row['against_seconds']:>7.2f} s"
            f"   {row['measure']} {row['value']:>6.2f} (aim: below {row['aim']:.2f})"
        )
    return 0


def measure(rounds: int, events: int, resources: int) -> list[Row]:
    """Measure all pairs."""
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        folder = Path(name)
        bare, many = folder / "cfnlintrc.yaml", folder / "many.ndjson"
        bare.write_text("{}\n", encoding="utf-8")
        many.write_text("".join(f"{json.dumps(event(number))}\n" for number in range(events)), encoding="utf-8")
        # Without our rules: .cfnlintrc is not read where another file is named.
        cfn_lint = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", str(bare), "-t", "template.yaml"]
        rows = [
            ratio("validate.py", VALIDATE, "cfn-lint", cfn_lint, rounds=rounds, aim=1.5),
            ratio("validate.py --fast", [*VALIDATE, "--fast"], "cfn-lint", cfn_lint, rounds=rounds, aim=1 / 3),
        ]
        one = [*VALIDATE, "--fast", "events/sample.json"]
        pairs = [(seconds([*VALIDATE, "--fast", str(many)]), seconds(one)) for _ in range(rounds)]
        rows.append(
            {
                "subject": f"validate.py --fast, {events} events",
                "seconds": median(with_all for with_all, _ in pairs),
                "against": "validate.py --fast, 1 event",
                "against_seconds": median(with_one for _, with_one in pairs),
                "measure": "seconds on top",
                "value": median(with_all - with_one for with_all, with_one in pairs),
                "aim": EVENTS_SECONDS,
            }
        )
        large = folder / "Large.template.json"
        large.write_text(json.dumps(synthesised(resources), indent=1), encoding="utf-8")
        # What CDK leaves to its user (retry policies, conditions of trust) is told as warnings.
        alone = [*VALIDATE, "--fast", "--lenient", "--template", str(large), "events/sample.json"]
        pairs = [(seconds(alone), seconds(one)) for _ in range(rounds)]
        rows.append(
            {
                "subject": f"validate.py --fast, {resources} resources",
                "seconds": median(with_all for with_all, _ in pairs),
                "against": "validate.py --fast, 1 event",
                "against_seconds": median(with_one for _, with_one in pairs),
                "measure": "seconds",
                "value": median(with_all for with_all, _ in pairs),
                "aim": RESOURCES_SECONDS,
            }
        )
    return rows


def measure_against(commit: str, folder: Path, rounds: int) -> list[Row]:
    """Measure the code in a folder, of another commit."""
    theirs = [sys.executable, str(folder / "scripts" / "validate.py"), "--quiet"]
    return [
        ratio("validate.py", VALIDATE, commit, theirs, rounds=rounds, aim=1.0),
        ratio("validate.py --fast", [*VALIDATE, "--fast"], commit, [*theirs, "--fast"], rounds=rounds, aim=1.0),
    ]


CODE = """export function request(ctx) {
  const { msg, tags } = ctx.args;
  return { payload: { id: util.autoId(), msg, tags: tags ?? [], at: util.time.nowISO8601() } };
}
export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type);
  }
  return ctx.result;
}
"""


def synthesised(count: int) -> dict[str, Any]:
    """A template of so many resources, in groups of ten: a rule, its mutation with all it needs, and what stands beside it."""
    groups = max(1, (count - 4) // 10)
    fields = "\n".join(f"  publish{n}(msg: String!, tags: [String!]): Message{n} @aws_iam" for n in range(groups))
    types = "\n".join(
        f"type Message{n} @aws_iam @aws_api_key {{ id: ID! msg: String! tags: [String!] at: AWSDateTime! }}"
        for n in range(groups)
    )
    told = "\n".join(
        f'  on{n}: Message{n} @aws_api_key @aws_subscribe(mutations: ["publish{n}"])' for n in range(groups)
    )
    schema = (
        f"type Query {{ none: String }}\ntype Mutation {{\n{fields}\n}}\ntype Subscription {{\n{told}\n}}\n{types}\n"
    )
    api = {"ApiId": {"Fn::GetAtt": ["Api", "ApiId"]}}
    resources: dict[str, Any] = {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "large"}},
        "Api": {
            "Type": "AWS::AppSync::GraphQLApi",
            "Properties": {
                "Name": "large",
                "AuthenticationType": "AWS_IAM",
                "AdditionalAuthenticationProviders": [{"AuthenticationType": "API_KEY"}],
            },
        },
        "Schema": {"Type": "AWS::AppSync::GraphQLSchema", "Properties": {**api, "Definition": schema}},
        "Key": {"Type": "AWS::AppSync::ApiKey", "Properties": api},
    }
    for n in range(groups):
        resources |= group(n, api)
    for number in range(count - len(resources)):
        resources[f"Topic{number}"] = {"Type": "AWS::SNS::Topic", "Properties": {}}
    for name, body in resources.items():
        body["Metadata"] = {"aws:cdk:path": f"Large/{name}/Resource"}
    return {"Resources": resources}


def group(n: int, api: dict[str, Any]) -> dict[str, Any]:
    """Ten resources around one rule."""
    arn = {"Fn::Join": ["", [{"Fn::GetAtt": ["Api", "Arn"]}, f"/types/Mutation/fields/publish{n}"]]}
    runtime = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
    return {
        f"Rule{n}": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {
                    "source": ["sample.source"],
                    "detail": {"msg": [{"prefix": f"{n} "}, {"prefix": "H"}]},
                },
                "State": "ENABLED",
                "Targets": [
                    {
                        "Id": "Target0",
                        "Arn": {"Fn::GetAtt": ["Api", "GraphQLEndpointArn"]},
                        "RoleArn": {"Fn::GetAtt": [f"Role{n}", "Arn"]},
                        "AppSyncParameters": {
                            "GraphQLOperation": f"mutation M($msg: String!) {{ publish{n}(msg: $msg) {{ id msg tags at }} }}"
                        },
                        "InputTransformer": {"InputPathsMap": {"m": "$.detail.msg"}, "InputTemplate": '{"msg": <m>}'},
                        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": [f"Queue{n}", "Arn"]}},
                    }
                ],
            },
        },
        f"Role{n}": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": statement("sts:AssumeRole", Principal={"Service": "events.amazonaws.com"})
            },
        },
        f"Policy{n}": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": f"Policy{n}",
                "Roles": [{"Ref": f"Role{n}"}],
                "PolicyDocument": statement("appsync:GraphQL", Resource=arn),
            },
        },
        f"Queue{n}": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": True}},
        f"QueuePolicy{n}": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": f"Queue{n}"}],
                "PolicyDocument": statement(
                    "sqs:SendMessage",
                    Principal={"Service": "events.amazonaws.com"},
                    Resource={"Fn::GetAtt": [f"Queue{n}", "Arn"]},
                    Condition={"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [f"Rule{n}", "Arn"]}}},
                ),
            },
        },
        f"Source{n}": {"Type": "AWS::AppSync::DataSource", "Properties": {**api, "Name": f"none{n}", "Type": "NONE"}},
        f"Step{n}": {
            "Type": "AWS::AppSync::FunctionConfiguration",
            "Properties": {
                **api,
                "Name": f"step{n}",
                "DataSourceName": {"Fn::GetAtt": [f"Source{n}", "Name"]},
                "Runtime": runtime,
                "Code": "import { util } from '@aws-appsync/utils';\n" + CODE,
            },
        },
        f"Resolver{n}": {
            "Type": "AWS::AppSync::Resolver",
            "DependsOn": ["Schema"],
            "Properties": {
                **api,
                "TypeName": "Mutation",
                "FieldName": f"publish{n}",
                "Kind": "PIPELINE",
                "PipelineConfig": {"Functions": [{"Fn::GetAtt": [f"Step{n}", "FunctionId"]}]},
                "Runtime": runtime,
                "Code": "export function request(ctx) { return {}; }\nexport function response(ctx) { return ctx.prev.result; }\n",
            },
        },
        f"Table{n}": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        f"Log{n}": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
    }


def statement(action: str, **members: Any) -> dict[str, Any]:
    """A policy document with one statement."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **members}]}


def ratio(subject: str, ours: Sequence[str], against: str, theirs: Sequence[str], *, rounds: int, aim: float) -> Row:
    for command in (ours, theirs):
        seconds(command)  # files come from the disk once, and bytecode is written once
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return {
        "subject": subject,
        "seconds": median(mine for mine, _ in pairs),
        "against": against,
        "against_seconds": median(other for _, other in pairs),
        "measure": "ratio",
        "value": median(mine / other for mine, other in pairs),
        "aim": aim,
    }


def seconds(command: Sequence[str]) -> float:
    """The processor time of a program, from its start to its end. Raises CalledProcessError where it finds something."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def event(number: int) -> dict[str, object]:
    """One event that arrives."""
    detail = {"msg": f"message {number}", "order": {"id": f"order-{number}", "items": list(range(number % 20))}}
    return {"source": "sample.source", "detail-type": "message", "detail": detail}


if __name__ == "__main__":
    raise SystemExit(main())
