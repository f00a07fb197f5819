"""The stacks that cdk synth wrote, as its manifest.json tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livebus.cdk_assembly import CdkStack, stack_of, stacks_of


def stack(file: str, environment: str = "aws://unknown-account/unknown-region", **properties: Any) -> dict[str, Any]:
    members = {"templateFile": file, **properties}
    return {"type": "aws:cloudformation:stack", "environment": environment, "properties": members}


def write(folder: Path, artifacts: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.out").write_text('{"version": "45.0.0"}')
    (folder / "manifest.json").write_text(json.dumps({"version": "45.0.0", "artifacts": artifacts}))


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    folder = tmp_path / "cdk.out"
    artifacts = {
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        "assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},
        "Front": stack("Front.template.json", "aws://111122223333/eu-west-1", stackName="front", parameters={"P": "x"}),
        "Plain": stack("Plain.template.json"),
    }
    write(folder, artifacts)
    write(folder / "assembly-Prod", {"ProdFront": stack("ProdFront.template.json", "aws://1/eu-central-1")})
    return folder


def test_the_stacks_of_an_application(assembly: Path) -> None:
    """With those of stages; by their own names where they have one, in the regions that they are made for."""
    prod = assembly / "assembly-Prod" / "ProdFront.template.json"

    assert stacks_of(assembly) == [
        CdkStack(prod, "ProdFront", "eu-central-1"),
        CdkStack(assembly / "Front.template.json", "front", "eu-west-1", {"P": "x"}),
        CdkStack(assembly / "Plain.template.json", "Plain"),
    ]


def test_the_stack_of_a_template(assembly: Path) -> None:
    """That of the manifest beside it; a nested stack's template, or one elsewhere, is none of it."""
    found = stack_of(assembly / "Front.template.json")

    assert found == CdkStack(assembly / "Front.template.json", "front", "eu-west-1", {"P": "x"})
    assert stack_of(assembly / "FrontNested.nested.template.json") is None
    assert stack_of(assembly.parent / "template.yaml") is None


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[",
        "[]",
        "{}",
        '{"artifacts": []}',
        '{"artifacts": {"A": 1, "B": {"type": "cdk:cloud-assembly"}}}',
        "[" * 9_999,
    ],
)
def test_a_manifest_of_another_kind_tells_nothing(assembly: Path, manifest: str) -> None:
    """Whatever stands in it."""
    (assembly / "manifest.json").write_text(manifest)

    assert stacks_of(assembly) == []


@pytest.mark.parametrize("file", ["../../outside.template.json", "/etc/passwd"])
def test_what_lies_outside_is_not_named(assembly: Path, file: str) -> None:
    """A manifest's templates lie in its assembly."""
    write(assembly, {"Out": stack(file), "In": stack("In.template.json")})

    assert [each.name for each in stacks_of(assembly)] == ["In"]


def test_an_assembly_in_itself_ends(assembly: Path) -> None:
    """Each of its stacks is one, however many ways lead to it."""
    write(assembly, {"Own": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}, "A": stack("A.json")})

    assert [each.name for each in stacks_of(assembly)] == ["A"]


def test_stages_that_lead_to_themselves_are_read_once(tmp_path: Path) -> None:
    """Fifty times fifty ways into the same folder are one way; a hostile manifest does not hold the command."""
    around = {f"S{n}": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}} for n in range(50)}
    write(tmp_path, {**around, "One": stack("One.template.json"), "Two": stack("One.template.json")})

    assert stacks_of(tmp_path) == [CdkStack(tmp_path / "One.template.json", "One")]


def test_what_can_be_no_files_name_is_none(tmp_path: Path) -> None:
    """A NUL, and half of a surrogate pair: no such file, and no such stack name, can be; the others are found."""
    named = stack("A.template.json", stackName="\udfff", parameters={"P": "\udfff", "Q": "x"})
    write(tmp_path, {"N": stack("a\0b"), "S": stack("\ud800.json"), "D": stack("../" * 5000), "A": named})

    assert stacks_of(tmp_path) == [CdkStack(tmp_path / "A.template.json", "A", parameters={"Q": "x"})]
