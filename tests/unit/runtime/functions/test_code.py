"""Where the code of a function is found, and what is refused by name."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.runtime.functions.code import CodeStore
from livebus.runtime.functions.unpacking import MAX_UNPACKED
from livebus.template.application import Function, FunctionCode, Layer
from support.functions import function

SOURCE = "def h(e, c): return 1\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


def store(tmp_path: Path, told: list[str] | None = None) -> CodeStore:
    return CodeStore(tmp_path / "unpacked", (told if told is not None else []).append)


def found(tmp_path: Path, template: Path | None, made: Function, objects: Any = None) -> Path:
    return store(tmp_path).find(made, template, objects or {}).folder


def refused(tmp_path: Path, template: Path | None, made: Function, objects: Any = None) -> str:
    with pytest.raises(LivebusError) as caught:
        found(tmp_path, template, made, objects)
    return str(caught.value)


def zipped(files: dict[str, str], file: Path | io.BytesIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def at(path: str, **members: Any) -> Function:
    return function("app.h", path=path, **members)


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_folder_runs_where_it_lies(tmp_path: Path, template: Path) -> None:
    """A path is relative to the template."""
    (template / "src").mkdir()
    assert found(tmp_path, template, at("src/")) == (template / "src").resolve()


def test_a_zip_file_is_unpacked(tmp_path: Path, template: Path) -> None:
    """Into the runtime's own folder; another content is another folder."""
    zipped({"app.py": SOURCE, "lib/x.py": ""}, template / "f.zip")
    folder = found(tmp_path, template, at("f.zip"))
    assert sorted(str(each.relative_to(folder)) for each in folder.rglob("*.py")) == ["app.py", "lib/x.py"]
    assert folder.is_relative_to(tmp_path / "unpacked")
    zipped({"app.py": SOURCE * 2}, template / "f.zip")
    assert found(tmp_path, template, at("f.zip")) != folder


def test_inline_code_is_a_file_named_index(tmp_path: Path) -> None:
    """As CloudFormation makes it, by the runtime's language."""
    for runtime, name in (("python3.12", "index.py"), ("nodejs22.x", "index.js")):
        folder = found(tmp_path, None, function("index.h", runtime, code=FunctionCode(inline=SOURCE)))
        assert [each.name for each in folder.iterdir()] == [name]
        assert (folder / name).read_text() == SOURCE


def test_an_object_of_s3_is_unpacked(tmp_path: Path) -> None:
    """What a deployment uploaded."""
    body = io.BytesIO()
    zipped({"app.py": SOURCE}, body)
    made = function("app.h", code=FunctionCode(bucket="b", key="k"))
    folder = found(tmp_path, None, made, {("b", "k"): body.getvalue()})
    assert (folder / "app.py").read_text() == SOURCE


def test_what_sam_built_runs_while_it_is_not_older(tmp_path: Path, template: Path) -> None:
    """A newer source runs instead and that is told, but where the source has to be built first."""
    built, source = template / ".aws-sam" / "build" / "Fn", template / "src"
    for folder, seconds in ((built, 200), (source, 100)):
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(SOURCE)
        os.utime(folder / "app.py", (seconds, seconds))
    assert found(tmp_path, template, at("src")) == built.resolve()
    os.utime(source / "app.py", (300, 300))
    told: list[str] = []
    assert store(tmp_path, told).find(at("src"), template, {}).folder == source.resolve()
    assert told == ["function fn: src is newer than .aws-sam/build/Fn: the source runs; see sam build"]
    assert found(tmp_path, template, at("src", needs_build=True)) == built.resolve()


def test_cdks_assets_are_found(tmp_path: Path, template: Path) -> None:
    """By the path in the resource's metadata, or by the object's key in a manifest beside the template."""
    (template / "asset.abc").mkdir()
    manifest = {"files": {"abc": {"source": {"path": "asset.abc"}, "destinations": {"d": {"objectKey": "abc.zip"}}}}}
    (template / "Stack.assets.json").write_text(json.dumps(manifest))
    (template / "Broken.assets.json").write_text("[]")
    for code in (
        FunctionCode(bucket="b", key="x.zip", asset="asset.abc"),
        FunctionCode(bucket="b", key="abc.zip"),
    ):
        assert found(tmp_path, template, function("app.h", code=code)) == (template / "asset.abc").resolve()


def test_layers_have_folders_of_their_own(tmp_path: Path, template: Path) -> None:
    """Each layer is found as code is."""
    for name in ("src", "layer"):
        (template / name).mkdir()
    made = at("src", layers=(Layer("arn:l", FunctionCode(path="layer"), "L"),))
    assert store(tmp_path).find(made, template, {}).layers == ((template / "layer").resolve(),)


