"""Checks of the resolvers behind what a rule calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.checks.api import resolvers
from livebus.checks.api.calls import MutationCall
from livebus.checks.every import EVERY_CHECK
from livebus.checks.inspection import Inspection
from livebus.checks.running import run_checks
from livebus.template.document import read_document

PROJECT = Path(__file__).parents[4]


def test_one_mutation_that_is_called_often_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation of many aliases asks for the resolver once, and the fault is told at each of them."""
    texts = {"template.yaml": (PROJECT / "template.yaml").read_text(encoding="utf-8")}
    call = "publishMsgFromEB(msg: $msg)"
    assert call in texts["template.yaml"]
    often = " ".join(f"a{index}: {call}" for index in range(50))
    texts["template.yaml"] = texts["template.yaml"].replace(call, often, 1)
    asked: list[str] = []

    def has_none(inspection: Inspection, call: MutationCall) -> bool:
        asked.append(call.name)
        return False

    monkeypatch.setattr(resolvers, "_has_resolver", has_none)

    def read(name: str) -> str:
        name = name.removeprefix("./")
        return texts.get(name) or (PROJECT / name).read_text(encoding="utf-8")

    inspection = Inspection(read_document(texts["template.yaml"], "template.yaml"), read)
    found = list(run_checks(EVERY_CHECK, inspection, only=("E9170", "W9170")))
    assert asked == ["publishMsgFromEB"]
    assert len(found) == 50
