"""
Runs the application of template.yaml on this machine: EventBridge, AppSync and Cognito on one loopback port.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.cli import dynamodb_option, flags, folder, what_runs
from livebus.cli.parser import SEVERAL_STACKS, Parser
from livebus.errors import LivebusError
from livebus.files import relative
from livebus.runtime.faults.injection import KINDS, Injection, read_injections
from livebus.stack.samconfig import DeployConfig
from livebus.terminal import interruption
from livebus.terminal import output as terminal

if TYPE_CHECKING:
    from livebus.cdk_assembly import Source
    from livebus.runtime.server import Runtime
    from livebus.runtime.settings import Settings

_LAST_PORT = 65_535
# https://www.rfc-editor.org/rfc/rfc6454#section-6.2
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._\[\]:-]+|null")
_REGION = re.compile(r"[a-z][a-z0-9-]{1,39}")

EPILOG = """\
examples:
  livebus local                                run template.yaml on port 4566
  livebus local cdk.out                        run all stacks of an application of AWS CDK
  livebus local --port 0 --outputs out.json    take a free port, and write where it is
  livebus local --empty                        start without an application, for sam deploy
  livebus local --user alice:Passw0rd!         sign in as alice
  livebus local --fail-target AppSync --time-scale 60
                                                         see retries and the dead-letter queue at work

Then, in another shell:
  livebus subscribe --local
  livebus publish events/sample.json --local
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = command_parser()
    options = parser.parse_args(argv)
    options.named = _one_of(options.named, parser)
    parameters = flags.parameters(parser, options)
    name, _, password = (options.user or "").partition(":")
    if options.user and not (name and password):
        parser.error("--user takes NAME:PASSWORD")
    user = (name, password) if options.user else None
    if options.empty and (options.named is not None or {"template", "built", "set"} & options.typed):
        parser.error("--empty goes without --template, --built and --set: a deployment brings its own")
    mapped = dict(each.split("=", 1) for each in options.map_endpoint if "=" in each)
    if not all(url.startswith(("http://", "https://")) for pair in mapped.items() for url in pair) or len(mapped) < len(
        options.map_endpoint
    ):
        parser.error("--map-endpoint takes https://api.example=http://127.0.0.1:9000")
    if not 0 <= options.port <= _LAST_PORT:
        parser.error(f"--port takes a number from 0 to {_LAST_PORT}, 0 for a free port")
    elsewhere = dynamodb_option.read(parser, options.endpoint)
    if dynamodb_option.lends_credentials(elsewhere, options.host):
        parser.error(
            "--endpoint with a region goes with a --host of this machine only: whoever calls would use your credentials"
        )
    try:
        faults = read_injections(options.fault)
        found = folder.find()
        source = what_runs.asked_for(options, found)
        home = folder.beside(source) if source is not None else found
        deploy = what_runs.with_manifest(home.deploy(options.config_env or ""), source)
    except LivebusError as error:
        terminal.report(error)
        return terminal.USAGE
    try:
        settings = _settings(
            options,
            state=found.state,
            source=source,
            deploy=deploy,
            user=user,
            parameters={} if options.empty else parameters,
            faults=faults,
            mapped=mapped,
            elsewhere=elsewhere,
        )
        # Here, so that --help and a wrong flag are answered at once.
        from livebus.runtime.event_loop import run

        interruption.begin()
        run(_serve(settings, opens=options.open))
    except LivebusError as error:
        return terminal.ended_with(error)
    return terminal.DONE


def _settings(
    options: Namespace,
    *,
    state: Path,
    source: Source | None,
    deploy: DeployConfig,
    user: tuple[str, str] | None,
    parameters: dict[str, str],
    faults: tuple[Injection, ...],
    mapped: dict[str, str],
    elsewhere: str,
) -> Settings:
    from livebus.cdk_assembly import parts_of
    from livebus.realtime import RealtimeSettings
    from livebus.runtime.settings import Settings
    from livebus.subscription import SubscriptionSettings

    region = options.region or deploy.region or "us-east-1"
    parts = parts_of(source) if source is not None else None
    return Settings(
        template=parts.file if parts is not None else None,
        application=parts.application if parts is not None else None,
        state=options.state or state,
        shares_state=options.state is None,
        host=options.host,
        port=options.port,
        user=user,
        outputs=options.outputs,
        parameters=parameters,
        overrides=deploy.parameter_overrides,
        stack_name=options.stack_name or deploy.stack_name or "livebus",
        region=region,
        verbose=options.verbose,
        trace=options.trace,
        time_scale=options.time_scale,
        failing_targets=frozenset(options.fail_target),
        latency=options.latency,
        faults=faults,
        strict=options.strict,
        origins=tuple(options.allow_origin),
        reload=not options.no_reload,
        functions=not options.no_functions,
        allow_outside=options.allow_outside,
        mapped_endpoints=mapped,
        dynamodb=dynamodb_option.connected(elsewhere, region) if elsewhere else None,
        realtime=RealtimeSettings(
            keep_alive=options.keep_alive,
            lifetime=options.connection_lifetime,
            max_subscriptions=options.max_subscriptions,
        ),
        subscriptions=SubscriptionSettings(max_payload=options.max_message),
    )


