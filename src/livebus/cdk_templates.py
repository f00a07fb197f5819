"""
The templates of an application of AWS CDK, as stacks that can be read together.

In: the application, and who reads files. Out: a :class:`~livebus.template.assembly.StackTemplate` for each stack.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from livebus.cdk_assembly import CdkApplication
from livebus.cdk_manifest import SYNTH_AGAIN
from livebus.errors import Fault, InvalidTemplate, LivebusError
from livebus.files import missing_file
from livebus.template.assembly import StackTemplate
from livebus.template.document import read_document


def read_templates(
    application: CdkApplication,
    read_file: Callable[[str], str],
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> list[StackTemplate]:
    """
    The stacks of an application with their templates, which ``read_file`` opens by their paths from the assembly on.

    ``values`` are those that parameters have where the stacks run, by the stack's name: they count before the manifest's. Raises InvalidTemplate with everything that cannot be read.
    """
    found: list[StackTemplate] = []
    faults: list[Fault] = []
    names = {each.artifact: each.name for each in application.stacks}
    for stack in application.stacks:
        name = Path(os.path.relpath(stack.template, application.outermost)).as_posix()
        try:
            document = read_document(read_file(name), name)
        except LivebusError as error:
            missing = [replace(each, advice=SYNTH_AGAIN) for each in missing_file(stack.template)]
            faults += error.faults if isinstance(error, InvalidTemplate) or not missing else missing
        else:
            after = tuple(names[each] for each in stack.after if each in names)
            overrides = {**stack.parameters, **(values or {}).get(stack.name, {})}
            found.append(StackTemplate(stack.name, document, overrides, after))
    if faults:
        raise InvalidTemplate(faults=faults)
    return found
