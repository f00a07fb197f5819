"""
Shows one event on its whole way: the runtime starts on template.yaml, a user signs in and subscribes, and an event that
boto3 publishes arrives. Everything is in this one process, and gone when it ends.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from livebus.aws.blocking_call import blocking_call
from livebus.aws.session import Destination, Session
from livebus.cli.parser import Parser
from livebus.errors import InvalidEvent, LivebusError
from livebus.event.document import read_entries
from livebus.files import content
from livebus.steps import words
from livebus.terminal import interruption
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped, json_text

if TYPE_CHECKING:
    from livebus.aws.sign_in import SignIn
    from livebus.runtime.server import Runtime

SUBSCRIPTION = "subscription { onPublishMsgFromEb }"
ARRIVAL_SECONDS = 15.0
LONGEST_LINE = 160
TERMINATED = 128 + signal.SIGTERM


def main(argv: list[str] | None = None) -> int:
    parser = Parser("demo", description=__doc__)
    parser.add_argument("event", nargs="?", type=Path, default=Path("events", "sample.json"), help="an event file")
    parser.add_argument("--template", type=Path, default=Path("template.yaml"), help="the template to run")
    options = parser.parse_args(argv)
    try:
        entry = read_entries(content(options.event), str(options.event))[0].entry
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
        terminal.report_text(f"{options.event}: {reason}")
        return terminal.USAGE
    except InvalidEvent as error:
        terminal.report(error)
        return terminal.USAGE
    from livebus.runtime.event_loop import run

    interruption.begin()
    try:
        # A folder of its own: a runtime that is running already is not disturbed, and nothing stays behind.
        with tempfile.TemporaryDirectory(prefix="livebus-demo-") as folder:
            arrived = run(_demo(options.template, Path(folder), options.event, entry))
    except LivebusError as error:
        terminal.report(error)
        return terminal.FAILED
    except asyncio.CancelledError:
        return TERMINATED
    return terminal.DONE if arrived else terminal.FAILED


async def _demo(template: Path, folder: Path, file: Path, entry: dict[str, Any]) -> bool:
    from livebus.runtime.server import Runtime, Settings

    # Ended from outside, it ends like after Ctrl-C: what it started is stopped, its folder goes.
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    settings = Settings(template=template, state=folder / ".livebus", port=0, reload=False)
    runtime = Runtime(settings, terminal.talk)
    await runtime.start()
    try:
        _say("runtime", f"{shown(template)} runs at {runtime.outputs['EndpointUrl']}")
        return await _carry(runtime, folder, file, entry)
    finally:
        await runtime.stop()


async def _carry(runtime: Runtime, folder: Path, file: Path, entry: dict[str, Any]) -> bool:
    """Sign in, subscribe, publish, and show what passes; whether the message arrived."""
    session = Session(Destination((folder,), local=True))
    sign_in = await blocking_call(lambda: _sign_in(session))
    await blocking_call(sign_in.token)
    _say("sign-in", f"{runtime.outputs['UserName']}, with USER_PASSWORD_AUTH")
    events = await blocking_call(lambda: session.client("events"))

    from livebus.aws.publish.publisher import publish
    from livebus.aws.subscribe.subscriber import Subscriber

    realtime_url = session.output("RealtimeUrl")
    host = urlsplit(session.output("GraphQLUrl")).netloc
    subscriber = Subscriber(realtime_url=realtime_url, host=host, token=sign_in.token)
    async with subscriber.subscribe(SUBSCRIPTION) as subscription:
        _say("subscribe", f"{subscription.operations[0].field} at {realtime_url}")
        runtime.trace.listeners.append(_show_station)
        addressed = {**entry, "EventBusName": session.output("EventBusName")}
        _say("publish", f"{shown(file)} to event bus {addressed['EventBusName']}, with boto3's put_events")
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


def _sign_in(session: Session) -> SignIn:
    from livebus.aws.sign_in import SignIn

    runtime = session.runtime
    assert runtime is not None
    return SignIn(
        session.client("cognito-idp"),
        client_id=session.output("UserPoolClientId"),
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
    terminal.result(f"{station:15}{short}")


def shown(path: Path) -> str:
    return str(path)
