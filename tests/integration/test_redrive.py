"""redrive.py against a runtime: out of the queue, and to the subscribers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.cli.publish import run as publish
from livebus.cli.redrive import run as redrive
from support.application import copied
from support.running import RunningRuntime
from support.sockets import run, subscribed
from support.waiting import until

FAILING = frozenset({"AppSync"})
FAST = 100_000.0
Verb = Callable[..., int]


@pytest.fixture
def runtime(start_runtime: Any, tmp_path: Path) -> RunningRuntime:
    """A runtime whose target fails until it is mended, found in the folder of the test."""
    running: RunningRuntime = start_runtime(state=tmp_path / ".livebus", failing_targets=FAILING, time_scale=FAST)
    return running


@pytest.fixture
def verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verb:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: redrive.main([*arguments, "--local"], project=tmp_path)


def counts(runtime: RunningRuntime) -> tuple[int, int]:
    """How many messages are visible, how many hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = runtime.outputs["DeadLetterQueueUrl"]
    found = runtime.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def fail(runtime: RunningRuntime, *messages: str) -> list[str]:
    """Publish events that end in the queue; their ids."""
    before = counts(runtime)[0]
    ids = runtime.put(*messages)
    until(lambda: counts(runtime)[0] == before + len(messages), "dead letters")
    return ids


def mend(runtime: RunningRuntime) -> None:
    runtime.runtime.buses.faults.failing_targets = frozenset()


def received(runtime: RunningRuntime, action: Callable[[], object], count: int) -> list[str]:
    """What a subscriber gets while something is done."""

    async def listen() -> list[str]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
            action()
            return [str(await socket.message()) for _ in range(count)]

    return run(listen())


def test_what_is_listed_stays_as_it_was(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """Groups, counts and samples; afterwards all messages are visible again."""
    fail(runtime, *(f"number {number}" for number in range(10)))
    fail(runtime, "number 10", "number 11")
    assert verb("list") == 0
    out, err = capsys.readouterr()
    first, message, samples = out.splitlines()
    assert first.split("\t")[:3] == ["12", "ERROR_FROM_TARGET", "rule publishMsgFromEB"]
    assert message == "\tswitched on with --fail-target"
    endpoint = runtime.outputs["GraphQLEndpointArn"].rpartition("/")[2]
    assert first.split("\t")[3] == f"target GraphQLApi ({endpoint})"
    assert len(samples.split(",")) == 3
    assert err.startswith("12 messages in livebus-DeadLetterQueue-")
    assert counts(runtime) == (12, 0)
    assert verb("list", "--json", "--match", "detail.msg=number 3") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["messages"], found["lookedAt"], [group["count"] for group in found["groups"]]) == (1, 12, [1])


def test_control_characters_of_an_event_do_not_reach_the_terminal(
    runtime: RunningRuntime, verb: Verb, capsys: Any
) -> None:
    (event_id,) = fail(runtime, "\x1b[31mred\u202e")
    assert verb("show", event_id) == 0
    out = capsys.readouterr().out
    assert '"msg": "\\u001b[31mred\\u202e"' in out
    assert not {"\x1b", "\u202e"} & set(out)
    assert verb("show", "nothing") == 1
    assert "no such message in" in capsys.readouterr().err


