"""
What stands around a new application: its test, its checks in cfn-lint, its workflow, its .gitignore, its README.
"""

from __future__ import annotations

from livebus.new.naming import SAMPLE_FIELD, Naming

_CFNLINTRC = """\
templates:
  - template.yaml
append_rules:
  - cfn_lint_rules
"""

_RULES = '''\
"""
Livebus's checks in cfn-lint and in `sam validate --lint`, which import this file by itself (see .cfnlintrc).
"""

import logging

try:
    from livebus import lint
except ImportError as missing:
    # An interpreter without Livebus, such as a SAM CLI of its own.
    logging.getLogger("cfnlint").warning(
        "Livebus's checks are left out here, as %r is not installed: run livebus validate", missing.name
    )
else:
    globals().update(lint.rules())
'''

_GITIGNORE = """\
# Livebus: the local runtime's state, what `livebus local --outputs outputs.json` writes (a password among it), and what
# `livebus publish` leaves to be sent again.
.livebus/
outputs.json
*.failed.ndjson
*.journal

.aws-sam/
.venv/
__pycache__/
.pytest_cache/
"""

_WORKFLOW = """\
name: CI

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with:
          persist-credentials: false
      - uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0
        with:
          python-version: "3.13"
      # Until there is a package on PyPI, its repository: git+https://…
      - run: python -m pip install livebus cfn-lint pytest
      - run: livebus validate --undelivered events/undelivered
      - run: python -m pytest
"""


def files(naming: Naming) -> dict[str, str]:
    """The texts by path."""
    return {
        f"tests/test_{naming.test_name}.py": _test(naming),
        ".cfnlintrc": _CFNLINTRC,
        "cfn_lint_rules/livebus_rules.py": _RULES,
        ".gitignore": _GITIGNORE,
        ".github/workflows/ci.yml": _WORKFLOW,
        "README.md": _readme(naming),
    }


def _test(naming: Naming) -> str:
    """A test that takes the sample event on its way, by pytest's fixture of Livebus."""
    selection = f" {{ {' '.join(field.name for field in naming.fields)} }}" if naming.fields else ""
    received = 'EVENT["detail"]' if naming.fields else f'EVENT["detail"]["{SAMPLE_FIELD.name}"]'
    return f'''\
"""The application without sockets and without an account: what a subscriber receives of an event."""

import json
from pathlib import Path

APPLICATION = Path(__file__).parents[1]
EVENT = json.loads((APPLICATION / "events" / "sample.json").read_text(encoding="utf-8"))
SUBSCRIPTION = """
subscription {{ {naming.subscription}{selection} }}
"""


def test_{naming.test_name}_arrives(livebus_line):
    """A signed-in user receives what the event says."""
    line = livebus_line(APPLICATION / "template.yaml")
    user = line.subscribe(SUBSCRIPTION)
    outcome = line.publish(EVENT)
    assert outcome.variables == EVENT["detail"]
    assert user.messages == [{{"data": {{"{naming.subscription}": {received}}}}}]


def test_an_event_of_another_source_does_not(livebus_line):
    """The rule does not want it, and the outcome says why."""
    line = livebus_line(APPLICATION / "template.yaml")
    user = line.subscribe(SUBSCRIPTION)
    outcome = line.publish({{**EVENT, "source": "somebody.else"}})
    assert (outcome.matched, user.messages) == ([], [])
    assert "source" in outcome.why
'''


def _readme(naming: Naming) -> str:
    what = f"`{naming.event}` events" if naming.event else "Events"
    return f"""\
# {naming.stack_name}

{what} of `{naming.source}`, live in signed-in apps: a rule on an Amazon EventBridge bus calls the mutation
`{naming.mutation}` of an AppSync API, and users who are subscribed to `{naming.subscription}` receive it.

```sh
livebus demo                                          # one event on its whole way, on this machine
livebus validate --undelivered events/undelivered     # before each deploy: do the parts fit, do the samples arrive
python -m pytest                                      # the same in tests
```

On this machine, in three shells:

```sh
livebus local
livebus subscribe --local
livebus publish --local events/sample.json
```

On AWS:

```sh
sam deploy --guided
livebus publish events/sample.json
```

`samconfig.toml` names the stack; every command reads it. What a field's type is stands in `schema.graphql`, in the rule's
`EventPattern` and in its `GraphQLOperation`: `livebus validate` says where they do not fit.
"""
