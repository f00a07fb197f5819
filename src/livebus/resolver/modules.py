"""
Names what code may import and what ``util`` has: on AppSync, and here.

In: the name of a module and of what is imported from it, or the members of a chain like ``util.time.nowISO8601``. Out:
problems in words. The names are those of the type declarations of ``@aws-appsync/utils`` 2.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from livebus.errors import closest

UTILS = "@aws-appsync/utils"
EXPORTS = ("util", "extensions", "runtime")

# The modules that run here, and the name of each among what the engine hands to code; UTILS is all of that.
MODULES = {UTILS: "", f"{UTILS}/dynamodb": "dynamodb"}
_EXPORTS = {
    UTILS: EXPORTS,
    f"{UTILS}/dynamodb": (
        *("batchDelete", "batchGet", "batchPut", "get", "operations", "put", "query", "remove", "scan", "sync"),
        *("toBinarySet", "toNumberSet", "toStringSet", "transactGet", "transactWrite", "update"),
    ),
}

# Modules that AppSync has beside these: requests for data sources that do not run here.
_DATA_SOURCE_MODULES = {
    f"{UTILS}/rds": "statements for Amazon RDS",
    f"{UTILS}/ai": "requests for Amazon Bedrock",
}

MEMBERS: dict[str, tuple[str, ...]] = {
    "util": (
        "appendError",
        "authType",
        "autoId",
        "autoKsuid",
        "autoUlid",
        "base64Decode",
        "base64Encode",
        "dynamodb",
        "error",
        "escapeJavaScript",
        "http",
        "matches",
        "math",
        "rds",
        "str",
        "time",
        "transform",
        "unauthorized",
        "urlDecode",
        "urlEncode",
        "xml",
    ),
    "util.http": ("addResponseHeader", "addResponseHeaders", "copyHeaders"),
    "util.rds": ("toJsonObject",),
    "util.xml": ("toJsonString", "toMap"),
    "util.math": ("maxVal", "minVal", "randomDouble", "randomWithinRange", "roundNum"),
    "util.str": ("normalize",),
    "util.time": (
        "epochMilliSecondsToFormatted",
        "epochMilliSecondsToISO8601",
        "epochMilliSecondsToSeconds",
        "nowEpochMilliSeconds",
        "nowEpochSeconds",
        "nowFormatted",
        "nowISO8601",
        "parseFormattedToEpochMilliSeconds",
        "parseISO8601ToEpochMilliSeconds",
    ),
    "util.dynamodb": (
        *("fromS3ObjectJson", "toBinary", "toBinarySet", "toBoolean", "toDynamoDB", "toList", "toMap", "toMapValues"),
        *("toNull", "toNumber", "toNumberSet", "toS3Object", "toString", "toStringSet"),
    ),
    "util.transform": (
        *("toDynamoDBConditionExpression", "toDynamoDBFilterExpression", "toElasticsearchQueryDSL"),
        "toSubscriptionFilter",
    ),
    "extensions": (
        *("evictFromApiCache", "invalidateSubscriptions", "setSubscriptionFilter"),
        "setSubscriptionInvalidationFilter",
    ),
    "runtime": ("earlyReturn",),
    "console": ("error", "log"),
}

# In mapping templates (VTL), and not in APPSYNC_JS.
_TEMPLATE_ONLY: dict[str, str] = {
    "defaultIfNull": "value ?? other",
    "defaultIfNullOrBlank": "value || other",
    "defaultIfNullOrEmpty": "value || other",
    "isBoolean": "typeof value === 'boolean'",
    "isList": "typeof value === 'object' and value.length",
    "isMap": "typeof value === 'object'",
    "isNull": "value === null",
    "isNullOrBlank": "!value",
    "isNullOrEmpty": "!value",
    "isNumber": "typeof value === 'number'",
    "isString": "typeof value === 'string'",
    "parseJson": "JSON.parse(text)",
    "qr": "the expression alone",
    "quiet": "the expression alone",
    "toJson": "JSON.stringify(value)",
    "typeOf": "typeof value",
    "validate": "if (!condition) util.error(message, type)",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a name: the members of a Fault, without its place."""

    found: str
    expected: str = ""
    advice: str = ""
    not_emulated: bool = False


def check_import(module: str, names: Sequence[str]) -> Iterable[tuple[int | None, Problem]]:
    """What is wrong with an import: problems of the module (None) or of one name (its index)."""
    if module in _DATA_SOURCE_MODULES:
        found = f"{module!r} makes {_DATA_SOURCE_MODULES[module]}, which the local runtime does not emulate"
        yield None, Problem(found, "a data source that runs here", not_emulated=True)
        return
    if module not in MODULES:
        close = closest(module, [*MODULES, *_DATA_SOURCE_MODULES], 0.8)
        advice = f"Did you mean {close!r}?" if close else "Bundle other code into the file, as ES module, with esbuild"
        yield None, Problem(f"{module!r} is not a module of AppSync's runtime", repr(UTILS), advice)
        return
    for index, name in enumerate(names):
        exports = _EXPORTS[module]
        if name != "*" and name not in exports:
            yield index, Problem(f"{module!r} has no {name!r}", ", ".join(exports), suggestion(name, exports))


def check_member(holder: str, name: str) -> Problem | None:
    """What is wrong with a member of ``util``, ``extensions``, ``runtime`` or ``console``, if anything is."""
    path = f"{holder}.{name}"
    known = MEMBERS.get(holder)
    if known is None or name in known:
        return None
    if holder == "util" and name in _TEMPLATE_ONLY:
        return Problem(
            f"{path!r} is for mapping templates, APPSYNC_JS has no such thing", advice=f"Write {_TEMPLATE_ONLY[name]}"
        )
    return Problem(f"AppSync's runtime has no {path!r}", ", ".join(known), suggestion(name, known))


def suggestion(name: str, known: Iterable[str]) -> str:
    """A question whether a known name was meant, or nothing."""
    others = {other.lower(): other for other in known}
    close = closest(name.lower(), others)
    return f"Did you mean {others[close]!r}?" if close else ""