# --- refusals -------------------------------------------------------------------------------------------------------


def test_code_outside_of_the_templates_folder(tmp_path: Path, template: Path) -> None:
    """By a path, by a link that is the folder, by a link in it: refused with its name."""
    (tmp_path / "outside").mkdir()
    (template / "link").symlink_to(tmp_path / "outside")
    (template / "src").mkdir()
    (template / "src" / "data").symlink_to(tmp_path / "outside")
    assert refused(tmp_path, template, at("../outside")).startswith(
        f"../outside: '../outside' lies outside of {template}"
    )
    assert refused(tmp_path, template, at("link")).startswith(f"link: 'link' lies outside of {template}")
    assert refused(tmp_path, template, at("src")).startswith(
        f"data: 'data' is a link to {tmp_path / 'outside'}, outside"
    )
    (template / "src" / "data").unlink()
    (template / "src" / "data").symlink_to(template)
    assert found(tmp_path, template, at("src")) == (template / "src").resolve()


def test_links_of_virtual_environments_and_hidden_folders_are_not_code(tmp_path: Path, template: Path) -> None:
    """A CodeUri of "." has them beside the source."""
    for name in (".hidden", "venv"):
        (template / name).mkdir()
        (template / name / "python").symlink_to("/usr/bin/env")
    (template / "venv" / "pyvenv.cfg").touch()
    assert found(tmp_path, template, at(".")) == template.resolve()


def test_code_that_is_not_there(tmp_path: Path, template: Path) -> None:
    """A folder, an object, a build: each told with where it was looked for."""
    made = function("app.h", code=FunctionCode(bucket="b", key="k"))
    assert refused(tmp_path, template, at("src")) == (
        f"src: 'src' is not there. Looked for {template / 'src'}; see CodeUri or Code in the template."
    )
    assert refused(tmp_path, None, made).startswith("the code of 'fn', s3://b/k, is not there")
    assert refused(tmp_path, None, at("src")).startswith(
        "the code of 'fn' is 'src', beside a template that was deployed"
    )
    assert refused(tmp_path, template, at("src", needs_build=True)).endswith("Run sam build.")


FILE = 0o100644


def entry(name: str, mode: int = FILE) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("entries", "found_words"),
    [
        ([("../x.py", FILE)], "has the entry '../x.py', which leaves the folder"),
        ([("/etc/x.py", FILE)], "has the entry '/etc/x.py', which leaves the folder"),
        ([("link", 0o120777)], "has the symbolic link 'link'; links are not unpacked"),
        ([(f"f{n}", FILE) for n in range(50_001)], "has 50001 entries; expected at most 50000"),
    ],
)
def test_archives_that_reach_too_far(
    tmp_path: Path, template: Path, entries: list[tuple[str, int]], found_words: str
) -> None:
    """Nothing of them is unpacked."""
    with zipfile.ZipFile(template / "f.zip", "w") as archive:
        for name, mode in entries:
            archive.writestr(entry(name, mode), b"")
    assert refused(tmp_path, template, at("f.zip")) == f"f.zip: 'f.zip' {found_words}"
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_an_archive_that_grows_too_large(tmp_path: Path, template: Path) -> None:
    """More than Lambda's 250 MB unpacked, from a few hundred KB."""
    with zipfile.ZipFile(template / "f.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as file:
        for _ in range(MAX_UNPACKED // 1_048_576 + 1):
            file.write(bytes(1_048_576))
    assert refused(tmp_path, template, at("f.zip")) == (f"f.zip: 'f.zip' has more than {MAX_UNPACKED} bytes unpacked")
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_file_that_is_no_archive(tmp_path: Path, template: Path) -> None:
    """Told as such."""
    (template / "f.zip").write_text("text")
    assert refused(tmp_path, template, at("f.zip")).startswith("f.zip: 'f.zip' is not a zip file that can be unpacked")


# --- changes --------------------------------------------------------------------------------------------------------


def test_changes_are_seen(tmp_path: Path, template: Path) -> None:
    """A file that is written, made or removed; not what lies in hidden folders and among dependencies."""
    source = template / "src"
    (source / "node_modules").mkdir(parents=True)
    (source / "app.py").write_text(SOURCE)
    looking = store(tmp_path)

    def stamp() -> object:
        return looking.find(at("src"), template, {}).stamp

    stamps = [stamp()]
    for change in (
        lambda: (source / "app.py").write_text(SOURCE * 2),
        (source / "new.py").touch,
        (source / "new.py").unlink,
    ):
        change()
        stamps.append(stamp())
    assert [stamps.index(each) for each in stamps] == [0, 1, 2, 1]
    (source / "node_modules" / "x.js").touch()
    assert stamp() == stamps[-1]
