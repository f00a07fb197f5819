"""botocore's exceptions as one line with the next step."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions

from livebus.aws.refusal import told_as_faults
from livebus.errors import Unreachable

DEPLOY = "Deploy it with `sam deploy`, name another one with --stack-name, or use --local."


def client_error(code: str, message: str) -> exceptions.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}}
    return exceptions.ClientError(answer, "X")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            exceptions.NoRegionError(),
            "You must specify a region. Pass --region, or set AWS_REGION or region in samconfig.toml.",
        ),
        (
            exceptions.NoCredentialsError(),
            "Unable to locate credentials. Run `aws configure` or pass --profile; --local needs none.",
        ),
        (
            exceptions.SSOTokenLoadError(error_msg="no token", profile_name="p"),
            "Error loading SSO Token: no token. Sign in again: `aws sso login`, or renew the credentials of your profile.",
        ),
        (
            client_error("AccessDenied", "User x is not authorized."),
            "AccessDenied: User x is not authorized. The policy of this role or user has to allow it.",
        ),
        (
            client_error("ValidationError", "Stack with id s does not exist"),
            f"ValidationError: Stack with id s does not exist. {DEPLOY}",
        ),
        (client_error("SomethingElse", "Whatever"), "SomethingElse: Whatever"),
    ],
)
def test_the_words_are_awss_and_the_next_step_is_ours(error: Exception, expected: str) -> None:
    """One fault, one line."""
    with pytest.raises(Unreachable) as raised, told_as_faults("do it"):
        raise error
    assert str(raised.value) == f"cannot do it: {expected}"


def test_an_answer_without_a_body_has_its_status_as_the_code() -> None:
    """A proxy between us and AWS answers with HTML."""
    answer: Any = {"ResponseMetadata": {"HTTPStatusCode": 502}}
    with pytest.raises(Unreachable, match="cannot do it: HTTP 502: "), told_as_faults("do it"):
        raise exceptions.ClientError(answer, "X")


def test_our_own_bugs_pass() -> None:
    """A KeyError is no refusal."""
    with pytest.raises(KeyError), told_as_faults("do it"):
        raise KeyError("x")
