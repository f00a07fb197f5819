"""
Accounts and regions that a template's policies spell out: they are taken for those that it is deployed to.

AWS CDK writes both into every ARN of a stack with an ``env``, and the account of this machine is made up.
https://docs.aws.amazon.com/cdk/v2/guide/configure-env.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from livebus.template.environment import Environment

_ACCOUNT = re.compile("[0-9]{12}")
_REGION = re.compile("[a-z]{2}(-[a-z]+)+-[0-9]")


def here(arn: str, environment: Environment) -> str:
    """An ARN as it would be in the environment's own partition, region and account; other texts as they are."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return arn
    if parts[1].startswith("aws"):
        parts[1] = environment.partition
    if _REGION.fullmatch(parts[3]):
        parts[3] = environment.region
    if _ACCOUNT.fullmatch(parts[4]):
        parts[4] = environment.account
    return ":".join(parts)


def of_account(arn: str, environment: Environment) -> str:
    """An ARN as it would be in the environment's own account, its region as it stands; other texts as they are."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and _ACCOUNT.fullmatch(parts[4]):
        parts[4] = environment.account
    return ":".join(parts)


def statements_here(statements: Iterable[Mapping[str, Any]], environment: Environment) -> list[Mapping[str, Any]]:
    """Policy statements as they would be in the environment's own region and account; the same objects where nothing differs."""
    return [each if (made := statement_here(each, environment)) == each else made for each in statements]


def statement_here(statement: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """A policy statement as it would be in the environment's own region and account."""
    return {key: _member_here(key, item, environment) for key, item in statement.items()}


def _member_here(key: str, value: Any, environment: Environment) -> Any:
    if isinstance(value, Mapping):
        return statement_here(value, environment)
    if isinstance(value, list):
        return [_member_here(key, each, environment) for each in value]
    if key.lower() == "aws:sourceaccount":
        text = str(value)
        return environment.account if _ACCOUNT.fullmatch(text) else value
    return here(value, environment) if isinstance(value, str) else value
