"""The cases themselves: nothing of the reference is left out without a reason, and no pattern lets everything through."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from livebus.vtl import MappingTemplate
from livebus.vtl.functions.registry import functions
from support.conformance import cases
from support.conformance.declarations import declared
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
    assert str(raised.value).startswith("tea.yaml: ")
