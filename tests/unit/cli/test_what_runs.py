"""What a local runtime is to run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livebus.cdk_assembly import applications_of
from livebus.cli import commands
from livebus.cli.what_runs import named, with_manifest
from livebus.runtime.settings import Settings
from livebus.stack.samconfig import DeployConfig

ASSEMBLIES = Path(__file__).parents[2] / "foreign" / "assemblies"
DEPLOY = DeployConfig("sam", "us-east-2", "", "", {"P": "sam", "Q": "sam"})


def test_what_the_manifest_says_counts_before_samconfig(tmp_path: Path) -> None:
    """Of one stack its name, region and values; of an application of several its own name and the region of all."""
    (tmp_path / "cdk.out").touch()
    properties = {"templateFile": "A.template.json", "stackName": "harbour", "parameters": {"P": "cdk"}}
    artifact = {"type": "aws:cloudformation:stack", "environment": "aws://1/eu-north-1", "properties": properties}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"A": artifact}}))
    one = with_manifest(DEPLOY, tmp_path / "A.template.json")
    (application,) = applications_of(ASSEMBLIES / "spelt-out-names")
    several = with_manifest(DEPLOY, application)

    assert (one.stack_name, one.region, one.parameter_overrides) == ("harbour", "eu-north-1", {"P": "cdk", "Q": "sam"})
    assert (several.stack_name, several.region) == ("spelt-out-names/", "eu-west-1")
    assert several.parameter_overrides == DEPLOY.parameter_overrides
    assert with_manifest(DEPLOY, tmp_path / "other.yaml") is with_manifest(DEPLOY, None) is DEPLOY


def test_what_runs_is_named_with_its_stacks() -> None:
    """As whoever started it reads it."""
    (application,) = applications_of(ASSEMBLIES / "two-stacks")
    state = Path("state")
    whole = Settings(application.manifest, state, application=application, stack_name=application.name)

    assert named(whole)[1] == "stacks Api, Bus, Users as manifest.json names them"
    assert named(Settings(None, state)) == ("nothing yet", "stack livebus")
    assert named(Settings(Path("template.yaml"), state)) == ("template.yaml", "stack livebus")


def test_a_template_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    """With the flag, or without it."""
    assert commands.main(["local", "--port", "0", "a.yaml", "--template", "b.yaml"]) == 2
    assert capsys.readouterr().err == "error: a template is named twice: with --template, and without\n"
    assert commands.main(["local", "--port", "0", "none.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error: none.yaml: 'none.yaml' is not there")


def test_several_templates_are_no_application(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names them is told how several stacks run together; the same one twice is one."""
    with pytest.raises(SystemExit) as ended:
        commands.main(["local", "--port", "0", "a.yaml", "b.yaml"])
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(
        "error: one template runs, and there are 2: 'a.yaml', 'b.yaml'. Several stacks run together from a cdk.out"
    )
    assert commands.main(["local", "--port", "0", "none.yaml", "none.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error: none.yaml: 'none.yaml' is not there")
