"""The stacks that cdk synth wrote, as its manifest.json tells of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from livebus.cdk_assembly import (
    CdkApplication,
    SourceParts,
    applications_of,
    assembly_of,
    parts_of,
    read_assembly,
    same_application,
    stack_of,
)
from livebus.cdk_manifest import CdkStack

STACK = "aws:cloudformation:stack"


def stacks_of(folder: Path) -> list[CdkStack]:
    """The stacks of all applications, each once."""
    return list(
        {each.template: each for application in applications_of(folder) for each in application.stacks}.values()
    )


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
        CdkStack(assembly / "Front.template.json", "front", "eu-west-1", {"P": "x"}),
        CdkStack(assembly / "Plain.template.json", "Plain"),
        CdkStack(prod, "ProdFront", "eu-central-1"),
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


def test_the_applications_of_an_assembly(assembly: Path) -> None:
    """What is deployed beside each other: by account and region; a stage's stacks with those around it of the same."""
    found = [(each.name, each.region, [stack.name for stack in each.stacks]) for each in applications_of(assembly)]

    assert found == [
        ("cdk.out", "eu-west-1", ["front"]),
        ("cdk.out", "", ["Plain"]),
        ("cdk.out/assembly-Prod", "eu-central-1", ["ProdFront"]),
    ]


def test_a_stage_has_the_stacks_around_it(assembly: Path) -> None:
    """Never those of another stage; the stacks around stages are no application of their own, where stages have them."""
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    test = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Test"}}
    write(assembly, {"P": stage, "T": test, "Shared": stack("Shared.template.json")})
    own = {
        "A": stack("A.template.json", stackName="Prod-A"),
        "B": {**stack("B.template.json"), "dependencies": ["A", 1]},
    }
    write(assembly / "assembly-Prod", own)
    write(assembly / "assembly-Test", {"A": stack("A.template.json", stackName="Test-A")})

    found = applications_of(assembly)
    assert [[each.name for each in one.stacks] for one in found] == [["Shared", "Prod-A", "B"], ["Shared", "Test-A"]]
    assert found[0].stacks[2].after == ("A",)
    assert applications_of(assembly / "assembly-Prod") == found[:1]
    assert [same_application(each) for each in found] == found
    write(assembly, {"P": stage})
    assert [same_application(each) for each in found] == [applications_of(assembly)[0], None]


@pytest.mark.parametrize("name", ["cdk.out", "dist"])
def test_no_stack_is_called_as_an_application(tmp_path: Path, name: str) -> None:
    """Letters, digits and hyphens are a stack's name."""
    write(tmp_path / name, {"A": stack("A.template.json"), "B": stack("B.template.json")})

    (application,) = applications_of(tmp_path / name)
    assert application.name == {"cdk.out": "cdk.out", "dist": "dist/"}[name]
    assert application.where == "A, B"


def test_what_has_a_rule_is_on_an_events_way(tmp_path: Path) -> None:
    """Or an API; a template that is not there has neither."""
    write(tmp_path, {"A": stack("A.template.json"), "B": stack("B.template.json")})
    (application,) = applications_of(tmp_path)
    assert not application.has_events_way
    (tmp_path / "B.template.json").write_text('{"Resources": {"R": {"Type": "AWS::Events::Rule"}}}')
    assert application.has_events_way


def test_the_assembly_that_a_folder_is_in(assembly: Path) -> None:
    """The outermost one; a folder that cdk synth did not write is in none."""
    assert [assembly_of(each) for each in (assembly, assembly / "assembly-Prod", assembly.parent)] == [
        assembly,
        assembly,
        None,
    ]


STAGE = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}


def told(folder: Path) -> list[str]:
    found = read_assembly(folder)
    assert found is not None
    assert all(each.faults == found.faults for each in found.applications)
    return [str(fault).replace(f"{folder}/", "") for fault in found.faults]


@pytest.mark.parametrize(
    ("manifest", "fault"),
    [
        (b"{", "manifest.json:1:2: not JSON: expecting property name enclosed in double quotes."),
        (b"", "manifest.json:1:1: not JSON: expecting value."),
        (b"\xff\x00", "'manifest.json' is not UTF-8 (byte 0)."),
        (b"null", "manifest.json:1:1: the manifest is null; expected an object."),
        (b"[1]", "manifest.json:1:1: the manifest is [1]; expected an object."),
        (b'{\n"artifacts": 7}', "manifest.json:2:14 (artifacts): artifacts is 7; expected an object."),
        (b"[" * 9_999, "manifest.json: not JSON that can be read: nested too deep, or a number too long."),
    ],
)
def test_a_damaged_manifest_is_told_with_its_line(assembly: Path, manifest: bytes, fault: str) -> None:
    """That of a stage beside the stacks that can be read; the outermost one instead of any."""
    (assembly / "assembly-Prod" / "manifest.json").write_bytes(manifest)
    (line,) = told(assembly)
    assert line.replace("assembly-Prod/", "").endswith(f"{fault} Run `cdk synth` again.")
    assert [each.stacks[0].name for each in applications_of(assembly)] == ["front", "Plain"]

    (assembly / "manifest.json").write_bytes(manifest)
    (line,) = told(assembly)
    assert line.endswith(f"{fault} Run `cdk synth` again.")
    assert applications_of(assembly) == []