def test_events_go_back_to_the_bus_and_arrive(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """Each of them; the queue is empty then. A dry run before that sends nothing."""
    messages = [f"number {number}" for number in range(10)]
    fail(runtime, *messages)
    assert verb("publish", "--dry-run", "--limit", "2") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert counts(runtime) == (10, 0)
    mend(runtime)
    codes: list[int] = []
    assert sorted(received(runtime, lambda: codes.append(verb("publish")), 10)) == messages
    assert (codes, counts(runtime)) == ([0], (0, 0))
    assert capsys.readouterr().err.startswith("10 events accepted by the bus (")


def test_events_go_to_their_target_alone(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """Signed as an IAM caller, past the bus: no event is published."""
    fail(runtime, "hello", "stays")
    trace = runtime.trace()
    codes: list[int] = []
    given = ("publish", "--to", "target", "--match", "detail.msg=hello")
    assert received(runtime, lambda: codes.append(verb(*given)), 1) == ["hello"]
    assert (codes, counts(runtime)) == ([0], (1, 0))
    assert capsys.readouterr().err.startswith("1 event accepted by its target")
    assert trace._records.empty()


def test_what_the_target_refuses_stays(runtime: RunningRuntime, verb: Verb, capsys: Any, tmp_path: Path) -> None:
    """A GraphQL error inside a 200 is no delivery: exit 1, and the letter is in the queue as before."""
    fail(runtime, "hello")
    template = tmp_path / "template.yaml"
    project = Path(redrive.__file__).parents[4]
    text = (project / "template.yaml").read_text().replace("'{\"msg\": <msg>}'", "'{\"wrong\": <msg>}'")
    template.write_text(text)
    for name in ("schema.graphql", "resolvers/publishMsgFromEB.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((project / name).read_bytes())
    assert verb("publish", "--to", "target", "--template", str(template)) == 1
    err = capsys.readouterr().err
    assert "GraphQLError: " in err
    assert "1 failed and stays in livebus-DeadLetterQueue-" in err
    assert counts(runtime) == (1, 0)


def test_an_export_comes_back_as_the_messages_that_they_were(
    runtime: RunningRuntime, verb: Verb, capsys: Any, tmp_path: Path
) -> None:
    """Bodies and attributes; the file is its owner's alone, and an existing one is left alone."""
    fail(runtime, "größer 🚌", "two\nlines")
    file = tmp_path / "letters.ndjson"
    assert verb("export", "--output", str(file)) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    before = letters(runtime)
    assert verb("purge", "--yes") == 0
    assert counts(runtime) == (0, 0)
    assert verb("import", str(file)) == 0
    assert letters(runtime) == before
    assert len(before) == 2
    assert verb("export", "--output", str(file)) == 1
    assert "the file is there already" in capsys.readouterr().err
    assert verb("export") == 0
    assert capsys.readouterr().out.encode().count(b"\n") == 2


def letters(runtime: RunningRuntime) -> list[tuple[str, Any]]:
    answer = runtime.client("sqs").receive_message(
        QueueUrl=runtime.outputs["DeadLetterQueueUrl"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        VisibilityTimeout=0,
    )
    return [(message["Body"], message["MessageAttributes"]) for message in answer["Messages"]]


def test_purging_asks_first(runtime: RunningRuntime, verb: Verb, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal and --yes nothing is deleted; at a terminal the number has to be typed."""
    fail(runtime, "one", "two")
    assert verb("purge") == 1
    assert "nothing was deleted: 2 messages in" in capsys.readouterr().err
    typed = iter(["yes\n", "1\n"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin.readline", lambda: next(typed))
    assert verb("purge") == 1
    assert counts(runtime) == (2, 0)
    assert verb("purge", "--match", "detail.msg=one") == 0
    assert counts(runtime) == (1, 0)


def test_a_bus_that_is_gone_keeps_the_letters(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """PutEvents would accept the event for any name."""
    fail(runtime, "one")
    assert verb("publish", "--bus", "none") == 1
    assert "the event bus 'none' does not exist" in capsys.readouterr().err
    assert counts(runtime) == (1, 0)


def test_publish_takes_what_was_exported(runtime: RunningRuntime, verb: Verb, capsys: Any, tmp_path: Path) -> None:
    """The lines are events, too."""
    fail(runtime, "one")
    file = tmp_path / "letters.ndjson"
    verb("export", "--output", str(file))
    assert publish.main(["--dry-run", str(file)], project=tmp_path) == 0


def test_a_queue_that_is_a_target_is_not_asked_about(
    start_runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Of two queues without Outputs the one with what a rule could not deliver is meant, not the one that rules fill."""
    work = """  Work:
    Type: AWS::SQS::Queue
  ToWork:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref EventBus
      EventPattern: {source: [somewhere.else]}
      Targets:
        - {Id: Work, Arn: !GetAtt Work.Arn}

  DeadLetterQueue:
    Type: AWS::SQS::Queue
"""
    template = copied(
        tmp_path / "app",
        ("  DeadLetterQueue:\n    Type: AWS::SQS::Queue\n", work),
        ("  DeadLetterQueueUrl:\n", "  Dead:\n"),
    )
    start_runtime(template=template, state=tmp_path / ".livebus")
    monkeypatch.chdir(tmp_path)
    assert redrive.main(["list", "--local"], project=tmp_path) == 0
    out, err = capsys.readouterr()
    assert (out, err.partition("-DeadLetterQueue-")[0]) == ("", "0 messages in livebus")


def test_a_stacks_only_queue_is_not_read_where_it_is_a_target(
    start_runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """What a rule puts there is work: `purge --yes` would throw it away. Whoever means it names it."""
    template = tmp_path / "app" / "template.yaml"
    template.parent.mkdir()
    template.write_text("""
Resources:
  Work: {Type: AWS::SQS::Queue}
  ToWork:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [somewhere.else]}
      Targets:
        - {Id: Work, Arn: !GetAtt Work.Arn}
""")
    start_runtime(template=template, state=tmp_path / ".livebus")
    monkeypatch.chdir(tmp_path)
    assert redrive.main(["purge", "--yes", "--local"], project=tmp_path) == 2
    assert "has one queue, Work (livebus-Work-" in capsys.readouterr().err
    assert redrive.main(["list", "--queue", "Work", "--local"], project=tmp_path) == 0
