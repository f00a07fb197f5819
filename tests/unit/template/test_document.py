"""From a template's text to values with places."""

from __future__ import annotations

import pytest

from livebus.errors import InvalidTemplate
from livebus.template.document import Document, read_document


def faults_of(text: str) -> list[str]:
    return [str(fault) for fault in read_document(text, "t.yaml").faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the template is empty"),
        ("# a comment\n", "the template is empty"),
        ("---\n", "the template is empty"),
        ("- a\n", "the template is not an object"),
        ("text", "the template is not an object"),
        ("!Sub {a: b}", "the template is not an object"),
        ("[]", "the template is not an object"),
    ],
)
def test_a_template_is_an_object(text: str, expected: str) -> None:
    """Anything but an object is refused at its first line."""
    with pytest.raises(InvalidTemplate) as raised:
        read_document(text, "t.yaml")

    assert str(raised.value) == f"t.yaml:1:1: {expected}; expected an object with a Resources section"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !Ref B", {"Ref": "B"}),
        ("a: !GetAtt B.C.D", {"Fn::GetAtt": ["B", "C.D"]}),
        ("a: !GetAtt [B, C]", {"Fn::GetAtt": ["B", "C"]}),
        ("a: !GetAtt [B, !Ref C]", {"Fn::GetAtt": ["B", {"Ref": "C"}]}),
        ("a: !GetAtt {b: c}", {"Fn::GetAtt": {"b": "c"}}),
        ("a: !Condition C", {"Condition": "C"}),
        ("a: !If [C, !Ref D, 1]", {"Fn::If": ["C", {"Ref": "D"}, 1]}),
        ('a: !Sub ["${x}", {x: 1}]', {"Fn::Sub": ["${x}", {"x": 1}]}),
        ("a: !Sub 5", {"Fn::Sub": "5"}),
        ("a: 2010-09-09", "2010-09-09"),
        ("a: 2012-10-17T00:00:00Z", "2012-10-17T00:00:00Z"),
        ("a: yes", True),
        ('a: "yes"', "yes"),
        ("a: 0777", 511),
        ("a: 5.0", 5.0),
        ("a: 1.0.0", "1.0.0"),
        ("b: &x {c: 1}\na: *x", {"c": 1}),
        ("b: &x {c: 1}\na: {<<: *x, d: 2}", {"c": 1, "d": 2}),
        ("a: |\n  1\n  2\n", "1\n2\n"),
        ("a: 'Grüße 😀'", "Grüße 😀"),
    ],
)
def test_values(text: str, expected: object) -> None:
    """Short forms become long ones, dates stay text, the rest is as YAML 1.1 has it."""
    assert read_document(text, "t.yaml").body["a"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1e3}', 1000.0),
        ('{"a":\t[1,\t2]}', [1, 2]),
        ('{"a": "\\ud83d\\ude00"}', "😀"),
        ('{"a": "\\/\\t"}', "/\t"),
        ('{"a": "2010-09-09"}', "2010-09-09"),
        ('{"a": {"Ref": "B"}}', {"Ref": "B"}),
        ('\ufeff{"a": 1}', 1),
        ("{a: yes}", True),
    ],
)
def test_values_of_json(text: str, expected: object) -> None:
    """A template in JSON has JSON's numbers and escapes; what only looks like JSON is YAML."""
    assert read_document(text, "t.json").body["a"] == expected


def test_keys_stay_as_they_are_written() -> None:
    """Numbers and truth values are text where they are keys: a map of accounts keeps its zeros."""
    assert list(read_document("a: {012: x, yes: y, 1.0: z}", "t.yaml").body["a"]) == ["012", "yes", "1.0"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_places(newline: str, bom: str) -> None:
    """A text stands where it begins, a list or an object at its key; line ends and a byte order mark do not shift."""
    text = bom + newline.join(("A:", "  B: text", "  C:", "    - x", "    - {D: |", "    }", ""))
    text = text.replace("{D: |", "D: |").replace("    }", "        line")
    document = read_document(text, "t.yaml")
    paths = [("A",), ("A", "B"), ("A", "C"), ("A", "C", 0), ("A", "C", 1), ("A", "C", 1, "D")]

    places = [(document.place(path).line, document.place(path).column) for path in paths]

    assert places == [(1, 1), (2, 6), (3, 3), (4, 7), (5, 7), (6, 1)]


def test_the_place_of_what_is_not_there_is_its_parents() -> None:
    """A path that leads nowhere has the place of the last known step, and keeps its own name."""
    document = Document({}, "t.yaml", {("A",): (3, 1)})

    assert str(document.place(("A", "B", 0))) == "t.yaml:3:1 (A/B/0)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", ["t.yaml:2:1: duplicate key 'a'; expected each key once. Remove one of the two."]),
        ('{"a": 1,\n "a": 2}', ["t.yaml:2:2: duplicate key 'a'; expected each key once. Remove one of the two."]),
        ("a:\n  b:", ["t.yaml:2:5 (a/b): 'null' values are not allowed in templates"]),
        ("a: ~", ["t.yaml:1:4 (a): 'null' values are not allowed in templates"]),
        (
            "EventPattern: {source: [null]}",
            [
                (
                    "t.yaml:1:25 (EventPattern/source/0): 'null' values are not allowed in templates. "
                    "Write the EventPattern as JSON text to match null."
                )
            ],
        ),
        ("Metadata: {a: null}", []),
        ("a: .inf", ["t.yaml:1:4 (a): '.inf' is YAML's !!float, which JSON has not; expected text in quotes"]),
        ("a: =", ["t.yaml:1:4 (a): '=' is YAML's !!value, which JSON has not; expected text in quotes"]),
        ("a: 0b_", ["t.yaml:1:4 (a): '0b_' is not a number that can be read; expected a number, or text in quotes"]),
        (
            "a: !!binary eA==",
            ["t.yaml:1:4 (a): 'eA==' is YAML's !!binary, which JSON has not; expected text in quotes"],
        ),
        ("a: !!set {x: 1}", ["t.yaml:1:4 (a): YAML's !!set, which CloudFormation does not support"]),
        ("a: {[1]: x}", ["t.yaml:1:5 (a): a key that is not a text"]),
        ("a: {!Ref b: x}", ["t.yaml:1:5 (a): a key that is not a text"]),
        ('a: "\\ud83d"', ["t.yaml:1:4 (a): text with half of a surrogate pair; expected text that UTF-8 can hold"]),
    ],
)
def test_faults_that_let_the_rest_be_read(text: str, expected: list[str]) -> None:
    """What has no counterpart in JSON is told with its place, and the document is there all the same."""
    assert faults_of(text) == expected


def test_all_faults_at_once() -> None:
    """Each fault of a document is told."""
    assert len(faults_of("a: null\nb: {c: 1, c: 2}\nd: .nan\n")) == 3


def test_aliases_are_noted() -> None:
    """A document tells whether YAML aliases were expanded in it."""
    assert [read_document(text, "t").aliases for text in ("a: &x 1\nb: *x", "a: &x 1\nb: 2")] == [True, False]
