"""
The runtime's page in Chromium: each part beside what boto3 and SQS say, hostile content, foreign pages, a restart.

Names of controls are those that people and screen readers hear: they are found by role and name only.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.http import request
from support.running import RunningRuntime, entry
from support.waiting import until

SHOTS = os.environ.get("LIVEBUS_SCREENSHOTS")
MARKUP = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>'
HIDDEN = "right\u202eto\u2066left \u0001 \u2028 end"


class Console:
    """A page in Chromium. ``run`` is the body of an async function of (page, context, given)."""

    def __init__(self, node: str, clients: Path, chromium: str) -> None:
        self._process = subprocess.Popen(
            [node, str(clients / "console.mjs"), chromium], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def run(self, code: str, given: Any = None) -> Any:
        answer = self._ask({"run": code, "given": given})
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def faults(self) -> list[str]:
        """What the page threw or logged as an error since it was last asked."""
        return list(self._ask({"faults": True})["value"])

    def shot(self, name: str) -> None:
        """A picture, where somebody wants to look: LIVEBUS_SCREENSHOTS names the folder."""
        if SHOTS:
            self.run("await page.waitForTimeout(1700); await page.screenshot({path: given})", f"{SHOTS}/{name}.png")

    def text(self, role: str, name: str) -> str:
        """The text of the one element of a role and name."""
        return str(
            self.run("return await page.getByRole(given[0], {name: given[1]}).first().innerText()", [role, name])
        )

    def click(self, role: str, name: str, *, exact: bool = False) -> None:
        self.run(
            "await page.getByRole(given[0], {name: given[1], exact: given[2]}).first().click()", [role, name, exact]
        )

    def wait(self, text: str) -> None:
        self.run("await page.getByText(given).first().waitFor()", text)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def browser(node: str, clients: Path, chromium: str) -> Iterator[Console]:
    opened = Console(node, clients, chromium)
    yield opened
    opened.close()


@pytest.fixture
def console(browser: Console) -> Iterator[Console]:
    """The browser on an empty page; whatever the page throws fails the test."""
    browser.run("await page.goto('about:blank')")
    browser.faults()
    yield browser
    assert browser.faults() == []


@pytest.fixture
def running(start_runtime: Any) -> RunningRuntime:
    started: RunningRuntime = start_runtime()
    return started


def go(console: Console, runtime: RunningRuntime, way: str = "") -> None:
    console.run("await page.goto('about:blank'); await page.goto(given)", f"{runtime.outputs['ConsoleUrl']}{way}")


def test_first_sight(console: Console, running: RunningRuntime) -> None:
    """From the page's address to an event seen travelling: one click. The event is the one that the runtime has."""
    go(console, running)
    console.run("await page.getByRole('button', {name: 'Send sample.json'}).waitFor()")
    console.shot("empty")
    console.click("button", "Send sample.json")
    console.run("await page.getByRole('tab', {name: /^Mutation publishMsgFromEB/}).waitFor()")
    event_id = console.run("return new URL(page.url()).hash.split('/')[2]")
    record = running.call(lambda: running.runtime.history.get(event_id) if running.runtime.history else None)
    assert record is not None
    assert record.sender == "this page"
    assert "reached nobody" in console.text("region", "Way of the event")


def test_events_come_live(console: Console, running: RunningRuntime) -> None:
    """What boto3 publishes while the page is open shows up with its outcome; what was not published does not."""
    go(console, running, "#/events")
    console.wait("Waiting for the first event")
    [event_id] = running.put("hello from boto3")
    console.run("await page.getByRole('option', {name: /message reached nobody hello from boto3/}).waitFor()")
    assert console.run("return await page.getByRole('listbox').getByRole('option').count()") == 1
    go(console, running, f"#/events/{event_id}/event")
    assert "hello from boto3" in console.text("group", "Event envelope")
    assert "sent by boto3" in console.text("region", "Way of the event")


def test_an_unmatched_event_says_why(console: Console, running: RunningRuntime) -> None:
    """The rule's stop is open, unmet conditions first, in the words that stderr has."""
    given = {**entry("x", running.outputs["EventBusName"]), "Source": "another.source"}
    event_id = running.client("events").put_events(Entries=[given])["Entries"][0]["EventId"]
    go(console, running, f"#/events/{event_id}")
    console.run("await page.getByRole('table', {name: /^Conditions of/}).waitFor()")
    first = console.run(
        "return await page.getByRole('table', {name: /^Conditions of/}).getByRole('row').nth(1).innerText()"
    )
    assert first.startswith("not met")
    assert '"another.source"' in first
    line = running.wait_for_line('$.source: "another.source"')
    assert line.partition("': ")[2] in console.text("tabpanel", "Rule")
    console.shot("no-match")


