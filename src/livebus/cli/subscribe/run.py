"""Print the messages of AppSync subscriptions as they come: from AWS, or from the local runtime."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shlex
import shutil
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.folder import Folder
from livebus.cli.parser import Parser
from livebus.cli.subscribe.arguments import FIELD, argument_parser
from livebus.errors import InvalidOperation, LivebusError
from livebus.files import MAX_SETTINGS_BYTES, content, reason_of
from livebus.terminal import interruption
from livebus.terminal import output as terminal
from livebus.terminal.time_limit import TimeIsUp, time_limit

if TYPE_CHECKING:
    from livebus.aws.sign_in import SignIn
    from livebus.aws.subscribe.api_schemas import ApiSchemas
    from livebus.aws.subscribe.listening import Listening
    from livebus.aws.subscribe.message_command import MessageCommand
    from livebus.aws.subscribe.printer import Form, Printer
    from livebus.aws.subscribe.subscriber import Subscription, SubscriptionOperation
    from livebus.cdk_assembly import Source
    from livebus.stack.api_address import ApiAddress

MEMBERS: dict[str, Literal["AccessToken", "IdToken"]] = {"access": "AccessToken", "id": "IdToken"}
TERMINATED = 128 + signal.SIGTERM


@dataclasses.dataclass(slots=True)
class Asked:
    """One subscription as it was asked for: a field with filters, or a document (None: the default field)."""

    field: str | None = None
    document: str | None = None
    filters: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    variables: dict[str, Any] | None = None


def command_parser() -> Parser:
    return argument_parser(__doc__ or "")


def main(argv: Sequence[str] | None = None, *, project: Path | None = None) -> int:
    """Run the command and return its exit code. ``project`` is where else than here samconfig.toml and .livebus/ are."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    folders = flags.folders(project)
    session = Session(flags.destination(parser, arguments, folders))
    began = time.monotonic()
    try:
        with time_limit(arguments.timeout):
            prepared = _prepared(parser, arguments, session, folders)
        left = arguments.timeout - (time.monotonic() - began) if arguments.timeout is not None else None
        return _listen(prepared, arguments, left)
    except LivebusError as error:
        return terminal.ended_with(error)
    except TimeIsUp:
        terminal.report_text(f"not subscribed within {arguments.timeout:g} s")
        return terminal.FAILED
    except asyncio.CancelledError:
        return TERMINATED
    except KeyboardInterrupt:
        return terminal.INTERRUPTED


class Tokens(NamedTuple):
    """Where tokens come from, as a Subscriber takes it; ``refresh_in`` is None where nobody can refresh them."""

    token: Callable[[], str]
    refresh_in: Callable[[], float] | None
    renew: Callable[[], None]


class Prepared(NamedTuple):
    """All that is needed to subscribe."""

    operations: Sequence[SubscriptionOperation]
    tokens: Tokens
    api: ApiAddress
    command: Sequence[str] | None


def _prepared(parser: Parser, arguments: Namespace, session: Session, folders: Sequence[Path]) -> Prepared:
    """Ask for all that is needed, a password included. Raises LivebusError; a usage error ends the process."""
    asked = _asked(parser, arguments)
    documents = {id(each): _document(parser, each) for each in asked if each.document is not None}
    command = _command(parser, arguments)
    given = _given_token(parser, arguments)
    if given is None:
        _check_user(parser, arguments, session)
    from livebus.aws.subscribe.api_schemas import ApiSchemas

    template = flags.source(arguments) if arguments.template or arguments.built else None
    schemas = ApiSchemas(
        session, arguments.api or "", nearest=_nearest(folders, arguments), template=template, schema=arguments.schema
    )
    if given is not None:
        tokens = Tokens(given, None, lambda: None)
    else:
        sign_in = _sign_in(parser, arguments, session, schemas.api)
        tokens = Tokens(sign_in.token, sign_in.refresh_in, sign_in.renew)
    # Here, where a password may be asked for, and Ctrl-C and --timeout end what waits.
    tokens.token()
    operations = [
        documents[id(each)] if each.document is not None else _field_operation(parser, each, schemas, tokens.token)
        for each in asked
    ]
    return Prepared(operations, tokens, schemas.api, command)


def _nearest(folders: Sequence[Path], arguments: Namespace) -> Source | None:
    """The template of the folder that one stands in, or its application of several; None where there is none, or none that can be told."""
    for folder in folders:
        with suppress(LivebusError):
            return flags.of_path(Folder(folder).template(arguments.config_env or ""))
    return None


# --- what is asked for ------------------------------------------------------------------------------------------------


