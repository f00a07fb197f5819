"""A template on disk, and what stands around it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.files import event_files, missing, relative
from livebus.rehearsal.samples import SampleReader
from livebus.template import Environment
from livebus.template.application import Application, EventBus, Rule
from livebus.validate.config import read_config
from livebus.validate.project import Project

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def application(*buses: str, output: str = "") -> Application:
    return Application(
        stack_name="s",
        region="eu-west-1",
        account="1",
        buses=tuple(EventBus(name, f"arn:{name}") for name in buses),
        rules=tuple(Rule(name, f"arn:{name}", name, f'{{"source": ["{name}"]}}', name) for name in buses),
        apis=(),
        user_pools=(),
        queues=(),
        outputs={"EventBusName": output} if output else {},
        parameters={},
    )


@pytest.mark.parametrize(
    ("output", "source", "bus"), [("", "b", "b"), ("", "none", "a"), ("b", "a", "b"), ("gone", "b", "b")]
)
def test_the_bus_of_an_event_that_names_none(output: str, source: str, bus: str) -> None:
    """The Output's; else the first that has a rule for it; else the first."""
    Path("e.json").write_text(f'{{"source": "{source}", "detail-type": "t", "detail": {{}}}}')
    reader = SampleReader(application("a", "b", output=output), NOW)
    reader.read(Path("e.json").read_bytes, "e.json")
    (sample,) = reader.result.samples

    assert bus == sample.event.bus
    assert (
        sample.file,
        sample.index,
        sample.event.envelope["region"],
        sample.event.envelope["time"],
    ) == ("e.json", 0, "eu-west-1", "2026-01-01T00:00:00Z")


def test_event_files_are_in_the_order_of_their_names() -> None:
    """JSON and NDJSON directly in the folder; none where there is no folder."""
    Path("events", "below").mkdir(parents=True)
    for name in ("b.json", "a.ndjson", "c.md", "below/d.json"):
        Path("events", name).write_text("{}")

    assert [path.name for path in event_files(Path("events"))] == ["a.ndjson", "b.json"]
    assert event_files(Path("nowhere")) == []


def test_files_of_the_template_are_looked_for_beside_it() -> None:
    """And their names lead to where they are."""
    Path("app").mkdir()
    Path("app", "schema.graphql").write_text("type Query")
    project = Project(Path("app", "template.yaml"))

    assert project.read_named("./schema.graphql") == "type Query"
    assert project.shown("./schema.graphql") == "app/schema.graphql"
    with pytest.raises(LivebusError, match=r"'schema.grafql' is not there. Did you mean 'schema.graphql'\?"):
        project.read_named("schema.grafql")


def test_assets_of_cdk_are_found() -> None:
    """By the manifest, whatever the file is called, or by its name."""
    Path("Stack.assets.json").write_text(
        '{"files": {"aa": {"source": {"path": "asset.aa/code.js"}, "destinations": {"x": {"objectKey": "aa.js"}}}}}'
    )
    Path("Other.assets.json").write_text("[]")
    Path("asset.aa").mkdir()
    Path("asset.aa", "code.js").write_text("by the manifest")
    Path("asset.bb.js").write_text("by its name")
    project = Project(Path("Stack.template.json"))

    assert project.read_named("s3://cdk-assets-123/aa.js") == "by the manifest"
    assert project.read_named("s3://cdk-assets-123/bb.js") == "by its name"
    with pytest.raises(LivebusError, match="lies in S3; expected a file beside the template"):
        project.read_named("s3://bucket/cc.js")


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, ("orders", "eu-west-1")), ({"stack_name": "x", "region": "us-west-2"}, ("x", "us-west-2"))],
)
def test_the_environment_is_samconfig_s(given: dict[str, str], expected: tuple[str, str]) -> None:
    """What is given goes before it; without it there are defaults."""
    project = Project(Path("template.yaml"))
    assert project.environment() == Environment()

    Path("samconfig.toml").write_text('[default.global.parameters]\nstack_name = "orders"\nregion = "eu-west-1"\n')
    environment = project.environment(**given)
    assert expected == (environment.stack_name, environment.region)


