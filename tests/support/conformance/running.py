"""
Where the cases run: a local runtime with the suite's template as its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from livebus.runtime.server import Settings
from support.conformance.api import Api
from support.conformance.suite import Suite
from support.conformance.template import body, template
from support.functions import PYTHON
from support.running import RunningRuntime

AWS_PYTHON = "python3.13"


def template_text(suite: Suite, python: str = PYTHON) -> str:
    """The template of all cases. Here the function runs in the interpreter that is there."""
    return body(template(suite.cases, suite.subscriptions, python=python))


@contextmanager
def local_api(text: str, folder: Path) -> Iterator[Api]:
    """The API of a runtime that has been started on the template."""
    file = folder / "template.json"
    file.write_text(text, encoding="utf-8")
    with RunningRuntime(Settings(file, folder / "state", port=0, reload=False)) as runtime:
        session = boto3.Session("test", "test", region_name="us-east-1")
        outputs = {name: str(value) for name, value in runtime.outputs.items()}
        table = session.resource("dynamodb", endpoint_url=runtime.url).Table(outputs["Table"])
        api = Api(outputs, table)
        try:
            yield api
        finally:
            api.close()
            table.meta.client.close()
