"""
What the local runtime runs as the stack that is meant: its template, and the values of its parameters.

In: a session that leads to a local runtime. Out: a template's path or an application of AWS CDK, and values by the names of stacks
and parameters, as CloudFormation's DescribeStacks has them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.local_runtime import LocalRuntime
from livebus.errors import LivebusError
from livebus.files import is_folder

if TYPE_CHECKING:
    from livebus.aws.session import Session
    from livebus.cdk_assembly import Source

Values = Mapping[str, Mapping[str, str]]


def running_stack(session: Session) -> str:
    """The name of the stack that is meant, or of an application of several; "" where there is none, or none can be told."""
    try:
        return session.stack_name
    except LivebusError:
        return ""


def running_source(runtime: LocalRuntime, path: Path | None) -> Source | None:
    """
    What the runtime runs, of the ``path`` that it told: a template, or which application of a cloud assembly. None where it runs
    nothing of that, or it is gone.
    """
    if path is None or not is_folder(path):
        return path
    from livebus.cdk_assembly import named_application

    return named_application(path, runtime.template_stack, runtime.region)


def running_values(session: Session) -> Values:
    """
    The values of the parameters of the stack that is meant, or of each of an application's. One of NoEcho is nobody's to see: it is
    one that is only known where it is deployed. Raises Unreachable where CloudFormation does not tell.
    """
    runtime, name = session.runtime, session.stack_name
    assert runtime is not None
    names = runtime.together if name in runtime.together else runtime.stacks_of(name)
    return {each: _seen(session.parameters_of(each)) for each in names}


def values_of(values: Values, template: Path) -> Mapping[str, str]:
    """Those of a template's own stack, where a cloud assembly says which that is; else the only stack's, none of several."""
    from livebus.cdk_assembly import stack_of

    stack = stack_of(template)
    own = values.get(stack.name) if stack is not None else None
    return own or (next(iter(values.values())) if len(values) == 1 else {})


def _seen(values: Mapping[str, str]) -> dict[str, str]:
    from livebus.template.parameters import NO_ECHO_SHOWN, assumed

    return {name: assumed(name) if value == NO_ECHO_SHOWN else value for name, value in values.items()}
