"""
The code of resolvers: handlers and mapping templates in which ``name`` decides which case's part runs.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from support.conformance.cases import Variant

IMPORTS = """import { util, runtime, extensions } from '@aws-appsync/utils';
import * as ddb from '@aws-appsync/utils/dynamodb';
"""
_GIVEN = """#set($given = $ctx.args.given)
#if($util.isString($given))#set($given = $util.parseJson($given))#end
"""
VERSIONS = {"vtl": "2018-05-29", "vtl2017": "2017-02-28"}


def javascript(source: str, variants: Sequence[Variant]) -> str:
    """The code file of a unit resolver, or of the resolver around a pipeline's functions."""
    requests = [(each.case.name, _js_request(each)) for each in variants]
    responses = [(each.case.name, each.code["response"]) for each in variants if "response" in each.code]
    return _js_file(requests, responses, _js_response(source))


def javascript_of(source: str, request: str, response: str | None) -> str:
    """The code file of a pipeline function."""
    return f"{IMPORTS}{_js('request', request)}{_js('response', response or _js_response(source))}"


def _js(handler: str, body: str) -> str:
    # AppSync parses AWSJSON before code sees it: a case says so; the others do without it.
    given = "  const given = typeof ctx.args.given === 'string' ? JSON.parse(ctx.args.given) : ctx.args.given;\n"
    return f"export function {handler}(ctx) {{\n{given}{textwrap.indent(body.rstrip(), '  ')}\n}}\n"


def _js_file(requests: Sequence[tuple[str, str]], responses: Sequence[tuple[str, str]], otherwise: str) -> str:
    return (
        f"{IMPORTS}{_js('request', _switch(requests) + 'return {};')}{_js('response', _switch(responses) + otherwise)}"
    )


def _switch(bodies: Sequence[tuple[str, str]]) -> str:
    if not bodies:
        return ""
    parts = [f"  case '{name}': {{\n{textwrap.indent(body.rstrip(), '    ')}\n  }}\n" for name, body in bodies]
    return f"switch (ctx.args.name) {{\n{''.join(parts)}}}\n"


def _js_request(variant: Variant) -> str:
    if "value" in variant.code:
        return f"return {{ payload: {{ value: {variant.code['value'].strip()} }} }};"
    return str(variant.code.get("request", "return {};"))


def _js_response(source: str) -> str:
    if source == "none":
        return "return ctx.result;"
    return "if (ctx.error) {\n  util.error(ctx.error.message, ctx.error.type);\n}\nreturn { value: ctx.result };"


def templates(source: str, variants: Sequence[Variant]) -> tuple[str, str]:
    """Request and response mapping template of a unit resolver, or of what is around a pipeline's functions."""
    requests = [(each.case.name, _vtl_request(each)) for each in variants]
    responses = [(each.case.name, each.code["response"]) for each in variants if "response" in each.code]
    return _chain(requests, "{}"), _chain(responses, vtl_response(source, variants[0].language))


def _chain(texts: Sequence[tuple[str, str]], otherwise: str) -> str:
    if not texts:
        return _GIVEN + otherwise
    parts = [
        f'#{"elseif" if index else "if"}($ctx.args.name == "{name}")\n{text.strip()}\n'
        for index, (name, text) in enumerate(texts)
    ]
    return f"{_GIVEN}{''.join(parts)}#else\n{otherwise}\n#end"


def function_template(text: str) -> str:
    """A mapping template of a pipeline function."""
    return f"{_GIVEN}{text.strip()}"


def _vtl_request(variant: Variant) -> str:
    if "value" in variant.code:
        version = VERSIONS[variant.language]
        return f'{{"version": "{version}", "payload": {{"value": $util.toJson({variant.code["value"].strip()})}}}}'
    return str(variant.code.get("request", "{}"))


def vtl_response(source: str, language: str = "vtl") -> str:
    """What answers where a case says nothing of it."""
    if source == "none":
        return "$util.toJson($ctx.result)"
    raising = "#if($ctx.error)\n$util.error($ctx.error.message, $ctx.error.type)\n#end\n" if language == "vtl" else ""
    return f'{raising}{{"value": $util.toJson($ctx.result)}}'
