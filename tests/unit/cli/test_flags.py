"""The flags that say where to go."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.aws.clients import ReachFlags
from livebus.cdk_assembly import CdkApplication, applications_of
from livebus.cli import commands
from livebus.cli.flags import add_destination, destination, moment, of_path, sources
from livebus.cli.parser import Parser
from livebus.errors import WrongUsage

FOLDERS = (Path("here"), Path("project"))


def parsed(*arguments: str) -> ReachFlags:
    parser = Parser("publish")
    add_destination(parser)
    return destination(parser, parser.parse_args(arguments), FOLDERS)


def test_without_flags_it_is_samconfigs_stack() -> None:
    """Nothing is chosen, the environment is "default"."""
    assert parsed() == ReachFlags(FOLDERS, config_env="default")


def test_local_stands_alone() -> None:
    """The state file says the rest."""
    assert parsed("--local") == ReachFlags(FOLDERS, local=True)


def test_flags_for_aws_can_be_combined() -> None:
    """Each goes where its name says."""
    arguments = (
        "--stack-name",
        "s",
        "--config-env",
        "dev",
        "--region",
        "r",
        "--profile",
        "p",
        "--endpoint-url",
        "http://e",
    )
    assert parsed(*arguments) == ReachFlags(
        FOLDERS, endpoint_url="http://e", profile="p", region="r", stack_name="s", config_env="dev"
    )


def test_moments_are_ages_or_times() -> None:
    """An age counts from now; a time without a zone is this machine's."""
    now = datetime.now(UTC)
    assert abs((now - moment("90s")).total_seconds() - 90) < 60
    assert abs((now - moment("2h")).total_seconds() - 7200) < 60
    assert moment("2026-01-15T08:30:00Z") == datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
    assert moment("2026-01-15T08:30:00") == datetime(2026, 1, 15, 8, 30).astimezone(UTC)


@pytest.mark.parametrize("text", ["", "soon", "2", "2w", "999999999d", "-1h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is neither an age"):
        moment(text)


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (("--engin", "boto3", "--lokal", "x"), "Did you mean '--local'?"),
        (("--engine", "blk", "x"), "Did you mean 'bulk'?"),
        (("--zzz", "x"), ""),
    ],
)
def test_what_is_mistyped_gets_a_suggestion(
    arguments: tuple[str, ...], suggestion: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options, and names of a closed set; where nothing is near there is none."""
    from livebus.cli.publish.arguments import argument_parser

    with pytest.raises(SystemExit) as raised:
        argument_parser("").parse_args(arguments)
    said = capsys.readouterr().err
    assert (raised.value.code, "Did you mean" in said, suggestion in said) == (2, bool(suggestion), True)


@pytest.mark.parametrize("command", ["validate --fast", "local --port 0", "demo"])
def test_a_template_that_is_no_file_is_a_wrong_call(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before anything is begun, as every other flag: nothing is there, or a folder is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infra").mkdir()
    for name, told in (("infra", "'infra' is a folder; expected a file"), ("none.yaml", "'none.yaml' is not there")):
        assert commands.main([*command.split(), "--template", name]) == 2
        assert capsys.readouterr().err.startswith(f"error: {name}: {told}")
    assert [path.name for path in tmp_path.iterdir()] == ["infra"]


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_cannot_be_is_a_wrong_call(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the template is looked for."""
    with pytest.raises(SystemExit) as raised:
        commands.main(["local", "--port", port])
    assert (raised.value.code, "--port takes a number from 0 to 65535" in capsys.readouterr().err) == (2, True)


ASSEMBLIES = Path(__file__).parents[2] / "foreign" / "assemblies"


@pytest.mark.parametrize(
    ("name", "region", "expected"),
    [
        ("two-stacks", "", "two-stacks"),
        ("two-stages/assembly-Prod", "", "two-stages/assembly-Prod"),
        # The certificate's stack is on no event's way.
        ("certificate-in-another-region", "", "certificate-in-another-region"),
    ],
)
def test_an_assembly_is_its_application(name: str, region: str, expected: str) -> None:
    """All stacks that are deployed beside each other, where there is one such application."""
    found = of_path(ASSEMBLIES / name, region)

    assert isinstance(found, CdkApplication)
    assert found.name == expected if "/" in expected else found.name.startswith(expected)
    assert {"Api", "Prod-Api"} & {each.name for each in found.stacks}


def test_of_several_applications_one_is_named() -> None:
    """By the folder of its stage; one that is of one stack is that stack's template."""
    with pytest.raises(WrongUsage) as raised:
        of_path(ASSEMBLIES / "two-stages")
    told = str(raised.value)
    assert "has 2 applications. Name the folder of one with --template: " in told
    assert "two-stages/assembly-Beta: Pipeline, Beta-Bus, Beta-Users, Beta-Api; " in told
    edge = ASSEMBLIES / "certificate-in-another-region"
    assert of_path(edge, "us-east-1") == edge / "Edge.template.json"


@pytest.mark.parametrize("command", ["local --port 0", "validate --fast"])
def test_one_name_is_not_for_several_stacks(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They have their own, which imports and names hang on."""
    folder = str(ASSEMBLIES / "two-stacks")
    assert commands.main([*command.split(), "--template", folder, "--stack-name", "one"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(
        "error: --stack-name names one stack, and two-stacks/ has 3. Their names stand in manifest.json;"
    )


def test_a_template_that_is_named_twice_is_one(tmp_path: Path) -> None:
    """By whatever path, an application's too; another one is another."""
    template = tmp_path / "template.yaml"
    other = tmp_path / "other.yaml"
    (tmp_path / "link.yaml").symlink_to(template)
    stages = ASSEMBLIES / "two-stages"
    named = [template, other, tmp_path / "." / "template.yaml", tmp_path / "link.yaml", stages, stages]
    found = sources(Namespace(template=named, built=False, typed={"template"}))
    applications = [[template], [other], applications_of(stages)]
    assert [[*map(str, group)] for group in found] == [[*map(str, group)] for group in applications]
