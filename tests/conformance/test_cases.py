"""The cases themselves: nothing of the reference is left out without a reason, and no pattern lets everything through."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from livebus.vtl import MappingTemplate
from livebus.vtl.functions.registry import functions
from support.conformance import cases, subscriptions
from support.conformance.declarations import declared
from support.conformance.documents import InvalidCase
from support.conformance.expected import Loader, differences, filled
from support.conformance.suite import Suite

FILE = Path(__file__).parent / "functions.yaml"
NAMES = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def covered(suite: Suite, kind: str) -> set[str]:
    """The names that cases of a language (or of any, for operations) are of."""
    languages = {"js": ("js",), "vtl": ("vtl", "vtl2017"), "operations": cases.LANGUAGES}[kind]
    found = {
        name for case in suite.cases for name in case.of if {each.language for each in case.variants} & {*languages}
    }
    return found | {name for case in suite.subscriptions for name in case.of if case.language in languages}


@pytest.mark.parametrize("kind", ["js", "vtl", "operations"])
def test_everything_has_a_case_or_a_reason(suite: Suite, kind: str) -> None:
    """And not both: a reason goes when a case comes."""
    reasons = NAMES["reasons"][kind]
    there = covered(suite, kind)
    assert sorted(set(NAMES[kind]) - there - set(reasons)) == []
    assert sorted(set(reasons) & there) == []
    assert sorted(set(reasons) - set(NAMES[kind])) == []


def test_the_list_of_javascript_is_that_of_the_declarations(project: Path) -> None:
    """Of the version of '@aws-appsync/utils' that is installed with the clients."""
    package = project / "tests" / "clients" / "node_modules" / "@aws-appsync" / "utils"
    if not package.is_dir():
        assert not os.environ.get("CI"), "not left out in CI: npm ci in tests/clients"
        pytest.skip("npm ci in tests/clients: @aws-appsync/utils is not there")
    assert declared(package) | {"console.error", "console.log"} == set(NAMES["js"])


def test_the_list_of_templates_is_what_the_runtime_has() -> None:
    """Nothing that AWS's pages name is missing, and nothing is there that they do not name."""
    MappingTemplate("").evaluate({})  # which loads them
    assert set(functions()) | {"#return", "$utils"} == set(NAMES["vtl"])


EXPECTED: list[tuple[str, Any, Any, list[str]]] = [
    ("{a: [1, 2.0, null]}", {"a": [1, 2, None]}, None, []),
    ("{a: 1}", {"b": 1}, None, ["value.a: missing, expected 1", "value.b: 1, expected no such member"]),
    ("1", True, None, ["value: true, expected 1"]),
    ("[1, 2]", [2, 1], None, ["value[0]: 2, expected 1", "value[1]: 1, expected 2"]),
    ("[1]", [1, 2], None, ["value: [1, 2], expected [1]"]),
    ("!match '[a-z]+'", "tea", None, []),
    ("!match '[a-z]+'", "tea 1", None, ['value: "tea 1" does not match [a-z]+']),
    ("!match '[a-z]+'", None, None, ["value: null does not match [a-z]+"]),
    ("!number {from: 0, below: 1}", 0.5, None, []),
    ("!number {from: 0, below: 1}", 1, None, ["value: 1 is no number from 0 below 1"]),
    ("!whole {from: 0, below: 5}", 1.5, None, ["value: 1.5 is no whole number from 0 below 5"]),
    ("!whole {from: 0, below: 5}", "1", None, ['value: "1" is no whole number from 0 below 5']),
    ("!json {a: 1}", '{"a": 1}', None, []),
    ("!json {a: 1}", '{"a": 2}', None, ["value (as JSON).a: 2, expected 1"]),
    ("!json {a: 1}", {"a": 1}, None, ['value: {"a": 1} is no JSON text']),
    ("!unordered [1, 2]", [2, 1], None, []),
    ("!unordered [1, 2]", [2, 2], None, ["value: no 1 in [2, 2]"]),
    ("!unordered [1, 2]", [2], None, ["value: [2] is no list of 2"]),
    ("!any", 0, None, []),
    ("!any", None, None, ["value: null"]),
    ("{'${shop}': !match '${shop}-.*'}", {"a.b": "a.b-c"}, {"shop": "a.b"}, []),
    ("!match '${shop}-.*'", "axb-c", {"shop": "a.b"}, [r'value: "axb-c" does not match a\.b-.*']),
    ("!json {a: '${shop}'}", '{"a": "x"}', {"shop": "x"}, []),
]