async def _serve(settings: Settings, *, opens: bool) -> None:
    stopping = asyncio.Event()

    def stop(number: int) -> None:
        if stopping.is_set():
            terminal.talk("ending at once; what was accepted and is not delivered yet is in the journal")
            os._exit(128 + number)
        stopping.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop, name)
    try:
        await _serve_until(stopping, settings, opens=opens)
    finally:
        # A loop that is closed would keep them, and leave who called us without Ctrl-C.
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)


async def _serve_until(stopping: asyncio.Event, settings: Settings, *, opens: bool) -> None:
    from livebus.runtime.garbage import serve_long
    from livebus.runtime.server import Runtime

    runtime = Runtime(settings, terminal.talk)
    await runtime.start()
    serve_long()
    try:
        # Nobody may read what is said (a closed pipe): the runtime runs all the same.
        with suppress(BrokenPipeError):
            _greet(runtime, settings)
            if opens and runtime.outputs["ConsoleUrl"]:
                await asyncio.to_thread(_open, runtime.outputs["ConsoleUrl"])
        await stopping.wait()
        with suppress(BrokenPipeError):
            terminal.talk("stopping")
    finally:
        await runtime.stop()


def _open(url: str) -> None:
    """Show the page in the browser of whoever started the runtime."""
    import webbrowser

    if not webbrowser.open(url):
        terminal.talk(f"no browser could be started; open {url} yourself")


