"""
What one can do on the page, each beside what boto3, SQS or the command says of it; and the parts that not every application has.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.console import Console, go
from support.http import request
from support.running import RunningRuntime, entry
from support.waiting import until

Start = Callable[..., RunningRuntime]
PLAIN = {"failTargets": [], "latency": 0.0, "faults": []}
WITH_A_KEY = (
    (
        "      AdditionalAuthenticationProviders:\n",
        "      AdditionalAuthenticationProviders:\n        - AuthenticationType: API_KEY\n",
    ),
    ("placeholder: String @aws_cognito_user_pools\n", "placeholder: String @aws_cognito_user_pools @aws_api_key\n"),
    (
        "  Schema:\n",
        "  Key:\n    Type: AWS::AppSync::ApiKey\n    Properties:\n      ApiId: !GetAtt Api.ApiId\n\n  Schema:\n",
    ),
)


def state_of_faults(running: RunningRuntime) -> Any:
    """As ``livebus faults --local`` reads it."""
    return request(running.port, "GET", "/_livebus/faults").json()


def letters(running: RunningRuntime) -> int:
    wanted = {"QueueUrl": running.outputs["DeadLetterQueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    attributes = running.client("sqs").get_queue_attributes(**wanted)["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


@pytest.fixture
def app(project: Path, tmp_path: Path) -> Path:
    """A project of its own, with sample events; its template."""
    folder = tmp_path / "app"
    folder.mkdir()
    for name in ("template.yaml", "schema.graphql"):
        (folder / name).write_text((project / name).read_text())
    for name in ("resolvers", "events"):
        shutil.copytree(project / name, folder / name)
    return folder / "template.yaml"


def test_faults_are_set_and_taken_back(console: Console, running: RunningRuntime) -> None:
    """
    A target is down, deliveries wait, a fault has its probability: as ``livebus faults`` sees them, and gone with one button.

    While the target is down an event does not arrive, and afterwards the next one does.
    """
    go(console, running, "#/application/faults")
    console.click("switch", "Target AppSync is down")
    console.await_role("link", "1 fault on")
    focused = "document.activeElement.getAttribute('aria-label')"
    until(lambda: console.value(focused) == "Target AppSync is down", "the focus where it was")
    assert state_of_faults(running) == PLAIN | {"failTargets": ["AppSync"]}
    [withheld] = running.put("while it is down")
    console.visit(f"#/events/{withheld}")
    console.await_role("tab", "Mutation publishMsgFromEB attempt 1")

    console.visit("#/application")
    console.run("await page.getByRole('spinbutton', {name: 'Latency in seconds'}).fill('0.1')")
    console.press("Tab")
    console.await_role("link", "2 faults on")
    console.run("await page.getByRole('combobox', {name: 'Probability of throttle', exact: true}).selectOption('0.3')")
    console.click("switch", "throttle", exact=True)
    console.await_role("link", "3 faults on")
    assert state_of_faults(running) == {"failTargets": ["AppSync"], "latency": 0.1, "faults": ["throttle=0.3"]}

    def refused() -> bool:
        """What is typed while the block is drawn anew is typed again."""
        console.run("await page.getByRole('spinbutton', {name: 'Latency in seconds'}).fill('1000')")
        console.press("Tab")
        return bool(console.run("return await page.getByText('latency is 1000').count()"))

    until(refused, "the reason")
    assert state_of_faults(running)["latency"] == 0.1

    console.click("button", "Switch all off")
    console.run("await page.getByRole('link', {name: /faults? on$/}).waitFor({state: 'detached'})")
    assert state_of_faults(running) == PLAIN
    [arrives] = running.put("when it is up")
    console.visit(f"#/events/{arrives}")
    console.await_role("tab", "Mutation publishMsgFromEB 200")


def test_a_fault_of_the_command_is_on_the_page(console: Console, running: RunningRuntime) -> None:
    """Options that the page cannot set stay when another fault is switched."""
    body = json.dumps({"faults": ["target-error=0.25,seed=7"]}).encode()
    request(running.port, "PUT", "/_livebus/faults", body=body, headers={"Content-Type": "application/json"})
    go(console, running, "#/application")
    console.run("await page.getByRole('switch', {name: 'target-error', checked: true}).waitFor()")
    console.click("switch", "target-denied")
    console.await_role("link", "2 faults on")
    assert state_of_faults(running)["faults"] == ["target-error=0.25,seed=7", "target-denied=1"]


def test_a_chosen_probability_outlives_a_change_from_elsewhere(console: Console, running: RunningRuntime) -> None:
    """The faults are drawn anew whenever the state changes; what one is about to switch on stays as it was chosen."""
    go(console, running, "#/application")
    console.run("await page.getByRole('combobox', {name: 'Probability of throttle', exact: true}).selectOption('0.3')")
    body = json.dumps({"latency": 0.1}).encode()
    request(running.port, "PUT", "/_livebus/faults", body=body, headers={"Content-Type": "application/json"})
    console.await_role("link", "1 fault on")
    console.click("switch", "throttle", exact=True)
    console.await_role("link", "2 faults on")
    assert state_of_faults(running) == {"failTargets": [], "latency": 0.1, "faults": ["throttle=0.3"]}


def test_an_event_is_saved_and_never_over_another(console: Console, start_runtime: Start, app: Path) -> None:
    """Into events/ beside the template; a name that is taken is asked about, and left as it is unless it is said."""
    running = start_runtime(template=app)
    saved = app.parent / "events" / "from-the-page.json"
    go(console, running, "#/compose")
    console.wait("1 of 1 rule would match")
    console.fill("textbox", "Event as JSON", '{"source": "one", "detail-type": "t", "detail": {}}')
    console.fill("textbox", "Name in the project's events/", "from-the-page.json")
    # By keyboard: Escape leaves the field alone, Enter saves.
    console.run("await page.keyboard.press('Escape'); await page.keyboard.press('Enter')")
    console.wait("Saved as")
    assert json.loads(saved.read_text())["source"] == "one"
    console.fill("textbox", "Event as JSON", '{"source": "two", "detail-type": "t", "detail": {}}')
    # What the dry run says takes the place of what was said before.
    console.run("await page.getByRole('button', {name: /^Send/, disabled: false}).waitFor()")
    console.click("button", "Save")
    console.await_role("dialog", "Replace the file?")
    console.click("button", "Leave it")
    console.wait("is there already")
    assert json.loads(saved.read_text())["source"] == "one"
    console.click("button", "Save")
    console.click("button", "Replace it")
    until(lambda: json.loads(saved.read_text())["source"] == "two", "the file replaced")


def test_to_the_bus_and_from_the_archive(console: Console, running: RunningRuntime) -> None:
    """A letter goes through all rules again once it is confirmed; a replay brings the event under the replay's name."""
    faults = request(
        running.port,
        "PUT",
        "/_livebus/faults",
        body=b'{"faults": ["target-denied=1"]}',
        headers={"Content-Type": "application/json"},
    )
    assert faults.status == 200
    [event_id] = running.put("once more")
    request(running.port, "PUT", "/_livebus/faults", body=b"{}", headers={"Content-Type": "application/json"})
    go(console, running, "#/failed")
    console.click("button", "Redrive to the bus")
    console.run("await page.getByRole('dialog').getByRole('button', {name: 'Leave it'}).click()")
    assert letters(running) == 1
    console.click("button", "Redrive to the bus")
    console.run("await page.getByRole('dialog').getByRole('button', {name: 'Redrive to the bus'}).click()")
    console.wait("1 redriven")
    assert letters(running) == 0
    console.click("button", "Replay", exact=True)
    console.run("await page.getByText(/Replay page-/).first().waitFor()")
    [replay] = running.client("events").list_replays()["Replays"]
    until(lambda: running.client("events").describe_replay(ReplayName=replay["ReplayName"])["State"] == "COMPLETED", "")
    console.visit(f"#/events/{event_id}")
    console.wait(f"sent by replay {replay['ReplayName']}")


