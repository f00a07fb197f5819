"""
What a local runtime is to run: a template, or all stacks of an application of AWS CDK; and what it is called.

In: what was typed, the folder that one stands in, samconfig.toml. Out: a template's path or an application, with what a deployment of
it would use.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.cli import flags
from livebus.cli.folder import Folder
from livebus.errors import WrongUsage
from livebus.files import relative
from livebus.stack.samconfig import DeployConfig

if TYPE_CHECKING:
    from livebus.cdk_assembly import Source
    from livebus.runtime.settings import Settings


def asked_for(options: Namespace, found: Folder) -> Source | None:
    """What is to run; None with --empty. Raises LivebusError."""
    if options.empty:
        return None
    if options.named is not None:
        if "template" in options.typed:
            raise WrongUsage("a template is named twice: with --template, and without")
        options.template, options.typed = options.named, {*options.typed, "template"}
    source = flags.source(options, found)
    if not isinstance(source, Path):
        flags.demand_own_names(source, options)
    return source


def with_manifest(deploy: DeployConfig, source: Source | None) -> DeployConfig:
    """What a deployment would use: samconfig.toml's, and for what AWS CDK made what its manifest says before that."""
    if source is None:
        return deploy
    if not isinstance(source, Path):
        # Its stacks have names and values of their own.
        return replace(deploy, stack_name=source.name, region=source.region or deploy.region)
    from livebus.cdk_assembly import stack_of

    stack = stack_of(source)
    if stack is None:
        return deploy
    parameters = {**deploy.parameter_overrides, **stack.parameters}
    return replace(deploy, stack_name=stack.name, region=stack.region or deploy.region, parameter_overrides=parameters)


def named(settings: Settings) -> tuple[str, str]:
    """What runs, and as which stacks, in words."""
    application, template = settings.application, settings.template
    if application is not None:
        names = ", ".join(each.name for each in application.stacks)
        return relative(application.folder), f"stacks {names} as manifest.json names them"
    if template is None:
        return "nothing yet", f"stack {settings.stack_name}"
    from livebus.cdk_assembly import stack_of

    stack = stack_of(template)
    by_manifest = " as its manifest.json names it" if stack and stack.name == settings.stack_name else ""
    return relative(template), f"stack {settings.stack_name}{by_manifest}"