def test_compose(console: Console, running: RunningRuntime, project: Path) -> None:
    """A fault is named by line and column and bars Send; the dry run sends nothing; Send does; copies are quoted."""
    go(console, running, "#/compose")
    console.wait("1 of 1 rule would match")
    console.shot("compose")
    assert running.call(lambda: len(running.runtime.history or ())) == 0
    console.run("await page.getByRole('textbox', {name: 'Event as JSON'}).fill(given)", '{\n  "source": x\n}')
    assert "Line 2, column 13" in console.text("alert", "")
    assert console.run("return await page.getByRole('button', {name: /^Send/}).isDisabled()") is True
    text = json.dumps({"source": "sample.source", "detail-type": "message", "detail": {"msg": "it's $(me)"}})
    console.run("await page.getByRole('textbox', {name: 'Event as JSON'}).fill(given)", text)
    console.run("await page.getByRole('button', {name: /^Send/, disabled: false}).waitFor()")
    console.click("button", "Copy as")
    console.click("menuitem", "AWS CLI")
    copied = console.run("return await page.evaluate(() => navigator.clipboard.readText())")
    words = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {copied.removeprefix('aws ')}"], capture_output=True, text=True, check=True
    )
    assert json.loads(json.loads(words.stdout.splitlines()[-1])[0]["Detail"]) == {"msg": "it's $(me)"}
    console.click("button", "Send")
    console.run("await page.getByRole('option', {name: /it's/}).waitFor()")
    assert [event.envelope["detail"] for event in recorded(running)] == [{"msg": "it's $(me)"}]


def recorded(running: RunningRuntime) -> list[Any]:
    history = running.runtime.history
    assert history is not None
    return running.call(lambda: [record.event for record in history.newest(10)])


def test_a_subscription_gets_what_an_app_gets(console: Console, running: RunningRuntime) -> None:
    """A lane is an AppSync subscription: it shows what boto3 published, and not what the rule kept back."""
    go(console, running, "#/subscribers/new")
    console.run("await page.getByRole('button', {name: 'Subscribe', exact: true}).waitFor()")
    console.run(
        "await page.getByRole('combobox', {name: 'User'}).locator('option').first().waitFor({state: 'attached'})"
    )
    console.click("button", "Subscribe", exact=True)
    console.wait("subscribed, 0 received")
    running.wait_for_subscribers(1)
    given = {**entry("kept back", running.outputs["EventBusName"]), "Source": "another.source"}
    running.client("events").put_events(Entries=[given])
    [event_id] = running.put("to alice")
    console.wait("1 received")
    messages = console.text("list", "Messages for alice")
    assert ("to alice" in messages, "kept back" in messages) == (True, False)
    console.run("await page.getByRole('cell', {name: 'this page'}).waitFor()")
    console.shot("subscribers")
    console.run("await page.evaluate((way) => { location.hash = way; }, given)", f"#/events/{event_id}")
    console.run("await page.getByText('1 subscriber received it').waitFor()")
    console.shot("delivered")
    assert "to alice" in console.text("list", "Subscribers")


def test_dead_letters(console: Console, running: RunningRuntime) -> None:
    """A letter is redriven to its target by one click, and SQS has it no more; purging asks first."""
    faults(running, ["target-denied=1"])
    first, _ = running.put("one", "two")
    go(console, running, f"#/events/{first}")
    console.run("await page.getByRole('button', {name: /^Redrive to .* only/}).waitFor()")
    console.shot("dead-letter")
    faults(running, [])
    console.run("await page.getByRole('button', {name: /^Redrive to .* only/}).click()")
    console.wait("Redriven; the letter is deleted")
    assert letters(running) == 1
    go(console, running, "#/failed")
    console.run("await page.getByRole('button', {name: 'Purge 1'}).click()")
    console.run("await page.getByRole('dialog').getByRole('button', {name: 'Leave it'}).click()")
    assert letters(running) == 1
    console.run("await page.getByRole('button', {name: 'Purge 1'}).click()")
    console.run("await page.getByRole('dialog').getByRole('button', {name: 'Purge 1'}).click()")
    console.wait("No dead letter lies in a queue.")
    assert letters(running) == 0