@pytest.mark.parametrize(("expected", "got", "names", "found"), EXPECTED)
def test_patterns(expected: str, got: Any, names: Any, found: list[str]) -> None:
    """Each kind of expectation takes what it names, and says what it does not."""
    value = filled(yaml.load(expected, Loader), names or {})
    assert list(differences(value, got)) == found


INVALID = [
    ("cases: [{name: a, js: '1', gives: 1, expects: 2}]", r"case 'a' has \['expects'\]"),
    ("cases: [{name: a b, js: '1', gives: 1}]", "a name is an identifier"),
    ("cases: [{name: a, js: '1', gives: 1}, {name: a, js: '1', gives: 1}]", "a file's names differ"),
    ("cases: [{name: a, js: '1'}]", "expects nothing"),
    ("cases: [{name: a, gives: 1}]", "has none of"),
    ("cases: [{name: a, js: '1', gives: 1, here: {gives: 2}}]", "`here` and `why` stand together"),
    ("cases: [{name: a, js: {code: '1'}, gives: 1}]", r"js has \['code'\]"),
    ("cases: [{name: a, source: queue, js: '1', gives: 1}]", "source is 'queue'"),
]


@pytest.mark.parametrize(("text", "words"), INVALID)
def test_what_no_case_may_be(tmp_path: Path, text: str, words: str) -> None:
    """A member that nobody reads, or a case that can't fail, is told with its file and name."""
    (tmp_path / "tea.yaml").write_text(f"page: https://docs.example\n{text}\n")
    with pytest.raises(ValueError, match=words) as raised:
        cases.read(tmp_path)
    assert str(raised.value).startswith("tea.yaml:2: ")


