"""Many mistakes in one application: the first fault hides none of the others."""

from __future__ import annotations

from pathlib import Path

from livebus.checks.every import EVERY_CHECK
from livebus.checks.inspection import Inspection
from livebus.checks.running import run_checks
from livebus.template.document import read_document

PROJECT = Path(__file__).parents[3]
# What stands in a file, what is written instead, and the check that tells of it.
MISTAKES = [
    ("template.yaml", "publishMsgFromEB(msg: $msg)", "publishMsgFromEBx(msg: $msg)", "E9103"),
    ("template.yaml", '{"msg": <msg>}', '{"msgs": <msg>}', "E9112"),
    ("template.yaml", "msg: $.detail.msg", "msg: $.detail.msg\n              other: $.detail.other", "W9111"),
    ("template.yaml", "Action: appsync:GraphQL", "Action: appsync:InvokeMutation", "E9132"),
    ("template.yaml", "Service: events.amazonaws.com", "Service: lambda.amazonaws.com", "E9130"),
    ("template.yaml", 'msg: [prefix: ""]', 'msg: [{numeric: ["<", "a"]}]', "E9120"),
    ("template.yaml", "RuntimeVersion: 1.0.0", "RuntimeVersion: 2.0.0", "E9100"),
    ("template.yaml", "Action: sqs:SendMessage", "Action: sqs:ReceiveMessage", "E9181"),
    ("template.yaml", "MetricName: FailedInvocations", "MetricName: FailedInvocation", "E9185"),
    ("template.yaml", "    DependsOn: GraphQLSchema\n", "", "W9174"),
    ("template.yaml", "FieldName: publishMsgFromEB", "FieldName: publishMsgFromEbb", "E9171"),
    ("template.yaml", '"^${UserPoolClient}$"', '"^nobody$"', "E9144"),
    ("schema.graphql", '["publishMsgFromEB"]', '["publishMsgFromEBB"]', "E9150"),
    ("resolvers/publishMsgFromEB.js", "export function response", "function response", "E9172"),
]


def found_with(mistakes: list[tuple[str, str, str, str]]) -> set[str]:
    """The ids of what is found in our application with these mistakes."""
    texts = {name: (PROJECT / name).read_text(encoding="utf-8") for name, *_ in MISTAKES}
    for name, right, wrong, _ in mistakes:
        assert right in texts[name]
        texts[name] = texts[name].replace(right, wrong, 1)
    document = read_document(texts["template.yaml"], "template.yaml")
    inspection = Inspection(document, lambda name: texts[name.removeprefix("./")])
    return {finding.check.id for finding in run_checks(EVERY_CHECK, inspection)}


def test_each_mistake_is_told_beside_all_the_others() -> None:
    """All at once, each by its own check."""
    expected = {check_id for *_, check_id in MISTAKES}

    assert expected - found_with(MISTAKES) == set()


def test_without_a_mistake_nothing_is_told() -> None:
    """The application as it stands has no finding."""
    assert found_with([]) == set()


def test_each_mistake_is_told_by_itself() -> None:
    """One at a time, by the same check."""
    missed = [check_id for *change, check_id in MISTAKES if check_id not in found_with([(*change, check_id)])]

    assert missed == []
