"""
The flags that say where a verb is to go: the local runtime, or a stack on AWS.

In: a verb's argument parser and what it parsed. Out: a :class:`~livebus.aws.session.ReachFlags`.
"""

from __future__ import annotations

import math
import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from livebus.cli.folder import Folder, find
from livebus.errors import LivebusError, WrongUsage
from livebus.files import is_folder
from livebus.numerals import decimal, whole

N = TypeVar("N", int, float)

if TYPE_CHECKING:
    from livebus.aws.clients import ReachFlags
    from livebus.cdk_assembly import CdkApplication, Source

_AGE = re.compile(r"(\d{1,9})([smhd])")
# Of events, seconds and all else that is counted: thirty years of seconds.
MOST = 10**9
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Group(Protocol):
    """A parser, or a group of its arguments."""

    def add_argument(self, *names: str, **options: Any) -> Any: ...


_AWS_ONLY = ("endpoint_url", "profile", "region", "config_env")


def add_destination(parser: ArgumentParser) -> None:
    """Add --local and its alternatives."""
    group = parser.add_argument_group("where to", "Without any of these: the stack that samconfig.toml names, on AWS.")
    group.add_argument("--local", action="store_true", help="the local runtime; needs no AWS account or credentials")
    group.add_argument(
        "--stack-name",
        type=not_empty,
        metavar="NAME",
        help="the CloudFormation stack (default: samconfig.toml's; with --local also the only one that the runtime has)",
    )
    add_config_env(group)
    group.add_argument(
        "--region", type=not_empty, help="the AWS region (default: samconfig.toml's, then AWS's own chain)"
    )
    group.add_argument(
        "--profile", type=not_empty, help="the AWS profile (default: samconfig.toml's, then AWS's own chain)"
    )
    group.add_argument("--endpoint-url", type=not_empty, metavar="URL", help="another endpoint for all AWS calls")


def add_config_env(group: Group) -> None:
    """Add --config-env: which of samconfig.toml's environments counts."""
    group.add_argument(
        "--config-env", type=not_empty, metavar="ENV", help='the environment in samconfig.toml (default: "default")'
    )


def add_template(group: Group, words: str = "the template", **options: Any) -> None:
    """Add --template and --built."""
    default = "template.yaml, .yml or .json, or samconfig.toml's template_file"
    text = f"{words}, or a cdk.out (default: {default})"
    group.add_argument("--template", type=Path, metavar="FILE", help=text, **options)
    group.add_argument("--built", action="store_true", help="the template that `sam build` has made, in .aws-sam/build")


def add_parameters(group: Group, words: str = "the value of a parameter") -> None:
    """Add --set, which :func:`parameters` reads."""
    group.add_argument("--set", action="append", default=[], metavar="Param=Value", help=words)


def destination(parser: ArgumentParser, arguments: Namespace, folders: Sequence[Path]) -> ReachFlags:
    """
    Collect the values; a usage error where --local is typed with what only makes sense on AWS.

    What is typed counts: a --local that stands in a variable or in samconfig.toml makes way for a --region, and the other
    way round.
    """
    from livebus.aws.clients import ReachFlags  # not for commands that go nowhere

    typed = arguments.typed
    names = (*_AWS_ONLY, "stack_name")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    of_aws = [name for name in _AWS_ONLY if name in given and name in typed]
    local = arguments.local and ("local" in typed or not of_aws)
    if local and of_aws:
        parser.error(f"--local goes without --{of_aws[0].replace('_', '-')}: its state file has it all")
    if local:
        # The environment in samconfig.toml names the stack, also of a runtime; the rest is of AWS.
        given = {name: value for name, value in given.items() if name in ("stack_name", "config_env")}
    return ReachFlags(folders, local=local, **given)


def folders(project: Path | None) -> tuple[Path, ...]:
    """Where samconfig.toml and .livebus/ are looked for: the folder that one stands in, then ``project`` where one is given."""
    here = find().path.absolute()
    return (here, project) if project is not None else (here,)


def source(arguments: Namespace, folder: Folder | None = None) -> Source:
    """
    The template that is meant, or the application of AWS CDK with all its stacks.

    Raises LivebusError where there is none, WrongUsage where the named one is not there, or an assembly has several
    applications and none is named.
    """
    named: Path | None = arguments.template
    if named is None or _is_built(arguments):
        named = _of_the_folder(arguments, folder)
    return of_path(named, getattr(arguments, "region", None) or "")


def of_path(named: Path, region: str = "") -> Source:
    """A template, or the application of a cloud assembly; of several that of ``region``. Raises WrongUsage as :func:`source`."""
    from livebus.files import missing_file

    applications = _of_assembly(named)
    if applications:
        return _single(_one(applications, named, region))
    if faults := missing_file(named):
        raise WrongUsage(faults=faults)
    return named