ODD = [
    ("", "tea.yaml:1: not there, or empty; expected an object with `page` and `cases`"),
    ("- 1", "tea.yaml:1: a list; expected an object with `page` and `cases`"),
    ("cases: []", "tea.yaml:1: `page` is not there, or empty; expected the address of the page that the cases follow"),
    ("page: p", "tea.yaml:1: `cases` is not there, or empty; expected a list of objects"),
    ("page: p\ncases: {a: 1}", "tea.yaml:1: `cases` is an object; expected a list of objects"),
    ("page: p\ncases:\n- tea", "tea.yaml:3: a text; expected an object with a name"),
    ("page: p\ncases:\n- {name: [a}", "tea.yaml:3: expected ',' or ']', but got '}'"),
    ("page: p\ncases:\n- {name: !tea a}", "tea.yaml:3: could not determine a constructor for the tag '!tea'"),
    ("page: p\ncases:\n- {[a]: 1}", "tea.yaml:3: found unhashable key"),
    ("page: p\ncases:\n- {gives: !number {from: 0}}", "tea.yaml:3: !number and !whole take {from: 0, below: 1}"),
    (
        "page: p\ncases:\n- {gives: !whole {from: a, below: 1}}",
        "tea.yaml:3: !number and !whole take {from: 0, below: 1}",
    ),
    ("page: p\ncases:\n- gives: !match '('", "tea.yaml:3: !match: missing ), unterminated subpattern"),
    ("page: p\ncases:\n- gives: !json '['", "tea.yaml:3: !json: the text is not YAML"),
    ("page: p\ncases:\n- {name: a, name: b}", "tea.yaml:3: ['name'] twice"),
    ("page: p\ncases:\n\n- {1: 1}", "tea.yaml:4: case None has 1; expected names that are texts"),
    ("page: p\ncases: [{name: a, of: tea}]", "tea.yaml:2: case 'a': `of` is a text; expected a list"),
]
ODD_CASES = [
    ("name: a, of: [1], js: '1', gives: 1", "`of[0]` is a whole number; expected a text"),
    ("name: a, js: [1], gives: 1", "`js` is a list; expected a text or an object"),
    ("name: a, js: {request: 1}, gives: 1", "`request` is a whole number; expected a text"),
    ("name: a, js: {functions: [1]}, gives: 1", "`functions[0]` is a whole number; expected an object"),
    ("name: a, js: '1', given: [1], gives: 1", "`given` is a list; expected an object"),
    ("name: a, js: '1', items: [1], gives: 1", "`items[0]` is a whole number; expected an object"),
    ("name: a, js: '1', errors: {a: 1}", "`errors` is an object; expected a list"),
    ("name: a, js: '1', errors: [tea]", "`errors[0]` is a text; expected an object"),
    ("name: a, js: '1', calls: [1]", "`calls[0]` is a whole number; expected an object"),
    ("name: a, js: '1', gives: 1, each_of: true", "`each_of` is true or false; expected a whole number"),
    ("name: a, js: '1', gives: 1, here: tea, why: b", "`here` is a text; expected an object"),
    ("name: a, source: [1], js: '1', gives: 1", "`source` is a list; expected a text"),
    ("name: a, basis: [1], js: '1', gives: 1", "`basis` is a list; expected a text"),
]
ODD_SUBSCRIPTIONS = [
    ("name: a, of: [], arrives: []", "has neither js nor vtl"),
    ("name: a, js: {subscribe: b}", "has no `of`"),
    ("name: a, of: [], arrives: [], js: b", "`js` is a text; expected an object"),
    ("name: a, of: [], arrives: [], js: {}", "js has no `subscribe`"),
    ("name: a, of: [], arrives: [1], js: {subscribe: b}", "`arrives[0]` is a whole number; expected a text"),
    ("name: a, of: [], arrives: [], says: [b], js: {subscribe: b}", "`says[0]` is a text; expected an object"),
]


@pytest.mark.parametrize(("text", "told"), ODD)
def test_odd_files_are_told_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    """Of cases and of subscriptions alike: what it is, and what it ought to be."""
    file = tmp_path / "tea.yaml"
    file.write_text(text, encoding="utf-8")
    for read in (lambda: cases.read(tmp_path), lambda: subscriptions.read(file)):
        with pytest.raises(InvalidCase) as raised:
            read()
        assert str(raised.value) == told


@pytest.mark.parametrize(("case", "told"), ODD_CASES)
def test_odd_cases_are_told_with_their_line(tmp_path: Path, case: str, told: str) -> None:
    """Each member has its kind."""
    (tmp_path / "tea.yaml").write_text(f"page: p\ncases:\n- {{{case}}}\n", encoding="utf-8")
    with pytest.raises(InvalidCase) as raised:
        cases.read(tmp_path)
    assert (str(raised.value)[:20], str(raised.value).endswith(told)) == ("tea.yaml:3: case 'a'", True)


@pytest.mark.parametrize(("case", "told"), ODD_SUBSCRIPTIONS)
def test_odd_subscriptions_are_told_with_their_line(tmp_path: Path, case: str, told: str) -> None:
    """As those of other cases; and what has to be there is."""
    file = tmp_path / "tea.yaml"
    file.write_text(f"page: p\ncases:\n- {{{case}}}\n", encoding="utf-8")
    with pytest.raises(InvalidCase) as raised:
        subscriptions.read(file)
    assert (str(raised.value)[:20], str(raised.value).endswith(told)) == ("tea.yaml:3: case 'a'", True)
