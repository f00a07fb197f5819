"""
The page while what runs is changed under it: a template that is saved, one with faults, a deployment, the end of a stack.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.console import Console, go
from support.running import RunningRuntime
from support.waiting import until

Start = Callable[..., RunningRuntime]
OWN, OTHER = "Default: sample.source", "Default: another.source"  # of the rule's pattern
BROKEN = "Default: [sample.source"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


@pytest.fixture
def template(project: Path, tmp_path: Path) -> Path:
    """A project of one's own, to be changed."""
    folder = tmp_path / "app"
    folder.mkdir()
    for name in ("template.yaml", "schema.graphql"):
        (folder / name).write_text((project / name).read_text())
    shutil.copytree(project / "resolvers", folder / "resolvers")
    return folder / "template.yaml"


def changed(template: Path, running: RunningRuntime, before: str, after: str) -> bool:
    """Save the template with another text; whether the runtime took it."""
    text = template.read_text()
    assert before in text
    template.write_text(text.replace(before, after))
    return running.call(running.runtime.reload)


def test_a_reload_is_told(console: Console, start_runtime: Start, template: Path) -> None:
    """It is told once, what was seen stays, and what comes goes the new way without anything being done on the page."""
    running = start_runtime(template=template)
    running.put("before")
    go(console, running, "#/events")
    console.run("await page.getByRole('option', {name: /before/}).waitFor()")
    assert console.run("return await page.locator('#banner').isHidden()") is True

    assert changed(template, running, OWN, OTHER)

    console.wait("livebus was reloaded at")
    console.shot("reloaded")
    running.put("after")
    console.run("await page.getByRole('option', {name: /message no match after/}).waitFor()")
    assert console.run("return await page.getByRole('option', {name: /message reached nobody before/}).count()") == 1
    # A page that is opened later has seen no change.
    go(console, running, "#/events")
    console.run("await page.getByRole('option', {name: /after/}).waitFor()")
    assert console.run("return await page.locator('#banner').isHidden()") is True


def test_faults_are_told_until_they_are_mended(console: Console, start_runtime: Start, template: Path) -> None:
    """The first one with its place, and that the application before goes on; a page that is opened meanwhile says so, too."""
    running = start_runtime(template=template)
    go(console, running, "#/events")
    console.wait("Waiting for the first event")
    assert not changed(template, running, OWN, BROKEN)
    console.wait("the last good application goes on")
    said = running.wait_for_line("not reloaded: ").partition("not reloaded: ")[2]
    assert said in console.run("return await page.locator('#banner').innerText()")
    go(console, running, "#/events")
    console.wait("the last good application goes on")
    assert running.put("it does")
    console.run("await page.getByRole('option', {name: /message reached nobody it does/}).waitFor()")

    assert changed(template, running, BROKEN, OWN)
    console.wait("livebus was reloaded at")
    assert "the last good application" not in console.run("return await page.locator('#banner').innerText()")


def test_a_stack_comes_and_goes(console: Console, running: RunningRuntime, project: Path) -> None:
    """Deployed and deleted with boto3 while the page is open: both are told, and the lists have it no longer."""
    body = (project / "tests" / "foreign" / "queue-and-log-beside.yaml").read_text()
    stacks = running.client("cloudformation")
    go(console, running, "#/application")
    console.await_role("table", "Rules")
    stacks.create_stack(StackName="second", TemplateBody=body, Capabilities=CAPABILITIES)
    console.wait("second was deployed at")
    console.wait("stacks livebus, second")
    stacks.delete_stack(StackName="second")
    console.wait("second was deleted at")
    until(lambda: "second" not in console.text("table", "Rules"), "its rules gone")


def test_a_trial_follows_the_template(console: Console, start_runtime: Start, template: Path) -> None:
    """A pattern that nobody has touched becomes the new one; a dry run that is open says what would be now."""
    running = start_runtime(template=template)
    running.put("one")
    go(console, running, "#/try")
    console.wait("1 of 1 recorded events match")
    assert changed(template, running, OWN, OTHER)
    console.wait("0 of 1 recorded events match")
    assert "another.source" in console.run(
        "return await page.getByRole('textbox', {name: 'Event pattern'}).inputValue()"
    )

    text = '{"source": "sample.source", "detail-type": "message", "detail": {"msg": "x"}}'
    console.visit("#/compose")
    console.fill("textbox", "Event as JSON", text)
    console.wait("no rule would match")
    assert changed(template, running, OTHER, OWN)
    console.wait("1 of 1 rule would match")


