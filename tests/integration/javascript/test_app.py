"""
examples/app as it is built, in Chromium, against the orders example: two users in two browsers, history and what comes live, a
runtime that goes away and comes back. Names of controls are those that people and screen readers hear.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from livebus.runtime.server import Settings
from support.processes import Program
from support.running import RunningRuntime

SHOTS = os.environ.get("LIVEBUS_SCREENSHOTS")
PASSWORD = "Passw0rd!"
# Long enough for what was let through by mistake: an order is shown within milliseconds.
WITHHELD_MILLISECONDS = 300
ARRIVAL_MILLISECONDS = 20_000
MARKUP = '<img src=x onerror="globalThis.pwned=1">'
# While a page is barred its sockets lead to where nobody serves any: so that nothing is subscribed to before a test wants it.
BARRED = """
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(url, protocols) { super(globalThis.barred ? String(url).replace('/graphql', '/nowhere') : url, protocols); }
  };
"""
IDS = "return await page.locator('ol .id').allInnerTexts()"


Someone = Callable[..., "Person"]


# --- the browsers -----------------------------------------------------------------------------------------------------


class Browsers:
    """A browser for each person. ``run`` takes the body of an async function of (page, context, given)."""

    def __init__(self, node: str, clients: Path, chromium: str) -> None:
        self._process = subprocess.Popen(
            [node, str(clients / "app.mjs"), chromium], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, who: str, **asked: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"who": who, **asked}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()


class Person:
    """Somebody in front of a browser of their own."""

    def __init__(self, browsers: Browsers, name: str) -> None:
        self._browsers = browsers
        self.name = name

    def run(self, code: str, given: Any = None) -> Any:
        return self._browsers.ask(self.name, run=code, given=given)

    def end(self) -> list[str]:
        """Close the browser; what the page threw or logged as an error until then."""
        return list(self._browsers.ask(self.name, end=True))

    def open(self, url: str) -> None:
        self.run("await page.goto(given)", url)

    def fill_in(self, password: str = PASSWORD) -> None:
        self.run("await page.getByLabel('User name').fill(given)", self.name)
        self.run("await page.getByLabel('Password').fill(given); await page.keyboard.press('Enter')", password)

    def sign_in(self, url: str) -> None:
        self.open(url)
        self.fill_in()
        self.link("Live")

    def link(self, words: str, seconds: float = 20) -> None:
        """Wait until the app says this of its connection."""
        code = (
            "await page.getByRole('status').filter({hasText: new RegExp(`^${given[0]}$`)}).waitFor({timeout: given[1]})"
        )
        self.run(code, [words, seconds * 1000])

    def sees(self, order_id: str, within: int = ARRIVAL_MILLISECONDS) -> bool:
        """Whether an order is in the list, or comes to be there in time."""
        code = """
          const list = page.getByRole('list', {name: 'Orders, the newest first'});
          const found = list.getByText(given[0], {exact: true}).first().waitFor({timeout: given[1]});
          return await found.then(() => true, () => false);
        """
        return bool(self.run(code, [order_id, within]))

    def orders(self) -> list[str]:
        return list(self.run(IDS))

    def shot(self, name: str, *, only: str = "page") -> None:
        """A picture, where somebody wants to look: LIVEBUS_SCREENSHOTS names the folder."""
        if SHOTS:
            self.run(f"await {only}.screenshot({{path: given}})", f"{SHOTS}/{name}.png")


@pytest.fixture(scope="module")
def browsers(node: str, clients: Path, chromium: str) -> Iterator[Browsers]:
    opened = Browsers(node, clients, chromium)
    yield opened
    opened.close()


@pytest.fixture
def someone(browsers: Browsers, shop: Shop) -> Iterator[Someone]:
    """Makes a user, and opens a browser for them; whatever goes wrong in their page fails the test."""
    there: list[Person] = []

    def make(name: str, *, permanent: bool = True) -> Person:
        shop.add_user(name, permanent=permanent)
        there.append(Person(browsers, name))
        return there[-1]

    yield make
    assert [person.end() for person in there] == [[] for _ in there]


# --- the application and the app --------------------------------------------------------------------------------------


class Shop:
    """The orders example in a runtime: publishes, makes users, writes what the app is configured with."""

    def __init__(self, project: Path, folder: Path) -> None:
        self._project = project
        self._folder = folder
        self.runtime = self._started(0)

    def _started(self, port: int) -> RunningRuntime:
        template, state = self._project / "examples" / "orders" / "template.yaml", self._folder / ".livebus"
        settings = Settings(
            template=template, state=state, port=port, user=("first", PASSWORD), functions=False, reload=False
        )
        return RunningRuntime(settings).__enter__()

    def stop(self) -> Callable[[], None]:
        """Stop the runtime; what comes back starts it again, at the same address."""
        port = self.runtime.port
        self.runtime.stop()

        def start() -> None:
            self.runtime = self._started(port)

        return start

    def add_user(self, name: str, *, permanent: bool = True) -> None:
        cognito, pool = self.runtime.client("cognito-idp"), self.runtime.outputs["RewardsUserPoolId"]
        cognito.admin_create_user(UserPoolId=pool, Username=name, TemporaryPassword="Temporary-1")
        if permanent:
            cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)

    def place(self, order_id: str, customer: str = "", second: int = 0, **entry: Any) -> None:
        """Publish an order of 10 + second EUR, placed in this second."""
        detail = {
            "orderId": order_id,
            "customerId": customer,
            "total": {"amount": 10.5 + second % 1_000, "currency": "EUR"},
        }
        given = {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}
        when = {"Time": 1_795_000_000 + second, "EventBusName": self.runtime.outputs["EventBusName"]}
        answer = self.runtime.client("events").put_events(Entries=[{**given, **when, **entry}])
        assert answer["FailedEntryCount"] == 0

    def withhold(self, order_id: str, customer: str, second: int) -> None:
        """Publish an order that no rule matches."""
        self.place(order_id, customer, second, Source="another.shop")

    def outputs(self, file: Path) -> Any:
        """As a user writes them: `livebus outputs --local --amplify FILE`."""
        command = [sys.executable, str(self._project / "scripts" / "outputs.py"), "--local", "--amplify", str(file)]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(file.read_text())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def built(app: Path) -> Path:
    """`npm run build`: tsc finds nothing, and Vite writes the files."""
    done = subprocess.run(["npm", "run", "build"], cwd=app, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return app / "dist"


@pytest.fixture(scope="module")
def host(built: Path) -> Iterator[str]:
    """Any static host: the address at which the built files are served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(built)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def shop(project: Path, tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[Shop]:
    opened = Shop(project, tmp_path_factory.mktemp("shop"))
    opened.outputs(built / "amplify_outputs.json")
    yield opened
    opened.runtime.stop()


def test_the_apps_own_tests(app: Path) -> None:
    """Merging, the feed, the configuration: `npm test`."""
    done = subprocess.run(["npm", "test"], cwd=app, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\W*fail 0$", done.stdout, flags=re.MULTILINE)


def test_history_first_then_live_each_to_its_customer(shop: Shop, host: str, someone: Someone) -> None:
    """
    Two users in two browsers. What was placed before is there, the newest first; what is placed then comes without a reload, once,
    to its customer alone; what no rule matches comes to nobody.
    """
    ada, grace = someone("ada"), someone("grace")
    shop.place("o-1", "ada", 1)
    shop.place("o-2", "ada", 2)
    shop.place("g-1", "grace", 3)
    ada.sign_in(host)
    grace.sign_in(host)
    assert (ada.orders(), grace.orders()) == (["o-2", "o-1"], ["g-1"])

    shop.withhold("o-3", "ada", 4)
    assert not ada.sees("o-3", within=WITHHELD_MILLISECONDS)
    shop.place("o-3", "ada", 4)
    assert ada.sees("o-3")
    ada.run("await page.getByText('New order o-3: 14 points').waitFor({state: 'attached'})")
    shop.place("g-2", "grace", 5)
    assert grace.sees("g-2")
    # The same subscription brings ada's next: had the API sent her grace's, it would be there by now.
    shop.place("o-4", "ada", 6)
    assert ada.sees("o-4")

    assert (ada.orders(), grace.orders()) == (["o-4", "o-3", "o-2", "o-1"], ["g-2", "g-1"])
    newest = ada.run("return await page.getByRole('listitem').first().innerText()").split()
    assert newest[:2] + newest[-3:] == ["o-4", "New", "€16.50", "16", "points"]
    assert ada.run("return await page.locator('.summary').innerText()") == "53 points from 4 orders"


def test_an_order_that_comes_on_both_ways_is_there_once(shop: Shop, host: str, someone: Someone) -> None:
    """The first query is held back until an order has come live: then the answer has it, too."""
    berta = someone("berta")
    shop.place("o-1", "berta", 1)
    berta.open(host)
    hold = """
      context.held = new Promise((resolve) => { context.release = resolve; });
      await page.route(/graphql$/, async (route) => { await context.held; await route.continue(); });
    """
    berta.run(hold)
    berta.fill_in()
    berta.link("Catching up")
    shop.place("o-2", "berta", 2)
    assert berta.sees("o-2")
    assert berta.orders() == ["o-2"]
    berta.run("context.release()")
    berta.link("Live")
    assert berta.orders() == ["o-2", "o-1"]
    berta.run("await page.unrouteAll({behavior: 'wait'}); await page.reload()")
    berta.link("Live")
    assert berta.orders() == ["o-2", "o-1"]


def test_older_orders_come_by_pages(shop: Shop, host: str, someone: Someone) -> None:
    """20 are on a page; the button brings the rest, and goes."""
    carla = someone("carla")
    for second in range(1, 26):
        shop.place(f"o-{second}", "carla", second)
    carla.sign_in(host)
    assert carla.orders() == [f"o-{second}" for second in range(25, 5, -1)]
    carla.run("await page.getByRole('button', {name: 'Show older orders'}).click()")
    assert carla.sees("o-1")
    assert carla.orders() == [f"o-{second}" for second in range(25, 0, -1)]
    assert carla.run("return await page.getByRole('button', {name: 'Show older orders'}).count()") == 0


def test_nothing_is_missed_while_the_connection_is_lost(shop: Shop, host: str, someone: Someone) -> None:
    """
    The runtime stops: the app says that it reconnects. What is placed before it has reconnected reaches no subscriber, and is there
    when it says Live again; what no rule matched is not. One presses the button, the other one's app goes on by itself.
    """
    dora, emma = someone("dora"), someone("emma")
    shop.place("o-1", "dora", 1)
    for person in (dora, emma):
        person.run("await page.addInitScript(given)", BARRED)
    dora.sign_in(host)
    emma.sign_in(host)
    start = shop.stop()
    dora.link("Reconnecting")
    emma.link("Reconnecting")
    assert dora.orders() == ["o-1"]
    for person in (dora, emma):
        person.run("await page.evaluate(() => { globalThis.barred = true; })")
    start()
    shop.place("o-2", "dora", 2)
    shop.withhold("o-3", "dora", 3)
    shop.place("e-1", "emma", 4)
    assert shop.runtime.subscribers() == 0
    assert (dora.orders(), emma.orders()) == (["o-1"], [])
    for person in (dora, emma):
        person.run("await page.evaluate(() => { globalThis.barred = false; })")
    dora.run("await page.getByRole('button', {name: 'Try now'}).click()")
    dora.link("Live")
    assert dora.orders() == ["o-2", "o-1"]
    shop.place("o-4", "dora", 5)
    assert dora.sees("o-4")
    assert dora.orders() == ["o-4", "o-2", "o-1"]
    emma.link("Live", seconds=40)
    assert emma.orders() == ["e-1"]


def test_without_a_network_it_is_offline(shop: Shop, host: str, someone: Someone) -> None:
    """The browser says that there is no network: so does the app, and goes on once there is one."""
    frida = someone("frida")
    frida.sign_in(host)
    frida.run("await context.setOffline(true)")
    frida.link("Offline")
    frida.run("await context.setOffline(false)")
    frida.link("Live")
    shop.place("o-1", "frida", 1)
    assert frida.sees("o-1")


def test_signing_in_and_out(shop: Shop, host: str, someone: Someone) -> None:
    """
    A temporary password, as `aws cognito-idp admin-create-user` makes it, leads to a new one; a wrong one is told at the form; a
    reload keeps the user; whoever signs out hears nothing more and leaves no token.
    """
    joan = someone("joan", permanent=False)
    shop.runtime.wait_for_subscribers(0)  # those of the test before have gone
    joan.open(host)
    joan.fill_in("wrong")
    joan.run("await page.getByRole('alert').filter({hasText: 'Incorrect username or password.'}).waitFor()")
    joan.fill_in("Temporary-1")
    joan.run("await page.getByLabel('New password').fill(given); await page.keyboard.press('Enter')", PASSWORD)
    joan.link("Live")
    assert "Customer joan" in joan.run("return await page.getByRole('main').innerText()")
    joan.run("await page.reload()")
    joan.link("Live")
    shop.runtime.wait_for_subscribers(1)
    joan.run("await page.getByRole('button', {name: 'Sign out'}).click()")
    joan.run("await page.getByLabel('User name').waitFor()")
    shop.runtime.wait_for_subscribers(0)
    kept = "return await page.evaluate(() => Object.keys(localStorage).filter((key) => /token/i.test(key)))"
    assert joan.run(kept) == []


def test_what_an_event_holds_is_text(shop: Shop, host: str, someone: Someone) -> None:
    """Markup and characters that turn the direction are shown as they are, and an unknown currency by its name."""
    karla = someone("karla")
    detail = {"orderId": f"{MARKUP} \u202eabc", "customerId": "karla", "total": {"amount": 7, "currency": "points?"}}
    karla.sign_in(host)
    shop.place("", Detail=json.dumps(detail))
    karla.run("await page.getByText('onerror').first().waitFor()")
    assert karla.orders() == [detail["orderId"]]
    assert "7 points?" in karla.run("return await page.getByRole('listitem').innerText()")
    assert karla.run("return await page.evaluate(() => globalThis.pwned ?? null)") is None


def test_without_its_file_it_says_what_to_run(host: str, shop: Shop, built: Path, someone: Someone) -> None:
    """A host that has the app and not its amplify_outputs.json."""
    lisa = someone("lisa")
    (built / "amplify_outputs.json").unlink()
    lisa.open(host)
    told = lisa.run("return await page.getByRole('alert').innerText()")
    shop.outputs(built / "amplify_outputs.json")
    assert told.startswith("There is no amplify_outputs.json beside this page. Run `livebus outputs --amplify")


def test_axe_finds_nothing(shop: Shop, host: str, someone: Someone, clients: Path) -> None:
    """Each view passes axe-core's rules, dark and light, is no wider than the screen, and Tab reaches each control."""
    mary = someone("mary")
    axe = clients / "node_modules" / "axe-core" / "axe.min.js"
    assert axe.exists(), "axe-core came with the other clients later: run make setup"
    check = """
      return await page.evaluate(async () => [
        (await axe.run()).violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 160))]),
        document.documentElement.scrollWidth > innerWidth,
      ]);
    """
    found = {}

    def look(view: str) -> None:
        mary.run("await page.evaluate(given)", axe.read_text())
        for scheme, width in (("dark", 390), ("light", 1280), ("light", 390), ("dark", 1280)):
            mary.run("await page.emulateMedia({colorScheme: given})", scheme)
            mary.run("await page.setViewportSize({width: given, height: 680})", width)
            if (scheme, width) in (("dark", 390), ("light", 1280)) or SHOTS:
                found[f"{view} {scheme} {width}"] = mary.run(check)
            mary.shot(f"app-{view}-{scheme}-{width}")

    for second in range(1, 23):
        shop.place(f"o-10{second:02}", "mary", second * 4_711)
    mary.open(host)
    look("sign-in")
    mary.fill_in()
    mary.link("Live")
    for second in (23, 24):
        shop.place(f"o-10{second:02}", "mary", second * 4_711)
        assert mary.sees(f"o-10{second:02}")
    look("orders")
    reached = []
    for _ in range(2):
        mary.run("await page.keyboard.press('Tab')")
        reached.append(mary.run("return await page.evaluate(() => document.activeElement.textContent)"))
    start = shop.stop()
    mary.link("Reconnecting")
    look("reconnecting")
    mary.run("await page.getByRole('button', {name: 'Sign out'}).click()")
    mary.run("await page.getByLabel('User name').waitFor()")
    start()
    assert reached == ["Sign out", "Show older orders"]
    assert found == {name: [[], False] for name in found}


def test_the_dev_server_talks_to_the_runtime(shop: Shop, app: Path, someone: Someone) -> None:
    """`npm run dev`: pages of loopback may call the runtime, so nothing has to be let in."""
    nora = someone("nora")
    shop.outputs(app / "public" / "amplify_outputs.json")
    shop.place("o-1", "nora", 1)
    command = ["npm", "run", "dev", "--", "--host", "127.0.0.1", "--port", "0"]
    with Program(command, cwd=app, env={**os.environ, "NO_COLOR": "1"}) as server:
        server.wait_for("http://127.0.0.1:")
        url = re.findall(r"http://127\.0\.0\.1:\d+/", server.stdout)[0]
        nora.sign_in(url)
        assert nora.orders() == ["o-1"]
        shop.place("o-2", "nora", 2)
        assert nora.sees("o-2")
        nora.run("await page.goto('about:blank')")
    (app / "public" / "amplify_outputs.json").unlink()
