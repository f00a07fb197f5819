"""One manifest of a cloud assembly: what it names, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livebus.cdk_manifest import CdkStack, read_manifest
from livebus.files import Root

STACK = "aws:cloudformation:stack"
STAGE = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}


def stack(file: str) -> dict[str, Any]:
    return {"type": STACK, "environment": "aws://unknown-account/unknown-region", "properties": {"templateFile": file}}


def write(folder: Path, artifacts: Any) -> None:
    (folder / "cdk.out").write_text("{}")
    (folder / "manifest.json").write_text(json.dumps({"version": "45.0.0", "artifacts": artifacts}))


def test_stacks_and_stages_in_the_manifest_s_order(tmp_path: Path) -> None:
    """Without what is of other kinds."""
    write(tmp_path, {"B": stack("B.json"), "P": STAGE, "T": {"type": "cdk:tree"}, "A": stack("A.json")})

    found = read_manifest(tmp_path, Root(tmp_path))
    assert found.named == (
        CdkStack(tmp_path / "B.json", "B"),
        tmp_path / "assembly-Prod",
        CdkStack(tmp_path / "A.json", "A"),
    )
    assert found.faults == ()


@pytest.mark.parametrize(
    ("artifact", "fault"),
    [
        (stack("../../a.json"), ':1:165 (artifacts/A/properties/templateFile): "../../a.json" lies outside of the'),
        (
            {"type": STACK, "properties": {"templateFile": 7}},
            "(artifacts/A/properties/templateFile): templateFile is 7;",
        ),
        ({"type": STACK, "properties": {}}, '(artifacts/A/properties): "A" has no templateFile; expected the path'),
        ({"type": STACK}, '(artifacts/A): "A" has no properties; expected an object with templateFile'),
        ({"type": STACK, "properties": [7]}, '(artifacts/A): "A" has the properties [7]; expected an object'),
        (7, '(artifacts/A): artifact "A" is 7; expected an object.'),
        ({**STAGE, "properties": {"directoryName": None}}, "directoryName): directoryName is null; expected the path"),
    ],
)
def test_an_artifact_that_cannot_be_what_it_says_is_told(tmp_path: Path, artifact: Any, fault: str) -> None:
    """By name, at its line; the others are read. What is neither a stack nor a stage is nothing to tell of."""
    write(tmp_path, {"A": artifact, "B": stack("B.template.json"), "T": {"type": "cdk:tree"}})

    manifest = read_manifest(tmp_path, Root(tmp_path))
    (line,) = map(str, manifest.faults)
    assert line.startswith(f"{tmp_path}/manifest.json:1:")
    assert fault in line
    assert manifest.named == (CdkStack(tmp_path / "B.template.json", "B"),)


def test_many_wrong_artifacts_are_counted(tmp_path: Path) -> None:
    """Nobody reads a thousand lines of one manifest."""
    write(tmp_path, {f"A{n}": 7 for n in range(1_000)})

    lines = [str(each) for each in read_manifest(tmp_path, Root(tmp_path)).faults]
    assert len(lines) == 11
    assert "990 more artifacts are like these" in lines[-1]
