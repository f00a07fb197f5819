"""
The files of a new application: the shipped one with other names, and what stands around it.

In: a :class:`~livebus.new.naming.Naming`, the shipped texts by path. Out: the new texts by path. Each text that is replaced has to be
there, so that a change of the shipped application that would not reach the new one is an error here, and a failing test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from livebus.new import surroundings
from livebus.new.field import as_json, sample_detail
from livebus.new.naming import SAMPLE_FIELD, SAMPLE_SOURCE, SAMPLE_STACK, Naming

TEMPLATE, SCHEMA, RESOLVER, SAMCONFIG = (
    "template.yaml",
    "schema.graphql",
    "resolvers/publishMsgFromEB.js",
    "samconfig.toml",
)
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_PLAIN = re.compile(r"[A-Za-z][-._A-Za-z0-9/]*")


def application(naming: Naming, shipped: Mapping[str, str]) -> dict[str, str]:
    """The new application's files."""
    files = {
        TEMPLATE: _template(naming, shipped[TEMPLATE]),
        SCHEMA: _schema(naming, shipped[SCHEMA]),
        f"resolvers/{naming.mutation}.js": _resolver(naming, shipped[RESOLVER]),
        SAMCONFIG: _samconfig(naming, shipped[SAMCONFIG]),
    }
    return files | _events(naming) | surroundings.files(naming)


def _template(naming: Naming, shipped: str) -> str:
    text = _renamed(naming, shipped)
    if naming.fields:
        fields = naming.fields
        text = _replaced(text, "Hands detail.msg of each", "Hands the fields of each")
        start, end = text.index("          # Any string. A message"), text.index("      Targets:\n")
        conditions = "".join(f"          {_key(field.name)}: {field.pattern}\n" for field in fields)
        text = text[:start] + _WHY_TYPES + conditions + text[end:]
        paths = "".join(f"              {_key(field.name)}: $.detail.{field.name}\n" for field in fields)
        text = _replaced(text, "              msg: $.detail.msg\n", paths)
        text = _replaced(text, "No quotes around <msg>", "No quotes around <…>")
        members = ",\n".join(f'                "{field.name}": <{field.name}>' for field in fields)
        text = _replaced(
            text,
            """            InputTemplate: '{"msg": <msg>}'\n""",
            f"            InputTemplate: |\n              {{\n{members}\n              }}\n",
        )
        start, end = text.index(f"              mutation {naming.operation}("), text.index("          RetryPolicy:")
        text = text[:start] + _operation(naming) + text[end:]
    if naming.event:
        text = _replaced(
            text,
            "        source: [!Ref EventSource]\n        detail:\n",
            f"        source: [!Ref EventSource]\n        detail-type: [{_key(naming.event)}]\n        detail:\n",
        )
    is_plain = _PLAIN.fullmatch(naming.source) and naming.source.lower() not in _YAML_WORDS
    source = naming.source if is_plain else json.dumps(naming.source, ensure_ascii=False)
    return _replaced(text, f"Default: {SAMPLE_SOURCE}\n", f"Default: {source}\n")


_WHY_TYPES = """\
          # Values of the fields' types. One that is missing or of another type would be refused within an HTTP 200, which
          # neither the retries nor the dead-letter queue are known to notice. A field that may be null has to be there all
          # the same (EventBridge puts "" for what is not); a list that is empty matches nothing.
"""


def _operation(naming: Naming) -> str:
    """The GraphQLOperation, in the template's indentation."""
    declared = "".join(f"                ${field.name}: {field.type}\n" for field in naming.fields)
    passed = "".join(f"                  {field.name}: ${field.name}\n" for field in naming.fields)
    selected = "".join(f"                  {field.name}\n" for field in naming.fields)
    return (
        f"              mutation {naming.operation}(\n{declared}              ) {{\n"
        f"                {naming.mutation}(\n{passed}                ) {{\n{selected}                }}\n              }}\n"
    )


def _schema(naming: Naming, shipped: str) -> str:
    text = _renamed(naming, shipped)
    if naming.fields:
        arguments = ", ".join(f"{field.name}: {field.type}" for field in naming.fields)
        of_sample = f"{naming.mutation}(msg: String!): String!"
        text = _replaced(text, of_sample, f"{naming.mutation}({arguments}): {naming.type}!")
        text = _replaced(text, f"{naming.subscription}: String ", f"{naming.subscription}: {naming.type} ")
        members = "".join(f"  {field.name}: {field.type}\n" for field in naming.fields)
        text = (
            f"{text.rstrip()}\n\n# EventBridge makes it, users receive it: both need both directives.\n"
            f"type {naming.type} @aws_iam @aws_cognito_user_pools {{\n{members}}}\n"
        )
    return text


def _resolver(naming: Naming, shipped: str) -> str:
    text = _renamed(naming, shipped)
    if naming.fields:
        text = _replaced(text, "hands the message back", "hands the event's fields back")
        text = _replaced(text, "ctx.args.msg", "ctx.args")
    return text


def _renamed(naming: Naming, text: str) -> str:
    """With the new names, in one go: a name may hold one of the old ones."""
    names = {
        "publishMsgFromEB": naming.mutation,
        "PublishMsgFromEB": naming.operation,
        "onPublishMsgFromEb": naming.subscription,
    }
    return re.sub("onPublishMsgFromEb|[pP]ublishMsgFromEB", lambda found: names[found[0]], text)


def _key(name: str) -> str:
    """A name in YAML, which takes some words for something else."""
    return f'"{name}"' if name.lower() in _YAML_WORDS else name


def _samconfig(naming: Naming, text: str) -> str:
    quoted, tag = f'"{SAMPLE_STACK}"', f"application={SAMPLE_STACK}"
    text = _replaced(text, quoted, f'"{naming.stack_name}"')
    return _replaced(text, tag, f"application={naming.stack_name}")


def _events(naming: Naming) -> dict[str, str]:
    """One event that arrives, and two that must not: of another source, and without its first field."""
    detail = sample_detail(naming.fields) or {SAMPLE_FIELD.name: f"Hello from {naming.stack_name}"}
    event = {"source": naming.source, "detail-type": naming.detail_type, "detail": detail}
    first = next(iter(detail))
    without = {name: value for name, value in detail.items() if name != first}
    return {
        "events/sample.json": as_json(event),
        "events/undelivered/other-source.json": as_json({**event, "source": f"not.{naming.source}"[:256]}),
        f"events/undelivered/without-{first}.json": as_json({**event, "detail": without}),
    }


def _replaced(text: str, old: str, new: str) -> str:
    """Replace a text that has to be there."""
    assert old in text, f"the shipped application has no {old!r}"
    return text.replace(old, new)
