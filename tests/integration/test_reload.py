"""Changed files: what is kept, what is new at once, and what a broken edit leaves in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from livebus.runtime.application_files import ApplicationFiles
from support.application import change, copied
from support.running import RunningRuntime
from support.sockets import Socket, run, subscribed

Reload = Callable[[], bool]
PLAIN = "'{\"msg\": <msg>}'"


@pytest.fixture
def application(tmp_path: Path) -> Path:
    return copied(tmp_path / "app").parent


@pytest.fixture
def running(application: Path, start_runtime: Any) -> RunningRuntime:
    runtime: RunningRuntime = start_runtime(template=application / "template.yaml")
    return runtime


def reload(runtime: RunningRuntime) -> bool:
    return runtime.call(runtime.runtime.reload)


async def after(runtime: RunningRuntime, edit: Callable[[], None], message: str) -> tuple[bool, Any]:
    """Subscribe, edit, reload, publish: whether the reload went well, and what the same subscription gets."""
    async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
        edit()
        went_well = reload(runtime)
        runtime.put(message)
        return went_well, await socket.message()


def test_a_changed_input_template_changes_what_arrives(running: RunningRuntime, application: Path) -> None:
    """The subscriber stays connected, and gets what the new template makes."""
    edit = lambda: change(application / "template.yaml", PLAIN, '\'{"msg": "<msg>, it says"}\'')  # noqa: E731
    assert run(after(running, edit, "hello")) == (True, "hello, it says")


def test_a_changed_resolver_changes_what_arrives(running: RunningRuntime, application: Path) -> None:
    """The subscriber stays connected, and gets what the new resolver returns."""
    resolver = application / "resolvers" / "publishMsgFromEB.js"
    edit = lambda: change(resolver, "payload: ctx.args.msg", "payload: `${ctx.args.msg}!`")  # noqa: E731
    assert run(after(running, edit, "hello")) == (True, "hello!")


def test_a_changed_schema_leaves_the_subscriber_connected(running: RunningRuntime, application: Path) -> None:
    """A field more in the schema is there at once, and who was subscribed goes on receiving."""
    schema = application / "schema.graphql"
    field = "  placeholder: String @aws_cognito_user_pools\n"
    edit = lambda: change(schema, field, f"{field}  another: String @aws_cognito_user_pools\n")  # noqa: E731

    assert run(after(running, edit, "hello")) == (True, "hello")


BROKEN = [
    ("template.yaml", PLAIN, "'{\"msg\": <other>}'", "template.yaml"),
    ("template.yaml", "Resources:\n", "Resources: [\n", "template.yaml"),
    ("template.yaml", "!GetAtt TargetRole.Arn", "!GetAtt TargetRule.Arn", "TargetRule"),
    ("schema.graphql", "type Query {", "type Query {{", "schema.graphql"),
]


@pytest.mark.parametrize("edit", BROKEN, ids=lambda edit: edit[2])
def test_a_broken_edit_keeps_the_last_good_application(
    running: RunningRuntime, application: Path, edit: tuple[str, str, str, str]
) -> None:
    """What is wrong is said with its place; the subscriber gets messages as before; the mended file is taken."""
    name, old, new, place = edit
    went_well, message = run(after(running, lambda: change(application / name, old, new), "as before"))
    assert (went_well, message) == (False, "as before")
    assert running.wait_for_line(place).startswith("not reloaded: ")
    assert running.told[-1] == "the last good application goes on"
    change(application / name, new, old)
    assert reload(running)


def test_a_broken_resolver_keeps_the_last_good_one(running: RunningRuntime, application: Path) -> None:
    """A syntax error in APPSYNC_JS is told with the file's name and its line."""
    resolver = application / "resolvers" / "publishMsgFromEB.js"
    went_well, message = run(after(running, lambda: change(resolver, "return {", "return {{"), "as before"))
    assert (went_well, message) == (False, "as before")
    assert "resolvers/publishMsgFromEB.js:6" in running.wait_for_line("not reloaded: ")


def test_a_removed_file_keeps_the_last_good_application(running: RunningRuntime, application: Path) -> None:
    """A file that the template names and that is gone is told; the application goes on without it."""
    went_well, message = run(after(running, (application / "schema.graphql").unlink, "as before"))
    assert (went_well, message) == (False, "as before")
    assert "'./schema.graphql' is not there" in running.wait_for_line("not reloaded: ")