def test_two_pages_left_open_over_a_restart(console: Console, start_runtime: Start) -> None:
    """Both say so and go on by themselves, each with the new runtime's events and token; what is written stays."""
    first = start_runtime()
    go(console, first, "#/compose")
    console.wait("would match")
    console.fill(
        "textbox", "Event as JSON", '{"source": "sample.source", "detail-type": "kept", "detail": {"msg": "kept"}}'
    )
    console.run(
        "globalThis.other = await context.newPage(); await other.goto(given)", f"{first.outputs['ConsoleUrl']}#/failed"
    )
    console.run("await other.getByRole('heading', {name: 'Failed'}).waitFor()")
    port = first.port
    first.stop()
    console.wait("Disconnected")
    second = start_runtime(port=port)
    console.wait("The runtime was started again")
    console.run("await other.getByText('The runtime was started again').waitFor()")
    assert "kept" in console.run("return await page.getByRole('textbox', {name: 'Event as JSON'}).inputValue()")
    console.run("await page.getByRole('textbox', {name: 'Event as JSON'}).press('End')")
    console.fill(
        "textbox", "Event as JSON", '{"source": "sample.source", "detail-type": "kept", "detail": {"msg": "sent"}}'
    )
    console.run("await page.getByRole('button', {name: /^Send/, disabled: false}).waitFor()")
    console.click("button", "Send")
    console.run("await page.getByRole('option', {name: /kept/}).waitFor()")
    console.run("await other.getByRole('link', {name: 'Events 1'}).waitFor(); await other.close()")
    assert second.call(lambda: len(second.runtime.history or ())) == 1
    console.faults()  # refused connections, as the browser logs them


LANE = "await page.getByRole('listitem', {name: given}).getByText(/^subscribed, /).waitFor()"


def test_a_subscription_opens_again_after_a_restart(console: Console, start_runtime: Start, tmp_path: Path) -> None:
    """
    By itself, with a token of the new runtime: with the state that was kept, and with none. What came in between is told as missing.

    A user whom the new runtime does not have is named, with what to do; once the user is there one click opens it.
    """
    first = start_runtime()
    first.client("cognito-idp").admin_create_user(UserPoolId=first.outputs["UserPoolId"], Username="bob")
    go(console, first, "#/subscribers/new")
    for user in ("alice", "bob"):
        console.run("await page.getByRole('combobox', {name: 'User'}).selectOption({label: given})", user)
        console.click("button", "Subscribe", exact=True)
        console.run(LANE, f"{user}, onPublishMsgFromEb")
    first.put("before")
    console.run("await page.getByText('subscribed, 1 received').nth(1).waitFor()")
    port = first.port

    first.stop()
    console.wait("It opens again with the runtime.")
    kept = start_runtime(port=port)
    kept.wait_for_subscribers(2)
    console.run("await page.getByText('subscribed, 1 received').nth(1).waitFor()")
    kept.put("after")
    console.run("await page.getByText('subscribed, 2 received').nth(1).waitFor()")
    messages = console.text("list", "Messages for alice")
    assert ("before" in messages, "AppSync keeps nothing of what came in between" in messages) == (True, True)

    kept.stop()
    fresh = start_runtime(port=port, state=tmp_path / "fresh")
    console.wait("bob is no user of GraphQLApi any more: add the user, then open it again.")
    fresh.wait_for_subscribers(1)
    fresh.put("fresh")
    console.wait("subscribed, 3 received")
    fresh.client("cognito-idp").admin_create_user(UserPoolId=fresh.outputs["UserPoolId"], Username="bob")
    console.click("button", "Open again")
    console.run(LANE, "bob, onPublishMsgFromEb")
    fresh.wait_for_subscribers(2)
    console.faults()  # refused connections, as the browser logs them


def test_what_was_not_answered_is_asked_again(console: Console, start_runtime: Start) -> None:
    """A dry run that is asked for while the runtime is away says so, and is made once it is back; Send waits for that."""
    first = start_runtime()
    go(console, first, "#/compose")
    console.wait("1 of 1 rule would match")
    port = first.port
    first.stop()
    console.wait("Disconnected")
    text = '{"source": "another.source", "detail-type": "message", "detail": {"msg": "x"}}'
    console.fill("textbox", "Event as JSON", text)
    console.run("await page.getByRole('alert').getByText('The runtime does not answer.').waitFor()")
    assert console.run("return await page.getByRole('button', {name: /^Send/}).isDisabled()") is True
    start_runtime(port=port)
    console.wait("no rule would match")
    console.run("await page.getByRole('button', {name: /^Send/, disabled: false}).waitFor()")
    assert console.count("alert", "") == 0
    console.faults()  # refused connections, as the browser logs them
