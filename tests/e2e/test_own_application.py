"""
Outside the clone, from a wheel: every command on an application of another shape, which has other names and no Outputs.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.copies import PROJECT
from support.installed import Installed
from support.processes import Program
from support.waiting import until

PARCELS = PROJECT / "tests" / "support" / "parcels"
SCANNED = {"parcel": "p-17", "kilos": 2.5}
Livebus = Callable[..., Program]


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    folder = tmp_path / "parcels"
    shutil.copytree(PARCELS, folder)
    return folder


@pytest.fixture
def livebus(installed: Installed, tmp_path: Path) -> Iterator[Livebus]:
    """Starts the installed command in a folder; whatever still runs at the end of the test is killed."""
    with ExitStack() as stack:

        def start(folder: Path, *arguments: str | Path) -> Program:
            command = [str(installed.command), *map(str, arguments)]
            return stack.enter_context(Program(command, cwd=folder, env=installed.environment))

        yield start


def done(program: Program, code: int = 0) -> Program:
    assert program.wait() == code, program.stdout + program.stderr
    return program


@pytest.fixture
def running(parcels: Path, livebus: Livebus) -> Program:
    """``livebus local`` in the application's folder."""
    program = livebus(parcels, "local", "--port", "0", "--time-scale", "100000")
    program.wait_for("ready")
    return program


def test_the_wheel_holds_the_tool_and_the_application(installed: Installed) -> None:
    """The shipped application once, and nothing of the tests."""
    shipped = sorted(name.removeprefix("livebus/shipped/") for name in installed.files if "/shipped/" in name)
    assert shipped == [
        "events/sample.json",
        "resolvers/publishMsgFromEB.js",
        "samconfig.toml",
        "schema.graphql",
        "template.yaml",
    ]
    assert {name.split("/")[0] for name in installed.files} == {"livebus", "livebus-0.1.0.dist-info"}
    assert [name for name in installed.files if "test" in name] == ["livebus/testing.py"]


def test_it_says_who_it_is(livebus: Livebus, tmp_path: Path) -> None:
    """Its version; each --help names the form that was called."""
    assert done(livebus(tmp_path, "--version")).stdout == "livebus 0.1.0\n"
    assert done(livebus(tmp_path, "publish", "--help")).stdout.startswith("usage: livebus publish ")
    assert "livebus publish --local events/sample.json" in done(livebus(tmp_path, "publish", "--help")).stdout


def test_an_event_reaches_its_subscriber(parcels: Path, running: Program, livebus: Livebus) -> None:
    """Bus, API and app client are found through the stack; the folder's samconfig.toml and template count."""
    where = "stack parcels, region eu-central-1, state in .livebus"
    assert f"runs       infra/parcels.yml ({where})" in running.stderr
    # From a folder below, as git and others are called.
    below = parcels / "infra" / "events"
    subscriber = livebus(below, "subscribe", "--local", "--count", "1", "--json")
    subscriber.wait_for("subscribed to onTrack")
    published = done(livebus(below, "publish", "--local", "scanned.json"))
    assert "to belt-hamburg" in published.stderr
    assert json.loads(done(subscriber).stdout)["data"] == {"onTrack": SCANNED}
    waited = done(
        livebus(parcels, "publish", "--local", "infra/events/scanned.json", "--check", "--wait", "30", "--json")
    )
    assert json.loads(waited.stdout)["arrivals"]["arrived"] == 1


def test_what_failed_is_brought_back(parcels: Path, running: Program, livebus: Livebus) -> None:
    """faults, redrive and replay find their queue and their bus through the stack."""
    done(livebus(parcels, "faults", "--local", "--fail-target", "Tracking"))
    done(livebus(parcels, "publish", "--local", "infra/events/scanned.json"))

    def listed() -> dict[str, object]:
        found: dict[str, object] = json.loads(done(livebus(parcels, "redrive", "list", "--local", "--json")).stdout)
        return found

    until(lambda: listed()["messages"] == 1, "a dead letter", 60)
    done(livebus(parcels, "faults", "--local", "--clear"))
    subscriber = livebus(parcels, "subscribe", "--local", "--count", "2", "--json")
    subscriber.wait_for("subscribed to onTrack")
    assert (
        "1 event accepted by its target"
        in done(livebus(parcels, "redrive", "publish", "--local", "--to", "target")).stderr
    )
    assert listed()["messages"] == 0
    replayed = done(livebus(parcels, "replay", "start", "--local", "--from", "1h", "--wait", "--json"))
    assert json.loads(replayed.stdout)["state"] == "COMPLETED"
    assert [json.loads(line)["data"] for line in done(subscriber).stdout.splitlines()] == [{"onTrack": SCANNED}] * 2


