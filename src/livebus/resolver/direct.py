"""
Direct Lambda resolvers: what a function gets, and what becomes of its answer, where neither code nor templates say it.

https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A direct function among functions in code: AppSync's own behaviour, as code.
CODE = """\
import { util } from '@aws-appsync/utils';

export function request(ctx) {
  const { headers, domainName } = ctx.request ?? {};
  const { fieldName, parentTypeName, variables, selectionSetList, selectionSetGraphQL } = ctx.info ?? {};
  return {
    operation: 'Invoke',
    payload: {
      arguments: ctx.args,
      identity: ctx.identity,
      source: ctx.source,
      request: { headers, domainName },
      prev: ctx.prev,
      info: { fieldName, parentTypeName, variables, selectionSetList, selectionSetGraphQL },
      stash: ctx.stash,
    },
  };
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type, ctx.result);
  }
  return ctx.result;
}
"""
_REQUEST = ("headers", "domainName")
_INFO = ("fieldName", "parentTypeName", "variables", "selectionSetList", "selectionSetGraphQL")


def direct_payload(context: Mapping[str, Any], prev: Any) -> dict[str, Any]:
    """The event of the function: the members of ``ctx`` that AppSync sends it."""
    request, info = context.get("request") or {}, context.get("info") or {}
    return {
        "arguments": context.get("arguments") or {},
        "identity": context.get("identity"),
        "source": context.get("source"),
        "request": {name: request.get(name) for name in _REQUEST},
        "prev": prev,
        "info": {name: info.get(name) for name in _INFO},
        "stash": context.get("stash") or {},
    }
