"""
Shows one event on its whole way: the runtime starts on the application here, a user signs in and subscribes, and an event
that boto3 publishes arrives. Everything is in this one process, and gone when it ends.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.aws.blocking_call import blocking_call
from livebus.aws.clients import ReachFlags
from livebus.aws.session import Session
from livebus.cli import flags, shipped
from livebus.cli.demo_listener import GivenToken, given_token_of, listener_of, outputs_of, token_of
from livebus.cli.folder import NoTemplate, beside, find
from livebus.cli.parser import Parser
from livebus.errors import InvalidEvent, LivebusError, Place, WrongUsage
from livebus.event.document import read_entries
from livebus.files import content, reason_of, relative
from livebus.stack.samconfig import DeployConfig
from livebus.steps import words
from livebus.terminal import interruption
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.table import wrapped
from livebus.terminal.width import columns_of

if TYPE_CHECKING:
    from livebus.cdk_assembly import Source
    from livebus.runtime.server import Runtime

ARRIVAL_SECONDS = 15.0
LONGEST_LINE = 160
TERMINATED = 128 + signal.SIGTERM
# Where there are several event files, the one that stands for all.
SAMPLE = "sample.json"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown: an application with values of its parameters, the entry of an event file, and whose token subscribes, if any."""

    source: Source
    deploy: DeployConfig
    file: Path
    entry: dict[str, Any]
    parameters: Mapping[str, str]
    token: GivenToken | None = None


def command_parser() -> Parser:
    parser = Parser("demo", description=__doc__)
    parser.add_argument(
        "event", nargs="?", type=Path, help=f"an event file (default: events/{SAMPLE}, else the first in events/)"
    )
    flags.add_template(parser, "the template to run")
    flags.add_config_env(parser)
    flags.add_parameters(parser)
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="subscribe with the token in it: one that the API's Lambda authorizer lets in, or its OpenID Connect provider's (or the "
        "token in LIVEBUS_TOKEN)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    parser = command_parser()
    options = parser.parse_args(argv)
    parameters = flags.parameters(parser, options)
    # Folders of its own: a runtime that is running already is not disturbed, and nothing stays behind.
    with ExitStack() as folders:
        try:
            what = replace(_shown(options, folders, parameters), token=given_token_of(options.token_file))
        except LivebusError as error:
            terminal.report(error)
            return terminal.USAGE
        from livebus.runtime.event_loop import run

        interruption.begin()
        try:
            arrived = run(_demo(what, Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="livebus-demo-")))))
        except LivebusError as error:
            terminal.report(error)
            return terminal.USAGE if isinstance(error, WrongUsage) else terminal.FAILED
        except asyncio.CancelledError:
            return TERMINATED
    return terminal.DONE if arrived else terminal.FAILED


def _shown(options: Namespace, folders: ExitStack, parameters: Mapping[str, str]) -> Shown:
    """The application of the folder that one stands in, else the one that Livebus ships. Raises LivebusError."""
    try:
        source = flags.source(options)
    except NoTemplate as error:
        if options.built or error.faults[0].place.file:  # one was named that is not there
            raise
        folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="livebus-demo-")))
        shipped.write(shipped.shipped(), folder)
        source, deploy = folder / shipped.TEMPLATE, DeployConfig()
        terminal.talk(
            f"{error.faults[0].found}: this is the application that Livebus ships; `livebus new DIR` makes yours"
        )
    else:
        from livebus.cli.what_runs import with_manifest

        deploy = with_manifest(beside(source).deploy(options.config_env or ""), source)
    file = options.event or _first_event(source)
    try:
        document = content(file)
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else reason_of(error).lower()
        raise InvalidEvent(reason, Place(str(file))) from None
    entries = read_entries(document, str(file))
    if not entries:
        raise InvalidEvent("there is no event in it", Place(str(file)))
    return Shown(source, deploy, file, entries[0].entry, parameters)


