"""Assets of cdk synth, found by where cdk deploy would put them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livebus.cdk_assets import asset_of, is_in_s3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "aa": {"source": {"path": "asset.aa"}, "destinations": {"d": {"objectKey": "some/prefix-aa.zip"}}},
        "bb": {"source": {"path": "asset.bb/x.js"}, "destinations": {"d": {"objectKey": "bb.js"}}},
    }
    (tmp_path / "Stack.assets.json").write_text(json.dumps({"version": "1", "files": files}))
    return tmp_path


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://cdk-assets-123-eu-west-1/bb.js", "asset.bb/x.js"),
        ("bb.js", "asset.bb/x.js"),
        ("s3://other/aa.zip", "asset.aa"),  # by its digest
        ("s3://other/cc.js", ""),
        ("", ""),
    ],
)
def test_manifests_tell(folder: Path, location: str, expected: str) -> None:
    """By the object's key, or by the digest that it begins with, whatever the bucket is called."""
    assert asset_of(folder, location) == expected


@pytest.mark.parametrize("broken", ["[]", "{}", '{"files": {"aa": 1}}', '{"files": [', "[" * 100_000])
def test_a_manifest_of_another_kind_is_passed_over(folder: Path, broken: str) -> None:
    """What stands in others counts."""
    (folder / "A.assets.json").write_text(broken)
    assert asset_of(folder, "bb.js") == "asset.bb/x.js"


def test_without_a_manifest_names_tell(tmp_path: Path) -> None:
    """CDK calls a file by its digest."""
    (tmp_path / "asset.cc.js").write_text("")
    assert asset_of(tmp_path, "s3://b/cc.js") == "asset.cc.js"


def test_places_in_s3_are_known() -> None:
    """Other names are files beside the template."""
    assert [is_in_s3("s3://b/k"), is_in_s3("./s3/k")] == [True, False]


def test_the_manifests_of_stages_tell(folder: Path) -> None:
    """Their paths go on from the stage's folder; what is found goes on from the assembly's."""
    stage = folder / "assembly-Prod" / "assembly-Prod-Inner"
    stage.mkdir(parents=True)
    dd = {"source": {"path": "../../asset.dd"}, "destinations": {"d": {"objectKey": "dd.zip"}}}
    (stage / "A.assets.json").write_text(json.dumps({"files": {"dd": dd}}))
    ee = {"source": {"path": "A.nested.template.json"}, "destinations": {"d": {"objectKey": "ee.json"}}}
    (stage.parent / "B.assets.json").write_text(json.dumps({"files": {"ee": ee}}))

    assert asset_of(folder, "dd.zip") == "asset.dd"
    assert asset_of(folder, "ee.json") == "assembly-Prod/A.nested.template.json"
    assert asset_of(stage, "dd.zip") == "../../asset.dd"
