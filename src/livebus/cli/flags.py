"""
The flags that say where a verb is to go: the local runtime, or a stack on AWS.

In: a verb's argument parser and what it parsed. Out: a :class:`~livebus.aws.session.Destination`.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from livebus.aws.session import Destination

_AGE = re.compile(r"(\d{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


_AWS_ONLY = ("endpoint_url", "profile", "region", "config_env")


def add_destination(parser: ArgumentParser) -> None:
    """Add --local and its alternatives."""
    group = parser.add_argument_group("where to", "Without any of these: the stack that samconfig.toml names, on AWS.")
    group.add_argument("--local", action="store_true", help="the local runtime; needs no AWS account or credentials")
    group.add_argument(
        "--stack-name",
        type=not_empty,
        metavar="NAME",
        help="the CloudFormation stack (default: samconfig.toml's; with --local the one that the runtime was started for)",
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
    names = (*_AWS_ONLY, "stack_name")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    for name in _AWS_ONLY if arguments.local else ():
        if name in given:
            parser.error(f"--local goes without --{name.replace('_', '-')}: its state file has it all")
    return Destination(folders, local=arguments.local, **given)


def folders(project: Path | None) -> tuple[Path, ...]:
    """Where samconfig.toml and .livebus/ are looked for: the working directory, then ``project`` where one is given."""
    return (Path.cwd(), project) if project is not None else (Path.cwd(),)


def at_least_one(text: str) -> int:
    """An argument's type: a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def above_zero(text: str, what: str = "a number") -> float:
    """An argument's type: a finite number above 0; ``what`` is what messages call it."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not {what} above 0")
    return value


def not_empty(text: str) -> str:
    """An argument's type: some text. An empty one is a shell variable that is not set, never a wish."""
    if not text:
        raise ArgumentTypeError("it is empty")
    return text


def moment(text: str) -> datetime:
    """An argument's type: an age such as 90s, 15m, 2h, 3d, or a time in ISO 8601 (local where it names no zone)."""
    age = _AGE.fullmatch(text)
    try:
        if age:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ArgumentTypeError(
            f"{text!r} is neither an age (90s, 15m, 2h, 3d) nor a time (2026-01-15T08:30:00Z)"
        ) from None
