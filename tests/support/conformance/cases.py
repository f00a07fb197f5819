"""
Reads the cases: ``tests/conformance/cases/README.md`` says what a file holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.conformance.documents import demand, objects, read_document, texts

FOLDER = Path(__file__).parents[2] / "conformance" / "cases"
LANGUAGES = ("js", "vtl", "vtl2017")
SOURCES = ("none", "table", "function", "bus", "tables_over_http", "identity_over_http")
BASES = ("documented", "recorded", "observed", "ours")
_EXPECTATIONS = {"gives", "errors", "headers", "here"}
_CODE = {"value", "request", "response", "functions", "direct"}
_CASE = {
    "name",
    "basis",
    "of",
    "source",
    "given",
    "items",
    "left",
    "calls",
    "each_of",
    "alone",
    "why",
    *LANGUAGES,
    *_EXPECTATIONS,
}

_EXPECTED_KINDS = {"errors": (list,), "headers": (dict,), "given": (dict,)}
_KINDS = {
    "of": (list,),
    "source": (str,),
    "basis": (str,),
    "given": (dict,),
    "items": (list,),
    "calls": (list,),
    "each_of": (int,),
    "alone": (bool,),
    "why": (str,),
    "here": (dict,),
    **dict.fromkeys(LANGUAGES, (str, dict)),
    **_EXPECTED_KINDS,
}
_CODE_KINDS = {
    "value": (str,),
    "request": (str,),
    "response": (str,),
    "functions": (list,),
    "calls": (list,),
    "why": (str,),
    "here": (dict,),
    **_EXPECTED_KINDS,
}


@dataclass(frozen=True)
class Expectation:
    """The field's value and errors, and headers of the response (lower case, those named only)."""

    value: Any = None
    errors: tuple[Mapping[str, Any], ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One of the calls of a case: what ``ctx.args.given`` has besides the case's, and what comes of it."""

    given: Mapping[str, Any]
    expected: Expectation


@dataclass(frozen=True)
class Variant:
    """A case in one language. ``here`` is what the local runtime gives instead where it does not do the thing; ``why`` says so."""

    case: Case
    language: str
    code: Mapping[str, Any]
    calls: tuple[Call, ...]
    here: Expectation | None = None
    why: str = ""

    @property
    def id(self) -> str:
        return f"{self.case.family}/{self.case.name}/{self.language}"


@dataclass(frozen=True)
class Case:
    """
    ``of`` are the functions and operations that it covers, ``page`` the page that it follows. ``basis`` says where its
    expected values are from: the page (documented), answers of AWS that somebody recorded, what people saw there (observed), or
    choices of ours.
    """

    family: str
    name: str
    page: str
    basis: str
    of: tuple[str, ...]
    source: str
    given: Mapping[str, Any]
    items: tuple[Mapping[str, Any], ...]
    left: Any
    on_items: int
    is_alone: bool
    variants: tuple[Variant, ...] = ()


def read(folder: Path = FOLDER) -> list[Case]:
    """All cases, by files and in their order. Raises ValueError naming file and case for what a case may not have."""
    return [case for file in sorted(folder.glob("*.yaml")) for case in _read_file(file)]


def _read_file(file: Path) -> Iterator[Case]:
    document = read_document(file, _KINDS)
    names: set[str] = set()
    for each in document.cases:
        given, where = each.members, each.where
        name = given.get("name")
        if unknown := set(given) - _CASE:
            raise ValueError(f"{where} has {sorted(unknown)}; a case may have {sorted(_CASE)}")
        if not isinstance(name, str) or not name.isidentifier() or name in names:
            raise ValueError(f"{where}: a name is an identifier, and a file's names differ")
        names.add(name)
        basis = given.get("basis", document.members.get("basis", BASES[0]))
        if basis not in BASES:
            raise ValueError(f"{where}: basis is {basis!r}; expected one of {BASES}")
        yield _case(file.stem, document.page, basis, given, where)


def _case(family: str, page: str, basis: str, given: Mapping[str, Any], where: str) -> Case:
    source = given.get("source", "none")
    if source not in SOURCES:
        raise ValueError(f"{where}: source is {source!r}; expected one of {SOURCES}")
    case = Case(
        family,
        given["name"],
        page,
        basis,
        texts(given.get("of", ()), "of", where),
        source,
        given.get("given", {}),
        objects(given.get("items", ()), "items", where),
        given.get("left"),
        given.get("each_of", 0),
        given.get("alone", False),
    )
    variants = tuple(_variant(case, language, given, where) for language in LANGUAGES if language in given)
    if not variants:
        raise ValueError(f"{where} has none of {LANGUAGES}")
    object.__setattr__(case, "variants", variants)
    return case


def _variant(case: Case, language: str, given: Mapping[str, Any], where: str) -> Variant:
    own = given[language]
    code = own if isinstance(own, Mapping) else {"value": own}
    if unknown := set(code) - _CODE - _EXPECTATIONS - {"why", "calls"}:
        raise ValueError(f"{where}, {language} has {sorted(map(str, unknown))}")
    demand(code, _CODE_KINDS, f"{where}, {language}")
    if "functions" in code:
        objects(code["functions"], "functions", f"{where}, {language}")
    expecting = {**given, **code}
    calls = tuple(
        Call(each.get("given", {}), _expectation(each, f"{where}, {language}"))
        for each in (objects(expecting["calls"], "calls", where) if "calls" in expecting else [expecting])
        if each is not expecting
    ) or (Call({}, _expectation(expecting, f"{where}, {language}")),)
    here = expecting.get("here")
    why = expecting.get("why", "")
    if (here is None) != (not why):
        raise ValueError(f"{where}, {language}: `here` and `why` stand together")
    return Variant(
        case,
        language,
        {name: text for name, text in code.items() if name in _CODE},
        calls,
        None if here is None else _expectation(here, f"{where}, {language}"),
        why,
    )


def _expectation(given: Mapping[str, Any], where: str) -> Expectation:
    if "gives" not in given and "errors" not in given:
        raise ValueError(f"{where}: expects nothing: neither `gives` nor `errors`")
    demand(given, _EXPECTED_KINDS, where)
    objects(given.get("errors", ()), "errors", where)
    return Expectation(given.get("gives"), tuple(given.get("errors", ())), given.get("headers", {}))
