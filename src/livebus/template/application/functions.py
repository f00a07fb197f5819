"""Data: Lambda functions, where their code is, and what becomes of asynchronous invocations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.errors import Place


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """
    Where the code of a function or a layer is, in one of these ways.

    ``inline`` is the text of one source file. ``path`` is a folder or a zip file, as the template has it: relative to the
    template's own folder. ``bucket`` and ``key`` are an object in S3, ``asset`` what CDK tells of it: a path beside the
    template. ``image`` is the URI of a container image.
    """

    inline: str | None = None
    path: str = ""
    bucket: str = ""
    key: str = ""
    asset: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class AsynchronousInvocation:
    """
    What Lambda does about an asynchronous invocation: how often it tries again, for how many seconds, and who is told.

    The three ARNs are empty where nobody is: ``dead_letter`` is that of the function's DeadLetterConfig.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    maximum_retry_attempts: int = 2
    maximum_event_age_in_seconds: int = 21_600
    dead_letter: str = ""
    on_success: str = ""
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """AWS::Lambda::LayerVersion of the same template."""

    arn: str
    code: FunctionCode
    logical_id: str


@dataclass(frozen=True, slots=True)
class Function:
    """
    AWS::Lambda::Function, or what SAM makes of AWS::Serverless::Function. ``timeout`` in seconds, memory in MB.

    ``policies`` are the statements of its resource policy: what AWS::Lambda::Permission adds. ``needs_build``: SAM says
    how it is built, so that its source is not what runs. ``unrunnable`` says why it cannot run here; empty where it can.
    """

    name: str
    arn: str
    logical_id: str
    runtime: str = ""
    handler: str = ""
    code: FunctionCode = FunctionCode()
    timeout: int = 3
    memory_size: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    asynchronous: AsynchronousInvocation = AsynchronousInvocation()
    policies: tuple[Mapping[str, Any], ...] = ()
    description: str = ""
    role: str = ""
    needs_build: bool = False
    unrunnable: str = ""
    place: Place = Place()
