"""The application's files: what is read, what counts as changed, what cannot be read."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from livebus.cdk_assembly import applications_of
from livebus.errors import InvalidTemplate, LivebusError
from livebus.runtime.application_files import ApplicationFiles
from livebus.template import Environment
from support.application import change, copied

ASSEMBLIES = Path(__file__).parents[2] / "foreign" / "assemblies"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return copied(tmp_path / "app")


def files_of(template: Path) -> ApplicationFiles:
    return ApplicationFiles.of(template, Environment("livebus", "us-east-1", endpoint="http://127.0.0.1:1"), {})


def touch(path: Path) -> None:
    """Another time of change, whatever the file system's resolution."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def test_the_line_is_compiled_from_all_files(template: Path) -> None:
    """Template, schema and resolver make one line; nothing has changed since."""
    files = files_of(template)
    line, resources, _ = files.load()
    assert resources.get("PublishRule") is not None
    assert list(line.apis) == ["GraphQLApi"]
    assert not files.changed()


@pytest.mark.parametrize("name", ["template.yaml", "schema.graphql", "resolvers/publishMsgFromEB.js"])
def test_a_written_or_removed_file_is_a_change(template: Path, name: str) -> None:
    """Each file that the application is read from is looked at; loading again settles it."""
    files = files_of(template)
    files.load()
    touch(template.parent / name)
    assert files.changed()
    files.load()
    assert not files.changed()
    (template.parent / name).unlink()
    assert files.changed()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'msg: [prefix: ""]',
            'msg: [prefx: ""]',
            (
                "template.yaml:63:24 (Resources/PublishRule/Properties/EventPattern/detail/msg/0/prefx): Event pattern is not "
                "valid. Reason: Unrecognized match type prefx. Did you mean 'prefix'?"
            ),
        ),
        (
            "source: [!Ref EventSource]\n        detail:",
            "source: x\n        detail:",
            (
                "template.yaml:59:17 (Resources/PublishRule/Properties/EventPattern/source): Event pattern is not valid. Reason: "
                '"source" must be an object or an array. Write the values in a list: source: […].'
            ),
        ),
    ],
)
def test_a_refused_pattern_is_told_where_it_is_refused(template: Path, old: str, new: str, expected: str) -> None:
    """With the line of the member that is wrong and what to write, at the first load and at each later one."""
    files = files_of(template)
    files.load()
    change(template, old, new)

    for reading in (files, files_of(template)):
        with pytest.raises(InvalidTemplate) as refused:
            reading.load()
        assert str(refused.value).replace(f"{template.parent}/", "") == expected


def test_a_stack_that_comes_to_the_only_one_is_told(tmp_path: Path) -> None:
    """It does not run: what is run together is known at the start. Who ran one of several is told nothing."""
    assembly = Path(shutil.copytree(ASSEMBLIES / "four-stacks", tmp_path / "cdk.out"))
    manifest = assembly / "manifest.json"
    several = json.loads(manifest.read_text(encoding="utf-8"))
    one = {**several, "artifacts": {"Bus": several["artifacts"]["Bus"]}}
    manifest.write_text(json.dumps(one), encoding="utf-8")
    files = files_of(assembly / "Bus.template.json")
    files.load()
    assert files.damage == ()

    manifest.write_text(json.dumps(several), encoding="utf-8")
    assert files.changed()
    files.load()
    assert [str(fault).replace(f"{tmp_path}/", "") for fault in files.damage] == [
        (
            "cdk.out/manifest.json: there is more than the stack of 'Bus.template.json' now: Api, Rules, Users do not run. "
            "End `livebus local` and start it again: it runs them together."
        )
    ]
    manifest.write_text(json.dumps(one), encoding="utf-8")
    files.load()
    assert files.damage == ()

    manifest.write_text(json.dumps(several), encoding="utf-8")
    of_several = files_of(assembly / "Bus.template.json")
    of_several.load()
    of_several.load()
    assert of_several.damage == ()


def test_a_damaged_stage_of_an_assembly_is_looked_at_until_it_is_mended(tmp_path: Path) -> None:
    """Its manifest is told with the line, and counts as a file of the application; templates have their paths in front."""
    assembly = Path(shutil.copytree(ASSEMBLIES / "two-stages", tmp_path / "cdk.out"))
    prod = next(each for each in applications_of(assembly) if each.name.endswith("assembly-Prod"))
    files = ApplicationFiles.of(prod.manifest, Environment("s", "us-east-1"), {}, application=prod)
    files.load()
    beta = assembly / "assembly-Beta" / "manifest.json"
    sound = beta.read_text()
    beta.write_text("{")
    assert files.changed()
    with pytest.raises(
        LivebusError, match=r"cdk\.out/assembly-Beta/manifest\.json:1:2: not JSON: .*Run `cdk synth` again"
    ):
        files.load()
    assert not files.changed()
    beta.write_text(sound)
    assert files.changed()
    files.load()
    assert not files.changed()

    template = assembly / "assembly-Prod" / "ProdApi.template.json"
    template.write_text("{")
    with pytest.raises(InvalidTemplate, match=rf"^{template}:1:2: not valid YAML"):
        files.load()
    template.unlink()
    with pytest.raises(InvalidTemplate, match=rf"^{template}: '{template}' is not there\. Run `cdk synth` again\.$"):
        files.load()
    shutil.rmtree(assembly)
    with pytest.raises(LivebusError, match=r"'cdk\.out/assembly-Prod' is not there\. `cdk synth` makes it\."):
        files.load()


def test_a_file_beside_it_is_no_change(template: Path) -> None:
    """What the template does not name is not looked at."""
    files = files_of(template)
    files.load()
    (template.parent / "other.graphql").write_text("type Query { a: Int }")
    assert not files.changed()


def test_after_a_fault_the_mended_file_is_a_change(template: Path) -> None:
    """A broken file is loaded again when it is written again, and not before."""
    files = files_of(template)
    files.load()
    change(template.parent / "schema.graphql", "type Mutation {", "type Mutation {{")
    with pytest.raises(InvalidTemplate):
        files.load()
    assert not files.changed()
    change(template.parent / "schema.graphql", "{{", "{")
    touch(template.parent / "schema.graphql")
    assert files.changed()
    files.load()


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe", "is not UTF-8 (byte 0)"), (b" " * (8 * 1024 * 1024 + 1), "more than 8388608")]
)
def test_a_file_that_cannot_be_read_is_a_fault(template: Path, content: bytes, words: str) -> None:
    """Other encodings and files without an end are named."""
    template.write_bytes(content)
    with pytest.raises(LivebusError) as refused:
        files_of(template).load()
    assert words in str(refused.value)


def test_a_template_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(LivebusError) as refused:
        files_of(tmp_path / "none.yaml").load()
    assert str(tmp_path / "none.yaml") in str(refused.value)


def test_an_asset_of_cdk_is_read_where_it_lies_beside(tmp_path: Path) -> None:
    """A place in S3 that cdk deploy would fill is a file of cdk.out, and looked at for changes; others are told."""
    template = copied(tmp_path / "app")
    change(template, "./resolvers/publishMsgFromEB.js", "s3://cdk-assets/aa.js")
    (template.parent / "asset.aa.js").write_bytes((template.parent / "resolvers" / "publishMsgFromEB.js").read_bytes())
    files = files_of(template)
    files.load()
    assert not files.changed()
    touch(template.parent / "asset.aa.js")
    assert files.changed()

    (template.parent / "asset.aa.js").unlink()
    with pytest.raises(InvalidTemplate, match=r"'s3://cdk-assets/aa.js' lies in S3; expected .* an asset of cdk.out"):
        files.load()
