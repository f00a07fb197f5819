"""What is refused at compile time: where, by which rule, with which advice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import InvalidResolver, Place
from livebus.operation import Resolver
from livebus.resolver import compile_resolver
from livebus.resolver.rules import RULES
from livebus.template.application import (
    DataSource,
    MappingTemplates,
    PipelineFunction,
    ResolverConfig,
    TemplateText,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "resolvers"
FORBIDDEN = sorted(path.name for path in VECTORS.glob("forbidden_*.js"))
GOOD = sorted(path.name for path in VECTORS.glob("*.js") if not path.name.startswith("forbidden_"))
RESPONSE = "export function response(ctx) { return ctx.result; }"


NONE = DataSource("Nothing", "NONE")
BUS = DataSource("Bus", "AMAZON_EVENTBRIDGE", "arn:aws:events:eu-west-1:123456789012:event-bus/shop")


def compile_code(code: str, source: DataSource = NONE) -> Resolver:
    return compile_resolver(ResolverConfig("Query", "get", code, "resolvers/get.js", source))


def faults_of(code: str) -> list[str]:
    with pytest.raises(InvalidResolver) as raised:
        compile_code(code)
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_every_forbidden_construct_is_refused_at_its_place(name: str) -> None:
    """A forbidden sample is refused by exactly the rules, lines and columns that its comments list."""
    code = (VECTORS / name).read_text(encoding="utf-8")
    expected = sorted(
        (int(line), int(column), rule) for line, column, rule in re.findall(r"// refused: (\d+):(\d+) (\S+)", code)
    )
    with pytest.raises(InvalidResolver) as raised:
        compile_code(code)
    actual = []
    for fault in raised.value.faults:
        rule = re.search(r"\(([\w-]+)\)$", fault.found)
        assert rule is not None, fault.found
        assert fault.advice
        actual.append((fault.place.line, fault.place.column, rule.group(1)))
    assert sorted(actual) == expected


CONTEXT = "The context and its members are read-only (no-disallowed-re-assignment)"
FUNCTION = "Functions cannot be assigned again (no-function-reassign)"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("ctx.args = {}", f"'ctx.args = {{}}': {CONTEXT}"),
        ("ctx['args'] += 1", f"{chr(34)}ctx['args'] += 1{chr(34)}: {CONTEXT}"),
        ("ctx = {}", f"'ctx = {{}}': {CONTEXT}"),
        ("delete ctx.args", f"'delete ctx.args': {CONTEXT}"),
        ("for (ctx.args of []) {}", f"'for (ctx.args of []) {{}}': {CONTEXT}"),
        ("inner = 5", f"'inner = 5': {FUNCTION}"),
        ("const again = inner", f"'again = inner': {FUNCTION}"),
        ("let again = 1; again = inner", f"'again = inner': {FUNCTION}"),
    ],
)
def test_what_may_not_be_assigned(body: str, found: str) -> None:
    """The context, its members, and functions; the fault quotes the code."""
    code = f"function inner() {{ return 1 }}\nexport function request(ctx) {{ {body}; return {{}} }}\n{RESPONSE}"
    with pytest.raises(InvalidResolver) as raised:
        compile_code(code)
    assert [fault.found for fault in raised.value.faults] == [found]


@pytest.mark.parametrize(
    "body",
    [
        "return { payload: !ctx.args }",
        "return { payload: [-ctx.args, typeof ctx.stash, void ctx] }",
        "for (const ctx of [1]) {} return {}",
        "ctx.stash.a = 1; ctx.stash.list += 1; delete ctx.stash.a; return {}",
        "const made = {}; made.ctx = 1; delete made.ctx; return {}",
        "const value = inner(); let other = value; other = 2; return { payload: other }",
        "const f = (first, ctx) => { ctx = 1; return ctx }; return { payload: f(1, 2) }",
    ],
)
def test_what_may(body: str) -> None:
    """What is read of the context, what is put on its stash, and names of one's own."""
    code = f"function inner() {{ return 1 }}\nexport function request(ctx) {{ {body} }}\n{RESPONSE}"
    assert compile_code(code) is not None


def test_a_function_that_is_named_inside_itself_may_call_itself_no_more_than_others() -> None:
    """A function expression's own name is known inside of it, and recursion by it is recursion."""
    code = (
        "export function request(ctx) { const f = function down(n) { return down(n - 1) }; return { payload: f(1) } }\n"
    )
    (found,) = faults_of(code + RESPONSE)
    assert found.startswith("resolvers/get.js:1:68: 'down(n - 1)': Recursive calls are not supported: ")