def test_what_needs_no_runtime(parcels: Path, livebus: Livebus) -> None:
    """validate, demo, a dry run, capacity."""
    validated = done(livebus(parcels, "validate", "--fast", "--lenient"))
    assert "1 of 1 events arrive" in validated.stderr
    shown = done(livebus(parcels, "demo"))
    assert f"received       {json.dumps({'onTrack': SCANNED})}" in shown.stdout
    assert "nothing was sent" in done(livebus(parcels, "publish", "--dry-run", "infra/events")).stderr
    assert "PutEvents" in done(livebus(parcels, "capacity", "events/s=1")).stdout


def test_settings_are_read_and_checked(parcels: Path, livebus: Livebus) -> None:
    """A name that is no option is told with its line, by the command that it is for."""
    samconfig = parcels / "samconfig.toml"
    samconfig.write_text(samconfig.read_text(encoding="utf-8") + "max_attemps = 3\n", encoding="utf-8")
    line = len(samconfig.read_text(encoding="utf-8").splitlines())
    refused = done(livebus(parcels, "publish", "--dry-run", "infra/events"), 2)
    assert refused.stderr == (
        f"error: samconfig.toml:{line}: `livebus publish` has no option 'max_attemps'. Did you mean 'max_attempts'?\n"
    )


def test_where_there_is_no_application(livebus: Livebus, tmp_path: Path) -> None:
    """What was looked for is told, and never another application run; the demo shows the shipped one, and says so."""
    empty = tmp_path / "empty"
    empty.mkdir()
    expected = (
        "error: no template here; expected template.yaml, template.yml, template.json, template_file in samconfig.toml, "
        "or cdk.json with the cdk.out that `cdk synth` writes. "
        "--template names another one; `livebus new DIR` makes an application.\n"
    )
    for command in ("local", "validate"):
        assert done(livebus(empty, command), 2).stderr == expected
    shown = done(livebus(empty, "demo"))
    assert "no template here: this is the application that Livebus ships" in shown.stderr
    assert 'received       {"onPublishMsgFromEb": "Hello from EventBridge"}' in shown.stdout
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("fields", [(), ("orderId:ID!", "total:Float!", "tags:[String!]", "placedAt:AWSDateTime!")])
def test_a_new_application_works(
    livebus: Livebus, installed: Installed, tmp_path: Path, fields: tuple[str, ...]
) -> None:
    """It validates clean, its own test passes, its event arrives, and the SAM CLI deploys it to the runtime."""
    flags = [word for field in fields for word in ("--field", field)]
    written = done(
        livebus(tmp_path, "new", "shop", *flags, *(["--event", "OrderPlaced", "--source", "my.shop"] if fields else []))
    )
    shop = tmp_path / "shop"
    assert sorted(written.stdout.splitlines()) == sorted(
        str(path.relative_to(tmp_path)) for path in shop.rglob("*") if path.is_file()
    )
    validated = done(livebus(shop, "validate", "--undelivered", "events/undelivered"))
    summary = "0 errors, 0 warnings, 1 of 1 events arrive, 2 of 2 that must not arrive do not"
    assert summary in validated.stderr
    python = str(installed.command.parent / "python")
    tested = subprocess.run(
        [python, "-m", "pytest", "-q"],
        cwd=shop,
        env=installed.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr
    assert "The event arrived" in done(livebus(shop, "demo")).stdout
    runtime = livebus(shop, "local", "--empty", "--port", "0", "--outputs", "outputs.json")
    runtime.wait_for("ready")
    endpoint = json.loads((shop / "outputs.json").read_text(encoding="utf-8"))["EndpointUrl"]
    aws = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    sam = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": "1"}
    deployed = subprocess.run(
        [python, "-m", "samcli", "deploy"],
        cwd=shop,
        env={**installed.environment, **aws, **sam},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    subscriber = livebus(shop, "subscribe", "--local", "--count", "1", "--json")
    subscriber.wait_for("subscribed to onOrderPlaced" if fields else "subscribed to onPublishMsgFromEb")
    # From another application's folder the stack's own template counts, which CloudFormation has.
    other = tmp_path / "other"
    shutil.copytree(PARCELS, other)
    (other / ".livebus").mkdir()
    shutil.copy(shop / ".livebus" / "runtime.json", other / ".livebus")
    beside = livebus(other, "subscribe", "--local", "--stack-name", "shop", "--count", "1", "--json")
    beside.wait_for("subscribed to onOrderPlaced" if fields else "subscribed to onPublishMsgFromEb")
    done(livebus(shop, "publish", "--local", "events/sample.json"))
    detail = json.loads((shop / "events" / "sample.json").read_text(encoding="utf-8"))["detail"]
    expected = {"onOrderPlaced": detail} if fields else {"onPublishMsgFromEb": detail["msg"]}
    assert json.loads(done(subscriber).stdout)["data"] == expected
    assert json.loads(done(beside).stdout)["data"] == expected
    runtime.signal(signal.SIGINT)
    assert runtime.wait() == 0
    again = done(livebus(tmp_path, "new", "shop"), 2)
    assert again.stderr == "error: shop: 'shop' is there already. Name a folder that is not.\n"
