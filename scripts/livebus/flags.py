"""
The flags that say where a verb is to go: the local runtime, or a stack on AWS.

In: a verb's argument parser and what it parsed. Out: a :class:`~livebus.aws.session.Destination`.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

from livebus.aws.session import Destination


class HelpFormatter(RawDescriptionHelpFormatter):
    """argparse's, as wide as the terminal; argparse makes one for each argument and imports shutil to measure it."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns - 2
        except OSError:
            width = 118
        super().__init__(prog, width=width)


_AWS_ONLY = ("endpoint_url", "profile", "region", "stack_name", "config_env")


def add_destination(parser: ArgumentParser) -> None:
    """Add --local and its alternatives."""
    group = parser.add_argument_group("where to", "Without any of these: the stack that samconfig.toml names, on AWS.")
    group.add_argument("--local", action="store_true", help="the local runtime; needs no AWS account or credentials")
    group.add_argument(
        "--stack-name", type=not_empty, metavar="NAME", help="the CloudFormation stack (default: samconfig.toml's)"
    )
    group.add_argument(
        "--config-env", type=not_empty, metavar="ENV", help='the environment in samconfig.toml (default: "default")'
    )
    group.add_argument(
        "--region", type=not_empty, help="the AWS region (default: samconfig.toml's, then AWS's own chain)"
    )
    group.add_argument(
        "--profile", type=not_empty, help="the AWS profile (default: samconfig.toml's, then AWS's own chain)"
    )
    group.add_argument("--endpoint-url", type=not_empty, metavar="URL", help="another endpoint for all AWS calls")


def destination(parser: ArgumentParser, arguments: Namespace, folders: Sequence[Path]) -> Destination:
    """Collect the flags' values; a usage error where --local comes with what only makes sense on AWS."""
    given = {name: getattr(arguments, name) for name in _AWS_ONLY if getattr(arguments, name) is not None}
    if arguments.local and given:
        parser.error(f"--local goes without --{next(iter(given)).replace('_', '-')}: its state file has it all")
    return Destination(folders, local=arguments.local, **given)


def at_least_one(text: str) -> int:
    """An argument's type: a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def not_empty(text: str) -> str:
    """An argument's type: some text. An empty one is a shell variable that is not set, never a wish."""
    if not text:
        raise ArgumentTypeError("it is empty")
    return text
