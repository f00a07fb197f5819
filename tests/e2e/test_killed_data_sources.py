"""SIGKILL while mutations write: what was answered is in the table, and an accepted event is delivered after all."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from support.functions import PYTHON
from support.processes import LocalRuntime
from support.waiting import until

PROJECT = Path(__file__).parents[2]
VECTORS = PROJECT / "tests" / "vectors" / "data_sources"
WRITERS = 4
MUTATIONS = 10_000
KILLED_AFTER = 1_200


def client(runtime: LocalRuntime, service: str) -> object:
    return boto3.client(
        service,
        endpoint_url=runtime.outputs["EndpointUrl"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "application"
    shutil.copytree(VECTORS, folder)
    file = folder / "template.yaml"
    file.write_text(file.read_text().replace("python3.12", PYTHON))
    return file


def write(runtime: LocalRuntime, numbers: range, answered: list[str], enough: threading.Event) -> None:
    """Put items by mutations until the runtime is gone; the ids of those that were answered."""
    url = urlsplit(runtime.outputs["GraphQLUrl"])
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
    headers = {"x-api-key": runtime.outputs["ApiKey"], "Content-Type": "application/json"}
    for number in numbers:
        item = {
            "operation": "PutItem",
            "key": {"id": {"S": f"o-{number}"}},
            "attributeValues": {"how": {"S": "x" * 200}},
        }
        body = {
            "query": "mutation($r: String!) { table(request: $r) }",
            "variables": {"r": json.dumps(item)},
        }
        try:
            connection.request("POST", url.path, json.dumps(body), headers)
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            break
        assert "errors" not in answer
        answered.append(f"o-{number}")
        if len(answered) >= KILLED_AFTER:
            enough.set()
    connection.close()


def test_what_was_answered_is_in_the_table(template: Path, tmp_path: Path) -> None:
    """Four writers of 10,000 mutations, killed in the middle of them."""
    state, outputs = tmp_path / "state", tmp_path / "outputs.json"
    answered: list[str] = []
    enough = threading.Event()
    arguments = ("--template", template, "--no-reload")
    with LocalRuntime(PROJECT / "scripts", state, outputs, *arguments) as runtime:
        writers = [
            threading.Thread(target=write, args=(runtime, range(each, MUTATIONS, WRITERS), answered, enough))
            for each in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        assert enough.wait(60)
        runtime.signal(signal.SIGKILL)
        for writer in writers:
            writer.join(60)
    assert KILLED_AFTER <= len(answered) < MUTATIONS
    with LocalRuntime(PROJECT / "scripts", state, outputs, *arguments) as runtime:
        pages = client(runtime, "dynamodb").get_paginator("scan").paginate(TableName="Orders")  # type: ignore[attr-defined]
        stored = {item["id"]["S"] for page in pages for item in page["Items"]}
    assert set(answered) - stored == set()


def test_an_accepted_event_whose_mutation_waits_is_delivered(template: Path, tmp_path: Path) -> None:
    """Its function sleeps when the runtime is killed; the next runtime runs the mutation."""
    state, outputs = tmp_path / "state", tmp_path / "outputs.json"
    entry = {"Source": "shop", "DetailType": "slow", "Detail": '{"id": "late"}', "EventBusName": "orders"}
    arguments = ("--template", template, "--no-reload")
    with LocalRuntime(PROJECT / "scripts", state, outputs, *arguments) as runtime:
        assert client(runtime, "events").put_events(Entries=[entry])["FailedEntryCount"] == 0  # type: ignore[attr-defined]
        runtime.signal(signal.SIGKILL)
        runtime.wait()
    with LocalRuntime(PROJECT / "scripts", state, outputs, *arguments) as runtime:
        table = client(runtime, "dynamodb")

        def found() -> object:
            return table.get_item(TableName="Orders", Key={"id": {"S": "late"}}).get("Item")  # type: ignore[attr-defined]

        assert until(found, "the order", 60) == {
            "id": {"S": "late"},
            "how": {"S": "slow"},
            "by": {"S": "echo"},
            "customer": {"S": "c1"},
        }
