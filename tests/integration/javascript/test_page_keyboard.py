"""
Acting on the page by keyboard alone: each flow from its view's link to its end, with no mouse.

Every stop on the way shows its focus; after an action the focus is where it was, or beside what is gone; a live region says what came
of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.console import Console, go
from support.http import request
from support.running import RunningRuntime
from support.waiting import until

MOST_STOPS = 60
# The name of what has the focus, whether it is the control itself that has it, and whether one sees that.
FOCUS = """
  (() => { const node = document.activeElement, style = getComputedStyle(node);
    const isSeen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
      || (node.closest('.editor') && getComputedStyle(node.closest('.editor')).boxShadow !== 'none');
    return [node.getAttribute('aria-label') ?? node.textContent.trim(), !!isSeen && node.matches(':focus-visible')]; })()
"""
SAID = "document.getElementById('announce').textContent"


@pytest.fixture(autouse=True)
def keys_only(console: Console) -> Iterator[None]:
    yield
    assert console.clicks == 0


def focus(console: Console) -> str:
    return str(console.value(FOCUS)[0])


def tab_to(console: Console, name: str, key: str = "Tab") -> None:
    """Press Tab until something of this name has the focus; each stop before it shows that it has it."""
    code = """
      const [expression, name, key, most] = given, passed = [];
      for (let stop = 0; stop < most; stop++) {
        await page.keyboard.press(key);
        const [found, isSeen] = await page.evaluate(expression);
        passed.push(found);
        if (!isSeen || found.startsWith(name)) return [isSeen, passed];
      }
      return [false, passed];
    """
    is_seen, passed = console.run(code, [FOCUS, name, key, MOST_STOPS])
    assert passed[-1].startswith(name), f"no stop is {name!r}, or one does not show its focus: {passed}"
    assert is_seen, f"nobody sees that {name!r} has the focus"


def view(console: Console, running: RunningRuntime, key: str, heading: str) -> None:
    """Another view, by its keys."""
    if "127.0.0.1" not in console.run("return page.url()"):
        go(console, running)
        console.await_role("button", "New event")
    console.press("g", key)
    console.await_role("heading", heading)


def focused(console: Console, name: str) -> None:
    until(lambda: focus(console).startswith(name), f"the focus on {name}")


def said(console: Console, words: str) -> None:
    until(lambda: words in str(console.value(SAID)), f"{words!r} said")


def faults(running: RunningRuntime, *wanted: str) -> None:
    body = json.dumps({"faults": wanted}).encode()
    answer = request(running.port, "PUT", "/_livebus/faults", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200


def test_subscribers(console: Console, running: RunningRuntime) -> None:
    """Opened, heard, and closed: the focus stays on Subscribe, Escape shuts the form, and what was closed leaves its place."""
    view(console, running, "s", "Subscribers")
    tab_to(console, "Open a subscription")
    console.press("Enter")
    focused(console, "API")
    tab_to(console, "Subscribe")
    console.press("Enter")
    console.wait("subscribed, 0 received")
    said(console, "alice is subscribed to onPublishMsgFromEb")
    assert focus(console) == "Subscribe"
    # A client more is another state: what is chosen in the form stays, and so does the focus.
    until(lambda: console.count("link", "Subscribers 1") == 1, "the client counted")
    assert focus(console) == "Subscribe"
    running.put("by keys")
    console.wait("subscribed, 1 received")
    console.press("Enter")
    console.run("await page.getByRole('listitem', {name: 'alice, onPublishMsgFromEb'}).nth(1).waitFor()")
    console.press("Escape")
    focused(console, "Open a subscription")
    assert console.count("form", "Open a subscription") == 0
    for left in (1, 0):
        tab_to(console, "Close the subscription")
        console.press("Enter")
        until(lambda left=left: console.count("listitem", "alice, onPublishMsgFromEb") == left, "it closed")
    focused(console, "Open a subscription")
    running.wait_for_subscribers(0)


def test_try(console: Console, running: RunningRuntime) -> None:
    """Another pattern and back; between pattern and transformer by arrows. What it would do is said, and events are not."""
    running.put("one")
    view(console, running, "t", "Try")
    console.wait("1 of 1 recorded events match")
    tab_to(console, "Pattern")
    console.press("ArrowRight")
    console.wait("1 of 1 recorded events are transformed")
    focused(console, "Transformer")
    console.press("ArrowLeft")
    focused(console, "Pattern")
    console.wait("1 of 1 recorded events match")
    tab_to(console, "Event pattern")
    console.press("Control+a")
    console.run("await page.keyboard.insertText(given)", '{"source": ["other"]}')
    said(console, "0 of 1 recorded events match")
    console.press("Escape")
    tab_to(console, "Reset")
    console.press("Enter")
    said(console, "1 of 1 recorded events match")
    assert focus(console) == "Reset"


def test_graphql(console: Console, running: RunningRuntime) -> None:
    """An operation to begin with, its variables by their types, who asks by arrows, the answer said."""
    view(console, running, "g", "GraphQL")
    tab_to(console, "IAM")
    console.press("ArrowLeft")
    focused(console, "API key")
    console.press("ArrowRight")
    focused(console, "IAM")
    tab_to(console, "Begin with")
    console.press("ArrowDown")
    tab_to(console, "Variables")
    variables = "return await page.getByRole('textbox', {name: 'Variables'}).inputValue()"
    until(lambda: console.run(variables) != "", "variables filled in")
    assert json.loads(console.run(variables)) == {"msg": "some msg"}
    console.press("Control+a")
    console.run("await page.keyboard.insertText(given)", '{"msg": ')
    console.run("await page.getByRole('alert').getByText('Line 1, column 9').waitFor()")
    console.press("Control+Enter")
    assert focus(console) == "Variables"
    console.press("Control+a")
    console.run("await page.keyboard.insertText(given)", '{"msg": "by keys"}')
    console.press("Escape")
    tab_to(console, "Run")
    console.press("Enter")
    said(console, "HTTP 200")
    assert focus(console).startswith("Run")
    assert "by keys" in console.text("group", "Answer")


def test_faults(console: Console, running: RunningRuntime) -> None:
    """Switched on by Space, the focus on the switch; all off by a button that is gone then: the focus on its block's title."""
    view(console, running, "a", "Application")
    tab_to(console, "Target AppSync is down")
    console.press("Space")
    console.await_role("link", "1 fault on")
    focused(console, "Target AppSync is down")
    said(console, "AppSync is down")
    tab_to(console, "Switch all off", "Shift+Tab")
    console.press("Enter")
    console.run("await page.getByRole('link', {name: /faults? on$/}).waitFor({state: 'detached'})")
    focused(console, "Faults")
    said(console, "No fault is on")


