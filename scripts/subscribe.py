"""Print the messages of an AppSync subscription as they come: from AWS, or from the local runtime."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from livebus import flags, terminal
from livebus.aws.session import Session
from livebus.errors import InvalidOperation, LivebusError

if TYPE_CHECKING:
    from livebus.aws.connection import Message
    from livebus.aws.sign_in import SignIn
    from livebus.aws.subscriber import Operation, Subscription

PROJECT = Path(__file__).resolve().parents[1]
FIELD = "onPublishMsgFromEb"
MEMBERS: dict[str, Literal["AccessToken", "IdToken"]] = {"access": "AccessToken", "id": "IdToken"}

EXAMPLES = """\
examples:
  python scripts/subscribe.py --local                        as the local runtime's own user
  python scripts/subscribe.py --user alice                   to samconfig.toml's stack on AWS; asks for the password
  python scripts/subscribe.py --user alice --password-stdin --count 1 --timeout 30 --json < password.txt
  python scripts/subscribe.py --local --query 'subscription { onOrder(team: "rewards") { id status } }'

The password comes from --password-stdin, from LIVEBUS_PASSWORD, or from the terminal, never from an argument. Where
Cognito wants the temporary password replaced, the new one comes from LIVEBUS_NEW_PASSWORD or from the terminal.

stdout has one line per message: the time and the text, with a tab between them; control characters are spelled out.
stderr says "subscribed to FIELD" once AppSync has acknowledged, and how long each gap was when a connection was lost.
exit codes: 0 --count messages came (or the end was asked for), 1 refused or fewer came, 2 wrong usage, 130 interrupted
"""


def main(argv: Sequence[str] | None = None, *, project: Path = PROJECT) -> int:
    """Run the verb and return its exit code. ``project`` is where samconfig.toml and .livebus/ are, beside the cwd."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    session = Session(flags.destination(parser, arguments, (Path.cwd(), project)))
    try:
        operation = _operation(parser, arguments)
        sign_in = _sign_in(parser, arguments, session)
        from livebus.aws.subscriber import Subscriber

        subscriber = Subscriber(
            realtime_url=session.output("RealtimeUrl"),
            host=urlsplit(session.output("GraphQLUrl")).netloc,
            token=sign_in.token,
            lost=lambda reason: terminal.warn(f"connection lost ({reason}); connecting again"),
            back=lambda seconds: terminal.warn(
                f"subscribed again after {seconds:.1f} s; messages in between are lost, AppSync does not replay them"
            ),
        )
        return asyncio.run(_listen(subscriber.subscribe(operation), arguments))
    except LivebusError as error:
        terminal.report(error)
        return terminal.FAILED
    except KeyboardInterrupt:
        return terminal.INTERRUPTED if arguments.count else terminal.DONE


async def _listen(subscription: Subscription, arguments: Namespace) -> int:
    """Print messages until there are enough, the time is over, or the subscription ends."""
    received = 0
    async with subscription:
        terminal.talk(f"subscribed to {subscription.field}")
        try:
            async with asyncio.timeout(arguments.timeout):
                async for message in subscription:
                    _show(message, subscription.field, arguments)
                    received += 1
                    if received == arguments.count:
                        return terminal.DONE
        except TimeoutError:
            if arguments.count is None:
                return terminal.DONE
            terminal.report_text(f"{received} of {arguments.count} messages came in {arguments.timeout:g} s")
    return terminal.FAILED


def _show(message: Message, field: str, arguments: Namespace) -> None:
    time = message.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if arguments.json:
        shown: dict[str, Any] = {"receivedAt": time, "field": field, "data": message.data}
        if message.errors:
            shown["errors"] = message.errors
        terminal.json_result(shown)
        return
    if message.errors:
        terminal.warn(f"a message with errors: {terminal.json_text(message.errors)}")
    value = (message.data or {}).get(field)
    text = terminal.escaped(value) if isinstance(value, str) else terminal.json_text(value)
    terminal.result(f"{time}\t{text}")


def _query(parser: ArgumentParser, arguments: Namespace) -> str:
    """The text of the subscription: from a file, as it is, or made from the field's name."""
    if arguments.query is None:
        return f"subscription {{ {arguments.field} }}"
    if "{" in arguments.query:
        return str(arguments.query)
    try:
        return Path(arguments.query).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"--query: {arguments.query!r} is neither GraphQL text nor a file that can be read ({error})")


def _operation(parser: ArgumentParser, arguments: Namespace) -> Operation:
    from livebus.aws.subscriber import Operation

    try:
        return Operation.parse(_query(parser, arguments), arguments.variables)
    except InvalidOperation as error:
        parser.error(f"--query: {error}")


def _sign_in(parser: ArgumentParser, arguments: Namespace, session: Session) -> SignIn:
    runtime = session.runtime
    user_name = arguments.user or (runtime.user_name if runtime else "")
    if not user_name:
        parser.error("who subscribes? Pass --user NAME (--local has a user of its own)")
    if arguments.password_stdin:
        password: str | None = sys.stdin.readline().rstrip("\r\n")
    else:
        password = os.environ.get("LIVEBUS_PASSWORD")
    if password is None and runtime is not None and user_name == runtime.user_name:
        password = runtime.password
    if password is None and sys.stdin.isatty():
        password = getpass(f"Password of {user_name}: ")
    if not password:
        parser.error("no password: set LIVEBUS_PASSWORD, or pass --password-stdin and write it to stdin")
    from livebus.aws.sign_in import SignIn

    new_password = os.environ.get("LIVEBUS_NEW_PASSWORD")
    asked = (lambda: getpass(f"New password for {user_name}: ")) if sys.stdin.isatty() else None
    return SignIn(
        session.client("cognito-idp"),
        client_id=session.output("UserPoolClientId"),
        user_name=user_name,
        password=password,
        member=MEMBERS[arguments.token],
        new_password=(lambda: new_password) if new_password else asked,
    )


def _variables(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ArgumentTypeError("not a JSON object")
    return value


def _name(text: str) -> str:
    if not re.fullmatch("[_A-Za-z][_0-9A-Za-z]*", text):
        raise ArgumentTypeError(f"{text!r} is not a GraphQL name; --query takes a whole subscription")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="subscribe.py", description=__doc__, epilog=EXAMPLES, formatter_class=RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--field", type=_name, default=FIELD, help=f"the subscription field, without a selection (default: {FIELD})"
    )
    what.add_argument("--query", metavar="FILE|TEXT", help="a GraphQL subscription: its text, or a file that holds it")
    parser.add_argument("--variables", type=_variables, metavar="JSON", help="the query's variables, a JSON object")
    parser.add_argument("--count", type=flags.at_least_one, metavar="N", help="end after N messages")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="end so long after it is subscribed")
    parser.add_argument("--json", action="store_true", help='print {"receivedAt", "field", "data"} per message')
    parser.add_argument("--user", metavar="NAME", help="who signs in (default with --local: the runtime's own user)")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from the first line of stdin")
    parser.add_argument("--token", choices=MEMBERS, default="access", help="which token (default: access)")
    flags.add_destination(parser)
    return parser


if __name__ == "__main__":
    terminal.run(main)