@pytest.mark.parametrize("name", GOOD)
def test_good_samples_compile(name: str) -> None:
    """Code that AppSync takes is taken."""
    source = BUS if name == "put_events.js" else NONE
    assert compile_code((VECTORS / name).read_text(encoding="utf-8"), source) is not None


def test_every_rule_has_a_forbidden_sample() -> None:
    """No rule stands in the table without a sample that it refuses."""
    samples = "".join((VECTORS / name).read_text(encoding="utf-8") for name in FORBIDDEN)
    assert {rule.id for rule in RULES} - set(re.findall(r"// refused: \d+:\d+ (\S+)", samples)) == set()


def test_a_syntax_error_has_line_and_column() -> None:
    """Code that is no JavaScript is refused at the place where the engine stopped reading."""
    assert faults_of("export function request(ctx) {\n  return { a: ; };\n}") == [
        "resolvers/get.js:2:15: Syntax error: unexpected token in expression: ';'"
    ]


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("let x = ;", "1:9"),
        ("const a = 1;\nconst a = 2;\n" + RESPONSE, "2:7"),
        ("return 1;", "1:1"),
        ("import { util } form '@aws-appsync/utils';", "1:17"),
    ],
)
def test_errors_of_modules_are_syntax_errors(code: str, place: str) -> None:
    """What is no ES module is a syntax error, also where it would be sound in a function or script."""
    line, column = (int(part) for part in place.split(":"))
    with pytest.raises(InvalidResolver) as raised:
        compile_code(code)
    fault = raised.value.faults[0]
    assert fault.place.file == "resolvers/get.js"
    assert fault.place.line == line
    assert abs((fault.place.column or 0) - column) <= 2
    assert fault.found.startswith("Syntax error: ")


@pytest.mark.parametrize("name", ["request", "response"])
def test_both_handlers_must_be_exported(name: str) -> None:
    """A code file without one of the handlers is refused by the handler's name."""
    other = {"request": "response", "response": "request"}[name]
    assert faults_of(f"export function {other}(ctx) {{ return {{}}; }}") == [
        f"resolvers/get.js: The code exports no '{name}'; expected export function {name}(ctx) {{ … }}"
    ]


def test_a_handler_of_a_similar_name_is_pointed_out() -> None:
    """A misspelt handler leads to the question whether the handler was meant."""
    fault = faults_of("export function reqeust(ctx) { return {}; }\n" + RESPONSE)[0]
    assert fault.endswith("Did you mean 'reqeust' to be 'request'?")


def test_a_handler_that_is_not_exported_counts_as_missing() -> None:
    """A function of the right name without the word export is no handler."""
    assert "exports no 'request'" in faults_of("function request(ctx) { return {}; }\n" + RESPONSE)[0]


@pytest.mark.parametrize(
    "exports",
    [
        "export default { request, response };",
        "export * from '@aws-appsync/utils';",
        "export { request } from './other.js';",
    ],
)
def test_other_forms_of_export_are_refused(exports: str) -> None:
    """Default exports and exports from elsewhere name no handlers."""
    code = f"function request(ctx) {{ return {{}}; }}\nfunction response(ctx) {{}}\n{exports}"
    assert (
        f"resolvers/get.js:3:1: {exports!r}: AppSync takes the handlers by their names. "
        "Write export function request(ctx) and export function response(ctx)"
    ) in faults_of(code)


