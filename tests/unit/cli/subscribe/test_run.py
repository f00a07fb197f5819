"""The verb subscribe: arguments, words and exit codes, without a network."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from livebus.aws.subscribe.operation import SubscriptionOperation
from livebus.cli.subscribe import run as subscribe
from livebus.cli.subscribe.arguments import argument_parser
from livebus.errors import Unreachable
from livebus.stack.api_address import ApiAddress
from livebus.subscribe.message import Gap, Message
from livebus.terminal.result_stream import ResultStream

AT = datetime(2026, 1, 15, 8, 30, 0, 250_000, UTC)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LIVEBUS_PASSWORD", "LIVEBUS_NEW_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


class FakeSubscription:
    """Gives its items, raises the exceptions among them, and then has no more for ever."""

    unread = 0

    def __init__(self, *items: Message | Gap | BaseException, names: tuple[str, ...] = ("onOrder",)) -> None:
        self._items = iter(items)
        self.operations = [SubscriptionOperation.parse(f"subscription {{ {name} }}") for name in names]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        pass

    def __aiter__(self) -> FakeSubscription:
        return self

    async def __anext__(self) -> Message | Gap:
        item = next(self._items, None)
        if item is None:
            await asyncio.Event().wait()
        if isinstance(item, BaseException):
            raise item
        assert item is not None
        return item


def listen(*items: Message | Gap | BaseException, flags: str = "", names: tuple[str, ...] = ("onOrder",)) -> int:
    arguments = argument_parser("").parse_args(flags.split())
    listening = subscribe._listening(FakeSubscription(*items, names=names), arguments, None)  # type: ignore[arg-type]
    return asyncio.run(asyncio.wait_for(subscribe._until_the_end(listening, arguments), 60))


def message(value: Any, name: str = "onOrder", **more: Any) -> Message:
    return Message(AT, {name: value}, subscription=name, field=name, **more)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--json", "--jsonl"), "argument --jsonl: not allowed with argument --json"),
        (("--filter", "a"), "argument --filter: 'a' is not ARGUMENT=VALUE"),
        (("--filter", "=a"), "argument --filter: '=a' is not ARGUMENT=VALUE"),
        (
            ("--query", "subscription { a }", "--filter", "a=b"),
            "--filter belongs to a --field; a --subscription has --variables",
        ),
        (("--variables", "{}"), "--variables belongs to a --subscription"),
        (("--field", "a", "--variables", "{}"), "--variables belongs to a --subscription"),
        (
            ("--query", "subscription { a }", "--variables", "{}", "--variables", "{}"),
            "--variables belongs to a --subscription",
        ),
        (("--exec", ""), "--exec: there is no command in it"),
        (("--exec", "'"), "--exec: No closing quotation"),
        (("--exec", "no-such-command x"), "--exec: there is no command 'no-such-command'; a shell is `sh -c '…'`"),
        (("--exec-concurrency", "0"), "argument --exec-concurrency: '0' is not a whole number from 1"),
        (("--stats", "0"), "argument --stats: '0' is not a number of seconds above 0"),
        (("--count", "0"), "argument --count: '0' is not a whole number from 1"),
        (("--timeout", "nan"), "argument --timeout: 'nan' is not a number of seconds above 0"),
        (("--timeout", "soon"), "argument --timeout: 'soon' is not a number of seconds above 0"),
        (("--variables", "[]"), "argument --variables: not a JSON object"),
        (("--token", "refresh"), "argument --token: invalid choice: 'refresh'"),
        (("--local", "--profile", "x"), "--local goes without --profile: its state file has it all"),
        (("--query", "no.graphql"), "--subscription: 'no.graphql' is neither GraphQL text nor a file that can be read"),
        (("--stack-name", "x"), "who subscribes? Pass --user NAME (--local has a user of its own)"),
        (("--query", "subscription { a b }", "--user", "x"), "--subscription: the subscription selects: field, field"),
        (
            ("--query", "mutation { a }", "--user", "x"),
            "--subscription: the operations in it: mutation; expected one subscr",
        ),
        (
            ("--query", "subscription { a", "--user", "x"),
            "--subscription: line 1:17: Syntax Error: Expected Name, found <EOF>",
        ),
        (
            ("--field", "on-order"),
            "argument --field: 'on-order' is not a GraphQL name; --subscription takes a whole subscription",
        ),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that the call alone shows to be wrong is told before anybody is asked."""
    with pytest.raises(SystemExit) as raised:
        subscribe.main(arguments, project=Path.cwd())
    assert raised.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"error: {expected}" == last[: len(expected) + len("error: ")]


API = ApiAddress("http://127.0.0.1:1/graphql", "ws://127.0.0.1:1/graphql")
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
    parser = argument_parser("")
    session: Any = SimpleNamespace(
        runtime=runtime,
        client=lambda service: service,
        client_id=lambda api, wanted: "id",
        pool_id=lambda client_id, wanted: "",
    )
    sign_in = subscribe._sign_in(parser, parser.parse_args(arguments), session, API)
    assert (sign_in._user_name, sign_in._password) == expected


@pytest.mark.parametrize("arguments", [["--user", "alice"], ["--local", "--user", "bob"]])
def test_no_password_is_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody sits at the terminal, nobody is asked; the ways to give it are told."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("nobody asks for this"))
    parser = argument_parser("")
    session: Any = SimpleNamespace(runtime=RUNTIME if "--local" in arguments else None)
    with pytest.raises(SystemExit) as raised:
        subscribe._sign_in(parser, parser.parse_args(arguments), session, API)
    assert raised.value.code == 2
    expected = "no password: set LIVEBUS_PASSWORD, or pass --password-stdin and write it to stdin"
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {expected} (see livebus subscribe --help)"


