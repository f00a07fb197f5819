"""What AppSync says when it refuses: the words, and whether another attempt can help."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.aws.connection import _may_pass, _told


def errors(*types: str) -> list[Any]:
    return [{"errors": [{"errorType": kind, "message": f"{kind} it is", "errorCode": 400} for kind in types]}]


@pytest.mark.parametrize(
    ("payloads", "expected"),
    [
        (errors("Unauthorized"), "Unauthorized: Unauthorized it is"),
        (errors("A", "B"), "A: A it is; B: B it is"),
        ([{"message": "only this"}], "only this"),
        ([{"errorType": "OnlyThis"}], "OnlyThis"),
        ([None], "[None]"),
        (
            [{"errors": {"errorType": "MaxSubscriptionsReachedError", "message": "Max number"}}],
            "MaxSubscriptionsReachedError: Max number",
        ),
        ([{"errors": "no list"}], "[{'errors': 'no list'}]"),
        ([], "[]"),
    ],
)
def test_every_shape_of_an_error_is_told(payloads: list[Any], expected: str) -> None:
    """errorType and message where they are there, else the payload as it is."""
    assert _told(payloads) == expected


@pytest.mark.parametrize(
    ("kind", "passes"),
    [
        ("UnauthorizedException", False),
        ("BadRequestException", False),
        ("Validation error of type FieldUndefined", False),
        ("MaxSubscriptionsReachedError", False),
        ("LimitExceededError", True),
        ("TooManyRequestsException", True),
        ("ServiceUnavailableException", True),
        ("InternalServerError", True),
    ],
)
def test_only_what_may_pass_is_tried_again(kind: str, passes: bool) -> None:
    """Load and faults on AWS's side pass; a refusal stays one."""
    assert _may_pass(errors(kind)) is passes
