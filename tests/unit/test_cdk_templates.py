"""The templates of an application of AWS CDK."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.cdk_assembly import CdkApplication
from livebus.cdk_manifest import CdkStack
from livebus.cdk_templates import read_templates
from livebus.errors import LivebusError

APPLICATION = CdkApplication(
    Path("cdk.out/assembly-Prod"),
    Path("cdk.out"),
    (
        CdkStack(Path("cdk.out/Shared.template.json"), "Shared", artifact="SharedArtifact"),
        CdkStack(
            Path("cdk.out/assembly-Prod/A.template.json"),
            "Prod-A",
            "",
            {"P": "x"},
            after=("SharedArtifact", "A.assets"),
        ),
    ),
)


def test_each_stack_with_its_template() -> None:
    """By its path from the assembly on; what is deployed before it by the stacks' names."""
    read: list[str] = []

    def text(name: str) -> str:
        read.append(name)
        return '{"Resources": {}}'

    found = read_templates(APPLICATION, text)
    assert [(each.name, each.document.file, each.overrides, each.after) for each in found] == [
        ("Shared", "Shared.template.json", {}, ()),
        ("Prod-A", "assembly-Prod/A.template.json", {"P": "x"}, ("Shared",)),
    ]
    assert read == [each.document.file for each in found]


def test_all_that_cannot_be_read_is_told() -> None:
    """At once, each with its name."""

    def text(name: str) -> str:
        return "{" if "assembly" in name else ""

    with pytest.raises(LivebusError) as raised:
        read_templates(APPLICATION, text)
    assert [fault.place.file for fault in raised.value.faults] == [
        "Shared.template.json",
        "assembly-Prod/A.template.json",
    ]
