"""
samconfig.toml: the stack, region and profile that ``sam deploy`` would use.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livebus.errors import LivebusError, Place, did_you_mean


@dataclass(frozen=True, slots=True)
class DeployConfig:
    """What samconfig.toml says about the deployed stack. Empty where it says nothing."""

    stack_name: str = ""
    region: str = ""
    profile: str = ""


def read_deploy_config(text: str, file: str, environment: str) -> DeployConfig:
    """
    Read what ``sam deploy`` would use in this configuration environment (``--config-env``).

    As in SAM CLI, ``[ENV.deploy.parameters]`` stands above ``[ENV.global.parameters]``. Raises LivebusError where the
    text is not TOML or has no such environment (only "default" may be missing).
    """
    import tomllib  # a tenth of a verb's start, and not every verb reads samconfig.toml

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"at line (\d+), column (\d+)", str(error))
        line, column = (int(where[1]), int(where[2])) if where else (None, None)
        raise LivebusError(f"not TOML: {error}", Place(file, line, column)) from None
    if environment not in document and environment != "default":
        environments = [name for name, value in document.items() if isinstance(value, dict)]
        raise LivebusError(
            f"no configuration environment {environment!r}",
            Place(file),
            expected=f"one of {', '.join(environments) or 'none'}",
            advice=did_you_mean(environment, environments),
        )
    values: dict[str, Any] = {}
    for command in ("global", "deploy"):
        values |= _table(_table(_table(document, environment), command), "parameters")
    return DeployConfig(*(str(values.get(name, "")) for name in ("stack_name", "region", "profile")))


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    return value if isinstance(value, dict) else {}
