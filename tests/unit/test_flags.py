"""The flags that say where to go."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from livebus.aws.session import Destination
from livebus.flags import add_destination, destination

FOLDERS = (Path("here"), Path("project"))


def parsed(*arguments: str) -> Destination:
    parser = ArgumentParser()
    add_destination(parser)
    return destination(parser, parser.parse_args(arguments), FOLDERS)


def test_without_flags_it_is_samconfigs_stack() -> None:
    """Nothing is chosen, the environment is "default"."""
    assert parsed() == Destination(FOLDERS, config_env="default")


def test_local_stands_alone() -> None:
    """The state file says the rest."""
    assert parsed("--local") == Destination(FOLDERS, local=True)


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
    assert parsed(*arguments) == Destination(
        FOLDERS, endpoint_url="http://e", profile="p", region="r", stack_name="s", config_env="dev"
    )
