"""Dead letters on the page: what becomes of those that are sent on their way again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

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
    journal = SimpleNamespace(delete=lambda _, row: deleted.append(row))
    letters = Letters(SimpleNamespace(journal=journal))  # type: ignore[arg-type]

    async def click(times: int) -> list[Any]:
        return await asyncio.gather(*(letters.redrive("queue", [], "target") for _ in range(times)))

    accepted = {"outcomes": [{"id": "m1", "accepted": True, "eventId": "event"}]}
    assert asyncio.run(click(2)) == [
        accepted,
        {"outcomes": [{"id": "m1", "accepted": False, "message": "it is on its way already"}]},
    ]
    assert (sent, deleted) == (["m1"], [7])
    assert asyncio.run(click(1)) == [accepted]