def faults(running: RunningRuntime, wanted: list[str]) -> None:
    body = json.dumps({"faults": wanted}).encode()
    answer = request(running.port, "PUT", "/_livebus/faults", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200


def letters(running: RunningRuntime) -> int:
    wanted = {"QueueUrl": running.outputs["DeadLetterQueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    attributes = running.client("sqs").get_queue_attributes(**wanted)["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def test_another_pattern_is_tried(console: Console, running: RunningRuntime) -> None:
    """Over the recorded events, by the runtime's own engine; TestEventPattern says the same."""
    running.put("one")
    go(console, running, "#/try")
    console.wait("1 of 1 recorded events match")
    console.shot("try")
    console.run("await page.getByRole('textbox', {name: 'Event pattern'}).fill(given)", '{"source": ["other"]}')
    console.wait("0 of 1 recorded events match")
    console.wait("would be lost")
    envelope = recorded(running)[0].text.decode()
    answer = running.client("events").test_event_pattern(EventPattern='{"source": ["other"]}', Event=envelope)
    assert answer["Result"] is False
    console.click("button", "Copy as YAML")
    copied = console.run("return await page.evaluate(() => navigator.clipboard.readText())")
    assert copied == 'EventPattern:\n  {"source": ["other"]}\n'


def test_graphql(console: Console, running: RunningRuntime) -> None:
    """As IAM the mutation is run; as a user it is refused, as the API refuses it."""
    go(console, running, "#/graphql")
    console.run("await page.getByRole('textbox', {name: 'Variables'}).fill(given)", '{"msg": "by hand"}')
    console.click("button", "Run")
    console.wait("HTTP 200")
    assert "by hand" in console.text("group", "Answer")
    console.click("radio", "User")
    console.click("button", "Run")
    console.wait("Unauthorized")


def test_calls_of_data_sources(console: Console, start_runtime: Any, project: Path) -> None:
    """What a query asked a table stands below its answer: the request, and what came back."""
    runtime: RunningRuntime = start_runtime(template=project / "tests" / "vectors" / "data_sources" / "template.yaml")
    go(console, runtime, "#/graphql")
    query = "query($request: String!) { table(request: $request) }"
    console.run("await page.getByRole('textbox', {name: 'Operation'}).fill(given)", query)
    asked = {"request": '{"operation": "GetItem", "key": {"id": {"S": "<b>nobody</b>"}}}'}
    console.run("await page.getByRole('textbox', {name: 'Variables'}).fill(given)", json.dumps(asked))
    console.click("radio", "API key")
    console.click("button", "Run")
    console.run("await page.getByRole('list', {name: 'Calls of data sources'}).waitFor()")
    assert "orders" in console.text("list", "Calls of data sources")
    assert "<b>nobody</b>" in console.text("list", "Calls of data sources")


def test_application_and_faults(console: Console, running: RunningRuntime) -> None:
    """The rules are boto3's; a switch turns the fault on that ``livebus faults`` sees."""
    go(console, running, "#/application")
    console.run("await page.getByRole('table', {name: 'Rules'}).waitFor()")
    rules = running.client("events").list_rules(EventBusName=running.outputs["EventBusName"])["Rules"]
    assert all(rule["Name"] in console.text("table", "Rules") for rule in rules)
    console.click("switch", "target-throttle")
    console.run("await page.getByRole('link', {name: '1 fault on'}).waitFor()")
    assert request(running.port, "GET", "/_livebus/faults").json()["faults"] == ["target-throttle=1"]
    console.shot("application")
    console.click("switch", "target-throttle")
    until(lambda: request(running.port, "GET", "/_livebus/faults").json()["faults"] == [], "no fault")


def test_hostile_content_is_text(console: Console, running: RunningRuntime) -> None:
    """Markup and scripts in every text of an event are shown and never run; hidden characters are named."""
    detail = json.dumps({"msg": MARKUP + HIDDEN, MARKUP: MARKUP})
    bus = running.outputs["EventBusName"]
    given = {"Source": "sample.source", "DetailType": MARKUP, "Detail": detail, "EventBusName": bus}
    event_id = running.client("events").put_events(Entries=[given])["Entries"][0]["EventId"]
    for station in ("event", "rule", "transformer", "mutation", "subscribers"):
        rule = console_rule(running)
        go(console, running, f"#/events/{event_id}/{'event' if station == 'event' else f'{rule}/{station}'}")
        console.run("await page.getByRole('heading', {level: 1}).getByText('<img').waitFor()")
        assert console.run("return await page.evaluate(() => globalThis.pwned ?? null)") is None
        assert console.run("return await page.locator('main img, main script').count()") == 0
    go(console, running, f"#/events/{event_id}/event")
    console.run("await page.getByTitle('U+202E').first().waitFor()")
    console.shot("hostile")


def console_rule(running: RunningRuntime) -> str:
    rules = running.client("events").list_rules(EventBusName=running.outputs["EventBusName"])["Rules"]
    return str(rules[0]["Name"])


def test_a_megabyte_is_shown(console: Console, running: RunningRuntime) -> None:
    """The largest event is cut where it is shown, with its length, and whole on demand."""
    [event_id] = running.put("x" * 1_000_000)
    go(console, running, f"#/events/{event_id}/event")
    console.run("await page.getByRole('button', {name: /characters$/}).first().waitFor()")


def test_a_foreign_page_reads_and_changes_nothing(
    console: Console, running: RunningRuntime, start_runtime: Any
) -> None:
    """A page of another port, in the same browser, tries each document: no answer can be read, nothing happens."""
    running.put("a secret")
    names = ["state", "events", "clients", "failed", "samples", "stream", "send", "token", "purge"]
    code = """
      const http = process.getBuiltinModule('node:http');
      const server = http.createServer((_, answer) => { answer.setHeader('Content-Type', 'text/html'); answer.end('foreign'); });
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const read = await page.evaluate(async ({ url, names }) => {
        const tries = [['', { headers: { Accept: 'text/html' } }], ...names.flatMap((name) => [[`_livebus/page/${name}`, {}], [`_livebus/page/${name}`, { headers: { 'X-Livebus-Page': 'x' } }],
          [`_livebus/page/${name}`, { method: 'POST', body: '{}' }], [`_livebus/page/${name}`, { method: 'POST', mode: 'no-cors', body: '{}' }]])];
        const found = [];
        for (const [way, options] of tries) {
          try { const answer = await fetch(url + way, options); const text = await answer.text(); if (text) found.push([way, text.slice(0, 40)]); } catch { /* the browser kept it */ }
        }
        return found;
      }, given);
      server.close();
      return read;
    """
    assert console.run(code, {"url": running.outputs["ConsoleUrl"], "names": names}) == []
    console.faults()  # the browser says of each that it was kept
    assert len(recorded(running)) == 1


def test_the_page_lives_through_a_restart(console: Console, start_runtime: Any) -> None:
    """Without the runtime it says so and keeps what was seen; with the next one it goes on by itself."""
    first = start_runtime()
    first.put("before")
    go(console, first, "#/events")
    console.run("await page.getByRole('option', {name: /before/}).waitFor()")
    port = first.port
    first.stop()
    console.wait("Disconnected")
    assert console.run("return await page.getByRole('option', {name: /before/}).count()") == 1
    console.shot("disconnected")
    second = start_runtime(port=port)
    console.wait("The runtime was started again")
    second.put("after")
    console.run("await page.getByRole('option', {name: /after/}).waitFor()")
    assert console.run("return await page.getByRole('option', {name: /before/}).count()") == 0
    console.faults()  # refused connections, as the browser logs them


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing(console: Console, running: RunningRuntime, clients: Path, scheme: str) -> None:
    """Every view passes axe-core's rules, in both schemes."""
    axe = clients / "node_modules" / "axe-core" / "axe.min.js"
    assert axe.exists(), "axe-core came with the other clients later: run make setup"
    [event_id] = running.put("to be read aloud")
    console.run("await page.emulateMedia({colorScheme: given})", scheme)
    found = {}
    for way in (f"events/{event_id}", "compose", "subscribers/new", "failed", "try", "graphql", "application"):
        go(console, running, f"#/{way}")
        console.run("await page.getByRole('status').getByText('127.0.0.1').waitFor(); await page.waitForTimeout(700)")
        console.run("await page.evaluate(given)", axe.read_text())
        code = "return await page.evaluate(async () => (await axe.run()).violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 160))]))"
        violations = console.run(code)
        if violations:
            found[way] = violations
    console.run("await page.emulateMedia({colorScheme: 'dark'})")
    assert found == {}