@pytest.mark.parametrize(
    "exports",
    [
        "export { request, response };",
        "export { request };\nexport { response };",
        "export { one as request, response };\nfunction one() { return {}; }",
    ],
)
def test_exports_may_stand_apart_from_the_functions(exports: str) -> None:
    """The list form of export is understood, renamed or not."""
    code = f"function request(ctx) {{ return {{}}; }}\nconst response = (ctx) => ctx.result;\n{exports}"
    assert compile_code(code) is not None


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "import { util, utils } from '@aws-appsync/utils';",
            "1:16: '@aws-appsync/utils' has no 'utils'; expected util, extensions, runtime. Did you mean 'util'?",
        ),
        (
            "import { select } from '@aws-appsync/utils/rds';",
            (
                "1:1: '@aws-appsync/utils/rds' makes statements for Amazon RDS, which the local runtime does not emulate; "
                "expected a data source that runs here"
            ),
        ),
        (
            "import _ from 'lodash';",
            (
                "1:1: 'lodash' is not a module of AppSync's runtime; expected '@aws-appsync/utils'. "
                "Bundle other code into the file, as ES module, with esbuild"
            ),
        ),
        (
            "import { util } from '@aws-appsync/util';",
            (
                "1:1: '@aws-appsync/util' is not a module of AppSync's runtime; expected '@aws-appsync/utils'. "
                "Did you mean '@aws-appsync/utils'?"
            ),
        ),
        # Another package of AWS's: nobody meant AppSync's module by it.
        (
            "import { marshall } from '@aws-sdk/util-dynamodb';",
            (
                "1:1: '@aws-sdk/util-dynamodb' is not a module of AppSync's runtime; expected '@aws-appsync/utils'. "
                "Bundle other code into the file, as ES module, with esbuild"
            ),
        ),
        (
            "import aws from '@aws-appsync/utils';",
            "1:8: '@aws-appsync/utils' has no 'default'; expected util, extensions, runtime",
        ),
        (
            "import './helper.js';",
            (
                "1:1: './helper.js' is not a module of AppSync's runtime; expected '@aws-appsync/utils'. "
                "Bundle other code into the file, as ES module, with esbuild"
            ),
        ),
    ],
)
def test_imports_are_checked_by_name(statement: str, fault: str) -> None:
    """Only the names that AppSync's module has can be imported; others are refused with what was meant."""
    assert faults_of(f"{statement}\nexport const request = () => ({{}});\n{RESPONSE}") == [f"resolvers/get.js:{fault}"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "util.toJson({})",
            "'util.toJson' is for mapping templates, APPSYNC_JS has no such thing. Write JSON.stringify",
        ),
        ("util.time.nowIso8601()", "AppSync's runtime has no 'util.time.nowIso8601'"),
        ("util.rds.toJsonString('')", "AppSync's runtime has no 'util.rds.toJsonString'; expected toJsonObject"),
        ("util.http.addHeader('A', 'b')", "AppSync's runtime has no 'util.http.addHeader'"),
        ("runtime.earlyreturn()", "Did you mean 'earlyReturn'?"),
        ("console.warn(1)", "AppSync's runtime has no 'console.warn'; expected error, log"),
        ("utill.error('x')", "utill is not there (no-undef). Did you mean 'util'?"),
        ("ctx.args.map((item) => totl + 1)", "totl is not there (no-undef). Did you mean 'total'?"),
    ],
)
def test_unknown_names_are_refused_with_a_suggestion(expression: str, words: str) -> None:
    """A name that neither the code nor AppSync's runtime has is refused before any request meets it."""
    code = f"const total = 1;\nexport function request(ctx) {{ return {{ payload: {expression} }}; }}\n{RESPONSE}"
    faults = faults_of(code)
    assert len(faults) == 1
    assert words in faults[0]
    assert faults[0].startswith("resolvers/get.js:2:")


def test_members_of_renamed_imports_are_checked() -> None:
    """util is known under the name that the import gave it, and inside a namespace."""
    code = "import { util as u } from '@aws-appsync/utils';\nimport * as all from '@aws-appsync/utils';\n"
    code += f"export const request = () => ({{ payload: [u.isNull(1), all.util.nope(), all.utl] }});\n{RESPONSE}"
    assert ["u.isNull" in fault or "util." in fault for fault in faults_of(code)] == [True, True]


def test_code_above_the_limit_is_refused() -> None:
    """32,768 characters are the most that AppSync takes."""
    code = f"export function request(ctx) {{ return {{}}; }}\n{RESPONSE}\n//"
    assert compile_code(code + "x" * (32_768 - len(code))) is not None
    (fault,) = faults_of(code + "x" * (32_769 - len(code)))
    assert fault == (
        "resolvers/get.js: The code is 32,769 characters long; expected at most 32,768. "
        "Keep large tables out of resolver code"
    )


def test_faults_of_all_files_are_told_at_once() -> None:
    """A pipeline's faults name the file of each function."""
    bad = "export function request(ctx) { while (true) {} }\n" + RESPONSE
    config = ResolverConfig(
        "Query",
        "get",
        "syntax error",
        "resolvers/get.js",
        functions=(
            PipelineFunction("one", "f1", NONE, bad, "resolvers/one.js"),
            PipelineFunction("two", "f2", DataSource("Table", "AMAZON_DYNAMODB"), bad, "resolvers/two.js"),
        ),
        place=Place("template.yaml", 7),
    )
    with pytest.raises(InvalidResolver) as raised:
        compile_resolver(config)
    assert [str(fault).split(": ")[0] for fault in raised.value.faults] == [
        "resolvers/get.js:1:8",
        "resolvers/one.js:1:32",
        "resolvers/two.js:1:32",
    ]