def test_the_environment_is_that_of_the_manifest() -> None:
    """AWS CDK's own, before samconfig.toml, which is another template's; what is given goes before both."""
    Path("cdk.out").mkdir()
    Path("cdk.out", "cdk.out").write_text("{}")
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://1/eu-north-1",
        "properties": {"templateFile": "A.template.json", "stackName": "harbour", "parameters": {"Size": "2"}},
    }
    Path("cdk.out", "manifest.json").write_text(json.dumps({"artifacts": {"A": stack}}))
    Path("samconfig.toml").write_text('[default.global.parameters]\nstack_name = "orders"\nregion = "eu-west-1"\n')
    project = Project(Path("cdk.out", "A.template.json"), samconfig=Path("samconfig.toml"))

    found = project.environment()
    assert (found.stack_name, found.region, found.overrides) == ("harbour", "eu-north-1", {"Size": "2"})
    assert project.environment(stack_name="x").stack_name == "x"


def test_nested_templates_are_opened_by_path_or_asset() -> None:
    """Places call an asset by its file, and not by the URL that nobody can open."""
    Path("Stack.assets.json").write_text(
        '{"files": {"aa": {"source": {"path": "N.nested.template.json"}, "destinations": {"x": {"objectKey": "aa.json"}}}}}'
    )
    Path("N.nested.template.json").write_text("{}")
    project = Project(Path("Stack.template.json"))

    opened = project.open_template("https://s3.eu-west-1.amazonaws.com/assets/aa.json")
    assert opened == ("N.nested.template.json", "{}")
    assert project.open_template("N.nested.template.json") == opened
    assert project.shown("N.nested.template.json") == "N.nested.template.json"
    with pytest.raises(LivebusError, match="lies in S3"):
        project.open_template("https://s3.eu-west-1.amazonaws.com/assets/bb.json")


def test_a_configuration_is_looked_for_beside_the_template_first() -> None:
    """Then in the working directory; paths in it are relative to it."""
    Path("app").mkdir()
    project = Project(Path("app", "template.yaml"))
    assert project.config().ignore == ()

    Path(".livebus.toml").write_text('[validate]\nundelivered = ["held"]\n')
    assert project.config().undelivered == (Path("held"),)
    Path("app", ".livebus.toml").write_text('[validate]\nundelivered = ["held"]\n')
    assert project.config().undelivered == (Path("app", "held"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[validate", "not TOML"),
        ("validate = 1", "validate is 1; expected a table"),
        ('[validate]\nundelivered = "held"', "undelivered is 'held'; expected a list of paths"),
        ('[validate]\nignore = ["W9101"]', "'W9101'; expected { id"),
        ('[validate]\nignore = [{ id = "W9101", reason = " " }]', "A reason is required."),
    ],
)
def test_a_configuration_that_is_wrong_is_told(text: str, message: str) -> None:
    """With the file's name."""
    Path(".livebus.toml").write_text(text)
    with pytest.raises(LivebusError) as raised:
        read_config(Path(".livebus.toml"))

    assert str(raised.value).startswith(".livebus.toml")
    assert message in str(raised.value)


def test_paths_are_shown_as_short_as_they_can_be(tmp_path: Path) -> None:
    """Relative to the working directory below it, and as they are elsewhere."""
    assert relative(tmp_path / "a" / "b.json") == "a/b.json"
    assert relative(tmp_path.parent / "b.json") == str(tmp_path.parent / "b.json")


def test_what_is_not_there_is_told_with_what_is_meant() -> None:
    """A file or a folder."""
    Path("sample.json").write_text("{}")

    assert missing(Path("sample.json")) == []
    (fault,) = missing(Path("smple.json"))
    assert fault.advice == "Did you mean 'sample.json'?"
    (fault,) = missing(Path("nowhere", "x.json"))
    assert fault.advice == "There is no folder 'nowhere'."
