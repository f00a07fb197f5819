"""
The page against what it shows: hostile texts, the largest event, ten thousand in a moment, a restart, foreign pages.
"""

from __future__ import annotations

import json
from typing import Any

from livebus.runtime.page.service import ENDPOINTS
from support.console import Console, go
from support.flood import flood
from support.http import request
from support.running import RunningRuntime

MARKUP = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>'
HIDDEN = "right\u202eto\u2066left \u0001 \u2028 end"
NAME = "<img/src=x/onerror=globalThis.pwned=1>"
NOTHING_RAN = "[globalThis.pwned ?? null, document.querySelectorAll('main img, main script').length]"
EVENTS = 10_000


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
        assert console.value(NOTHING_RAN) == [None, 0]
    go(console, running, f"#/events/{event_id}/event")
    console.run("await page.getByTitle('U+202E').first().waitFor()")
    console.shot("hostile")


def test_a_hostile_name_is_text(console: Console, running: RunningRuntime) -> None:
    """So is a user's, in the form, in the lane and among the connected clients."""
    pool = running.outputs["UserPoolId"]
    running.client("cognito-idp").admin_create_user(UserPoolId=pool, Username=NAME)
    go(console, running, "#/subscribers/new")
    console.run("await page.getByRole('combobox', {name: 'User'}).selectOption({label: given})", NAME)
    console.click("button", "Subscribe", exact=True)
    console.wait("subscribed, 0 received")
    console.run("await page.getByRole('cell', {name: 'this page'}).waitFor()")
    assert NAME in console.text("table", "Connected clients")
    assert console.value(NOTHING_RAN) == [None, 0]


def console_rule(running: RunningRuntime) -> str:
    rules = running.client("events").list_rules(EventBusName=running.outputs["EventBusName"])["Rules"]
    return str(rules[0]["Name"])


def test_a_megabyte_is_shown(console: Console, running: RunningRuntime) -> None:
    """The largest event is cut where it is shown, with its length, and whole on demand."""
    [event_id] = running.put("x" * 1_000_000)
    go(console, running, f"#/events/{event_id}/event")
    console.run("await page.getByRole('button', {name: /characters$/}).first().waitFor()")
    shown = "document.querySelector('[aria-label=\"Event envelope\"]').textContent.match(/x/g).length"
    assert console.value(shown) < 1000
    for _ in range(2):
        console.run("await page.getByRole('button', {name: /characters$/}).first().click()")
    assert 30_000 < console.value(shown) < 50_000


def test_a_long_event_is_edited(console: Console, running: RunningRuntime) -> None:
    """Twenty thousand lines in the editor are numbered, and no element each; what is typed at their end is seen by the dry run."""
    detail = json.dumps({"msg": "long", "list": [{"number": number, "text": "x" * 40} for number in range(10_000)]})
    given = {"Source": "sample.source", "DetailType": "message", "Detail": detail}
    bus = running.outputs["EventBusName"]
    event_id = running.client("events").put_events(Entries=[{**given, "EventBusName": bus}])["Entries"][0]["EventId"]
    go(console, running, f"#/compose/{event_id}")
    console.wait("1 of 1 rule would match")
    lines = console.run(
        "return (await page.getByRole('textbox', {name: 'Event as JSON'}).inputValue()).split('\\n').length"
    )
    assert lines > 10_000
    assert console.value("document.querySelector('.numbers pre').textContent").endswith(f"\n{lines}")
    assert console.value("document.querySelectorAll('.editor *').length") < 20
    console.run("await page.getByRole('textbox', {name: 'Event as JSON'}).press('Control+End')")
    console.press("x")
    console.run("await page.getByRole('alert').getByText(given).waitFor()", f"Line {lines}, column 2")


