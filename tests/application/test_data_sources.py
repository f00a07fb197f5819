"""Data sources in the pytest plugin and in ``livebus validate``: tables in memory, functions and HTTP as they are given."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.cli.validate import run as validate
from livebus.dynamodb.store import StoreFault
from livebus.testing import LocalLine
from support.functions import PYTHON

VECTORS = Path(__file__).parents[1] / "vectors" / "data_sources"
EVENT = {"source": "shop", "detail-type": "new", "detail": {"id": "o1"}}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in tests") / "application"
    shutil.copytree(VECTORS, folder)
    file = folder / "template.yaml"
    file.write_text(file.read_text().replace("python3.12", PYTHON))
    (folder / "events").mkdir()
    (folder / "events" / "new.json").write_text(json.dumps(EVENT))
    return file


def test_what_an_event_writes_and_publishes(livebus_line: Callable[..., LocalLine], template: Path) -> None:
    """A mutation that asks a function and puts: the item is in the table, and the subscriber hears of it."""
    items = [{"id": "o0", "price": 2.5, "tags": ["a", None, True], "more": {"n": 1}}]
    asked: list[Any] = []

    def echo(event: Any) -> Any:
        asked.append(event)
        return {"by": "echo"}

    line = livebus_line(template, tables={"Orders": items}, functions={"Function": echo})
    customer = line.subscribe("subscription { onArrive { id how } }", mode="API_KEY")
    outcome = line.publish(EVENT)

    assert outcome.errors == []
    assert asked == [{"what": "allow"}, {"what": "new", "id": "o1"}]
    assert customer.messages == [{"data": {"onArrive": {"id": "o1", "how": "new"}}}]
    new = {"id": "o1", "how": "new", "by": "echo", "customer": "c1"}
    assert sorted(outcome.tables["Orders"], key=lambda item: item["id"]) == [*items, new]
    assert [called.answer.result for called in outcome.attempt.calls] == [{"by": "echo"}, new]
    with pytest.raises(KeyError, match="the template has no table 'Other'; it has: Table"):
        outcome.tables["Other"]


def test_a_function_that_raises(livebus_line: Callable[..., LocalLine], template: Path) -> None:
    """What a callable raises is the function's error; what it is not given is named."""

    def fails(_: Any) -> Any:
        raise ValueError("no good")

    line = livebus_line(template, functions={"echo": fails})
    assert [(error["errorType"], error["message"]) for error in line.publish(EVENT).errors] == [
        ("Lambda:Unhandled", "no good")
    ]
    (error,) = livebus_line(template, functions={}).publish(EVENT).errors
    assert (error["errorType"], error["message"]) == ("NotEmulated", "the test gives no function 'Function'")


def test_tables_end_with_their_line(template: Path) -> None:
    """Nobody has to close them: from Python 3.13 on a database that is open when it is collected is a warning."""
    line = LocalLine.from_template(template, functions={"echo": lambda _: {"by": "echo"}})
    line.publish(EVENT)
    engine, outlived = line.sources._engine, weakref.ref(line.sources)
    assert engine.call("ListTables", {}) == {"TableNames": ["Orders"]}
    del line
    gc.collect()
    assert outlived() is None
    with pytest.raises(StoreFault, match="closed"):
        engine.call("Scan", {"TableName": "Orders"})


def test_functions_run(template: Path) -> None:
    """With "run" it is the template's own code, in a process."""
    line = LocalLine.from_template(template, functions="run")
    try:
        assert line.publish(EVENT).tables["Orders"][0]["by"] == "echo"
    finally:
        line.close()


def test_http_answers(livebus_line: Callable[..., LocalLine], template: Path) -> None:
    """A table of answers, with a query or without; what is not in it is named."""
    answers = {"GET https://prices.example/a": {"statusCode": 404, "headers": {"X": "y"}, "body": {"n": 1}}}
    line = livebus_line(template, http=answers)

    def asked(path: str) -> Any:
        request = json.dumps({"method": "GET", "resourcePath": path, "params": {"query": {"q": 1}}})
        caller = line.caller(mode="API_KEY")
        return line.execute("query($r: String!) { http(request: $r) }", variables={"r": request}, caller=caller)

    assert json.loads(asked("/a").data["http"]) == {"statusCode": 404, "headers": {"X": "y"}, "body": '{"n": 1}'}
    assert asked("/b").errors[0]["message"] == (
        "there is no answer for GET https://prices.example/b?q=1 in the dry run"
    )


def test_validate_proves_what_it_can(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --run-functions an event is unproven, and no finding; with it, it is proved."""
    shown = []
    for flags in ([], ["--run-functions"]):
        validate.main(["--template", str(template), "--fast", "--json", *flags])
        report = json.loads(capsys.readouterr().out)
        shown.append([(event["arrives"], event.get("unproven")) for event in report["events"]])
        assert not [each for each in report["findings"] if each["id"] == "E9191"]
    assert shown == [[(None, "the function 'echo' is not run in the dry run")], [(True, None)]]
