"""
The page for everybody: by keyboard alone, for screen readers (axe-core), with as little motion as one wants, at each width.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.console import Console, go
from support.http import request
from support.running import RunningRuntime
from support.waiting import until

VIOLATIONS = """
  return await page.evaluate(async () => (await axe.run()).violations.map((each) =>
    [each.id, each.nodes.map((node) => node.html.slice(0, 160))]))
"""
# How much wider than the window the page is, or a part that one has to scroll through from top to bottom.
SIDEWAYS = """
  Math.max(...[document.documentElement, document.body, document.querySelector('main')].map((each) => each.scrollWidth - window.innerWidth))
"""
WIDTHS = (360, 390, 600, 761, 900, 1001, 1280, 1920)
# What each view has once it is drawn.
VIEWS = {
    "events/none": ("heading", "This event is not kept any more"),
    "events/ID": ("tabpanel", ""),
    "events/ID/event": ("group", "Event envelope"),
    "events/ID/RULE/transformer": ("table", "Variables"),
    "events/ID/RULE/mutation": ("list", "Attempts"),
    "compose": ("tabpanel", ""),
    "subscribers/new": ("form", "Open a subscription"),
    "failed": ("table", "Archives"),
    "try": ("list", "Verdicts"),
    "try/RULE/transformer": ("list", "Verdicts"),
    "graphql": ("textbox", "Operation"),
    "application": ("table", "Rules"),
}


@pytest.fixture
def busy(running: RunningRuntime) -> dict[str, str]:
    """A runtime with a dead letter, a retry and a delivered event: the places of links by their names."""
    faults(running, "target-denied=1")
    running.put("a letter")
    faults(running, "target-throttle=1")
    running.put("to be tried again")
    faults(running)
    [event_id] = running.put("to be read aloud")
    rules = running.client("events").list_rules(EventBusName=running.outputs["EventBusName"])["Rules"]
    return {"ID": event_id, "RULE": rules[0]["Name"]}


def faults(running: RunningRuntime, *wanted: str) -> None:
    body = json.dumps({"faults": wanted}).encode()
    answer = request(running.port, "PUT", "/_livebus/faults", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200


def views(busy: dict[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for way, drawn in VIEWS.items():
        yield f"#/{way.replace('ID', busy['ID']).replace('RULE', busy['RULE'])}", drawn


@pytest.fixture
def axe(clients: Path) -> str:
    file = clients / "node_modules" / "axe-core" / "axe.min.js"
    assert file.exists(), "axe-core came with the other clients later: run make setup"
    return file.read_text()


def test_axe_finds_nothing(console: Console, running: RunningRuntime, busy: dict[str, str], axe: str) -> None:
    """Every view passes axe-core's rules in dark and in light, the dialogs too; a button without a name would not."""
    go(console, running, "#/events")
    console.await_role("listbox", "Events")
    console.run("await page.evaluate(given)", axe)
    found: dict[str, Any] = {}
    # Nothing fades or moves while it is looked at.
    for scheme in ("dark", "light"):
        console.run("await page.emulateMedia({colorScheme: given, reducedMotion: 'reduce'})", scheme)
        for way, (role, name) in views(busy):
            console.visit(way)
            console.await_role(role, name)
            found[f"{way} {scheme}"] = console.run(VIOLATIONS)
        console.press("?")
        console.await_role("dialog", "Keyboard")
        found[f"keys {scheme}"] = console.run(VIOLATIONS)
        console.press("Escape")
        console.run("await page.setViewportSize({width: 390, height: 844})")
        for way, (role, name) in views(busy):
            console.visit(way)
            console.await_role(role, name)
            found[f"{way} {scheme} 390"] = console.run(VIOLATIONS)
        console.run("await page.setViewportSize({width: 1440, height: 900})")
    assert {way: violations for way, violations in found.items() if violations} == {}
    console.value("document.querySelector('.icon-button, button').replaceWith(document.createElement('button'))")
    assert [name for name, _ in console.run(VIOLATIONS)] == ["button-name"]