def test_changes_are_seen_without_being_told(application: Path, start_runtime: Any) -> None:
    """A runtime that watches its files reloads when one of them was written."""
    runtime = start_runtime(template=application / "template.yaml", reload=True)
    change(application / "template.yaml", PLAIN, '\'{"msg": "<msg> again"}\'')
    runtime.wait_for_line("reloaded: the application's files changed")

    async def check() -> Any:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
            runtime.put("seen")
            return await socket.message()

    assert run(check()) == "seen again"


def test_a_bug_of_ours_in_a_reload_is_not_the_end_of_reloads(
    application: Path, start_runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected exception while reloading is said; the next change is tried again."""
    runtime = start_runtime(template=application / "template.yaml", reload=True)
    files = ApplicationFiles
    load = files.load

    def broken(*arguments: Any) -> Any:
        monkeypatch.setattr(files, "load", load)
        files.load(*arguments)
        raise ZeroDivisionError

    monkeypatch.setattr(files, "load", broken)
    change(application / "template.yaml", PLAIN, '\'{"msg": "<msg>."}\'')
    runtime.wait_for_line("not reloaded: unexpected error")
    change(application / "template.yaml", '<msg>."', '<msg>!"')
    runtime.wait_for_line("reloaded: the application's files changed")


def test_new_outputs_are_written(running: RunningRuntime, application: Path) -> None:
    """A reload brings the file of outputs up to date."""
    change(application / "template.yaml", "Outputs:\n", "Outputs:\n  Another:\n    Value: new\n")
    assert reload(running)
    assert running.outputs["Another"] == "new"


def test_a_renamed_api_ends_the_connections_of_the_old_one(running: RunningRuntime, application: Path) -> None:
    """An API that a reload took away is gone for its clients too: close code 1001, and why."""

    async def lost(socket: Socket) -> tuple[int, str]:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason

    async def check() -> tuple[int, str]:
        async with subscribed(str(running.outputs["RealtimeUrl"]), running.tokens()["AccessToken"]) as socket:
            change(application / "template.yaml", "GraphQLApi.", "RenamedApi.")
            change(application / "template.yaml", "  GraphQLApi:\n", "  RenamedApi:\n")
            assert reload(running)
            return await lost(socket)

    assert run(check()) == (1001, "the template has this API no more")
    assert running.subscribers() == 0


def test_a_new_pool_has_the_user_too(running: RunningRuntime, application: Path) -> None:
    """The user that the runtime makes signs in to a pool that a reload brought."""
    template = application / "template.yaml"
    change(template, "!Ref UserPool\n", "!Ref OtherPool\n")
    change(template, "  UserPool:\n", "  OtherPool:\n")
    assert reload(running)
    assert running.tokens()["TokenType"] == "Bearer"


def test_what_another_stack_exports_elsewhere_stops_nothing(application: Path, start_runtime: Any) -> None:
    """A template on disk runs without the stacks that it imports from: what is missing is told, and does nothing."""
    sweeper = "  Sweeper: {Type: Custom::Sweeper, Properties: {ServiceToken: {Fn::ImportValue: tools-sweeper}}}\n"
    change(application / "template.yaml", "Resources:\n", f"Resources:\n{sweeper}")
    runtime = start_runtime(template=application / "template.yaml")

    (told,) = [line for line in runtime.told if "No export named" in line]
    assert told.endswith("No export named tools-sweeper found. There are: none.")
    trace = runtime.trace()
    (event_id,) = runtime.put("all the same")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "all the same"}


def test_nested_stacks_follow_their_files(start_runtime: Any, tmp_path: Path) -> None:
    """A change of a nested template, or of what it names, is one of the application; a broken one is told at its line."""
    foreign = Path(__file__).parents[1] / "foreign"
    shutil.copytree(foreign / "nested", tmp_path / "app" / "nested")
    shutil.copy(foreign / "nested-at-hand.yaml", tmp_path / "app")
    runtime = start_runtime(template=tmp_path / "app" / "nested-at-hand.yaml")
    trace = runtime.trace()
    (event_id,) = runtime.put("before", bus="livebus")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "before"}
    stacks = runtime.client("cloudformation").describe_stacks()["Stacks"]
    assert sorted(each["StackName"].rpartition("-")[0] for each in stacks) == ["", "livebus-Api", "livebus-Line"]

    line = tmp_path / "app" / "nested" / "line.yaml"
    change(line, "'{\"msg\": <msg>}'", '\'{"msg": "changed"}\'')
    assert reload(runtime)
    (event_id,) = runtime.put("after", bus="livebus")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "changed"}

    change(line, "!Ref BusName", "!Ref Bus")
    assert not reload(runtime)
    assert any(
        "nested/line.yaml:" in told and "Unresolved resource dependencies [Bus]" in told for told in runtime.told
    )
