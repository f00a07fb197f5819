"""Verbs with --local read the template that the runtime runs, with the values that its parameters have there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from livebus.aws.clients import ReachFlags
from livebus.aws.local_stack import running_values
from livebus.aws.publish.expected_delivery import Delivery
from livebus.aws.session import Session
from livebus.aws.subscribe.api_schemas import ApiSchemas
from livebus.cdk_assembly import applications_of
from livebus.cli.publish import run as publish
from support.deploying import Deploying

ASSEMBLIES = Path(__file__).parents[1] / "foreign" / "assemblies"
SECRET = "  Secret: {Type: String, NoEcho: true, Default: sample.source}\n"


@dataclass
class Here:
    """A folder with the application's own template, and the state of a runtime that is told where to find."""

    folder: Path

    def found(self, runtime: Any) -> None:
        (self.folder / ".livebus").mkdir(exist_ok=True)
        shutil.copy(runtime.runtime.state / "runtime.json", self.folder / ".livebus")

    def publish(self, source: str, *arguments: str) -> int:
        sample = json.loads((self.folder / "events" / "sample.json").read_text())
        (self.folder / "event.json").write_text(json.dumps({**sample, "source": source}))
        return publish.main([*arguments, "--local", "event.json"])


@pytest.fixture
def here(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    folder = tmp_path / "here"
    for name in ("template.yaml", "schema.graphql"):
        folder.mkdir(exist_ok=True)
        shutil.copy(project / name, folder)
    for name in ("events", "resolvers"):
        shutil.copytree(project / name, folder / name)
    monkeypatch.chdir(folder)
    return Here(folder)


def test_publish_expects_what_the_runtime_does(start_runtime: Callable[..., Any], here: Here) -> None:
    """An event of the source that --set gave is expected and arrives; one of the Default's source matches nothing."""
    here.found(start_runtime(template=here.folder / "template.yaml", parameters={"EventSource": "notes.app"}))
    codes = [here.publish("notes.app", "--check", "--wait"), here.publish("sample.source", "--check", "--wait", "1")]
    assert codes == [0, 2]


def test_whoever_stops_waiting_is_told_what_was_sent(
    start_runtime: Callable[..., Any],
    here: Here,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ctrl-C after all was published: 130, and nobody says that nothing was sent."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Delivery, "settled", interrupted)
    runtime = start_runtime(template=here.folder / "template.yaml")
    here.found(runtime)
    assert here.publish("sample.source", "--wait") == 130
    published, stopped = capsys.readouterr().err.splitlines()
    assert published == f"published 1 event to livebus ({runtime.url})"
    assert re.fullmatch("error: interrupted; [01] of 1 messages had arrived by then", stopped)


def test_a_token_listens_in_the_place_of_a_user(
    start_runtime: Callable[..., Any],
    here: Here,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """LIVEBUS_TOKEN, as for ``subscribe``; one that is no token is told before anything is sent."""
    runtime = start_runtime(template=here.folder / "template.yaml")
    here.found(runtime)
    monkeypatch.setenv("LIVEBUS_TOKEN", runtime.tokens()["AccessToken"])
    assert here.publish("sample.source", "--wait") == 0
    monkeypatch.setenv("LIVEBUS_TOKEN", "no token")
    assert here.publish("sample.source", "--wait") == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: LIVEBUS_TOKEN: it holds more than one word")


def test_samconfigs_values_are_the_runtimes_only_where_it_has_them(
    start_runtime: Callable[..., Any], here: Here
) -> None:
    """DescribeStacks tells those that the runtime was given as overrides; what samconfig.toml says by now does not count."""
    given = {"EventSource": "notes.app", "Nothing": "of this"}
    runtime = start_runtime(template=here.folder / "template.yaml", overrides=given)
    here.found(runtime)
    (here.folder / "samconfig.toml").write_text(
        'version = 0.1\n[default.deploy.parameters]\nparameter_overrides = "EventSource=another"\n'
    )
    assert here.publish("notes.app", "--dry-run", "--check") == 0
    (stack,) = runtime.client("cloudformation").describe_stacks()["Stacks"]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert (values["EventSource"], "Nothing" in values) == ("notes.app", False)


def test_a_secret_value_is_nowhere_and_what_hangs_on_it_is_not_refused(
    start_runtime: Callable[..., Any], here: Here
) -> None:
    """The value of a NoEcho parameter is not in the runtime's files; --check lets pass what may match."""
    template = here.folder / "template.yaml"
    text = template.read_text().replace("Parameters:\n", f"Parameters:\n{SECRET}", 1)
    template.write_text(text.replace("source: [!Ref EventSource]", "source: [!Ref Secret]"))
    runtime = start_runtime(template=template, parameters={"Secret": "hidden.value"})
    here.found(runtime)
    assert "hidden.value" not in (runtime.runtime.state / "runtime.json").read_text()
    assert here.publish("hidden.value", "--check") == 0
    values = running_values(Session(ReachFlags([here.folder], local=True)))
    assert values[runtime.settings.stack_name]["Secret"] == "{{resolve:parameter:Secret}}"


def test_a_deployed_stack_has_the_values_of_its_deployment(start_runtime: Callable[..., Any], here: Here) -> None:
    """The folder's template counts, with what the deployment gave its parameters."""
    runtime = start_runtime(template=None)
    given = [{"ParameterKey": "EventSource", "ParameterValue": "notes.app"}]
    assert Deploying(runtime).deploy(Parameters=given) == "CREATE_COMPLETE"
    here.found(runtime)
    assert here.publish("notes.app", "--dry-run", "--check") == 0


def test_of_several_applications_the_one_that_runs_counts(
    start_runtime: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder whose cdk.out has two: nobody needs to say again which."""
    folder = tmp_path / "app"
    shutil.copytree(ASSEMBLIES / "two-stages", folder / "cdk.out")
    (folder / "cdk.json").write_text("{}")
    monkeypatch.chdir(folder)
    application = applications_of(folder / "cdk.out")[-1]
    runtime = start_runtime(template=application.manifest, application=application, stack_name=application.name)
    Here(folder).found(runtime)
    session = Session(ReachFlags([folder], local=True))
    assert set(running_values(session)) == {each.name for each in application.stacks}
    assert ApiSchemas(session).api.graphql_url == runtime.outputs["GraphQLUrl"]
    (folder / "event.json").write_text(json.dumps({"Source": "x", "DetailType": "y", "Detail": {}}))
    run = publish.Run(
        publish.command_parser().parse_args(["--local", "event.json"]),
        publish.InputFiles(["event.json"]),
        session,
        None,
    )
    assert {each.environment.stack_name for each in run._rules.inspection.resources.nested.values()} == {
        each.name for each in application.stacks
    }
