"""What Apache Velocity 1.7 answers to templates of our own, recorded in tests/vectors/vtl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.vtl import MappingTemplate

FOLDER = Path(__file__).parents[2] / "vectors" / "vtl"

# Where we answer otherwise than Apache's engine as it comes, and why.
DIFFERENT = {
    "#set($ctx.stash.a = 1)#set($ctx.stash.a = $nope)$util.toJson($ctx.stash)": "AppSync was seen to set members to null",
    (
        "\\#end \\#else \\#foreach \\#macro \\#define \\#stop \\#break \\#evaluate \\#literal \\#include \\#parse "
        "\\#elseif \\#{if} \\#ends \\#return"
    ): "#return is a directive of AppSync's",
    "$#if(true)a#end $#stop": "a dollar before #stop takes it away",
    "#if(true)$#end": "a dollar before #end is lost",
    "#macro(a-b)x#end#a-b()|#a-b": "a macro with a hyphen in its name is refused",
    "$ctx.args.id{x}": "a brace behind a property swallows what follows",
    "$ctx.args.id{$ctx.args.n}": "a brace behind a property swallows what follows",
}


def read(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head, *cases = [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]
    return head, cases


HEAD, CASES = read("velocity-1.7.jsonl")
_, FORMS = read("velocity-forms.jsonl")


def answer(template: str) -> tuple[str, str]:
    try:
        return "OK", MappingTemplate(template).render(HEAD["context"])
    except LivebusError:
        return "ERR", ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_velocity(case: dict[str, Any]) -> None:
    """Each template prints what the engine printed, or is refused where the engine refused it."""
    written = case["output"].replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
    assert answer(case["template"]) == (case["verdict"], written if case["verdict"] == "OK" else "")


@pytest.mark.parametrize("case", FORMS, ids=lambda case: case["template"])
def test_forms_of_the_language(case: dict[str, Any]) -> None:
    """Forms that people write, and forms that they write by mistake; the few that differ are known, and do differ."""
    agrees = answer(case["template"]) == (case["verdict"], case.get("output", ""))
    assert agrees == (case["template"] not in DIFFERENT)
    assert agrees == ("differs" not in case)
