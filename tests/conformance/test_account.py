"""The way to an account, with the local runtime in AWS's place: deployed, asked, compared, deleted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from livebus.runtime.server import Settings
from support.conformance import report
from support.conformance.account import ask_account
from support.conformance.api import Api
from support.conformance.cases import Expectation
from support.conformance.running import AWS_PYTHON, template_text
from support.conformance.stack import MAX_INLINE, MAX_RESOURCES, Stack, StackFailed
from support.conformance.suite import Suite
from support.conformance.template import template
from support.functions import PYTHON
from support.running import RunningRuntime

SMALL = '{"Resources": {"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "tea"}}}, "Outputs": {"Name": {"Value": {"Ref": "Bus"}}}}'
FAILING = '{"Resources": {"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "default"}}}}'


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRuntime]:
    """A runtime without a template, as an account is before."""
    folder = tmp_path_factory.mktemp("account")
    with RunningRuntime(Settings(None, folder / "state", port=0, reload=False)) as runtime:
        yield runtime


@pytest.fixture
def session(aws: RunningRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's session of a profile whose services are the runtime's."""
    for name, value in environment(aws, tmp_path).items():
        monkeypatch.setenv(name, value)
    return boto3.Session(profile_name="tea")


def environment(aws: RunningRuntime, folder: Path) -> dict[str, str]:
    """AWS configuration with one profile; the runtime in place of AWS."""
    config, credentials = folder / "config", folder / "credentials"
    config.write_text("[profile tea]\nregion = us-east-1\n")
    credentials.write_text("[tea]\naws_access_key_id = test\naws_secret_access_key = test\n")
    return {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_ENDPOINT_URL": aws.url,
    }


def left_over(session: Any) -> list[str]:
    """Stacks and buckets of the suite that are there."""
    stacks = session.client("cloudformation").describe_stacks()["Stacks"]
    buckets = session.client("s3").list_buckets()["Buckets"]
    names = [*(each["StackName"] for each in stacks), *(each["Name"] for each in buckets)]
    return [name for name in names if name.startswith("livebus-conformance")]


def chosen(suite: Suite, *families: str) -> Suite:
    """The cases of some files, and no subscriptions."""
    return Suite(tuple(case for case in suite.cases if case.family in families), ())


def test_the_template_is_within_the_limits(suite: Suite) -> None:
    """Of CloudFormation and AppSync: resources, a template's size beyond what a call takes, a resolver's code."""
    made = template(suite.cases, suite.subscriptions, python=PYTHON)
    assert len(made["Resources"]) < MAX_RESOURCES
    assert len(template_text(suite)) > MAX_INLINE
    texts = [
        text
        for resource in made["Resources"].values()
        for name, text in resource["Properties"].items()
        if isinstance(text, str) and name in ("Code", "RequestMappingTemplate", "ResponseMappingTemplate")
    ]
    assert max(map(len, texts)) < 32_768