def _first_event(source: Source) -> Path:
    """Of the events beside the template; where there are none, of the folder that one stands in."""
    from livebus.validate.project import Project

    project = Project.of(source)
    files = {file.name: file for file in project.event_files() or find().events()}
    if not files:
        raise LivebusError(
            f"no event to show in {relative(project.event_folders[0])!r}",
            expected="a *.json or *.ndjson file",
            advice="Or name an event file.",
        )
    return files.get(SAMPLE) or next(iter(files.values()))


async def _demo(what: Shown, folder: Path) -> bool:
    from livebus.cdk_assembly import parts_of
    from livebus.runtime.server import Runtime
    from livebus.runtime.settings import Settings

    # Ended from outside, it ends like after Ctrl-C: what it started is stopped, its folder goes.
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    deploy, parts = what.deploy, parts_of(what.source)
    settings = Settings(
        template=parts.file,
        application=parts.application,
        state=folder / ".livebus",
        port=0,
        reload=False,
        stack_name=deploy.stack_name or "livebus",
        region=deploy.region or "us-east-1",
        parameters=what.parameters,
        overrides=deploy.parameter_overrides,
    )
    runtime = Runtime(settings, terminal.talk)
    await runtime.start()
    try:
        _say(
            "runtime",
            f"{_name(parts.shown)} runs at {runtime.outputs['EndpointUrl']}",
        )
        return await _carry(runtime, folder, what)
    finally:
        await runtime.stop()


async def _carry(runtime: Runtime, folder: Path, what: Shown) -> bool:
    """Sign in, subscribe, publish, and show what passes; whether the message arrived."""
    session = Session(ReachFlags((folder,), local=True))
    bus = what.entry.get("EventBusName") or await blocking_call(lambda: session.event_bus)
    addressed = {**what.entry, "EventBusName": bus}
    logical_id, reception = listener_of(runtime, session.stack_name, addressed, what.token)
    assert reception.subscriber is not None
    api = await blocking_call(lambda: session.api(logical_id, outputs_of(runtime, session.stack_name)))
    token, told = await token_of(runtime, session, logical_id, reception.subscriber, what.token)
    _say("sign-in", told)
    events = await blocking_call(lambda: session.client("events"))

    from livebus.aws.publish.publisher import publish
    from livebus.aws.subscribe.operation import SubscriptionOperation
    from livebus.aws.subscribe.subscriber import Subscriber

    subscriber = Subscriber(realtime_url=api.realtime_url, host=api.host, token=token)
    arguments = dict(reception.arguments) if reception.arguments else None
    async with subscriber.subscribe(SubscriptionOperation.parse(reception.subscriber.query, arguments)) as subscription:
        _say("subscribe", f"{subscription.operations[0].field} at {api.realtime_url}")
        runtime.trace.listeners.append(_show_station)
        _say("publish", f"{_name(what.file)} to event bus {bus}, with boto3's put_events")
        started = time.perf_counter()
        publishing = asyncio.create_task(blocking_call(lambda: publish([addressed], events)))
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                message = await subscription.message()
        except TimeoutError:
            terminal.report_text(f"nothing arrived in {ARRIVAL_SECONDS:g} s; the stations above say how far it came")
            return False
        finally:
            took = time.perf_counter() - started
            await publishing
    _say("received", json_text(message.data))
    terminal.result(f"\nThe event arrived {took * 1000:.1f} ms after put_events was called.")
    return True


def _show_station(record: dict[str, Any]) -> None:
    """One station's word on the event, on one line."""
    accepted = record["station"] == "bus" and record["accepted"]
    text = f"accepted as event {record['event']} on {record['bus']}" if accepted else words(record)
    _say(f"  {record['station']}", text)


def _say(station: str, text: str) -> None:
    text = escaped(text)
    short = text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}… ({len(text)} characters)"
    for line in wrapped(f"{station:15}{short}", columns_of(sys.stdout)):
        terminal.result(line)


def _name(path: Path) -> str:
    """A file as people type it; one of the shipped application by its name there."""
    return relative(path) if path.is_relative_to(Path.cwd()) or not path.is_absolute() else path.name