def test_a_replay_is_new_once(console: Console, running: RunningRuntime) -> None:
    """While it is paused the list counts what has come: of a replay each event once, the one that was the newest among them."""
    running.put("one", "two", "three")
    go(console, running, "#/events")
    console.run("await page.getByRole('option', {name: /three/}).waitFor()")
    console.click("button", "Follow")
    console.visit("#/failed")
    console.click("button", "Replay", exact=True)
    console.run("await page.getByText(/: COMPLETED/).first().waitFor()")
    console.visit("#/events")
    console.run("await page.getByTitle('3 new', {exact: true}).waitFor()")
    running.put("four")
    console.run("await page.getByTitle('4 new', {exact: true}).waitFor()")
    console.click("button", "Follow")
    console.wait("4 events")


def test_an_operation_to_begin_with(console: Console, start_runtime: Start, project: Path) -> None:
    """Each query and mutation of the schema, with variables of their types, is taken by the API as it stands; who asks stays."""
    running = start_runtime(template=project / "examples" / "orders" / "template.yaml")
    go(console, running, "#/graphql/RewardsApi")
    box = "return await page.getByRole('textbox', {name: given}).inputValue()"
    until(lambda: "orderId" in console.run(box, "Variables"), "the variables of the rule's mutation")
    assert list(json.loads(console.run(box, "Variables"))) == [
        "orderId",
        "customerId",
        "amount",
        "currency",
        "placedAt",
    ]
    choose = "await page.getByRole('combobox', {name: given[0]}).selectOption(given[1])"
    offered = console.run(
        "return await page.getByRole('combobox', {name: 'Begin with'}).locator('option').evaluateAll("
        "(all) => all.map((each) => each.value).filter((each) => /^(query|mutation) /.test(each)))"
    )
    assert "mutation announcePoints" in offered
    for each in offered:
        field = each.split()[1]
        console.run(choose, ["Begin with", each])
        until(lambda field=field: f"{field}(" in console.run(box, "Operation"), f"an operation for {field}")
        until(lambda: console.run(box, "Variables") != "", "its variables")
        console.click("button", "Run")
        console.run(
            "await page.getByRole('list', {name: 'History'}).getByText(given, {exact: false}).first().waitFor()", each
        )
        answer = console.text("group", "Answer")
        assert ("Validation" in answer, "coerced Null" in answer) == (False, False), answer
    # Variables that somebody has written stay; what is missing in them is offered.
    console.fill("textbox", "Variables", '{"mine": 1}')
    console.run(choose, ["Begin with", "rule 0"])
    until(lambda: "orderId" in console.run(box, "Variables"), "another operation brings its own")
    console.fill("textbox", "Variables", '{"orderId": "mine"}')
    console.click("button", "Fill in")
    assert json.loads(console.run(box, "Variables")) == {
        "orderId": "mine",
        "customerId": "customerId-1",
        "amount": 129.9,
        "currency": "some currency",
        "placedAt": "2026-01-15T08:30:00Z",
    }
    console.click("radio", "User")
    console.run(choose, ["API", "FulfillmentApi"])
    until(lambda: "announceShipment" in console.run(box, "Operation"), "the other API's operation")
    console.run("await page.getByRole('radio', {name: 'User', checked: true}).waitFor()")
    until(
        lambda: json.loads(console.run(box, "Variables") or "{}").get("shipment", {}).get("items"),
        "an input type filled in",
    )