def test_cfn_lint_finds_nothing_in_the_template(suite: Suite, tmp_path: Path) -> None:
    """What CloudFormation would refuse of the template's form; the function's runtime is the one for AWS."""
    (tmp_path / "suite.template.json").write_text(template_text(suite, AWS_PYTHON), encoding="utf-8")
    linted = subprocess.run(
        [
            sys.executable,
            "-c",
            "from cfnlint.runner import main; main()",
            "--regions",
            "us-east-1",
            "-t",
            "suite.template.json",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_all_cases_in_an_account(aws: RunningRuntime, suite: Suite, tmp_path: Path, project: Path) -> None:
    """``pytest tests/conformance/test_on_aws.py --aws-profile NAME``: nothing differs, a table is printed, nothing is left."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance/test_on_aws.py"),
            *("--aws-profile", "tea", "--aws-region", "us-east-1"),
        ],
        cwd=project,
        env={**os.environ, **environment(aws, tmp_path), "CONFORMANCE_PYTHON": PYTHON},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    count = len(suite.variants) + len(suite.subscriptions)
    refused = sum(variant.here is not None for variant in suite.variants)
    assert ran.returncode == 0, ran.stdout
    assert f"{count} passed" in ran.stdout
    assert "conformance: uploading the template" in ran.stdout
    assert "conformance: deleted: nothing is left in the account" in ran.stdout
    assert "| how many | as expected | refused by name | as expected on AWS | same here as on AWS |" in ran.stdout
    assert f" | {count} | {count - refused} | {refused} | {count - refused} | {count} |" in ran.stdout
    assert left_over(boto3_of(aws)) == []


def boto3_of(aws: RunningRuntime) -> Any:
    class Clients:
        client = staticmethod(aws.client)

    return Clients


def test_a_difference_is_printed(here: Api, suite: Suite, session: Any) -> None:
    """A case whose code gives something else over there: the line says what, and the table counts it."""
    asked = chosen(suite, "rds")
    other = replace_code(asked, "rds/toJsonObject/js", "[['other leaves']]")
    told: list[str] = []
    rows = asked.rows(asked.ask(here), ask_account(other, session, told.append, python=PYTHON, pause=0.01, grace=0))
    assert report.differences(rows) == [
        "DIFFERS rds/toJsonObject/js",
        '    value: [["other leaves"]], expected [[{"leaf": "assam", "grams": 250}, {"leaf": "mint", "grams": null}], []]',
        '    here [[[[{"grams": 250, "leaf": "assam"}, {"grams": null, "leaf": "mint"}], []], [], null]]',
        '    AWS [[[["other leaves"]], [], null]]',
    ]
    assert report.table(rows, suite.pages).splitlines()[-1] == "| all | 3 documented | 3 | 3 | 0 | 2 | 2 |"
    assert told[-1] == "deleted: nothing is left in the account"


def replace_code(suite: Suite, id_: str, value: str) -> Suite:
    """The suite with another expression in one variant."""
    cases = tuple(
        replace(
            case,
            variants=tuple(replace(each, code={"value": value}) if each.id == id_ else each for each in case.variants),
        )
        for case in suite.cases
    )
    return Suite(cases, ())


def test_an_altered_expectation_is_told(here: Api, suite: Suite) -> None:
    """A case whose expected value is wrong does not agree: it is counted as that, and what differs is said."""
    asked = chosen(suite, "none")
    case = asked.cases[0]
    wrong = replace(
        case.variants[0], calls=(replace(case.variants[0].calls[0], expected=Expectation({"leaf": "mint"})),)
    )
    answered = here.answer(wrong)
    assert answered.differs() == ['value.leaf: "assam", expected "mint"']
    made = report.row(answered)
    assert report.table([made], suite.pages).splitlines()[-1] == "| all | 1 documented | 1 | 0 | 0 |"


def test_what_agrees_against_the_documentation_is_told(here: Api, suite: Suite) -> None:
    """The runtime and AWS give the same, and the case expects another thing: no difference, but a line."""
    case = chosen(suite, "none").cases[0]
    wrong = replace(
        case.variants[0], calls=(replace(case.variants[0].calls[0], expected=Expectation({"leaf": "mint"})),)
    )
    made = report.row(here.answer(wrong), here.answer(wrong))
    assert made.is_same
    assert report.differences([made]) == [
        "AGREES, not as expected: none/payload/js",
        '    value.leaf: "assam", expected "mint"',
    ]


def test_a_stack_that_fails_is_deleted(session: Any) -> None:
    """What CloudFormation said of the resource is in the error, and nothing is left."""
    told: list[str] = []
    with pytest.raises(StackFailed, match=r"(?s)Bus: .*default"), Stack(session, FAILING, told.append, pause=0.01):
        pytest.fail("it is not made")
    assert told[-1] == "deleted: nothing is left in the account"
    assert left_over(session) == []


def test_an_interruption_deletes_the_stack(session: Any) -> None:
    """Ctrl-C while cases are asked: the stack goes, and the interruption goes on."""
    stack = Stack(session, SMALL, [].append, pause=0.01)

    def interrupted() -> None:
        with stack:
            assert stack.outputs == {"Name": "tea"}
            assert left_over(session) == [stack.name]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert left_over(session) == []


def test_what_cannot_be_deleted_is_named(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind, name and region, with the reason: somebody has to do it by hand."""
    told: list[str] = []
    stack = Stack(session, SMALL, told.append, pause=0.01)
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, "DeleteStack")

    def refused(**_: Any) -> None:
        raise refusal

    with monkeypatch.context() as patch:
        patch.setattr(stack._cloudformation, "delete_stack", refused)
        with pytest.raises(StackFailed, match="Not everything was deleted"), stack:
            pass
    assert told[2] == (
        f"NOT DELETED, delete by hand in us-east-1: the stack {stack.name}: "
        "An error occurred (AccessDenied) when calling the DeleteStack operation: not allowed"
    )
    assert left_over(session) == [stack.name]
    assert stack._unmake() is False
    assert left_over(session) == []
