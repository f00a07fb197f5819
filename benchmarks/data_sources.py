"""
Measures resolvers over tables: pages of 100 out of 10,000 items, and mutations that put one item, in code and in templates.

The same CloudFormation template (a table, an API, resolvers in JavaScript and in VTL) is deployed to the runtime and to MiniStack,
each a process of its own, and both are asked over HTTP with GraphQL. They take turns, burst by burst, so that a busy machine slows
both alike; a figure is the median of the bursts, a ratio the median of the ratios of the pairs. MiniStack 1.5.33 runs no mapping
templates, and answers a resolver's Query with the first 100 items of the table, whatever the condition and the token: it is
compared on the first page, and has no part in what follows it, nor in VTL. Every answer is checked. MiniStack is installed with pip into an environment of its own, in a temporary
folder or in the one that is given; its JavaScript needs Node.js.

    PYTHONPATH=src python benchmarks/data_sources.py [--json] [--rounds 9] [--items 10000] [--peer FOLDER | --peer none]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from free_port import free_port

PROJECT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ["ministack>=1.5.33", "boto3"]
PAGE, MUTATIONS, CONNECTIONS = 100, 40, 4
ONWARD = "page after page"
START_SECONDS = 60.0
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}

SCHEMA = """
type Note { author: ID! written: String! text: String }
type Notes { items: [Note] nextToken: String }
type Query { notes(author: ID!, nextToken: String): Notes listNotes(author: ID!, nextToken: String): Notes }
type Mutation { write(author: ID!, written: String!, text: String): Note createNote(author: ID!, written: String!, text: String): Note }
"""
READ = """
import { util } from "@aws-appsync/utils";
export function request(ctx) {
  return {
    operation: "Query",
    query: { expression: "author = :a", expressionValues: util.dynamodb.toMapValues({ ":a": ctx.args.author }) },
    limit: 100,
    nextToken: ctx.args.nextToken,
  };
}
export function response(ctx) {
  return { items: ctx.result.items, nextToken: ctx.result.nextToken };
}
"""
WRITE = """
import { util } from "@aws-appsync/utils";
export function request(ctx) {
  const { author, written, text } = ctx.args;
  return {
    operation: "PutItem",
    key: util.dynamodb.toMapValues({ author, written }),
    attributeValues: util.dynamodb.toMapValues({ text }),
  };
}
export function response(ctx) {
  return ctx.result;
}
"""
READ_TEMPLATE = """
{
  "version": "2018-05-29",
  "operation": "Query",
  "query": {"expression": "author = :a", "expressionValues": {":a": $util.dynamodb.toDynamoDBJson($ctx.args.author)}},
  "limit": 100,
  "nextToken": $util.toJson($ctx.args.nextToken)
}
"""
WRITE_TEMPLATE = """
{
  "version": "2018-05-29",
  "operation": "PutItem",
  "key": {
    "author": $util.dynamodb.toDynamoDBJson($ctx.args.author),
    "written": $util.dynamodb.toDynamoDBJson($ctx.args.written)
  },
  "attributeValues": {"text": $util.dynamodb.toDynamoDBJson($ctx.args.text)}
}
"""


def template(*, with_templates: bool) -> str:
    """The application; its resolvers in VTL only where they are run."""
    api = {"Fn::GetAtt": ["Api", "ApiId"]}

    def resolver(kind: str, field: str, **how: Any) -> dict[str, Any]:
        properties = {"ApiId": api, "TypeName": kind, "FieldName": field, "DataSourceName": "notes", **how}
        return {"Type": "AWS::AppSync::Resolver", "DependsOn": ["Schema", "Source"], "Properties": properties}

    code = {"Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}}
    resources: dict[str, Any] = {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "Notes",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "author", "AttributeType": "S"},
                    {"AttributeName": "written", "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "author", "KeyType": "HASH"},
                    {"AttributeName": "written", "KeyType": "RANGE"},
                ],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "appsync.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ]
                }
            },
        },
        "Api": {"Type": "AWS::AppSync::GraphQLApi", "Properties": {"Name": "notes", "AuthenticationType": "API_KEY"}},
        "Key": {"Type": "AWS::AppSync::ApiKey", "Properties": {"ApiId": api}},
        "Schema": {"Type": "AWS::AppSync::GraphQLSchema", "Properties": {"ApiId": api, "Definition": SCHEMA}},
        "Source": {
            "Type": "AWS::AppSync::DataSource",
            "Properties": {
                "ApiId": api,
                "Name": "notes",
                "Type": "AMAZON_DYNAMODB",
                "ServiceRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DynamoDBConfig": {"TableName": {"Ref": "Table"}, "AwsRegion": {"Ref": "AWS::Region"}},
            },
        },
        "Read": resolver("Query", "notes", Code=READ, **code),
        "Write": resolver("Mutation", "write", Code=WRITE, **code),
    }
    if with_templates:
        answer = "$util.toJson($ctx.result)"
        vtl = {"ResponseMappingTemplate": answer}
        resources["ReadT"] = resolver("Query", "listNotes", RequestMappingTemplate=READ_TEMPLATE, **vtl)
        resources["WriteT"] = resolver("Mutation", "createNote", RequestMappingTemplate=WRITE_TEMPLATE, **vtl)
    outputs = {"ApiId": {"Value": api}, "Key": {"Value": {"Fn::GetAtt": ["Key", "ApiKey"]}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


class Subject:
    """A server with the application in it."""

    def __init__(self, name: str, endpoint: str, items: int, *, with_templates: bool) -> None:
        self.name = name
        self._address = urlsplit(endpoint).netloc
        import boto3
        from botocore.config import Config

        session = boto3.Session("test", "test", region_name="us-east-1")
        config = Config(retries={"total_max_attempts": 1}, proxies={})
        stacks = session.client("cloudformation", endpoint_url=endpoint, config=config)
        body = template(with_templates=with_templates)
        stacks.create_stack(StackName="notes", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        end = time.monotonic() + START_SECONDS
        while (stack := stacks.describe_stacks(StackName="notes")["Stacks"][0])["StackStatus"] != "CREATE_COMPLETE":
            if time.monotonic() > end or not stack["StackStatus"].endswith("PROGRESS"):
                raise SystemExit(f"{name} does not deploy: {stack['StackStatus']} {stack.get('StackStatusReason', '')}")
            time.sleep(0.1)
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        self._path = f"/v1/apis/{outputs['ApiId']}/graphql"
        self._headers = {"x-api-key": outputs["Key"], "Content-Type": "application/json"}
        if name == "livebus":
            self._path = urlsplit(self._graphql_url(session, endpoint, outputs["ApiId"])).path
        tables = session.client("dynamodb", endpoint_url=endpoint, config=config)
        text = {"S": "a note that somebody wrote, with a text of some length to it"}
        for start in range(0, items, 25):
            puts = [
                {"PutRequest": {"Item": {"author": {"S": "all"}, "written": {"S": key(number)}, "text": text}}}
                for number in range(start, min(items, start + 25))
            ]
            tables.batch_write_item(RequestItems={"Notes": puts})

    @staticmethod
    def _graphql_url(session: Any, endpoint: str, api_id: str) -> str:
        apis = session.client("appsync", endpoint_url=endpoint)
        return str(apis.get_graphql_api(apiId=api_id)["graphqlApi"]["uris"]["GRAPHQL"])

    def connection(self) -> HTTPConnection:
        return HTTPConnection(self._address, timeout=60)

    def ask(self, connection: HTTPConnection, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables})
        connection.request("POST", self._path, body, self._headers)
        answer = json.loads(connection.getresponse().read())
        if answer.get("errors") or "data" not in answer:
            raise SystemExit(f"{self.name} answers {json.dumps(answer)[:500]}")
        return answer["data"]

    def pages(self, field: str, count: int, *, first_only: bool) -> float:
        """Milliseconds for a page, of so many one after the other: each from the token of the one before, or always the first."""
        query = f'query($token: String) {{ {field}(author: "all", nextToken: $token) {{ items {{ written text }} nextToken }} }}'
        connection, token = self.connection(), None
        began = time.perf_counter()
        for number in range(count):
            found = self.ask(connection, query, token=token)[field]
            written = [item["written"] for item in found["items"]]
            begin = 0 if first_only else number * PAGE
            if written != list(map(key, range(begin, begin + PAGE))):
                raise SystemExit(f"{self.name}: page {number} of {field} is wrong: {written[:3]} …")
            token = None if first_only else found["nextToken"]
        return (time.perf_counter() - began) * 1000 / count

    def mutations(self, field: str, count: int, connections: int, first: int) -> float:
        """Mutations a second, over so many connections at a time."""
        query = (
            "mutation($n: String!, $text: String) "
            f'{{ {field}(author: "written", written: $n, text: $text) {{ author written text }} }}'
        )

        def several(place: int) -> None:
            connection = self.connection()
            for number in range(first + place, first + count, connections):
                item = self.ask(connection, query, n=key(number), text="x" * 100)[field]
                if item != {"author": "written", "written": key(number), "text": "x" * 100}:
                    raise SystemExit(f"{self.name}: {field} answers {item}")

        began = time.perf_counter()
        with ThreadPoolExecutor(connections) as threads:
            list(threads.map(several, range(connections)))
        return count / (time.perf_counter() - began)


Measure = Callable[[Subject, int], float]


def key(number: int) -> str:
    """A sort key: a text, in whose order MiniStack's first page is the same as ours."""
    return f"{number:08}"


