"""Roles of targets: what is told of them where the API is in another stack."""

from __future__ import annotations

from pathlib import Path

from livebus.checks.iam import target_permissions
from livebus.checks.running import run_checks
from livebus.template import Environment
from livebus.validate.project import Project


def test_an_api_of_a_nested_stack_is_named_as_its_parent_knows_it(project: Path, tmp_path: Path) -> None:
    """No !Sub of the parent's can name a resource of a nested template: CloudFormation would refuse what we propose."""
    for name in ("template.yaml", "api.yaml"):
        text = (project / "tests" / "support" / "readings" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/types/Mutation/fields/store", "/*"), encoding="utf-8")
    inspection = Project(tmp_path / "template.yaml").inspect(environment=Environment())

    (found,) = run_checks(target_permissions.CHECKS, inspection)

    assert found.fault.expected == (
        "the ARN of 'Api:GraphQL', as its stack gives it to this one, with /types/Mutation/fields/store behind it"
    )