@pytest.fixture
def targets(start_runtime: Start, project: Path, tmp_path: Path) -> RunningRuntime:
    """A rule whose targets are a queue, a log group and an API, which takes an API key too."""
    text = (project / "tests" / "foreign" / "queue-and-log-beside.yaml").read_text()
    for before, after in WITH_A_KEY:
        assert before in text
        text = text.replace(before, after, 1)
    template = tmp_path / "template.yaml"
    template.write_text(text)
    return start_runtime(template=template)


def test_each_target_has_its_line(console: Console, targets: RunningRuntime) -> None:
    """A queue and a log group beside the API: each says that it has the event, and SQS and the log have it."""
    [event_id] = targets.put("to three", bus="livebus")
    go(console, targets, f"#/events/{event_id}/publish/mutation")
    for name in ("Subscribers Queue has it", "Subscribers Log has it", "Mutation publish 200"):
        console.await_role("tab", name)
    queues = targets.client("sqs").list_queues()["QueueUrls"]
    bodies = [
        json.loads(message["Body"])["id"]
        for url in queues
        for message in targets.client("sqs").receive_message(QueueUrl=url).get("Messages", ())
    ]
    assert bodies == [event_id]
    [group] = [
        each["logGroupName"]
        for each in targets.client("logs").describe_log_groups()["logGroups"]
        if not each["logGroupName"].startswith("/aws/appsync")
    ]
    console.visit("#/application")
    console.click("button", group)
    console.await_role("group", f"Log of {group}")
    assert event_id in console.text("group", f"Log of {group}")


