"""
Handlers of functions: what is looked for, and what is left in peace.
"""

from __future__ import annotations

import pytest

from livebus.checks import functions
from livebus.checks.inspection import Inspection
from livebus.checks.running import run_checks
from livebus.errors import LivebusError
from livebus.template.document import read_document

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Audit:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: {uri}, Handler: {handler}, Runtime: {runtime}}}
    {metadata}
"""


def found(
    files: dict[str, str],
    *,
    uri: str = "code/",
    handler: str = "app.handler",
    runtime: str = "python3.13",
    metadata: str = "",
) -> list[str]:
    def read_file(name: str) -> str:
        if name not in files:
            raise LivebusError(f"{name!r} is not there")
        return files[name]

    text = TEMPLATE.format(uri=uri, handler=handler, runtime=runtime, metadata=metadata)
    inspection = Inspection(read_document(text, "template.yaml"), read_file)
    return [finding.check.id for finding in run_checks(functions.CHECKS, inspection)]


@pytest.mark.parametrize(
    "text",
    [
        "def handler(event, context): ...",
        "from there import handler",
        "from there import *",
        "import there as handler",
        "handler = make()",
        "globals()['handler'] = print",
        "this is no Python",
        "if True:\n    async def handler(e, c): ...",
    ],
)
def test_a_module_of_python_has_what_it_binds(text: str) -> None:
    """What is made when the module is loaded, and what cannot be read, is left in peace."""
    assert found({"code/app.py": text}) == []


@pytest.mark.parametrize(
    "text",
    [
        "exports.handler = async () => 1;",
        "export const handler = async () => 1;",
        "export * from './other.js';",
        "module.exports = require('./other');",
        "module.exports = { handler };",
        "Object.assign(exports, require('./other'));",
    ],
)
def test_a_module_of_node_has_what_it_may_export(text: str) -> None:
    assert found({"code/app.js": text}, runtime="nodejs22.x") == []


@pytest.mark.parametrize(
    ("files", "runtime", "expected"),
    [
        ({"code/app.py": "def handle(event, context): ..."}, "python3.13", ["E9211"]),
        ({"code/app.mjs": "export const handle = 1;"}, "nodejs22.x", ["E9211"]),
        ({"code/other.py": "def handler(event, context): ..."}, "python3.13", ["W9210"]),
        ({}, "nodejs22.x", ["W9210"]),
    ],
)
def test_what_is_missing_is_told(files: dict[str, str], runtime: str, expected: list[str]) -> None:
    assert found(files, runtime=runtime) == expected


def test_packages_of_python_are_folders() -> None:
    files = {"code/shop/orders/__init__.py": "def handler(event, context): ..."}

    assert found(files, handler="shop.orders.handler") == []
    assert found(files, handler="shop/orders.handler") == []


def test_what_was_built_counts_before_its_source() -> None:
    """What `sam build` made runs, so that it is looked at; what has to be built is looked at nowhere else."""
    built = {".aws-sam/build/Audit/app.js": "exports.other = 1;", "code/app.js": "exports.handler = 1;"}
    esbuild = "Metadata: {BuildMethod: esbuild}"

    assert found(built, runtime="nodejs22.x") == ["E9211"]
    assert found({}, runtime="nodejs22.x", metadata=esbuild) == []
    assert found(built, runtime="nodejs22.x", metadata=esbuild) == ["E9211"]


@pytest.mark.parametrize("uri", ["code.zip", "s3://bucket/key"])
def test_what_is_no_folder_is_not_read(uri: str) -> None:
    assert found({}, uri=uri) == []
