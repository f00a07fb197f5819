"""
Why functions and layers of a deployment cannot be made: their code is not where the template says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from livebus.runtime.s3.objects import S3Objects
from livebus.template.application import Function, FunctionCode


def missing_code(functions: Iterable[Function], objects: S3Objects, new_id: Callable[[], str]) -> dict[str, str]:
    """A reason for each function and layer whose code is no object of S3, by logical id, in Lambda's words where it has some."""
    reasons: dict[str, str] = {}
    for function in functions:
        for logical_id, code in (
            (function.logical_id, function.code),
            *((layer.logical_id, layer.code) for layer in function.layers),
        ):
            reason = _reason(code, objects, new_id)
            if reason:
                reasons[logical_id] = reason
    return reasons


def _reason(code: FunctionCode, objects: S3Objects, new_id: Callable[[], str]) -> str:
    if code.path:
        return (
            f"The code is {code.path!r}, a path beside the template. 'CodeUri' is not a valid S3 Uri of the form"
            " 's3://bucket/key': let sam deploy or aws cloudformation package upload it."
        )
    if not code.bucket or objects.find(code.bucket, code.key) is not None:
        return ""
    is_bucket = objects.has_bucket(code.bucket)
    name, words = (
        ("NoSuchKey", "The specified key does not exist.")
        if is_bucket
        else ("NoSuchBucket", "The specified bucket does not exist")
    )
    message = (
        f"Error occurred while GetObject. S3 Error Code: {name}. S3 Error Message: {words}"
        f" (Service: Lambda, Status Code: 400, Request ID: {new_id()})"
    )
    return (
        f'Resource handler returned message: "{message}" (RequestToken: {new_id()}, HandlerErrorCode: InvalidRequest)'
    )