def test_graphql_with_a_key_and_as_a_user(console: Console, targets: RunningRuntime) -> None:
    """The same operation as the API's key, as a user, and what only IAM may do refused to both."""
    go(console, targets, "#/graphql")
    console.fill("textbox", "Operation", "query { placeholder }")
    for who in ("API key", "User"):
        console.click("radio", who)
        console.click("button", "Run")
        console.run("await page.getByRole('list', {name: 'History'}).getByText(given).first().waitFor()", _named(who))
        assert '"placeholder": null' in console.text("group", "Answer")
    console.click("radio", "API key")
    console.fill("textbox", "Operation", 'mutation { publish(msg: "x") }')
    console.click("button", "Run")
    console.wait("Unauthorized")


def _named(who: str) -> str:
    return {"User": "alice"}.get(who, who)


def test_functions_tables_and_calls(console: Console, start_runtime: Start, project: Path) -> None:
    """
    The orders: each call of a data source with its request and answer, a function's log, a table's items.

    Beside what DynamoDB and CloudWatch Logs say; an event that no rule matches leaves the table as it was.
    """
    running = start_runtime(template=project / "examples" / "orders" / "template.yaml")
    events = project / "examples" / "orders" / "events"
    go(console, running, "#/events")
    for file in ("undelivered/order-of-another-shop.json", "order-grace-porto.json"):
        request_body = json.loads((events / file).read_text())
        given = {
            "Source": request_body["source"],
            "DetailType": request_body["detail-type"],
            "Detail": json.dumps(request_body["detail"]),
            "EventBusName": running.outputs["EventBusName"],
        }
        event_id = running.client("events").put_events(Entries=[given])["Entries"][0]["EventId"]
    console.visit(f"#/events/{event_id}/rewards-order-placed/mutation")
    console.run("await page.locator('details.call summary').first().click()")
    console.run("await page.getByRole('group', {name: /^Request to/}).first().waitFor()")
    assert "grace" in console.run("return await page.getByRole('group', {name: /^Request to/}).first().innerText()")
    [table] = running.client("dynamodb").list_tables()["TableNames"]
    items = running.client("dynamodb").scan(TableName=table)["Items"]
    console.visit("#/application")
    console.click("button", table)
    console.wait(f"{len(items)} items of {table}, read only")
    assert "grace" in console.text("group", f"Items of {table}")
    [group] = [
        each["logGroupName"]
        for each in running.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    ]
    logged = until(lambda: running.client("logs").filter_log_events(logGroupName=group)["events"], "a line of its log")
    console.visit(f"#/events/{event_id}")
    console.run("await page.getByRole('tab', {name: /^Mutation livebus-RewardsReceipt/}).click()")
    console.await_role("group", "Logs")
    assert logged[0]["message"].strip() in console.text("group", "Logs")


def test_several_stacks(console: Console, running: RunningRuntime, project: Path) -> None:
    """A second stack's rules, APIs and buses stand beside the first one's, and its events have their way."""
    body = (project / "tests" / "foreign" / "queue-and-log-beside.yaml").read_text()
    go(console, running, "#/application")
    console.await_role("table", "Rules")
    assert "publish" not in console.text("table", "Rules").split()
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    running.client("cloudformation").create_stack(StackName="second", TemplateBody=body, Capabilities=capabilities)
    console.wait("stacks livebus, second")
    assert {"publish", "second"} <= set(console.text("table", "Rules").split())
    [event_id] = running.put("to the second", bus="second")
    console.visit(f"#/events/{event_id}")
    console.await_role("tab", "Mutation publish 200")


def test_a_link_on_stderr_opens_the_way(console: Console, running: RunningRuntime) -> None:
    """What stderr says of an event that did not arrive carries a link, which opens its unmet condition."""
    given = {**entry("x", running.outputs["EventBusName"]), "Source": "another.source"}
    event_id = running.client("events").put_events(Entries=[given])["Entries"][0]["EventId"]
    line = running.wait_for_line(f"event {event_id} matched no rule")
    link = next(word for word in line.split() if "/#/events/" in word).strip("().,;")
    console.run("await page.goto(given)", link)
    console.run("await page.getByRole('row', {name: /^not met source/}).waitFor()")
