"""
Data sources that go wrong in a runtime: each is one clear error of its field, and everything else goes on.

What functions do wrong is in tests/unit/runtime/functions/test_bad_functions.py, a damaged file of tables in
tests/integration/test_tables_of_templates.py; here are templates that loop, and a disk that is full.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from livebus.dynamodb import store
from livebus.runtime.server import Settings
from support.http import request
from support.running import RunningRuntime

VECTORS = Path(__file__).parents[1] / "vectors" / "data_sources"
LOOPS = {
    "a loop without an end": "#foreach($i in [1..1000000000])#foreach($j in [1..1000000000])x#end#end",
    "a text that doubles": '#set($s = "xxxxxxxx")#foreach($i in [1..1000])#set($s = "$s$s")#end$s',
    "a macro in itself": "#macro(again)#again()#end#again()",
    "a pattern": '#if("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab".matches("(a+)+"))x#end',
}


@pytest.fixture
def application(tmp_path: Path) -> Path:
    folder = tmp_path / "application"
    shutil.copytree(VECTORS, folder)
    return folder / "template.yaml"


def caller(runtime: RunningRuntime) -> Callable[[str], Any]:
    def call(query: str) -> Any:
        return request(
            runtime.port,
            "POST",
            urlsplit(runtime.outputs["GraphQLUrl"]).path,
            body=json.dumps({"query": query}).encode(),
            headers={"x-api-key": runtime.outputs["ApiKey"], "Content-Type": "application/json"},
        ).json()

    return call


def field(name: str, value: Any) -> str:
    return f"{name}(request: {json.dumps(json.dumps(value))})"


def put(number: int, text: str) -> str:
    item = {"operation": "PutItem", "key": {"id": {"S": f"o{number}"}}, "attributeValues": {"text": {"S": text}}}
    return f"mutation {{ {field('table', item)} }}"


@pytest.mark.parametrize("loop", LOOPS)
def test_a_template_that_loops_ends_its_field_alone(application: Path, tmp_path: Path, loop: str) -> None:
    """The field beside it in the same request is answered, and so is the next request."""
    text = application.read_text()
    hostile = json.dumps(LOOPS[loop])
    application.write_text(
        text.replace('RequestMappingTemplate: "$ctx.args.request"', f"RequestMappingTemplate: {hostile}", 1)
    )
    assert application.read_text() != text
    scan = {"operation": "Scan"}

    with RunningRuntime(Settings(application, tmp_path / "state", port=0, reload=False)) as runtime:
        call = caller(runtime)
        both = call(f"{{ {field('vtlTable', scan)} {field('table', scan)} }}")
        after = call(f"{{ {field('table', scan)} }}")

    assert [(each["path"], each["errorType"]) for each in both["errors"]] == [(["vtlTable"], "MappingTemplate")]
    assert both["data"]["vtlTable"] is None
    assert both["data"]["table"] == after["data"]["table"]
    assert "errors" not in after


def test_a_full_disk_fails_writes_and_loses_nothing(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutations that do not fit are errors; reads, other fields and events go on, and what was answered is there afterwards."""
    monkeypatch.setattr(store, "MAX_PAGES", 150)
    settings = Settings(application, tmp_path / "state", port=0, reload=False)
    answered: list[str] = []
    with RunningRuntime(settings) as runtime:
        call = caller(runtime)
        while "errors" not in (answer := call(put(len(answered), "x" * 20_000))):
            answered.append(f"o{len(answered)}")
        (error,) = answer["errors"]
        items = call("{ items { n } }")
        (entry,) = runtime.client("events").put_events(
            Entries=[{"Source": "else", "DetailType": "x", "EventBusName": "orders", "Detail": "{}"}]
        )["Entries"]

    assert len(answered) > 5
    assert error["errorType"] == "DynamoDB:InternalServerErrorException"
    assert "database or disk is full" in error["message"]
    assert len(items["data"]["items"]) == 5
    assert "ErrorCode" not in entry
    monkeypatch.undo()
    with RunningRuntime(settings) as runtime:
        keys = {"operation": "BatchGetItem", "tables": {"Orders": {"keys": [{"id": {"S": key}} for key in answered]}}}
        found = json.loads(caller(runtime)(f"{{ {field('table', keys)} }}")["data"]["table"])

    assert [item["id"] for item in found["data"]["Orders"]] == answered
