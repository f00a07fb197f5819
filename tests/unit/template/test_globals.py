"""The Globals section of SAM templates."""

from __future__ import annotations

import pytest
from samtranslator.plugins.globals.globals import Globals

from livebus.template.document import read_document
from livebus.template.globals import SUPPORTED, check_globals

SAM = "Transform: [AWS::Serverless-2016-10-31]\n"
INVALID = "'Globals' section is invalid."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Resources: {}", []),
        (SAM + "Globals: {Function: {Timeout: 3, Tags: {a: b}}, WebFunction: {Anything: x}}", []),
        ("Transform: A::Macro\nGlobals: {Anything: x}", []),
        (
            "Globals: {Function: {Timeout: 3}}",
            [
                (
                    "t.yaml:1:1 (Globals): Invalid template property or properties [Globals]. It is SAM's: write Transform: "
                    "AWS::Serverless-2016-10-31."
                )
            ],
        ),
        (SAM + "Globals:\n", ["t.yaml:2:9 (Globals): Globals is empty; expected an object"]),
        (SAM + "Globals: {Api: x}", ["t.yaml:2:16 (Globals/Api): Api of Globals is 'x'; expected an object"]),
        (
            SAM + "Globals: {Funtion: {}}",
            [f"t.yaml:2:11 (Globals/Funtion): {INVALID} 'Funtion' is not supported. Did you mean 'Function'?"],
        ),
        (
            SAM + "Globals: {httpapi: {}}",
            [f"t.yaml:2:11 (Globals/httpapi): {INVALID} 'httpapi' is not supported. Did you mean 'HttpApi'?"],
        ),
        (
            SAM + "Globals: {Function: {Timout: 3}}",
            [
                (
                    f"t.yaml:2:30 (Globals/Function/Timout): {INVALID} 'Timout' is not a supported property of 'Function'. "
                    "Did you mean 'Timeout'?"
                )
            ],
        ),
        (
            SAM + "Globals: {Function: {Role: x}}",
            [
                (
                    f"t.yaml:2:28 (Globals/Function/Role): {INVALID} 'Role' is not a supported property of 'Function'. "
                    "Write it in each AWS::Serverless::Function."
                )
            ],
        ),
    ],
)
def test_what_sam_refuses(text: str, expected: list[str]) -> None:
    """A misspelt name is told with the one that is meant, at its own line."""
    faults = list(check_globals(read_document(text, "t.yaml")))

    assert [str(fault) for fault in faults] == expected
    assert not any(fault.not_emulated for fault in faults)


def test_a_name_like_none_that_is_known_is_no_mistake() -> None:
    """SAM gets new types and properties: it is named, and refused by nobody."""
    faults = list(check_globals(read_document(SAM + "Globals: {Quantum: {}, SimpleTable: {Colour: red}}", "t.yaml")))

    assert [(fault.found, fault.expected, fault.not_emulated) for fault in faults] == [
        ("Globals/Quantum is not known here", f"one of {', '.join(sorted(SUPPORTED))}", True),
        ("Globals/SimpleTable/Colour is not known here", "", True),
    ]


def test_what_sams_own_transform_takes_is_taken() -> None:
    """Each type and each property that the pinned translator knows."""
    theirs = {kind.rpartition("::")[2]: {*names} for kind, names in Globals.supported_properties.items()}

    assert {kind: names - SUPPORTED.get(kind, set()) for kind, names in theirs.items()} == {
        kind: set() for kind in theirs
    }
