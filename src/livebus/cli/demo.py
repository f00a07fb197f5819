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
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.aws.blocking_call import blocking_call
from livebus.aws.session import ReachFlags, Session
from livebus.cli import flags, shipped
from livebus.cli.folder import NoTemplate, beside, find
from livebus.cli.parser import Parser
from livebus.errors import InvalidEvent, LivebusError, Place, WrongUsage
from livebus.event.document import read_entries
from livebus.event.put_events import Refused
from livebus.files import content, reason_of, relative
from livebus.stack.samconfig import DeployConfig
from livebus.steps import words
from livebus.terminal import interruption
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.table import wrapped
from livebus.terminal.width import columns_of

if TYPE_CHECKING:
    from livebus.aws.sign_in import SignIn
    from livebus.cdk_assembly import Source
    from livebus.rehearsal.audience import DefaultSubscriber, Heard
    from livebus.runtime.server import Runtime

ARRIVAL_SECONDS = 15.0
LONGEST_LINE = 160
TERMINATED = 128 + signal.SIGTERM
# Where there are several event files, the one that stands for all.
SAMPLE = "sample.json"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown: an application with values of its parameters, and the entry of an event file."""

    source: Source
    deploy: DeployConfig
    file: Path
    entry: dict[str, Any]
    parameters: Mapping[str, str]


def command_parser() -> Parser:
    parser = Parser("demo", description=__doc__)
    parser.add_argument(
        "event", nargs="?", type=Path, help=f"an event file (default: events/{SAMPLE}, else the first in events/)"
    )
    flags.add_template(parser, "the template to run")
    flags.add_config_env(parser)
    flags.add_parameters(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    parser = command_parser()
    options = parser.parse_args(argv)
    parameters = flags.parameters(parser, options)
    # Folders of its own: a runtime that is running already is not disturbed, and nothing stays behind.
    with ExitStack() as folders:
        try:
            what = _shown(options, folders, parameters)
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
    logical_id, reception = _reception(runtime, session.stack_name, addressed)
    assert reception.subscriber is not None
    api = await blocking_call(lambda: session.api(logical_id, _outputs(runtime, session.stack_name)))
    token = await _token(runtime, session, logical_id, reception.subscriber)
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


async def _token(
    runtime: Runtime, session: Session, logical_id: str, subscriber: DefaultSubscriber
) -> Callable[[], str]:
    """What signs the subscriber in, told: an API key, or the runtime's user."""
    from livebus.caller import API_KEY

    if subscriber.caller.mode == API_KEY:
        application = runtime.served.applications()[session.stack_name]
        key = next(api.api_keys[0] for api in application.apis if api.logical_id == logical_id)
        _say("sign-in", "nobody: the API takes its key")
        return lambda: key
    sign_in = await blocking_call(lambda: _sign_in(session, logical_id))
    await blocking_call(sign_in.token)
    _say("sign-in", f"{runtime.outputs['UserName']}, with {sign_in.flow}")
    return sign_in.token


def _reception(runtime: Runtime, stack: str, entry: dict[str, Any]) -> tuple[str, Heard]:
    """
    Who would hear of the event, by the schema's links, and the logical id of the API: somebody who receives it, else who
    might. Raises LivebusError where nobody would.
    """
    from livebus.caller import API_KEY, COGNITO
    from livebus.data_source.in_memory import InMemorySources
    from livebus.rehearsal.audience import Heard
    from livebus.rehearsal.samples import SampleReader
    from livebus.rehearsal.stage import Stage

    line = runtime.served.line(stack)
    assert line is not None
    event = SampleReader(line.application, datetime.now(UTC)).event(entry)
    if isinstance(event, Refused):
        raise InvalidEvent(f"EventBridge refuses the event: {event.code}: {event.message}")
    services = replace(
        runtime.buses.services(),
        call=InMemorySources(line.application, now=time.time()).perform,
        put_events=lambda _, entries: {"FailedEntryCount": 0, "Entries": [{"EventId": "dry-run"}] * len(entries)},
    )
    stage = Stage(line, services)
    invocations = stage.rehearse(event, services).invocations
    found = [
        (invocation.target.api, each)
        for invocation in invocations
        for each in invocation.receptions
        if each.subscriber is not None
    ]
    # What a function or another server makes of it shows when it is asked: whoever may hear of it listens.
    found += [
        (invocation.target.api, Heard(subscriber.field, subscriber, None))
        for invocation in invocations
        if invocation.unproven
        for subscriber in stage.audiences[invocation.target.api].default_subscribers
        if not subscriber.required and subscriber.field in stage.fed_by(invocation)
    ]
    if not found:
        raise LivebusError(
            "the event would reach nobody: no rule matches it, or no subscription hears of its mutation",
            advice="`livebus validate` says why.",
        )
    with_keys = {api.logical_id for api in line.application.apis if api.api_keys}
    modes = [
        (api, each, each.subscriber.caller.mode)
        for api, each in found
        if each.subscriber is not None and (each.subscriber.caller.mode != API_KEY or api in with_keys)
    ]
    users = [(api, each) for mode in (COGNITO, API_KEY) for api, each, its in modes if its == mode]
    if not users:
        fields = ", ".join(sorted({reception.field for _, reception in found}))
        raise LivebusError(
            f"the demo signs in as a user of a user pool or with an API key, and none of these is for one: {fields}",
            advice="`livebus local`, and `livebus subscribe --local --token-file FILE` beside it, take any token.",
        )
    # A filter of a resolver may let others have the message, and not this user.
    return max(users, key=lambda each: (each[1].payload is not None, each[1].arrives))


def _outputs(runtime: Runtime, stack: str) -> dict[str, list[str]]:
    """The names of the Outputs that hold a URL of an API, by the API's logical id."""
    application = runtime.served.applications()[stack]
    return {
        api.logical_id: [
            name for name, value in application.outputs.items() if value in (api.graphql_url, api.realtime_url)
        ]
        for api in application.apis
    }


def _sign_in(session: Session, api: str) -> SignIn:
    from livebus.aws.sign_in import SignIn

    runtime = session.runtime
    assert runtime is not None
    address = session.api(api)
    client_id = session.client_id(address)
    return SignIn(
        session.client("cognito-idp"),
        client_id=client_id,
        pool_id=session.pool_id(client_id),
        user_name=runtime.user_name,
        password=runtime.password,
    )


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
