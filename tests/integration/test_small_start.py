"""What is loaded for a template without tables, functions and mapping templates: nothing that is for these."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# Starts the template's runtime, sends it an event, and tells what is loaded and which files it has made.
PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from livebus.runtime.server import Runtime, Settings

async def main():
    state = Path(sys.argv[2])
    runtime = Runtime(Settings(Path(sys.argv[1]), state, port=0), lambda line: None)
    await runtime.start()
    bus = runtime.outputs["EventBusName"]
    body = {"Entries": [{"Source": "sample.source", "DetailType": "m", "Detail": '{"msg": "x"}', "EventBusName": bus}]}
    answer = runtime.buses.put_events(body["Entries"])
    print(json.dumps({
        "failed": answer["FailedEntryCount"],
        "modules": sorted(sys.modules),
        "files": sorted(path.name for path in state.iterdir()),
    }))
    await runtime.stop()

asyncio.run(main())
"""
# What is for tables, mapping templates, functions, other endpoints, the page, validation and AWS: loaded when it is used.
UNUSED = (
    *("livebus.dynamodb", "livebus.vtl", "livebus.runtime.functions", "livebus.runtime.page.service"),
    *("livebus.aws", "livebus.checks", "livebus.validate", "livebus.capacity", "livebus.testing"),
    *("boto3", "botocore", "gql", "cfnlint", "multiprocessing"),
)

# Validates a template as `livebus validate` does, and tells what is loaded then.
VALIDATION = """
import atexit, gc, json, sys
from livebus.__main__ import start

def main():
    from livebus.cli import commands
    return lambda: commands.call("validate", ["--fast", "--quiet", "--template", sys.argv[1]])

atexit.register(lambda: print(json.dumps([sorted(sys.modules), gc.get_threshold()[0], gc.get_freeze_count() > 10_000])))
start(main)
"""
# What is for templates of other kinds, for the runtime, for AWS, and for cfn-lint's own rules.
UNUSED_BY_VALIDATION = (
    *("livebus.dynamodb", "livebus.vtl", "livebus.runtime", "livebus.aws", "livebus.lint", "livebus.publish"),
    *("livebus.subscribe", "livebus.redrive", "livebus.realtime", "livebus.api_destination", "livebus.testing"),
    *("livebus.validate.sarif", "livebus.validate.junit", "livebus.validate.type_check", "livebus.validate.catalogue"),
    *("boto3", "botocore", "gql", "aiohttp", "cfnlint", "samtranslator", "cryptography", "joserfc", "multiprocessing"),
)


def test_what_a_validation_does_not_use_is_not_loaded(project: Path) -> None:
    """
    Neither modules for other kinds of template nor those for AWS; and Python seldom looks for cycles among what is loaded,
    at the end not at all.
    """
    run = subprocess.run(
        [sys.executable, "-c", VALIDATION, str(project / "template.yaml")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"PYTHONPATH": str(project / "src"), "PATH": ""},
    )
    modules, new_objects, frozen = json.loads(run.stdout.splitlines()[-1])

    assert [name for name in modules if name.startswith(UNUSED_BY_VALIDATION)] == []
    assert "livebus.validate.validation" in modules
    assert (new_objects, frozen) == (50_000, True)


def test_what_is_not_used_is_not_loaded(project: Path, tmp_path: Path) -> None:
    """Neither its modules nor its files, after an event went all the way."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(project / "template.yaml"), str(tmp_path / "state")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"PYTHONPATH": str(project / "src"), "PATH": ""},
    )
    told = json.loads(run.stdout)

    loaded = [name for name in told["modules"] if name.startswith(UNUSED)]
    assert (told["failed"], loaded) == (0, [])
    assert [name for name in told["files"] if "dynamodb" in name] == []
