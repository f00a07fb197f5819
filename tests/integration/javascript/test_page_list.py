"""
The list with ten thousand events: what scrolling and what comes do to the page, counted in elements.

How fast that is on a machine is said by benchmarks/page.py; here are no times.
"""

from __future__ import annotations

import asyncio
import threading

import pytest

from support.console import Console, go
from support.flood import flood
from support.running import RunningRuntime
from support.waiting import until

EVENTS = 10_000
MOST_ROWS = 40  # that fit, and some above and below
ROW = 52
ELEMENTS_OF_A_ROW = 10
STEPS = 100
BURSTS, A_BURST = 10, 300
PAGES = EVENTS // 500
# From here on: elements made anywhere, rows that show another event, the most rows there were.
COUNT = """
  for (const name of ['createElement', 'createElementNS']) {
    const real = Document.prototype[name];
    document[name] = function (...given) { counted.made++; return real.apply(this, given); };
  }
  globalThis.counted = { made: 0, filled: 0, most: 0 };
  const rows = document.querySelector('[role=listbox][aria-label=Events]');
  globalThis.watching = new MutationObserver((records) => {
    counted.filled += new Set(records.filter((each) => each.attributeName === 'href').map((each) => each.target)).size;
    counted.most = Math.max(counted.most, rows.querySelectorAll('[role=option]').length);
  });
  watching.observe(rows, { subtree: true, childList: true, attributeFilter: ['href'] });
  globalThis.frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
"""


@pytest.fixture
def full(console: Console, running: RunningRuntime) -> RunningRuntime:
    """A runtime that keeps ten thousand events, and the page that has them; its newest one is open."""
    assert running.await_all(lambda: flood(running, EVENTS)) == EVENTS
    history = running.runtime.history
    assert history is not None
    newest = running.call(lambda: history.newest(1)[0].id)
    go(console, running, f"#/events/{newest}/event")
    console.wait(f"{EVENTS:,} events")
    console.await_role("group", "Event envelope")
    console.run("await page.evaluate(given)", COUNT)
    return running


def counted(console: Console) -> dict[str, int]:
    found: dict[str, int] = console.value("counted")
    return found


def scroll(console: Console, by: int, steps: int) -> None:
    """Steps of so many pixels, each once the frame before has been drawn."""
    console.run(
        """await page.evaluate(async ([by, steps]) => {
          const rows = document.querySelector('[role=listbox][aria-label=Events]');
          for (let step = 0; step < steps; step++) { rows.scrollTop += by; await frame(); }
        }, given)""",
        [by, steps],
    )


def test_a_step_shows_what_came_into_sight(console: Console, full: RunningRuntime) -> None:
    """Row by row one element shows another event at each step; not one is made, but for those below the first sight."""
    assert full is not None
    scroll(console, ROW, STEPS)
    found = counted(console)
    assert STEPS - 1 <= found["filled"] <= STEPS + MOST_ROWS
    assert found["made"] <= MOST_ROWS * 10  # the rows above those in sight, once; and nothing else
    before = found["made"]
    scroll(console, ROW, STEPS)
    assert counted(console)["made"] == before
    assert found["most"] <= MOST_ROWS


