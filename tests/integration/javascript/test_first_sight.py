"""
From the command to an event that is seen on its way: at most two clicks, with or without sample events of one's own.

Every wait is bounded: by 25 seconds for the runtime's address, by fifteen for each of two things on the page.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.console import Console
from support.program import Program
from support.waiting import until

Sight = Callable[[Path], str]
MOST_CLICKS = 2
SECONDS_TO_START = 25.0


@pytest.fixture
def local(project: Path, tmp_path: Path) -> Iterator[Sight]:
    """Starts what ``make local`` starts; the page's address as the command writes it."""
    programs: list[Program] = []
    file = tmp_path / "outputs.json"

    def start(template: Path) -> str:
        state = tmp_path / "state"
        options = ("--template", template, "--port", "0", "--outputs", file, "--state", state, "--no-reload")
        programs.append(Program(sys.executable, project / "scripts" / "local.py", *options).__enter__())
        until(file.exists, "the runtime's outputs", SECONDS_TO_START)
        return str(json.loads(file.read_text())["ConsoleUrl"])

    yield start
    for each in programs:
        each.__exit__()


def seen(console: Console, url: str, offer: str) -> str:
    """The way of the event that the page offers, once it travels. Nothing does before it is asked to."""
    console.run("await page.goto(given)", url)
    console.await_role("button", offer)
    if offer.endswith(".json"):
        console.shot("empty")
    assert console.count("option", "reached") == 0
    console.click("button", offer)
    console.run("await page.locator('circle.bead').first().waitFor({state: 'attached'})")
    console.run("await page.getByRole('tab', {name: /^Mutation publishMsgFromEB 200/}).waitFor()")
    return console.text("region", "Way of the event")


def test_with_the_projects_sample(console: Console, local: Sight, project: Path) -> None:
    """The project's own sample goes from the bus to AppSync's answer, and is in the list."""
    way = seen(console, local(project / "template.yaml"), "Send sample.json")
    assert console.clicks <= MOST_CLICKS
    assert "reached nobody" in way
    assert console.run("return await page.getByRole('listbox').getByRole('option').count()") == 1


def test_without_any_sample(console: Console, local: Sight, project: Path, tmp_path: Path) -> None:
    """Where a project has no event files, the page offers one that its rule matches."""
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in ("template.yaml", "schema.graphql"):
        (folder / name).write_text((project / name).read_text())
    shutil.copytree(project / "resolvers", folder / "resolvers")
    way = seen(console, local(folder / "template.yaml"), "Send an example for")
    assert console.clicks <= MOST_CLICKS
    assert "sample.source" in way
