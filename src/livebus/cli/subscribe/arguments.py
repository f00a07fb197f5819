"""
The arguments of ``livebus subscribe``.

In: what is typed. Out: an argument parser; subscriptions keep the order in which they were asked for, with what belongs to
each of them behind it.
"""

from __future__ import annotations

import json
import re
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from livebus.cli import flags
from livebus.cli.parser import Parser

FIELD = "onPublishMsgFromEb"
STATS_SECONDS = 10.0
EXEC_SECONDS = 60.0

EXAMPLES = """\
examples:
  livebus subscribe --local                        as the local runtime's own user
  livebus subscribe --user alice                   to samconfig.toml's stack on AWS; asks for the password
  livebus subscribe --user alice --password-stdin --count 1 --timeout 30 --json < password.txt
  livebus subscribe --local --api Fulfillment --field onShipment --filter warehouse=hamburg
  livebus subscribe --local --subscription 'subscription($t: String) { onOrder(team: $t) { id } }' \\
      --variables '{"t": "rewards"}'
  livebus subscribe --local --exec 'python notify.py' --stats

--field and --subscription may be given several times: all go over one connection. --filter belongs to the --field
before it, --variables to the --subscription before it. With --field everything that the schema has is selected; the
schema is that of --schema, of the template, or what the API tells of itself.

The password comes from --password-stdin, from LIVEBUS_PASSWORD, or from the terminal, never from an argument. Where
Cognito wants the temporary password replaced, the new one comes from LIVEBUS_NEW_PASSWORD or from the terminal. It is proved
(USER_SRP_AUTH) where the app client allows that, else sent (USER_PASSWORD_AUTH).

stdout has one line per message: the time and the text, with a tab between them (and the subscription's name, where there
are several); control characters are spelled out. stderr says "subscribed to NAME" once AppSync has acknowledged, and how
long each gap was when a connection was lost. A lost connection is taken up again for as long as it takes.
exit codes: 0 --count messages came (or the end was asked for), 1 refused, fewer came, or a run of --exec failed, 2 wrong
usage, 130 interrupted before it was subscribed, or before --count messages came
"""


class _Append(Action):
    """Keeps the order over several flags: what stands behind a subscription belongs to it."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: str | None = None
    ) -> None:
        del parser, option_string
        namespace.asked = [*(getattr(namespace, "asked", None) or ()), (self.const, values)]


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
        raise ArgumentTypeError(f"{text!r} is not a GraphQL name; --subscription takes a whole subscription")
    return text


def _filter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ArgumentTypeError(f"{text!r} is not ARGUMENT=VALUE")
    return name, value


def _seconds(text: str) -> float:
    return flags.above_zero(text, "a number of seconds")


def argument_parser(description: str) -> Parser:
    """The parser; ``description`` is what ``--help`` begins with."""
    parser = Parser("subscribe", description=description, epilog=EXAMPLES)
    parser.set_defaults(asked=None)
    what = parser.add_argument_group("what to subscribe to")
    for flags_, kind, type_, metavar, text in (
        (("--field",), "field", _name, "NAME", f"a subscription field (default: {FIELD}, or the schema's only one)"),
        (
            ("--filter",),
            "filter",
            _filter,
            "ARGUMENT=VALUE",
            "an argument of the field: only messages that have this value",
        ),
        (
            ("--subscription", "--query"),
            "document",
            str,
            "FILE|TEXT",
            "a whole GraphQL subscription: its text, or a file that holds it",
        ),
        (("--variables",), "variables", _variables, "JSON", "the subscription's variables, a JSON object"),
    ):
        what.add_argument(*flags_, action=_Append, const=kind, type=type_, metavar=metavar, help=text, dest="asked")
    what.add_argument("--schema", type=Path, metavar="FILE", help="the API's schema (default: the template's)")
    flags.add_template(what, "the template, after that which the local runtime runs")
    how = parser.add_argument_group("how to show it")
    form = how.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help='print {"receivedAt", "field", "data"} per message')
    form.add_argument(
        "--jsonl",
        action="store_true",
        help='print {"type", "receivedAt", "subscription", "data"} per message, and a record per gap',
    )
    form.add_argument("--table", action="store_true", help="a live table, where stdout is a terminal")
    how.add_argument(
        "--stats",
        type=_seconds,
        nargs="?",
        const=STATS_SECONDS,
        metavar="SECONDS",
        help=f"say on stderr what came, every {STATS_SECONDS:g} s (or as given) and at the end",
    )
    how.add_argument(
        "--latency-field",
        metavar="PATH",
        help="with --stats, --table: where messages hold the time that latency counts from, such as time",
    )
    run = parser.add_argument_group("what to do with it")
    run.add_argument(
        "--exec",
        metavar="COMMAND",
        help="run it for each message, without a shell, the message as JSON on stdin; what it prints goes to stderr, and "
        "messages are printed with --json, --jsonl or --table only",
    )
    run.add_argument(
        "--exec-concurrency",
        type=flags.at_least_one,
        default=1,
        metavar="N",
        help="so many runs at once (default: 1, in the messages' order)",
    )
    run.add_argument(
        "--exec-timeout",
        type=_seconds,
        default=EXEC_SECONDS,
        metavar="SECONDS",
        help=f"end a run that takes longer (default: {EXEC_SECONDS:g})",
    )
    end = parser.add_argument_group("when to end")
    end.add_argument("--count", type=flags.at_least_one, metavar="N", help="end after N messages")
    end.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="end after so long, counted from the start: sign-in included",
    )
    who = parser.add_argument_group("who subscribes")
    who.add_argument("--user", metavar="NAME", help="who signs in (default with --local: the runtime's own user)")
    who.add_argument("--password-stdin", action="store_true", help="read the password from the first line of stdin")
    who.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="sign nobody in: a token that an app got, or an API key, read again for each connection (or the token in LIVEBUS_TOKEN)",
    )
    who.add_argument("--token", choices=("access", "id"), default="access", help="which token (default: access)")
    flags.add_destination(parser)
    parser.add_argument(
        "--api",
        type=flags.not_empty,
        metavar="NAME|URL",
        help="which API, where a stack has several: an Output with its URL, the beginning of such Outputs' names, its "
        "logical id in the template, or its URL",
    )
    parser.add_argument(
        "--client",
        type=flags.not_empty,
        metavar="NAME|ID",
        help="the app client to sign in with: an Output with its id, or the id (default: the API's, by the Outputs' names)",
    )
    parser.add_argument(
        "--user-pool",
        type=flags.not_empty,
        metavar="NAME|ID",
        help="the app client's user pool: an Output with its id, or the id (default: by the Outputs' names)",
    )
    return parser
