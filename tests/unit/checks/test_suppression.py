"""What is ignored: by whom it may be asked for, what it covers, and that a reason is required."""

from __future__ import annotations

import pytest

from livebus.checks.check import Check, Finding
from livebus.checks.suppression import Suppression, from_flag, from_template, part
from livebus.errors import Fault, LivebusError, Place
from livebus.template.document import read_document
from livebus.template.whole import whole
from livebus.validate.findings import found_elsewhere

KNOWN = ("E9100", "W9101", "W9102")
TEMPLATE = """\
Metadata:
  Livebus:
    Ignore:
      - {Id: W9101, Reason: all of it}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Metadata:
      Livebus:
        Ignore:
          - Id: W9102
            Reason: another team's
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Metadata:
      Livebus: {Ignore: [{Id: W91, Reason: generated}]}
    Properties:
      DefinitionS3Location: ./schema.graphql
Outputs:
  Name: {Value: x}
"""


def finding(check_id: str, place: Place) -> Finding:
    return Finding(Check(check_id, "", "", "", found_elsewhere), Fault("found", place))


def test_a_flag_has_an_id_and_a_reason() -> None:
    """Whatever stands after the first colon is the reason."""
    assert from_flag("W9101: as agreed: see 4711", KNOWN) == Suppression("W9101", "as agreed: see 4711", "--ignore")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (
            "W9101",
            (
                "--ignore: 'W9101' is ignored without a reason; expected ID:REASON. Say why it is to be ignored: "
                """--ignore "W9101:another team's"."""
            ),
        ),
        (
            "W9101:  ",
            (
                "--ignore: 'W9101' is ignored without a reason; expected ID:REASON. Say why it is to be ignored: "
                """--ignore "W9101:another team's"."""
            ),
        ),
        (
            "W9101=another team's",
            (
                """--ignore: "W9101=another team's" has no colon; expected ID:REASON. """
                """Write --ignore "W9101:another team's"."""
            ),
        ),
        ("W9103:x", "--ignore: there is no check 'W9103'. Did you mean 'W9102'?"),
        (
            "everything:x",
            "--ignore: 'everything' is not the id of a check; expected an id such as W9101, or its beginning",
        ),
    ],
)
def test_a_flag_that_says_too_little_is_refused(flag: str, message: str) -> None:
    """No reason, or an id that no check has."""
    with pytest.raises(LivebusError) as raised:
        from_flag(flag, KNOWN)
    assert message == str(raised.value)


def test_ids_of_cfn_lint_are_taken_as_they_are() -> None:
    """Which rules cfn-lint has depends on its version."""
    assert from_flag("W3002:packaged later", KNOWN).id == "W3002"


def test_metadata_is_read_for_the_template_and_for_resources() -> None:
    """Each with the place where it stands."""
    found, faults = from_template(read_document(TEMPLATE, "t.yaml"), KNOWN)

    assert faults == []
    assert [(each.id, each.reason, each.resource) for each in found] == [
        ("W9101", "all of it", None),
        ("W9102", "another team's", "Queue"),
        ("W91", "generated", "Schema"),
    ]
    assert found[1].origin.startswith("t.yaml:11:")


def test_metadata_without_a_reason_is_a_fault() -> None:
    """At its line; it ignores nothing."""
    text = "Metadata:\n  Livebus:\n    Ignore:\n      - Id: W9101\nResources: {}\n"
    found, faults = from_template(read_document(text, "t.yaml"), KNOWN)

    assert found == []
    assert [(fault.found, fault.place.line) for fault in faults] == [("'W9101' is ignored without a reason", 4)]


@pytest.mark.parametrize("body", ["x", "{Ignore: x}", "{Ignore: [x, 1, {}]}", "[]"])
def test_metadata_of_any_shape_is_survived(body: str) -> None:
    """What is no suppression is a fault, or not ours."""
    text = f"Metadata: {{Livebus: {body}}}\nResources: {{}}\n"

    assert from_template(read_document(text, "t.yaml"), KNOWN)[0] == []


def test_findings_are_parted() -> None:
    """By id or its beginning; those of a resource by path, by line, and by the file that it names."""
    document = read_document(TEMPLATE, "t.yaml")
    suppressions, _ = from_template(document, KNOWN)
    of_queue = finding("W9102", Place("t.yaml", 7, 5, "Resources/Queue/Type"))
    of_queue_by_line = finding("W9102", Place("t.yaml", 7, 5))
    of_schema = finding("W9102", Place("./schema.graphql", 3, 1))
    elsewhere = finding("W9102", Place("t.yaml", 20, 1))
    another = finding("E9100", Place("t.yaml", 7, 5))
    everywhere = finding("W9101", Place("events/a.json", 1, 1))
    found = [of_queue, of_queue_by_line, of_schema, elsewhere, another, everywhere]

    kept, ignored = part(found, suppressions, document)

    assert kept == [elsewhere, another]
    assert [(each.finding, each.suppression.reason) for each in ignored] == [
        (of_queue, "another team's"),
        (of_queue_by_line, "another team's"),
        (of_schema, "generated"),
        (everywhere, "all of it"),
    ]


def test_nested_templates_ask_for_themselves() -> None:
    """For their own resources, and for all that stands in them; nothing of what nests them."""
    outer = "Resources:\n  Child: {Type: AWS::CloudFormation::Stack}\n  Queue: {Type: AWS::SQS::Queue}\n"
    document = whole(read_document(outer, "t.yaml"), {"Child": read_document(TEMPLATE, "child.yaml")})
    suppressions, faults = from_template(document, KNOWN)

    def stands(check_id: str, place: Place) -> bool:
        kept, _ = part([finding(check_id, place)], suppressions, document)
        return bool(kept)

    assert faults == []
    assert [(each.resource, each.stack) for each in suppressions] == [
        (None, "Child:"),
        ("Child:Queue", "Child:"),
        ("Child:Schema", "Child:"),
    ]
    assert not stands("W9101", Place("child.yaml", 1, 1))
    assert not stands("W9101", Place("./schema.graphql", 1, 1))
    assert not stands("W9102", Place("child.yaml", 6, 1, "Resources/Queue"))
    assert stands("W9102", Place("t.yaml", 3, 1, "Resources/Queue"))
    assert stands("W9101", Place("t.yaml", 3, 1, "Resources/Queue"))