def test_a_stage_that_is_not_there_is_told(assembly: Path) -> None:
    """Its folder, or one of the two files that each folder of an assembly has; a folder for a file is none."""
    stage = assembly / "assembly-Prod"
    found = []
    for name in ("manifest.json", "cdk.out"):
        (stage / name).unlink()
        found.append(told(assembly))
        (stage / name).mkdir()
        found.append(told(assembly))
    shutil.rmtree(stage)
    found.append(told(assembly))

    assert [[line.split(": ", 1)[0] for line in lines] for lines in found] == [
        ["assembly-Prod/manifest.json"],
        ["assembly-Prod/manifest.json"],
        ["assembly-Prod/manifest.json", "assembly-Prod/cdk.out"],
        ["assembly-Prod/manifest.json", "assembly-Prod/cdk.out"],
        ["assembly-Prod"],
    ]


def test_what_lies_beyond_a_bound_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of stacks, stages, artifacts and their depth; as a bound, which is no damage."""
    monkeypatch.setattr("livebus.cdk_manifest._MOST_ARTIFACTS", 8)
    monkeypatch.setattr("livebus.cdk_assembly._MOST_STACKS", 3)
    monkeypatch.setattr("livebus.cdk_assembly._MOST_FOLDERS", 4)
    monkeypatch.setattr("livebus.cdk_assembly._MAX_DEPTH", 2)
    stages = {name: {**STAGE, "properties": {"directoryName": name}} for name in ("one", "two")}
    folder = tmp_path
    for depth in range(4):
        stacks = {f"S{depth}{n}": stack(f"S{n}.json") for n in range(9 if depth == 0 else 4)}
        write(folder, {**stages, **stacks})
        folder /= "one"
    write(tmp_path / "two", {})
    write(tmp_path / "one" / "two", {})
    found = read_assembly(tmp_path)
    assert found is not None

    assert [each.damage for each in found.applications] == [()] * len(found.applications)
    assert sorted(line.removeprefix("manifest.json:1:1: ").split(" are read.")[0] for line in told(tmp_path)) == [
        "has 11 artifacts: only the first 8",
        "there are more than 3 stacks: only the first of them",
        "there are more than 3 stages: only the first of them",
        "there are stages in stages: only those 2 deep",
    ]


def test_two_stacks_of_one_name_are_told(tmp_path: Path) -> None:
    """AWS CDK lets two regions have one; which is read is said."""
    write(tmp_path, {"A": stack("A.json", stackName="shop"), "B": stack("B.json", stackName="shop")})

    assert told(tmp_path)[0].startswith('manifest.json:1:1: several stacks are called "shop": only the first of these')


def test_of_a_stage_the_faults_around_it_and_in_it_count(assembly: Path) -> None:
    """Not those of the stages beside it."""
    other = {**STAGE, "properties": {"directoryName": "assembly-Test"}}
    write(assembly, {"P": STAGE, "T": other, "A": {"type": STACK}})

    assert [line.split(":")[0] for line in told(assembly)] == ["manifest.json", "assembly-Test"]
    (around,) = told(assembly / "assembly-Prod")
    assert "(artifacts/A)" in around


def test_an_assembly_without_a_stack_says_so(assembly: Path) -> None:
    """What looks like none is none."""
    write(assembly, {})
    expected = (
        "there is no stack in it; expected an artifact of the type aws:cloudformation:stack. Run `cdk synth` again."
    )
    assert told(assembly) == [f"manifest.json:1:1: {expected}"]
    assert read_assembly(assembly.parent) is None


def test_one_template_is_one_stacks(tmp_path: Path) -> None:
    """The first one's, also by a link: what is read of an assembly is no more than what is in it."""
    (tmp_path / "A.json").write_text("{}")
    (tmp_path / "link.json").symlink_to("A.json")
    write(tmp_path, {f"S{number}": stack(name) for number, name in enumerate(("A.json", "A.json", "link.json"))})

    assert [each.stacks for each in applications_of(tmp_path)] == [(CdkStack(tmp_path / "A.json", "S0"),)]


def test_a_source_tells_its_own_parts(tmp_path: Path) -> None:
    """A template and an application of several alike: what is read first, where files' names go on from, what people call it."""
    template = tmp_path / "template.yaml"
    assert parts_of(template) == SourceParts(template, tmp_path, template)
    stage = tmp_path / "cdk.out" / "assembly-Prod"
    application = CdkApplication(stage, stage.parent, ())
    assert parts_of(application) == SourceParts(stage / "manifest.json", stage.parent, stage, application)