def _asked(parser: Parser, arguments: Namespace) -> list[Asked]:
    """The subscriptions, each with the filters or variables that stand behind it."""
    asked: list[Asked] = []
    early: dict[str, Any] | None = None
    for kind, value in arguments.asked or ():
        last = asked[-1] if asked else None
        if kind == "field":
            asked.append(Asked(field=value))
        elif kind == "document":
            asked.append(Asked(document=value, variables=early))
            early = None
        elif kind == "variables" and (last is None or last.document is None or last.variables is not None):
            early = value
        elif kind == "variables":
            assert last is not None
            last.variables = value
        elif last is not None and last.document is not None:
            parser.error("--filter belongs to a --field; a --subscription has --variables")
        else:
            if last is None:
                asked.append(Asked())
            asked[-1].filters.append(value)
    if early is not None:
        parser.error("--variables belongs to a --subscription")
    return asked or [Asked()]


def _document(parser: Parser, asked: Asked) -> SubscriptionOperation:
    """A subscription that is given as a whole: from a file, or as it is."""
    from livebus.aws.subscribe.operation import SubscriptionOperation

    text = asked.document or ""
    if "{" not in text:
        try:
            text = content(Path(text), most=MAX_SETTINGS_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            parser.error(
                f"--subscription: {text!r} is neither GraphQL text nor a file that can be read ({reason_of(error)})"
            )
    try:
        return SubscriptionOperation.parse(text, asked.variables)
    except InvalidOperation as error:
        parser.error(f"--subscription: {error}")


def _field_operation(
    parser: Parser, asked: Asked, schemas: ApiSchemas, token: Callable[[], str]
) -> SubscriptionOperation:
    """A subscription to a field, with all that can be selected."""
    from livebus.aws.subscribe.operation import SubscriptionOperation

    name = asked.field
    if name is None and schemas.seems_to_have(FIELD) and not asked.filters:
        return SubscriptionOperation.parse(f"subscription {{ {FIELD} }}")
    from livebus.subscribe.document import subscription_fields, write_document

    try:
        schema = schemas.find(name, token)
    except LivebusError:
        if name is None or asked.filters or schemas.is_given:
            raise
        # Nobody tells the schema: a field without a selection may be right, and AppSync says so if not.
        return SubscriptionOperation.parse(f"subscription {{ {name} }}")
    fields = subscription_fields(schema)
    if name is None:
        name = FIELD if FIELD in fields else fields[0] if len(fields) == 1 else None
    if name is None:
        parser.error(f"which subscription? Pass --field with {', '.join(fields) or 'the name of one'}")
    try:
        document = write_document(schema, name, asked.filters)
    except InvalidOperation as error:
        parser.error("--field: " + "\n".join(map(str, error.faults)))
    return SubscriptionOperation.parse(document.text, document.variables or None, document.name)


# --- who asks ---------------------------------------------------------------------------------------------------------


def _given_token(parser: Parser, arguments: Namespace) -> Callable[[], str] | None:
    """The token that is given, in a file or in LIVEBUS_TOKEN; None where somebody signs in. Whoever is named does."""
    names = arguments.user is not None or arguments.password_stdin
    if arguments.token_file is not None:
        if names:
            parser.error("--token-file signs nobody in: it goes without --user and --password-stdin")
        from livebus.aws.given_token import token_of_file

        return token_of_file(arguments.token_file)
    text = os.environ.get("LIVEBUS_TOKEN")
    if not text or names:
        return None
    from livebus.aws.given_token import given_token

    return lambda: given_token(text, "LIVEBUS_TOKEN")


def _asked_for(question: str) -> str:
    """A secret, typed at the terminal; nothing at its end (Ctrl-D)."""
    try:
        return getpass(question)
    except EOFError:
        terminal.talk("")
        return ""
    except BaseException:
        terminal.talk("")  # what comes next begins a line of its own
        raise


def _check_user(parser: Parser, arguments: Namespace, session: Session) -> str:
    runtime = session.runtime
    user_name = arguments.user or (runtime.user_name if runtime else "")
    if not user_name and runtime is not None:
        parser.error(
            "who subscribes? The application has no user pool: give --token-file or LIVEBUS_TOKEN, where an API key counts as a token"
        )
    if not user_name:
        parser.error("who subscribes? Pass --user NAME (--local has a user of its own)")
    return str(user_name)


def _sign_in(parser: Parser, arguments: Namespace, session: Session, api: ApiAddress) -> SignIn:
    runtime = session.runtime
    user_name = _check_user(parser, arguments, session)
    if arguments.password_stdin:
        password: str | None = sys.stdin.readline().rstrip("\r\n") if sys.stdin is not None else ""
    else:
        password = os.environ.get("LIVEBUS_PASSWORD")
    if password is None and runtime is not None and user_name == runtime.user_name:
        password = runtime.password
    if password is None and terminal.can_ask():
        password = _asked_for(f"Password of {user_name}: ")
    if not password:
        parser.error("no password: set LIVEBUS_PASSWORD, or pass --password-stdin and write it to stdin")
    from livebus.aws.sign_in import SignIn
    from livebus.stack.api_address import find_client_id, find_pool_id

    given = arguments.client or ""
    # With the API's URL and the app client's id no stack is needed.
    is_all = "://" in (arguments.api or "") and given
    new_password = os.environ.get("LIVEBUS_NEW_PASSWORD")
    asked = (lambda: _asked_for(f"New password for {user_name}: ")) if terminal.can_ask() else None
    client_id = find_client_id({}, "the call", api, given) if is_all else session.client_id(api, given)
    wanted = arguments.user_pool or ""
    return SignIn(
        session.client("cognito-idp"),
        client_id=client_id,
        pool_id=find_pool_id({}, client_id, wanted) if is_all else session.pool_id(client_id, wanted),
        user_name=user_name,
        password=password,
        member=MEMBERS[arguments.token],
        new_password=(lambda: new_password) if new_password else asked,
        tell=terminal.talk,
    )


# --- listening --------------------------------------------------------------------------------------------------------


def _listen(prepared: Prepared, arguments: Namespace, seconds: float | None) -> int:
    """Subscribe, and show what comes; ``seconds`` are what is left of --timeout."""
    from livebus.aws.subscribe.subscriber import Subscriber

    def lost(reason: str) -> None:
        listening.printer.lost(reason)

    tokens, api = prepared.tokens, prepared.api
    subscriber = Subscriber(
        realtime_url=api.realtime_url,
        host=api.host,
        token=tokens.token,
        refresh_in=tokens.refresh_in,
        renew=tokens.renew,
        lost=lost,
    )
    listening = _listening(subscriber.subscribe(*prepared.operations), arguments, prepared.command, seconds)
    interruption.begin()
    try:
        return asyncio.run(_until_the_end(listening, arguments))
    except KeyboardInterrupt:
        # The usual end of somebody who looks on, and of nobody else.
        return terminal.DONE if listening.stands and not arguments.count else terminal.INTERRUPTED


def _listening(
    subscription: Subscription,
    arguments: Namespace,
    command: Sequence[str] | None,
    seconds: float | None = None,
) -> Listening:
    from livebus.aws.subscribe.listening import Listening, Wanted
    from livebus.aws.subscribe.printer import LinePrinter
    from livebus.subscribe.reception import Reception
    from livebus.terminal.result_stream import ResultStream

    stream = ResultStream(sys.stdout)
    names = [operation.name for operation in subscription.operations]
    latency_path = tuple(arguments.latency_field.split(".")) if arguments.latency_field else ()
    reception = Reception(names, time.monotonic(), latency_path)
    printer: Printer
    if arguments.table and terminal.drawable(sys.stdout):
        from livebus.aws.subscribe.table_printer import TablePrinter

        styled = terminal.coloured(sys.stdout)
        printer = TablePrinter(
            stream, reception, time.monotonic, styled=styled, note_here=terminal.drawable(sys.stderr)
        )
    else:
        form: Form = "json" if arguments.json else "jsonl" if arguments.jsonl else "text"
        printer = LinePrinter(stream, "silent" if form == "text" and command else form, named=len(names) > 1)

    def start() -> MessageCommand:
        from livebus.aws.subscribe.message_command import MessageCommand

        return MessageCommand(
            command or (),
            concurrency=arguments.exec_concurrency,
            limit=arguments.exec_timeout,
            tell=printer.note,
            clock=time.monotonic,
        )

    wanted = Wanted(arguments.count, arguments.timeout if seconds is None else seconds, arguments.stats)
    return Listening(
        subscription, stream, printer, reception, wanted, clock=time.monotonic, command=start if command else None
    )


async def _until_the_end(listening: Listening, arguments: Namespace) -> int:
    from livebus.aws.subscribe.listening import End

    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    end = await listening.run()
    if end is End.NO_READER:
        terminal.stop_results()
    failed = listening.command is not None and listening.command.failed > 0
    if end is End.TIME and arguments.count is not None:
        terminal.report_text(f"{listening.received} of {arguments.count} messages came in {arguments.timeout:g} s")
    is_short = arguments.count is not None and end is not End.ENOUGH
    return terminal.FAILED if is_short or failed else terminal.DONE


def _command(parser: Parser, arguments: Namespace) -> list[str] | None:
    """The words of --exec."""
    if arguments.exec is None:
        return None
    try:
        words = shlex.split(arguments.exec)
    except ValueError as error:
        parser.error(f"--exec: {error}")
    if not words:
        parser.error("--exec: there is no command in it")
    if shutil.which(words[0]) is None:
        parser.error(f"--exec: there is no command {words[0]!r}; a shell is `sh -c '…'`")
    return words
