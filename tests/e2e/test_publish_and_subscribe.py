"""local.py, publish.py and subscribe.py together, each a program of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.event.document import read_entries
from support.processes import LocalRuntime, Program

Local = Callable[..., LocalRuntime]
Verb = Callable[..., Program]

EVENTS = Path(__file__).parents[2] / "events"
FILES = ["sample.json", "form-lines.ndjson", "text-line-breaks.json", "text-right-to-left.json", "size-200-kb.json"]


def messages_in(file: Path) -> list[Any]:
    return [json.loads(item.entry["Detail"])["msg"] for item in read_entries(file.read_bytes(), file.name)]


def test_what_is_published_is_printed_by_who_subscribed(local: Local, verb: Verb, tmp_path: Path) -> None:
    """Each message comes out of subscribe.py --json as it stands in the file."""
    local()
    expected = [message for name in FILES for message in messages_in(EVENTS / name)]
    subscriber = verb("subscribe.py", "--local", "--count", str(len(expected)), "--json", cwd=tmp_path)
    subscriber.wait_for("subscribed to onPublishMsgFromEb")
    publisher = verb("publish.py", "--local", *(EVENTS / name for name in FILES), cwd=tmp_path)
    assert publisher.wait() == 0, publisher.stderr
    assert len(publisher.stdout.splitlines()) == len(expected)
    assert subscriber.wait() == 0, subscriber.stderr
    printed = [json.loads(line) for line in subscriber.stdout.splitlines()]
    assert [line["data"]["onPublishMsgFromEb"] for line in printed] == expected
    assert {line["field"] for line in printed} == {"onPublishMsgFromEb"}


def test_without_json_one_message_is_one_line(local: Local, verb: Verb, tmp_path: Path) -> None:
    """Line breaks and control characters are spelled out."""
    local()
    subscriber = verb("subscribe.py", "--local", "--count", "1", cwd=tmp_path)
    subscriber.wait_for("subscribed to onPublishMsgFromEb")
    assert verb("publish.py", "--local", EVENTS / "text-line-breaks.json", cwd=tmp_path).wait() == 0
    assert subscriber.wait() == 0
    (line,) = subscriber.stdout.splitlines()
    assert "\\n" in line


@pytest.mark.parametrize("name", ["publish.py", "subscribe.py"])
def test_without_a_runtime_the_verbs_say_so(verb: Verb, project: Path, tmp_path: Path, name: str) -> None:
    """With --local and nothing running: one line, exit code 1."""
    if (project / ".livebus" / "runtime.json").exists():
        (tmp_path / ".livebus").mkdir()
        (tmp_path / ".livebus" / "runtime.json").write_text(
            json.dumps({"EndpointUrl": "http://127.0.0.1:1", "Region": "x"})
        )
    given = [EVENTS / "sample.json"] if name == "publish.py" else []
    program = verb(name, "--local", *given, cwd=tmp_path)
    assert program.wait() == 1
    assert "no runtime is running" in program.stderr
    assert "Traceback" not in program.stderr
    assert len(program.stderr.splitlines()) == 1


def test_publish_waits_for_what_arrives(local: Local, verb: Verb, tmp_path: Path) -> None:
    """--wait subscribes before, counts what comes, and ends with 5 where nothing can come."""
    local()
    (tmp_path / "e.ndjson").write_text(
        "".join(
            json.dumps({"source": "sample.source", "detail-type": "message", "detail": {"msg": f"m{number}"}}) + "\n"
            for number in range(1_200)
        )
    )
    publisher = verb("publish.py", "--local", "--json", "e.ndjson", "--wait", "20", cwd=tmp_path)
    assert publisher.wait() == 0, publisher.stderr
    told = json.loads(publisher.stdout)
    arrivals = told["arrivals"]
    assert (told["published"], arrivals["expected"], arrivals["arrived"], arrivals["lost"]) == (1_200, 1_200, 1_200, 0)
    assert "1200 of 1200 messages arrived" in publisher.stderr
    (tmp_path / "other.json").write_text('{"Source": "other", "DetailType": "b", "Detail": {}}')
    publisher = verb("publish.py", "--local", "other.json", "--wait", cwd=tmp_path)
    assert publisher.wait() == 5
    assert "none of the events leads to a message on that field" in publisher.stderr