def test_a_jump_makes_nothing_either(console: Console, full: RunningRuntime) -> None:
    """By eighty rows a step nothing of what was in sight stays, and the same elements show what is now; by wheel and keys, too."""
    assert full is not None
    scroll(console, ROW // 4, 42)
    before = counted(console)["made"]
    scroll(console, ROW * 80, STEPS)
    console.run("await page.getByRole('listbox', {name: 'Events'}).hover()")
    console.run(
        "for (let step = 0; step < 20; step++) { await page.mouse.wheel(0, 600); await page.evaluate('frame()'); }"
    )
    console.run("await page.getByRole('listbox', {name: 'Events'}).focus()")
    console.press(*["PageDown"] * 5)
    console.run("await page.evaluate('frame()')")
    found = counted(console)
    # One row more at most: where two are half in sight.
    assert (found["made"] - before <= ELEMENTS_OF_A_ROW, found["most"] <= MOST_ROWS) == (True, True)
    assert console.value("document.querySelector('.rows').scrollTop") > ROW * 80 * STEPS


def test_rows_stand_in_their_order(console: Console, full: RunningRuntime) -> None:
    """Once it is quiet a screen reader finds them one after the other, wherever one has scrolled to."""
    assert full is not None
    scroll(console, ROW * 3, 30)
    scroll(console, -ROW * 2, 10)
    order = (
        "[...document.querySelectorAll('[role=option].row')].map((row) => Number(row.getAttribute('aria-posinset')))"
    )

    def stands() -> bool:
        found = console.value(order)
        return bool(found == list(range(found[0], found[0] + len(found))))

    until(stands, "rows in their order")


def test_one_that_comes_touches_one_row(console: Console, full: RunningRuntime) -> None:
    """The others are the same elements with the same text; the header stays, with another number in it."""
    console.value("document.querySelector('nav').isTheSame = document.querySelector('.brand').isTheSame = true")
    before = counted(console)
    full.put("the next one")
    console.run("await page.getByRole('option', {name: /the next one/}).waitFor()")
    console.run("await page.evaluate('frame()')")
    found = counted(console)
    assert found["filled"] - before["filled"] == 1
    assert found["made"] - before["made"] < 12
    assert console.value("[document.querySelector('nav').isTheSame, document.querySelector('.brand').isTheSame]") == [
        True,
        True,
    ]


def test_who_reads_further_down_stays_there(console: Console, full: RunningRuntime) -> None:
    """What comes meanwhile moves nothing under the eyes, though it is above; at the top one sees it come."""
    scroll(console, ROW * 100, 50)
    sight = """
      (() => { const rows = document.querySelector('.rows'), at = rows.getBoundingClientRect().top + 100;
        const place = (row) => row.getBoundingClientRect();
        return [...rows.querySelectorAll('[role=option]')].find((row) => place(row).top <= at && place(row).bottom > at)
          .querySelector('.preview').textContent; })()
    """
    read = console.value(sight)
    full.put("one", "two", "three")
    until(lambda: console.value("document.querySelector('.rows').scrollTop") == ROW * 5003, "the list moved along")
    console.run("await page.evaluate('frame()')")
    assert console.value(sight) == read
    scroll(console, -ROW * EVENTS, 1)
    console.run("await page.getByRole('option', {name: /three/}).waitFor()")


def test_a_thousand_a_second(console: Console, full: RunningRuntime) -> None:
    """While they stream in and the list is scrolled, no element is made for them beyond a few rows; all are there at the end."""
    streaming = threading.Thread(
        target=lambda: full.await_all(lambda: flood(full, 3000, rate=1000, first=EVENTS)), name="stream"
    )
    streaming.start()
    scroll(console, ROW * 7, STEPS)
    streaming.join()
    found = counted(console)
    scroll(console, -ROW * EVENTS, 1)
    console.run("await page.getByRole('option', {name: /number 12999 /}).waitFor()")
    assert found["made"] <= MOST_ROWS * 10
    assert found["most"] <= MOST_ROWS


def test_a_busy_runtime_is_asked_for_little(console: Console, full: RunningRuntime) -> None:
    """After a gap the page reads the newest events only; those in between once it is quiet, and then it has all."""
    console.run(
        """globalThis.asked = []; globalThis.hear = (request) => asked.push(request.url());
        page.on('request', hear)"""
    )

    async def bursts() -> None:
        """Each more than one flush tells, for longer than the page waits for quiet."""
        for burst in range(BURSTS):
            await flood(full, A_BURST, first=EVENTS + burst * A_BURST)
            await asyncio.sleep(0.3)

    full.await_all(bursts)
    try:
        console.run(
            "await page.getByRole('option', {name: given}).waitFor()", f"number {EVENTS + BURSTS * A_BURST - 1} "
        )
        console.wait(f"{EVENTS:,} events")
        # Of a burst the first are in the hole between what was there and what was read first.
        console.fill("searchbox", "Filter events by text", f'number {EVENTS + 1}"')
        console.wait("1 of 10,000 events")
        read: list[str] = console.run("return asked.filter((url) => url.includes('/events?'))")
        assert len([url for url in read if "before=" not in url]) >= 4
        assert len([url for url in read if "before=" in url]) <= 2 * PAGES
    finally:
        console.run("page.off('request', hear)")


def test_the_list_by_keys(console: Console, full: RunningRuntime) -> None:
    """It is one stop; arrows, Home and End go through it, and what is chosen is named to a screen reader."""
    assert full is not None
    console.run("await page.getByRole('listbox', {name: 'Events'}).focus()")
    active = """
      (() => { const list = document.activeElement;
        const row = document.getElementById(list.getAttribute('aria-activedescendant'));
        return [list.getAttribute('role'), row?.getAttribute('aria-posinset'), row?.getAttribute('aria-selected')]; })()
    """
    for key, place in (("ArrowDown", "2"), ("ArrowDown", "3"), ("ArrowUp", "2"), ("End", "10000"), ("Home", "1")):
        console.press(key)
        until(lambda place=place: console.value(active) == ["listbox", place, "true"], f"row {place} chosen by {key}")
