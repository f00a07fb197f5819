"""The verb subscribe: arguments, words and exit codes, without a network."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

import subscribe
from livebus.aws.connection import Message
from livebus.errors import Unreachable

AT = datetime(2026, 1, 15, 8, 30, 0, 250_000, UTC)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LIVEBUS_PASSWORD", "LIVEBUS_NEW_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


class FakeSubscription:
    """Gives its items, raises the exceptions among them, and then has no more for ever."""

    field = "onOrder"

    def __init__(self, *items: Message | BaseException) -> None:
        self._items = iter(items)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        pass

    def __aiter__(self) -> FakeSubscription:
        return self

    async def __anext__(self) -> Message:
        item = next(self._items, None)
        if item is None:
            await asyncio.Event().wait()
        if isinstance(item, BaseException):
            raise item
        assert item is not None
        return item


def listen(*items: Message | BaseException, **options: Any) -> int:
    arguments = Namespace(json=False, count=None, timeout=None)
    vars(arguments).update(options)
    listening = subscribe._listen(FakeSubscription(*items), arguments)  # type: ignore[arg-type]
    return asyncio.run(asyncio.wait_for(listening, 60))


def message(value: Any, **more: Any) -> Message:
    return Message(AT, {"onOrder": value}, **more)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--field", "a", "--query", "b"), "argument --query: not allowed with argument --field"),
        (("--count", "0"), "argument --count: '0' is not a whole number from 1"),
        (("--timeout", "nan"), "argument --timeout: 'nan' is not a number of seconds above 0"),
        (("--timeout", "soon"), "argument --timeout: 'soon' is not a number of seconds above 0"),
        (("--variables", "[]"), "argument --variables: not a JSON object"),
        (("--token", "refresh"), "argument --token: invalid choice: 'refresh'"),
        (("--local", "--profile", "x"), "--local goes without --profile: its state file has it all"),
        (("--query", "no.graphql"), "--query: 'no.graphql' is neither GraphQL text nor a file that can be read"),
        (("--stack-name", "x"), "who subscribes? Pass --user NAME (--local has a user of its own)"),
        (("--query", "subscription { a b }", "--user", "x"), "--query: the subscription selects: field, field"),
        (("--query", "mutation { a }", "--user", "x"), "--query: the operations in it: mutation; expected one subscr"),
        (
            ("--query", "subscription { a", "--user", "x"),
            "--query: line 1:17: Syntax Error: Expected Name, found <EOF>",
        ),
        (
            ("--field", "on-order"),
            "argument --field: 'on-order' is not a GraphQL name; --query takes a whole subscription",
        ),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that the call alone shows to be wrong is told before anybody is asked."""
    with pytest.raises(SystemExit) as raised:
        subscribe.main(arguments, project=Path.cwd())
    assert raised.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"subscribe.py: error: {expected}" == last[: len(expected) + len("subscribe.py: error: ")]


RUNTIME = SimpleNamespace(user_name="local-user", password="local-password")


@pytest.mark.parametrize(
    ("arguments", "environment", "runtime", "expected"),
    [
        (["--user", "alice", "--password-stdin"], "from-env", None, ("alice", "from-stdin")),
        (["--user", "alice"], "from-env", None, ("alice", "from-env")),
        (["--local"], None, RUNTIME, ("local-user", "local-password")),
        (["--local"], "from-env", RUNTIME, ("local-user", "from-env")),
        (["--local", "--user", "bob"], "from-env", RUNTIME, ("bob", "from-env")),
    ],
)
def test_the_password_never_comes_from_an_argument(
    arguments: list[str],
    environment: str | None,
    runtime: Any,
    expected: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """stdin when it is asked for, else the environment, else the local runtime's own user's."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("from-stdin\r\nnot this\n"))
    if environment is not None:
        monkeypatch.setenv("LIVEBUS_PASSWORD", environment)
    parser = subscribe._parser()
    session: Any = SimpleNamespace(runtime=runtime, client=lambda service: service, output=lambda name: name)
    sign_in = subscribe._sign_in(parser, parser.parse_args(arguments), session)
    assert (sign_in._user_name, sign_in._password) == expected


@pytest.mark.parametrize("arguments", [["--user", "alice"], ["--local", "--user", "bob"]])
def test_no_password_is_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody sits at the terminal, nobody is asked; the ways to give it are told."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("nobody asks for this"))
    parser = subscribe._parser()
    session: Any = SimpleNamespace(runtime=RUNTIME if "--local" in arguments else None)
    with pytest.raises(SystemExit) as raised:
        subscribe._sign_in(parser, parser.parse_args(arguments), session)
    assert raised.value.code == 2
    expected = "no password: set LIVEBUS_PASSWORD, or pass --password-stdin and write it to stdin"
    assert capsys.readouterr().err.splitlines()[-1] == f"subscribe.py: error: {expected}"


def test_a_query_may_be_a_file() -> None:
    """A text with a brace is GraphQL, anything else the name of a file."""
    Path("s.graphql").write_text("subscription { onOrder }")
    parser = subscribe._parser()
    assert subscribe._operation(parser, parser.parse_args(["--query", "s.graphql"])).field == "onOrder"
    assert subscribe._operation(parser, parser.parse_args(["--query", "subscription { a }"])).field == "a"
    assert subscribe._operation(parser, parser.parse_args([])).field == "onPublishMsgFromEb"


def test_no_runtime_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """--local without a runtime tells how to start one, and ends with 1."""
    assert subscribe.main(["--local"], project=Path.cwd()) == 1
    expected = "error: no runtime is running. Start it with `python scripts/local.py` (or `make local`).\n"
    assert capsys.readouterr() == ("", expected)


def test_messages_are_lines_with_time_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Text as it is, control characters spelled out; another value as JSON; the talk is on stderr."""
    assert listen(message("Hello\x1b[31m\n"), message({"id": 1, "team": "größer"}), message(None), count=3) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "2026-01-15T08:30:00.250Z\tHello\\x1b[31m\\n",
        '2026-01-15T08:30:00.250Z\t{"id": 1, "team": "größer"}',
        "2026-01-15T08:30:00.250Z\tnull",
    ]
    assert err == "subscribed to onOrder\n"


def test_json_has_the_exact_message(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON line per message, with data as GraphQL has it, and errors where there are some."""
    assert listen(message("a\x1b"), Message(AT, None, [{"message": "no"}]), count=2, json=True) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"receivedAt": "2026-01-15T08:30:00.250Z", "field": "onOrder", "data": {"onOrder": "a\x1b"}},
        {
            "receivedAt": "2026-01-15T08:30:00.250Z",
            "field": "onOrder",
            "data": None,
            "errors": [{"message": "no"}],
        },
    ]


def test_it_ends_when_enough_came(capsys: pytest.CaptureFixture[str]) -> None:
    """--count 1 takes one of two."""
    assert listen(message("a"), message("b"), count=1) == 0
    assert capsys.readouterr().out == "2026-01-15T08:30:00.250Z\ta\n"


def test_fewer_in_time_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    """How many came is told."""
    assert listen(message("a"), count=3, timeout=0.01) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: 1 of 3 messages came in 0.01 s"


def test_the_end_of_the_time_is_no_failure_without_a_count() -> None:
    """Whoever gives a time only wants to look for so long."""
    assert listen(message("a"), timeout=0.01) == 0


def test_a_refusal_later_on_goes_up() -> None:
    """The verb prints it and ends with 1."""
    with pytest.raises(Unreachable, match="gone"):
        listen(message("a"), Unreachable("gone"))
