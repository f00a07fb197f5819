"""
AWS STS: whose credentials these are. Whoever calls the local runtime is one and the same user of one account.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.runtime.aws_errors import AwsError
from livebus.template import Environment

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


class Sts:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def call(self, action: str, _form: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises AwsError for the actions that are not emulated."""
        if action != "GetCallerIdentity":
            raise AwsError("InvalidAction", f"sts:{action} is not emulated by the local runtime.")
        user = self._environment.arn("iam", "user/local", regional=False)
        return {"Arn": user, "UserId": "AIDALOCALRUNTIME00000", "Account": self._environment.account}
