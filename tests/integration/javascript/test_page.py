"""
The runtime's page in Chromium: each part beside what boto3, SQS and the trace say.

Names of controls are those that people and screen readers hear: they are found by role and name only.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from support.console import Console, go
from support.http import request
from support.running import RunningRuntime, entry
from support.waiting import until


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