def _greet(runtime: Runtime, settings: Settings) -> None:
    """Say where everything is: the talk on stderr, what a shell can evaluate on stdout."""
    outputs, is_made = runtime.outputs, settings.user is None
    what, stacks = what_runs.named(settings)
    where = f"{stacks}, region {settings.region}, state in {relative(runtime.state)}"
    terminal.talk(f"runs       {what} ({where})")
    for fault in settings.application.faults if settings.application is not None else ():
        terminal.warn(str(fault))  # a bound: what is wrong has ended the command
    terminal.talk(f"endpoint   {outputs['EndpointUrl']}")
    if settings.dynamodb is not None:
        real = "" if settings.dynamodb.is_local else "  (real tables: what is written stays written)"
        terminal.talk(f"tables     {settings.dynamodb.url}{real}")
    if runtime.outputs["ConsoleUrl"]:
        terminal.talk(f"page       {runtime.outputs['ConsoleUrl']}  (events, live)")
    for url in dict.fromkeys(api.compiled.api.graphql_url for api in runtime.served.paths.values()):
        terminal.talk(f"GraphQL    {url}")
    if outputs["UserName"]:
        made = " (made for this run)" if is_made else ""
        shown = f" with password {outputs['Password']}" if is_made else ""
        terminal.talk(f"sign in    {outputs['UserName']}{shown}{made}")
    terminal.talk(f"TLS        https on the same port; clients have to trust {outputs['CaFile']}")
    ready = "deploy into it: sam deploy" if settings.template is None else "changed files are reloaded"
    terminal.talk(f"ready      Ctrl-C stops it; {ready}")
    for name, value in (
        ("AWS_ENDPOINT_URL", outputs["EndpointUrl"]),
        ("AWS_DEFAULT_REGION", outputs["Region"]),  # boto3 and the AWS CLI 1 read this one,
        ("AWS_REGION", outputs["Region"]),  # all others that
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        terminal.result(f"export {name}={value}")


def _origin(text: str) -> str:
    """An argument's type: an origin as browsers send it, or * for each. What is none would let nobody in, and not say so."""
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no origin, such as https://app.example or http://192.168.0.5:5173")
    return text


def _region(text: str) -> str:
    """An argument's type: the name of a region; others than AWS's too, such as ``local``."""
    if not _REGION.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no region, such as eu-west-1")
    return text


def _names_of_faults() -> str:
    width = max(map(len, KINDS))
    lines = "".join(f"  {name:{width}}  {words}\n" for name, words in KINDS.items())
    return f"\nfaults (livebus faults switches them while it runs):\n{lines}"


def _one_of(named: Sequence[Path], parser: Parser) -> Path | None:
    """The template that is named, None where none is. A usage error where several are: the runtime runs one application from disk."""
    if len({*named}) > 1:
        shown = ", ".join(repr(str(each)) for each in named)
        parser.error(f"one template runs, and there are {len(named)}: {shown}. {SEVERAL_STACKS} Leave all but one out")
    return named[0] if named else None


def command_parser() -> Parser:
    parser = Parser("local", description=__doc__, epilog=EPILOG + _names_of_faults())
    parser.add_argument(
        "named", nargs="*", type=Path, metavar="TEMPLATE", help="the template to run, or a cdk.out; as --template"
    )
    where = parser.add_argument_group("where")
    flags.add_template(where, "the template to run")
    flags.add_config_env(where)
    where.add_argument(
        "--empty", action="store_true", help="start without an application: deploy into it, with the SAM CLI say"
    )
    where.add_argument(
        "--host", type=flags.not_empty, default="127.0.0.1", help="the address to listen on (default: %(default)s)"
    )
    where.add_argument(
        "--port", type=flags.whole_number, default=4566, help="the port, 0 for a free one (default: %(default)s)"
    )
    where.add_argument("--state", type=Path, help="the folder for keys, users, dead letters (default: .livebus)")
    where.add_argument("--outputs", type=Path, metavar="FILE", help="write the Outputs and the endpoint there, as JSON")
    what = parser.add_argument_group("what")
    what.add_argument(
        "--user",
        type=flags.not_empty,
        metavar="NAME:PASSWORD",
        help="who may sign in (default: a user with a random password)",
    )
    flags.add_parameters(what)
    what.add_argument(
        "--stack-name",
        type=flags.not_empty,
        metavar="NAME",
        help="AWS::StackName (default: samconfig.toml's, else livebus)",
    )
    what.add_argument("--region", type=_region, help="AWS::Region (default: samconfig.toml's, else us-east-1)")
    what.add_argument(
        "--allow-outside",
        action="store_true",
        help="let the template name files outside of the repository (or of its folder, where there is none)",
    )
    what.add_argument("--no-reload", action="store_true", help="do not look for changes in the files")
    what.add_argument("--no-functions", action="store_true", help="run no code of the template's Lambda functions")
    what.add_argument(
        "--map-endpoint", action="append", default=[], metavar="URL=URL", help="call this for that over HTTP"
    )
    what.add_argument(
        "--endpoint",
        action="append",
        default=[],
        metavar="dynamodb=URL",
        help="where tables are, in place of the runtime's own: DynamoDB Local, say, or with https a region of AWS",
    )
    what.add_argument(
        "--allow-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this origin call, too; * lets all of them",
    )
    limits = parser.add_argument_group("limits of AppSync, where AWS changes them or you want to meet them sooner")
    for flag, default, shown, text in (
        ("--max-subscriptions", 100, "N", "subscriptions of one connection"),
        ("--max-message", 240 * 1024, "BYTES", "size of a subscription's message"),
        ("--connection-lifetime", 86_400, "SECONDS", "after which a connection is closed"),
        ("--keep-alive", 60, "SECONDS", "between two signs of life of a connection"),
    ):
        limits.add_argument(
            flag, type=flags.at_least_one, default=default, metavar=shown, help=f"{text} (default: {default})"
        )
    seen = parser.add_argument_group("seeing and trying")
    seen.add_argument("--open", action="store_true", help="open the page in a browser")
    seen.add_argument("--verbose", action="store_true", help="tell of each event at each station, on stderr")
    seen.add_argument("--trace", type=Path, metavar="FILE", help="append each event's stations as JSON lines")
    seen.add_argument("--fail-target", action="append", default=[], metavar="ID", help="let a target fail, by its Id")
    seen.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME=P[,seed=N]",
        help="let something fail with a probability from 0 to 1; the names stand below",
    )
    seen.add_argument("--latency", type=flags.from_zero, default=0.0, metavar="SECONDS", help="let each delivery wait")
    seen.add_argument(
        "--time-scale", type=flags.above_zero, default=1.0, metavar="N", help="wait N times shorter between retries"
    )
    seen.add_argument(
        "--strict", action="store_true", help="dead-letter an event whose mutation answers with GraphQL errors"
    )
    return parser