def test_a_resolver_has_a_data_source_or_functions() -> None:
    """A resolver that is neither unit nor pipeline is refused, and one that is both."""
    good = "export const request = () => ({});\nexport const response = () => null;"
    step = PipelineFunction("one", "f1", NONE, good, "one.js")
    templates = MappingTemplates(TemplateText("{}", Place()), None)
    in_template = PipelineFunction("two", "f2", NONE, "", "", templates=templates)
    place = Place("template.yaml", 7)
    for source, functions, found in (
        (None, (), "Query.get has neither a data source nor functions; expected one of the two"),
        (NONE, (step,), "Query.get has a data source and functions; expected one of the two"),
        (None, (step,) * 11, "The pipeline of Query.get has 11 functions; expected at most 10"),
        (
            None,
            (step, in_template),
            (
                "The pipeline of Query.get has functions in code and in mapping templates, which is not emulated; "
                "expected all of it in one of the two"
            ),
        ),
    ):
        with pytest.raises(InvalidResolver) as raised:
            compile_resolver(ResolverConfig("Query", "get", good, "get.js", source, functions, place=place))
        assert [str(fault) for fault in raised.value.faults] == [f"template.yaml:7: {found}"]
    assert compile_resolver(ResolverConfig("Query", "get", good, "get.js", None, (step,) * 10)) is not None


@pytest.mark.parametrize(
    "body",
    [
        "const arguments_ = 1; return { payload: arguments_ };",
        "const { a: { b = 1 } = {}, ...rest } = ctx.args; return { payload: [b, rest] };",
        "const [first, , ...others] = ctx.args.items; return { payload: [first, others] };",
        "if (true) { var hoisted = 1; } return { payload: hoisted };",
        "return { payload: ctx.args.items.map(({ id }, index) => ({ id, index })) };",
        "const Date = 1; return { payload: Date };",
        "for (const [key, value] of Object.entries(ctx.args)) { ctx.stash[key] = value; } return {};",
        "const inner = (n) => n + 1; return { payload: inner(inner(1)) };",
        "const f = function named(n) { return n; }; return { payload: f(1) };",
        "switch (1) { case 1: { const one = 1; return { payload: one }; } }",
        "for (var key in ctx.args) {} return { payload: key };",
        "const $appsync = 1; return { payload: $appsync };",
    ],
)
def test_declared_names_are_known(body: str) -> None:
    """Every form of declaration makes its names known."""
    assert compile_code(f"export function request(ctx) {{ {body} }}\n{RESPONSE}") is not None


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("export const request = 5;", "1:14: 'request' is exported and is no function"),
        (
            "import { util } from '@aws-appsync/utils';\nexport { util as request };",
            "1:10: 'request' is exported and is no",
        ),
        ("let a = 1;\n  let b = '\0';", "2:12: '\\x00' cannot stand in code; expected UTF-8 text"),
        ("let a = '\ud800';", "1:10: '\\ud800' cannot stand in code; expected UTF-8 text"),
    ],
)
def test_what_is_no_handler_or_no_text_is_refused(code: str, fault: str) -> None:
    """An export that is no function is no handler; characters that no file in UTF-8 has are told by their place."""
    assert faults_of(f"{code}\n{RESPONSE}")[0].startswith(f"resolvers/get.js:{fault}")


@pytest.mark.parametrize(
    "nested",
    [
        "const x = " + "(" * 15_000 + "1" + ")" * 15_000,
        "const x = util" + ".a" * 15_000,
        "const " + "[" * 15_000 + "a" + "]" * 15_000 + " = 1",
        "{" * 15_000 + "}" * 15_000,
        "const x = " + "() => " * 5_000 + "1",
    ],
)
def test_deep_nesting_is_read_or_refused(nested: str) -> None:
    """Code nested however deep is compiled or refused; reading it has no depth of its own."""
    try:
        compile_code(f"export const request = () => ({{}});\n{RESPONSE}\n{nested};")
    except InvalidResolver as refused:
        assert refused.faults[0].place.file == "resolvers/get.js"  # noqa: PT017


PIECES = [
    *(
        "import { util } from '@aws-appsync/utils';",
        "export ",
        "function request(ctx) {",
        "}",
        "(",
        ")",
        "=>",
        "async ",
    ),
    *(
        "const ",
        "a",
        "b = ",
        "{ c }",
        "[d]",
        "...",
        "`",
        "${",
        "'",
        ";",
        "\n",
        "/*",
        "//",
        "++",
        "util.",
        "return ",
        "\u2028",
    ),
    *(
        "class ",
        "for (const e of f) ",
        "ctx",
        ".stash",
        " in ",
        "?.",
        "é",
        "👋",
        "export { a as request }",
        "import",
        "*",
        "1",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=25))
@settings(max_examples=200, deadline=None)
def test_any_text_is_compiled_or_refused(pieces: list[str]) -> None:
    """Whatever the text, it either compiles or is refused with faults that name the file."""
    code = "".join(pieces) + "\nexport const response = () => null;\n"
    try:
        compile_code(code)
    except InvalidResolver as refused:
        assert {fault.place.file for fault in refused.faults} == {"resolvers/get.js"}  # noqa: PT017