def test_tables_and_logs(console: Console, start_runtime: Callable[..., RunningRuntime], project: Path) -> None:
    """What is opened has the focus at its title, and says what it is; Escape shuts it, back to where it was opened."""
    running = start_runtime(template=project / "tests" / "vectors" / "data_sources" / "template.yaml")
    [table] = running.client("dynamodb").list_tables()["TableNames"]
    view(console, running, "a", "Application")
    tab_to(console, table)
    console.press("Enter")
    focused(console, f"0 items of {table}, read only")
    said(console, f"0 items of {table}")
    # A change of the state draws the view anew around it.
    faults(running, "throttle=1")
    console.await_role("link", "1 fault on")
    focused(console, f"0 items of {table}")
    console.press("Escape")
    focused(console, table)
    assert console.count("group", f"Items of {table}") == 0


def test_dead_letters(console: Console, running: RunningRuntime) -> None:
    """
    Letters are chosen, one more comes, and the choice stays; Escape and Enter leave them, Tab and Enter purge what was chosen.

    The focus stays at the button, and goes to the block's title once there is no button.
    """
    faults(running, "target-denied=1")
    running.put("one", "two")
    view(console, running, "f", "Failed")
    tab_to(console, "Letter 1")
    console.press("Space")
    console.await_role("button", "Purge 1")
    running.put("three")
    console.await_role("button", "Purge 2")
    focused(console, "Letter 1")
    boxes = "[...document.querySelectorAll('input[type=checkbox]')].map((each) => each.checked)"
    assert console.value(boxes) == [False, True, True]
    tab_to(console, "Purge 2")
    console.press("Enter")
    focused(console, "Leave it")
    console.press("Escape")
    focused(console, "Purge 2")
    console.press("Enter", "Tab", "Enter")
    said(console, "2 purged")
    focused(console, "Dead letters")  # nothing is left that is chosen: the button is off
    assert console.value(boxes) == [False]
    assert "one" in console.text("region", "Dead letters")
    tab_to(console, "Letter 1")
    # A list that is drawn anew between a key's way down and its way up takes the key for itself.
    until(lambda: console.value(boxes) == [True] or console.press("Space"), "the letter to be chosen")
    faults(running)
    tab_to(console, "Redrive 1 to AppSync only")
    console.press("Enter")
    said(console, "1 redriven")
    console.wait("No dead letter lies in a queue.")
    focused(console, "Dead letters")


def test_an_event_sent_again_and_copied(console: Console, running: RunningRuntime) -> None:
    """The focus is on the new event's same button; the menu goes by arrows, and Escape shuts it and nothing else."""
    [first] = running.put("again")
    go(console, running, f"#/events/{first}")
    console.await_role("button", "Send again")
    tab_to(console, "Send again")
    console.press("Enter")
    until(lambda: first not in console.link, "the way of the new event")
    focused(console, "Send again")
    tab_to(console, "Edit")
    console.press("Enter")
    console.wait("1 of 1 rule would match")
    tab_to(console, "Copy as")
    console.press("ArrowDown", "ArrowDown")
    focused(console, "boto3")
    console.press("Escape")
    focused(console, "Copy as")
    assert console.link.startswith("#/compose")
    console.press("ArrowUp", "Enter")
    said(console, "Copied as Envelope")
    focused(console, "Copy as")
    assert json.loads(console.clipboard())["detail"] == {"msg": "again"}
    console.press("Escape")
    until(lambda: console.link == "#/events", "the editor left")


def test_past_the_header(console: Console, running: RunningRuntime) -> None:
    """The first stop skips it: the focus is in the view, which stays the one that it is."""
    go(console, running, "#/failed")
    console.await_role("heading", "Failed")
    tab_to(console, "Skip to content")
    console.press("Enter")
    assert console.value("document.activeElement.id") == "main"
    assert console.link == "#/failed"
    tab_to(console, "How many hours back")