def look(console: Console, name: str) -> dict[str, Any]:
    """What axe-core finds in both themes, by the name of a state; empty where it finds nothing."""
    found = {}
    for scheme in ("dark", "light"):
        console.run("await page.emulateMedia({colorScheme: given, reducedMotion: 'reduce'})", scheme)
        found[f"{name} {scheme}"] = console.run(VIOLATIONS)
    return {state: violations for state, violations in found.items() if violations}


def test_axe_finds_nothing_in_what_is_open(console: Console, running: RunningRuntime, axe: str) -> None:
    """Nor where nothing is there yet, where something is refused or wrong, and where a menu, a dialog or a log is open."""
    found: dict[str, Any] = {}
    go(console, running, "#/events")
    console.run("await page.evaluate(given)", axe)
    console.await_role("button", "Send sample.json")
    found |= look(console, "no event")
    faults(running, "target-denied=1")
    running.put("a letter")
    faults(running)
    console.await_role("button", "Redrive to AppSync only")
    console.click("button", "Copy as")
    found |= look(console, "menu")
    console.press("Escape")
    console.visit("#/compose")
    console.wait("1 of 1 rule would match")
    console.fill("textbox", "Event as JSON", '{\n  "source": x\n}')
    console.run("await page.getByRole('alert').getByText(/^Line 2/).waitFor()")
    found |= look(console, "wrong JSON")
    console.visit("#/subscribers/new")
    console.await_role("form", "Open a subscription")
    console.fill("textbox", "Variables", "{")
    console.click("button", "Subscribe", exact=True)
    console.run("await page.getByRole('alert').waitFor()")
    console.fill("textbox", "Variables", "{}")
    console.click("button", "Subscribe", exact=True)
    console.wait("subscribed, 0 received")
    console.fill("textbox", "Document", "subscription { nothing }")
    console.click("button", "Subscribe", exact=True)
    console.await_role("group", "Refusal")
    running.put("heard")
    console.wait("subscribed, 1 received")
    found |= look(console, "subscriptions")
    console.visit("#/failed")
    console.click("button", "Purge 1")
    console.await_role("dialog", "Purge letters?")
    found |= look(console, "dialog")
    console.press("Escape")
    console.visit("#/application")
    console.run("await page.getByRole('region', {name: 'APIs, pools, queues'}).getByRole('button').first().click()")
    console.await_role("button", "Close")
    found |= look(console, "log")
    assert found == {}


def test_axe_finds_nothing_in_answers(console: Console, running: RunningRuntime, axe: str) -> None:
    """Nor in an operation and variables that are wrong, and in the errors of an answer."""
    found: dict[str, Any] = {}
    go(console, running, "#/graphql")
    console.run("await page.evaluate(given)", axe)
    console.fill("textbox", "Operation", "query {")
    console.run("await page.getByRole('alert').getByText(/^Line 1/).waitFor()")
    console.fill("textbox", "Variables", "[]")
    console.run("await page.getByRole('alert').getByText(/an object/).waitFor()")
    found |= look(console, "wrong operation")
    console.fill("textbox", "Variables", "{}")
    console.click("button", "Run")
    console.await_role("group", "Answer")
    found |= look(console, "errors")
    assert found == {}


def test_nothing_is_wider_than_the_window(console: Console, running: RunningRuntime, busy: dict[str, str]) -> None:
    """From 360, a small phone's, to 1,920 the page itself never scrolls sideways, no view is empty, and the list stays bounded."""
    go(console, running, "#/events")
    wide = {}
    for width in WIDTHS:
        console.run("await page.setViewportSize({width: given, height: 900})", width)
        for way, (role, name) in views(busy):
            console.visit(way)
            console.await_role(role, name)
            wide[f"{way} {width}"] = console.value(SIDEWAYS)
            assert console.value("document.querySelectorAll('[role=option].row').length") < 40
    console.run("await page.setViewportSize({width: 1440, height: 900})")
    assert {way: more for way, more in wide.items() if more > 0} == {}