def measures(items: int) -> dict[str, tuple[str, Measure]]:
    """By name: the unit, and what is measured in a round."""
    pages = min(items // PAGE, 20)
    js, vtl = "JavaScript", "VTL"
    return {
        **{
            f"{what} of {PAGE} of {items:,} items, {language}": (
                "ms",
                lambda subject, _, field=field, first=first: subject.pages(field, pages, first_only=first),  # type: ignore[misc]
            )
            for language, field in ((js, "notes"), (vtl, "listNotes"))
            for what, first in (("the first page", True), (ONWARD, False))
        },
        **{
            f"mutations, {language}, {connections} connection{'s' if connections > 1 else ''}": (
                "a second",
                lambda subject, first, field=field, connections=connections: subject.mutations(  # type: ignore[misc]
                    field, MUTATIONS, connections, first
                ),
            )
            for language, field in ((js, "write"), (vtl, "createNote"))
            for connections in (1, CONNECTIONS)
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of bursts (default: %(default)s)")
    parser.add_argument("--items", type=int, default=10_000, help="items in the partition (default: %(default)s)")
    parser.add_argument("--peer", default="", help="a folder for MiniStack's environment, kept; none: without it")
    options = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name, ExitStack() as stack:
        folder = Path(name)
        subjects = [Subject("livebus", stack.enter_context(livebus(folder)), options.items, with_templates=True)]
        if options.peer != "none":
            program = installed(Path(options.peer) if options.peer else folder)
            endpoint = stack.enter_context(ministack(program, folder))
            subjects.append(Subject("MiniStack", endpoint, options.items, with_templates=False))
        for what, (unit, measure) in measures(options.items).items():
            these = [each for each in subjects if each.name == "livebus" or not ("VTL" in what or ONWARD in what)]
            found: dict[str, list[float]] = {each.name: [] for each in these}
            for each in these:
                measure(each, 0)  # once, so that everything is loaded
            for number in range(options.rounds):
                for each in these if number % 2 else these[::-1]:
                    found[each.name].append(measure(each, (number + 1) * MUTATIONS))
            rows.append(row(what, unit, found))
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"medians of {options.rounds} bursts in turns; the ratio is how many times better the runtime is")
    for told in rows:
        peer = f"{told['MiniStack']:10.1f}   ratio {told['ratio']:6.1f}" if "MiniStack" in told else f"{'-':>10}"
        print(f"{told['what']:52} {told['unit']:9} {told['livebus']:10.1f} {peer}")
    return 0


def row(what: str, unit: str, found: dict[str, list[float]]) -> dict[str, Any]:
    told: dict[str, Any] = {"what": what, "unit": unit, **{name: median(each) for name, each in found.items()}}
    if "MiniStack" in found:
        pairs = zip(found["livebus"], found["MiniStack"], strict=True)
        told["ratio"] = median(theirs / ours if unit == "ms" else ours / theirs for ours, theirs in pairs)
    return told


# --- servers --------------------------------------------------------------------------------------------------------


def installed(folder: Path) -> Path:
    """MiniStack's program; one that is in the folder already is used as it is."""
    environment = folder.absolute() / "ministack"
    program = environment / "bin" / "ministack"
    if not program.exists():
        print("installing MiniStack …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "--quiet", "install", *REQUIREMENTS]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return program


@contextmanager
def livebus(folder: Path) -> Iterator[str]:
    outputs = folder / "outputs.json"
    program = [sys.executable, str(PROJECT / "scripts" / "local.py"), "--empty", "--port", "0"]
    command = [*program, "--state", str(folder / "state"), "--outputs", str(outputs)]
    with served(command, {}, outputs.exists):
        yield str(json.loads(outputs.read_text())["EndpointUrl"])


@contextmanager
def ministack(program: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    environment = {"GATEWAY_PORT": str(port), "STATE_DIR": str(folder / "ministack-state")}
    with served([str(program)], environment, lambda: connects(port)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def served(command: Sequence[str], environment: dict[str, str], is_ready: Callable[[], bool]) -> Iterator[None]:
    """A server, from when it is ready until the end."""
    everything = {**os.environ, **CREDENTIALS, **environment}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=everything) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while not is_ready():
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"{command[0]} does not serve")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def connects(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


if __name__ == "__main__":
    raise SystemExit(main())