def asked(*arguments: str) -> list[subscribe.Asked]:
    parser = argument_parser("")
    return subscribe._asked(parser, parser.parse_args(arguments))


def test_a_document_may_be_a_file() -> None:
    """A text with a brace is GraphQL, anything else the name of a file."""
    Path("s.graphql").write_text("subscription { onOrder }")
    parser = argument_parser("")
    assert [
        subscribe._document(parser, each).field
        for each in asked("--query", "s.graphql", "--query", "subscription { a }")
    ] == ["onOrder", "a"]


def test_what_stands_behind_a_subscription_belongs_to_it() -> None:
    """Filters to the field, variables to the document before them; variables before the first one to that."""
    assert asked() == [subscribe.Asked()]
    assert asked("--filter", "team=a=b") == [subscribe.Asked(filters=[("team", "a=b")])]
    assert asked("--field", "a", "--filter", "x=1", "--filter", "y=2", "--field", "b") == [
        subscribe.Asked(field="a", filters=[("x", "1"), ("y", "2")]),
        subscribe.Asked(field="b"),
    ]
    assert asked(
        "--variables", '{"a": 1}', "--query", "d", "--field", "f", "--subscription", "e", "--variables", "{}"
    ) == [
        subscribe.Asked(document="d", variables={"a": 1}),
        subscribe.Asked(field="f"),
        subscribe.Asked(document="e", variables={}),
    ]


def test_no_runtime_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """--local without a runtime tells how to start one, and ends with 1."""
    assert subscribe.main(["--local"], project=Path.cwd()) == 1
    expected = "error: no runtime is running. Start it with `livebus local`.\n"
    assert capsys.readouterr() == ("", expected)


def test_messages_are_lines_with_time_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Text as it is, control characters spelled out; another value as JSON; the talk is on stderr."""
    assert (
        listen(message("Hello\x1b[31m\n"), message({"id": 1, "team": "größer"}), message(None), flags="--count 3") == 0
    )
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "2026-01-15T08:30:00.250Z\tHello\\x1b[31m\\n",
        '2026-01-15T08:30:00.250Z\t{"id": 1, "team": "größer"}',
        "2026-01-15T08:30:00.250Z\tnull",
    ]
    assert err == "subscribed to onOrder\n"


def test_json_has_the_exact_message(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON line per message, with data as GraphQL has it, and errors where there are some."""
    assert (
        listen(message("a\x1b"), Message(AT, None, [{"message": "no"}], "onOrder", "onOrder"), flags="--count 2 --json")
        == 0
    )
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
    assert listen(message("a"), message("b"), flags="--count 1") == 0
    assert capsys.readouterr().out == "2026-01-15T08:30:00.250Z\ta\n"


def test_fewer_in_time_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    """How many came is told."""
    assert listen(message("a"), flags="--count 3 --timeout 0.01") == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: 1 of 3 messages came in 0.01 s"


def test_the_end_of_the_time_is_no_failure_without_a_count() -> None:
    """Whoever gives a time only wants to look for so long."""
    assert listen(message("a"), flags="--timeout 0.01") == 0


def test_several_subscriptions_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Their name stands before the text."""
    assert listen(message("a"), message("b", "onSale"), flags="--count 2", names=("onOrder", "onSale")) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["2026-01-15T08:30:00.250Z\tonOrder\ta", "2026-01-15T08:30:00.250Z\tonSale\tb"]
    assert err == "subscribed to onOrder, onSale\n"


def test_jsonl_has_messages_and_gaps_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    """A record says what it is; the gap is told on stderr as well."""
    gap = Gap(AT, AT + timedelta(seconds=3.5), "gone")
    assert listen(message("a"), gap, Message(AT, None, ["e"], "onOrder", "onOrder"), flags="--count 2 --jsonl") == 0
    out, err = capsys.readouterr()
    at = "2026-01-15T08:30:00.250Z"
    assert [json.loads(line) for line in out.splitlines()] == [
        {"type": "message", "receivedAt": at, "subscription": "onOrder", "data": {"onOrder": "a"}},
        {"type": "gap", "from": at, "to": "2026-01-15T08:30:03.750Z", "seconds": 3.5, "reason": "gone"},
        {"type": "message", "receivedAt": at, "subscription": "onOrder", "data": None, "errors": ["e"]},
    ]
    assert err.splitlines()[1] == (
        f"warning: subscribed again after 3.5 s (from {at} to 2026-01-15T08:30:03.750Z); "
        "messages in between are lost, AppSync does not replay them"
    )


def test_the_table_is_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    """Where stdout is none, there are lines."""
    assert listen(message("a"), flags="--count 1 --table") == 0
    assert capsys.readouterr().out == "2026-01-15T08:30:00.250Z\ta\n"


def test_a_reader_that_went_away_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough has been read: 0; but not where more were asked for."""
    monkeypatch.setattr(subscribe.terminal, "stop_results", lambda: None)

    async def gone(self: ResultStream, text: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(ResultStream, "write", gone)
    assert [listen(message("a")), listen(message("a"), flags="--count 2")] == [0, 1]


def test_a_refusal_later_on_goes_up() -> None:
    """The verb prints it and ends with 1."""
    with pytest.raises(Unreachable, match="gone"):
        listen(message("a"), Unreachable("gone"))