def test_without_storage(console: Console, running: RunningRuntime) -> None:
    """A browser that lets the page keep nothing: it shows what comes, and acts."""
    console.run(
        """globalThis.other = await context.newPage(); globalThis.thrown = [];
        other.on('pageerror', (error) => thrown.push(String(error)));
        await other.addInitScript(() => {
          for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'])
            Object.defineProperty(globalThis, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
        });
        await other.goto(given)""",
        f"{running.outputs['ConsoleUrl']}#/events",
    )
    console.run("await other.getByRole('button', {name: 'Send sample.json'}).click()")
    console.run("await other.getByRole('tab', {name: /^Mutation publishMsgFromEB/}).waitFor()")
    assert console.run("await other.close(); return thrown") == []


def test_ten_thousand_events_are_a_few_rows(console: Console, running: RunningRuntime) -> None:
    """
    Published at once while the page is open: it has them all, as many elements as rows fit, and the runtime delivered each.

    The last row is the first event: what is not in sight is there all the same.
    """
    go(console, running, "#/events")
    console.wait("Waiting for the first event")
    reached = running.await_all(lambda: flood(running, EVENTS))
    assert reached == EVENTS
    console.wait(f"{EVENTS:,} events")
    assert 10 < console.value("document.querySelectorAll('[role=option].row').length") < 40
    console.run("await page.getByRole('listbox').evaluate((list) => { list.scrollTop = list.scrollHeight; })")
    console.run("await page.getByRole('option', {name: /number 0 /}).waitFor()")
    assert console.value("document.querySelectorAll('[role=option].row').length") < 40
    last = "document.querySelector('[aria-posinset=\"10000\"]').textContent"
    assert "number 0" in console.value(last)
    console.fill("searchbox", "Filter events by text", "number 4321")
    console.wait("1 of 10,000 events")


def test_two_pages_at_once(console: Console, running: RunningRuntime) -> None:
    """Both show what comes, and what is switched on one of them is on on the other."""
    go(console, running, "#/events")
    console.wait("Waiting for the first event")
    console.run(
        "globalThis.other = await context.newPage(); await other.goto(given)",
        f"{running.outputs['ConsoleUrl']}#/application",
    )
    console.run("await other.getByRole('switch', {name: 'target-throttle'}).click()")
    console.await_role("link", "1 fault on")
    running.put("to both")
    console.run("await page.getByRole('option', {name: /to both/}).waitFor()")
    console.run("await other.getByRole('link', {name: 'Events 1'}).waitFor(); await other.close()")


def test_a_foreign_page_reads_and_changes_nothing(console: Console, running: RunningRuntime) -> None:
    """
    A page of another port, in the same browser, tries everything that is answered: no answer can be read, nothing happens.

    In each way that a browser lets it: as a simple request, with the token's header, as JSON, without looking at the answer.
    """
    running.put("a secret")
    code = """
      const http = process.getBuiltinModule('node:http');
      const server = http.createServer((_, answer) => { answer.setHeader('Content-Type', 'text/html'); answer.end('foreign'); });
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const read = await page.evaluate(async ({ url, all }) => {
        const token = { 'X-Livebus-Page': 'x' }, json = { 'Content-Type': 'application/json' };
        const ways = (method, way) => {
          const body = method === 'GET' ? undefined : JSON.stringify({ faults: ['target-error=1'], text: '{"source": "s", "detail-type": "t", "detail": {}}' });
          return [[way, { method, body }], [way, { method, body, headers: token }], [way, { method, body, headers: { ...token, ...json } }],
            ...(method === 'PUT' ? [] : [[way, { method, body, mode: 'no-cors' }]])];
        };
        const tries = [['', { headers: { Accept: 'text/html' } }], ...all.flatMap(([method, name]) => ways(method, `_livebus/page/${name}`))];
        const found = [];
        for (const [way, options] of tries) {
          try { const answer = await fetch(url + way, options); const text = await answer.text(); if (text) found.push([way, text.slice(0, 40)]); } catch { /* the browser kept it */ }
        }
        return found;
      }, given);
      server.close();
      return read;
    """
    assert console.run(code, {"url": running.outputs["ConsoleUrl"], "all": ENDPOINTS}) == []
    console.faults()  # the browser says of each that it was kept
    assert running.call(lambda: len(running.runtime.history or ())) == 1
    assert request(running.port, "GET", "/_livebus/faults").json()["faults"] == []


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
