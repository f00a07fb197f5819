"""
Milliseconds of DynamoDB calls: ours against moto's and MiniStack's, in process and over HTTP with boto3.

Run it with ``python benchmarks/dynamodb.py [--json] [--items 1000] [--calls 300] [--peers FOLDER]``. All of them are measured
in one run, call by call in turn over HTTP, so that a busy machine slows all alike. The peers are installed with pip into
environments of their own, in a temporary folder or in the one that is given; ``--peers none`` leaves them out.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from free_port import free_port

PROJECT = Path(__file__).resolve().parent.parent
REQUIREMENTS = {
    "moto": ["moto[dynamodb]==5.2.5", "flask", "flask-cors", "boto3"],
    "MiniStack": ["ministack==1.5.33", "boto3"],
}
PAGE = 20
START_SECONDS = 60.0
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
TABLE: dict[str, Any] = {
    "TableName": "Items",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "s", "AttributeType": "N"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
OPERATIONS = ("put", "get", f"query {PAGE}", f"query {PAGE} on a GSI")

Call = Callable[[str, Mapping[str, Any]], object]
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--items", type=int, default=1000, help="items in the partition (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=300, help="calls of each kind (default: %(default)s)")
    parser.add_argument("--peers", help="a folder for the peers' environments, kept; none: without peers")
    parser.add_argument("--moto-in-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.moto_in_process:
        print(json.dumps(moto_in_process(options.items, options.calls)))
        return 0
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        pythons = {} if options.peers == "none" else installed(Path(options.peers or name))
        rows = in_process(Path(name), options.items, options.calls)
        if "moto" in pythons:
            rows.append(measured_by(pythons["moto"], options.items, options.calls))
        rows += over_http(Path(name), pythons, options.items, options.calls)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{f'p50 in ms, {options.items} items':34}" + "".join(f"{each:>20}" for each in OPERATIONS))
    for row in rows:
        print(f"{row['subject']:34}" + "".join(f"{row[each]:>20.3f}" for each in OPERATIONS))
    return 0


def installed(folder: Path) -> dict[str, Path]:
    """The peers' Pythons; those that are in the folder already are used as they are."""
    pythons = {}
    for peer, requirements in REQUIREMENTS.items():
        environment = folder.absolute() / peer
        python = environment / "bin" / "python"
        if not python.exists():
            print(f"installing {peer} …", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
            subprocess.run([str(python), "-m", "pip", "--quiet", "install", *requirements], check=True)
        pythons[peer] = python
    return pythons


# --- what is measured -----------------------------------------------------------------------------------------------


def fill(call: Call, items: int) -> None:
    call("CreateTable", TABLE)
    for number in range(items):
        call("PutItem", {"TableName": "Items", "Item": item("p", number)})


def item(partition: str, number: int) -> dict[str, Any]:
    text = {"S": "an order that somebody placed, with a text of some length to it"}
    return {"p": {"S": partition}, "s": {"N": str(number)}, "g": {"S": "all"}, "text": text, "total": {"N": "12.5"}}


def requests(number: int, items: int) -> list[tuple[str, dict[str, Any]]]:
    """One call of each kind; those that are put go to a partition that is not read."""
    key = {"p": {"S": "p"}, "s": {"N": str(number % items)}}
    query = {
        "TableName": "Items",
        "KeyConditionExpression": "p = :p",
        "ExpressionAttributeValues": {":p": {"S": "p"}},
        "ScanIndexForward": False,
        "Limit": PAGE,
    }
    index = {"IndexName": "by-g", "KeyConditionExpression": "g = :p", "ExpressionAttributeValues": {":p": {"S": "all"}}}
    return [
        ("PutItem", {"TableName": "Items", "Item": {**item("written", number), "g": {"S": "written"}}}),
        ("GetItem", {"TableName": "Items", "Key": key}),
        ("Query", query),
        ("Query", {**query, **index}),
    ]


def timed(callers: Mapping[str, Call], items: int, calls: int) -> list[Row]:
    """The median of each kind of call for each subject; they take turns."""
    seconds: dict[str, list[list[float]]] = {subject: [[] for _ in OPERATIONS] for subject in callers}
    for number in range(calls):
        for subject, call in callers.items():
            for place, (operation, request) in enumerate(requests(number, items)):
                start = time.perf_counter()
                call(operation, request)
                seconds[subject][place].append(time.perf_counter() - start)
    return [
        {
            "subject": subject,
            **{each: median(took) * 1000 for each, took in zip(OPERATIONS, kinds, strict=True)},
        }
        for subject, kinds in seconds.items()
    ]


# --- in process -----------------------------------------------------------------------------------------------------


def in_process(folder: Path, items: int, calls: int) -> list[Row]:
    sys.path.insert(0, str(PROJECT / "src"))
    from livebus.dynamodb.engine import Engine
    from livebus.dynamodb.store import Store

    engines = {
        "livebus, in process, in memory": Engine(Store(), clock=time.time),
        "livebus, in process, in a file": Engine(Store(folder / "tables.sqlite"), clock=time.time),
    }
    for engine in engines.values():
        fill(engine.call, items)
    rows = timed({subject: engine.call for subject, engine in engines.items()}, items, calls)
    for engine in engines.values():
        engine.close()
    return rows


def measured_by(python: Path, items: int, calls: int) -> Row:
    """Moto replaces boto3's transport: the way in is boto3, in the same process."""
    command = [str(python), __file__, "--moto-in-process", "--items", str(items), "--calls", str(calls)]
    environment = {**os.environ, **CREDENTIALS}
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=environment)
    row: Row = json.loads(run.stdout)
    return row


def moto_in_process(items: int, calls: int) -> Row:
    from importlib import import_module

    with import_module("moto").mock_aws():
        call = through_boto3(None)
        fill(call, items)
        (row,) = timed({"moto, in process through boto3": call}, items, calls)
    return row


def through_boto3(endpoint: str | None) -> Call:
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, proxies={})
    session = boto3.Session("test", "test", region_name="us-east-1")
    client = session.client("dynamodb", endpoint_url=endpoint, config=config)
    methods = {
        "CreateTable": client.create_table,
        "PutItem": client.put_item,
        "GetItem": client.get_item,
        "Query": client.query,
    }
    return lambda operation, request: methods[operation](**request)


# --- over HTTP ------------------------------------------------------------------------------------------------------


def over_http(folder: Path, pythons: Mapping[str, Path], items: int, calls: int) -> list[Row]:
    local = [sys.executable, str(PROJECT / "scripts" / "local.py"), "--empty", "--state", str(folder / "state")]
    with ExitStack() as stack:
        port = free_port()
        servers: dict[str, tuple[int, list[str], dict[str, str]]] = {
            "livebus": (port, [*local, "--port", str(port)], {})
        }
        for peer, python in pythons.items():
            port = free_port()
            if peer == "moto":
                command = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
                servers[peer] = (port, command, {})
            else:
                servers[peer] = (port, [str(python.with_name("ministack"))], {"GATEWAY_PORT": str(port)})
        callers = {}
        for name, (number, command, environment) in servers.items():
            stack.enter_context(serving(number, command, environment))
            callers[f"{name}, over HTTP with boto3"] = through_boto3(f"http://127.0.0.1:{number}")
        for call in callers.values():
            fill(call, items)
        return timed(callers, items, calls)


@contextmanager
def serving(port: int, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[None]:
    """A server, from when its port takes connections until the end."""
    everything = {**os.environ, **CREDENTIALS, **environment}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=everything) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > end:
                        raise SystemExit(f"{command[0]} does not serve") from None
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    raise SystemExit(main())
