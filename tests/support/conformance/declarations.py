"""
The names of what resolvers can call, read from the type declarations of '@aws-appsync/utils'.
"""

from __future__ import annotations

import re
from pathlib import Path

# File, the type whose members count, and what they are called by.
_TYPES = (
    ("index.d.ts", "Util", "util"),
    ("index.d.ts", "Extensions", "extensions"),
    ("index.d.ts", "Runtime", "runtime"),
    ("time-utils.d.ts", "TimeUtils", "util.time"),
    ("dynamodb-utils.d.ts", "DynamodbUtil", "util.dynamodb"),
    ("rds-utils.d.ts", "RdsUtil", "util.rds"),
    ("http-utils.d.ts", "HttpUtils", "util.http"),
    ("xml-utils.d.ts", "XmlUtils", "util.xml"),
    ("transform-utils.d.ts", "TransformUtils", "util.transform"),
    ("math-utils.d.ts", "MathUtils", "util.math"),
    ("string-utils.d.ts", "StringUtils", "util.str"),
    ("dynamodb-helpers.d.ts", "DynamoDBOperation", "operations"),
)
_MODULES = (("dynamodb-helpers.d.ts", "dynamodb"), ("rds-helpers.d.ts", "rds"), ("bedrock-helpers.d.ts", "ai"))
_MEMBER = re.compile(r"^    (\w+)(?:<|\(|: \()", re.MULTILINE)
_FUNCTION = re.compile(r"^export declare function (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def declared(package: Path) -> set[str]:
    """Names like ``util.time.nowISO8601`` and ``dynamodb.get``; ``package`` is the folder of the package."""
    texts = {file.name: _COMMENT.sub("", file.read_text(encoding="utf-8")) for file in (package / "lib").glob("*.d.ts")}
    names: set[str] = set()
    for file, kind, holder in _TYPES:
        block = re.search(
            rf"^(?:export )?(?:declare )?type {kind} = \{{\n(.*?)^\}};?", texts[file], re.DOTALL | re.MULTILINE
        )
        assert block is not None, f"{file} has no type {kind}"
        names |= {f"{holder}.{name}" for name in _MEMBER.findall(block[1])}
    for file, holder in _MODULES:
        names |= {f"{holder}.{name}" for name in _FUNCTION.findall(texts[file])}
    return names
