"""Places inside texts of a template, as an editor counts them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.errors import Fault, Place
from livebus.template.document import read_document
from livebus.template.text_places import INSIDE, fault_in_source, in_source

PATH = ("Resources", "S", "Definition")
SCHEMA = 'type Query {\n  é: Strin @aws_x(a: "b")\n  b: Boole\n}\n'


def found(template: str, line: int, column: int | None) -> tuple[int | None, int | None]:
    document = read_document(template, "t")
    place = in_source(document, document.place(PATH).shifted(line, column))
    return place.line, place.column


def json_template(value: Any, **options: Any) -> str:
    return json.dumps({"Resources": {"S": {"Definition": value}}}, **options)


def word_at(template: str, line: int, column: int) -> str:
    """The word of the template that a place inside the text leads to."""
    at_line, at_column = found(template, line, column)
    assert at_line is not None
    assert at_column is not None
    return template.splitlines()[at_line - 1][at_column - 1 :][:5]


FORMS = {
    "json": json_template(SCHEMA),
    "json, escaped": json_template(SCHEMA, ensure_ascii=True, indent=1),
    "join": json_template({"Fn::Join": ["\n", SCHEMA.split("\n")]}, indent=1),
    "join of texts and values": json_template(
        {"Fn::Join": ["", [SCHEMA[:20], {"Ref": "AWS::StackName"}, SCHEMA[20:]]]}, indent=1, ensure_ascii=False
    ).replace('"Strin', '"Strin'),
    "sub": json_template({"Fn::Sub": SCHEMA}),
    "sub with variables": json_template({"Fn::Sub": [SCHEMA, {}]}, indent=1),
    "block": "Resources:\n  S:\n    Definition: |\n" + "".join(f"      {each}\n" for each in SCHEMA.splitlines()),
    "sub of a block": "Resources:\n  S:\n    Definition: !Sub |\n"
    + "".join(f"      {each}\n" for each in SCHEMA.splitlines()),
}


@pytest.mark.parametrize("template", FORMS.values(), ids=FORMS)
def test_two_faults_are_two_places(template: str) -> None:
    """Each at the characters that hold it, whatever form the text has."""
    assert word_at(template, 3, 6) == "Boole"
    assert word_at(template, 1, 6) == "Query"


@pytest.mark.parametrize("name", ["json", "json, escaped", "join", "sub", "block"])
def test_columns_count_characters(name: str) -> None:
    """An escape is one of them."""
    assert word_at(FORMS[name], 2, 6) == "Strin"


def test_what_cannot_be_told_is_the_text_s_beginning() -> None:
    """Folded texts, texts in several pieces of a quoted line, and places beyond the end."""
    folded = "Resources:\n  S:\n    Definition: >\n      type Query {\n      a: Strin }\n"
    assert found(folded, 1, 15) == (4, 7)
    plain = "Resources: {S: {Definition: 'type Query'}}"
    assert (found(plain, 1, 6), found(plain, 7, 1)) == ((1, 35), (1, 29))
    assert found(json_template("a\nb"), 9, 9) == (1, 36)


def test_behind_a_variable_the_line_is_told() -> None:
    """Its value may be longer or shorter than its name."""
    template = "Resources:\n  S:\n    Definition: !Sub |\n      type ${A} {\n        b: Boole }\n"
    assert found(template, 1, 30) == (4, 7)
    assert found(template, 2, 6) == (5, 12)


def test_texts_without_lines_of_their_own_are_named_by_their_path() -> None:
    """Code in JSON counts its own lines, and leads back to the file."""
    template = json_template("let a\nlet b")
    document = read_document(template, "t.json")
    place = Place(f"t.json{INSIDE}Resources/S/Definition", 2, 5)
    assert template[(in_source(document, place).column or 0) - 1] == "b"
    fault = fault_in_source(document, Fault("x", place))
    assert (fault.place.file, fault.place.path) == ("t.json", "Resources/S/Definition")


def test_other_places_stay_as_they_are() -> None:
    """Of other files, of no text, and of what was not counted inside one."""
    document = read_document(json_template("a\nb"), "t")
    for place in (Place("other", 3, 4), Place("t", 3, 4), document.place(PATH), document.place(("Resources",))):
        assert in_source(document, place) == place


@pytest.mark.parametrize("text", ["a\U0001f600b\nc", "a\u00e9b\nc", "\U0001f600\U0001f601b\nc"])
def test_a_character_of_two_escapes_is_one(text: str) -> None:
    """JSON writes what is beyond U+FFFF as a pair."""
    template = json_template(text, ensure_ascii=True)
    for line, word in ((1, "b"), (2, "c")):
        at_line, at_column = found(template, line, text.split("\n")[line - 1].index(word) + 1)
        assert (at_line, template[(at_column or 0) - 1]) == (1, word)


def test_a_line_without_a_column_stays_one() -> None:
    """Of a block, whose lines are lines of the file."""
    assert found(FORMS["block"], 2, None) == (5, None)