def sources(arguments: Namespace) -> list[list[Source]]:
    """
    Those that are meant, of a command that takes several; those of one assembly together, and each once. Raises LivebusError where there is none.
    """
    named: list[Path] | None = arguments.template
    if not named or _is_built(arguments):
        named = [_of_the_folder(arguments)]
    groups: list[list[Source]] = []
    known: set[object] = set()
    for path in named:
        group = [_single(each) for each in _of_assembly(path)] or [path]
        fresh = [each for each in group if _identity(each) not in known]
        known |= {_identity(each) for each in fresh}
        groups += [fresh] if fresh else []
    return groups


def _identity(source: Source) -> object:
    """What tells a template, or an application, from others: one that is named twice is one."""
    if isinstance(source, Path):
        return os.path.realpath(source)
    return os.path.realpath(source.folder), tuple(os.path.realpath(each.template) for each in source.stacks)


def _of_assembly(path: Path) -> list[CdkApplication]:
    """The applications of a cloud assembly of AWS CDK, where a path is one; none otherwise. Raises WrongUsage where nothing of it can be read."""
    if not is_folder(path):
        return []
    from livebus.cdk_assembly import read_assembly

    assembly = read_assembly(path)
    if assembly is not None and not assembly.applications:
        raise WrongUsage(faults=assembly.faults)
    return [] if assembly is None else list(assembly.applications)


def demand_own_names(application: CdkApplication, arguments: Namespace) -> None:
    """Raise WrongUsage where --stack-name gives one name to stacks that have each their own."""
    if "stack_name" in arguments.typed and len(application.stacks) > 1:
        raise WrongUsage(
            f"--stack-name names one stack, and {application.name} has {len(application.stacks)}",
            advice="Their names stand in manifest.json; name the template of one to give it another.",
        )


def _single(application: CdkApplication) -> Source:
    """An application of one stack is that stack's template; with what could not be read of it, it is more."""
    is_whole = len(application.stacks) == 1 and not application.faults
    return application.stacks[0].template if is_whole else application


def _one(applications: Sequence[CdkApplication], named: Path, region: str) -> CdkApplication:
    """The application that is meant: the only one, the only one of a region, the only one with rules or APIs. Raises WrongUsage."""
    from livebus.cdk_assembly import with_events_way
    from livebus.files import relative

    meant = [each for each in applications if not region or each.region in ("", region)] or list(applications)
    meant = with_events_way(meant)
    if len(meant) == 1:
        return meant[0]
    if all(len(each.stacks) == 1 for each in meant):
        files = ", ".join(relative(each.stacks[0].template) for each in meant)
        raise WrongUsage(f"{relative(named)!r} has {len(meant)} stacks", advice=f"Name the template of one: {files}.")
    names = "; ".join(f"{relative(each.folder)}: {each.where}" for each in meant)
    is_apart = len({each.folder for each in meant}) == len(meant)
    how = "Name the folder of one with --template" if is_apart else "Choose one with --region, or name a template"
    raise WrongUsage(f"{relative(named)!r} has {len(meant)} applications", advice=f"{how}: {names}.")


def _is_built(arguments: Namespace) -> bool:
    """Whether --built counts: what is typed does, where the other one stands in a variable or in samconfig.toml."""
    if {"template", "built"} <= arguments.typed:
        raise LivebusError("--built goes without --template: it is a template of its own")
    return bool(arguments.built) and "template" not in arguments.typed


def _of_the_folder(arguments: Namespace, folder: Folder | None = None) -> Path:
    found = folder if folder is not None else find()
    return found.template(arguments.config_env or "", built=arguments.built)


def parameters(parser: ArgumentParser, arguments: Namespace) -> dict[str, str]:
    """The values of --set."""
    pairs = {name: value for name, _, value in (setting.partition("=") for setting in arguments.set)}
    if "" in pairs or any("=" not in setting for setting in arguments.set):
        parser.error("--set takes Param=Value")
    return pairs


def at_least_one(text: str) -> int:
    """An argument's type: a whole number from 1, to a bound that nothing has a use beyond."""
    return _bounded(text, whole(text, MOST, least=1), "a whole number from 1")


def above_zero(text: str, what: str = "a number") -> float:
    """An argument's type: a number above 0, to the same bound; ``what`` is what messages call it."""
    return _bounded(text, decimal(text, MOST) or None, f"{what} above 0")


def from_zero(text: str, what: str = "a number") -> float:
    """An argument's type: a number from 0, to the same bound; ``what`` is what messages call it."""
    return _bounded(text, decimal(text, MOST), f"{what} from 0")


def whole_number(text: str) -> int:
    """An argument's type: a whole number, which may be negative."""
    number = _bounded(text, whole(text.removeprefix("-"), MOST), "a whole number")
    return -number if text.startswith("-") else number


def _bounded(text: str, number: N | None, what: str) -> N:
    if number is None:
        is_large = decimal(text, math.inf) is not None and float(text) > MOST
        raise ArgumentTypeError(f"{text!r} is {f'more than {MOST}' if is_large else f'not {what}'}")
    return number


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
