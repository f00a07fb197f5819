"""The folder that a command works in."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.cli.folder import Folder, NoTemplate, beside, find
from livebus.errors import LivebusError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory two folders below an application's, in somebody's home."""
    home = tmp_path / "home"
    deep = home / "shop" / "events" / "old"
    deep.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(deep)
    return deep


@pytest.mark.parametrize(
    "mark", ["template.yaml", "template.yml", "template.json", "samconfig.toml", ".livebus", "cdk.json"]
)
def test_the_nearest_folder_with_an_application_counts(here: Path, mark: str) -> None:
    """From the working directory upwards, as git does it."""
    shop = here.parents[1]
    (shop / mark).touch()
    assert find() == Folder(shop)
    (here / "samconfig.toml").touch()
    assert find() == Folder(Path())


def test_without_an_application_it_is_the_working_directory(here: Path) -> None:
    """The home folder is not looked into, nor what is above it."""
    for above in (here.parents[2], here.parents[3]):
        (above / "template.yaml").touch()
    assert find() == Folder(Path())


def test_a_repository_ends_the_search(here: Path) -> None:
    """Its own folder is the last that is looked into."""
    shop, events = here.parents[1], here.parent
    (shop / "template.yaml").touch()
    (events / ".git").mkdir()
    assert find() == Folder(Path())
    (events / ".git").rmdir()
    (shop / ".git").mkdir()
    assert find() == Folder(shop)


def test_a_strangers_file_does_not_count(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's template above the working directory decides nothing."""
    (here.parents[1] / "template.yaml").touch()
    owner = here.stat().st_uid
    monkeypatch.setattr("os.getuid", lambda: owner + 1)
    monkeypatch.setattr("livebus.cli.folder._ROOT", owner + 2)
    assert find() == Folder(Path())


def test_the_template_is_samconfigs_then_the_first_of_the_names(here: Path) -> None:
    """YAML before JSON; what samconfig.toml names before both; what `sam build` made where it is asked for."""
    folder = Folder(Path())
    for name in ("template.json", "template.yml", "template.yaml"):
        Path(name).touch()
        assert folder.template() == Path(name)
    Path("samconfig.toml").write_text('[default.deploy.parameters]\ntemplate_file = "other.yaml"\n')
    with pytest.raises(NoTemplate) as missing:
        folder.template()
    assert str(missing.value) == "other.yaml: 'other.yaml' is not there. samconfig.toml names it as template_file."
    Path("other.yaml").touch()
    assert folder.template() == Path("other.yaml")
    built = Path(".aws-sam", "build", "template.yaml")
    with pytest.raises(NoTemplate, match=r"'.aws-sam/build/template.yaml' is not there. `sam build` makes it."):
        folder.template(built=True)
    built.parent.mkdir(parents=True)
    built.touch()
    assert folder.template(built=True) == built


def test_an_environment_has_its_own_template(here: Path) -> None:
    """--config-env chooses; one that is not there is told."""
    Path("samconfig.toml").write_text('[dev.deploy.parameters]\ntemplate_file = "dev.yaml"\n')
    Path("dev.yaml").touch()
    assert Folder(Path()).template("dev") == Path("dev.yaml")
    with pytest.raises(
        LivebusError, match=r"^samconfig.toml: no configuration environment 'deb'; .* Did you mean 'dev'\?$"
    ):
        Folder(Path()).template("deb")


def test_no_template_says_what_was_looked_for(here: Path) -> None:
    """And how to make one."""
    with pytest.raises(NoTemplate) as raised:
        find().template()
    assert str(raised.value) == (
        "no template here; expected template.yaml, template.yml, template.json, template_file in samconfig.toml, "
        "or cdk.json with the cdk.out that `cdk synth` writes. "
        "--template names another one; `livebus new DIR` makes an application."
    )


def test_a_template_that_is_named_brings_its_samconfig(here: Path) -> None:
    """The one beside it; where none is, that of the folder that one stands in."""
    other = here.parents[1]
    assert beside(other / "template.yaml") == Folder(Path())
    (other / "samconfig.toml").touch()
    assert beside(other / "template.yaml") == Folder(other)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("[", "1:2: not JSON: expecting value"),
        ("", "1:1: not JSON: expecting value"),
        ("[1]", "1:1: cdk.json is [1]; expected an object"),
        ('{\n  "output": 7}', "2:13 (output): output is 7; expected the path of a folder"),
        ('{"output": ["built"]}', '1:2 (output): output is ["built"]; expected the path of a folder'),
    ],
)
def test_a_damaged_cdk_json_is_told_with_its_line(here: Path, settings: str, told: str) -> None:
    """AWS CDK would not begin with it either; that there is a cdk.out is nothing to go on with."""
    shop = here.parents[1]
    (shop / "cdk.out").mkdir()
    for name in ("cdk.out", "manifest.json"):
        (shop / "cdk.out" / name).touch()
    (shop / "cdk.json").write_text(settings)
    with pytest.raises(LivebusError) as raised:
        find().template()
    assert str(raised.value) == f"{shop}/cdk.json:{told}"


def test_an_application_of_cdk_is_what_it_synthesised(here: Path) -> None:
    """cdk.out, or the folder that cdk.json names; before `cdk synth` it is missed, and a template counts before it."""
    shop = here.parents[1]
    (shop / "cdk.json").write_text("{}")
    with pytest.raises(NoTemplate) as raised:
        find().template()
    assert str(raised.value) == f"{shop}/cdk.out: '{shop}/cdk.out' is not there. `cdk synth` makes it."
    for name, settings in (("cdk.out", "{}"), ("built", '{"output": "built"}')):
        (shop / name).mkdir(exist_ok=True)
        (shop / name / "cdk.out").touch()
        (shop / name / "manifest.json").touch()
        (shop / "cdk.json").write_text(settings)
        assert find().template() == shop / name
    (shop / "template.yaml").touch()
    assert find().template() == shop / "template.yaml"


def test_the_folder_of_what_cdk_synthesised_is_that_around_it(here: Path) -> None:
    """Its samconfig.toml counts for each template in it."""
    other = here / "other"
    (other / "cdk.out").mkdir(parents=True)
    (other / "samconfig.toml").touch()
    assert beside(other / "cdk.out" / "A.template.json") == find()
    (other / "cdk.out" / "cdk.out").touch()
    (other / "cdk.out" / "manifest.json").touch()
    assert beside(other / "cdk.out" / "A.template.json").path.resolve() == other
