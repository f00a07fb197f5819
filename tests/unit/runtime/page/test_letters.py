"""Dead letters on the page: what becomes of those that are sent on their way again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from livebus.redrive.selection import Selection
from livebus.runtime.page.letters import Letters


def test_a_letter_that_is_on_its_way_is_not_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clicks are one delivery, and the second hears why; a letter that failed may be sent again."""
    sent: list[str] = []
    deleted: list[int] = []

    async def to_target(_: Letters, letter: Any) -> str:
        sent.append(letter.message_id)
        await asyncio.sleep(0)
        return "event"

    letter = SimpleNamespace(message_id="m1")
    monkeypatch.setattr(Letters, "_queue", lambda *_: SimpleNamespace(arn="arn"))
    monkeypatch.setattr(Letters, "_letters", lambda *_: [(7, letter)])
    monkeypatch.setattr(Letters, "_to_target", to_target)
    journal = SimpleNamespace(delete=lambda _, row: deleted.append(row), is_visible=lambda *_: True)
    letters = Letters(SimpleNamespace(journal=journal, clock=lambda: 0.0))  # type: ignore[arg-type]

    async def click(times: int) -> list[Any]:
        return await asyncio.gather(*(letters.redrive("queue", [], "target") for _ in range(times)))

    accepted = {"outcomes": [{"id": "m1", "accepted": True, "eventId": "event"}]}
    assert asyncio.run(click(2)) == [
        accepted,
        {"outcomes": [{"id": "m1", "accepted": False, "message": "it is on its way already"}]},
    ]
    assert (sent, deleted) == (["m1"], [7])
    assert asyncio.run(click(1)) == [accepted]


def test_two_pages_send_each_letter_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Both send all ten, one of them begins while the other is at the third: each goes once. One that is purged meanwhile goes nowhere,
    and one that is on its way is not purged.
    """
    sent: list[str] = []
    rows = {row: SimpleNamespace(message_id=f"m{row}") for row in range(10)}
    started = asyncio.Event()
    purged: list[int] = []

    async def to_target(_: Letters, letter: Any) -> str:
        sent.append(letter.message_id)
        if letter.message_id == "m2":
            started.set()
            purged.append(letters.purge("queue", ["m2"])["purged"])
            purged.append(letters.purge("queue", ["m9"])["purged"])
        await asyncio.sleep(0)
        return "event"

    def delete(_: str, row: int) -> bool:
        return rows.pop(row, None) is not None

    monkeypatch.setattr(Letters, "_queue", lambda *_: SimpleNamespace(arn="arn"))
    monkeypatch.setattr(Letters, "_letters", lambda *_: list(rows.items()))
    monkeypatch.setattr(Letters, "_to_target", to_target)
    monkeypatch.setattr(Selection, "takes", lambda self, letter: letter.message_id in self.ids)
    journal = SimpleNamespace(delete=delete, is_visible=lambda _, row, __: row in rows)
    letters = Letters(SimpleNamespace(journal=journal, clock=lambda: 0.0))  # type: ignore[arg-type]

    async def both() -> list[Any]:
        first = asyncio.create_task(letters.redrive("queue", [], "target"))
        await started.wait()
        return await asyncio.gather(first, letters.redrive("queue", [], "target"))

    outcomes = [each["outcomes"] for each in asyncio.run(both())]
    assert sorted(sent) == [f"m{row}" for row in range(9)]
    assert purged == [0, 1]
    accepted = [each["id"] for of in outcomes for each in of if each["accepted"]]
    assert sorted(accepted) == [f"m{row}" for row in range(9)]
    told = {each["message"] for of in outcomes for each in of if not each["accepted"]}
    assert told <= {"it is on its way already", "it lies in the queue no longer"}