def test_by_keyboard_alone(console: Console, running: RunningRuntime) -> None:
    """An event is written, sent, looked at station by station, sent again and found again, without a click."""
    go(console, running)
    console.await_role("button", "Send sample.json")
    console.press("c")
    console.await_role("textbox", "Event as JSON")
    console.wait("1 of 1 rule would match")
    console.run("await page.getByRole('textbox', {name: 'Event as JSON'}).focus()")
    text = json.dumps({"source": "sample.source", "detail-type": "message", "detail": {"msg": "by keys"}})
    console.press("Control+a")
    console.run("await page.keyboard.insertText(given)", text)
    console.run("await page.getByRole('button', {name: /^Send/, disabled: false}).waitFor()")
    console.press("Control+Enter")
    console.run("await page.getByRole('option', {name: /by keys/}).waitFor()")
    event_id = console.link.split("/")[2]

    console.run("await page.getByRole('tab', {selected: true}).focus()")
    console.press("ArrowLeft", "ArrowLeft")
    assert console.link.endswith("/transformer")
    assert console.run("return await page.evaluate(() => document.activeElement.textContent)").startswith("Transformer")
    console.press("ArrowLeft", "ArrowLeft")
    assert console.link == f"#/events/{event_id}/event"

    console.press("r")
    until(lambda: running.call(lambda: len(running.runtime.history or ())) == 2, "the same event again")
    until(lambda: console.link.split("/")[2] != event_id, "the way of the new event")
    console.run("await page.getByRole('option', {name: /by keys/}).nth(1).waitFor()")  # the list has both
    console.press("j")
    until(lambda: console.link == f"#/events/{event_id}", "the event below")
    console.press("/")
    console.run("await page.keyboard.type('no such text')")
    console.wait("No event fits the filter")
    console.press("Control+a", "Delete")
    for key, heading in (("s", "Subscribers"), ("f", "Failed"), ("t", "Try"), ("g", "GraphQL"), ("a", "Application")):
        console.value("document.activeElement.blur()")
        console.press("g", key)
        console.await_role("heading", heading)
    console.press("?")
    console.await_role("dialog", "Keyboard")
    console.press("Escape", "g", "e")
    console.await_role("listbox", "Events")
    assert console.clicks == 0


@pytest.mark.parametrize("width", [900, 1280])
def test_an_operation_and_its_variables_have_room(console: Console, running: RunningRuntime, width: int) -> None:
    """Eight lines each, at least, at 800 pixels' height: beside each other where the answer stands below them."""
    console.run("await page.setViewportSize({width: given, height: 800})", width)
    go(console, running, "#/graphql")
    heights = [
        console.run("return (await page.getByRole('textbox', {name: given}).boundingBox()).height", name)
        for name in ("Operation", "Variables")
    ]
    console.run("await page.setViewportSize({width: 1440, height: 900})")
    assert [height for height in heights if height < 8 * 20 + 12] == []


def test_what_cannot_be_taken_back_is_asked_by_keyboard(console: Console, running: RunningRuntime) -> None:
    """The harmless answer has the focus: Enter leaves the letters, Tab and Enter purge them."""
    faults(running, "target-denied=1")
    running.put("a letter")
    queue = {"QueueUrl": running.outputs["DeadLetterQueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"]}

    def letters() -> str:
        return str(running.client("sqs").get_queue_attributes(**queue)["Attributes"]["ApproximateNumberOfMessages"])

    go(console, running, "#/failed")
    console.run("await page.getByRole('button', {name: 'Purge 1'}).focus()")
    console.press("Enter")
    console.await_role("dialog", "Purge letters?")
    console.press("Enter")
    console.run("await page.getByRole('dialog').waitFor({state: 'detached'})")
    assert letters() == "1"
    console.run("await page.getByRole('button', {name: 'Purge 1'}).focus()")
    console.press("Enter", "Tab", "Enter")
    console.wait("No dead letter lies in a queue.")
    assert letters() == "0"


@pytest.mark.parametrize(("motion", "beads"), [("no-preference", 1), ("reduce", 0)])
def test_less_motion(console: Console, running: RunningRuntime, motion: str, beads: int) -> None:
    """A bead travels the line of an event that has just come; where less motion is wanted, none does."""
    console.run("await page.emulateMedia({reducedMotion: given})", motion)
    go(console, running)
    console.click("button", "Send sample.json")
    console.run("await page.getByRole('tab', {name: /^Mutation publishMsgFromEB/}).waitFor()")
    console.run("await page.locator('svg.tracks path.trunk').waitFor({state: 'attached'})")
    assert console.value("document.querySelectorAll('circle.bead').length") == beads
