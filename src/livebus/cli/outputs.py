"""Print the Outputs of a stack, of AWS or of the local runtime, or write them as an app with Amplify reads them."""

from __future__ import annotations

import json
import stat
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.cli.written_file import write_whole
from livebus.errors import LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, read_text, relative
from livebus.stack.amplify_outputs import is_own
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped

if TYPE_CHECKING:
    from livebus.aws.session import Session

EXAMPLES = """\
examples:
  livebus outputs --local                                    of the local runtime, a line each
  livebus outputs --json                                     of the stack that samconfig.toml names, as one object
  livebus outputs --local --amplify public/amplify_outputs.json
                                                             the file that Amplify.configure takes
  livebus outputs --amplify - --api RewardsApi               on stdout, of one API of several

--amplify FILE has the API, the user pool, the app client, and an identity pool where there is one; no user and no password.
It replaces what it has written before; another file stays, unless --force is given. docs/clients.md says what an app does with it.

exit codes: 0 done, 1 no such stack, 2 wrong usage, or several stacks or APIs could be meant, 130 interrupted
"""
_OF_AMPLIFY = ("api", "client", "user_pool", "identity_pool", "authorization_type")
_TYPES = ("AMAZON_COGNITO_USER_POOLS", "AWS_IAM", "API_KEY", "OPENID_CONNECT", "AWS_LAMBDA")
# What the runtime's own state holds beside a stack's Outputs.
_SECRET = frozenset({"Password"})
_STDOUT = Path("-")


def command_parser() -> Parser:
    parser = Parser("outputs", description=__doc__, epilog=EXAMPLES)
    flags.add_destination(parser)
    form = parser.add_argument_group("what is printed or written")
    form.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    form.add_argument(
        "--amplify", type=Path, metavar="FILE", help="write amplify_outputs.json there; - prints it on stdout"
    )
    form.add_argument("--force", action="store_true", help="with --amplify: replace a file that holds something else")
    chosen = parser.add_argument_group("with --amplify, where the stack has several")
    named = "by an Output, a logical id or itself"
    chosen.add_argument("--api", type=flags.not_empty, metavar="NAME", help=f"the API, {named} (its URL)")
    chosen.add_argument("--client", type=flags.not_empty, metavar="NAME", help=f"the app client, {named}")
    chosen.add_argument("--user-pool", type=flags.not_empty, metavar="NAME", help=f"the user pool, {named}")
    chosen.add_argument("--identity-pool", type=flags.not_empty, metavar="NAME", help=f"the identity pool, {named}")
    chosen.add_argument(
        "--authorization-type",
        choices=_TYPES,
        metavar="TYPE",
        help="how calls are let in by default (default: as users of the user pool where the API takes them)",
    )
    return parser


def main(argv: Sequence[str] | None = None, *, project: Path | None = None) -> int:
    """Run the command and return its exit code. ``project`` is where else than here samconfig.toml and .livebus/ are."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    _check(parser, arguments)
    folders = flags.folders(project)
    from livebus.aws.session import Session

    session = Session(flags.destination(parser, arguments, folders))
    try:
        if arguments.amplify is None:
            _print({name: value for name, value in session.outputs.items() if name not in _SECRET}, arguments, session)
        else:
            _write(session, arguments)
    except LivebusError as error:
        return terminal.ended_with(error)
    return terminal.DONE


def _check(parser: Parser, arguments: Namespace) -> None:
    """End the process where flags do not go together."""
    if arguments.amplify is None:
        for name in (*_OF_AMPLIFY, "force"):
            if name in arguments.typed:
                parser.error(f"--{name.replace('_', '-')} goes with --amplify FILE")
    elif arguments.json and "json" in arguments.typed:
        parser.error("--json goes without --amplify: that is JSON by itself")


def _print(outputs: Mapping[str, str], arguments: Namespace, session: Session) -> None:
    if arguments.json:
        terminal.json_result(dict(outputs))
        return
    width = max(map(len, outputs), default=0)
    for name, value in outputs.items():
        terminal.result(escaped(f"{name:{width}}  {value}"))
    if not outputs:
        terminal.talk(f"{session.owner} has no Outputs")


def _write(session: Session, arguments: Namespace) -> None:
    """Raises LivebusError, before anything is asked for where the file is not to be replaced."""
    from livebus.aws.amplify import Chosen, amplify_document

    file: Path = arguments.amplify
    if file != _STDOUT:
        _check_replaceable(file, is_forced=arguments.force)
    chosen = Chosen(**{name: getattr(arguments, name) or "" for name in _OF_AMPLIFY})
    document = amplify_document(session, chosen)
    text = json.dumps(document, indent=2) + "\n"
    if file == _STDOUT:
        terminal.bytes_result(text.rstrip("\n").encode())
        return
    _replace(file, text)
    terminal.result(escaped(relative(file)))
    terminal.talk(_told(document))


def _check_replaceable(file: Path, *, is_forced: bool) -> None:
    """
    Raise LivebusError for what is no file, and for a file that this command did not write, where nobody insists.

    Devices and pipes are never replaced, whoever insists: /dev/null would be a file from then on.
    """
    name = relative(file)
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise LivebusError(f"cannot write {name!r}: {error.strerror or error}", Place(name)) from None
    if stat.S_ISDIR(mode):
        raise LivebusError(f"{name!r} is a folder", Place(name), expected="a file, such as amplify_outputs.json in it")
    if not stat.S_ISREG(mode):
        raise LivebusError(f"{name!r} is no regular file", Place(name), expected="a file, or - for stdout")
    if is_forced:
        return
    document: object = None
    with suppress(ValueError, RecursionError):
        document = json.loads(read_text(file, name, most=MAX_SETTINGS_BYTES))
    if not is_own(document):
        raise LivebusError(
            f"{name!r} holds more than this command writes, or something else",
            Place(name),
            expected="a file that is not there, or one of `livebus outputs --amplify`",
            advice="Name another file, or pass --force to replace it.",
        )


def _replace(file: Path, text: str) -> None:
    """Write all of it or leave what is there: an app that watches the file never reads half of it. Raises LivebusError."""
    try:
        write_whole(file, text)
    except OSError as error:
        name = relative(file)
        raise LivebusError(f"cannot write {name!r}: {error.strerror or error}", Place(name)) from None


def _told(document: Mapping[str, Any]) -> str:
    """In a line, what the file leads to."""
    auth, data = document.get("auth"), document["data"]
    users = (
        f"users of {auth['user_pool_id']} by the app client {auth['user_pool_client_id']}"
        if auth
        else "nobody signs in"
    )
    return f"{data['url']} as {data['default_authorization_type']}; {users}"
